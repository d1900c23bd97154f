"""What cohorts came to: members, events, attendances, news, and who is still there later."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.attendance import Attendance
from community.attendance import State as Came
from community.cohorts import Cohort, CohortMember
from community.events import Event
from community.events import State as Planned
from community.figures.protecting import FEW, Cell, Hidden, people, protect
from community.people import Membership, Person
from community.roles import RoleName
from community.sends import Kind, Send
from community.sends import State as Sending

LATER = timedelta(days=90)
"""So long after its end it is asked who is still there."""


@dataclass(frozen=True)
class CohortFigures:
    """One cohort. Of one with fewer than five members nothing else is told."""

    cohort: Cohort
    members: Cell
    """Who belongs to it, or belonged to it at its end."""
    events: Cell
    attendances: Cell
    news: Cell
    still_active: Cell | None
    """Of these members: who has done something here three months after it or later.

    None as long as that is not over.
    """


async def read_cohorts(
    session: AsyncSession, actor: Person, now: datetime, *, size: int
) -> list[CohortFigures]:
    """Return the newest cohorts, so many at most, to whoever animates or coordinates.

    Raises:
        NotAllowedError: the actor does neither.
    """
    held = {role.name for role in await roles.held(session, actor, now)}
    if RoleName.ANIMATOR not in held:
        await roles.require(session, actor, RoleName.COORDINATOR, now)
    newest = select(Cohort).order_by(Cohort.id.desc()).limit(size)
    return [await _of(session, one, now) for one in (await session.scalars(newest)).all()]


async def _of(session: AsyncSession, cohort: Cohort, now: datetime) -> CohortFigures:
    belonged = (
        CohortMember.cohort_id == cohort.id,
        or_(CohortMember.left_at.is_(None), CohortMember.left_at >= cohort.ends_at),
    )
    members = await _count(session, select(func.count()).where(*belonged))
    if members < FEW:
        few = Hidden.FEW
        return CohortFigures(cohort, people(members), few, few, few, None)
    theirs = Event.cohort_id == cohort.id
    took_place = select(func.count(Event.id)).where(
        theirs, Event.state.in_([Planned.PUBLISHED, Planned.HELD]), Event.starts_at <= now
    )
    came = (
        select(func.count())
        .join(Event, Event.id == Attendance.event_id)
        .select_from(Attendance)
        .where(theirs, Attendance.state == Came.ATTENDED)
    )
    news = select(func.count(Send.id)).where(
        Send.kind == Kind.NEWSLETTER,
        Send.state == Sending.SENT,
        Send.of_id.is_(None),
        cast(Send.for_whom, String).contains(f'"{cohort.ref}"', autoescape=True),
    )
    active = None
    if (later := cohort.ends_at + LATER) <= now:
        count = await _count(
            session,
            select(func.count())
            .select_from(CohortMember)
            .join(Person, Person.id == CohortMember.person_id)
            .where(*belonged, Person.seen_at >= later, Person.state != Membership.LEFT),
        )
        active = protect({True: count, False: members - count}).cells[True]
    return CohortFigures(
        cohort,
        members,
        await _count(session, took_place),
        people(await _count(session, came)),
        await _count(session, news),
        active,
    )


async def _count(session: AsyncSession, query: Select[int]) -> int:
    return int(await session.scalar(query) or 0)
