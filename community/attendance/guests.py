"""Who answered, and who came: the list of animators and hosts."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles
from community.attendance.door import DOOR_OPENS
from community.attendance.table import ATTENDANCE, Attendance, State, begin, of
from community.base import find
from community.deliveries import Plan
from community.errors import NotFoundError, TooLateError
from community.events import Event
from community.lifecycle import Who
from community.people import Person

ASKED_AFTER = timedelta(hours=3)
"""After the end: nobody is asked why they are not there while the others still are."""


async def guest_list(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[tuple[Attendance, Person]]:
    """Return who answered, for whoever ticks who came.

    Raises:
        NotAllowedError: the actor does not look after this event.
    """
    event = await find(session, Event, ref)
    await roles.require_host(session, actor, event, now)
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state != State.NONE)
        .order_by(Attendance.answered_at, Attendance.id)
    )
    return [(attendance, person) for attendance, person in rows]


async def tick(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    person_ref: str,
    now: datetime,
    *,
    came: bool,
) -> bool:
    """Note that somebody came, or that they did not; walk-ins are people too.

    Raises:
        NotAllowedError: the actor does not look after this event.
        NotFoundError: no such event or person; a host ticks those who answered, no others.
        TooLateError: the event has not begun yet.
    """
    event = await find(session, Event, event_ref, lock=True)
    by = await roles.require_host(session, actor, event, now)
    person = await find(session, Person, person_ref)
    if event.state not in (events.State.PUBLISHED, events.State.HELD):
        raise NotFoundError("Event")
    if now < event.starts_at - DOOR_OPENS:
        raise TooLateError(event.starts_at)
    attendance = await of(session, event, person)
    if attendance is None:
        if by is Who.HOST:
            raise NotFoundError("Person")
        attendance = await begin(session, event, person, now)
    return await _note(session, event, attendance, person, now, actor, by, came=came)


async def nobody_else(session: AsyncSession, actor: Person, event_ref: str, now: datetime) -> int:
    """Note of all who said that they would come, and are not ticked, that they did not.

    Returns how many that are.

    Raises:
        NotAllowedError: the actor does not look after this event.
        NotFoundError: it does not take place.
        TooLateError: it is not over yet.
    """
    event = await find(session, Event, event_ref, lock=True)
    by = await roles.require_host(session, actor, event, now)
    if event.state not in (events.State.PUBLISHED, events.State.HELD):
        raise NotFoundError("Event")
    if not event.is_over(now):
        raise TooLateError(event.ends_at)
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state == State.GOING)
        .order_by(Attendance.id)
    )
    return sum(
        [
            await _note(session, event, attendance, person, now, actor, by, came=False)
            for attendance, person in rows.all()
        ]
    )


async def _note(
    session: AsyncSession,
    event: Event,
    attendance: Attendance,
    person: Person,
    now: datetime,
    actor: Person,
    by: Who,
    *,
    came: bool,
) -> bool:
    """Note it; whoever wanted to come and did not is asked once why, when all is over.

    Whether the question still applies then, its card decides.
    """
    wanted_to = attendance.state == State.GOING
    target = State.ATTENDED if came else State.MISSED
    moved = await ATTENDANCE.move(
        session, attendance, target, by, now, actor_id=actor.id, offered_until=None
    )
    if moved and wanted_to and not came:
        due = max(now + timedelta(minutes=10), event.ends_at + ASKED_AFTER)
        key = f"missed_question:{event.id}:{person.id}"
        plan = Plan(
            "missed_question", person.id, key, due, {"ref": event.ref}, subject_id=event.id
        )
        await deliveries.plan(session, now, plan)
    return moved
