"""Rounds in the running program: solved once, apart from who answers presses, and gone on with."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

import bot.matching
from bot.database import Database
from bot.matching import Matching, _apart, _read_and_solve
from community import matches
from community.deliveries import Delivery
from community.matches import Match, MatchRound, MatchSide
from community.needs import Need
from community.people import Person
from tests.matching import a_partner


class Stopped:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


async def open_round(database: Database, now: datetime, people: int) -> None:
    async with database.transaction() as session:
        for number in range(people):
            await a_partner(session, 1 + number, now, looks_for=[Need.TAX])
            await a_partner(session, 1001 + number, now, knows=[Need.TAX])
        session.add(MatchRound(key="one", opened_at=now))


async def test_a_round_is_solved_once_however_many_look_for_it(
    database: Database, now: datetime
) -> None:
    await open_round(database, now, 3)
    both = [Matching(database, Stopped(now), holder) for holder in ("one", "two")]
    planned = await asyncio.gather(*(one.turn() for one in both))
    assert sorted(planned) == [0, 3]
    assert await both[0].turn() == await both[1].turn() == 0
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Match)) == 3
        (found,) = await session.scalars(select(MatchRound))
        assert (found.receivers, found.matched, found.finished_at) == (3, 6, now)


async def test_a_round_that_was_cut_off_goes_on_with_whoever_has_nobody(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_round(database, now, 5)
    monkeypatch.setattr(bot.matching, "AT_ONCE", 2)
    propose, calls = matches.propose, 0

    async def dies(*given: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("killed")
        return await propose(*given)

    monkeypatch.setattr(matches, "propose", dies)
    with pytest.raises(RuntimeError):
        await Matching(database, Stopped(now), "one").turn()
    assert await Matching(database, Stopped(now), "one").turn() == 3
    async with database.transaction() as session:
        people = (await session.scalars(select(MatchSide.person_id))).all()
        assert len(people) == len({*people}) == 10


async def test_who_takes_part_is_read_while_somebody_else_writes(
    database: Database, now: datetime
) -> None:
    await open_round(database, now, 2)
    async with database.transaction() as session:  # on SQLite, with the one write lock
        (found,) = await session.scalars(select(MatchRound))
        found.receivers = 7
        await session.flush()
        solved = await _apart(_read_and_solve, database.address, found.id, now)
    assert len(solved.pairs) == len(solved.receivers) == 2


async def test_a_snapshot_stays_as_it_is_while_others_write(
    database: Database, now: datetime
) -> None:
    count = select(func.count()).select_from(Person)
    async with database.snapshot() as reading:
        assert await reading.scalar(count) == 0
        async with database.transaction() as session:
            session.add(Person(telegram_id=1, met_at=now))
        assert await reading.scalar(count) == 0
    async with database.snapshot() as reading:
        assert await reading.scalar(count) == 1


async def test_the_unmatched_are_told_in_portions_and_once_though_it_is_cut_off(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        for number in range(5):
            await a_partner(session, 1 + number, now, looks_for=[Need.TAX])
        session.add(MatchRound(key="one", opened_at=now))
    monkeypatch.setattr(bot.matching, "AT_ONCE", 2)
    tell, portions = matches.tell_none, []

    async def dies(session: Any, found: Any, portion: list[int], now: datetime) -> int:
        portions.append(len(portion))
        if len(portions) == 2:
            raise RuntimeError("killed")
        return await tell(session, found, portion, now)

    monkeypatch.setattr(matches, "tell_none", dies)
    with pytest.raises(RuntimeError):
        await Matching(database, Stopped(now), "one").turn()
    assert await Matching(database, Stopped(now), "one").turn() == 3
    assert portions == [2, 2, 2, 2, 1]
    async with database.transaction() as session:
        told = (await session.scalars(select(Delivery.person_id))).all()
        (found,) = await session.scalars(select(MatchRound))
        assert (len(told), len({*told})) == (5, 5)
        assert (found.receivers, found.matched, found.finished_at) == (5, 0, now)
