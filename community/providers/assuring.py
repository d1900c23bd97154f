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
from community.providers.items import Directory, Plan
from community.providers.standing import parts
from community.providers.table import Metadata, Organization
from community.roles import RoleName

FIELD = "assured_date"


def newest(kept: Iterable[Mapping[str, Any]]) -> date | None:
    """Return the newest day that is kept of some services; what is read here is a day."""
    days = [date.fromisoformat(one[FIELD]) for one in kept if one.get(FIELD)]
    return max(days, default=None)


async def compare(session: AsyncSession, plan: Plan, directory: Directory, now: datetime) -> None:
    """Note from when on which entries count as right; it never goes back."""
    services: dict[str, list[Mapping[str, Any]]] = {}
    for item in directory.items.get("service", ()):
        services.setdefault(item.links.get("organization_id", ""), []).append(item.kept)
    days = {uid: day for uid, kept in services.items() if uid and (day := newest(kept))}
    plan.names_days = bool(days)
    ids = [item.id for item in directory.items.get("organization", ())]
    moments = (
        {uid: min(datetime.combine(day, time(), UTC), now) for uid, day in days.items()}
        if days
        else dict.fromkeys(ids, now)
    )
    numbers = plan.numbers["organization"]
    there: dict[int, datetime] = {}
    for part in parts({numbers[uid] for uid in moments if uid in numbers}):
        rows = await session.scalars(select(Organization).where(Organization.id.in_(part)))
        there |= {row.id: right_since(row) for row in rows}
    for uid, moment in moments.items():
        since = there.get(numbers.get(uid, 0))
        # A day is the unit: what was confirmed today already is not confirmed again.
        if since is None or moment.date() > since.date():
            plan.assured[uid] = moment


async def write(session: AsyncSession, actor: Person, plan: Plan, now: datetime) -> None:
    """Write it, and note it like any other confirmation; nobody is asked before it is due."""
    for part in parts(plan.assured):
        moments = {plan.numbers["organization"][uid]: plan.assured[uid] for uid in part}
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
