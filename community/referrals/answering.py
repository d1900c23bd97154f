"""The provider's side: open what is agreed to, answer, ask for more."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, roles
from community.base import find
from community.errors import (
    MemberIsAskedError,
    NoAgreementError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
)
from community.lifecycle import Who
from community.people import Person
from community.referrals.moving import move
from community.referrals.outcomes import ask_outcome
from community.referrals.sharing import has_room_for_a_note, shared
from community.referrals.table import (
    OPEN,
    REASONS,
    REFERRAL,
    TEAMS_REASONS,
    FieldName,
    Reason,
    Referral,
    Source,
    State,
)
from community.roles import RoleName


async def for_provider(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Referral:
    """Return a referral to the actor's own organisation.

    Raises:
        NotFoundError: there is none, or it is another organisation's, or one that the team passes
            on; which is not told.
    """
    referral = await find(session, Referral, ref, lock=lock)
    allowed = await roles.holds(
        session,
        actor,
        RoleName.PROVIDER_STAFF,
        now,
        organization_id=referral.organization_id,
    )
    if not allowed or referral.by_team or not referral.was_sent:
        raise NotFoundError("Referral")
    return referral


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Referral, Mapping[FieldName, str]]:
    """Return what the provider's staff may see: the agreed fields, while the request stands.

    Raises:
        NotFoundError: it is another organisation's.
        NoAgreementError: the agreement has ended.
    """
    referral = await for_provider(session, actor, ref, now)
    await require_agreement(session, referral, now)
    return referral, await shared(session, referral)


async def require_agreement(session: AsyncSession, referral: Referral, now: datetime) -> None:
    """Refuse what opens or goes on with a request, once the agreement has ended.

    Raises:
        NoAgreementError: it has.
    """
    if not await agreements.is_active(session, referral.organization_id, now):
        raise NoAgreementError


async def for_staff(session: AsyncSession, actor: Person, now: datetime) -> list[Referral]:
    """Return the referrals to the actor's organisations: what waits for an answer comes first.

    Raises:
        NotAllowedError: the actor is nobody's staff.
    """
    own = [
        role.organization_id
        for role in await roles.held(session, actor, now)
        if role.name == RoleName.PROVIDER_STAFF
    ]
    if not own:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    rows = await session.scalars(
        select(Referral)
        .where(
            Referral.organization_id.in_(own),
            Referral.by_team.is_(False),
            Referral.state.not_in([State.DRAFT, State.CANCELLED]),
        )
        .order_by(Referral.id)
    )
    return sorted(rows, key=lambda r: (r.state != State.PENDING, r.state not in OPEN))


PROVIDERS_STEPS: Mapping[str, State] = {
    "accept": State.ACCEPTED,
    "decline": State.DECLINED,
    "begin": State.IN_SERVICE,
    "complete": State.COMPLETED,
    "fail": State.NOT_DELIVERED,
}


FINISHING = frozenset({"decline", "begin", "complete", "fail"})
"""These open nothing: they are taken without an agreement, too, so that the member goes on."""


async def answer(
    session: AsyncSession,
    actor: Person,
    ref: str,
    step: str,
    now: datetime,
    *,
    reason: Reason | None = None,
) -> Referral:
    """Accept, decline, begin, complete, or say that it could not be delivered.

    Raises:
        NotFoundError: it is another organisation's, or there is no such step.
        NotUnderstoodError: a "no" without a reason that fits.
        NoAgreementError: the agreement has ended, and the step would go on with it.
        MemberIsAskedError: the member has been asked something and has not answered yet.
        IllegalMoveError: it does not stand where this step begins.
    """
    referral = await for_provider(session, actor, ref, now, lock=True)
    return await take(session, actor, referral, step, now, reason=reason)


async def take(
    session: AsyncSession,
    actor: Person,
    referral: Referral,
    step: str,
    now: datetime,
    *,
    reason: Reason | None,
    source: Source = Source.CHAT,
) -> Referral:
    """Take a provider's step, for whoever may: its staff, or the team that records it."""
    if step not in PROVIDERS_STEPS:
        raise NotFoundError("step")
    if step not in FINISHING:
        await require_agreement(session, referral, now)
    target = PROVIDERS_STEPS[step]
    reasons = REASONS if source == Source.CHAT else TEAMS_REASONS
    if target not in reasons:
        reason = None
    elif reason not in reasons[target]:
        raise NotUnderstoodError("reason")
    if referral.state == State.NEEDS_INFORMATION:
        raise MemberIsAskedError(REFERRAL.name, referral.state, target)
    moved = await move(
        session, referral, target, Who.PROVIDER, actor, now, reason=reason, source=source
    )
    if moved:
        referral.reason = reason
    if moved and target == State.COMPLETED:
        referral.completed_at, referral.outcome_asked = now, 1
        await ask_outcome(session, referral, now, 1)
    await session.flush()
    return referral


async def ask_for(
    session: AsyncSession, actor: Person, ref: str, name: FieldName, now: datetime
) -> Referral:
    """Ask the member for one more of the listed fields; it is shared only if they agree.

    A note can be asked for again: it is how most people say where they can be reached.

    Raises:
        NotFoundError: it is another organisation's.
        NoAgreementError: the agreement has ended.
        NotUnderstoodError: the field is shared already.
        MemberIsAskedError: the member is being asked for another field.
    """
    referral = await for_provider(session, actor, ref, now, lock=True)
    return await ask(session, actor, referral, name, now)


async def ask(
    session: AsyncSession,
    actor: Person,
    referral: Referral,
    name: FieldName,
    now: datetime,
    *,
    source: Source = Source.CHAT,
) -> Referral:
    """Ask the member for a field, for whoever may: the provider's staff, or the team."""
    await require_agreement(session, referral, now)
    told = await shared(session, referral)
    if not has_room_for_a_note(told) if name == FieldName.NOTE else name in told:
        raise NotUnderstoodError("field")
    moved = await move(
        session,
        referral,
        State.NEEDS_INFORMATION,
        Who.PROVIDER,
        actor,
        now,
        source=source,
        asked_field=name,
    )
    if not moved and referral.asked_field != name:  # somebody else was faster
        raise MemberIsAskedError(REFERRAL.name, referral.state, State.NEEDS_INFORMATION)
    return referral
