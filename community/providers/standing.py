"""What stands in the directory, as an import and an export see it: by its identifiers outside."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Row, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.needs import Need
from community.providers.items import TABLES, outer_id
from community.providers.table import (
    ServiceStep,
    ServiceTerm,
    Strength,
    TaxonomyTerm,
)
from community.translations import ContentText, State

AT_ONCE = 500
"""So many rows are asked for or written by one statement."""

T = TypeVar("T")


def parts(every: Iterable[T]) -> Iterator[list[T]]:
    """Return them, so many at once."""
    left = iter(every)
    while part := list(islice(left, AT_ONCE)):
        yield part


def table_of(kind: str) -> Table:
    """Return the table of one of HSDS's kinds."""
    return cast("Table", cast("Any", TABLES[kind]).__table__)


async def own_ids(session: AsyncSession) -> dict[str, dict[int, str]]:
    """Return the identifiers outside of all that was made here: by kind, by number."""
    found: dict[str, dict[int, str]] = {}
    for kind in TABLES:
        table = table_of(kind)
        made = table.c.hsds_id.is_(None)
        if "ref" in table.c:
            rows = await session.execute(select(table.c.id, table.c.ref).where(made))
            found[kind] = {row.id: outer_id(row.ref) for row in rows}
            continue
        rows = await session.execute(
            select(table.c.id, table.c.service_id, table.c.location_id).where(made)
        )
        every = rows.all()
        services = await _outer_ids(session, "service", [row.service_id for row in every])
        locations = await _outer_ids(session, "location", [row.location_id for row in every])
        found[kind] = {}
        for row in every:
            owners = f"{services.get(row.service_id)}/{locations.get(row.location_id)}"
            more = f"/{row.id}" if kind == "schedule" else ""
            found[kind][row.id] = outer_id(f"{kind}/{owners}{more}")
    return found


async def _outer_ids(
    session: AsyncSession, kind: str, numbers: Iterable[int | None]
) -> dict[int | None, str]:
    table = table_of(kind)
    found: dict[int | None, str] = {}
    for part in parts({number for number in numbers if number}):
        rows = await session.execute(
            select(table.c.id, table.c.ref, table.c.hsds_id).where(table.c.id.in_(part))
        )
        found |= {row.id: row.hsds_id or outer_id(row.ref) for row in rows}
    return found


HoursKey = tuple[int | None, int | None]
"""Whose hours: a service's, a location's, or a service's at a location."""


def hours_key(row: Row[Any]) -> HoursKey:
    """Return whose hours a row of the schedules is."""
    return row.service_id, row.location_id


def hours_key_of(kind: str, row: Row[Any]) -> HoursKey:
    """Return by what the hours of a row of another kind are found."""
    if kind == "service_at_location":
        return row.service_id, row.location_id
    return (row.id, None) if kind == "service" else (None, row.id)


async def words(
    session: AsyncSession, subject: str, numbers: Collection[int], language: str
) -> dict[int, dict[str, str]]:
    """Return the texts in a language if all are approved in it, else as they were written."""
    if not numbers:
        return {}
    every = await translations.texts(session, subject, numbers)
    return {number: spoken(rows, language) for number, rows in every.items()}


def spoken(rows: Iterable[ContentText], language: str) -> dict[str, str]:
    """Return what is approved in a language, as far as all is; else the source."""
    source, there = {}, {}
    for row in rows:
        if row.is_source:
            source[row.field] = row.text
        if row.language == language and row.state == State.APPROVED:
            there[row.field] = row.text
    return {**source, **there} if there.keys() >= source.keys() else source


async def values_beside(
    session: AsyncSession, services: Collection[int], own_terms: Mapping[int, str]
) -> dict[int, dict[str, Any]]:
    """Return the terms and strengths of services, and the numbers of their steps."""
    found: dict[int, dict[str, Any]] = {
        number: {"terms": [], "strengths": {}, "steps": []} for number in services
    }
    if not found:
        return found
    terms = await session.execute(
        select(ServiceTerm.service_id, TaxonomyTerm.id, TaxonomyTerm.hsds_id)
        .join(TaxonomyTerm, TaxonomyTerm.id == ServiceTerm.term_id)
        .where(ServiceTerm.service_id.in_(found))
        .order_by(TaxonomyTerm.id)
    )
    for service, term, uid in terms:
        found[service]["terms"].append(uid or own_terms[term])
    strengths = await session.execute(
        select(Strength.service_id, Strength.need, Strength.is_strength).where(
            Strength.service_id.in_(found)
        )
    )
    for service, need, is_strength in strengths:
        found[service]["strengths"][Need(need)] = is_strength
    steps = await session.execute(
        select(ServiceStep.service_id, ServiceStep.id)
        .where(ServiceStep.service_id.in_(found))
        .order_by(ServiceStep.position)
    )
    for service, step in steps:
        found[service]["steps"].append(step)
    return found
