"""What a coordinator reads of a month.

Who members are, who came and left, and what they say in surveys is told of closed quarters
(``community/evidence``): told of months, too, the two would cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.deliveries import Delivery
from community.erasure import NOBODY
from community.events import Event
from community.figures.periods import Quarter, Span, span
from community.figures.protecting import Cell, Protected, people, protect
from community.figures.support import Support, of_month
from community.history import Step
from community.people import MEMBERSHIP, Membership, Person
from community.roles import RoleName

UNKNOWN = ""
"""The language of who has not chosen one."""


@dataclass(frozen=True)
class Meetings:
    """What took place. Events are no people: their number is exact."""

    held: int
    cancelled: int
    people: Protected[Attending]


@dataclass(frozen=True)
class Month:
    """Everything a coordinator reads of one month."""

    span: Span
    members: Cell
    """Who belongs to the network as it ends."""
    meetings: Meetings
    support: Support
    deliveries: Protected[deliveries.State]


async def read(
    session: AsyncSession,
    actor: Person,
    year: int,
    month_number: int,
    zone: ZoneInfo,
    now: datetime,
) -> Month:
    """Return the figures of a month to a coordinator.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    since = Quarter.of_month(year, month_number).start(zone)
    own = await roles.has_staffed(session, actor, since)
    return await month(session, year, month_number, zone, now, without=own)


async def month(
    session: AsyncSession,
    year: int,
    month: int,
    zone: ZoneInfo,
    now: datetime,
    *,
    without: Sequence[int] = (),
) -> Month:
    """Return the figures of one month, protected; ``without`` as in ``Support``."""
    when = span(year, month, zone, now)
    return Month(
        when,
        await _members(session, when),
        await _meetings(session, when),
        await of_month(session, when, zone, now, without),
        await _deliveries(session, when),
    )


async def first_month(session: AsyncSession, zone: ZoneInfo, now: datetime) -> tuple[int, int]:
    """Return year and month in which the first person was met."""
    met: datetime | None = await session.scalar(select(func.min(Person.met_at)))
    local = (met or now).astimezone(zone)
    return local.year, local.month


async def _counts(session: AsyncSession, query: Select[Any, int]) -> dict[Any, int]:
    return {row[0]: row[1] for row in await session.execute(query)}


MEMBER = (Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED)


def members_at(moment: datetime) -> Select[int]:
    """Return the query for the members at a moment, as the history knows it.

    Of who has been erased it knows nothing.
    """
    last = (
        select(func.max(Step.id))
        .where(Step.subject == MEMBERSHIP.name, Step.subject_id != NOBODY, Step.at < moment)
        .group_by(Step.subject_id)
    )
    return select(Step.subject_id).where(Step.id.in_(last), Step.after.in_(MEMBER))


async def _members(session: AsyncSession, when: Span) -> Cell:
    there = select(func.count()).select_from(members_at(when.end).subquery())
    return people(await session.scalar(there) or 0)


async def _meetings(session: AsyncSession, when: Span) -> Meetings:
    within = (Event.starts_at >= when.start, Event.starts_at < when.end)
    by_state = await _counts(
        session, select(Event.state, func.count()).where(*within).group_by(Event.state)
    )
    shown = (Attending.ATTENDED, Attending.MISSED, Attending.GOING)
    answered = await _counts(
        session,
        select(Attendance.state, func.count())
        .join(Event, Event.id == Attendance.event_id)
        .where(
            *within,
            Event.state.in_([events.State.PUBLISHED, events.State.HELD]),
            Attendance.state.in_(shown),
        )
        .group_by(Attendance.state),
    )
    return Meetings(
        # One that has begun and is not yet marked as held took place all the same.
        held=by_state.get(events.State.HELD, 0) + by_state.get(events.State.PUBLISHED, 0),
        cancelled=by_state.get(events.State.CANCELLED, 0),
        people=protect({state: answered.get(state, 0) for state in shown}, total_shown=False),
    )


async def _deliveries(session: AsyncSession, when: Span) -> Protected[deliveries.State]:
    found = await _counts(
        session,
        select(Delivery.state, func.count())
        .where(
            Delivery.state.not_in(deliveries.OPEN),
            Delivery.settled_at >= when.start,
            Delivery.settled_at < when.end,
        )
        .group_by(Delivery.state),
    )
    states = {state: found[state] for state in deliveries.State if state in found}
    return protect(states, total_shown=False)  # messages, not people: each outcome for itself
