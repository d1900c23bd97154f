"""Support organisations, what they offer, and the steps a member takes to get it.

Words are HSDS 3.0's where it has one. Names, descriptions and steps are texts of their own
(``community/translations.py``): subjects ``organization``, ``service`` and ``step``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, Select, String, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import areas, deliveries, roles, translations
from community.base import Base, BigId, Identified, Referable, find
from community.deliveries import Plan
from community.errors import InUseError, NotFoundError, NotUnderstoodError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.policy import NUDGES
from community.roles import RoleName
from community.writing import insert_new

STEP_WAITS = timedelta(days=7)
"""A step that stays unticked for so long is nudged about."""


class Organization(Base, Referable):
    """A support provider (HSDS organization)."""

    __tablename__ = "organizations"

    made_at: Mapped[datetime]


class Service(Base, Referable):
    """What a provider offers (HSDS service)."""

    __tablename__ = "services"

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    need: Mapped[Need] = mapped_column(String(24), index=True)
    languages: Mapped[list[str]]
    """Languages it is given in, by the provider's own people."""
    interpretation: Mapped[bool] = mapped_column(default=False)
    """An interpreter can be asked for; never mixed up with ``languages``."""
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    online: Mapped[bool] = mapped_column(default=False)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    """0 is free of charge, None is not known."""
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    is_open: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]


class ServiceStep(Base, Referable):
    """One thing to do to get a service."""

    __tablename__ = "service_steps"

    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"), index=True)
    position: Mapped[int]


class Checklist(Base, Identified):
    """A member on the way to a service."""

    __tablename__ = "checklists"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"))
    opened_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    """When the last step was ticked, or the last nudge was planned."""
    nudges: Mapped[int] = mapped_column(default=0)


class Tick(Base):
    """A step that is done."""

    __tablename__ = "ticks"

    checklist_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("checklists.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[int] = mapped_column(BigId, ForeignKey("service_steps.id"), primary_key=True)
    at: Mapped[datetime]


# The coordinator writes


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
        need=need,
        languages=list(languages),
        interpretation=interpretation,
        area_id=area.id if area else None,
        online=online,
        cost=_cost(cost),
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
    return service


def _cost(cost: Decimal | None) -> Decimal | None:
    if cost is not None and not (cost.is_finite() and 0 <= cost < 1_000_000):
        raise NotUnderstoodError("amount")
    return cost


CHANGEABLE = frozenset(
    {"need", "languages", "interpretation", "area_ref", "online", "cost", "currency", "is_open"}
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
        if name == "area_ref":
            service.area_id = (await areas.by_ref(session, value)).id if value else None
        else:
            setattr(service, name, _cost(value) if name == "cost" else value)
    await session.flush()
    return service


async def area_is_used(session: AsyncSession, area: areas.Area) -> bool:
    """Say whether somebody lives in the area, or a service is given there."""
    return any(
        [
            await session.scalar(select(table.id).where(table.area_id == area.id).limit(1))
            for table in (Person, Service)
        ]
    )


async def remove_area(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Remove an area that nobody needs, with its names.

    Raises:
        NotAllowedError: the actor is no coordinator.
        InUseError: somebody lives there, or a service is given there.
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
    await translations.write(session, actor, subject, row.id, language, texts, now, by=by)


# Reading


async def organizations(session: AsyncSession) -> list[Organization]:
    """Return all organisations in the order in which they were added."""
    return list(await session.scalars(select(Organization).order_by(Organization.id)))


async def services_of(session: AsyncSession, organization: Organization) -> list[Service]:
    """Return an organisation's services."""
    rows = await session.scalars(
        select(Service).where(Service.organization_id == organization.id).order_by(Service.id)
    )
    return list(rows)


async def steps(session: AsyncSession, service: Service) -> list[ServiceStep]:
    """Return a service's steps in order."""
    rows = await session.scalars(
        select(ServiceStep)
        .where(ServiceStep.service_id == service.id)
        .order_by(ServiceStep.position)
    )
    return list(rows)


@dataclass(frozen=True)
class Fit:
    """A service, and how it suits somebody."""

    service: Service
    given: str | None
    """The language it is given in that the person speaks, or None."""
    by_interpreter: bool
    here: bool
    """In the person's area, or everywhere."""


async def find_services(
    session: AsyncSession, need: Need, *, languages: Sequence[str], area_id: int | None
) -> list[Fit]:
    """Return the open services for a need: those given in the person's language first.

    Then those with an interpreter, then the others, which are shown as what they are. Within
    each, what is near comes first.
    """
    rows = await session.scalars(
        select(Service).where(Service.need == need, Service.is_open).order_by(Service.id)
    )
    fits = []
    for service in rows:
        given = next((code for code in languages if code in service.languages), None)
        here = service.online or service.area_id is None or service.area_id == area_id
        fits.append(Fit(service, given, service.interpretation, here))
    fits.sort(
        key=lambda fit: (
            0 if fit.given else 1 if fit.by_interpreter else 2,
            not fit.here,
            fit.service.id,
        )
    )
    return fits


# A member's checklist


async def checklist_of(
    session: AsyncSession, person: Person, service: Service, *, lock: bool = False
) -> Checklist | None:
    """Return the person's checklist for a service, if they have begun one."""
    query = select(Checklist).where(
        Checklist.person_id == person.id, Checklist.service_id == service.id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found: Checklist | None = await session.scalar(query)
    return found


async def ticked(session: AsyncSession, person: Person, service: Service) -> set[int]:
    """Return the ids of the steps that the person has done."""
    checklist = await checklist_of(session, person, service)
    if checklist is None:
        return set()
    return set(
        await session.scalars(select(Tick.step_id).where(Tick.checklist_id == checklist.id))
    )


async def tick(
    session: AsyncSession, actor: Person, step_ref: str, now: datetime, *, done: bool
) -> Service:
    """Tick a step off, or take the tick back. The first tick begins a checklist.

    Raises:
        NotFoundError: there is no such step.
    """
    step = await find(session, ServiceStep, step_ref)
    service = await session.get_one(Service, step.service_id)
    checklist = await checklist_of(session, actor, service, lock=True)
    if checklist is None:
        checklist = Checklist(
            person_id=actor.id, service_id=service.id, opened_at=now, moved_at=now
        )
        session.add(checklist)
        await session.flush()
    if done:
        await insert_new(
            session, Tick, [{"checklist_id": checklist.id, "step_id": step.id, "at": now}]
        )
    else:
        await session.execute(
            delete(Tick).where(Tick.checklist_id == checklist.id, Tick.step_id == step.id)
        )
    checklist.moved_at, checklist.nudges = now, 0
    await session.flush()
    return service


async def begin_checklist(
    session: AsyncSession, actor: Person, service: Service, now: datetime
) -> None:
    """Set somebody on the way to a service, so that a waiting step is nudged about."""
    if await checklist_of(session, actor, service) is None:
        session.add(
            Checklist(person_id=actor.id, service_id=service.id, opened_at=now, moved_at=now)
        )
        await session.flush()


async def end_checklist(session: AsyncSession, person_id: int, service_id: int) -> None:
    """Nudge nobody any more about a service whose request is over; a new tick begins again."""
    await session.execute(
        update(Checklist)
        .where(Checklist.person_id == person_id, Checklist.service_id == service_id)
        .values(nudges=NUDGES)
        .execution_options(synchronize_session="fetch")
    )


def _open_checklists() -> Select[Checklist]:
    done = (
        select(func.count())
        .select_from(Tick)
        .where(Tick.checklist_id == Checklist.id)
        .scalar_subquery()
    )
    wanted = (
        select(func.count())
        .select_from(ServiceStep)
        .where(ServiceStep.service_id == Checklist.service_id)
        .scalar_subquery()
    )
    is_open = select(Service.id).where(Service.is_open)
    return (
        select(Checklist)
        .where(Checklist.nudges < NUDGES, done < wanted, Checklist.service_id.in_(is_open))
        .order_by(Checklist.moved_at)
    )


async def _waiting_step(session: AsyncSession, checklist: Checklist) -> int:
    found: int | None = await session.scalar(
        select(ServiceStep.id)
        .where(
            ServiceStep.service_id == checklist.service_id,
            ServiceStep.id.not_in(select(Tick.step_id).where(Tick.checklist_id == checklist.id)),
        )
        .order_by(ServiceStep.position)
        .limit(1)
    )
    assert found is not None  # an open checklist has one
    return found


async def nudge(session: AsyncSession, now: datetime) -> int:
    """Owe a nudge about each step that has waited for seven days, at most two about one step."""
    count = 0
    # Whose checklist is being ticked at this moment does not wait for anything.
    due = (
        _open_checklists()
        .where(Checklist.moved_at <= now - STEP_WAITS)
        .with_for_update(of=Checklist, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    for checklist in (await session.scalars(due)).all():
        service = await session.get_one(Service, checklist.service_id)
        waiting = await _waiting_step(session, checklist)
        checklist.nudges += 1
        checklist.moved_at = now
        count += await deliveries.plan(
            session,
            now,
            Plan(
                "step_nudge",
                checklist.person_id,
                f"step_nudge:{checklist.id}:{waiting}:{checklist.nudges}",
                now,
                {"ref": service.ref},
                subject_id=service.id,
            ),
        )
    await session.flush()
    return count


async def next_nudge(session: AsyncSession) -> datetime | None:
    """Return when the next nudge is due."""
    first: Checklist | None = await session.scalar(_open_checklists().limit(1))
    return first.moved_at + STEP_WAITS if first else None
