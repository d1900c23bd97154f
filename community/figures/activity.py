"""How much of what happens members run themselves, per quarter; ``docs/glossary.md`` defines it.

An act is a member's if, at that moment, they held a role of members that covers it and none of the
team's or an organisation's: so who holds two roles is counted once, as of the team.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from community import roles
from community.areas import Area
from community.events import EVENT, Event
from community.events import State as Planned
from community.exchanges import EXCHANGE
from community.exchanges import State as Asked
from community.figures.periods import Quarter, QuarterSpan
from community.figures.protecting import Hidden, Protected, protect
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.roles import Role, RoleName
from community.translations import ContentText
from community.translations import State as Translated

HOSTS = (RoleName.CO_HOST, RoleName.COMMUNITY_LEAD)
TEAM = (RoleName.ANIMATOR, RoleName.COORDINATOR, RoleName.ADMINISTRATOR)
OTHERS = (*TEAM, RoleName.PROVIDER_STAFF)
"""Who acts for the team or an organisation, whatever else they are."""


class Kind(StrEnum):
    """What is counted."""

    EVENTS = "events"
    ANSWERS = "answers"
    TEXTS = "texts"
    PROPOSALS = "proposals"


@dataclass(frozen=True)
class Activity:
    """Acts of a quarter, by kind: each of the two tables is protected for itself.

    Events are no people: their number is exact, as in ``Meetings``.
    """

    span: QuarterSpan
    members: Protected[Kind]
    team: Protected[Kind]

    def share(self, kind: Kind | None = None) -> tuple[float, int] | None:
        """Return the members' share and of how many, of one kind or of all, if both are shown."""
        mine = self.members.total if kind is None else self.members.cells[kind]
        ours = self.team.total if kind is None else self.team.cells[kind]
        if mine is None or ours is None or isinstance(mine, Hidden) or isinstance(ours, Hidden):
            return None
        return (mine / (mine + ours), mine + ours) if mine + ours else None


async def read_activity(
    session: AsyncSession, actor: Person, quarter: Quarter, zone: ZoneInfo, now: datetime
) -> tuple[Activity, Activity]:
    """Return a quarter, and the one before it, to a coordinator.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    one, before = [
        await _activity(session, which.span(zone, now)) for which in (quarter, quarter.before)
    ]
    return one, before


async def _activity(session: AsyncSession, span: QuarterSpan) -> Activity:
    counts = {
        Kind.EVENTS: await _events(session, span),
        Kind.ANSWERS: await _answers(session, span),
        Kind.TEXTS: await _texts(session, span),
        Kind.PROPOSALS: await _proposals(session, span),
    }
    mine, ours = (
        _shown({kind: found.get(is_members, 0) for kind, found in counts.items()})
        for is_members in (True, False)
    )
    return Activity(span, mine, ours)


def _shown(counts: Mapping[Kind, int]) -> Protected[Kind]:
    """Protect all but events: how many took place is exact in the months, so it covers nothing."""
    told = protect({kind: count for kind, count in counts.items() if kind is not Kind.EVENTS})
    events = counts[Kind.EVENTS]
    total = told.total + events if isinstance(told.total, int) else told.total
    return Protected({Kind.EVENTS: events, **told.cells}, total)


Moment = InstrumentedAttribute[datetime]


def _held(role: Any, at: Moment, names: Sequence[RoleName]) -> ColumnElement[bool]:
    """Return whether such a role held at that moment, by what its row says today."""
    return and_(
        role.name.in_(names),
        role.granted_at <= at,
        or_(role.until.is_(None), role.until > at),
        or_(role.revoked_at.is_(None), role.revoked_at > at),
    )


async def _count(
    session: AsyncSession, is_members: ColumnElement[bool], what: Any, *where: ColumnElement[bool]
) -> Mapping[bool, int]:
    mine = case((is_members, literal(1)), else_=literal(0))
    rows = await session.execute(
        select(mine, func.count(func.distinct(what))).where(*where).group_by(mine)
    )
    return {bool(is_mine): number for is_mine, number in rows}


async def _events(session: AsyncSession, span: QuarterSpan) -> Mapping[bool, int]:
    """Count what took place: a member's is what a co-host or a lead looked after as it began."""
    host, other = aliased(Role), aliased(Role)
    around = select(Area.parent_id).where(Area.id == Event.area_id).correlate(Event)
    is_for = or_(
        host.event_id == Event.id,
        host.series_id == Event.series_id,
        host.area_id == Event.area_id,
        host.area_id.in_(around),
    )
    of_team = (
        exists()
        .where(other.person_id == host.person_id, _held(other, Event.starts_at, OTHERS))
        .correlate(host, Event)
    )
    hosted = exists().where(_held(host, Event.starts_at, HOSTS), is_for, ~of_team).correlate(Event)
    return await _count(
        session,
        hosted,
        Event.id,
        Event.state.in_([Planned.PUBLISHED, Planned.HELD]),
        Event.starts_at >= span.start,
        Event.starts_at < span.end,
    )


async def _answers(session: AsyncSession, span: QuarterSpan) -> Mapping[bool, int]:
    """Count each time that a question was answered, by a host of members or by the team.

    What organisations answer is neither's, nor is what somebody wrote who has been erased.
    """

    def was(names: Sequence[RoleName]) -> ColumnElement[bool]:
        return exists().where(Role.person_id == Step.actor_id, _held(Role, Step.at, names))

    of_hosts = and_(was(HOSTS), ~was(OTHERS))
    return await _count(
        session,
        of_hosts,
        Step.id,
        Step.subject == EXCHANGE.name,
        Step.after == Asked.ANSWERED,
        Step.at >= span.start,
        Step.at < span.end,
        or_(of_hosts, was(TEAM)),
    )


async def _texts(session: AsyncSession, span: QuarterSpan) -> Mapping[bool, int]:
    """Count translated fields that stand approved, by the role in which they were written."""
    written_by = [Who.TRANSLATOR, Who.ANIMATOR, Who.COORDINATOR]
    return await _count(
        session,
        ContentText.written_as == Who.TRANSLATOR,
        ContentText.id,
        ContentText.is_source.is_(False),
        ContentText.state == Translated.APPROVED,
        ContentText.written_as.in_(written_by),
        ContentText.written_at >= span.start,
        ContentText.written_at < span.end,
    )


async def _proposals(session: AsyncSession, span: QuarterSpan) -> Mapping[bool, int]:
    """Count new events, a series once, by whose idea they were; organisations' are neither's."""
    decided = exists().where(
        Step.subject == EVENT.name, Step.subject_id == Event.id, Step.before == Planned.PROPOSED
    )
    proposed = or_(Event.state.in_([Planned.PROPOSED, Planned.REFUSED]), decided)
    once = func.coalesce(-Event.series_id, Event.id)
    return await _count(
        session,
        proposed,
        once,
        Event.organization_id.is_(None),
        Event.state != Planned.DISCARDED,
        Event.made_at >= span.start,
        Event.made_at < span.end,
    )
