"""What an import does to what an organisation has written itself: shown before, told after."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import notices, roles
from community.among import among
from community.disk import DiskList
from community.lifecycle import Who
from community.providers.items import Change, Plan
from community.providers.standing import parts
from community.providers.table import Metadata, Organization, Service

ENTRY = ("organization", "service")
"""Of which kinds an organisation writes values itself."""


async def mark(session: AsyncSession, plan: Plan) -> None:
    """Mark the changes of values that the organisation's own people were the last to write."""
    marked: DiskList[Change] = DiskList(plan.directory.disk)
    for part in parts(plan.changes):
        last: dict[tuple[str, int, str], str | None] = {}
        for kind in ENTRY:
            numbers = {change.id for change in part if change.kind == kind}
            rows = await session.execute(
                select(Metadata.resource_id, Metadata.field_name, Metadata.updated_as)
                .where(Metadata.resource_type == kind, among(Metadata.resource_id, numbers))
                .order_by(Metadata.id)
            )
            last |= {(kind, number, field): by for number, field, by in rows}
        for change in part:
            by = last.get((change.kind, change.id, change.field[:32]))
            marked.append(replace(change, overwrites=by == Who.PROVIDER))
    plan.changes = marked


async def tell(
    session: AsyncSession, plan: Plan, services: Collection[int], now: datetime
) -> None:
    """Tell the staff of each organisation whose entry, or whose services' hours, have changed."""
    concerned = {change.id for change in plan.changes if change.kind == "organization"}
    changed = {change.id for change in plan.changes if change.kind == "service"}
    for part in parts(changed | {*services}):
        query = select(Service.organization_id).where(among(Service.id, part))
        concerned |= set(await session.scalars(query))
    staffed = await roles.staff_of_each(session, concerned, now)
    for number in staffed:
        organization = await session.get_one(Organization, number)
        await notices.tell_staff(
            session, number, "entry", organization, now, occurrence=f"import:{now.date()}"
        )
