"""What a support organisation did in a quarter: how fast it answered, and what came of it.

Its own staff read it, and nobody else. Counts are of people, so few are hidden.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, notices, roles
from community.base import find
from community.errors import NotFoundError
from community.figures import FEW, Cell, Hidden, Protected, Quarter, protect, quarter_of
from community.history import Step
from community.people import Person
from community.providers import Organization
from community.referrals import REFERRAL, Reason, Referral, State

TOLD_WITHIN = timedelta(days=14)
"""So long after its end a quarter is told of: to who is staff then, or was not reached before."""
ANSWERS = (State.ACCEPTED, State.DECLINED, State.NEEDS_INFORMATION, State.REROUTED)
"""What a provider's first answer may be."""


@dataclass(frozen=True)
class Times:
    """How long the first answers took: the middle one, the quickest and the slowest, in days."""

    days: tuple[float, int, int]
    working_days: tuple[float, int, int]


@dataclass(frozen=True)
class Record:
    """One organisation's quarter."""

    quarter: Quarter
    is_closed: bool
    received: Cell
    answered: Cell
    times: Times | None
    """None where fewer than five were answered."""
    outcomes: Protected[State]
    """What was received in the quarter, by where it stands now."""
    declined: Protected[Reason]
    """Why it declined; empty where it is hidden how often."""


async def read(
    session: AsyncSession,
    actor: Person,
    organization_ref: str,
    quarter: Quarter,
    zone: ZoneInfo,
    now: datetime,
) -> Record:
    """Return an organisation's quarter to its staff, and to nobody else.

    A coordinator reads the figures of all (``community/figures``): one provider's own, beside
    those, would give away what is hidden there.

    Raises:
        NotFoundError: the actor is none, or the quarter has not begun.
    """
    organization = await find(session, Organization, organization_ref)
    if organization.id not in await roles.staffed(session, actor, now):
        raise NotFoundError("Organization")
    if quarter.start(zone) > now:
        raise NotFoundError("Quarter")
    return await record(session, organization, quarter, zone, now)


async def record(
    session: AsyncSession,
    organization: Organization,
    quarter: Quarter,
    zone: ZoneInfo,
    now: datetime,
) -> Record:
    """Return what an organisation received in a quarter, and what came of it."""
    end = quarter.following.start(zone)
    rows = await session.execute(
        select(Referral.id, Referral.state, Referral.reason, Step.at)
        .join(Step, (Step.subject == REFERRAL.name) & (Step.subject_id == Referral.id))
        .where(
            Referral.organization_id == organization.id,
            Step.before == State.DRAFT,
            Step.after == State.PENDING,
            Step.at >= quarter.start(zone),
            Step.at < min(end, now),
        )
    )
    received = [(number, State(state), reason, at) for number, state, reason, at in rows]
    answers = await _first_answers(session, organization)
    waited = [(at, answers[number]) for number, _s, _r, at in received if number in answers]
    found = Counter(state for _n, state, _r, _a in received)
    outcomes = protect({state: found[state] for state in State if state in found})
    why = Counter(
        Reason(reason) for _n, state, reason, _a in received if state == State.DECLINED and reason
    )
    is_told = not isinstance(outcomes.cells.get(State.DECLINED, 0), Hidden)
    return Record(
        quarter,
        end <= now,
        _people(len(received)),
        _people(len(waited)),
        _times(waited, zone) if len(waited) >= FEW else None,
        outcomes,
        protect({r: why[r] for r in Reason if r in why}) if is_told else Protected({}, None),
    )


async def _first_answers(session: AsyncSession, organization: Organization) -> dict[int, datetime]:
    rows = await session.execute(
        select(Step.subject_id, Step.at)
        .join(Referral, Referral.id == Step.subject_id)
        .where(
            Step.subject == REFERRAL.name,
            Referral.organization_id == organization.id,
            Step.before == State.PENDING,
            Step.after.in_(ANSWERS),
        )
        .order_by(Step.id.desc())
    )
    return {row[0]: row[1] for row in rows}  # the newest comes first, so that the oldest stays


def _people(count: int) -> Cell:
    return protect({"": count}, total_shown=False).cells[""]


def _times(waited: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> Times:
    days = [
        (answered.astimezone(zone).date() - asked.astimezone(zone).date()).days
        for asked, answered in waited
    ]
    working = [
        working_days(asked.astimezone(zone).date(), answered.astimezone(zone).date())
        for asked, answered in waited
    ]
    return Times(
        (median(days), min(days), max(days)), (median(working), min(working), max(working))
    )


def working_days(first: date, last: date) -> int:
    """Return how many days from Monday to Friday lie after the first day, the last included."""
    return sum(
        (first + timedelta(days=number)).weekday() < 5
        for number in range(1, (last - first).days + 1)
    )


# Telling of it


async def tell(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    """Tell the staff of each organisation with an active agreement that a quarter is over, once.

    Return how many are told.
    """
    running = quarter_of(now, zone)
    if now >= running.start(zone) + TOLD_WITHIN:
        return 0
    over, told = running.before, 0
    for organization in await _partners(session, now):
        told += await notices.tell_staff(
            session,
            organization.id,
            "quarter",
            organization,
            now,
            occurrence=f"{over.year}Q{over.number}",
        )
    return told


async def next_telling(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the next quarter begins, if there is anybody to tell of this one."""
    for organization in await _partners(session, now):
        if await roles.staff_of(session, organization.id, now):
            return quarter_of(now, zone).following.start(zone)
    return None


async def _partners(session: AsyncSession, now: datetime) -> list[Organization]:
    every = (await session.scalars(select(Organization).order_by(Organization.id))).all()
    active = await agreements.active_among(session, [each.id for each in every], now)
    return [each for each in every if each.id in active]
