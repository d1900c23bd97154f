"""What members look for, beside what helps with it: counted once, when a map is made.

Of people, each number is a leaf that is shown (who looks for a need), split by language, by area,
and by each profile into those with it and those without. Nothing is split by two at once, and
nothing is told of those who do not look for it, so no two tables can be subtracted.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.areas import Area
from community.events import Event
from community.events import State as Planned
from community.figures.months import MEMBER
from community.figures.periods import Quarter
from community.figures.protecting import Cell, Hidden, people, split
from community.gaps import adequacy
from community.gaps.table import Dimension, Place
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Person, PersonProfile, Profile
from community.providers import (
    Kind,
    Location,
    Service,
    ServiceAtLocation,
    ServiceTerm,
    Strength,
    TaxonomyTerm,
)

NOWHERE = "0"
PROFILES = tuple(one for one in Profile if one is not Profile.RATHER_NOT_SAY)


@dataclass(frozen=True)
class Keys:
    """What each dimension can be, known to everybody: never only what somebody looks for."""

    languages: tuple[str, ...]
    areas: tuple[str, ...]
    top: Mapping[int, int]
    """Of each area the one that it is in, or itself."""

    def of(self, dimension: Dimension) -> tuple[str, ...]:
        """Return the groups of a dimension."""
        return {
            Dimension.ALL: ("",),
            Dimension.LANGUAGE: self.languages,
            Dimension.AREA: self.areas,
            Dimension.PROFILE: tuple(PROFILES),
        }[dimension]


async def keys(session: AsyncSession) -> Keys:
    """Return the languages that members read, all areas, and all profiles."""
    spoken = await session.scalars(
        select(func.coalesce(Person.language, "")).where(Person.state.in_(MEMBER)).distinct()
    )
    rows = await session.execute(select(Area.id, Area.parent_id).order_by(Area.id))
    top = {number: parent or number for number, parent in rows}
    upper = tuple(str(number) for number in top if top[number] == number)
    return Keys(tuple(sorted(spoken)), (*upper, NOWHERE), top)


# People

Told = dict[Place, Cell]


async def told_of(
    session: AsyncSession,
    known: Keys,
    rows: type[PersonNeed] | type[PersonOffer],
    dimensions: Collection[Dimension] = tuple(Dimension),
) -> Told:
    """Return how many members look for each need, or help with it, as it may be told."""

    def by(*group: Any) -> Select[Any, Any, int]:
        return (
            select(rows.term, *group, func.count(func.distinct(rows.person_id)))
            .join(Person, Person.id == rows.person_id)
            .where(Person.state.in_(MEMBER))
            .group_by(rows.term, *group)
        )

    return await _told(session, known, by, [need.value for need in Need], dimensions)


async def _told(
    session: AsyncSession,
    known: Keys,
    by: Any,
    terms: Iterable[str],
    dimensions: Collection[Dimension],
) -> Told:
    counted: dict[Dimension, dict[str, Counter[str]]] = {
        dimension: defaultdict(Counter) for dimension in dimensions
    }
    for row in await session.execute(by()):
        counted[Dimension.ALL][row[0]][""] += row[-1]
    if Dimension.LANGUAGE in dimensions:
        for term, language, count in await session.execute(by(Person.language)):
            counted[Dimension.LANGUAGE][term][language or ""] += count
    if Dimension.AREA in dimensions:
        for term, area, count in await session.execute(by(Person.area_id)):
            key = NOWHERE if area is None else str(known.top[area])
            counted[Dimension.AREA][term][key] += count
    if Dimension.PROFILE in dimensions:
        described = by(PersonProfile.code).join(
            PersonProfile, PersonProfile.person_id == Person.id
        )
        for term, code, count in await session.execute(described):
            counted[Dimension.PROFILE][term][code] += count
    told: Told = {}
    for term in terms:
        told |= tell(term, known, {which: counted[which][term] for which in dimensions})
    return told


def tell(term: str, known: Keys, counted: Mapping[Dimension, Counter[str]]) -> Told:
    """Return what may be told of one number: itself, then each of its margins."""
    total = counted[Dimension.ALL][""]
    whole = people(total)
    told: Told = {Place(term, Dimension.ALL, ""): whole}
    if isinstance(whole, Hidden):
        return told
    for dimension, cells in counted.items():
        if dimension is not Dimension.ALL:
            told |= _by(term, dimension, known.of(dimension), cells, total)
    return told


def _by(
    term: str, dimension: Dimension, groups: Iterable[str], cells: Counter[str], total: int
) -> Told:
    if dimension is Dimension.PROFILE:  # many of one person's: with each, and without it
        return {
            Place(term, dimension, key): split(
                {True: cells[key], False: total - cells[key]}
            ).cells[True]
            for key in groups
        }
    parts = split({key: cells[key] for key in groups})
    return {Place(term, dimension, key): cell for key, cell in parts.cells.items()}


# What helps


@dataclass
class Supply:
    """How many things help with a need, at each place. They are no people: exact."""

    services: Counter[Place] = field(default_factory=Counter)
    events: Counter[Place] = field(default_factory=Counter)
    networks: Counter[Place] = field(default_factory=Counter)
    weak_networks: Counter[Place] = field(default_factory=Counter)


@dataclass(frozen=True)
class Where:
    """For whom something is: which groups of each dimension."""

    languages: Collection[str]
    areas: Collection[str]
    profiles: Collection[str]

    def places(self, need: str) -> Iterable[Place]:
        """Return where it stands on the map for a need."""
        yield Place(need, Dimension.ALL, "")
        for dimension, groups in (
            (Dimension.LANGUAGE, self.languages),
            (Dimension.AREA, self.areas),
            (Dimension.PROFILE, self.profiles),
        ):
            yield from (Place(need, dimension, key) for key in groups)


async def supply(
    session: AsyncSession, known: Keys, quarter: Quarter, zone: ZoneInfo, now: datetime
) -> Supply:
    """Return what helps: services and networks now, events of the quarter and of the next one."""
    found = Supply()
    terms = await _terms(session)
    at = await _locations(session)
    coded = await _strengths(session)
    suits = await adequacy.suiting(session, quarter)
    rows = await session.execute(
        select(
            Service.id,
            Service.kind,
            Service.need,
            Service.languages,
            Service.area_id,
            Service.online,
            Service.profiles,
        ).where(Service.is_open, Service.is_paused.is_(False), _has_room(now))
    )
    for number, kind, need, languages, area_id, online, profiles in rows:
        where = _where(known, languages, at[number] | {area_id}, online, profiles)
        about = {need, *terms[number]}
        if kind == Kind.SERVICE:
            for term in about:
                found.services.update(where.places(term))
            continue
        for term in about | coded[number].keys():
            is_weak = coded[number].get(term) is False or suits.get(number) is False
            into = found.weak_networks if is_weak else found.networks
            into.update(where.places(term))
    await _count_events(session, known, quarter, zone, found)
    return found


def _has_room(now: datetime) -> ColumnElement[bool]:
    return or_(Service.full_until.is_(None), Service.full_until <= now)


def _where(
    known: Keys,
    languages: Iterable[str],
    areas: Collection[int | None],
    online: bool,
    profiles: Collection[str],
) -> Where:
    """Say for whom a service is; what names no place, and what is online, is everywhere."""
    there = {str(known.top[area]) for area in areas if area is not None}
    return Where(
        set(languages) & set(known.languages),
        known.areas if online or not there else there,
        [key for key in PROFILES if key in profiles] if profiles else PROFILES,
    )


async def _terms(session: AsyncSession) -> Mapping[int, set[str]]:
    rows = await session.execute(
        select(ServiceTerm.service_id, TaxonomyTerm.need)
        .join(TaxonomyTerm, TaxonomyTerm.id == ServiceTerm.term_id)
        .where(TaxonomyTerm.need.is_not(None))
    )
    found: dict[int, set[str]] = defaultdict(set)
    for number, need in rows:
        found[number].add(str(need))
    return found


async def _locations(session: AsyncSession) -> Mapping[int, set[int | None]]:
    rows = await session.execute(
        select(ServiceAtLocation.service_id, Location.area_id).join(
            Location, Location.id == ServiceAtLocation.location_id
        )
    )
    found: dict[int, set[int | None]] = defaultdict(set)
    for number, area in rows:
        found[number].add(area)
    return found


async def _strengths(session: AsyncSession) -> Mapping[int, dict[str, bool]]:
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in await session.scalars(select(Strength)):
        found[row.service_id][row.need] = row.is_strength
    return found


async def _count_events(
    session: AsyncSession, known: Keys, quarter: Quarter, zone: ZoneInfo, found: Supply
) -> None:
    """Count what took place in the quarter, or is published for the next one, for a need."""
    after = quarter.following
    rows = await session.execute(
        select(Event.need, Event.languages, Event.interpretation, Event.area_id, Event.link)
        .where(
            Event.need.is_not(None),
            Event.state.in_((Planned.PUBLISHED, Planned.HELD)),
            Event.starts_at >= quarter.start(zone),
            Event.starts_at < after.following.start(zone),
        )
        .order_by(Event.id)
    )
    for need, spoken, interpreted, area_id, link in rows:
        where = _where(known, [*spoken, *interpreted], {area_id}, bool(link), ())
        found.events.update(where.places(str(need)))
