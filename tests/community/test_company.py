"""Whom somebody brings, what they need, and to how many events one says yes."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, erasure, people, retention
from community.attendance import State, Wish
from community.errors import (
    IllegalMoveError,
    NoPlaceError,
    NotAllowedError,
    NotUnderstoodError,
    TooLateError,
    TooManyEventsError,
)
from community.events import Event
from community.people import Person
from community.provisions import Provision
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event


async def says(
    session: AsyncSession, person: Person, event: Event, now: datetime, wish: Wish = Wish.GOING
) -> State:
    mine, _ = await attendance.answer(session, person, event.ref, wish, now, default_zone=ZONE)
    return mine.state


async def brings(
    session: AsyncSession, person: Person, event: Event, guests: int, now: datetime
) -> bool:
    return await attendance.bring(session, person, event.ref, guests, now, default_zone=ZONE)


async def state_of(session: AsyncSession, event: Event, person: Person) -> tuple[State, int]:
    mine = await attendance.of(session, event, person)
    assert mine is not None
    await session.refresh(mine)
    return mine.state, mine.guests


async def test_three_press_at_once_for_the_last_two_places_with_guests(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        event = await an_event(session, animator, now, capacity=5)
        for number in range(1, 5):
            person = await a_member(session, number, now)
            if number < 4:
                assert await says(session, person, event, now) == State.GOING

    async def press(number: int) -> str:
        try:
            async with database.transaction() as session:
                person = await people.by_telegram_id(session, number)
                assert person is not None
                if number == 4:
                    return await says(session, person, event, now)
                await brings(session, person, event, 2, now)
                return "brought"
        except NoPlaceError:
            return "refused"

    said = await asyncio.gather(*(press(number) for number in range(1, 5)))
    async with database.transaction() as session:
        left = await attendance.places_left(session, event)
        guests = await attendance.guests_of(session, event)
    going_alone = said.count("going")
    assert (said.count("brought"), left) == ((0, 1) if going_alone else (1, 0))
    assert guests + going_alone + 3 + (left or 0) == 5
    assert said.count("refused") == 3 - said.count("brought")


async def test_guests_take_places_and_give_them_back(session: AsyncSession, now: datetime) -> None:
    event = await an_event(session, await an_animator(session, now), now, capacity=4)
    amina, badr = [await a_member(session, number, now) for number in (1, 2)]
    await says(session, amina, event, now)
    assert await brings(session, amina, event, 3, now)
    assert await attendance.places_left(session, event) == 0
    assert not await brings(session, amina, event, 3, now)
    assert await says(session, badr, event, now) == State.WAITING
    await brings(session, amina, event, 1, now)
    assert await state_of(session, event, badr) == (State.OFFERED, 0)
    assert await attendance.places_left(session, event) == 1
    with pytest.raises(NoPlaceError) as refused:
        await brings(session, amina, event, 3, now)
    assert refused.value.left == 1
    assert await state_of(session, event, amina) == (State.GOING, 1)
    await says(session, amina, event, now, Wish.DECLINED)
    assert await state_of(session, event, amina) == (State.DECLINED, 0)
    assert await attendance.places_left(session, event) == 3


async def test_who_waits_with_guests_is_offered_places_for_all_of_them_or_none(
    session: AsyncSession, now: datetime
) -> None:
    event = await an_event(session, await an_animator(session, now), now, capacity=3)
    first, second, third, fourth = [
        await a_member(session, number, now) for number in (1, 2, 3, 4)
    ]
    await says(session, first, event, now)
    await brings(session, first, event, 1, now)
    await says(session, second, event, now)
    for minutes, person, guests in ((1, third, 2), (2, fourth, 0)):
        later = now + timedelta(minutes=minutes)
        assert await says(session, person, event, later) == State.WAITING
        await brings(session, person, event, guests, later)
    # One place is not enough for three, and is not kept empty for them.
    await says(session, second, event, now, Wish.DECLINED)
    assert await state_of(session, event, third) == (State.WAITING, 2)
    assert await state_of(session, event, fourth) == (State.OFFERED, 0)
    # Alone, two are enough.
    await brings(session, third, event, 1, now)
    assert await state_of(session, event, third) == (State.WAITING, 1)
    await says(session, first, event, now, Wish.DECLINED)
    assert await state_of(session, event, third) == (State.OFFERED, 1)
    assert await attendance.places_left(session, event) == 0


async def test_a_free_place_that_somebody_waits_for_is_no_guests(
    session: AsyncSession, now: datetime
) -> None:
    event = await an_event(session, await an_animator(session, now), now, capacity=1)
    amina, badr = [await a_member(session, number, now) for number in (1, 2)]
    await says(session, amina, event, now)
    assert await says(session, badr, event, now) == State.WAITING
    event.capacity = 2  # nobody has offered it yet
    await session.flush()
    with pytest.raises(NoPlaceError):
        await brings(session, amina, event, 1, now)


@pytest.mark.parametrize("guests", [-1, 4, 10**9])
async def test_nobody_brings_fewer_than_nobody_or_more_than_three(
    session: AsyncSession, now: datetime, guests: int
) -> None:
    event = await an_event(session, await an_animator(session, now), now)
    amina = await a_member(session, 1, now)
    await says(session, amina, event, now)
    with pytest.raises(NotUnderstoodError):
        await brings(session, amina, event, guests, now)


@pytest.mark.parametrize("wish", [None, Wish.MAYBE, Wish.DECLINED])
async def test_who_does_not_come_brings_nobody(
    session: AsyncSession, now: datetime, wish: Wish | None
) -> None:
    event = await an_event(session, await an_animator(session, now), now)
    amina = await a_member(session, 1, now)
    if wish is not None:
        await says(session, amina, event, now, wish)
    with pytest.raises(IllegalMoveError):
        await brings(session, amina, event, 1, now)


async def test_after_the_end_nothing_is_added(session: AsyncSession, now: datetime) -> None:
    event = await an_event(session, await an_animator(session, now), now)
    amina = await a_member(session, 1, now)
    await says(session, amina, event, now)
    with pytest.raises(TooLateError):
        await brings(session, amina, event, 1, event.ends_at)
    with pytest.raises(TooLateError):
        await attendance.need(session, amina, event.ref, Provision.TRAVEL, event.ends_at)


async def test_the_sixth_yes_is_refused_until_one_is_taken_back_or_over(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    six = [await an_event(session, animator, now, hours=number) for number in range(6)]
    amina = await a_member(session, 1, now)
    for event in six[:5]:
        await says(session, amina, event, now, Wish.MAYBE)
    for wish in (Wish.GOING, Wish.MAYBE):
        with pytest.raises(TooManyEventsError):
            await says(session, amina, six[5], now, wish)
    assert await says(session, amina, six[5], now, Wish.DECLINED) == State.DECLINED
    assert await says(session, amina, six[0], now) == State.GOING  # that is none more
    with pytest.raises(TooManyEventsError):
        await says(session, amina, six[5], six[0].starts_at - timedelta(seconds=1))
    assert await says(session, amina, six[5], six[0].starts_at) == State.GOING


async def test_what_is_needed_is_counted_for_who_looks_after_it_and_for_nobody_else(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    amina, badr = [await a_member(session, number, now) for number in (1, 2)]
    with pytest.raises(IllegalMoveError):
        await attendance.need(session, amina, event.ref, Provision.CHILD_CARE, now)
    for person in (amina, badr):
        await says(session, person, event, now, Wish.MAYBE)
        await attendance.need(session, person, event.ref, Provision.CHILD_CARE, now)
    await attendance.need(session, amina, event.ref, Provision.TRAVEL, now)
    await attendance.need(session, badr, event.ref, Provision.CHILD_CARE, now)
    await session.flush()
    count, who = await attendance.needed(session, animator, event.ref, now)
    assert count == {Provision.CHILD_CARE: 1, Provision.TRAVEL: 1}
    assert [(person.id, mine.needs) for mine, person in who] == [
        (amina.id, ["child_care", "travel"])
    ]
    with pytest.raises(NotAllowedError):
        await attendance.needed(session, badr, event.ref, now)


async def test_what_was_needed_is_forgotten_in_time_and_with_the_person(
    session: AsyncSession, now: datetime
) -> None:
    event = await an_event(session, await an_animator(session, now), now)
    rows = []
    for number in (1, 2):
        person = await a_member(session, number, now)
        await says(session, person, event, now)
        await attendance.need(session, person, event.ref, Provision.STEP_FREE, now)
        mine = await attendance.of(session, event, person)
        assert mine is not None
        rows.append(mine)
        mine.state = State.ATTENDED
    await session.flush()
    kept, erased = rows
    gone = await people.by_telegram_id(session, 2)
    assert gone is not None
    await erasure.erase(session, gone, event.ends_at, b"key")
    await session.refresh(erased)
    await session.refresh(kept)
    assert (erased.needs, kept.needs) == ([], ["step_free"])
    await retention.clean(session, event.starts_at + timedelta(days=30))
    await session.refresh(kept)
    assert kept.needs == ["step_free"]
    await retention.clean(session, event.starts_at + timedelta(days=30, seconds=1))
    await session.refresh(kept)
    assert kept.needs == []


async def test_who_is_read_with_others_says_yes_to_no_more_than_five_either(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    every = [await an_event(session, animator, now) for _ in range(7)]
    full, room = await a_member(session, 1, now), await a_member(session, 2, now)
    for event in every[:5]:
        await says(session, full, event, now)
    for event in every[:4]:
        await says(session, room, event, now)
    await attendance.expect(session, {every[5].ref: [1, 2], every[6].ref: [2]})
    with pytest.raises(TooManyEventsError):
        await says(session, full, every[5], now)
    assert await says(session, room, every[5], now) == State.GOING
    with pytest.raises(TooManyEventsError):
        await says(session, room, every[6], now)
