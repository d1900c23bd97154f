"""Whether a service takes somebody now: paused, full until a day, or as many as it can."""

from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    String,
    and_,
    column,
    func,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.providers.table import Service

TAKES_ROOM = ("pending", "needs_information", "accepted", "in_service")
"""The states in which a referral takes one of a service's places."""

# Named here and not imported: referrals import this package.
REFERRALS = table("referrals", column("service_id", Integer), column("state", String))


def _takes_room() -> ColumnElement[bool]:
    # Written out: an IN is put together anew each time that it is asked.
    return or_(*(REFERRALS.c.state == state for state in TAKES_ROOM))


def is_full(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that a service (of the query around it) takes nobody now."""
    on_the_way = (
        select(func.count())
        .select_from(REFERRALS)
        .where(REFERRALS.c.service_id == Service.id, _takes_room())
        .correlate(Service)
        .scalar_subquery()
    )
    return or_(
        Service.is_paused,
        func.coalesce(Service.full_until > now, False),
        # Nobody is counted where there is no limit: most services have none.
        and_(Service.capacity.is_not(None), func.coalesce(Service.capacity <= on_the_way, False)),
    )


async def has_room(session: AsyncSession, service: Service, now: datetime) -> bool:
    """Say whether one more person can be referred there. Lock the service first to be sure."""
    full = await session.scalar(select(is_full(now)).where(Service.id == service.id))
    return not full
