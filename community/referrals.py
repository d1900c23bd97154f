"""Referrals: a member's request to a provider, with exactly the fields the member agreed to.

What the provider can open is the snapshot that was previewed and is still agreed to: nothing
else, nobody else's, and nothing at all once it is withdrawn. The member has the last word on the
outcome.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import agreements, deliveries, people, providers, roles
from community.areas import Area
from community.base import Base, BigId, Identified, Referable, find
from community.deliveries import Plan
from community.errors import (
    IllegalMoveError,
    MemberIsAskedError,
    NoAgreementError,
    NobodyReadsError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
)
from community.history import Step
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.providers import Service
from community.roles import RoleName

ASKED_TWICE = 2
ASK_AGAIN = timedelta(days=7)
UNCONFIRMED_AFTER = timedelta(days=14)
NOTE_LIMIT = 500


class State(StrEnum):
    """How far a referral is."""

    DRAFT = "draft"
    PENDING = "pending"
    NEEDS_INFORMATION = "needs_information"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REROUTED = "rerouted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    IN_SERVICE = "in_service"
    NOT_DELIVERED = "not_delivered"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    UNCONFIRMED = "unconfirmed"
    RESOLVED = "resolved"


_S, _P, _C = who(Who.SELF), who(Who.PROVIDER), who(Who.CLOCK)
REFERRAL = Lifecycle(
    "referral",
    {
        State.DRAFT: {State.PENDING: _S, State.CANCELLED: _S},
        State.PENDING: {
            State.ACCEPTED: _P,
            State.DECLINED: _P,
            State.NEEDS_INFORMATION: _P,
            State.REROUTED: _P,
            State.EXPIRED: _C,
            State.CANCELLED: _S,
        },
        State.NEEDS_INFORMATION: {
            State.PENDING: _S,
            State.EXPIRED: _C,
            State.CANCELLED: _S,
        },
        State.ACCEPTED: {
            State.IN_SERVICE: _P,
            State.NOT_DELIVERED: _P,
            State.CANCELLED: _S,
        },
        State.IN_SERVICE: {
            State.COMPLETED: _P,
            State.NOT_DELIVERED: _P,
            State.CANCELLED: _S,
        },
        State.COMPLETED: {
            State.CONFIRMED: _S,
            State.DISPUTED: _S,
            State.UNCONFIRMED: _C,
        },
        State.UNCONFIRMED: {State.CONFIRMED: _S, State.DISPUTED: _S},
        State.DISPUTED: {State.RESOLVED: who(Who.ANIMATOR)},
    },
)
OPEN = (
    State.DRAFT,
    State.PENDING,
    State.NEEDS_INFORMATION,
    State.ACCEPTED,
    State.IN_SERVICE,
)
"""What the member can still withdraw."""
SETTLED = (
    State.DECLINED,
    State.REROUTED,
    State.EXPIRED,
    State.CANCELLED,
    State.NOT_DELIVERED,
    State.COMPLETED,
    State.CONFIRMED,
    State.RESOLVED,
)
"""After these nothing is left to prepare."""


class FieldName(StrEnum):
    """What can be shared, one by one."""

    NAME = "name"
    LANGUAGE = "language"
    NEED = "need"
    AREA = "area"
    STAGE = "stage"
    ACCOUNT = "account"
    NOTE = "note"


class Reason(StrEnum):
    """Why a provider declines or could not deliver (Primero's list, as far as it fits)."""

    NO_CAPACITY = "no_capacity"
    NOT_OUR_FIELD = "not_our_field"
    LANGUAGE = "language"
    NOT_ELIGIBLE = "not_eligible"
    NO_CONTACT = "no_contact"
    MEMBER_DECLINED = "member_declined"
    OTHER = "other"


class Referral(Base, Referable):
    """One request to one provider."""

    __tablename__ = "referrals"

    chain_id: Mapped[int | None] = mapped_column(BigId)
    """The first referral of the chain; later ones go to the next provider."""
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"))
    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    state: Mapped[State] = mapped_column(String(20), default=State.DRAFT, index=True)
    asked_field: Mapped[FieldName | None] = mapped_column(String(16))
    reason: Mapped[Reason | None] = mapped_column(String(24))
    consent_version: Mapped[str] = mapped_column(String(16))
    consent_language: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    outcome_asked: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[bool | None]
    """How an animator resolved a dispute."""


class SharedField(Base, Identified):
    """One field as it was previewed and agreed to."""

    __tablename__ = "referral_fields"

    referral_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("referrals.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[FieldName] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(Text)
    agreed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


# The member's side


async def preview(session: AsyncSession, person: Person, service: Service) -> dict[FieldName, str]:
    """Return what could be shared, as it stands: names, codes and refs; "" is not known."""
    area = await session.get(Area, person.area_id) if person.area_id else None
    return {
        FieldName.NAME: person.name,
        FieldName.LANGUAGE: person.language or "",
        FieldName.NEED: service.need,
        FieldName.AREA: area.ref if area else "",
        FieldName.STAGE: person.stage or "",
        FieldName.ACCOUNT: f"@{person.username}" if person.username else "",
    }


async def would_share(
    session: AsyncSession,
    person: Person,
    service: Service,
    fields: Collection[FieldName],
    note: str,
) -> dict[FieldName, str]:
    """Return exactly what these choices would share: what is known of them, and the note."""
    known = await preview(session, person, service)
    known[FieldName.NOTE] = note.strip()
    chosen = {*fields, FieldName.NOTE}
    return {name: value for name, value in known.items() if name in chosen and value}


def fingerprint(values: Mapping[FieldName, str]) -> str:
    """Return a short digest of what a card shows, so that its button agrees to that only."""
    told = "\n".join(f"{name}={values[name]}" for name in sorted(values))
    return hashlib.sha256(told.encode()).hexdigest()[:8]


async def open_with(session: AsyncSession, person: Person, service: Service) -> Referral | None:
    """Return the person's open request for this service; there is at most one."""
    found: Referral | None = await session.scalar(
        select(Referral).where(
            Referral.person_id == person.id,
            Referral.service_id == service.id,
            Referral.state.in_(OPEN),
        )
    )
    return found


async def agree(
    session: AsyncSession,
    actor: Person,
    service_ref: str,
    fields: Collection[FieldName],
    note: str,
    now: datetime,
    *,
    version: str,
    language: str,
) -> Referral:
    """Send a request with exactly these fields and the note; pressing twice sends it once.

    Raises:
        NotAMemberError: the person has not joined.
        NoAgreementError: there is no active agreement with the organisation.
        NobodyReadsError: nobody of the organisation would receive it.
        NotFoundError: the service is closed or gone.
        NotUnderstoodError: the note is too long.
    """
    people.require_member(actor)
    service = await find(session, Service, service_ref, lock=True)
    if not service.is_open:
        raise NotFoundError("Service")
    if not await agreements.is_active(session, service.organization_id):
        raise NoAgreementError
    if not await roles.staff_of(session, service.organization_id, now):
        raise NobodyReadsError
    if len(note) > NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    twin = await open_with(session, actor, service)
    if twin is not None:
        return twin
    referral = Referral(
        person_id=actor.id,
        service_id=service.id,
        organization_id=service.organization_id,
        state=State.DRAFT,
        consent_version=version,
        consent_language=language,
        made_at=now,
        changed_at=now,
    )
    session.add(referral)
    await session.flush()
    referral.chain_id = referral.id
    values = await preview(session, actor, service)
    values[FieldName.NOTE] = note.strip()
    session.add_all(
        SharedField(referral_id=referral.id, name=name, value=values[name], agreed_at=now)
        for name in FieldName
        if (name in fields or name == FieldName.NOTE) and values[name]
    )
    await _move(session, referral, State.PENDING, Who.SELF, actor, now)
    await providers.begin_checklist(session, actor, service, now)
    return referral


async def mine(session: AsyncSession, actor: Person, ref: str, *, lock: bool = False) -> Referral:
    """Return one's own referral.

    Raises:
        NotFoundError: there is none with this reference, or it is somebody else's.
    """
    referral = await find(session, Referral, ref, lock=lock)
    if referral.person_id != actor.id:
        raise NotFoundError("Referral")
    return referral


async def of_member(session: AsyncSession, person: Person) -> list[Referral]:
    """Return a member's referrals, the newest first."""
    rows = await session.scalars(
        select(Referral).where(Referral.person_id == person.id).order_by(Referral.id.desc())
    )
    return list(rows)


async def open_of(session: AsyncSession, person: Person) -> list[Referral]:
    """Return those that the member can still withdraw."""
    return [r for r in await of_member(session, person) if r.state in OPEN]


async def shared(session: AsyncSession, referral: Referral) -> dict[FieldName, str]:
    """Return the fields that are agreed to and not withdrawn."""
    rows = await session.scalars(
        select(SharedField)
        .where(SharedField.referral_id == referral.id, SharedField.withdrawn_at.is_(None))
        .order_by(SharedField.id)
    )
    return {FieldName(row.name): row.value for row in rows}


async def asked_for(
    session: AsyncSession, actor: Person, referral: Referral
) -> dict[FieldName, str]:
    """Return what saying yes to the provider's question would share; nothing if not known."""
    if referral.asked_field is None:
        return {}
    service = await session.get_one(Service, referral.service_id)
    return await would_share(session, actor, service, {FieldName(referral.asked_field)}, "")


async def give(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, yes: bool, note: str = ""
) -> Referral:
    """Answer a provider that has asked for one more field; "no" sends the request back as it is.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: nothing is asked.
        NotUnderstoodError: the note is too long.
    """
    referral = await mine(session, actor, ref, lock=True)
    if referral.state != State.NEEDS_INFORMATION:
        raise IllegalMoveError("referral", referral.state, State.PENDING)
    if yes:
        values = await asked_for(session, actor, referral)
        if referral.asked_field == FieldName.NOTE:
            values = {FieldName.NOTE: await _longer_note(session, referral, note, now)}
        session.add_all(
            SharedField(referral_id=referral.id, name=name, value=value, agreed_at=now)
            for name, value in values.items()
        )
    await _move(session, referral, State.PENDING, Who.SELF, actor, now, asked_field=None)
    return referral


async def _longer_note(session: AsyncSession, referral: Referral, note: str, now: datetime) -> str:
    """Return the note with the new words under it, and end the one before."""
    before = (await shared(session, referral)).get(FieldName.NOTE)
    longer = f"{before}\n{note.strip()}" if before else note.strip()
    if not 0 < len(note.strip()) <= NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    await session.execute(
        update(SharedField)
        .where(SharedField.referral_id == referral.id, SharedField.name == FieldName.NOTE)
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    return longer


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Referral:
    """Take a request back: from now on the provider can open nothing of it.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: it is over already.
    """
    referral = await mine(session, actor, ref, lock=True)
    await _move(session, referral, State.CANCELLED, Who.SELF, actor, now)
    await _withdraw_fields(session, referral, now)
    return referral


async def stop_sharing(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Referral:
    """End the consent to a request that is over: the provider can open nothing of it any more.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: it is still open; then the request itself is withdrawn.
    """
    referral = await mine(session, actor, ref, lock=True)
    if referral.state in OPEN:
        raise IllegalMoveError("referral", referral.state, referral.state)
    await _withdraw_fields(session, referral, now)
    return referral


async def _withdraw_fields(session: AsyncSession, referral: Referral, now: datetime) -> None:
    await session.execute(
        update(SharedField)
        .where(SharedField.referral_id == referral.id, SharedField.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )


async def withdraw_open(session: AsyncSession, person: Person, now: datetime) -> int:
    """Take back every open request; return how many."""
    waiting = await open_of(session, person)
    for referral in waiting:
        await withdraw(session, person, referral.ref, now)
    return len(waiting)


async def confirm(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, helped: bool
) -> Referral:
    """Say whether the service was really given. A "no" goes to the team.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: the provider has not called it completed.
    """
    referral = await mine(session, actor, ref, lock=True)
    target = State.CONFIRMED if helped else State.DISPUTED
    moved = await _move(session, referral, target, Who.SELF, actor, now)
    if moved and not helped:
        await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    "team_notice",
                    animator.id,
                    f"dispute:{referral.id}:{animator.id}",
                    now,
                    {"what": "dispute", "ref": referral.ref},
                    subject_id=referral.id,
                )
                for animator in await roles.holders(session, RoleName.ANIMATOR, now)
            ),
        )
    return referral


# The provider's side


async def for_provider(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Referral:
    """Return a referral to the actor's own organisation.

    Raises:
        NotFoundError: there is none, or it is another organisation's; which is not told.
    """
    referral = await find(session, Referral, ref, lock=lock)
    allowed = await roles.holds(
        session,
        actor,
        RoleName.PROVIDER_STAFF,
        now,
        organization_id=referral.organization_id,
    )
    if not allowed or referral.state == State.DRAFT:
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
    if not await agreements.is_active(session, referral.organization_id):
        raise NoAgreementError
    return referral, await shared(session, referral)


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
WITH_REASON = frozenset({State.DECLINED, State.NOT_DELIVERED})


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
        NotUnderstoodError: a "no" without its reason.
        MemberIsAskedError: the member has been asked something and has not answered yet.
        IllegalMoveError: it does not stand where this step begins.
    """
    referral = await for_provider(session, actor, ref, now, lock=True)
    if step not in PROVIDERS_STEPS:
        raise NotFoundError("step")
    target = PROVIDERS_STEPS[step]
    if target not in WITH_REASON:
        reason = None
    elif reason is None:
        raise NotUnderstoodError("reason")
    if referral.state == State.NEEDS_INFORMATION:
        raise MemberIsAskedError(REFERRAL.name, referral.state, target)
    moved = await _move(session, referral, target, Who.PROVIDER, actor, now, reason=reason)
    if moved:
        referral.reason = reason
    if moved and target == State.COMPLETED:
        referral.completed_at, referral.outcome_asked = now, 1
        await _ask_outcome(session, referral, now, 1)
    await session.flush()
    return referral


async def ask_for(
    session: AsyncSession, actor: Person, ref: str, name: FieldName, now: datetime
) -> Referral:
    """Ask the member for one more of the listed fields; it is shared only if they agree.

    A note can be asked for again: it is how most people say where they can be reached.

    Raises:
        NotFoundError: it is another organisation's.
        NotUnderstoodError: the field is shared already.
    """
    referral = await for_provider(session, actor, ref, now, lock=True)
    if name in await shared(session, referral) and name != FieldName.NOTE:
        raise NotUnderstoodError("field")
    await _move(
        session,
        referral,
        State.NEEDS_INFORMATION,
        Who.PROVIDER,
        actor,
        now,
        asked_field=name,
    )
    return referral


# The team's side, and the clock's


async def disputed(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Referral, Person | None]:
    """Return a disputed referral and its member, for the team.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is not disputed, so it is not the team's business.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref)
    if referral.state not in (State.DISPUTED, State.RESOLVED):
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
    """Settle a dispute, either way.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is not disputed.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref, lock=True)
    await _move(session, referral, State.RESOLVED, Who.ANIMATOR, actor, now, delivered=delivered)
    return referral


async def end_agreement(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """End an agreement; each member with an open request there is told once; return how many.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NoAgreementError: there is none that is active.
    """
    agreement = await agreements.end(session, actor, ref, now)
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


_ATTENDED = tuple(state for state in OPEN if state != State.DRAFT)


async def are_unattended(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether requests wait at an organisation of which nobody reads them here."""
    waiting = await session.scalar(
        select(Referral.id)
        .where(Referral.organization_id == organization_id, Referral.state.in_(_ATTENDED))
        .limit(1)
    )
    return waiting is not None and not await roles.staff_of(session, organization_id, now)


async def notice_unattended(session: AsyncSession, now: datetime) -> int:
    """Tell the animators once of each organisation of which nobody reads its requests any more.

    However its last staff has gone: a role was taken back or has run out, or somebody is erased.
    """
    waiting = await session.execute(
        select(providers.Organization.id, providers.Organization.ref)
        .where(
            providers.Organization.id.in_(
                select(Referral.organization_id).where(Referral.state.in_(_ATTENDED))
            )
        )
        .order_by(providers.Organization.id)
    )
    count = 0
    for organization_id, ref in waiting.all():
        if await roles.staff_of(session, organization_id, now):
            continue
        # Somebody who comes and goes again is another occurrence; two looks at one are not.
        last = await roles.last_staff_role(session, organization_id)
        count += await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    "team_notice",
                    animator.id,
                    f"unattended:{organization_id}:{last}:{animator.id}",
                    now,
                    {"what": "unattended", "ref": ref},
                    subject_id=organization_id,
                )
                for animator in await roles.holders(session, RoleName.ANIMATOR, now)
            ),
        )
    return count


async def ask_outcomes(session: AsyncSession, now: datetime) -> int:
    """Ask once more for the member's word after a week; give up after two; return how many."""
    rows = (
        await session.scalars(
            select(Referral)
            .where(Referral.state == State.COMPLETED)
            .order_by(Referral.id)
            .with_for_update(skip_locked=True)  # who is speaking just now needs no asking
            .execution_options(populate_existing=True)
        )
    ).all()
    count = 0
    for referral in rows:
        assert referral.completed_at is not None
        if now >= referral.completed_at + UNCONFIRMED_AFTER:
            count += await _move(session, referral, State.UNCONFIRMED, Who.CLOCK, None, now)
        elif referral.outcome_asked < ASKED_TWICE and now >= referral.completed_at + ASK_AGAIN:
            referral.outcome_asked += 1
            await _ask_outcome(session, referral, now, referral.outcome_asked)
            count += 1
    return count


async def _ask_outcome(
    session: AsyncSession, referral: Referral, now: datetime, number: int
) -> None:
    if referral.person_id is None:
        return
    await deliveries.plan(
        session,
        now,
        Plan(
            "referral_outcome",
            referral.person_id,
            f"referral_outcome:{referral.id}:{number}",
            now,
            {"ref": referral.ref},
            subject_id=referral.id,
        ),
    )


async def next_outcome(session: AsyncSession) -> datetime | None:
    """Return when a member's word is next asked for, or given up."""
    first_asked = await session.scalar(
        select(func.min(Referral.completed_at)).where(
            Referral.state == State.COMPLETED, Referral.outcome_asked < ASKED_TWICE
        )
    )
    oldest = await session.scalar(
        select(func.min(Referral.completed_at)).where(Referral.state == State.COMPLETED)
    )
    moments = [
        *([first_asked + ASK_AGAIN] if first_asked else []),
        *([oldest + UNCONFIRMED_AFTER] if oldest else []),
    ]
    return min(moments, default=None)


async def _move(
    session: AsyncSession,
    referral: Referral,
    to: State,
    by: Who,
    actor: Person | None,
    now: datetime,
    *,
    reason: Reason | None = None,
    **changes: Any,
) -> bool:
    """Take a step, and tell the other side that there is something new. Nothing personal."""
    moved = await REFERRAL.move(
        session,
        referral,
        to,
        by,
        now,
        actor_id=actor.id if actor else None,
        reason=reason,
        changed_at=now,
        **changes,
    )
    if not moved:
        return False
    if to in SETTLED and referral.person_id is not None:
        await providers.end_checklist(session, referral.person_id, referral.service_id)
    # The number of the step tells occurrences apart: the clock may stand still between two.
    number = await session.scalar(
        select(func.count())
        .select_from(Step)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
    )
    key = f"{referral.id}:{number}"
    if by in (Who.SELF, Who.ANIMATOR):
        await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    "provider_notice",
                    member_of_staff.id,
                    f"provider_notice:{key}:{member_of_staff.id}",
                    now,
                    {"ref": referral.ref},
                    subject_id=referral.id,
                )
                for member_of_staff in await roles.staff_of(session, referral.organization_id, now)
            ),
        )
    silent = by is Who.SELF or to in (State.COMPLETED, State.UNCONFIRMED)
    if referral.person_id is not None and not silent:
        await deliveries.plan(
            session,
            now,
            Plan(
                "referral_step",
                referral.person_id,
                f"referral_step:{key}",
                now,
                {"ref": referral.ref},
                subject_id=referral.id,
            ),
        )
    return True
