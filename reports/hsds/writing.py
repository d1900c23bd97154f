"""The directory -> objects of HSDS: full organisations with their services nested.

What was imported goes out as it came, and over it whatever has changed here since. Nothing of
members is in any of these tables.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas
from community.providers import assuring
from community.providers.comparing import EMPTY
from community.providers.standing import (
    hours_key,
    hours_key_of,
    own_ids,
    parts,
    table_of,
    values_beside,
    words,
)
from community.providers.table import ServiceTerm
from reports.hsds.attributes import UNSAID, about, is_own
from reports.hsds.fields import Field, Here, written
from reports.hsds.known import Known, known_areas
from reports.hsds.mapping import MAPPING
from reports.hsds.reading import LISTED

Rows = Sequence[Row[Any]]
AT_ONCE = 20
"""So many organisations are in memory, with all that belongs to them."""


async def organizations(session: AsyncSession, language: str) -> AsyncIterator[dict[str, Any]]:
    """Return every organisation with all that belongs to it, some at a time.

    Words are in ``language`` where all of a thing are approved in it, else as they were written.
    """
    own, here = await own_ids(session), Here(Known(areas=await known_areas(session, language)))
    table = table_of("organization")
    numbers = list(await session.scalars(select(table.c.id).order_by(table.c.id)))
    for at in range(0, len(numbers), AT_ONCE):
        part = numbers[at : at + AT_ONCE]
        some = await _Some.of(session, part, own, here, language)
        for row in some.rows["organization"]:
            yield some.object("organization", row)


async def as_json(session: AsyncSession, language: str) -> AsyncIterator[bytes]:
    """Return the directory as a list in JSON, one organisation after the other."""
    before = "[\n"
    async for one in organizations(session, language):
        yield (before + json.dumps(one, ensure_ascii=False, indent=1)).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


class _Some:
    """Some organisations, with every row that belongs to them."""

    def __init__(self, own: Mapping[str, Mapping[int, str]], here: Here) -> None:
        self.own, self.here = own, here
        self.areas: Sequence[areas.Area] = ()
        self.rows: dict[str, Rows] = {}
        self.words: dict[str, dict[int, dict[str, str]]] = {}
        self.beside: dict[int, dict[str, Any]] = {}
        self._came: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        self._by: dict[tuple[str, str], dict[Any, list[Row[Any]]]] = {}
        self._one: dict[str, dict[int, Row[Any]]] = {}

    @classmethod
    async def of(
        cls,
        session: AsyncSession,
        numbers: Sequence[int],
        own: Mapping[str, Mapping[int, str]],
        here: Here,
        language: str,
    ) -> "_Some":
        """Read what belongs to these organisations."""
        some = cls(own, here)
        some.areas = await areas.every(session)

        async def read(kind: str, **where: Iterable[int]) -> list[int]:
            table = table_of(kind)
            found: dict[int, Row[Any]] = {}
            for column, which in where.items():
                for part in parts(sorted(set(which))):
                    every = await session.execute(select(table).where(table.c[column].in_(part)))
                    found |= {row.id: row for row in every}
            some.rows[kind] = [found[number] for number in sorted(found)]
            some._one[kind] = found
            return sorted(found)

        await read("organization", id=numbers)
        programs = await read("program", organization_id=numbers)
        services = await read("service", organization_id=numbers)
        away = {row.program_id for row in some.rows["service"] if row.program_id} - set(programs)
        if away:
            programs = await read("program", organization_id=numbers, id=away)
        await read("service_at_location", service_id=services)
        places = [row.location_id for row in some.rows["service_at_location"]]
        locations = await read("location", organization_id=numbers, id=places)
        await read("schedule", service_id=services, location_id=locations)
        await read("contact", organization_id=numbers, service_id=services, location_id=locations)
        terms: set[int] = set()
        for part in parts(services):
            query = select(ServiceTerm.term_id).where(ServiceTerm.service_id.in_(part))
            terms |= set(await session.scalars(query))
        await read("taxonomy_term", id=terms)
        for kind, which in (
            ("organization", numbers),
            ("program", programs),
            ("service", services),
            ("location", locations),
        ):
            some.words[kind] = {}
            for part in parts(which):
                some.words[kind] |= await words(session, kind, part, language)
        for part in parts(services):
            some.beside |= await values_beside(session, part, own["taxonomy_term"])
        steps = [step for beside in some.beside.values() for step in beside["steps"]]
        said: dict[int, dict[str, str]] = {}
        for part in parts(steps):
            said |= await words(session, "step", part, language)
        for beside in some.beside.values():
            steps = [said[step] for step in beside["steps"] if step in said]
            beside["steps"] = [step["text"] for step in steps]
            beside["step_documents"] = {
                at: step["documents"]
                for at, step in enumerate(steps, start=1)
                if "documents" in step
            }
        return some

    def uid(self, kind: str, row: Row[Any]) -> str:
        """Return the identifier that a row has outside."""
        return str(row.hsds_id or self.own[kind][row.id])

    def object(self, kind: str, row: Row[Any]) -> dict[str, Any]:
        """Return a row as HSDS has it, with what belongs to it."""
        values: dict[str, Any] = dict(row._mapping)
        values |= {f".{k}": text for k, text in self.words.get(kind, {}).get(row.id, {}).items()}
        if kind == "service":
            values |= self.beside[row.id]
            if values["cost"] is None:
                values["currency"] = None
        if kind == "location" and self._is_nearest(row):
            values["area_id"] = None
        uid, hsds = self.uid(kind, row), row.hsds
        lists = LISTED.get(kind, {})
        mapped = {one.name for one in MAPPING[kind]}
        made: dict[str, Any] = {"id": uid}
        made |= {
            key: value for key, value in hsds.items() if key not in mapped and key not in lists
        }
        for one in MAPPING[kind]:
            said = self._said(one, values, hsds, uid)
            if said is not None or one.name in hsds:
                made[one.name] = said
        for key, (child, column) in lists.items():
            every = self._listed(child, column, kind, row, hsds.get(key))
            if every or key in hsds:
                made[key] = every if every or hsds.get(key) is not None else None
        if kind == "service" and (day := self._assured(row)):
            made[assuring.FIELD] = day.isoformat()
        if kind == "service" and row.program_id:
            made["program"] = self.object("program", self._one["program"][row.program_id])
        if kind == "service_at_location":
            made["location"] = self.object("location", self._one["location"][row.location_id])
        return made

    def _assured(self, row: Row[Any]) -> date | None:
        """Return the day of a newer confirmation than any that came with the organisation."""
        organization = self._one["organization"].get(row.organization_id)
        if organization is None or organization.confirmed_at is None:
            return None
        confirmed: date = organization.confirmed_at.astimezone(UTC).date()
        if not self._came:
            for one in self.rows["service"]:
                self._came[one.organization_id].append(one.hsds)
        came = assuring.newest(self._came[organization.id])
        return confirmed if came is None or came < confirmed else None

    def _is_nearest(self, row: Row[Any]) -> bool:
        """Say whether a location is in the area in which an import puts it anyway."""
        if row.latitude is None or row.longitude is None:
            return False
        nearest = areas.nearest(self.areas, row.latitude, row.longitude)
        return nearest is not None and nearest.id == row.area_id

    def _said(
        self, one: Field, values: Mapping[str, Any], hsds: Mapping[str, Any], uid: str
    ) -> Any:
        """Return a field as it came if that is still so, else as it is now."""
        now = [_plain(to, values.get(to)) for to in one.to]
        if one.name in hsds:
            read = one.read(hsds[one.name], one.name, self.here)
            was = [read] if len(one.to) == 1 else list(read or ())
            if [_plain(to, value) for to, value in zip(one.to, was, strict=False)] == now:
                return hsds[one.name]
        current = [values.get(to) for to in one.to]
        said = written(one, current, uid, self.here)
        if not one.to or said in EMPTY:
            said = one.always
        if one.name == "attributes":
            return self._attributes(hsds.get("attributes"), said or [], values, uid)
        return said

    def _attributes(
        self, kept: Any, own: Sequence[Any], values: Mapping[str, Any], uid: str
    ) -> Any:
        """Return the attributes of others that still hold, those of new terms, and our own."""
        terms = values.get("terms", [])
        rows = {self.uid("taxonomy_term", row): row for row in self.rows["taxonomy_term"]}
        others, known = [], set()
        for one in kept or ():
            term = one.get("taxonomy_term")
            if is_own(one):
                continue
            if "terms" in values and isinstance(term, dict) and term.get("id") not in terms:
                continue
            known.add(term.get("id") if isinstance(term, dict) else None)
            others.append(one)
        others += [
            about(self.object("taxonomy_term", rows[term]), uid)
            for term in terms
            if term not in known and term in rows
        ]
        return [*others, *own] or None

    def _listed(self, kind: str, column: str, of: str, owner: Row[Any], kept: Any) -> list[Any]:
        """Return what belongs to something, in the order in which it came."""
        by = self._by.get((kind, of))
        if by is None:
            by = self._by[kind, of] = defaultdict(list)
            for row in self.rows[kind]:
                by[hours_key(row) if kind == "schedule" else row._mapping[column]].append(row)
        key = hours_key_of(of, owner) if kind == "schedule" else owner.id
        rows = {self.uid(kind, row): row for row in by.get(key, ())}
        found: list[Any] = []
        for one in kept or ():
            if isinstance(one, str):
                if one in rows:
                    found.append(self.object(kind, rows.pop(one)))
            else:
                found.append(one)
        return found + [self.object(kind, row) for row in rows.values()]


def _plain(to: str, value: Any) -> Any:
    """Return a value as it is compared: what needs no words is nothing, terms have no order."""
    if value in EMPTY or (to in UNSAID and value == UNSAID[to]):
        return None
    return set(value) if to == "terms" else value
