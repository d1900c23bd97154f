"""Which services there are for a need, a language and a place: the best fitting first.

Filters only narrow: what they leave stands in the order in which it stood. Everything is ranked
and cut into pages by the database, so that a directory of 20,000 costs no more than its page.
A place that somebody shares is a value of the query and is kept nowhere.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.areas import KM_PER_DEGREE, Area
from community.needs import Need
from community.providers import hours
from community.providers.capacity import is_full
from community.providers.freshness import is_stale
from community.providers.indexing import index
from community.providers.searching import search
from community.providers.table import (
    Kind,
    Location,
    Organization,
    Schedule,
    Service,
    ServiceAtLocation,
    ServiceTerm,
    TaxonomyTerm,
)

__all__ = [
    "PAGE",
    "Fit",
    "Format",
    "Found",
    "Look",
    "Reader",
    "find_services",
    "index",
    "nearest",
    "search",
]

PAGE = 8
"""So many services stand on one page."""
FAR = 1e9

Point = tuple[float, float]
"""Latitude and longitude."""


class Format(StrEnum):
    """How a service is given."""

    FACE = "face"
    ONLINE = "online"


@dataclass(frozen=True)
class Look:
    """What somebody looks for. Whatever is None or False is not asked for."""

    need: Need | None = None
    kinds: tuple[Kind, ...] = (Kind.SERVICE,)
    language: str | None = None
    """Given in it by the provider's own people; an interpreter does not count."""
    area_id: int | None = None
    """There, or online, or everywhere."""
    is_free: bool = False
    format: Format | None = None
    is_open_now: bool = False
    point: Point | None = None
    """Leaves nothing out: what is nearest comes first."""


@dataclass(frozen=True)
class Reader:
    """For whom services are ranked: the languages they speak, the best first, and their area."""

    languages: Sequence[str]
    area_id: int | None


@dataclass(frozen=True)
class Fit:
    """A service, and how it suits somebody."""

    service: Service
    given: str | None
    """The language it is given in that the person speaks, or None."""
    by_interpreter: bool
    here: bool
    """In the person's area, or everywhere; for who has named no area, anywhere."""
    is_full: bool = False
    """Takes nobody now: full, or paused."""
    is_stale: bool = False
    """Nobody has confirmed the entry lately."""
    km: float | None = None
    """How far it is from the point, as the crow flies."""


@dataclass(frozen=True)
class Found:
    """One page of what was found, and how much there is of it."""

    fits: Sequence[Fit]
    total: int = 0
    given: int = 0
    """So many are given in the reader's language,"""
    given_here: int = 0
    """so many of these in their area, or online,"""
    roomy: int = 0
    """and so many of those have room."""


async def find_services(
    session: AsyncSession,
    look: Look,
    reader: Reader,
    now: datetime,
    *,
    zone: str,
    page: int = 0,
    scores: Mapping[int, float] | None = None,
    only: Sequence[ColumnElement[bool]] = (),
) -> Found:
    """Return one page of the open services that are looked for, the best fitting first.

    What is out of date comes last, before it what is full or paused. Then: what is nearest, if a
    point is given; what is given in the reader's language, then with an interpreter, then in other
    languages, which is shown as what it is; what is in their area. ``scores`` are what ``search``
    has found: only these, those that fit the words best first. ``zone`` is the network's. ``only``
    are further conditions on a service.
    """
    here = await _around(session, reader.area_id)
    rows = await _ranked(session, look, reader, here, now, zone, scores)
    rows = rows.where(*only)
    ranked = rows.subquery()
    order = [ranked.c.stale, ranked.c.full]
    order += [ranked.c.km2, ranked.c.spoken] if look.point else [ranked.c.spoken]
    given = ranked.c.spoken == 0
    counted: list[ColumnElement[Any]] = [
        func.count().over().label("total"),
        *(
            func.sum(case((condition, 1), else_=0)).over().label(name)
            for name, condition in (
                ("given", given),
                ("given_here", and_(given, ranked.c.here == 1)),
                ("roomy", and_(given, ranked.c.here == 1, ranked.c.full == 0)),
            )
        ),
    ]
    query = select(ranked, *counted).order_by(*order, ranked.c.here.desc(), ranked.c.id)
    if scores is None:
        query = query.limit(PAGE).offset(min(page, LAST_PAGE) * PAGE)
    found = (await session.execute(query)).all()
    if not found:
        return Found([])
    first = found[0]
    if scores is not None:  # few by now: the words decide, then the order that they have
        found = sorted(found, key=lambda row: -round(scores[row.id], 1))
        found = found[page * PAGE : (page + 1) * PAGE]
    ids = [row.id for row in found]
    services = {
        service.id: service
        for service in await session.scalars(select(Service).where(among(Service.id, ids)))
    }
    fits = [_fit(row, services[row.id], reader, look) for row in found]
    return Found(fits, first.total, first.given, first.given_here, first.roomy)


def _fit(row: Any, service: Service, reader: Reader, look: Look) -> Fit:
    near = look.point is not None and row.km2 < FAR
    return Fit(
        service,
        next((code for code in reader.languages if code in service.languages), None),
        service.interpretation,
        bool(row.here),
        bool(row.full),
        bool(row.stale),
        math.sqrt(row.km2) if near else None,
    )


async def _ranked(
    session: AsyncSession,
    look: Look,
    reader: Reader,
    here: Collection[int],
    now: datetime,
    zone: str,
    scores: Mapping[int, float] | None,
) -> Select[Any]:
    conditions = [Service.is_open, Service.kind.in_(look.kinds)]
    if look.need is not None:
        conditions.append(Service.id.in_(_for_need(look.need)))
    if scores is not None:
        conditions.append(Service.id.in_(scores))  # written out: SQLite looks each one up
    if look.language is not None:
        conditions.append(given_in([look.language]))
    if look.area_id is not None:
        conditions.append(_is_in(await _around(session, look.area_id)))
    if look.is_free:
        conditions.append(Service.cost == 0)
    if look.format is not None:
        conditions.append(Service.online if look.format is Format.ONLINE else _face_to_face())
    if look.is_open_now:
        conditions.append(await _open_now(session, now, zone))
    query = (
        select(
            Service.id,
            case((is_stale(now), 1), else_=0).label("stale"),
            case((is_full(now), 1), else_=0).label("full"),
            case((given_in(reader.languages), 0), (Service.interpretation, 1), else_=2).label(
                "spoken"
            ),
            case((_is_in(here) if reader.area_id is not None else true(), 1), else_=0).label(
                "here"
            ),
            (_km2(look.point) if look.point else literal(None, Float())).label("km2"),
        )
        .join(Organization, Organization.id == Service.organization_id)
        .where(*conditions)
    )
    if look.point:
        query = query.outerjoin(Area, Area.id == Service.area_id)
    return query


def _for_need(need: Need) -> Any:
    return union(
        select(Service.id).where(Service.need == need),
        select(ServiceTerm.service_id)
        .join(TaxonomyTerm, TaxonomyTerm.id == ServiceTerm.term_id)
        .where(TaxonomyTerm.need == need),
    )


def given_in(languages: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a service is given in one of these, without an interpreter."""
    written = cast(Service.languages, String)
    return or_(false(), *(written.contains(f'"{code}"', autoescape=True) for code in languages))


async def _around(session: AsyncSession, area_id: int | None) -> list[int]:
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


def _is_in(area_ids: Collection[int]) -> ColumnElement[bool]:
    nowhere = and_(Service.area_id.is_(None), ~_at_locations().exists())
    if not area_ids:
        return or_(Service.online, nowhere)
    there = _at_locations().where(Location.area_id.in_(area_ids)).exists()
    return or_(Service.online, Service.area_id.in_(area_ids), there, nowhere)


def _face_to_face() -> ColumnElement[bool]:
    return or_(~Service.online, _at_locations().exists())


# How far


def _km2(point: Point) -> ColumnElement[float]:
    """Return the square of the distance: by the nearest location, else by the area's centre."""
    nearest = (
        select(func.min(_flat(point, Location.latitude, Location.longitude)))
        .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
        .where(ServiceAtLocation.service_id == Service.id)
        .correlate(Service)
        .scalar_subquery()
    )
    by_area = case((Service.online, None), else_=_flat(point, Area.latitude, Area.longitude))
    return func.coalesce(nearest, by_area, literal(FAR))


def _flat(point: Point, latitude: Any, longitude: Any) -> ColumnElement[float]:
    """Return the square of the kilometres to a place, the earth being flat round the point."""
    per_degree = KM_PER_DEGREE * math.cos(math.radians(point[0]))
    apart = func.abs(longitude - point[1])
    east = case((apart > 180, 360 - apart), else_=apart) * per_degree
    north = (latitude - point[0]) * KM_PER_DEGREE
    squared: ColumnElement[float] = north * north + east * east
    return squared


# Open now


async def _open_now(session: AsyncSession, now: datetime, zone: str) -> ColumnElement[bool]:
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


# What is nearest to what was not found


async def nearest(
    session: AsyncSession, need: Need, reader: Reader, now: datetime, *, zone: str
) -> Fit | None:
    """Return the service for a need that is given in the reader's language elsewhere, nearest."""
    area = await session.get(Area, reader.area_id) if reader.area_id is not None else None
    if area is None or area.latitude is None or area.longitude is None:
        return None
    for language in reader.languages:
        look = Look(need=need, language=language, point=(area.latitude, area.longitude))
        found = await find_services(session, look, reader, now, zone=zone)
        if found.fits:
            return found.fits[0]
    return None


LAST_PAGE = 100_000
"""A page is what a client asks for; a larger number is no number to every database."""
