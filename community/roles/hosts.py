"""Who looks after one event: an animator, its co-hosts, and whoever leads its area."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import column, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession

from community.errors import NotAllowedError
from community.lifecycle import Who
from community.people import Person
from community.roles.holding import held
from community.roles.table import Role, RoleInvitation, RoleName

if TYPE_CHECKING:  # events check roles, and so come after this module
    from community.events import Event

_AREAS = table("areas", column("id"), column("parent_id"))
"""Told by name, since areas check roles too."""


async def host(session: AsyncSession, person: Person, event: "Event", now: datetime) -> Who | None:
    """Return as what the person looks after an event now: as animator, as its host, or not at all.

    Its hosts are its co-hosts and whoever leads its area, or the area in which that one is.
    """
    mine = await held(session, person, now)
    if any(role.name == RoleName.ANIMATOR for role in mine):
        return Who.ANIMATOR
    if not event.is_hosted(now):
        return None
    if any(role.name == RoleName.CO_HOST and is_of(role, event) for role in mine):
        return Who.HOST
    led = {role.area_id for role in mine if role.name == RoleName.COMMUNITY_LEAD}
    if event.area_id is None or not led:
        return None
    within = select(_AREAS.c.parent_id).where(_AREAS.c.id == event.area_id)
    return Who.HOST if led & {event.area_id, await session.scalar(within)} - {None} else None


def is_of(role: Role, event: "Event") -> bool:
    """Say whether a role is for this event: for it alone, or for all dates of its series."""
    in_series = role.series_id is not None and role.series_id == event.series_id
    return in_series or role.event_id == event.id


async def require_host(
    session: AsyncSession, person: Person, event: "Event", now: datetime
) -> Who:
    """Return as what the person looks after an event now.

    Raises:
        NotAllowedError: they are no animator, no co-host of this event, no lead of its area; or
            it has been over for some days, or does not take place.
    """
    found = await host(session, person, event, now)
    if found is None:
        raise NotAllowedError(RoleName.CO_HOST)
    return found


async def follow_event(
    session: AsyncSession, event: "Event", before: datetime, after: datetime
) -> None:
    """Let what ends with an event end when it does now; what was to end earlier still does."""
    for kind in (Role, RoleInvitation):
        await session.execute(
            update(kind)
            .where(kind.event_id == event.id, kind.until == before)
            .values(until=after)
            .execution_options(synchronize_session="fetch")
        )
