"""What was looked for and not found: counts by need, language and area, and nobody's name.

Counted are people and not searches: of one person each need counts once on a day of the
network's, whatever they miss of it, in whichever language, and all that they type in vain counts
as one. Their conversation remembers it (``conversations.missed``), for that day, and this table
never learns who it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Date, ForeignKey, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import conversations
from community.base import Base, BigId, Identified
from community.needs import Need
from community.people import Person
from community.providers.finding import Found
from community.writing import rows_changed


class Miss(StrEnum):
    """What was missing."""

    NOTHING = "nothing"
    """There is no service for the need."""
    LANGUAGE = "language"
    """None is given in the language."""
    AREA = "area"
    """None that is given in the language is there, or online."""
    FULL = "full"
    """Those that are there have no room."""
    WAY = "way"
    """None of them is as it was asked for: free of charge, face to face, online, or open now."""


class UnmetDemand(Base, Identified):
    """How many people looked for this on one day of the network's in vain."""

    __tablename__ = "unmet_demand"

    day: Mapped[date] = mapped_column(Date, index=True)
    need: Mapped[Need] = mapped_column(String(24))
    language: Mapped[str] = mapped_column(String(16))
    area_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("areas.id", ondelete="SET NULL"), index=True
    )
    miss: Mapped[Miss] = mapped_column(String(16))
    count: Mapped[int]


@dataclass(frozen=True)
class Unmet:
    """People who missed the same of one need, in one language and area: once each day."""

    need: Need
    language: str
    area_id: int | None
    miss: Miss
    count: int


def miss_of(found: Found) -> Miss | None:
    """Return what a search has missed that asked for nothing but the need."""
    if found.total == 0:
        return Miss.NOTHING
    if found.given == 0:
        return Miss.LANGUAGE
    if found.given_here == 0:
        return Miss.AREA
    return Miss.FULL if found.roomy == 0 else None


async def note(
    session: AsyncSession,
    person: Person,
    need: Need,
    language: str,
    miss: Miss,
    now: datetime,
    *,
    zone: str,
    area_id: int | None = None,
) -> bool:
    """Count that this was missed; False if this person has been counted for the need today.

    ``zone`` is the network's, and says which day it is. ``area_id`` is where it was looked for,
    if not in the person's own area.
    """
    if person.telegram_id is None:
        return False
    where = person.area_id if area_id is None else area_id
    day = now.astimezone(ZoneInfo(zone)).date()
    if not await conversations.misses(session, person.telegram_id, need, day, now):
        return False
    at = (
        UnmetDemand.day == day,
        UnmetDemand.need == need,
        UnmetDemand.language == language,
        UnmetDemand.area_id.is_not_distinct_from(where),
        UnmetDemand.miss == miss,
    )
    # Two rows that two processes have begun at once are added up when they are read.
    same = select(func.min(UnmetDemand.id)).where(*at).scalar_subquery()
    more = update(UnmetDemand).where(UnmetDemand.id == same).values(count=UnmetDemand.count + 1)
    if not await rows_changed(session, more):
        session.add(
            UnmetDemand(
                day=day,
                need=need,
                language=language,
                area_id=where,
                miss=miss,
                count=1,
            )
        )
        await session.flush()
    return True


async def unmet(session: AsyncSession, since: date, until: date) -> Sequence[Unmet]:
    """Return what was missed from one day to another, both included; the most frequent first.

    Whoever shows it hides counts that are small (``figures.protect``).
    """
    by = (UnmetDemand.need, UnmetDemand.language, UnmetDemand.area_id, UnmetDemand.miss)
    total = func.sum(UnmetDemand.count)
    rows = await session.execute(
        select(*by, total)
        .where(UnmetDemand.day >= since, UnmetDemand.day <= until)
        .group_by(*by)
        .order_by(total.desc(), *by)
    )
    return [
        Unmet(Need(need), language, area_id, Miss(miss), int(count))
        for need, language, area_id, miss, count in rows
    ]
