"""Whose turn it is when a place is free, also of those who cannot be told just now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, people
from community.attendance import State, Wish
from community.deliveries import Delivery
from community.events import Details, Event
from community.people import Membership, Person
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event

EVENING = timedelta(days=2, hours=12)
"""From the tests' moment to 22:00 on the evening before the event, which is at nine there."""


async def says(
    session: AsyncSession, person: Person, event: Event, wish: Wish, now: datetime
) -> State:
    got, _ = await attendance.answer(session, person, event.ref, wish, now, default_zone=ZONE)
    return got.state


async def a_full_event(
    session: AsyncSession, now: datetime, waiting: int, **more: Any
) -> tuple[Event, Person, list[Person]]:
    """Return an event of one place, who has it, and so many who wait for it."""
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1, **more)
    first = await a_member(session, 1, now)
    assert await says(session, first, event, Wish.GOING, now) == State.GOING
    line = []
    for number in range(2, 2 + waiting):
        line.append(await a_member(session, number, now))
        assert await says(session, line[-1], event, Wish.GOING, now) == State.WAITING
    return event, first, line


async def stand(session: AsyncSession, event: Event, *persons: Person) -> list[State]:
    found = [await attendance.of(session, event, person) for person in persons]
    return [one.state if one else State.NONE for one in found]


async def offers_to(session: AsyncSession, person: Person) -> list[deliveries.State]:
    query = (
        select(Delivery.state)
        .where(Delivery.kind == "place_offered", Delivery.person_id == person.id)
        .order_by(Delivery.id)
    )
    return list(await session.scalars(query))


async def is_told(session: AsyncSession, person: Person, state: deliveries.State) -> None:
    """Let the offer to somebody leave, or not."""
    await session.execute(
        update(Delivery)
        .where(
            Delivery.kind == "place_offered",
            Delivery.person_id == person.id,
            Delivery.state == deliveries.State.QUEUED,
        )
        .values(state=state)
    )


async def test_a_place_freed_at_night_is_offered_to_nobody_who_would_read_of_it_too_late(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (sleeps, wakes) = await a_full_event(session, now, 2)
    wakes.zone = "America/New_York"  # four in the afternoon there
    evening = now + EVENING
    await says(session, first, event, Wish.DECLINED, evening)
    assert await stand(session, event, sleeps, wakes) == [State.WAITING, State.OFFERED]
    mine = await attendance.of(session, event, sleeps)
    assert mine is not None
    assert await attendance.place_in_line(session, mine) == 1, "the number is kept"
    assert await offers_to(session, sleeps) == []


async def test_a_place_that_nobody_can_be_told_of_any_more_goes_to_whoever_comes_first(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (one, two) = await a_full_event(session, now, 2)
    await says(session, first, event, Wish.DECLINED, now + EVENING)
    assert await stand(session, event, one, two) == [State.WAITING, State.WAITING]
    assert await says(session, two, event, Wish.GOING, now + EVENING) == State.GOING
    assert await says(session, one, event, Wish.GOING, now + EVENING) == State.WAITING


async def test_in_the_last_two_hours_a_free_place_goes_to_whoever_comes_first(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (one, two) = await a_full_event(session, now, 2, hours=6)
    late = event.starts_at - timedelta(hours=1)
    stranger = await a_member(session, 9, now)
    assert not await attendance.is_free_for(session, event, two, late, default_zone=ZONE)
    await says(session, first, event, Wish.DECLINED, late)
    assert await stand(session, event, one, two) == [State.WAITING, State.WAITING]
    for anybody in (one, two, stranger):
        assert await attendance.is_free_for(session, event, anybody, late, default_zone=ZONE)
    assert await says(session, stranger, event, Wish.GOING, late) == State.GOING
    assert await says(session, two, event, Wish.GOING, late) == State.WAITING


@pytest.mark.parametrize("away", [Membership.UNREACHABLE, Membership.STOPPED])
async def test_whoever_is_back_is_offered_the_place_that_is_free(
    session: AsyncSession, now: datetime, away: Membership
) -> None:
    event, first, (waits,) = await a_full_event(session, now, 1)
    if away == Membership.STOPPED:
        await people.stop(session, waits, now)
    else:
        await deliveries.lose(session, waits, "blocked", now)
    await says(session, first, event, Wish.DECLINED, now)
    assert await stand(session, event, waits) == [State.WAITING]
    later = now + timedelta(hours=1)
    if away == Membership.STOPPED:
        assert await people.resume(session, waits, later)
    else:
        assert await people.reached(session, waits, later)
    await attendance.welcome_back(session, waits, later, default_zone=ZONE)
    assert await stand(session, event, waits) == [State.OFFERED]
    assert await offers_to(session, waits) == [deliveries.State.QUEUED]


async def test_whoever_rests_is_offered_a_place_all_the_same(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (rests,) = await a_full_event(session, now, 1)
    await people.pause(session, rests, now + timedelta(weeks=2), now)
    await says(session, first, event, Wish.DECLINED, now)
    assert await stand(session, event, rests) == [State.OFFERED]


async def test_whoever_was_away_when_a_place_was_offered_is_told_when_they_are_back(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (waits,) = await a_full_event(session, now, 1)
    await says(session, first, event, Wish.DECLINED, now)
    await deliveries.lose(session, waits, "blocked", now)
    later = now + timedelta(hours=1)
    await people.reached(session, waits, later)
    await attendance.welcome_back(session, waits, later, default_zone=ZONE)
    await attendance.welcome_back(session, waits, later, default_zone=ZONE)
    states = [deliveries.State.SUPPRESSED, deliveries.State.QUEUED]
    assert await offers_to(session, waits) == states, "once"


@pytest.mark.parametrize(
    ("told", "becomes"),
    [
        (deliveries.State.SENT, State.LAPSED),
        (deliveries.State.CLAIMED, State.LAPSED),
        (deliveries.State.FAILED, State.LAPSED),
        (deliveries.State.QUEUED, State.WAITING),
        (deliveries.State.SUPPRESSED, State.WAITING),
        (deliveries.State.REFUSED, State.WAITING),
        (deliveries.State.EXPIRED, State.WAITING),
    ],
)
async def test_who_could_not_be_told_of_an_offer_keeps_their_number(
    session: AsyncSession, now: datetime, told: deliveries.State, becomes: State
) -> None:
    event, first, (away, after) = await a_full_event(session, now, 2)
    await says(session, first, event, Wish.DECLINED, now)
    await is_told(session, away, told)
    await people.lose(session, away, "blocked", now)
    await attendance.lapse_offers(session, now + timedelta(hours=12), default_zone=ZONE)
    assert await stand(session, event, away, after) == [becomes, State.OFFERED]
    if becomes == State.WAITING:
        mine = await attendance.of(session, event, away)
        assert mine is not None
        assert await attendance.place_in_line(session, mine) == 1


async def test_a_second_offer_with_the_same_deadline_is_told_too(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (waits,) = await a_full_event(session, now, 1, hours=6)
    morning = event.starts_at - timedelta(hours=7)
    await says(session, first, event, Wish.DECLINED, morning)
    await is_told(session, waits, deliveries.State.SENT)
    later = morning + timedelta(minutes=5)
    await says(session, waits, event, Wish.DECLINED, later)
    assert await says(session, first, event, Wish.GOING, later) == State.GOING
    assert await says(session, waits, event, Wish.GOING, later) == State.WAITING
    await says(session, first, event, Wish.DECLINED, later)
    assert await offers_to(session, waits) == [deliveries.State.SENT, deliveries.State.QUEUED]


async def test_an_offer_given_back_and_made_again_at_one_moment_is_told_once(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (waits,) = await a_full_event(session, now, 1)
    await says(session, first, event, Wish.DECLINED, now)
    await says(session, waits, event, Wish.DECLINED, now)
    await says(session, first, event, Wish.GOING, now)
    await says(session, waits, event, Wish.GOING, now)
    await says(session, first, event, Wish.DECLINED, now)
    states = [deliveries.State.CANCELLED, deliveries.State.QUEUED]
    assert await offers_to(session, waits) == states


@pytest.mark.parametrize("hours", [-6, 30])
async def test_an_event_that_is_moved_moves_what_is_held_for_it(
    session: AsyncSession, now: datetime, hours: int
) -> None:
    event, first, (waits,) = await a_full_event(session, now, 1, hours=6)
    animator = await people.by_telegram_id(session, 900)
    assert animator is not None
    late = event.starts_at - timedelta(hours=11)
    await says(session, first, event, Wish.DECLINED, late)
    moved = Details(event.starts_wall + timedelta(hours=hours), ZONE, place="Library", capacity=1)
    before = event.starts_at - timedelta(hours=2)
    await attendance.change_event(session, animator, event.ref, moved, late, default_zone=ZONE)
    mine = await attendance.of(session, event, waits)
    assert mine is not None
    assert mine.offered_until == min(before, event.starts_at - timedelta(hours=2))


async def test_an_event_that_is_moved_to_later_leaves_time_to_offer_what_was_free(
    session: AsyncSession, now: datetime
) -> None:
    event, first, (sleeps,) = await a_full_event(session, now, 1)
    animator = await people.by_telegram_id(session, 900)
    assert animator is not None
    evening = now + EVENING
    await says(session, first, event, Wish.DECLINED, evening)
    assert await stand(session, event, sleeps) == [State.WAITING]
    moved = Details(event.starts_wall + timedelta(hours=6), ZONE, place="Library", capacity=1)
    await attendance.change_event(session, animator, event.ref, moved, evening, default_zone=ZONE)
    assert await stand(session, event, sleeps) == [State.OFFERED]
