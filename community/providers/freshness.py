"""Whether an organisation's entry can still be believed: confirmed every 60 days, stale at 90.

Its own people are asked three times, two days apart; any of them may confirm. Where nobody of an
organisation is in the chat, the coordinators are told once a day how many such entries there are.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.among import among
from community.base import find
from community.deliveries import Plan
from community.errors import NotAllowedError
from community.lifecycle import Who
from community.people import Person
from community.portions import Portion, portion
from community.providers import facts, noting
from community.providers.table import Organization
from community.roles import RoleName

CONFIRMED_EVERY = timedelta(days=60)
STALE_AFTER = timedelta(days=90)
ASKED_AT_MOST = 3
ASKED_AGAIN = timedelta(days=2)
AT_ONCE = 500
"""So many entries at most are asked about in one look, so that no look takes long."""

_SINCE = func.coalesce(Organization.confirmed_at, Organization.made_at)


def is_stale(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the entry of an organisation (of the query around it) is stale.

    What nobody has confirmed yet counts from when it was made. ``seems_stale`` says the same of
    a row that is there already.
    """
    return now - STALE_AFTER >= _SINCE


def seems_stale(organization: Organization, now: datetime) -> bool:
    """Say whether nobody has confirmed the organisation's entry for 90 days."""
    return right_since(organization) <= now - STALE_AFTER


def right_since(organization: Organization) -> datetime:
    """Return when somebody last said that the entry is right."""
    return organization.confirmed_at or organization.made_at


async def confirm(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Organization:
    """Say that an entry is right as it stands: any of its own people, or a coordinator.

    Raises:
        NotAllowedError: the actor is neither.
    """
    organization = await find(session, Organization, ref, lock=True)
    number = organization.id
    if await roles.holds(session, actor, RoleName.PROVIDER_STAFF, now, organization_id=number):
        by = Who.PROVIDER
    elif await roles.holds(session, actor, RoleName.COORDINATOR, now):
        by = Who.COORDINATOR
    else:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    await confirm_row(session, actor, organization, now, by=by)
    return organization


async def confirm_row(
    session: AsyncSession, actor: Person, organization: Organization, now: datetime, *, by: Who
) -> None:
    """Note that an entry is right; the caller has checked who says so."""
    before = facts.told(organization.confirmed_at)
    organization.confirmed_at, organization.asks, organization.asked_at = now, 0, None
    if (after := facts.told(now)) != before:
        field = "confirmed_at"
        noting.note(
            session, actor, organization, field, before, after, now, by=by, action="confirm"
        )
    await session.flush()


async def ask(session: AsyncSession, now: datetime) -> int:
    """Ask whether entries are still right; return how many were asked about.

    Whoever reads an organisation's requests is asked, else the coordinators.
    """
    due = (
        select(Organization)
        .where(
            or_(
                and_(Organization.asks == 0, now - CONFIRMED_EVERY >= _SINCE),
                and_(
                    Organization.asks.between(1, ASKED_AT_MOST - 1),
                    Organization.asked_at <= now - ASKED_AGAIN,
                ),
            )
        )
        .order_by(Organization.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found = (await session.scalars(due)).all()
    if not found:
        return 0
    staff = await roles.staff_of_each(session, [row.id for row in found], now)
    plans = [
        Plan(
            "entry_check",
            number,
            f"entry_check:{row.id}:{right_since(row).isoformat()}:{row.asks + 1}:{number}",
            now,
            {"ref": row.ref},
            subject_id=row.id,
        )
        for row in found
        for number in staff.get(row.id, ())
    ]
    await deliveries.plan(session, now, *plans)
    if any(row.id not in staff for row in found):
        coordinators = await roles.holders(session, RoleName.COORDINATOR, now)
        readers = [person.id for person in coordinators]
        await deliveries.plan_notices(
            session, now, "entries_unconfirmed", readers, f"entries_unconfirmed:{now.date()}"
        )
    await session.execute(
        update(Organization)
        .where(among(Organization.id, [row.id for row in found]))
        .values(asks=Organization.asks + 1, asked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return len(found)


async def next_ask(session: AsyncSession) -> datetime | None:
    """Return when the next entry is asked about."""
    first = await session.scalar(select(func.min(_SINCE)).where(Organization.asks == 0))
    again = await session.scalar(
        select(func.min(Organization.asked_at)).where(
            Organization.asks.between(1, ASKED_AT_MOST - 1)
        )
    )
    moments = [first + CONFIRMED_EVERY] if first else []
    moments += [again + ASKED_AGAIN] if again else []
    return min(moments, default=None)


async def unconfirmed(
    session: AsyncSession, actor: Person, now: datetime, *, at: int = 0, size: int
) -> Portion[Organization]:
    """Return a page of what was not confirmed for 60 days, the oldest first, to a coordinator.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    due = select(Organization).where(now - CONFIRMED_EVERY >= _SINCE)
    return await portion(session, due.order_by(_SINCE, Organization.id), at, size)
