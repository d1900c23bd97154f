"""Answers, places and the waiting list."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, deliveries, erasure, events, people, roles
from community.attendance import Attendance, State, Wish
from community.deliveries import Delivery
from community.errors import IllegalMoveError, NotAMemberError, TooLateError
from community.events import Details, Event
from community.people import Person
from community.roles import Role, RoleName

ZONE = "Europe/Paris"
SOMEBODY_WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


async def a_member(session: AsyncSession, telegram_id: int, now: datetime) -> Person:
    person = await people.meet(session, telegram_id, now, name=f"Person {telegram_id}")
    person.language = "en"
    await people.join(session, person, now, terms_version="1", language="en")
    return person


async def an_animator(session: AsyncSession, now: datetime) -> Person:
    person = await a_member(session, 900, now)
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    return person


async def an_event(
    session: AsyncSession,
    animator: Person,
    now: datetime,
    *,
    capacity: int | None = None,
    hours: float = 0,
) -> Event:
    """Publish an event in three days and so many hours; without them it is at nine there."""
    begins = (now + timedelta(days=3, hours=hours)).replace(tzinfo=None)
    details = Details(begins, ZONE, place="Library", capacity=capacity)
    event = await events.create(session, animator, details, {"title": "Meeting"}, "en", now)
    return await events.publish(session, animator, event.ref, now)


async def test_twelve_members_press_going_at_once_for_the_last_place(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        event = await an_event(session, animator, now, capacity=1)
        for number in range(1, 13):
            await a_member(session, number, now)

    async def press(number: int) -> None:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, number)
            assert person is not None
            await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)

    await asyncio.gather(*(press(number) for number in range(1, 13)))
    async with database.transaction() as session:
        counts = await attendance.counts(session, event)
    assert counts == {State.GOING: 1, State.WAITING: 11}


Verb = Callable[[AsyncSession, Person, datetime], Awaitable[object]]
LOCKING: dict[str, tuple[State, timedelta, Verb]] = {
    "answers of several people": (
        State.GOING,
        timedelta(),
        lambda session, person, now: attendance.expect(session, {"a": [1], "b": [1]}),
    ),
    "leaving": (
        State.GOING,
        timedelta(),
        lambda session, person, now: attendance.give_up(session, person, now, default_zone=ZONE),
    ),
    "coming back": (
        State.OFFERED,
        timedelta(),
        lambda session, person, now: attendance.welcome_back(
            session, person, now, default_zone=ZONE
        ),
    ),
    "being erased": (
        State.GOING,
        timedelta(),
        lambda session, person, now: erasure.erase(session, person, now, b"key"),
    ),
    "offers that lapse": (
        State.OFFERED,
        timedelta(days=1),
        lambda session, person, now: attendance.lapse_offers(session, now, default_zone=ZONE),
    ),
    "events that end": (
        State.GOING,
        timedelta(days=4),
        lambda session, person, now: events.hold(session, now),
    ),
}
"""What locks several events: how somebody stands to each, when it is done, and the verb."""


@pytest.mark.parametrize("what", LOCKING)
@pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
async def test_whoever_locks_several_events_does_so_in_the_order_of_their_numbers(
    database: Database, now: datetime, what: str
) -> None:
    state, later, verb = LOCKING[what]
    async with database.transaction() as session:
        person = await a_member(session, 1, now)
        for number, ref in ((2, "a"), (1, "b")):  # however else one reads, the second comes first
            begins = now + timedelta(days=3, hours=1 - number)
            event = Event(
                id=number,
                ref=ref,
                state=events.State.PUBLISHED,
                made_at=now,
                changed_at=now,
                starts_wall=begins.replace(tzinfo=None),
                zone="UTC",
                starts_at=begins,
            )
            session.add(event)
            await session.flush()
            session.add(
                Attendance(
                    event_id=number,
                    person_id=person.id,
                    state=state,
                    answered_at=now,
                    offered_until=now + timedelta(hours=1),
                )
            )
            await session.flush()

    async def other() -> None:
        async with database.transaction() as session:
            found = await session.get_one(Person, person.id)
            await verb(session, found, now + later)

    async with database.transaction() as session:
        await session.get_one(Event, 1, with_for_update=True)
        task = asyncio.create_task(other())
        while not await session.scalar(SOMEBODY_WAITS):
            assert not task.done()
            await asyncio.sleep(0.01)
        await session.get_one(Event, 2, with_for_update={"nowait": True})
    await task


async def test_a_place_given_up_is_offered_to_the_first_in_line(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    await attendance.answer(session, first, event.ref, Wish.GOING, now, default_zone=ZONE)
    waits, _ = await attendance.answer(
        session, second, event.ref, Wish.GOING, now, default_zone=ZONE
    )
    assert waits.state == State.WAITING
    await attendance.answer(session, first, event.ref, Wish.DECLINED, now, default_zone=ZONE)
    offered = await attendance.of(session, event, second)
    assert offered is not None
    assert offered.state == State.OFFERED
    assert offered.offered_until == now + timedelta(hours=12)
    kinds = (await session.scalars(select(Delivery.kind))).all()
    assert "place_offered" in kinds


async def test_an_offer_that_nobody_takes_goes_to_the_next(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    persons = [await a_member(session, number, now) for number in (1, 2, 3)]
    for person in persons:
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    await attendance.answer(session, persons[0], event.ref, Wish.DECLINED, now, default_zone=ZONE)
    await session.execute(
        update(Delivery)
        .where(Delivery.kind == "place_offered")
        .values(state=deliveries.State.SENT)
    )
    later = now + timedelta(hours=12)
    assert await attendance.lapse_offers(session, later, default_zone=ZONE) == 1
    second = await attendance.of(session, event, persons[1])
    third = await attendance.of(session, event, persons[2])
    assert second is not None
    assert third is not None
    assert (second.state, third.state) == (State.LAPSED, State.OFFERED)


async def test_a_place_is_not_held_for_somebody_who_cannot_be_told(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    persons = [await a_member(session, number, now) for number in (1, 2, 3, 4)]
    for person in persons:
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    going, stopped, blocked, fourth = persons
    await people.stop(session, stopped, now)
    await people.lose(session, blocked, "blocked", now)
    await attendance.answer(session, going, event.ref, Wish.DECLINED, now, default_zone=ZONE)
    offered = await attendance.of(session, event, fourth)
    assert offered is not None
    assert offered.state == State.OFFERED
    await attendance.answer(session, fourth, event.ref, Wish.DECLINED, now, default_zone=ZONE)
    await people.resume(session, stopped, now)
    kept, moved = await attendance.answer(
        session, stopped, event.ref, Wish.GOING, now, default_zone=ZONE
    )
    assert (kept.state, moved) == (State.GOING, True), "whoever is back takes the free place"


async def test_whoever_leaves_gives_up_their_places(session: AsyncSession, now: datetime) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    for person in (first, second):
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    assert await attendance.give_up(session, first, now, default_zone=ZONE) == 1
    gone, offered = (
        await attendance.of(session, event, first),
        await attendance.of(session, event, second),
    )
    assert gone is not None
    assert offered is not None
    assert (gone.state, offered.state) == (State.DECLINED, State.OFFERED)
    kept = select(Delivery.state).where(
        Delivery.person_id == first.id, Delivery.kind == "event_reminder"
    )
    assert set(await session.scalars(kept)) == {deliveries.State.CANCELLED}


async def test_an_offered_place_is_never_held_past_two_hours_before_the_start(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1, hours=6)
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    late = event.starts_at - timedelta(hours=5)
    await attendance.answer(session, first, event.ref, Wish.GOING, now, default_zone=ZONE)
    await attendance.answer(session, second, event.ref, Wish.GOING, now, default_zone=ZONE)
    await attendance.answer(session, first, event.ref, Wish.DECLINED, late, default_zone=ZONE)
    offered = await attendance.of(session, event, second)
    assert offered is not None
    assert offered.offered_until == event.starts_at - timedelta(hours=2)


async def test_pressing_the_same_button_twice_changes_nothing(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    person = await a_member(session, 1, now)
    _, first = await attendance.answer(
        session, person, event.ref, Wish.GOING, now, default_zone=ZONE
    )
    _, second = await attendance.answer(
        session, person, event.ref, Wish.GOING, now, default_zone=ZONE
    )
    assert (first, second) == (True, False)


async def test_cancelling_stops_reminders_and_tells_the_waiting_list_too(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    for person in (first, second):
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    told = await attendance.cancel_event(session, animator, event.ref, now)
    assert told == 2
    rows = (await session.execute(select(Delivery.kind, Delivery.state))).all()
    assert ("event_reminder", "queued") not in [tuple(row) for row in rows]
    assert await attendance.cancel_event(session, animator, event.ref, now) == 0


async def test_cancelling_one_second_before_the_reminder_is_due_reminds_nobody(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    person = await a_member(session, 1, now)
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    due = await session.scalar(
        select(Delivery.due_at)
        .where(Delivery.kind == "event_reminder")
        .order_by(Delivery.due_at)
        .limit(1)
    )
    assert due is not None
    await attendance.cancel_event(session, animator, event.ref, due - timedelta(seconds=1))
    claimed = await deliveries.claim(session, "sender", 10, 60, due)
    assert [row.kind for row in claimed] == ["event_cancelled"]


async def test_a_changed_place_asks_again_and_a_changed_capacity_does_not(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=5)
    person = await a_member(session, 1, now)
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    same = Details(event.starts_wall, ZONE, place="Library", capacity=6)
    assert (
        await attendance.change_event(session, animator, event.ref, same, now, default_zone=ZONE)
        == 0
    )
    moved = Details(event.starts_wall, ZONE, place="Town hall", capacity=6)
    assert (
        await attendance.change_event(session, animator, event.ref, moved, now, default_zone=ZONE)
        == 1
    )
    answer = await attendance.of(session, event, person)
    assert answer is not None
    assert (answer.state, answer.asked_again, event.sequence) == (State.GOING, True, 1)


async def test_time_and_then_place_are_told_once_with_what_holds_in_the_end(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    person = await a_member(session, 1, now)
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    later = event.starts_wall + timedelta(hours=1)
    for details in (
        Details(later, ZONE, place="Library"),
        Details(later, ZONE, place="Town hall"),
    ):
        await attendance.change_event(
            session, animator, event.ref, details, now, default_zone=ZONE
        )
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.kind == "event_changed", Delivery.state == deliveries.State.QUEUED)
        .execution_options(populate_existing=True)
    )
    (row,) = rows.all()
    assert row.due_at == now + timedelta(minutes=3)


async def test_whoever_is_back_after_a_block_is_reminded_again(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    person = await a_member(session, 1, now)
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    waiting = select(func.count()).where(
        Delivery.kind == "event_reminder", Delivery.state == deliveries.State.QUEUED
    )
    before = await session.scalar(waiting)
    await deliveries.lose(session, person, "blocked", now)
    assert await session.scalar(waiting) == 0
    later = now + timedelta(minutes=1)
    assert await people.reached(session, person, later)
    await attendance.remind_again(session, person, later, default_zone=ZONE)
    assert await session.scalar(waiting) == before == 2


async def test_who_only_looks_round_cannot_answer(session: AsyncSession, now: datetime) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    stranger = await people.meet(session, 7, now)
    with pytest.raises(NotAMemberError):
        await attendance.answer(session, stranger, event.ref, Wish.GOING, now, default_zone=ZONE)


async def test_an_event_that_is_over_takes_no_answers(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    person = await a_member(session, 1, now)
    with pytest.raises(TooLateError):
        await attendance.answer(
            session, person, event.ref, Wish.GOING, now + timedelta(days=4), default_zone=ZONE
        )


# From DESIGN's table, typed again; "attended → going" is explained in docs/architecture.md.
STEPS = {
    "none": {"invited", "going", "maybe", "waiting", "declined", "attended"},
    "invited": {"going", "maybe", "waiting", "declined", "attended"},
    "going": {"maybe", "declined", "attended", "missed"},
    "maybe": {"going", "waiting", "declined", "attended", "missed"},
    "waiting": {"offered", "declined", "attended"},
    "offered": {"going", "declined", "lapsed", "attended"},
    "lapsed": {"going", "maybe", "waiting", "attended"},
    "declined": {"going", "maybe", "waiting", "attended"},
    "missed": {"attended"},
    "attended": {"going", "missed"},
}


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("to", list(State))
async def test_attendance_takes_exactly_the_steps_of_the_design(
    at: State, to: State, session: AsyncSession, now: datetime
) -> None:
    from community.lifecycle import Who

    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    row = Attendance(event_id=event.id, person_id=animator.id, state=at, answered_at=now)
    session.add(row)
    await session.flush()
    taken = False
    for who in Who:
        try:
            taken = await attendance.ATTENDANCE.move(session, row, to, who, now) or taken
        except IllegalMoveError:
            continue
    assert taken == (to.value in STEPS.get(at.value, set()))


async def test_roles_of_a_revoked_animator_end_at_once(
    session: AsyncSession, now: datetime
) -> None:
    from community.errors import NotAllowedError

    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    role = (await roles.held(session, animator, now))[0]
    role.revoked_at = now
    await session.flush()
    with pytest.raises(NotAllowedError):
        await attendance.cancel_event(session, animator, event.ref, now)
