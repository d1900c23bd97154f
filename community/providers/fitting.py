"""What somebody looks for, and each demand as a condition on a service.

Statements that are asked again and again are put together once: their values have names
(``Asked.values``), and what shapes a statement is ``Asked.shape``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.areas import KM_PER_DEGREE, Area
from community.needs import Need
from community.providers import hours
from community.providers.table import (
    Kind,
    Location,
    Schedule,
    Service,
    ServiceAtLocation,
    ServiceTerm,
    TaxonomyTerm,
)

FAR = 1e9

Point = tuple[float, float]
"""Latitude and longitude."""


class Format(StrEnum):
    """How a service is given."""

    FACE = "face"
    ONLINE = "online"


@dataclass(frozen=True)
class Look:
    """What somebody looks for. Whatever is None, empty or False is not asked for."""

    need: Need | None = None
    words: str = ""
    """Typed, in any script, with slips."""
    kinds: tuple[Kind, ...] = (Kind.SERVICE,)
    language: str | None = None
    """Given in it by the provider's own people; an interpreter does not count."""
    area_id: int | None = None
    """There, or everywhere; or online, unless it has to be face to face."""
    is_free: bool = False
    format: Format | None = None
    is_open_now: bool = False
    is_open_first: bool = False
    """Leaves nothing out: what is open now comes first."""
    point: Point | None = None
    """Leaves nothing out: what is nearest comes first."""


@dataclass(frozen=True)
class Shape:
    """What of a look shapes its statement."""

    kinds: tuple[Kind, ...]
    need: bool
    language: bool
    area: bool
    is_free: bool
    format: Format | None


@dataclass(frozen=True)
class Asked:
    """A look as the database is asked: the shape of its statement, and the values in it."""

    shape: Shape
    values: dict[str, Any]
    more: Sequence[ColumnElement[bool]] = field(default=())
    """Conditions that are put together anew each time."""

    @property
    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """Return what a service has to fulfil."""
        return [*conditions(self.shape), *self.more]


async def asked(
    session: AsyncSession,
    look: Look,
    now: datetime,
    zone: str,
    only: Sequence[ColumnElement[bool]] = (),
) -> Asked:
    """Return a look as the database is asked. ``only`` are further conditions on a service."""
    is_in_area = look.area_id is not None
    shape = Shape(
        look.kinds,
        look.need is not None,
        look.language is not None,
        is_in_area,
        look.is_free,
        look.format,
    )
    values: dict[str, Any] = {}
    if look.need is not None:
        values["need"] = look.need
    if look.language is not None:
        values["language"] = quoted(look.language)
    if is_in_area:
        values["there"] = await around(session, look.area_id)
    must_be_open = [await open_now(session, now, zone)] if look.is_open_now else []
    return Asked(shape, values, [*only, *must_be_open])


def conditions(shape: Shape) -> list[ColumnElement[bool]]:
    """Return the conditions of this shape."""
    found: list[Any] = [Service.is_open, or_(*(Service.kind == kind for kind in shape.kinds))]
    if shape.need:
        found.append(or_(Service.need == bindparam("need"), Service.id.in_(_of_terms())))
    if shape.language:
        found.append(_is_given_in(bindparam("language")))
    if shape.area:
        found.append(is_in("there", or_online=shape.format is not Format.FACE))
    if shape.is_free:
        found.append(Service.cost == 0)
    if shape.format is Format.FACE:
        found.append(_is_face_to_face())
    elif shape.format is Format.ONLINE:
        found.append(Service.online)
    return found


def _of_terms() -> Select[Any]:
    return (
        select(ServiceTerm.service_id)
        .join(TaxonomyTerm, TaxonomyTerm.id == ServiceTerm.term_id)
        .where(TaxonomyTerm.need == bindparam("need"))
    )


# In which language


def given_in(*named: str) -> ColumnElement[bool]:
    """Return the condition that a service is given in one of these, without an interpreter.

    The languages are values of these names, each ``quoted``.
    """
    return or_(false(), *(_is_given_in(bindparam(name)) for name in named))


def _is_given_in(language: BindParameter[str]) -> ColumnElement[bool]:
    return cast(Service.languages, String).contains(language, escape="/")


def quoted(language: str) -> str:
    """Return a language as it stands in a service's languages; whatever a client sends as one."""
    for sign in "/%_":
        language = language.replace(sign, f"/{sign}")
    return f'"{language}"'


# Where


async def around(session: AsyncSession, area_id: int | None) -> list[int]:
    """Return the area, the one that it is a part of, and its parts."""
    if area_id is None:
        return []
    parent = select(Area.parent_id).where(Area.id == area_id).scalar_subquery()
    rows = select(Area.id).where(
        or_(Area.id == area_id, Area.parent_id == area_id, Area.id == parent)
    )
    return list(await session.scalars(rows))


def _at_locations() -> Select[Any]:
    return (
        select(Location.id)
        .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
        .where(ServiceAtLocation.service_id == Service.id)
        .correlate(Service)
    )


def is_in(areas: str, *, or_online: bool = True) -> ColumnElement[bool]:
    """Return the condition that a service is given in these areas, or everywhere, or online.

    ``areas`` names the value that their numbers are.
    """
    nowhere = and_(Service.area_id.is_(None), ~_at_locations().exists())
    there = _at_locations().where(among(Location.area_id, areas)).exists()
    online = [Service.online] if or_online else []
    return or_(*online, among(Service.area_id, areas), there, nowhere)


def _is_face_to_face() -> ColumnElement[bool]:
    return or_(~Service.online, Service.area_id.is_not(None), _at_locations().exists())


# How far


def point_values(point: Point) -> dict[str, float]:
    """Return the values of ``km2``."""
    north, east = point
    per_degree = KM_PER_DEGREE * math.cos(math.radians(north))
    return {"north": north, "east": east, "per_degree2": per_degree**2}


def km2() -> ColumnElement[float]:
    """Return the square of the distance: by the nearest location, else by the area's centre."""
    nearest = (
        select(func.min(_flat(Location.latitude, Location.longitude)))
        .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
        .where(ServiceAtLocation.service_id == Service.id)
        .correlate(Service)
        .scalar_subquery()
    )
    by_area = (
        select(_flat(Area.latitude, Area.longitude))
        .where(Area.id == Service.area_id)
        .correlate(Service)
        .scalar_subquery()
    )
    return func.coalesce(nearest, by_area, literal(FAR))


def _flat(latitude: Any, longitude: Any) -> ColumnElement[float]:
    """Return the square of the kilometres to a place, the earth being flat round the point."""
    north = latitude - bindparam("north", type_=Float())
    east = longitude - bindparam("east", type_=Float())
    other_way = 360 - func.abs(east)
    degrees2 = case((func.abs(east) > 180, other_way * other_way), else_=east * east)
    squared: ColumnElement[float] = north * north * KM_PER_DEGREE**2 + degrees2 * bindparam(
        "per_degree2", type_=Float()
    )
    return squared


# Open now


async def open_now(session: AsyncSession, now: datetime, zone: str) -> ColumnElement[bool]:
    """Return the condition that the hours of a service (``hours``) say it is open."""
    zones = {zone, *await session.scalars(select(Area.zone).distinct())}
    its_zone = func.coalesce(Area.zone, literal(zone))
    now_there = or_(*(and_(its_zone == name, _hours_at(now, name)) for name in sorted(zones)))
    every = select(Schedule.id).correlate(Service)
    own = every.where(hours.own(Service.id))
    here = every.where(Schedule.service_id == Service.id, Schedule.location_id.is_not(None))
    in_area = func.coalesce(Location.area_id, Service.area_id)
    is_open = own.outerjoin(Area, Area.id == Service.area_id).where(now_there)
    is_open_here = (
        here.join(Location, Location.id == Schedule.location_id)
        .outerjoin(Area, Area.id == in_area)
        .where(now_there)
    )
    place_is_open = (
        every.join(ServiceAtLocation, ServiceAtLocation.location_id == Schedule.location_id)
        .join(Location, Location.id == Schedule.location_id)
        .outerjoin(Area, Area.id == in_area)
        .where(ServiceAtLocation.service_id == Service.id, Schedule.service_id.is_(None))
        .where(now_there)
    )
    return or_(
        is_open.exists(),
        and_(~own.exists(), is_open_here.exists()),
        and_(~own.exists(), ~here.exists(), place_is_open.exists()),
    )


def _hours_at(now: datetime, zone: str) -> ColumnElement[bool]:
    local = now.astimezone(ZoneInfo(zone))
    time, yesterday = local.strftime("%H:%M"), (local - timedelta(days=1)).date()
    today, opens, closes = local.date(), Schedule.opens_at, Schedule.closes_at
    over_night = closes <= opens
    return or_(
        and_(_is_on(today), opens <= time, or_(closes > time, over_night)),
        and_(_is_on(yesterday), over_night, closes > time),
    )


def _is_on(day: Any) -> ColumnElement[bool]:
    return and_(
        Schedule.byday.contains(hours.DAYS[day.weekday()]),
        or_(Schedule.valid_from.is_(None), Schedule.valid_from <= day),
        or_(Schedule.valid_to.is_(None), Schedule.valid_to >= day),
    )
