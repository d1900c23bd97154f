"""Since when the entries of a directory from outside count as right: HSDS's ``assured_date``.

HSDS says it of services, and an entry here is an organisation's: the newest day counts. Of a file
that names no day at all whoever brings it answers for it, on the day of the import.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community.people import Person
from community.providers import facts
from community.providers.freshness import right_since
from community.providers.items import Item, Plan
from community.providers.standing import parts
from community.providers.table import Metadata, Organization
from community.roles import RoleName

FIELD = "assured_date"


def newest(kept: Iterable[Mapping[str, Any]]) -> date | None:
    """Return the newest day that is kept of some services; what is read here is a day."""
    days = [date.fromisoformat(one[FIELD]) for one in kept if one.get(FIELD)]
    return max(days, default=None)


def read(plan: Plan, services: Iterable[Item], now: datetime) -> None:
    """Note the newest day of some services of each organisation, if they name one."""
    days: dict[str, list[Mapping[str, Any]]] = {}
    for item in services:
        days.setdefault(item.links.get("organization_id", ""), []).append(item.kept)
    said = {
        uid: min(datetime.combine(day, time(), UTC), now).isoformat()
        for uid, kept in days.items()
        if uid and (day := newest(kept))
    }
    before = plan.assured.some(said)
    plan.assured.update({uid: max(day, before.get(uid, day)) for uid, day in said.items()})


async def compare(session: AsyncSession, plan: Plan, now: datetime) -> None:
    """Keep of what was read that which is news; an entry's day never goes back."""
    plan.names_days = bool(plan.assured)
    if not plan.names_days:
        for part in parts(plan.directory.items["organization"]):
            plan.assured.update(dict.fromkeys([item.id for item in part], now.isoformat()))
    for some in parts(plan.assured.items()):
        numbers = plan.numbers["organization"].some([uid for uid, _moment in some])
        query = select(Organization).where(Organization.id.in_(numbers.values()))
        there = {row.id: right_since(row) for row in await session.scalars(query)}
        for uid, said in some:
            since = there.get(numbers.get(uid, 0))
            # A day is the unit: what was confirmed today already is not confirmed again.
            if since and datetime.fromisoformat(said).date() <= since.date():
                plan.assured.remove(uid)


async def write(session: AsyncSession, actor: Person, plan: Plan, now: datetime) -> None:
    """Write it, and note it like any other confirmation; nobody is asked before it is due."""
    for part in parts(plan.assured.items()):
        numbers = plan.numbers["organization"].some([uid for uid, _moment in part])
        moments = {numbers[uid]: datetime.fromisoformat(moment) for uid, moment in part}
        query = select(Organization.id, Organization.confirmed_at)
        before = dict((await session.execute(query.where(Organization.id.in_(moments)))).all())
        rows = [
            {"id": number, "confirmed_at": moment, "asks": 0, "asked_at": None}
            for number, moment in moments.items()
        ]
        await session.execute(update(Organization), rows)
        lines = [
            {
                "resource_type": "organization",
                "resource_id": number,
                "last_action_type": "confirm",
                "field_name": "confirmed_at",
                "previous_value": facts.told(before[number]),
                "replacement_value": facts.told(moment),
                "last_action_date": now,
                "updated_by_id": actor.id,
                "updated_as": RoleName.COORDINATOR.value,
            }
            for number, moment in moments.items()
        ]
        await session.execute(insert(cast("Table", Metadata.__table__)), lines)
