"""A period that is over is counted and told once, and never computed again.

A week after its end, people are written down as each fact selects them, with language, area and
profiles as they are then; what may be told of it is computed from these rows, and stays. Whoever
is erased later is in the figures, and in no row.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.areas import Area
from community.evidence import facts
from community.evidence.facts import Fact
from community.evidence.framework import Framework
from community.evidence.periods import Every, Period, period_of
from community.evidence.table import EvidencePeriod, EvidenceRow
from community.evidence.telling import (
    ALL,
    AREA,
    LANGUAGE,
    PROFILES,
    Counted,
    Kind,
    tell,
    written,
)
from community.people import Person, PersonProfile


async def freeze(
    session: AsyncSession, now: datetime, zone: ZoneInfo, framework: Framework
) -> Sequence[Period]:
    """Count and tell each period that has been over for a week and is not told; return these.

    The first is the one in which somebody joined who is still known.
    """
    began: datetime | None = await session.scalar(select(func.min(Person.joined_at)))
    if began is None:
        return []
    rows = await session.execute(select(EvidencePeriod.year, EvidencePeriod.number))
    done = {Period(year, number) for year, number in rows}
    found = []
    for every in Every:
        period = period_of(began, zone, every)
        while period.counted_from(zone) <= now:
            if period not in done:
                await _freeze(session, period, zone, framework, now)
                found.append(period)
            period = period.following
    return found


async def next_freeze(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a period is told next, if anybody has joined."""
    somebody = select(Person.id).where(Person.joined_at.is_not(None)).limit(1)
    if await session.scalar(somebody) is None:
        return None
    running = [period_of(now, zone, every) for every in Every]
    moments = [one.counted_from(zone) for period in running for one in (period.before, period)]
    return min(moment for moment in moments if moment > now)


async def _freeze(
    session: AsyncSession, period: Period, zone: ZoneInfo, framework: Framework, now: datetime
) -> None:
    row = EvidencePeriod(
        year=period.year,
        number=period.number,
        framework=framework.version,
        threshold=framework.threshold,
        told={},
        counted={},
        frozen_at=now,
    )
    session.add(row)
    await session.flush()
    chosen = facts.of(period.every)
    for name, fact in chosen.items():
        await _write(session, row.id, name, fact, period, zone)
    counted = await count(session, row.id)
    groups = await _groups(session, row.id)
    shapes = {name: fact.shape for name, fact in chosen.items()}
    told = tell(shapes, counted, groups, framework.threshold)
    row.told = {name: written(one) for name, one in told.items()}
    found = {name: tables(fact, counted.get(name)) for name, fact in chosen.items()}
    row.counted = {"groups": groups, "facts": found}
    await session.flush()


async def _write(
    session: AsyncSession, period_id: int, name: str, fact: Fact, period: Period, zone: ZoneInfo
) -> None:
    rows = fact.select(period.span(zone)).subquery()
    bits = of_profiles().subquery()
    chosen = (
        select(
            literal(period_id),
            literal(name),
            rows.c.person_id,
            rows.c.leaf,
            rows.c.amount,
            func.coalesce(Person.language, ALL),
            func.coalesce(Area.parent_id, Area.id),
            func.coalesce(bits.c.bits, 0),
        )
        .select_from(rows)
        .outerjoin(Person, Person.id == rows.c.person_id)
        .outerjoin(Area, Area.id == Person.area_id)
        .outerjoin(bits, bits.c.person_id == rows.c.person_id)
    )
    columns = (
        *("period_id", "fact", "person_id", "leaf", "amount", "language", "area_id", "profiles"),
    )
    await session.execute(insert(EvidenceRow).from_select(columns, chosen))


def of_profiles() -> Select[Any]:
    """Return the query for everybody's profiles, one bit for each."""
    columns: Sequence[Any] = (PersonProfile.person_id, func.sum(_bit()).label("bits"))
    return select(*columns).group_by(PersonProfile.person_id)


def _bit() -> ColumnElement[int]:
    code = PersonProfile.code
    return case(*((code == one, 1 << n) for n, one in enumerate(PROFILES)), else_=0)


async def count(session: AsyncSession, period_id: int) -> Mapping[str, Counted]:
    """Return the rows of a period, counted: by fact."""
    row = EvidenceRow
    people: defaultdict[str, Counter[Kind]] = defaultdict(Counter)
    amounts: defaultdict[str, list[Any]] = defaultdict(list)
    kind = (row.fact, row.leaf, row.language, row.area_id, row.profiles)
    of_period = row.period_id == period_id
    for fact, *rest, number in await session.execute(
        select(*kind, func.count()).where(of_period).group_by(*kind)
    ):
        people[fact][_kind(rest)] += number
    for fact, *rest, amount in await session.execute(
        select(*kind, row.amount).where(of_period, row.amount.is_not(None))
    ):
        amounts[fact].append((_kind(rest), amount))
    return {fact: Counted(people[fact], amounts[fact]) for fact in people}


def _kind(columns: Sequence[Any]) -> Kind:
    leaf, language, area_id, profiles = columns
    return Kind(leaf, language, ALL if area_id is None else str(area_id), profiles)


async def _groups(session: AsyncSession, period_id: int) -> Mapping[str, Sequence[str]]:
    """Return every language that somebody here has, or had in these rows, and every area."""
    spoken = {
        *await session.scalars(select(func.coalesce(Person.language, ALL)).distinct()),
        *await session.scalars(
            select(EvidenceRow.language).where(EvidenceRow.period_id == period_id).distinct()
        ),
    }
    areas = await session.scalars(
        select(Area.id).where(Area.parent_id.is_(None)).order_by(Area.id)
    )
    return {LANGUAGE: sorted({ALL, *spoken}), AREA: [*map(str, areas), ALL]}


def tables(fact: Fact, counted: Counted | None) -> dict[str, dict[str, dict[str, int]]]:
    """Return the numbers that a fact's tables are made of: by split, leaf and group; ALL: all."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for by in (ALL, *fact.shape.splits):
        table: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for kind, number in (counted or Counted({})).people.items():
            table[kind.leaf][kind.key(by) if by else ALL] += number
        found[by] = {leaf: dict(cells) for leaf, cells in sorted(table.items())}
    return found
