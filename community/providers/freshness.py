"""Whether an organisation's entry can still be believed: confirmed every 60 days, stale at 90.

Its own people are asked three times, two days apart; any of them may confirm. Where nobody of an
organisation is in the chat nobody is asked until somebody is, and the coordinators are told, every
month anew as long as there are such entries.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select, update
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
from community.roles import Role, RoleName

CONFIRMED_EVERY = timedelta(days=60)
STALE_AFTER = timedelta(days=90)
ASKED_AT_MOST = 3
ASKED_AGAIN = timedelta(days=2)
TOLD_AGAIN = timedelta(days=30)
"""So long after a notice the coordinators are told again of what nobody can answer for."""
AT_ONCE = 500
"""So many entries at most are asked about in one look, so that no look takes long."""

_SINCE = func.coalesce(Organization.confirmed_at, Organization.made_at)


def is_stale(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the entry of an organisation (of the query around it) is stale.

    What nobody has confirmed yet counts from when it was made. ``seems_stale`` says the same of
    a row that is there already.
    """
    return is_older(now - STALE_AFTER)


def is_older(moment: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that nobody has confirmed an organisation's entry after a moment."""
    return moment >= _SINCE


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
    """Ask whether entries are still right; return how many the staff were asked about.

    Asked, and counted, is where somebody can answer. Whoever joins the staff after the last time
    is asked as well. Of entries that nobody can answer for the coordinators hear every month.
    """
    await _tell_coordinators(session, now)
    found = await _locked(session, _is_asked(now))
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
        for number in (
            staff[row.id] if row.asks < ASKED_AT_MOST else await _newcomers(session, row, now)
        )
    ]
    await deliveries.plan(session, now, *plans)
    await session.execute(
        update(Organization)
        .where(among(Organization.id, [row.id for row in found]))
        .values(asks=Organization.asks + 1, asked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return len(found)


def _is_asked(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the staff of an organisation is asked now, and is there."""
    joined = roles.with_staff(now).where(
        Role.organization_id == Organization.id, Role.granted_at > Organization.asked_at
    )
    return and_(
        Organization.id.in_(roles.with_staff(now)),
        or_(
            and_(Organization.asks == 0, now - CONFIRMED_EVERY >= _SINCE),
            and_(
                Organization.asks.between(1, ASKED_AT_MOST - 1),
                Organization.asked_at <= now - ASKED_AGAIN,
            ),
            and_(Organization.asks >= ASKED_AT_MOST, joined.correlate(Organization).exists()),
        ),
    )


async def _tell_coordinators(session: AsyncSession, now: datetime) -> None:
    """Tell of all entries that nobody can answer for, when it is time for one of them."""
    unanswered = and_(
        Organization.id.not_in(roles.with_staff(now)), now - CONFIRMED_EVERY >= _SINCE
    )
    last = Organization.asked_at
    is_time = or_(last.is_(None), last <= now - TOLD_AGAIN)
    if not await _locked(session, and_(unanswered, is_time)):
        return
    coordinators = [one.id for one in await roles.holders(session, RoleName.COORDINATOR, now)]
    await deliveries.plan_notices(
        session, now, "entries_unconfirmed", coordinators, f"entries_unconfirmed:{now.date()}"
    )
    await session.execute(
        update(Organization)
        .where(unanswered)
        .values(asked_at=now)
        .execution_options(synchronize_session="fetch")
    )


async def _locked(session: AsyncSession, due: ColumnElement[bool]) -> Sequence[Organization]:
    rows = await session.scalars(
        select(Organization)
        .where(due)
        .order_by(Organization.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _newcomers(session: AsyncSession, row: Organization, now: datetime) -> list[int]:
    """Return who has come to an organisation's staff since it was asked for the last time."""
    return [
        person.id
        for role, person in await roles.colleagues(session, row.id, now)
        if row.asked_at is not None and role.granted_at > row.asked_at
    ]


async def next_ask(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the next entry is asked about, or the coordinators hear of one."""
    has_staff = Organization.id.in_(roles.with_staff(now))
    asks, last = Organization.asks, Organization.asked_at
    nobody = Organization.id.not_in(roles.with_staff(now))
    waits = or_(and_(has_staff, asks == 0), and_(nobody, last.is_(None)))
    first = await session.scalar(select(func.min(_SINCE)).where(waits))
    again = await session.scalar(
        select(func.min(last)).where(has_staff, asks.between(1, ASKED_AT_MOST - 1))
    )
    told = await session.scalar(select(func.min(last)).where(nobody))
    moments = [first + CONFIRMED_EVERY] if first else []
    moments += [again + ASKED_AGAIN] if again else []
    moments += [told + TOLD_AGAIN] if told else []
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
