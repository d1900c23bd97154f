"""Support organisations at an event: invited, coming, and there for members to talk to.

An animator invites an organisation; its people answer for themselves, and members see it listed
as soon as one of them comes. One without people here is listed by the animator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import (
    agreements,
    attendance,
    deliveries,
    events,
    memory,
    notices,
    providers,
    referrals,
    roles,
)
from community.attendance import State as Attending
from community.base import Base, BigId, Referable, find
from community.deliveries import Delivery
from community.errors import NotAllowedError, NotFoundError, TooLateError
from community.events import Event
from community.figures import Protected, protect
from community.people import Person
from community.providers import Organization, Service
from community.roles import RoleName
from community.writing import insert_new


class EventOrganization(Base, Referable):
    """An organisation that is invited to an event."""

    __tablename__ = "event_organizations"
    __table_args__ = (UniqueConstraint("event_id", "organization_id"),)

    event_id: Mapped[int] = mapped_column(BigId, ForeignKey("events.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"))
    is_listed: Mapped[bool] = mapped_column(default=False)
    """An animator has written down that it comes: it has nobody here who could say so."""
    services: Mapped[list[str]] = mapped_column(default=list)
    """References of the services that it brings."""
    invited_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    invited_at: Mapped[datetime]


class EventStaff(Base):
    """What one of an organisation's people has answered."""

    __tablename__ = "event_staff"

    invitation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("event_organizations.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    comes: Mapped[bool]
    answered_at: Mapped[datetime]


@dataclass(frozen=True)
class Invited:
    """An organisation at an event, with who of its people comes and who does not."""

    invitation: EventOrganization
    coming: Sequence[Person] = ()
    staying: Sequence[Person] = ()

    @property
    def comes(self) -> bool:
        """Say whether members find it there."""
        return self.invitation.is_listed or bool(self.coming)


class Way(StrEnum):
    """What one tap on a service does for a member who has met its people."""

    REFER = "refer"
    """It opens what would be shared."""
    SEE = "see"
    """It opens the service, which says how to get it without a referral."""


# The animator's side


async def _invited(session: AsyncSession, event: Event) -> list[EventOrganization]:
    """Return whom the event's card names, read once for all whose answers share a transaction."""
    key = (EventOrganization, event.id)
    found: list[EventOrganization] | None = memory.recall(session, key)
    if found is None:
        found = list(await session.scalars(_INVITED, {"event": event.id}))
        memory.remember(session, key, found)
    return found


_INVITED = (
    select(EventOrganization)
    .where(EventOrganization.event_id == bindparam("event"))
    .order_by(EventOrganization.id)
)


async def of_event(session: AsyncSession, event: Event, now: datetime) -> list[Invited]:
    """Return the organisations that are invited, with what their people have answered.

    An answer counts as long as its person is of the organisation's staff.
    """
    found = []
    for invitation in await _invited(session, event):
        every = await roles.colleagues(session, invitation.organization_id, now)
        staff = [person for _role, person in every]
        answers = await session.execute(
            select(EventStaff.person_id, EventStaff.comes).where(
                EventStaff.invitation_id == invitation.id
            )
        )
        said = {row.person_id: row.comes for row in answers}
        found.append(
            Invited(
                invitation,
                [person for person in staff if said.get(person.id) is True],
                [person for person in staff if said.get(person.id) is False],
            )
        )
    return found


async def invite(
    session: AsyncSession, actor: Person, event_ref: str, organization_ref: str, now: datetime
) -> EventOrganization:
    """Invite an organisation: its people are asked; without any it is listed. Once each.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: the event is over, or is not open to members.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, event_ref, lock=True)
    organization = await find(session, Organization, organization_ref)
    require_open(event, now)
    staff = await roles.staff_of(session, organization.id, now)
    services = [s.ref for s in await providers.services_of(session, organization) if s.is_open]
    existing: EventOrganization | None = await session.scalar(
        select(EventOrganization).where(
            EventOrganization.event_id == event.id,
            EventOrganization.organization_id == organization.id,
        )
    )
    if existing is not None:
        return existing
    invitation = EventOrganization(
        event_id=event.id,
        organization_id=organization.id,
        is_listed=not staff,
        services=services,
        invited_by_id=actor.id,
        invited_at=now,
    )
    memory.drop(session, (EventOrganization, event.id))
    session.add(invitation)
    await session.flush()
    await notices.tell_staff(
        session, organization.id, "event", invitation, now, expires_at=event.ends_at
    )
    return invitation


async def take_off(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Take an organisation off the event; its people who come are told.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: the event is over, or is not open to members.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    invitation = await find(session, EventOrganization, ref, lock=True)
    event = await session.get_one(Event, invitation.event_id)
    require_open(event, now)
    invited = next(i for i in await of_event(session, event, now) if i.invitation is invitation)
    await deliveries.cancel(
        session,
        now,
        Delivery.kind == "staff_notice",
        Delivery.subject_id == invitation.id,
        Delivery.key.startswith(f"staff:event:{invitation.id}:", autoescape=True),
    )
    await notices.tell(session, list(invited.coming), "event_off", event, now)
    await session.execute(delete(EventOrganization).where(EventOrganization.id == invitation.id))
    return event


def require_open(event: Event, now: datetime) -> None:
    """Refuse what is not open to members, or over.

    Raises:
        TooLateError: it is so.
    """
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError(event.ends_at)


# The organisation's side


async def for_staff(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[EventOrganization, Event]:
    """Return an invitation to one of the actor's organisations, and its event.

    Raises:
        NotFoundError: there is none, or it is another organisation's; which is not told.
    """
    invitation = await find(session, EventOrganization, ref)
    if invitation.organization_id not in await roles.staffed(session, actor, now):
        raise NotFoundError("EventOrganization")
    return invitation, await session.get_one(Event, invitation.event_id)


async def answer(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, comes: bool
) -> EventOrganization:
    """Say whether one comes oneself; one's colleagues answer for themselves.

    Raises:
        NotFoundError: it is another organisation's.
        TooLateError: the event is over, or called off.
    """
    invitation, event = await for_staff(session, actor, ref, now)
    await find(session, EventOrganization, ref, lock=True)
    require_open(event, now)
    row = {
        "invitation_id": invitation.id,
        "person_id": actor.id,
        "comes": comes,
        "answered_at": now,
    }
    if not await insert_new(session, EventStaff, [row]):
        mine = await session.get_one(EventStaff, (invitation.id, actor.id))
        mine.comes, mine.answered_at = comes, now
        await session.flush()
    return invitation


async def said(session: AsyncSession, actor: Person, invitation: EventOrganization) -> bool | None:
    """Return what the actor has answered, if anything."""
    mine = await session.get(EventStaff, (invitation.id, actor.id))
    return mine.comes if mine else None


async def bring(
    session: AsyncSession, actor: Person, ref: str, service_ref: str, now: datetime
) -> EventOrganization:
    """Bring a service along, or leave it out: its staff decide, or an animator.

    Raises:
        NotAllowedError: the actor is neither.
        NotFoundError: it is no service of the organisation, or is closed.
        TooLateError: the event is over, or called off.
    """
    invitation = await find(session, EventOrganization, ref, lock=True)
    is_staff = invitation.organization_id in await roles.staffed(session, actor, now)
    if not is_staff and not await roles.holds(session, actor, RoleName.ANIMATOR, now):
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    require_open(await session.get_one(Event, invitation.event_id), now)
    service = await find(session, Service, service_ref)
    if service.organization_id != invitation.organization_id or not service.is_open:
        raise NotFoundError("Service")
    kept = [each for each in invitation.services if each != service.ref]
    invitation.services = kept if len(kept) < len(invitation.services) else [*kept, service.ref]
    await session.flush()
    return invitation


async def could_bring(session: AsyncSession, invitation: EventOrganization) -> list[Service]:
    """Return the organisation's open services."""
    organization = await session.get_one(Organization, invitation.organization_id)
    return [s for s in await providers.services_of(session, organization) if s.is_open]


async def brought(session: AsyncSession, invitation: EventOrganization) -> list[Service]:
    """Return the services that it brings and that are open."""
    return [s for s in await could_bring(session, invitation) if s.ref in invitation.services]


async def number_of_guests(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> Protected[Attending]:
    """Return to staff how many go to their own event, or came; never who.

    Raises:
        NotFoundError: it is not their event: they are not invited.
    """
    _invitation, event = await for_staff(session, actor, ref, now)
    counts = await attendance.counts(session, event)
    shown = (Attending.ATTENDED,) if event.is_over(now) else (Attending.GOING,)
    return protect({state: counts.get(state, 0) for state in shown}, total_shown=False)


async def tell_coming(
    session: AsyncSession, event: Event, now: datetime, *, called_off: bool
) -> int:
    """Tell the people of organisations that an event has changed, or is called off.

    Of what is called off only who said that they come hear; of a change, whoever has not said no.
    """
    told = 0
    for invited in await of_event(session, event, now):
        invitation = invited.invitation
        people: list[Person] = list(invited.coming)
        if not called_off:
            staff = await roles.staff_of(session, invitation.organization_id, now)
            people = [person for person in staff if person not in invited.staying]
        what = "event_off" if called_off else "event"
        about: Referable = event if called_off else invitation
        told += await notices.tell(session, people, what, about, now, expires_at=event.ends_at)
    return told


# The member's side


async def present(session: AsyncSession, event: Event, now: datetime) -> list[EventOrganization]:
    """Return the organisations that members find at the event."""
    return [each.invitation for each in await of_event(session, event, now) if each.comes]


async def way_to(session: AsyncSession, service: Service, now: datetime) -> Way:
    """Return what one tap on a service does: a referral needs an agreement, a reader and room."""
    can_refer = (
        service.is_open
        and await agreements.is_active(session, service.organization_id, now)
        and await referrals.is_read(session, service.organization_id, now)
        and await providers.has_room(session, service, now)
    )
    return Way.REFER if can_refer else Way.SEE


def can_be_talked_to(event: Event, state: Attending | None, now: datetime) -> bool:
    """Say whether it is time: during the event and after it, for who goes or was there."""
    is_past = event.state in (events.State.PUBLISHED, events.State.HELD) and now >= event.starts_at
    return is_past and state in attendance.COMES


async def met(session: AsyncSession, actor: Person, ref: str, now: datetime) -> EventOrganization:
    """Return an organisation that was at an event, to somebody who goes or was there as well.

    Raises:
        NotFoundError: there is none, or the actor was not there, or it has not begun.
    """
    invitation = await find(session, EventOrganization, ref)
    event = await session.get_one(Event, invitation.event_id)
    mine = await attendance.of(session, event, actor)
    if not can_be_talked_to(event, Attending(mine.state) if mine else None, now):
        raise NotFoundError("EventOrganization")
    return invitation
