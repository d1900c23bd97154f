"""The team's side: disputes, agreements that end, requests that nobody reads."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, deliveries, feedback_consents, providers, roles
from community.agreements import Agreement
from community.base import find
from community.deliveries import Plan
from community.errors import NotAllowedError, NotFoundError
from community.lifecycle import Who
from community.people import Person
from community.referrals.moving import move, readers
from community.referrals.sharing import withdraw_fields
from community.referrals.table import OPEN, Referral, State
from community.roles import RoleName


async def disputed(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Referral, Person | None]:
    """Return a disputed referral and its member, for the team.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is not disputed, or not any more, so it is not the team's business.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref)
    if referral.state != State.DISPUTED:
        raise NotFoundError("Referral")
    person = await session.get(Person, referral.person_id) if referral.person_id else None
    return referral, person


async def disputes(session: AsyncSession, actor: Person, now: datetime) -> list[Referral]:
    """Return what waits to be settled by the team, the oldest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Referral)
        .where(Referral.state == State.DISPUTED)
        .order_by(Referral.changed_at, Referral.id)
    )
    return list(rows)


async def resolve(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, delivered: bool
) -> Referral:
    """Settle a dispute, either way: nobody their own, on either side, unless there is nobody else.

    Raises:
        NotAllowedError: the actor is no animator, or a side, and another animator is there.
        IllegalMoveError: it is not disputed.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref, lock=True)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    if await _is_a_side(session, actor, referral, now) and not all(
        [await _is_a_side(session, animator, referral, now) for animator in animators]
    ):
        raise NotAllowedError(RoleName.ANIMATOR)
    await move(session, referral, State.RESOLVED, Who.ANIMATOR, actor, now, delivered=delivered)
    return referral


async def _is_a_side(
    session: AsyncSession, person: Person, referral: Referral, now: datetime
) -> bool:
    staffed = await roles.staffed(session, person, now)
    return referral.person_id == person.id or referral.organization_id in staffed


async def end_agreement(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """End an agreement, and all consent that was given under it.

    Each member with an open request there is told once; return how many.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NoAgreementError: there is none that is active.
    """
    return await _has_ended(session, await agreements.end(session, actor, ref, now), now)


async def end_expired(session: AsyncSession, now: datetime) -> int:
    """End the agreements whose date has come, as above; return how many members are told."""
    ended = await agreements.end_expired(session, now)
    return sum([await _has_ended(session, agreement, now) for agreement in ended])


async def _has_ended(session: AsyncSession, agreement: Agreement, now: datetime) -> int:
    """End the sharing and the feedback, so that a later agreement opens nothing; tell members."""
    await feedback_consents.end_of(session, agreement.organization_id, now)
    there = select(Referral.id).where(Referral.organization_id == agreement.organization_id)
    await withdraw_fields(session, there, now)
    await _tell_readers(session, agreement, now)
    return await _tell_members(session, agreement, now)


async def _tell_readers(session: AsyncSession, agreement: Agreement, now: datetime) -> None:
    """Tell once whoever reads open requests there, staff or the team, that nothing opens now."""
    waiting = await session.scalars(
        select(Referral).where(
            Referral.organization_id == agreement.organization_id,
            Referral.state.in_([state for state in OPEN if state != State.DRAFT]),
        )
    )
    told: set[int] = set()
    for referral in waiting:
        reading = (
            await readers(session, referral, now)
            if referral.by_team
            else await roles.staff_of(session, referral.organization_id, now)
        )
        told |= {reader.id for reader in reading}
    organization = await session.get_one(providers.Organization, agreement.organization_id)
    await deliveries.plan_notices(
        session,
        now,
        "access_ended",
        sorted(told),
        f"access_ended:{agreement.id}",
        subject_id=organization.id,
        ref=organization.ref,
    )


async def _tell_members(session: AsyncSession, agreement: Agreement, now: datetime) -> int:
    concerned = await session.scalars(
        select(Referral).where(
            Referral.organization_id == agreement.organization_id,
            Referral.state.in_(OPEN),
            Referral.person_id.is_not(None),
        )
    )
    return await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "referral_step",
                referral.person_id,
                f"referral_step:{referral.id}:ended:{agreement.id}",
                now,
                {"ref": referral.ref},
                subject_id=referral.id,
            )
            for referral in concerned
            if referral.person_id is not None
        ),
    )


_ATTENDED = (
    Referral.state.in_([state for state in OPEN if state != State.DRAFT]),
    Referral.by_team.is_(False),
)
"""What staff of an organisation have to answer."""


async def are_unattended(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether requests wait at an organisation of which nobody reads them here."""
    waiting = await session.scalar(
        select(Referral.id).where(Referral.organization_id == organization_id, *_ATTENDED).limit(1)
    )
    return waiting is not None and not await roles.staff_of(session, organization_id, now)


async def unattended(session: AsyncSession, now: datetime) -> list[providers.Organization]:
    """Return the organisations at which requests wait and nobody reads them.

    Neither how many nor since when: it may be one person's.
    """
    waiting = select(Referral.organization_id).where(*_ATTENDED)
    organization = providers.Organization
    rows = await session.scalars(
        select(organization)
        .where(organization.id.in_(waiting), organization.id.not_in(roles.with_staff(now)))
        .order_by(organization.id)
    )
    return list(rows)


async def notice_unattended(session: AsyncSession, now: datetime) -> int:
    """Tell the animators once of each organisation of which nobody reads its requests any more.

    However its last staff has gone: a role was taken back or has run out, somebody is erased, or
    has blocked the bot.
    """
    count = 0
    for organization in await unattended(session, now):
        # Somebody who comes and goes again is another occurrence; two looks at one are not.
        last = await roles.last_staff(session, organization.id, now)
        count += await deliveries.plan_notices(
            session,
            now,
            "unattended",
            [animator.id for animator in await roles.holders(session, RoleName.ANIMATOR, now)],
            f"unattended:{organization.id}:{last}",
            subject_id=organization.id,
            ref=organization.ref,
        )
    return count
