"""Who answered, and who came: the list of animators and hosts."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, roles
from community.attendance.table import ATTENDANCE, Attendance, State, begin, of
from community.base import find
from community.errors import NotFoundError, TooLateError
from community.events import Event
from community.lifecycle import Who
from community.people import Person


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
    if now < event.starts_at - timedelta(hours=1):
        raise TooLateError(event.starts_at)
    attendance = await of(session, event, person)
    if attendance is None:
        if by is Who.HOST:
            raise NotFoundError("Person")
        attendance = await begin(session, event, person, now)
    target = State.ATTENDED if came else State.MISSED
    return await ATTENDANCE.move(
        session, attendance, target, by, now, actor_id=actor.id, offered_until=None
    )
