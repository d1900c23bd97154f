"""A coordinator reads what was told of closed periods; nobody reads what they were told from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.errors import NotFoundError
from community.evidence.facts import FACTS
from community.evidence.periods import Period
from community.evidence.table import EvidencePeriod
from community.evidence.telling import Told
from community.evidence.telling import read as as_told
from community.people import Person
from community.roles import RoleName


@dataclass(frozen=True)
class Published:
    """One period, as it was told once and for all."""

    period: Period
    framework: str
    """Which framework file was in force then."""
    threshold: int
    facts: Mapping[str, Told]
    frozen_at: datetime


async def periods(session: AsyncSession, actor: Person, now: datetime) -> Sequence[Period]:
    """Return the periods that can be read, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = await session.execute(select(EvidencePeriod.year, EvidencePeriod.number))
    return sorted((Period(year, number) for year, number in rows), reverse=True)


async def all_told(session: AsyncSession) -> Sequence[Published]:
    """Return all periods as they were told, the oldest first: for whoever has the database."""
    rows = await session.scalars(
        select(EvidencePeriod).order_by(EvidencePeriod.year, EvidencePeriod.number)
    )
    return [published(row) for row in rows]


async def up_to(
    session: AsyncSession,
    actor: Person,
    period: Period,
    most: int,
    zone: ZoneInfo,
    now: datetime,
) -> Sequence[Published]:
    """Return a period and those of its length that were told before it, ``most`` at the most.

    The oldest first; each as this reader may read it.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: it is not over, or not written down yet.
    """
    last = await read(session, actor, period, zone, now)
    told = [
        one
        for one in await periods(session, actor, now)
        if one.every is period.every and one < period
    ]
    before = [await read(session, actor, one, zone, now) for one in told[: most - 1]]
    return [*reversed(before), last]


async def read(
    session: AsyncSession, actor: Person, period: Period, zone: ZoneInfo, now: datetime
) -> Published:
    """Return what is told of a period.

    Who was of an organisation's staff since it began knows its requests one by one. They are not
    told of requests here: with what they know they would compute those of others (``Support``).

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: it is not over, or not written down yet.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    is_one = 0 < period.year < 10_000 and 0 <= period.number <= 4  # a button may be forged
    mine = select(EvidencePeriod).filter_by(year=period.year, number=period.number)
    row = await session.scalar(mine) if is_one else None
    if row is None:
        raise NotFoundError("EvidencePeriod")
    found = published(row)
    if not await roles.has_staffed(session, actor, period.start(zone)):
        return found
    facts = {name: told for name, told in found.facts.items() if not FACTS[name].of_requests}
    return Published(period, found.framework, found.threshold, facts, found.frozen_at)


def published(row: EvidencePeriod) -> Published:
    """Return a period as its row has it; facts that the program no longer knows are left out."""
    return Published(
        Period(row.year, row.number),
        row.framework,
        row.threshold,
        {name: as_told(told) for name, told in row.told.items() if name in FACTS},
        row.frozen_at,
    )
