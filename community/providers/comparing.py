"""A directory from outside is compared with what stands.

What a file leaves out, or leaves empty, stays as it is; only lists of schedules, contacts and
places are complete, and what they leave out goes, unless the files have it elsewhere: then it
moves. Services, places and organisations never go: their status says whether they are offered.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, collecting, roles, translations
from community.among import these
from community.disk import DiskDict
from community.errors import DirectoryRefusedError
from community.people import Person
from community.providers import assuring, facts, overwriting
from community.providers.belonging import (
    OWNERS_OF,
    joined,
    left_out,
    move,
    name_moves,
)
from community.providers.items import (
    LINKS,
    NAMED,
    TABLES,
    Change,
    Directory,
    Item,
    Plan,
)
from community.providers.standing import (
    own_ids,
    parts,
    spoken,
    table_of,
    values_beside,
    words,
)
from community.roles import RoleName

EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


class _Standing:
    """What stands now, found by identifiers outside."""

    def __init__(self, own: dict[str, dict[int, str]], language: str) -> None:
        self.own = own
        self.language = language
        self._numbers = {
            kind: {uid: number for number, uid in every.items()} for kind, every in own.items()
        }
        self.areas: dict[int | None, str] = {}
        self.area_names: dict[int | None, str] = {}

    async def look_round(self, session: AsyncSession) -> None:
        """Find out which areas there are, and what they are called."""
        self.areas = {area.id: area.ref for area in await areas.every(session)}
        numbers = [number for number in self.areas if number is not None]
        named = await words(session, "area", numbers, self.language)
        self.area_names = {number: texts.get("name", "") for number, texts in named.items()}

    async def rows(
        self, session: AsyncSession, kind: str, ids: Collection[str]
    ) -> dict[str, Row[Any]]:
        """Return the rows that these identifiers mean."""
        table = table_of(kind)
        query = select(table).where(these(table.c.hsds_id))
        every = await session.execute(query, {"these": list(ids)})
        found = {row.hsds_id: row for row in every}
        own = {self._numbers[kind][uid]: uid for uid in ids if uid in self._numbers[kind]}
        if own:
            every = await session.execute(select(table).where(table.c.id.in_(list(own))))
            found |= {own[row.id]: row for row in every}
        return found


async def compare(
    session: AsyncSession, actor: Person, directory: Directory, language: str, now: datetime
) -> Plan:
    """Say what an import would do to what stands now; its words are in ``language``.

    Raises:
        NotAllowedError: the actor is no coordinator.
        DirectoryRefusedError: something refers to nothing, or lacks what it needs.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    with collecting.put_off():
        return await _compare(session, directory, language, now)


async def _compare(
    session: AsyncSession, directory: Directory, language: str, now: datetime
) -> Plan:
    plan = Plan(directory)
    standing = _Standing(await own_ids(session), language)
    await standing.look_round(session)
    pairs: DiskDict[None] = DiskDict(directory.disk)
    for kind in TABLES:
        for part in parts(directory.items[kind]):
            rows = await standing.rows(session, kind, [item.id for item in part])
            plan.numbers[kind].update({uid: row.id for uid, row in rows.items()})
            await _resolve(session, standing, plan, part)
            for item in part:
                if item.id not in rows:
                    _check_new(item)
                    plan.new.append(item)
            if kind == "service":
                assuring.read(plan, part, now)
            if kind == "service_at_location":
                _refuse_twice(pairs, part)
            await _differ(session, standing, plan, kind, part, rows)
    for kind in OWNERS_OF:
        if plan.numbers[kind]:
            for part in parts(item for item in directory.items[kind] if item.owned):
                await left_out(session, standing.own, plan, part)
    await assuring.compare(session, plan, now)
    await name_moves(session, plan, language)
    if plan.numbers["service"] and plan.numbers["location"]:
        await _check_pairs(session, plan)
    await overwriting.mark(session, plan)
    return plan


async def _resolve(
    session: AsyncSession, standing: _Standing, plan: Plan, part: Sequence[Item]
) -> None:
    """Find the rows outside the files that items refer to."""
    told: dict[str, dict[str, tuple[Item, str]]] = {}
    for item in part:
        for column, uid in item.links.items():
            told.setdefault(LINKS[column], {}).setdefault(uid, (item, column))
    for kind, every in told.items():
        coming = plan.directory.told[kind].there(every) | plan.numbers[kind].there(every)
        unknown = [uid for uid in every if uid not in coming]
        if not unknown:
            continue
        rows = await standing.rows(session, kind, unknown)
        plan.numbers[kind].update({uid: row.id for uid, row in rows.items()})
        for uid in unknown:
            if uid not in rows:
                item, column = every[uid]
                refuse(item, "reference", column, uid)


def refuse(item: Item, why: str, name: str = "", what: str = "") -> NoReturn:
    """End the import because of an item.

    Raises:
        DirectoryRefusedError: always.
    """
    file, line, path = item.place.within(name) if name else item.place
    raise DirectoryRefusedError(why, file=file, line=line, path=path, what=what[:40])


NEEDED: Mapping[str, Mapping[str, str]] = {
    "organization": {".name": "name"},
    "program": {".name": "name"},
    "service": {".name": "name", "is_open": "status"},
    "taxonomy_term": {"name": "name"},
}
OWNERS: Mapping[str, tuple[str, ...]] = {
    "program": ("organization_id",),
    "service": ("organization_id",),
    "service_at_location": ("service_id", "location_id"),
}


def _check_new(item: Item) -> None:
    for name, told in NEEDED.get(item.kind, {}).items():
        if item.values.get(name) in EMPTY:
            refuse(item, "missing", told)
    for column in OWNERS.get(item.kind, ()):
        if column not in item.links:
            refuse(item, "no_organization" if column == "organization_id" else "missing", column)


def _pair(item: Item) -> tuple[str, str]:
    """Return which service is given where."""
    return item.links.get("service_id", ""), item.links.get("location_id", "")


def _refuse_twice(pairs: DiskDict[None], part: Sequence[Item]) -> None:
    """Refuse a service that the files give at one place twice."""
    keys = [json.dumps(_pair(item)) for item in part]
    seen = pairs.there(keys)
    for item, key in zip(part, keys, strict=True):
        if key in seen and all(_pair(item)):
            refuse(item, "twice_there", what=item.id)
        seen.add(key)
    pairs.update(dict.fromkeys(keys))


async def _check_pairs(session: AsyncSession, plan: Plan) -> None:
    """Refuse a service that is given at one place already."""
    table = table_of("service_at_location")
    moving = {move.id for move in plan.moves if move.kind == "service_at_location"}
    leaving = moving | {number for kind, number in plan.gone if kind == "service_at_location"}
    for part in parts(plan.directory.items["service_at_location"]):
        numbers = plan.numbers["service_at_location"].some([item.id for item in part])
        services = plan.numbers["service"].some([_pair(item)[0] for item in part])
        places = plan.numbers["location"].some([_pair(item)[1] for item in part])
        new = {}
        for item in part:
            service, place = _pair(item)
            is_new = item.id not in numbers or numbers[item.id] in moving
            if is_new and service in services and place in places:
                new[services[service], places[place]] = item
        rows = await session.execute(
            select(table.c.id, table.c.service_id, table.c.location_id).where(
                table.c.service_id.in_({service for service, _place in new})
            )
        )
        for row in rows if new else ():
            pair_there = (row.service_id, row.location_id)
            if pair_there in new and row.id not in leaving:
                refuse(new[pair_there], "twice_there", what=new[pair_there].id)


async def _differ(
    session: AsyncSession,
    standing: _Standing,
    plan: Plan,
    kind: str,
    part: Sequence[Item],
    rows: Mapping[str, Row[Any]],
) -> None:
    """Note what the items say otherwise than the rows that stand."""
    if not rows:
        return
    numbers = [row.id for row in rows.values()]
    texts = await translations.texts(session, kind, numbers) if kind in NAMED else {}
    beside = {}
    if kind == "service":
        beside = await values_beside(session, numbers, standing.own["taxonomy_term"])
        plan.steps_stay += _steps_that_stay(part, rows, beside)
    for item in part:
        if (row := rows.get(item.id)) is None:
            continue
        there: dict[str, Any] = dict(row._mapping)
        words_there = texts.get(row.id, ())
        there |= {f".{k}": text for k, text in spoken(words_there, standing.language).items()}
        there |= beside.get(row.id, {})
        elsewhere = joined(item, row, plan)
        found = _differences(item, there)
        hsds = _kept(item, there["hsds"])
        name = str(there.get(".name") or there.get("name") or item.name)
        written = {
            f".{one.field}": one.text for one in words_there if one.language == standing.language
        }
        for to, value in found.items():
            before: Any = written.get(to) if to[0] == "." else there.get(to)
            field, told = _field(to, standing.language), (_told(to, before), _told(to, value))
            codes = None
            if to == "area_id":
                codes = standing.areas.get(before, ""), standing.areas.get(value, "")
                told = standing.area_names.get(before, ""), standing.area_names.get(value, "")
            plan.changes.append(Change(kind, row.id, name, field, *told, codes))
        for key in sorted(hsds.keys() | there["hsds"].keys()):
            old, new = there["hsds"].get(key), hsds.get(key)
            if old != new and not found.keys() & set(item.said.get(key, ())):
                before, after = facts.told(old), facts.told(new)
                plan.changes.append(Change(kind, row.id, name, key, before, after))
        if hsds != there["hsds"]:
            found["hsds"] = hsds
        if elsewhere:
            plan.moves.append(move(item, row, elsewhere))
            found |= {column: item.links.get(column) for column in elsewhere}
        if found:
            plan.changed.append((item, found))
        else:
            plan.same += 1


def _steps_that_stay(
    part: Sequence[Item], rows: Mapping[str, Row[Any]], beside: Mapping[int, Mapping[str, Any]]
) -> int:
    """Return for how many services there are steps, in the files and here."""
    both = (item for item in part if item.id in rows and item.values.get("steps"))
    return sum(bool(beside[rows[item.id].id]["steps"]) for item in both)


def _field(to: str, language: str) -> str:
    """Return what a value is called in the log of changes (``facts``)."""
    if to[0] == ".":
        return f"{to[1:]}:{language}"
    if to == "area_id":
        return "area"
    return f"{to}:{language}" if to == "steps" else to


def _told(to: str, value: Any) -> str:
    """Return a value as the log of changes has it (``facts``)."""
    if not value:
        return facts.told(value) if value not in EMPTY else ""
    match to:
        case "steps":
            return facts.steps_told(value)
        case "strengths":
            return facts.strengths_told(value)
    return facts.told(value)


def _differences(item: Item, there: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for to, value in item.values.items():
        if value in EMPTY or value == there.get(to):
            continue
        if to in ("steps", "step_documents") and there["steps"]:
            continue
        if to == "terms" and set(value) == set(there["terms"]):
            continue
        found[to] = value
    return found


def _kept(item: Item, there: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an item, with what stands and the file does not speak of."""
    kept = {key: value for key, value in there.items() if key not in item.said}
    for key, value in item.kept.items():
        if key == assuring.FIELD:
            continue  # of what stands, the newest day is the organisation's
        is_told = key in LINKS and item.links.get(key) == value
        if key in there or not (is_told or value in EMPTY):
            kept[key] = value
    return kept
