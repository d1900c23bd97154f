"""A coordinator writes the directory: organisations, services, steps, and their words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, roles, translations
from community.among import among
from community.base import Base, Referable, columns_to, find
from community.errors import InUseError, NotFoundError, NotUnderstoodError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.portions import Portion, portion
from community.providers import facts, noting
from community.providers.table import Kind, Organization, Service, ServiceStep
from community.roles import RoleName


async def create_organization(
    session: AsyncSession, actor: Person, name: str, language: str, now: datetime
) -> Organization:
    """Add an organisation. Nothing personal goes there before its agreement is active.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: the name is empty or too long.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = Organization(made_at=now)
    session.add(organization)
    await session.flush()
    await translations.write(
        session,
        actor,
        "organization",
        organization.id,
        language,
        {"name": name},
        now,
        by=Who.COORDINATOR,
    )
    await noting.note_all(session, actor, organization, language, now, by=Who.COORDINATOR)
    return organization


async def create_service(
    session: AsyncSession,
    actor: Person,
    organization_ref: str,
    need: Need,
    languages: Sequence[str],
    texts: Mapping[str, str],
    language: str,
    now: datetime,
    *,
    area_ref: str | None = None,
    online: bool = False,
    cost: Decimal | None = None,
    currency: str = "EUR",
    interpretation: bool = False,
    steps: Sequence[str] = (),
    kind: Kind = Kind.SERVICE,
) -> Service:
    """Add a service with its steps, in the author's language.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: a text or the cost is wrong.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, organization_ref)
    area = await areas.by_ref(session, area_ref) if area_ref else None
    service = Service(
        organization_id=organization.id,
        kind=kind,
        need=need,
        languages=list(languages),
        interpretation=interpretation,
        area_id=area.id if area else None,
        online=online,
        cost=facts.OF_SERVICE["cost"](facts.told(cost)),
        currency=currency,
        made_at=now,
    )
    session.add(service)
    await session.flush()
    by = Who.COORDINATOR
    await translations.write(session, actor, "service", service.id, language, texts, now, by=by)
    for position, text in enumerate(steps, start=1):
        step = ServiceStep(service_id=service.id, position=position)
        session.add(step)
        await session.flush()
        words = {"text": text}
        await translations.write(session, actor, "step", step.id, language, words, now, by=by)
    await noting.note_all(session, actor, service, language, now, by=by)
    return service


CHANGEABLE = frozenset(
    {
        *("need", "languages", "interpretation", "area_ref", "online", "cost", "currency"),
        *("is_open", "kind", "profiles", "strengths"),
    }
)


async def edit_service(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **changes: Any
) -> Service:
    """Change some facts of a service.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: there is no such fact, or its value is wrong.
        NotFoundError: there is no such area, or it is closed.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    service = await find(session, Service, ref, lock=True)
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise NotUnderstoodError(name)
        field = "area" if name == "area_ref" else name
        text = facts.told(value)
        await noting.put(session, actor, service, field, text, now, by=Who.COORDINATOR)
    return service


async def area_is_used(session: AsyncSession, area: areas.Area) -> bool:
    """Say whether anything points at the area: a person, a service, an event, a role, a plan."""
    for table in Base.metadata.tables.values():
        for column in columns_to(table, "areas"):
            if await session.scalar(select(column).where(column == area.id).limit(1)):
                return True
    return False


async def remove_area(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Remove an area that nobody needs, with its names.

    Raises:
        NotAllowedError: the actor is no coordinator.
        InUseError: somebody lives there, or something is given, planned or led there.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    area = await find(session, areas.Area, ref, lock=True)
    if await area_is_used(session, area):
        raise InUseError
    await translations.forget(session, "area", area.id)
    await session.delete(area)
    await session.flush()


_TABLES: Mapping[str, type[Referable]] = {
    "organization": Organization,
    "service": Service,
    "step": ServiceStep,
    "area": areas.Area,
}


async def translate(
    session: AsyncSession,
    actor: Person,
    subject: str,
    ref: str,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
) -> None:
    """Write the words of an organisation, a service, a step or an area in one language.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such thing.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    if subject not in _TABLES:
        raise NotFoundError(subject)
    row = await find(session, _TABLES[subject], ref)
    by = Who.COORDINATOR
    await noting.write_words(session, actor, row, subject, language, texts, now, by=by)


# Reading


async def organizations(
    session: AsyncSession, at: int, size: int, *, but: Collection[int] = ()
) -> Portion[Organization]:
    """Return a page of the organisations, in the order in which they were added.

    ``but`` are the numbers of those that are left out.
    """
    query = select(Organization).where(~among(Organization.id, but)).order_by(Organization.id)
    return await portion(session, query, at, size)


def _services(organization: Organization) -> Select[Service]:
    return select(Service).where(Service.organization_id == organization.id).order_by(Service.id)


async def services_of(session: AsyncSession, organization: Organization) -> list[Service]:
    """Return an organisation's services."""
    return list(await session.scalars(_services(organization)))


async def services_on(
    session: AsyncSession, organization: Organization, at: int, size: int
) -> Portion[Service]:
    """Return a page of an organisation's services."""
    return await portion(session, _services(organization), at, size)
