"""The coordinator's list of areas: what a member picks instead of an address.

An area's names are texts of their own (``community/translations.py``, subject ``area``); its zone
is the zone of the people who pick it.
"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.base import Base, BigId, Referable, find
from community.errors import NotUnderstoodError
from community.people import Person
from community.roles import RoleName


class Area(Base, Referable):
    """A town, a district: at most two levels."""

    __tablename__ = "areas"

    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    zone: Mapped[str] = mapped_column(String(64))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    made_at: Mapped[datetime]


def known_zone(name: str) -> str:
    """Return the IANA name if there is such a zone.

    Raises:
        NotUnderstoodError: no zone has this name.
    """
    try:
        return ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotUnderstoodError("zone") from None


async def create(
    session: AsyncSession,
    actor: Person,
    zone: str,
    now: datetime,
    *,
    latitude: float | None = None,
    longitude: float | None = None,
) -> Area:
    """Add an area; the caller adds its names.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: the zone or the point does not exist.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    place(latitude, longitude)
    area = Area(zone=known_zone(zone), latitude=latitude, longitude=longitude, made_at=now)
    session.add(area)
    await session.flush()
    return area


def place(latitude: float | None, longitude: float | None) -> None:
    """Refuse a point that is not on the earth (NaN included).

    Raises:
        NotUnderstoodError: one of the two is missing or out of range.
    """
    if (latitude is None) != (longitude is None):
        raise NotUnderstoodError("location")
    if latitude is None or longitude is None:
        return
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise NotUnderstoodError("location")


async def every(session: AsyncSession) -> list[Area]:
    """Return all areas in the order in which they were made."""
    return list(await session.scalars(select(Area).order_by(Area.id)))


async def by_ref(session: AsyncSession, ref: str) -> Area:
    """Return the area a button names.

    Raises:
        NotFoundError: no such area.
    """
    return await find(session, Area, ref)


def settle(person: Person, area: Area | None) -> None:
    """Let the person live in this area, and in its zone."""
    person.area_id = area.id if area else None
    person.zone = area.zone if area else None
