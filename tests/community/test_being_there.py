"""The code at the door, joining online, and the question to those who were missed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, deliveries, events, guessing, memory, missing, people
from community.attendance import State, Wish
from community.deliveries import Delivery
from community.errors import (
    DoorRefusedError,
    IllegalMoveError,
    LinkRefusedError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
    TooLateError,
)
from community.events import Event
from community.guessing import CodeTry
from community.missing import Why
from community.people import Membership, Person
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def goes(session: AsyncSession, person: Person, event: Event, now: datetime) -> None:
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)


async def state_of(session: AsyncSession, event: Event, person: Person) -> State:
    mine = await attendance.of(session, event, person)
    return mine.state if mine else State.NONE


async def test_the_door_is_open_from_an_hour_before_to_the_end_for_who_looks_after_it(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    member = await a_member(session, 1, now)
    begins, ends = event.starts_at, event.ends_at
    for actor, moment, refusal in (
        (animator, begins - HOUR - MINUTE, TooLateError),
        (animator, ends, TooLateError),
        (member, begins, NotAllowedError),
    ):
        with pytest.raises(refusal):
            await attendance.open_door(session, actor, event.ref, moment)
    token, code = await attendance.open_door(session, animator, event.ref, begins - HOUR)
    assert event.door_hash is not None
    assert event.code_hash is not None
    assert token not in event.door_hash
    assert code not in event.code_hash
    for moment in (begins - HOUR - MINUTE, ends):
        with pytest.raises(LinkRefusedError):
            await attendance.check_in(session, member, token, moment)
        with pytest.raises(TooLateError):
            await attendance.check_in_by_code(session, member, event.ref, code, moment)
    await attendance.check_in(session, member, token, ends - MINUTE)
    assert await state_of(session, event, member) == State.ATTENDED


async def test_who_has_the_code_is_there_whatever_they_had_said(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    token, code = await attendance.open_door(session, animator, event.ref, event.starts_at)
    for number, wish in enumerate([None, *Wish, Wish.GOING], 1):
        person = await a_member(session, number, now)
        if wish is not None:
            await attendance.answer(session, person, event.ref, wish, now, default_zone=ZONE)
        for _again in range(2):
            await attendance.check_in(session, person, token, event.starts_at)
        assert await state_of(session, event, person) == State.ATTENDED
    typed = await a_member(session, 20, now)
    other = f"{(int(code) + 1) % 10**6:06d}"
    for wrong in (other, "", "x" * 500):
        with pytest.raises(NotUnderstoodError):
            await attendance.check_in_by_code(session, typed, event.ref, wrong, event.starts_at)
    await attendance.check_in_by_code(session, typed, event.ref, code, event.starts_at)
    assert await state_of(session, event, typed) == State.ATTENDED


async def types(
    database: Database, number: int, ref: str, code: str, now: datetime
) -> type[RefusalError] | timedelta | None:
    """Let somebody type digits as an update does; return why not, or how long they wait."""
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, number)
        assert person is not None
        try:
            async with memory.undone_if_refused(session):
                await attendance.check_in_by_code(session, person, ref, code, now)
        except DoorRefusedError as refused:
            return refused.wait
        except RefusalError as refused:
            return type(refused)
    return None


async def test_after_five_wrong_numbers_the_right_one_is_not_tried_for_an_hour_either(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        first, second = [await an_event(session, animator, now) for _ in range(2)]
        begins, ref, other = first.starts_at, first.ref, second.ref
        _, code = await attendance.open_door(session, animator, ref, begins)
        _, others = await attendance.open_door(session, animator, other, begins)
        for number in (1, 2):
            await a_member(session, number, now)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert await types(database, 1, ref, wrong, begins) is NotUnderstoodError
    soon = begins + 20 * MINUTE
    for typed in (wrong, code):
        assert await types(database, 1, ref, typed, soon) == 40 * MINUTE
    assert await types(database, 2, ref, code, soon) is None, "nobody else waits for them"
    assert await types(database, 1, other, others, soon) is None, "nor at another door"
    assert await types(database, 1, ref, code, begins + HOUR - MINUTE) == MINUTE
    assert await types(database, 1, ref, code, begins + HOUR) is None
    async with database.transaction() as session:
        kept = {one.who for one in await session.scalars(select(CodeTry))}
        assert len(kept) == 1
        assert len(kept.pop()) == 64, "who it was is sealed"


async def test_when_many_guess_at_one_door_the_picture_still_lets_in(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        event = await an_event(session, animator, now)
        begins, ref = event.starts_at, event.ref
        token, code = await attendance.open_door(session, animator, ref, begins)
        what = guessing.door(ref)
        session.add_all(CodeTry(what=what, who=str(one), at=begins) for one in range(100))
        await a_member(session, 1, now)
        assert not await guessing.are_guessed(session, guessing.PAPER, begins)
    assert await types(database, 1, ref, code, begins + MINUTE) == HOUR - MINUTE
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await attendance.check_in(session, person, token, begins + MINUTE)


async def test_a_new_code_ends_the_old_one_and_each_is_of_one_event(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event, other = [await an_event(session, animator, now) for _ in range(2)]
    member = await a_member(session, 1, now)
    old, _code = await attendance.open_door(session, animator, event.ref, event.starts_at)
    new, code = await attendance.open_door(session, animator, event.ref, event.starts_at)
    with pytest.raises(TooLateError):  # nobody has opened that door
        await attendance.check_in_by_code(session, member, other.ref, code, event.starts_at)
    await attendance.open_door(session, animator, other.ref, event.starts_at)
    for token in (old, "", "x"):
        with pytest.raises(LinkRefusedError):
            await attendance.check_in(session, member, token, event.starts_at)
    assert await attendance.check_in(session, member, new, event.starts_at) is event
    assert await state_of(session, other, member) == State.NONE


async def test_who_has_not_joined_is_not_noted(session: AsyncSession, now: datetime) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    token, _code = await attendance.open_door(session, animator, event.ref, event.starts_at)
    stranger = await a_member(session, 1, now)
    stranger.state = Membership.JOINING
    with pytest.raises(NotAMemberError):
        await attendance.check_in(session, stranger, token, event.starts_at)


async def test_joining_online_is_being_there_from_a_quarter_of_an_hour_before(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    online = replace(events.details_of(event), place=None, link="https://example.org/call")
    events.set_details(event, online)
    await session.flush()
    guest, other = [await a_member(session, number, now) for number in (1, 2)]
    await goes(session, guest, event, now)
    early = event.starts_at - timedelta(minutes=15, seconds=1)
    await attendance.go_online(session, guest, event.ref, early)
    assert await state_of(session, event, guest) == State.GOING
    with pytest.raises(NotFoundError):  # the link is for those who go
        await attendance.go_online(session, other, event.ref, event.starts_at)
    with pytest.raises(TooLateError):
        await attendance.go_online(session, guest, event.ref, event.ends_at)
    for moment in (early + timedelta(seconds=1), event.starts_at + HOUR):
        await attendance.go_online(session, guest, event.ref, moment)
        assert await state_of(session, event, guest) == State.ATTENDED


async def owed(session: AsyncSession, kind: str) -> list[int | None]:
    waiting = (Delivery.kind == kind, Delivery.state == deliveries.State.QUEUED)
    return list(await session.scalars(select(Delivery.person_id).where(*waiting)))


async def checked_in(
    session: AsyncSession, now: datetime
) -> tuple[Person, Event, Person, datetime]:
    """Let somebody be noted as there ten minutes before an event online begins."""
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    online = replace(events.details_of(event), place=None, link="https://example.org/call")
    events.set_details(event, online)
    await session.flush()
    guest = await a_member(session, 1, now)
    await goes(session, guest, event, now)
    early = event.starts_at - 10 * MINUTE
    await attendance.go_online(session, guest, event.ref, early)
    assert await state_of(session, event, guest) == State.ATTENDED
    return animator, event, guest, early


@pytest.mark.parametrize(
    "change", [{"link": "https://example.org/other"}, {"later": timedelta(weeks=1)}]
)
async def test_who_has_checked_in_before_it_is_moved_is_told_and_asked_again(
    session: AsyncSession, now: datetime, change: dict[str, Any]
) -> None:
    animator, event, guest, early = await checked_in(session, now)
    details = events.details_of(event)
    later = change.get("later", timedelta())
    link = change.get("link", details.link)
    moved = replace(details, starts_wall=details.starts_wall + later, link=link)
    told = await attendance.change_event(
        session, animator, event.ref, moved, early, default_zone=ZONE
    )
    assert told == 1
    assert await owed(session, "event_changed") == [guest.id]
    mine = await attendance.of(session, event, guest)
    assert mine is not None
    assert (mine.state, mine.asked_again) == (State.GOING, True)
    assert len(await owed(session, "event_reminder")) == (2 if later else 0)
    await attendance.answer(session, guest, event.ref, Wish.DECLINED, early, default_zone=ZONE)
    assert await state_of(session, event, guest) == State.DECLINED
    await goes(session, guest, event, early)
    await attendance.go_online(session, guest, event.ref, event.starts_at - 10 * MINUTE)
    assert await state_of(session, event, guest) == State.ATTENDED


async def test_who_has_checked_in_before_it_is_cancelled_is_told_and_was_not_there(
    session: AsyncSession, now: datetime
) -> None:
    animator, event, guest, early = await checked_in(session, now)
    assert len(await attendance.concerned(session, event, early)) == 1
    assert await attendance.cancel_event(session, animator, event.ref, early) == 1
    assert await owed(session, "event_cancelled") == [guest.id]
    assert await state_of(session, event, guest) == State.GOING


async def test_who_has_checked_in_hears_that_it_lasts_longer_and_stays_noted_as_there(
    session: AsyncSession, now: datetime
) -> None:
    animator, event, guest, early = await checked_in(session, now)
    longer = replace(events.details_of(event), minutes=event.minutes + 30)
    await attendance.change_event(session, animator, event.ref, longer, early, default_zone=ZONE)
    assert await owed(session, "event_changed") == [guest.id]
    mine = await attendance.of(session, event, guest)
    assert mine is not None
    assert (mine.state, mine.asked_again) == (State.ATTENDED, False)


async def test_who_is_there_when_it_is_called_off_half_way_was_there(
    session: AsyncSession, now: datetime
) -> None:
    animator, event, guest, _early = await checked_in(session, now)
    half_way = event.starts_at + HOUR
    assert await attendance.cancel_event(session, animator, event.ref, half_way) == 0
    assert await state_of(session, event, guest) == State.ATTENDED


async def questions(session: AsyncSession) -> list[tuple[int | None, datetime]]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == "missed_question").order_by(Delivery.person_id)
    )
    return [(row.person_id, row.due_at) for row in rows]


async def test_who_said_yes_and_is_missed_is_asked_once_after_the_end(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    came, missed, perhaps = [await a_member(session, number, now) for number in (1, 2, 3)]
    for person in (came, missed):
        await goes(session, person, event, now)
    await attendance.answer(session, perhaps, event.ref, Wish.MAYBE, now, default_zone=ZONE)
    during = event.starts_at + HOUR
    await attendance.tick(session, animator, event.ref, came.ref, during, came=True)
    for person in (missed, perhaps):
        await attendance.tick(session, animator, event.ref, person.ref, during, came=False)
    asked = [(missed.id, event.ends_at + timedelta(hours=3))]
    assert await questions(session) == asked
    for is_there in (True, False):
        await attendance.tick(session, animator, event.ref, missed.ref, during, came=is_there)
    assert await questions(session) == asked


async def test_nobody_else_came_is_said_once_when_it_is_over(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    one, two, member = [await a_member(session, number, now) for number in (1, 2, 3)]
    for person in (one, two):
        await goes(session, person, event, now)
    with pytest.raises(TooLateError):
        await attendance.nobody_else(session, animator, event.ref, event.ends_at - MINUTE)
    with pytest.raises(NotAllowedError):
        await attendance.nobody_else(session, member, event.ref, event.ends_at)
    await attendance.tick(session, animator, event.ref, one.ref, event.starts_at, came=True)
    assert await attendance.nobody_else(session, animator, event.ref, event.ends_at) == 1
    assert await attendance.nobody_else(session, animator, event.ref, event.ends_at) == 0
    assert await state_of(session, event, two) == State.MISSED
    assert [person for person, _due in await questions(session)] == [two.id]


async def test_why_is_said_once_and_read_as_counts_of_five_and_more(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    late = event.ends_at
    why = [*[Why.WORK] * 6, *[Why.ILL] * 2, Why.CHILDREN, Why.RATHER_NOT_SAY]
    for number, reason in enumerate(why, 1):
        person = await a_member(session, number, now)
        await goes(session, person, event, now)
        with pytest.raises(IllegalMoveError):
            await missing.say_why(session, person, event.ref, reason, now)
        await attendance.tick(session, animator, event.ref, person.ref, late, came=False)
        await missing.say_why(session, person, event.ref, reason, late)
        with pytest.raises(IllegalMoveError):
            await missing.say_why(session, person, event.ref, Why.OTHER, late)
    await session.flush()
    table = await missing.reasons(session, animator, event.ref, late)
    assert {cell: n for cell, n in table.cells.items() if isinstance(n, int)} == {Why.WORK: 6}
    with pytest.raises(NotAllowedError):
        await missing.reasons(session, person, event.ref, late)
