"""Who lives where, by others' count: background statistics, and how many of them are reached.

A line is one number of a published table: of an area (or of everywhere the network is), perhaps of
one language, one country of origin or one profile, and never of two of these. What is imported
replaces everything that the same source says of the same year.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import evidence, roles
from community.areas import Area
from community.base import Base, BigId, Identified
from community.errors import NotUnderstoodError
from community.evidence import Told
from community.evidence.telling import AREA, LANGUAGE, WITH
from community.figures.periods import Quarter
from community.figures.protecting import Cell, Hidden
from community.gaps.table import Dimension
from community.people import Person
from community.roles import RoleName

PROFILE = "profile:"
"""What the name of a split by a profile begins with."""
SOURCE_LIMIT = 200
LARGEST = 10**10


class BackgroundCount(Base, Identified):
    """One number of a published table."""

    __tablename__ = "background_counts"

    area_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("areas.id", ondelete="CASCADE"), index=True
    )
    """None: everywhere the network is."""
    language: Mapped[str] = mapped_column(String(16), default="")
    origin: Mapped[str] = mapped_column(String(2), default="")
    """A country by ISO 3166-1, two letters."""
    profile: Mapped[str] = mapped_column(String(24), default="")
    count: Mapped[int] = mapped_column(BigId)
    source: Mapped[str] = mapped_column(String(SOURCE_LIMIT))
    year: Mapped[int] = mapped_column(index=True)
    brought_at: Mapped[datetime]


@dataclass(frozen=True)
class Line:
    """One line of a file that has been read. "" is: not told apart by this."""

    area_id: int | None
    language: str
    origin: str
    profile: str
    count: int
    source: str
    year: int

    @property
    def key(self) -> tuple[object, ...]:
        """Return what no two lines of a file may have in common."""
        return (
            self.area_id, self.language, self.origin, self.profile, self.source, self.year,
        )  # fmt: skip


async def bring(session: AsyncSession, actor: Person, lines: Sequence[Line], now: datetime) -> int:
    """Write these lines in place of what their sources said of their years; return how many.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: there are none.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    if not lines:
        raise NotUnderstoodError("file")
    told = {(line.source, line.year) for line in lines}
    await session.execute(
        delete(BackgroundCount).where(
            or_(
                *(
                    (BackgroundCount.source == source) & (BackgroundCount.year == year)
                    for source, year in sorted(told)
                )
            )
        )
    )
    session.add_all(
        BackgroundCount(
            area_id=line.area_id,
            language=line.language,
            origin=line.origin,
            profile=line.profile,
            count=line.count,
            source=line.source,
            year=line.year,
            brought_at=now,
        )
        for line in lines
    )
    await session.flush()
    return len(lines)


@dataclass(frozen=True)
class Population:
    """How many people of a group live there, by whose count."""

    count: int
    source: str
    year: int


@dataclass(frozen=True)
class Reached:
    """Members of a group beside the people of that group who live there."""

    key: str
    members: Cell
    population: Population

    @property
    def share(self) -> float | None:
        """Return the share that is reached, where the members are told and anybody lives there."""
        if isinstance(self.members, Hidden) or not self.population.count:
            return None
        return self.members / self.population.count


@dataclass(frozen=True)
class Reach:
    """Whom the network reaches, group by group; only where somebody has counted the people."""

    quarter: Quarter
    by: Mapping[Dimension, Sequence[Reached]]


async def reach(
    session: AsyncSession, actor: Person, zone: ZoneInfo, now: datetime
) -> Reach | None:
    """Return the members of the newest quarter that is told beside the population; None before.

    Members are what the evidence tells of them (``community/evidence``), and nothing else: a
    second way of protecting the same numbers would cross.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    quarters = [one for one in await evidence.periods(session, actor, now) if one.number]
    if not quarters:
        return None
    told = (await evidence.read(session, actor, quarters[0], zone, now)).facts[MEMBERS]
    members = _members(told)
    rows = (await session.scalars(select(BackgroundCount))).all()
    parents = {
        number: parent or number
        for number, parent in await session.execute(select(Area.id, Area.parent_id))
    }
    people: dict[Dimension, Mapping[str, Population]] = {
        Dimension.AREA: _by_area([row for row in rows if not row.profile], parents),
        Dimension.LANGUAGE: _by_group(rows, parents, lambda row: row.language),
        Dimension.PROFILE: _by_group(rows, parents, lambda row: row.profile),
    }
    return Reach(
        quarters[0].quarter,
        {
            dimension: [
                Reached(key, cell, people[dimension][key])
                for key, cell in members[dimension].items()
                if key in people[dimension]
            ]
            for dimension in people
        },
    )


MEMBERS = "members"
"""The fact of evidence that counts them."""


def _members(told: Told) -> dict[Dimension, dict[str, Cell]]:
    """Return how many members a group has, where that is told of each part of them."""
    found: dict[Dimension, dict[str, Cell]] = {one: {} for one in Dimension}
    shape = evidence.FACTS[MEMBERS].shape
    for split in shape.splits:
        margins = [told.margin(split, leaf) for leaf in shape.leaves]
        groups = {group for margin in margins for group in margin or ()}
        for group in sorted(groups & {WITH} if split not in (LANGUAGE, AREA) else groups):
            # Of a leaf that counts nobody the margin is empty: nobody of the group is in it.
            cells = [Hidden.COVERED if m is None else m.get(group, 0) for m in margins]
            numbers = [cell for cell in cells if isinstance(cell, int)]
            whole = sum(numbers) if len(numbers) == len(cells) else Hidden.COVERED
            if split == LANGUAGE:
                found[Dimension.LANGUAGE][group] = whole
            elif split == AREA:
                found[Dimension.AREA][group] = whole
            else:
                found[Dimension.PROFILE][split.removeprefix(PROFILE)] = whole
    return found


Rows = Sequence[BackgroundCount]
Parents = Mapping[int, int]
"""Of each area the one that it is in, or itself."""


def _by_area(rows: Rows, parents: Parents) -> dict[str, Population]:
    """Return how many live in each upper area: as counted there, else in its parts together."""
    whole: dict[str, list[BackgroundCount]] = defaultdict(list)
    parts: dict[str, list[BackgroundCount]] = defaultdict(list)
    for row in rows:
        if row.area_id is not None:
            upper = parents[row.area_id]
            (whole if upper == row.area_id else parts)[str(upper)].append(row)
    return {key: _newest(whole.get(key) or parts[key]) for key in {*whole, *parts}}


def _by_group(
    rows: Rows, parents: Parents, group: Callable[[BackgroundCount], str]
) -> dict[str, Population]:
    found: dict[str, list[BackgroundCount]] = defaultdict(list)
    for row in rows:
        if group(row):
            found[group(row)].append(row)
    return {key: _everywhere(theirs, parents) for key, theirs in found.items()}


def _everywhere(rows: Rows, parents: Parents) -> Population:
    """Return how many there are: as counted everywhere, else in all areas together."""
    if whole := [row for row in rows if row.area_id is None]:
        return _newest(whole)
    found = _by_area(rows, parents).values()
    return Population(
        sum(one.count for one in found),
        ", ".join(sorted({one.source for one in found})),
        max(one.year for one in found),
    )


def _newest(rows: Rows) -> Population:
    """Return the newest count of these people.

    One source is taken whole, the one that comes first by its name. If it has a line for all, that
    counts; else its lines by language are added up, else those by origin.
    """
    year = max(row.year for row in rows)
    newest = [row for row in rows if row.year == year]
    source = min(row.source for row in newest)
    sums: Counter[str] = Counter()
    for row in newest:
        if row.source == source:
            kind = "language" if row.language else "origin" if row.origin else "all"
            sums[kind] += row.count
    count = next(sums[kind] for kind in ("all", "language", "origin") if kind in sums)
    return Population(count, source, year)
