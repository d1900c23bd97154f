"""Which events somebody sees: what is for one need, area or cohort, no others see."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from community import cohorts, events, roles
from community.areas import within
from community.attendance.table import COMES, Attendance, State
from community.base import find
from community.errors import CalledOffError, NotForYouError, NotFoundError, TooLateError
from community.events import Event
from community.needs import PersonNeed
from community.people import Person
from community.portions import Portion, leaf, portion
from community.roles import RoleName


async def visible(
    session: AsyncSession, reader: Person, ref: str, now: datetime, *, lock: bool = False
) -> Event:
    """Return an event that this reader may see: published, held or cancelled, and for them.

    Raises:
        NotFoundError: no such event, or still a draft.
        NotForYouError: it is for some members only; for whom is not told.
    """
    event = await find(session, Event, ref, lock=lock)
    if event.state not in events.VISIBLE:
        raise NotFoundError("Event")
    if event.is_for_some:
        theirs = select(Event.id).where(Event.id == event.id, await _is_for(session, reader, now))
        if await session.scalar(theirs) is None:
            raise NotForYouError("Event")
    return event


async def for_everybody(session: AsyncSession, reader: Person, ref: str, now: datetime) -> Event:
    """Return an event of which a reader may tell others, who can still come.

    Raises:
        NotFoundError: no such event for this reader, or one for some alone.
        CalledOffError: it has been cancelled.
        TooLateError: it is over.
    """
    event = await visible(session, reader, ref, now)
    if event.is_for_some:
        raise NotFoundError("Event")
    if event.state == events.State.CANCELLED:
        raise CalledOffError
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError
    return event


async def upcoming(
    session: AsyncSession, reader: Person, now: datetime, *, at: int = 0, size: int
) -> Portion[Event]:
    """Return a page of what is published, has not ended and is for this reader, the next first."""
    query = (
        select(Event)
        .where(
            Event.state == events.State.PUBLISHED,
            Event.starts_at > now - events.LONGEST,
            Event.ends_at > now,
            await _is_for(session, reader, now),
        )
        .order_by(Event.starts_at, Event.id)
    )
    return await leaf(session, query, at, size)


async def been_at(
    session: AsyncSession, reader: Person, now: datetime, *, at: int = 0, size: int
) -> Portion[Event]:
    """Return a page of the events that the reader was at, the last first; or went to, unticked."""
    query = _was_at(reader, now).order_by(Event.starts_at.desc(), Event.id.desc())
    return await portion(session, query, at, size)


async def has_been_anywhere(session: AsyncSession, reader: Person, now: datetime) -> bool:
    """Say whether ``been_at`` would find something."""
    return (
        await session.scalar(_was_at(reader, now).with_only_columns(Event.id).limit(1)) is not None
    )


def _was_at(reader: Person, now: datetime) -> Select[Event]:
    return (
        select(Event)
        .join(Attendance, Attendance.event_id == Event.id)
        .where(
            Attendance.person_id == reader.id,
            Attendance.state.in_(COMES),
            Event.state.in_([events.State.PUBLISHED, events.State.HELD]),
            Event.starts_at <= now,
        )
    )


async def _is_for(session: AsyncSession, reader: Person, now: datetime) -> ColumnElement[bool]:
    """Return the rule: what is for one need, area or cohort, only whoever fits sees.

    Besides them whoever has answered while it was theirs, the animators, and the staff of the
    organisation that proposed it.
    """
    if await roles.holds(session, reader, RoleName.ANIMATOR, now):
        return true()
    looked_for = select(PersonNeed.term).where(PersonNeed.person_id == reader.id)
    answered = select(Attendance.event_id).where(
        Attendance.person_id == reader.id, Attendance.state != State.NONE
    )
    lives_in = within(reader.area_id)
    return or_(
        and_(
            or_(Event.need.is_(None), Event.need.in_(looked_for)),
            or_(Event.audience_area_id.is_(None), Event.audience_area_id.in_(lives_in)),
            or_(Event.cohort_id.is_(None), Event.cohort_id.in_(cohorts.of(reader.id))),
        ),
        Event.organization_id.in_(await roles.staffed(session, reader, now)),
        Event.id.in_(answered),
    )
