"""Which services there are for a need, a language and a place: the best fitting first.

Filters only narrow: what they leave stands in the order in which it stood. Everything is ranked
and cut into pages by the database, so that a directory of 20,000 costs no more than its page.
A place that somebody shares is a value of the query and is kept nowhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.areas import Area
from community.base import UTCDateTime
from community.needs import Need
from community.providers.capacity import is_full
from community.providers.fitting import (
    FAR,
    Look,
    Shape,
    around,
    asked,
    conditions,
    given_in,
    is_in,
    km2,
    open_now,
    point_values,
    quoted,
)
from community.providers.freshness import STALE_AFTER, is_older
from community.providers.searching import search
from community.providers.table import Organization, Service

PAGE = 8
"""So many services stand on one page."""
LAST_PAGE = 100_000
"""A page is what a client asks for; a larger number is no number to every database."""


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
    is_open: bool | None = None
    """It is open now; None where what is open was not to come first."""
    km: float | None = None
    """How far it is from the point, as the crow flies."""


@dataclass(frozen=True)
class Found:
    """One page of what was found, and how much there is of it."""

    fits: Sequence[Fit]
    total: int = 0
    given: int = 0
    """So many are given in a language of the reader's,"""
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
    only: Sequence[ColumnElement[bool]] = (),
) -> Found:
    """Return one page of the open services that are looked for, the best fitting first.

    What is out of date comes last, before it what is full or paused. Then: what is open now, if
    that is to come first; what is nearest, if a point is given; what is given in a language of the
    reader's, then with an interpreter, then in other languages, which is shown as what it is; what
    is in their area; what is in the first of their languages. Of typed words only what is like
    them, and what is most like them before all of that. ``zone`` is the network's. ``only`` are
    further conditions on a service.
    """
    sought = await asked(session, look, now, zone, only)
    scores = None
    if look.words:
        scores = await search(session, look.words, sought)
        if not scores:
            return Found([])
    ranking = _Ranking(
        sought.shape if scores is None else None,
        len(reader.languages),
        reader.area_id is not None,
        look.point is not None,
        look.is_open_first,
    )
    opens = await open_now(session, now, zone) if look.is_open_first else None
    values: dict[str, Any] = {
        **sought.values,
        **{f"spoken{at}": quoted(code) for at, code in enumerate(reader.languages)},
        "now": now,
        "old": now - STALE_AFTER,
    }
    if reader.area_id is not None:
        values["here"] = await around(session, reader.area_id)
    if look.point is not None:
        values |= point_values(look.point)
    if scores is not None:
        values["found"] = [*scores]
    else:
        values |= {"size": PAGE, "before": min(page, LAST_PAGE) * PAGE}
    more = sought.more if scores is None else ()
    is_new = more or opens is not None
    query = _ranked(ranking, more, opens) if is_new else _prepared(ranking)
    found = (await session.execute(query, values)).all()
    if not found:
        return Found([])
    first = found[0]
    if scores is None:
        fits = [_fit(row, row.Service, reader, look) for row in found]
    else:  # few by now: the words decide, then the order that they have
        found = sorted(found, key=lambda row: -round(scores[row.id], 1))
        found = found[page * PAGE : (page + 1) * PAGE]
        rows = await session.scalars(_THESE, {"ids": [row.id for row in found]})
        services = {service.id: service for service in rows}
        fits = [_fit(row, services[row.id], reader, look) for row in found]
    return Found(fits, first.total, first.given, first.given_here, first.roomy)


_THESE = select(Service).where(among(Service.id, "ids"))


def _fit(row: Any, service: Service, reader: Reader, look: Look) -> Fit:
    near = look.point is not None and row.km2 < FAR
    return Fit(
        service,
        next((code for code in reader.languages if code in service.languages), None),
        service.interpretation,
        bool(row.here),
        bool(row.full),
        bool(row.stale),
        row.closed == 0 if look.is_open_first else None,
        math.sqrt(row.km2) if near else None,
    )


@dataclass(frozen=True)
class _Ranking:
    """What shapes the statement that ranks services."""

    shape: Shape | None
    """None: those that words have found."""
    languages: int
    """So many the reader speaks."""
    is_somewhere: bool
    """They have named an area."""
    is_near: bool
    """What is nearest comes first."""
    is_open_first: bool
    """Before that, what is open now."""


@lru_cache(maxsize=256)
def _prepared(ranking: _Ranking) -> Select[Any]:
    return _ranked(ranking)


def _ranked(
    ranking: _Ranking,
    more: Sequence[ColumnElement[bool]] = (),
    opens: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """Return the statement that ranks services, and counts all of them beside one page."""
    # Else SQLite would work out each value again wherever it is counted and sorted by.
    ranked = _rows(ranking, opens).where(*more).cte("ranked").prefix_with("MATERIALIZED")
    given = ranked.c.spoken == 0
    given_here = and_(given, ranked.c.here == 1)
    roomy = and_(given_here, ranked.c.full == 0)
    # By OVER () SQLite would copy every row to write the counts beside it.
    counted = select(
        func.count().label("total"),
        func.sum(case((given, 1), else_=0)).label("given"),
        func.sum(case((given_here, 1), else_=0)).label("given_here"),
        func.sum(case((roomy, 1), else_=0)).label("roomy"),
    ).subquery("counted")
    query = select(ranked, counted).join_from(ranked, counted, true())
    query = query.order_by(*_order(ranked, ranking))
    if ranking.shape is None:
        return query
    # The rest of a service's row is read only of those that stand on the page.
    page = query.limit(bindparam("size")).offset(bindparam("before")).subquery("page")
    services = select(Service, page).join(page, page.c.id == Service.id)
    return services.order_by(*_order(page, ranking))


def _order(of: FromClause, ranking: _Ranking) -> Sequence[ColumnElement[Any]]:
    nearest = [of.c.km2] if ranking.is_near else []
    if ranking.is_open_first:
        nearest = [of.c.closed, *nearest]
    first = (of.c.stale, of.c.full, *nearest, of.c.spoken, of.c.here.desc())
    return (*first, of.c.which, of.c.id)


def _rows(ranking: _Ranking, opens: ColumnElement[bool] | None) -> Select[Any]:
    """Return what ranks each service."""
    spoken = given_in(*(f"spoken{at}" for at in range(ranking.languages)))
    here = is_in("here") if ranking.is_somewhere else true()
    # Looked at once, where a join would look each organisation up for each of its services.
    stale = select(Organization.id).where(is_older(bindparam("old", type_=UTCDateTime())))
    return select(
        Service.id,
        case((Service.organization_id.in_(stale), 1), else_=0).label("stale"),
        case((is_full(bindparam("now", type_=UTCDateTime())), 1), else_=0).label("full"),
        case((spoken, 0), (Service.interpretation, 1), else_=2).label("spoken"),
        _which(ranking.languages).label("which"),
        case((here, 1), else_=0).label("here"),
        (literal(0) if opens is None else case((opens, 0), else_=1)).label("closed"),
        (km2() if ranking.is_near else literal(None, Float())).label("km2"),
    ).where(*(conditions(ranking.shape) if ranking.shape else [among(Service.id, "found")]))


def _which(languages: int) -> ColumnElement[int]:
    """Return the place of the first of the reader's languages in which a service is given."""
    if languages < 2:
        return literal(0)
    each = ((given_in(f"spoken{at}"), at) for at in range(languages))
    return case(*each, else_=languages)


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
