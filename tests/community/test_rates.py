"""Slots are given away once, by the database's clock, whoever asks."""

import asyncio
import itertools

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import rates
from community.rates import FAR, Rate


async def test_slices_follow_each_other_without_a_gap(session: AsyncSession) -> None:
    first = await rates.lease(session, "free", 5, 10.0)
    assert first.slots == pytest.approx([first.now + n / 10 for n in range(5)])
    second = await rates.lease(session, "free", 2, 10.0)
    assert second.slots == pytest.approx([first.start + 0.5, first.start + 0.6])


async def test_two_rates_know_nothing_of_each_other(session: AsyncSession) -> None:
    await rates.lease(session, "free", 100, 10.0)
    paid = await rates.lease(session, "paid", 1, 10.0)
    assert paid.start == pytest.approx(paid.now)


async def test_many_who_ask_at_once_get_different_slots(database: Database) -> None:
    async def ask() -> list[float]:
        async with database.transaction() as session:
            return (await rates.lease(session, "free", 3, 10.0)).slots

    slots = sorted(itertools.chain(*await asyncio.gather(*(ask() for _ in range(8)))))
    assert len(slots) == 24
    assert min(b - a for a, b in itertools.pairwise(slots)) > 0.099


async def test_a_pause_gives_nothing_to_anybody_and_less_afterwards(
    session: AsyncSession,
) -> None:
    await rates.lease(session, "free", 1, 10.0)
    await rates.lease(session, "paid", 1, 10.0)
    await rates.pause(session, "free", 30.0)
    for name in ("free", "paid"):
        piece = await rates.lease(session, name, 3, 10.0)
        assert piece.slots == []
        assert 29 < piece.paused_for <= 30
    shares = [(await session.get_one(Rate, name)).share for name in ("free", "paid")]
    assert shares == pytest.approx([0.9, 1.0])


async def test_a_pause_before_anybody_has_asked_is_no_error(session: AsyncSession) -> None:
    await rates.pause(session, "free", 30.0)


def test_the_rate_never_falls_below_half_and_comes_back() -> None:
    rate, now = Rate.fresh("free"), 1000.0
    for _ in range(20):
        rate.pause(now, 1.0)
        now += 2.0
    assert rate.share_at(now) == pytest.approx(0.5, abs=0.01)
    assert rate.take(now, 1, 10.0).gap == pytest.approx(0.2, abs=0.01)
    assert rate.share_at(now + 150) == pytest.approx(0.75, abs=0.01)
    assert rate.share_at(now + 301) == 1.0


def test_a_slot_taken_a_little_late_does_not_move_the_next() -> None:
    rate = Rate.fresh("free")
    assert rate.take(100.0, 1, 10.0).start == 100.0
    assert rate.take(100.15, 1, 10.0).start == pytest.approx(100.1)
    assert rate.take(100.20, 1, 10.0).start == pytest.approx(100.2)
    assert rate.take(109.0, 1, 10.0).start == 109.0, "after a rest all begins anew"


def test_one_at_a_time_may_overtake_and_its_place_stays_empty() -> None:
    rate = Rate.fresh("free")
    rate.take(100.0, 10, 10.0)
    first = rate.take(100.05, 1, 10.0, overtake=True)
    assert first.start == 100.05
    second = rate.take(100.06, 1, 10.0, overtake=True)
    assert second.start == pytest.approx(101.1), "101.0 was charged to the first"
    rate.take(101.01, 10, 10.0)
    assert rate.take(101.02, 1, 10.0, overtake=True).start == 101.02


def test_a_clock_that_goes_back_stops_nobody_for_long() -> None:
    rate = Rate.fresh("free")
    rate.take(10_000.0, 10, 10.0)
    assert rate.take(6_400.0, 1, 10.0).start == 6_400.0
    assert rate.take(6_400.0, 1, 10.0).start < 6_400.0 + FAR
