"""The coordinator's list of areas: what a member picks instead of an address.

An area's names are texts of their own (``community/translations.py``, subject ``area``); its zone
is the zone of the people who pick it.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import ForeignKey, Select, String, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.base import Base, BigId, Referable, find
from community.errors import NotFoundError, NotUnderstoodError
from community.people import Person
from community.roles import RoleName


class Area(Base, Referable):
    """A town, a district: at most two levels."""

    __tablename__ = "areas"

    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    zone: Mapped[str] = mapped_column(String(64))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    is_open: Mapped[bool] = mapped_column(default=True)
    """Whether it is offered; who lives in a closed one stays there."""
    made_at: Mapped[datetime]


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def known_zone(name: str) -> str:
    """Return the IANA name if there is such a zone, however it is capitalised.

    Raises:
        NotUnderstoodError: no zone has this name.
    """
    try:
        return _zones()[name.strip().casefold().replace(" ", "_")]
    except KeyError:
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


async def change(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    zone: str | None = None,
    point: tuple[float, float] | None = None,
    is_open: bool | None = None,
) -> Area:
    """Correct an area; a new zone is at once that of the people who live there.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: the zone or the point does not exist.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    area = await find(session, Area, ref, lock=True)
    if zone is not None:
        area.zone = known_zone(zone)
        await session.execute(
            update(Person).where(Person.area_id == area.id).values(zone=area.zone)
        )
    if point is not None:
        place(*point)
        area.latitude, area.longitude = point
    if is_open is not None:
        area.is_open = is_open
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


REACH_KM = 50.0
"""What is further than this from the centre of every area is in none."""
KM_PER_DEGREE = 111.2


def apart(latitude: float, longitude: float, area: Area) -> float | None:
    """Return how many kilometres a point is from the centre of an area, if that has one."""
    if area.latitude is None or area.longitude is None:
        return None
    degrees = abs(longitude - area.longitude)
    east = min(degrees, 360 - degrees) * math.cos(math.radians(latitude))
    return KM_PER_DEGREE * math.hypot(latitude - area.latitude, east)


def nearest(areas: Iterable[Area], latitude: float, longitude: float) -> Area | None:
    """Return the area whose centre is nearest to a point, if one is within reach."""
    found, least = None, REACH_KM
    for area in areas:
        km = apart(latitude, longitude, area)
        if km is not None and km <= least:
            found, least = area, km
    return found


async def every(session: AsyncSession) -> list[Area]:
    """Return all areas in the order in which they were made."""
    return list(await session.scalars(select(Area).order_by(Area.id)))


async def offered(session: AsyncSession) -> list[Area]:
    """Return the areas that can be chosen."""
    return [area for area in await every(session) if area.is_open]


async def zones(session: AsyncSession) -> list[str]:
    """Return the time zones of the areas that can be chosen, each once."""
    return sorted({area.zone for area in await offered(session)})


async def by_ref(session: AsyncSession, ref: str) -> Area:
    """Return the area that somebody chooses.

    Raises:
        NotFoundError: no such area, or it is closed.
    """
    area = await find(session, Area, ref)
    if not area.is_open:
        raise NotFoundError("Area")
    return area


def within(area_id: int | None) -> Select[int]:
    """Return the area and the one that it is in: whoever lives in it lives in both; or none."""
    parent = select(Area.parent_id).where(Area.id == area_id)
    return select(Area.id).where(or_(Area.id == area_id, Area.id.in_(parent)))


def settle(person: Person, area: Area | None) -> None:
    """Let the person live in this area, and in its zone."""
    person.area_id = area.id if area else None
    person.zone = area.zone if area else None
