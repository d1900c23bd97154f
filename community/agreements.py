"""Agreements with providers. Without an active one, no personal data goes to an organisation."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.base import Base, BigId, Identified, find
from community.errors import NoAgreementError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.providers import Organization
from community.roles import RoleName


class State(StrEnum):
    """How far an agreement is."""

    IDENTIFIED = "identified"
    CONTACTED = "contacted"
    NEGOTIATING = "negotiating"
    SIGNED = "signed"
    ACTIVE = "active"
    ENDED = "ended"
    DROPPED = "dropped"


_C = who(Who.COORDINATOR)
AGREEMENT = Lifecycle(
    "agreement",
    {
        State.IDENTIFIED: {State.CONTACTED: _C, State.DROPPED: _C},
        State.CONTACTED: {State.NEGOTIATING: _C, State.DROPPED: _C},
        State.NEGOTIATING: {State.SIGNED: _C, State.DROPPED: _C},
        State.SIGNED: {State.ACTIVE: _C, State.DROPPED: _C},
        State.ACTIVE: {State.ENDED: _C},
    },
)
TO_ACTIVE = (State.CONTACTED, State.NEGOTIATING, State.SIGNED, State.ACTIVE)


class Agreement(Base, Identified):
    """One agreement with one organisation."""

    __tablename__ = "agreements"

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    state: Mapped[State] = mapped_column(String(16), default=State.IDENTIFIED)
    since: Mapped[datetime]


async def _running(session: AsyncSession, organization: Organization) -> Agreement | None:
    found: Agreement | None = await session.scalar(
        select(Agreement)
        .where(
            Agreement.organization_id == organization.id,
            Agreement.state.not_in([State.ENDED, State.DROPPED]),
        )
        .with_for_update()
    )
    return found


async def activate(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Agreement:
    """Note that the agreement is signed and active, walking the steps before it.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, ref, lock=True)
    agreement = await _running(session, organization)
    if agreement is None:
        agreement = Agreement(organization_id=organization.id, state=State.IDENTIFIED, since=now)
        session.add(agreement)
        await session.flush()
    begin = list(State).index(State(agreement.state))
    for step in TO_ACTIVE[begin:]:
        await AGREEMENT.move(
            session, agreement, step, Who.COORDINATOR, now, actor_id=actor.id, since=now
        )
    return agreement


async def end(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Agreement:
    """Note that the agreement has ended.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NoAgreementError: there is none that is active.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, ref, lock=True)
    agreement = await _running(session, organization)
    if agreement is None:
        raise NoAgreementError
    await AGREEMENT.move(
        session, agreement, State.ENDED, Who.COORDINATOR, now, actor_id=actor.id, since=now
    )
    return agreement


async def is_active(session: AsyncSession, organization_id: int) -> bool:
    """Say whether personal data may go to this organisation."""
    found = await session.scalar(
        select(Agreement.id).where(
            Agreement.organization_id == organization_id, Agreement.state == State.ACTIVE
        )
    )
    return found is not None
