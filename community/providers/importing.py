"""What a comparison with a directory from outside has found is written: all of it, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, collecting, roles, translations
from community.among import these
from community.base import new_ref
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import assuring, hours, overwriting
from community.providers.items import BELONGS, LINKS, NAMED, Change, Item, Plan
from community.providers.standing import (
    AT_ONCE,
    HoursKey,
    hours_key,
    hours_key_of,
    parts,
    table_of,
)
from community.providers.table import Kind, Location, Metadata, ServiceStep, ServiceTerm, Strength
from community.roles import RoleName
from community.translations import ContentText, State
from community.writing import insert_many

BESIDE = ("steps", "step_documents", "terms", "strengths")
"""Values of a service that are rows of other tables."""

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "organization": {"email": None, "phone": None, "website": None, "asks": 0},
    "program": {},
    "location": {
        "latitude": None,
        "longitude": None,
        "address": None,
        "step_free": None,
        "area_id": None,
    },
    "taxonomy_term": {"code": "", "name": "", "taxonomy": "", "need": None},
    "service": {
        "kind": Kind.SERVICE,
        "need": Need.OTHER,
        "languages": [],
        "interpretation": False,
        "area_id": None,
        "online": False,
        "cost": None,
        "currency": "EUR",
        "email": None,
        "phone": None,
        "url": None,
        "profiles": [],
        "is_open": True,
        "is_paused": False,
    },
    "service_at_location": {},
    "schedule": {
        "byday": "",
        "opens_at": "",
        "closes_at": "",
        "valid_from": None,
        "valid_to": None,
    },
    "contact": {"name": None, "title": None, "email": None, "phone": None},
}
"""The columns that an import writes, by kind, and what a new row has if the file is silent."""
Lifted = tuple[dict[str, Any], list[int]]
"""A service at a place, and which hours are its own."""
TELL_HOURS = ("schedule", "service_at_location")
MADE = ("organization", "program", "location", "service")


async def write(
    session: AsyncSession, actor: Person, plan: Plan, language: str, now: datetime
) -> None:
    """Write what a comparison has found; its words are sources in ``language``.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    with collecting.put_off():
        await _write(session, actor, plan, language, now)
    await session.flush()


async def _write(
    session: AsyncSession, actor: Person, plan: Plan, language: str, now: datetime
) -> None:
    services = await _whose_hours(session, plan)
    stood = await _weeks(session, services)
    await _let_go(session, plan)
    lifted = await _lift(session, plan)
    for kind, items in groupby(plan.new, key=attrgetter("kind")):
        for part in parts(items):
            await _insert(session, actor, plan, kind, part, language, now)
    for item, found in plan.changed:
        await _change(session, actor, plan, item, found, language, now, lifted)
    await _place(session)
    weeks = [
        Change("service", number, "", "hours", stood[number], week)
        for number, week in (await _weeks(session, services)).items()
        if week != stood[number]
    ]
    await _log(session, actor, chain(plan.changes, weeks), now)
    await assuring.write(session, actor, plan, now)
    await overwriting.tell(session, plan, [week.id for week in weeks], now)


async def _whose_hours(session: AsyncSession, plan: Plan) -> set[int]:
    """Return the services that stand and that may have other hours afterwards."""
    there: set[int] = set()
    places: set[int] = set()
    touched = chain(plan.new, (item for item, _found in plan.changed))
    if not (plan.numbers["service"] or plan.numbers["location"]):
        return there
    for items in parts(item for item in touched if item.kind in TELL_HOURS):
        for column, numbers in (("service_id", there), ("location_id", places)):
            uids = {item.links[column] for item in items if column in item.links}
            numbers |= {*plan.numbers[LINKS[column]].some(uids).values()}
    gone = [*plan.gone, *((move.kind, move.id) for move in plan.moves)]
    for kind in TELL_HOURS:
        table = table_of(kind)
        for part in parts({number for of, number in gone if of == kind}):
            for row in await session.execute(select(table).where(table.c.id.in_(part))):
                there.add(row.service_id or 0)
                places.add(row.location_id or 0)
    table = table_of("service_at_location")
    for part in parts(places - {0}):
        query = select(table.c.service_id).where(table.c.location_id.in_(part))
        there |= set(await session.scalars(query))
    return there - {0}


async def _weeks(session: AsyncSession, services: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in parts(sorted(services)):
        weeks = await hours.weeks(session, part)
        found |= {number: weeks.get(number, "") for number in part}
    return found


async def _place(session: AsyncSession) -> None:
    """Put locations that are in no area into the nearest: members look round where they live."""
    known, last = await areas.every(session), 0
    query: Any = (
        select(Location.id, Location.latitude, Location.longitude)
        .where(
            Location.area_id.is_(None),
            Location.latitude.between(-90, 90),
            Location.longitude.between(-180, 180),
        )
        .order_by(Location.id)
        .limit(AT_ONCE)
    )
    while known and (rows := (await session.execute(query.where(Location.id > last))).all()):
        last = rows[-1].id
        placed = [
            {"id": number, "area_id": area.id}
            for number, latitude, longitude in rows
            if (area := areas.nearest(known, latitude, longitude))
        ]
        if placed:
            await session.execute(update(Location), placed)


async def _insert(
    session: AsyncSession,
    actor: Person,
    plan: Plan,
    kind: str,
    items: Sequence[Item],
    language: str,
    now: datetime,
) -> None:
    table, defaults = table_of(kind), DEFAULTS[kind]
    owners = {
        column: plan.numbers[LINKS[column]].some({item.links.get(column, "") for item in items})
        for column in BELONGS.get(kind, ())
    }
    rows = []
    for item in items:
        row = {"hsds_id": item.id, "hsds": item.kept, **defaults}
        row |= {
            column: value
            for column, value in item.values.items()
            if column in defaults and value is not None
        }
        for column, numbers in owners.items():
            uid = item.links.get(column)
            row[column] = numbers[uid] if uid else None
        if kind in MADE:
            row["made_at"] = now
        rows.append(row)
    await _insert_all(session, table, rows)
    ids = [item.id for item in items]
    query = select(table.c.hsds_id, table.c.id).where(these(table.c.hsds_id))
    made = await session.execute(query, {"these": ids})
    numbers = {row.hsds_id: row.id for row in made}
    plan.numbers[kind].update(numbers)
    if kind in NAMED:
        field = f"name:{language}"
        made_here = (Change(kind, numbers[item.id], "", field, "", item.name) for item in items)
        await _log(session, actor, made_here, now, action="create")
        await _add_words(
            session,
            actor,
            kind,
            {
                numbers[item.id]: {
                    name[1:]: text for name, text in item.values.items() if name[0] == "." and text
                }
                for item in items
            },
            language,
            now,
        )
    if kind == "service":
        await _add_beside(
            session,
            actor,
            plan,
            {numbers[item.id]: item.values for item in items},
            language,
            now,
        )


async def _insert_all(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    await session.run_sync(lambda sync: insert_many(sync.connection(), insert(table), rows))


async def _add_words(
    session: AsyncSession,
    actor: Person,
    subject: str,
    words: Mapping[int, Mapping[str, str]],
    language: str,
    now: datetime,
) -> None:
    """Write what ``translations.write`` would for sources, by a few statements."""
    rows = [
        {
            "subject": subject,
            "subject_id": number,
            "language": language,
            "field": name,
            "text": text,
            "state": State.APPROVED,
            "is_source": True,
            "written_by_id": actor.id,
            "written_as": Who.COORDINATOR.value,
            "written_at": now,
        }
        for number, fields in words.items()
        for name, text in fields.items()
    ]
    if rows:
        await _insert_all(session, cast("Table", ContentText.__table__), rows)
        await translations.tell_followers(session, subject, *words)


async def _add_beside(
    session: AsyncSession,
    actor: Person,
    plan: Plan,
    services: Mapping[int, Mapping[str, Any]],
    language: str,
    now: datetime,
) -> None:
    """Write the terms, strengths and steps of services."""
    said = {uid for values in services.values() for uid in values.get("terms") or ()}
    known = plan.numbers["taxonomy_term"].some(said)
    terms = [
        {"service_id": number, "term_id": known[uid]}
        for number, values in services.items()
        for uid in values.get("terms") or ()
    ]
    strengths = [
        {"service_id": number, "need": need, "is_strength": is_strength}
        for number, values in services.items()
        for need, is_strength in (values.get("strengths") or {}).items()
    ]
    steps: dict[str, dict[str, str]] = {}
    rows = []
    for number, values in services.items():
        documents = values.get("step_documents") or {}
        for position, text in enumerate(values.get("steps") or (), start=1):
            ref = new_ref()
            steps[ref] = {"text": text}
            if position in documents:
                steps[ref]["documents"] = documents[position]
            rows.append({"ref": ref, "service_id": number, "position": position})
    for made, every in ((ServiceTerm, terms), (Strength, strengths), (ServiceStep, rows)):
        if every:
            await _insert_all(session, cast("Table", made.__table__), every)
    for part in parts(steps):
        found = await session.execute(
            select(ServiceStep.id, ServiceStep.ref).where(these(ServiceStep.ref)), {"these": part}
        )
        words = {number: steps[ref] for number, ref in found}
        await _add_words(session, actor, "step", words, language, now)


async def _change(
    session: AsyncSession,
    actor: Person,
    plan: Plan,
    item: Item,
    found: Mapping[str, Any],
    language: str,
    now: datetime,
    lifted: Mapping[int, Lifted],
) -> None:
    kind, numbers = item.kind, plan.numbers
    number = numbers[kind][item.id]
    columns: dict[str, Any] = {}
    for to, value in found.items():
        if to in LINKS:
            columns[to] = None if value is None else numbers[LINKS[to]][value]
        elif to[0] != "." and to not in BESIDE:
            columns[to] = value
    if kind == "location" and columns.keys() & {"latitude", "longitude"}:
        columns.setdefault("area_id", None)  # it has moved; `_place` says whereto
    table = table_of(kind)
    if kind == "service_at_location" and number in lifted:
        await _put_down(session, lifted[number], columns)
    elif columns:
        await session.execute(update(table).where(table.c.id == number).values(columns))
    words = {to[1:]: text for to, text in found.items() if to[0] == "."}
    if words:
        by = Who.COORDINATOR
        await translations.write(session, actor, kind, number, language, words, now, by=by)
    if kind == "service":
        for to, row in (("terms", ServiceTerm), ("strengths", Strength)):
            if to in found:
                await session.execute(delete(row).where(cast("Any", row).service_id == number))
        beside = {to: found[to] for to in BESIDE if to in found}
        await _add_beside(session, actor, plan, {number: beside}, language, now)


async def _let_go(session: AsyncSession, plan: Plan) -> None:
    """Part rows from what they belonged to, and delete those that belong to nothing any more.

    This comes first: something else may take their place.
    """
    for kind, number, column in plan.parted:
        table = table_of(kind)
        await session.execute(update(table).where(table.c.id == number).values({column: None}))
    for kind, number in plan.gone:
        table = table_of(kind)
        await session.execute(delete(table).where(table.c.id == number))


async def _lift(session: AsyncSession, plan: Plan) -> dict[int, Lifted]:
    """Take out the services at places that move, so that two of them can change places."""
    table, schedules = table_of("service_at_location"), table_of("schedule")
    lifted: dict[int, Lifted] = {}
    for part in parts({move.id for move in plan.moves if move.kind == "service_at_location"}):
        rows = (await session.execute(select(table).where(table.c.id.in_(part)))).all()
        its_hours: dict[HoursKey, list[int]] = {}
        services = {row.service_id for row in rows}
        for row in await session.execute(
            select(schedules).where(schedules.c.service_id.in_(services))
        ):
            its_hours.setdefault(hours_key(row), []).append(row.id)
        for row in rows:
            key = hours_key_of("service_at_location", row)
            lifted[row.id] = dict(row._mapping), its_hours.get(key, [])
        await session.execute(delete(table).where(table.c.id.in_(part)))
    return lifted


async def _put_down(session: AsyncSession, lifted: Lifted, columns: Mapping[str, Any]) -> None:
    """Write a service at a place where it has moved to, with its hours."""
    row, schedules = {**lifted[0], **columns}, table_of("schedule")
    await session.execute(insert(table_of("service_at_location")).values(row))
    to = {column: row[column] for column in BELONGS["schedule"]}
    await session.execute(update(schedules).where(schedules.c.id.in_(lifted[1])).values(to))


async def _log(
    session: AsyncSession,
    actor: Person,
    changes: Iterable[Change],
    now: datetime,
    action: str = "update",
) -> None:
    """Write down each change in HSDS's terms; its values are told as ``facts`` tells them."""
    by = {
        "last_action_date": now,
        "updated_by_id": actor.id,
        "updated_as": RoleName.COORDINATOR.value,
    }
    rows = (
        {
            "resource_type": change.kind,
            "resource_id": change.id,
            "last_action_type": action if change.field else "delete",
            "field_name": change.field[:32],
            "previous_value": change.before if change.codes is None else change.codes[0],
            "replacement_value": change.after if change.codes is None else change.codes[1],
            **by,
        }
        for change in changes
    )
    for part in parts(rows):
        await _insert_all(session, cast("Table", Metadata.__table__), part)
