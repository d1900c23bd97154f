"""What belongs to what, before and after an import: what moves, is parted, and goes.

Lists of schedules, contacts and places are complete: what they leave out goes, unless the files
have it elsewhere; then it moves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.providers.items import BELONGS, LINKS, NAMED, Change, Item, Move, Plan
from community.providers.standing import hours_key, hours_key_of, parts, table_of, words

OWNED = {
    "schedules": "schedule",
    "contacts": "contact",
    "service_at_locations": "service_at_location",
}
OWNERS_OF = ("organization", "service", "location", "service_at_location")
"""What such lists are of."""
OwnIds = Mapping[str, Mapping[int, str]]
"""The identifiers outside of what was made here (``standing.own_ids``)."""


def joined(item: Item, row: Row[Any], plan: Plan) -> list[str]:
    """Return the columns by which an item belongs to something else than its row.

    What an item is silent about stays; but hours are of one thing only.
    """
    return [
        column
        for column in BELONGS.get(item.kind, ())
        if (item.kind == "schedule" or column in item.links)
        and row._mapping[column] != _number(item, column, plan)
    ]


def _number(item: Item, column: str, plan: Plan) -> int | None:
    uid = item.links.get(column)
    return None if uid is None else plan.numbers[LINKS[column]].get(uid)


def move(item: Item, row: Row[Any], joined: Sequence[str]) -> Move:
    """Return from where to where an item moves; the column that tells more is told."""
    stood = [column for column in BELONGS[item.kind] if row._mapping[column]]
    after = next(column for column in (*joined, *item.links) if column in item.links)
    left = [column for column in stood if column in joined or column not in item.links]
    before = next(iter(sorted(left, key=lambda column: column != after)), None)
    if before is None and item.kind == "schedule":
        before = next(iter(stood), None)
    owner = (LINKS[before], row._mapping[before]) if before else None
    return Move(item.kind, row.id, item.name, after, owner, (LINKS[after], item.links[after]))


async def left_out(
    session: AsyncSession,
    own: OwnIds,
    plan: Plan,
    part: Sequence[Item],
) -> None:
    """Note what belongs to something and is no longer in its lists."""
    of, moving = part[0].kind, {(move.kind, move.id) for move in plan.moves}
    numbers = plan.numbers[of].some([item.id for item in part])
    owners = {numbers[item.id]: item for item in part if item.id in numbers}
    closed: list[tuple[Row[Any], Item]] = []
    for key, kind in OWNED.items():
        listed = {number: item for number, item in owners.items() if key in item.owned}
        for row, owner in await _rows_of(session, kind, of, listed):
            uid = row.hsds_id or own[kind][row.id]
            if uid in owner.owned[key]:
                continue
            elsewhere = plan.directory.get(kind, uid)
            column = f"{of}_id"
            if elsewhere and (kind != "contact" or column in elsewhere.links):
                continue  # it moves
            others = [one for one in BELONGS[kind] if one != column and row._mapping[one]]
            if elsewhere or (others and kind == "contact"):
                plan.parted.append((kind, row.id, column))
            else:
                plan.gone.append((kind, row.id))
                closed += [(row, owner)] if kind == "service_at_location" else []
            if (kind, row.id) not in moving:
                name = str(row._mapping.get("name") or row._mapping.get("byday") or uid)
                plan.changes.append(Change(kind, row.id, name, "", owner.name, ""))
    await _hours_go(session, own, plan, closed)


async def _hours_go(
    session: AsyncSession,
    own: OwnIds,
    plan: Plan,
    closed: Sequence[tuple[Row[Any], Item]],
) -> None:
    """Let the hours of a service at a place go with it."""
    table, coming = table_of("schedule"), plan.directory.told["schedule"]
    whose = {hours_key_of("service_at_location", row): owner for row, owner in closed}
    for part in parts(whose):
        services = {service for service, _location in part}
        for row in await session.execute(select(table).where(table.c.service_id.in_(services))):
            uid = row.hsds_id or own["schedule"][row.id]
            if hours_key(row) in part and uid not in coming:
                plan.gone.append(("schedule", row.id))
                owner = whose[hours_key(row)]
                plan.changes.append(Change("schedule", row.id, row.byday, "", owner.name, ""))


async def _rows_of(
    session: AsyncSession, kind: str, of: str, owners: Mapping[int, Item]
) -> list[tuple[Row[Any], Item]]:
    """Return the rows that belong to these, and to which."""
    if not owners:
        return []
    table, column = table_of(kind), f"{of}_id"
    if kind != "schedule":
        rows = await session.execute(select(table).where(table.c[column].in_(owners)))
        return [(row, owners[row._mapping[column]]) for row in rows]
    owning = table_of(of)
    every = await session.execute(select(owning).where(owning.c.id.in_(owners)))
    whose = {hours_key_of(of, row): owners[row.id] for row in every}
    which = {service for service, _location in whose}
    where = table.c.service_id.in_(which)
    if of == "location":
        where = table.c.location_id.in_(owners)
    rows = await session.execute(select(table).where(where))
    return [(row, whose[key]) for row in rows if (key := hours_key(row)) in whose]


async def name_moves(session: AsyncSession, plan: Plan, language: str) -> None:
    """Say of what moves from where to where, by their names."""
    for move in plan.moves:
        if not move.before or move.kind != "contact":
            continue
        if move.column != (column := f"{move.before[0]}_id"):
            stays = (move.kind, move.id, column) not in plan.parted
            move.before = None if stays else move.before
    named: dict[tuple[str, int], str] = {}
    for kind in NAMED:
        numbers = {move.before[1] for move in plan.moves if move.before and move.before[0] == kind}
        joined = {move.after[1] for move in plan.moves if move.after[0] == kind}
        numbers |= {
            *plan.numbers[kind].some(joined - plan.directory.told[kind].there(joined)).values()
        }
        for part in parts(numbers):
            every = await words(session, kind, part, language)
            named |= {(kind, number): texts.get("name", "") for number, texts in every.items()}
    for move in plan.moves:
        kind, uid = move.after
        if told := plan.directory.get(kind, uid):
            after = told.name or uid
        else:
            after = named.get((kind, plan.numbers[kind][uid]), "")
        before = named.get(move.before, "") if move.before else ""
        plan.changes.append(Change(move.kind, move.id, move.name, move.column, before, after))
