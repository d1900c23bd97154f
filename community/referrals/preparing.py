"""An animator prepares a request for a member. Nothing leaves before the member agrees.

What was suggested is no content of the request: it lies beside it, is seen by the member alone,
and goes with the member's word. Until then whoever prepared it can take it back. Nobody else
learns of a draft, the provider never.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import agreements, deliveries, history, people, providers, roles
from community.base import Base, BigId, find
from community.deliveries import Plan
from community.errors import (
    AskedAlreadyError,
    FullError,
    NoAgreementError,
    NobodyReadsError,
    NotFoundError,
    NotUnderstoodError,
)
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.providers import Service
from community.referrals.by_team import is_read
from community.referrals.moving import move
from community.referrals.sharing import NOTE_LIMIT
from community.referrals.table import OPEN, REFERRAL, FieldName, Referral, Source, State
from community.roles import RoleName

PREPARED_LASTS = timedelta(days=14)
"""After so long a draft that the member has not answered ends."""
SEEN_BY_ANIMATORS = (
    FieldName.NAME,
    FieldName.LANGUAGE,
    FieldName.NEED,
    FieldName.AREA,
    FieldName.ACCOUNT,
)
"""Whose values an animator may see; any field can be suggested unseen."""


class Preparation(Base):
    """What an animator suggests to a member, until the member answers."""

    __tablename__ = "preparations"

    referral_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("referrals.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    prepared_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    fields: Mapped[list[str]]
    note: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(16))
    """The language of the note."""
    ends_at: Mapped[datetime] = mapped_column(index=True)


async def prepare(
    session: AsyncSession,
    actor: Person,
    person_ref: str,
    service_ref: str,
    fields: Collection[FieldName],
    note: str,
    now: datetime,
    *,
    language: str,
) -> Referral:
    """Lay a request before a member, who hears only that there is something new.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such person, or the service is closed or gone.
        NotAMemberError: the person has not joined.
        NoAgreementError: there is no active agreement with the organisation.
        NobodyReadsError: nobody would receive it.
        FullError: the service takes nobody now.
        AskedAlreadyError: there is an open request, or a draft, for this service.
        NotUnderstoodError: the note is too long.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    person = await find(session, Person, person_ref)
    people.require_member(person)
    service = await find(session, Service, service_ref, lock=True)
    if not service.is_open:
        raise NotFoundError("Service")
    if not await agreements.is_active(session, service.organization_id, now):
        raise NoAgreementError
    if not await is_read(session, service.organization_id, now):
        raise NobodyReadsError
    if len(note) > NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    if await open_with(session, person, service) is not None:
        raise AskedAlreadyError
    if not await providers.has_room(session, service, now):
        raise FullError
    referral = Referral(
        person_id=person.id,
        service_id=service.id,
        organization_id=service.organization_id,
        state=State.DRAFT,
        consent_version="",
        consent_language="",
        made_at=now,
        changed_at=now,
    )
    session.add(referral)
    await session.flush()
    referral.chain_id = referral.id
    session.add(
        Preparation(
            referral_id=referral.id,
            prepared_by_id=actor.id,
            fields=[name.value for name in FieldName if name in fields],
            note=note.strip(),
            language=language,
            ends_at=now + PREPARED_LASTS,
        )
    )
    line = history.step(
        REFERRAL.name,
        referral.id,
        "",
        State.DRAFT,
        actor_id=actor.id,
        now=now,
        source=Source.CHAT,
    )
    await history.note(session, line)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        Plan(
            "referral_step",
            person.id,
            f"referral_step:{referral.id}:prepared",
            now,
            {"ref": referral.ref},
            subject_id=referral.id,
        ),
    )
    return referral


async def open_with(session: AsyncSession, person: Person, service: Service) -> Referral | None:
    """Return the person's open request for this service, or draft; there is at most one."""
    found: Referral | None = await session.scalar(
        select(Referral).where(
            Referral.person_id == person.id,
            Referral.service_id == service.id,
            Referral.state.in_(OPEN),
        )
    )
    return found


async def prepared_for(
    session: AsyncSession, person: Person, service: Service
) -> Preparation | None:
    """Return what the team suggests to the person about this service, if it waits for a word."""
    found: Preparation | None = await session.scalar(
        select(Preparation)
        .join(Referral, Referral.id == Preparation.referral_id)
        .where(
            Referral.person_id == person.id,
            Referral.service_id == service.id,
            Referral.state == State.DRAFT,
        )
    )
    return found


async def forget(session: AsyncSession, referral: Referral) -> Preparation | None:
    """Remove what was suggested, once it is answered; return it, if there was anything."""
    preparation = await session.get(Preparation, referral.id)
    if preparation is not None:
        await session.delete(preparation)
        await session.flush()
    return preparation


async def laid_before(
    session: AsyncSession, actor: Person, person: Person, now: datetime
) -> Sequence[Referral]:
    """Return what the actor has prepared for somebody who has not answered yet.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Referral)
        .join(Preparation, Preparation.referral_id == Referral.id)
        .where(
            Referral.person_id == person.id,
            Referral.state == State.DRAFT,
            Preparation.prepared_by_id == actor.id,
        )
        .order_by(Referral.id)
    )
    return rows.all()


async def take_back(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Referral:
    """Take back what one has prepared, before the member has answered; they read that it is so.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: somebody else prepared it, or the member has answered.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref, lock=True)
    preparation = await session.get(Preparation, referral.id, populate_existing=True)
    if preparation is None or preparation.prepared_by_id != actor.id:
        raise NotFoundError("Referral")
    await move(session, referral, State.CANCELLED, Who.ANIMATOR, actor, now)
    await forget(session, referral)
    return referral


async def was_taken_back(session: AsyncSession, referral: Referral) -> bool:
    """Say whether the team has taken back what it had prepared."""
    if referral.was_sent or referral.state != State.CANCELLED:
        return False
    last = await session.scalar(
        select(Step)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
        .order_by(Step.id.desc())
        .limit(1)
    )
    # Who the animator was may be forgotten since; it was not the member, and not the clock.
    return (
        last is not None
        and last.source == Source.CHAT
        and (last.actor_id is None or last.actor_id != referral.person_id)
    )


async def tell_refused(session: AsyncSession, referral: Referral, now: datetime) -> None:
    """Tell whoever prepared a draft that the member does not want it; not who, nor what."""
    preparation = await forget(session, referral)
    if preparation is not None:
        await _tell_animator(session, preparation, "draft_refused", now)


async def _tell_animator(
    session: AsyncSession, preparation: Preparation, what: str, now: datetime
) -> None:
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        what,
        [animator.id for animator in animators if animator.id == preparation.prepared_by_id],
        f"{what}:{preparation.referral_id}",
        subject_id=preparation.referral_id,
    )


async def end_drafts(session: AsyncSession, now: datetime) -> int:
    """End the drafts that nobody has answered for so long; return how many."""
    due: Sequence[Referral] = (
        await session.scalars(
            select(Referral)
            .join(Preparation, Preparation.referral_id == Referral.id)
            .where(Referral.state == State.DRAFT, Preparation.ends_at <= now)
            .order_by(Referral.id)
            .with_for_update(of=Referral, skip_locked=True)  # who answers just now has answered
            .execution_options(populate_existing=True)
        )
    ).all()
    for referral in due:
        await move(session, referral, State.CANCELLED, Who.CLOCK, None, now)
        preparation = await forget(session, referral)
        if preparation is not None:
            await _tell_animator(session, preparation, "draft_ended", now)
    return len(due)


async def next_draft_end(session: AsyncSession) -> datetime | None:
    """Return when the next draft ends by itself."""
    found: datetime | None = await session.scalar(select(func.min(Preparation.ends_at)))
    return found
