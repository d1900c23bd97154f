"""The map of a closed quarter: made once, and read beside the one before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.base import find
from community.errors import NotFoundError
from community.figures.periods import Quarter, quarter_of
from community.figures.protecting import Cell
from community.gaps.counting import Supply, Told, keys, supply, told_of
from community.gaps.table import RULE, Dimension, Gap, GapCell, GapWave, Place, gap_of
from community.needs import PersonNeed, PersonOffer
from community.people import Person
from community.roles import RoleName
from community.writing import insert_new

WITH_HELPERS = (Dimension.ALL, Dimension.LANGUAGE, Dimension.AREA)


async def close(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    """Make the map of the quarter that was over last, if there is none; return how many cells.

    Of a quarter that nobody had joined by its end there is none, and of earlier ones neither: what
    was looked for then is not kept.
    """
    quarter = quarter_of(now, zone).before
    begun = await session.scalar(select(func.min(Person.joined_at)))
    if begun is None or begun >= quarter.following.start(zone):
        return 0
    row = {"year": quarter.year, "number": quarter.number, "made_at": now, "rule": RULE}
    if not await insert_new(session, GapWave, [row]):
        return 0
    wave = (await session.scalars(_of(quarter))).one()
    known = await keys(session)
    looking = await told_of(session, known, PersonNeed)
    offering = await told_of(session, known, PersonOffer, WITH_HELPERS)
    helping = await supply(session, known, quarter, zone, now)
    found = [*_cells(wave, looking, offering, helping)]
    session.add_all(found)
    await session.flush()
    return len(found)


def _of(quarter: Quarter) -> Select[GapWave]:
    return select(GapWave).where(GapWave.year == quarter.year, GapWave.number == quarter.number)


def _cells(wave: GapWave, looking: Told, offering: Told, helping: Supply) -> Iterable[GapCell]:
    places = dict.fromkeys(
        (
            *looking,
            *offering,
            *helping.services,
            *helping.events,
            *helping.networks,
            *helping.weak_networks,
        )
    )
    for place in places:
        helpers = _at(place, offering) if place.dimension in WITH_HELPERS else None
        cell = GapCell(
            wave_id=wave.id,
            need=place.need,
            dimension=place.dimension,
            key=place.key,
            looking=str(_at(place, looking)),
            offering=None if helpers is None else str(helpers),
            services=helping.services[place],
            events=helping.events[place],
            networks=helping.networks[place],
            weak_networks=helping.weak_networks[place],
        )
        cell.gap = gap_of(cell.people, cell.supply)
        if cell.people != 0 or cell.supply or cell.weak_networks:
            yield cell


def _at(place: Place, told: Told) -> Cell:
    """Return what is told of a place; where of the whole need nothing is, it says why."""
    return told[place] if place in told else told[Place(place.need, Dimension.ALL, "")]


# Reading


class Trend(StrEnum):
    """What has become of a gap since the map before."""

    NEW = "new"
    PERSISTS = "persists"
    CLOSED = "closed"
    NOT_TOLD = "not_told"
    """It was one, and how many look for it is not told any more."""


@dataclass(frozen=True)
class Past:
    """A gap of the map before that is none any more."""

    place: Place
    trend: Trend


@dataclass(frozen=True)
class GapMap:
    """One map, and what has changed since the one before."""

    quarter: Quarter
    made_at: datetime
    before: Quarter | None
    """Of which quarter the map before is; None for the first."""
    cells: Mapping[Place, GapCell]
    gaps: Sequence[GapCell]
    """The largest first."""
    since: Mapping[Place, Quarter]
    """Of each gap: of which quarter the first map was that shows it without a break."""
    past: Sequence[Past]

    def trend(self, place: Place) -> Trend | None:
        """Say whether a gap is new or persists; None on the first map, and where there is none."""
        if self.before is None or place not in self.since:
            return None
        return Trend.NEW if self.since[place] == self.quarter else Trend.PERSISTS


async def quarters(session: AsyncSession, actor: Person, now: datetime) -> list[Quarter]:
    """Return of which quarters there is a map, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return [wave.quarter for wave in reversed(await _waves(session))]


async def _waves(session: AsyncSession) -> Sequence[GapWave]:
    order = GapWave.year, GapWave.number
    return (await session.scalars(select(GapWave).order_by(*order))).all()


async def read(
    session: AsyncSession, actor: Person, now: datetime, quarter: Quarter | None = None
) -> GapMap:
    """Return the map of a quarter, or the newest.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no map of it.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    waves = await _waves(session)
    until = [one for one in waves if quarter is None or one.quarter <= quarter]
    if not until or (quarter is not None and until[-1].quarter != quarter):
        raise NotFoundError("GapWave")
    wave = until[-1]
    rows = (
        await session.scalars(
            select(GapCell).where(GapCell.wave_id == wave.id).order_by(GapCell.id)
        )
    ).all()
    cells = {row.place: row for row in rows}
    gaps = [row for row in cells.values() if row.gap is not None]
    were = await _gaps_of(session, until)
    before = until[-2] if len(until) > 1 else None
    was = were.get(before.id, set()) if before else set()
    return GapMap(
        wave.quarter,
        wave.made_at,
        before.quarter if before else None,
        cells,
        sorted(gaps, key=_rank),
        {row.place: _since(row.place, until, were) for row in gaps},
        [_past(place, cells) for place in sorted(was, key=_order) if not _is_gap(place, cells)],
    )


def _rank(cell: GapCell) -> tuple[bool, float, str, str, str]:
    return cell.gap != Gap.UNCOVERED, -cell.size, cell.need, str(cell.dimension), cell.key


def _order(place: Place) -> tuple[str, str, str]:
    return place.need, place.dimension, place.key


def _is_gap(place: Place, cells: Mapping[Place, GapCell]) -> bool:
    return place in cells and cells[place].gap is not None


async def _gaps_of(session: AsyncSession, waves: Sequence[GapWave]) -> dict[int, set[Place]]:
    rows = await session.execute(
        select(GapCell.wave_id, GapCell.need, GapCell.dimension, GapCell.key).where(
            GapCell.gap.is_not(None)
        )
    )
    found: dict[int, set[Place]] = {wave.id: set() for wave in waves}
    for wave_id, need, dimension, key in rows:
        if wave_id in found:
            found[wave_id].add(Place(need, Dimension(dimension), key))
    return found


def _since(place: Place, waves: Sequence[GapWave], were: Mapping[int, set[Place]]) -> Quarter:
    first = waves[-1].quarter
    for wave in reversed(waves):
        if place not in were[wave.id]:
            break
        first = wave.quarter
    return first


def _past(place: Place, cells: Mapping[Place, GapCell]) -> Past:
    """Say what became of a gap; what has no row, nobody looks for, if that is told at all."""
    whole = Place(place.need, Dimension.ALL, "")
    cell = cells.get(place) or cells.get(whole)
    is_told = cell is None or isinstance(cell.people, int)
    return Past(place, Trend.CLOSED if is_told else Trend.NOT_TOLD)


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[GapCell, Quarter]:
    """Return one cell of a map, and of which quarter that is.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    cell = await find(session, GapCell, ref)
    wave = await session.get_one(GapWave, cell.wave_id)
    return cell, wave.quarter
