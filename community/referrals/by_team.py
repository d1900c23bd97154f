"""A provider that is not in the chat: the team passes requests on, and records the answers.

The coordinator switches it on for an organisation, and it holds while that has no staff here. The
member agrees to exactly this. Staff who come later receive what is asked from then on; what is
under way stays with the team to its end, because nothing else was agreed to.

Where an organisation's last staff has gone, the team records what has become of what was accepted
there, so that no request stands for ever; what was shared stays closed to it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import history, roles
from community.base import Base, BigId, find
from community.errors import (
    ChangedError,
    NobodyReadsError,
    NotFoundError,
)
from community.people import Person
from community.providers import Organization
from community.referrals import answering
from community.referrals.moving import readers
from community.referrals.sharing import shared
from community.referrals.table import (
    OPEN,
    RECORDED,
    REFERRAL,
    FieldName,
    Reason,
    Referral,
    Source,
    State,
)
from community.roles import RoleName


class PassedOn(Base):
    """An organisation whose requests the team passes on while it has no staff in the chat."""

    __tablename__ = "passed_on"

    organization_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("organizations.id"), primary_key=True, autoincrement=False
    )
    since: Mapped[datetime]


# The coordinator decides


async def let_team_pass_on(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, on: bool
) -> bool:
    """Switch it on or off for an organisation; what is under way stays as it was agreed to.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, ref, lock=True)
    row = await session.get(PassedOn, organization.id)
    if on == (row is not None):
        return False
    if row is None:
        session.add(PassedOn(organization_id=organization.id, since=now))
    else:
        await session.delete(row)
    before, after = ("", "passed_on") if on else ("passed_on", "")
    line = history.step("organization", organization.id, before, after, actor_id=actor.id, now=now)
    await history.note(session, line)
    await session.flush()
    return True


async def is_switched_on(session: AsyncSession, organization_id: int) -> bool:
    """Say whether the coordinator has switched it on."""
    return await session.get(PassedOn, organization_id) is not None


# How a request reaches an organisation


async def passes_on(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether what is asked of an organisation now is passed on by the team."""
    return (
        await is_switched_on(session, organization_id)
        and not await roles.staff_of(session, organization_id, now)
        and bool(await roles.holders(session, RoleName.ANIMATOR, now))
    )


async def is_read(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether somebody would receive what is asked of an organisation now."""
    staff = await roles.staff_of(session, organization_id, now)
    return bool(staff) or await passes_on(session, organization_id, now)


async def require_read(
    session: AsyncSession, organization_id: int, now: datetime, *, by_team: bool
) -> None:
    """Refuse what would reach nobody, or others than was previewed.

    Raises:
        NobodyReadsError: nobody would receive it.
        ChangedError: not the staff would read it but the team, or the other way round.
    """
    if not await is_read(session, organization_id, now):
        raise NobodyReadsError
    if by_team != await passes_on(session, organization_id, now):
        raise ChangedError(REFERRAL.name, State.DRAFT, State.PENDING)


# The team reads and records


async def for_team(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Referral:
    """Return a request that the team passes on, or of which it records what has become.

    Raises:
        NotFoundError: there is none, or it is not the actor's business; which is not told.
    """
    referral = await find(session, Referral, ref, lock=lock)
    if not await is_for_team(session, actor, referral, now):
        raise NotFoundError("Referral")
    return referral


async def is_for_team(
    session: AsyncSession, person: Person, referral: Referral, now: datetime
) -> bool:
    """Say whether this person of the team records what becomes of a request."""
    is_ours = referral.by_team or await _is_left_alone(session, referral, now)
    return is_ours and referral.was_sent and await _is_for(session, person, referral, now)


async def _is_left_alone(session: AsyncSession, referral: Referral, now: datetime) -> bool:
    """Say whether it was accepted, and nobody of the organisation is there to go on with it."""
    if referral.state not in (State.ACCEPTED, State.IN_SERVICE):
        return False
    return not await roles.staff_of(session, referral.organization_id, now)


async def _is_for(session: AsyncSession, actor: Person, referral: Referral, now: datetime) -> bool:
    return actor.id in {reader.id for reader in await readers(session, referral, now)}


async def opened_by_team(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Referral, Mapping[FieldName, str]]:
    """Return what the team may read and pass on: the agreed fields, while the request stands.

    Of what it only records, that is nothing: the member has not agreed that the team reads it.

    Raises:
        NotFoundError: it is not the actor's business.
        NoAgreementError: the agreement with the organisation has ended.
    """
    referral = await for_team(session, actor, ref, now)
    await answering.require_agreement(session, referral, now)
    return referral, await shared(session, referral) if referral.by_team else {}


async def of_team(session: AsyncSession, actor: Person, now: datetime) -> list[Referral]:
    """Return the requests that the team has to do with: what waits for an answer comes first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Referral)
        .where(
            Referral.by_team,
            Referral.state.in_([state for state in OPEN if state != State.DRAFT]),
        )
        .order_by(Referral.id)
    )
    found = [referral for referral in rows if await _is_for(session, actor, referral, now)]
    return sorted(found, key=lambda referral: referral.state != State.PENDING)


async def record(
    session: AsyncSession,
    actor: Person,
    ref: str,
    step: str,
    now: datetime,
    *,
    source: Source,
    reason: Reason | None = None,
) -> Referral:
    """Write down what the provider has said, and how: accepted, declined, begun, completed, not.

    Raises:
        NotFoundError: it is not the actor's business, or there is no such step or source.
        NotUnderstoodError: a "no" without its reason.
        MemberIsAskedError: the member has been asked something and has not answered yet.
        IllegalMoveError: it does not stand where this step begins.
    """
    if source not in RECORDED:
        raise NotFoundError("source")
    referral = await for_team(session, actor, ref, now, lock=True)
    return await answering.take(session, actor, referral, step, now, reason=reason, source=source)


async def record_question(
    session: AsyncSession,
    actor: Person,
    ref: str,
    name: FieldName,
    now: datetime,
    *,
    source: Source,
) -> Referral:
    """Write down which field the provider needs; it is shared only if the member agrees.

    Raises:
        NotFoundError: it is not the actor's business, or there is no such source.
        NotUnderstoodError: the field is shared already.
    """
    if source not in RECORDED:
        raise NotFoundError("source")
    referral = await for_team(session, actor, ref, now, lock=True)
    return await answering.ask(session, actor, referral, name, now, source=source)
