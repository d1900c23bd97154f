"""An organisation's own people keep its entry; the coordinator reads the log, and puts back.

What the staff says about its own organisation counts at once, in the language in which the entry
is kept; in another language it is a translation, and waits for a second reader. The coordinators
are told, and every value that stood there before can be put back.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles, translations
from community.base import find
from community.errors import ChangedError, NotAllowedError, NotFoundError
from community.lifecycle import Who
from community.people import Person
from community.portions import Portion, portion
from community.providers import facts, freshness, noting
from community.providers.capacity import REFERRALS, TAKES_ROOM
from community.providers.facts import Entry
from community.providers.table import Metadata, Organization, Service
from community.roles import RoleName

STAFF_FACTS = frozenset(
    {
        *("languages", "interpretation", "area", "online", "cost", "currency", "hours"),
        *("email", "phone", "url", "website", "is_paused", "full_until", "capacity"),
    }
)
"""The facts that an organisation's own people write; its words they write as well.

What a service is about, for whom a network is meant, and whether members are shown it at all, is
the coordinator's.
"""

LOOKED_AT = 100
"""So many lines of a log are read at once to find one again: mostly it is among the newest."""


async def own(session: AsyncSession, actor: Person, now: datetime) -> list[Organization]:
    """Return the organisations whose staff the actor is now."""
    held = await roles.held(session, actor, now)
    numbers = {role.organization_id for role in held if role.name == RoleName.PROVIDER_STAFF}
    rows = await session.scalars(
        select(Organization)
        .where(Organization.id.in_(number for number in numbers if number is not None))
        .order_by(Organization.id)
    )
    return list(rows)


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Organization:
    """Return the actor's own organisation.

    Raises:
        NotAllowedError: it is another's, or the role has ended.
    """
    organization = await find(session, Organization, ref, lock=lock)
    await _require_staff(session, actor, organization.id, now)
    return organization


async def opened_service(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Service:
    """Return a service of the actor's own organisation.

    Raises:
        NotAllowedError: it is another's, or the role has ended.
    """
    service = await find(session, Service, ref, lock=lock)
    await _require_staff(session, actor, service.organization_id, now)
    return service


async def _require_staff(
    session: AsyncSession, actor: Person, organization_id: int, now: datetime
) -> None:
    await roles.require(
        session, actor, RoleName.PROVIDER_STAFF, now, organization_id=organization_id
    )


async def entry(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Entry:
    """Return what has this reference, an organisation or a service, locked for its own people.

    Raises:
        NotFoundError: nothing has it.
        NotAllowedError: it is another organisation's, or the role has ended.
    """
    try:
        return await opened(session, actor, ref, now, lock=True)
    except NotFoundError:
        return await opened_service(session, actor, ref, now, lock=True)


async def change(
    session: AsyncSession,
    actor: Person,
    ref: str,
    changes: Mapping[str, str],
    now: datetime,
    *,
    seen: str | None = None,
    confirms: bool = False,
) -> Entry:
    """Write fields of the own entry (``facts``), note each, and tell the coordinators once a day.

    ``seen`` seals what was shown before it was saved (``seal``). Only ``confirms`` says that all
    the rest is right, too.

    Raises:
        NotFoundError: there is no such entry.
        NotAllowedError: it is not the actor's, or this is not a field of theirs.
        NotUnderstoodError: a value does not fit its field.
        IllegalMoveError: a translation stands approved there.
        ChangedError: something else stands there by now.
    """
    row = await entry(session, actor, ref, now)
    if seen is not None and seen != await seal(session, row, changes):
        raise ChangedError("entry", "shown", "saved")
    changed = False
    for field, text in changes.items():
        if ":" not in field and field not in STAFF_FACTS:
            raise NotAllowedError(RoleName.COORDINATOR)
        changed |= await noting.put(session, actor, row, field, text, now, by=Who.PROVIDER)
    number = row.organization_id if isinstance(row, Service) else row.id
    if changed:
        await _tell_coordinators(session, actor, number, now)
    if confirms:
        organization = await session.get_one(Organization, number)
        await freshness.confirm_row(session, actor, organization, now, by=Who.PROVIDER)
    return row


async def seal(session: AsyncSession, row: Entry, changes: Mapping[str, str]) -> str:
    """Return what stands for these changes to what stands there now, for a button."""
    stands = [await facts.value(session, row, field) for field in changes]
    return translations.seal(*changes, *changes.values(), *stands)


async def _tell_coordinators(
    session: AsyncSession, actor: Person, organization_id: int, now: datetime
) -> None:
    organization = await session.get_one(Organization, organization_id)
    coordinators = await roles.holders(session, RoleName.COORDINATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        "entry_changed",
        [person.id for person in coordinators if person.id != actor.id],
        f"entry_changed:{organization_id}:{now.date()}",
        subject_id=organization_id,
        ref=organization.ref,
    )


async def taken(session: AsyncSession, service: Service) -> int:
    """Return how many of a service's places are taken now."""
    return (
        await session.scalar(
            select(func.count())
            .select_from(REFERRALS)
            .where(REFERRALS.c.service_id == service.id, REFERRALS.c.state.in_(TAKES_ROOM))
        )
        or 0
    )


# The log


async def log(
    session: AsyncSession,
    actor: Person,
    organization: Organization,
    now: datetime,
    *,
    at: int = 0,
    size: int,
) -> Portion[Metadata]:
    """Return a page of the changes of an organisation's entry and its services, newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await portion(session, _changes(organization).order_by(Metadata.id.desc()), at, size)


def _changes(organization: Organization) -> Select[Metadata]:
    services = select(Service.id).where(Service.organization_id == organization.id)
    return select(Metadata).where(
        or_(
            and_(
                Metadata.resource_type == "organization",
                Metadata.resource_id == organization.id,
            ),
            and_(Metadata.resource_type == "service", Metadata.resource_id.in_(services)),
        )
    )


async def line(
    session: AsyncSession, actor: Person, organization: Organization, seen: str, now: datetime
) -> tuple[Metadata, int]:
    """Return the newest line of the log that this seal stands for, and its place in the log.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such line any more.
    """
    at = 0
    while True:
        lines = await log(session, actor, organization, now, at=at, size=LOOKED_AT)
        for place, each in enumerate(lines.rows, at * LOOKED_AT + 1):
            if seal_of(each) == seen:
                return each, place
        at += 1
        if at * LOOKED_AT >= lines.total:
            raise NotFoundError("Metadata")


def seal_of(line: Metadata) -> str:
    """Return what stands for one line of the log, in a button."""
    return translations.seal(
        line.resource_type,
        str(line.resource_id),
        line.last_action_date.isoformat(),
        line.field_name,
        line.previous_value,
        line.replacement_value,
    )


async def subject_row(session: AsyncSession, line: Metadata) -> Entry | None:
    """Return the organisation or the service that a line of the log is about."""
    table = Service if line.resource_type == "service" else Organization
    found: Entry | None = await session.get(table, line.resource_id)
    return found


async def can_be_put_back(session: AsyncSession, line: Metadata) -> bool:
    """Say whether a line is about a field of an entry: an import brings other things, too."""
    row = await subject_row(session, line)
    return (
        row is not None
        and line.last_action_type != "confirm"
        and facts.is_known(row, line.field_name)
    )


async def put_back(
    session: AsyncSession, actor: Person, ref: str, seen: str, now: datetime
) -> Organization:
    """Write once more what stood there before one line of the log, and note that as well.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such line any more, or an area is gone.
        NotUnderstoodError: it cannot be put back, as the steps are others by now.
    """
    organization = await find(session, Organization, ref, lock=True)
    change, _place = await line(session, actor, organization, seen, now)
    row = await subject_row(session, change)
    if row is None or not await can_be_put_back(session, change):
        raise NotFoundError("Metadata")
    row = await find(session, type(row), row.ref, lock=True)
    field, before, by = change.field_name, change.previous_value, Who.COORDINATOR
    await noting.put(session, actor, row, field, before, now, by=by, again=True)
    return organization
