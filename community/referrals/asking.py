"""The member's side: ask a provider, answer its question, take it back, say whether it helped."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, deliveries, people, providers, roles
from community.base import find
from community.errors import (
    BeenThereError,
    ChangedError,
    FullError,
    IllegalMoveError,
    NoAgreementError,
    NotFoundError,
    NotUnderstoodError,
)
from community.lifecycle import Who
from community.people import Person
from community.providers import Service
from community.referrals import chains
from community.referrals.by_team import require_read
from community.referrals.moving import move
from community.referrals.preparing import Preparation, forget, open_with, tell_refused
from community.referrals.sharing import (
    NOTE_LIMIT,
    asked_for,
    longer_note,
    needs_a_new_one,
    preview,
    withdraw_fields,
)
from community.referrals.table import OPEN, REFERRAL, FieldName, Referral, SharedField, State
from community.roles import RoleName


async def agree(
    session: AsyncSession,
    actor: Person,
    service_ref: str,
    fields: Collection[FieldName],
    note: str,
    now: datetime,
    *,
    organization_id: int,
    version: str,
    language: str,
    after: str = "",
    by_team: bool = False,
) -> Referral:
    """Send a request with exactly these fields and the note; pressing twice sends it once.

    ``organization_id`` is whom the preview has named: it goes there, or nowhere. What the team has
    prepared is sent by it. It takes the place of one whose fields were sealed with an agreement
    that has ended, and about which nobody can ask any more. ``after`` is an earlier one that was
    turned away: this one is the next of its chain. ``by_team``: it was previewed as one that the
    team reads and passes on.

    Raises:
        NotAMemberError: the person has not joined.
        NoAgreementError: there is no active agreement with the organisation.
        NobodyReadsError: nobody would receive it.
        ChangedError: it would go to another organisation, or others would read it, than was
            previewed.
        FullError: the service takes nobody now.
        BeenThereError: the chain has been at this organisation.
        IllegalMoveError: the earlier one was not turned away.
        NotFoundError: the service is closed or gone, or the earlier one is not the actor's.
        NotUnderstoodError: the note is too long.
    """
    people.require_member(actor)
    earlier = await chains.continued(session, actor, after) if after else None
    service = await find(session, Service, service_ref, lock=True)
    if not service.is_open:
        raise NotFoundError("Service")
    if service.organization_id != organization_id:
        raise ChangedError(REFERRAL.name, State.DRAFT, State.PENDING)
    if not await agreements.holds(session, organization_id, now):
        raise NoAgreementError
    await require_read(session, organization_id, now, by_team=by_team)
    if len(note) > NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    twin = await open_with(session, actor, service)
    if twin is not None and await needs_a_new_one(session, twin):
        await withdraw(session, actor, twin.ref, now)
        twin = None
    if earlier is not None and (twin is None or twin.state == State.DRAFT):
        twin = await chains.open_in(session, earlier) or twin
    if twin is not None and twin.state != State.DRAFT:
        return twin
    if earlier is not None and organization_id in await chains.been_at(session, earlier):
        raise BeenThereError
    if not await providers.has_room(session, service, now):
        raise FullError
    referral = twin or Referral(
        person_id=actor.id,
        service_id=service.id,
        chain_id=earlier.chain_id if earlier else None,
        state=State.DRAFT,
        changed_at=now,
    )
    # A draft was prepared for whoever gave the service then.
    referral.organization_id = organization_id
    referral.consent_version, referral.consent_language = version, language
    referral.by_team, referral.made_at = by_team, now
    session.add(referral)
    await session.flush()
    referral.chain_id = earlier.chain_id if earlier else referral.chain_id or referral.id
    suggested = await forget(session, referral)
    referral.note_language = await written_in(session, note, suggested, earlier, language)
    values = await preview(session, actor, service)
    values[FieldName.NOTE] = note.strip()
    session.add_all(
        SharedField(referral_id=referral.id, name=name, value=values[name], agreed_at=now)
        for name in FieldName
        if (name in fields or name == FieldName.NOTE) and values[name]
    )
    await move(session, referral, State.PENDING, Who.SELF, actor, now)
    await providers.begin_checklist(session, actor, service, now)
    return referral


async def in_the_way(session: AsyncSession, person: Person, service: Service) -> Referral | None:
    """Return the request because of which no other is sent for this service, if there is one."""
    twin = await open_with(session, person, service)
    if twin is None or twin.state == State.DRAFT or await needs_a_new_one(session, twin):
        return None
    return twin


async def written_in(
    session: AsyncSession,
    note: str,
    suggested: Preparation | None,
    earlier: Referral | None,
    language: str,
) -> str:
    """Return the language of a note: the member's now, unless others wrote it, or they before.

    A note that the team has suggested, or that comes from an earlier request, keeps its own.
    """
    if suggested is not None and suggested.note == note.strip():
        return suggested.language
    if earlier is not None and await chains.note_of(session, earlier) == note.strip():
        return earlier.written_in
    return language


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
    """Return those that were sent and that the member can still withdraw.

    What the team has prepared was sent to nobody: there is nothing of it that could go on.
    """
    return [r for r in await of_member(session, person) if r.state in OPEN and r.was_sent]


async def give(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, yes: bool, note: str = ""
) -> Referral:
    """Answer a provider that has asked for one more field; "no" sends the request back as it is.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: nothing is asked.
        NoAgreementError: a "yes", and the agreement with the organisation has ended.
        ChangedError: a note, and something else is asked for by now.
        NotUnderstoodError: the note is too long.
    """
    referral = await mine(session, actor, ref, lock=True)
    if referral.state != State.NEEDS_INFORMATION:
        raise IllegalMoveError("referral", referral.state, State.PENDING)
    if note and referral.asked_field != FieldName.NOTE:
        raise ChangedError("referral", referral.state, State.PENDING)
    if yes:
        if not await agreements.holds(session, referral.organization_id, now):
            raise NoAgreementError
        values = await asked_for(session, actor, referral)
        if referral.asked_field == FieldName.NOTE:
            values = {FieldName.NOTE: await longer_note(session, referral, note, now)}
        session.add_all(
            SharedField(referral_id=referral.id, name=name, value=value, agreed_at=now)
            for name, value in values.items()
        )
    await move(session, referral, State.PENDING, Who.SELF, actor, now, asked_field=None)
    return referral


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Referral:
    """Take a request back: from now on the provider can open nothing of it.

    Of a draft this is a no to whoever of the team has prepared it.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: it is over already.
    """
    referral = await mine(session, actor, ref, lock=True)
    await tell_refused(session, referral, now)
    await move(session, referral, State.CANCELLED, Who.SELF, actor, now)
    await withdraw_fields(session, [referral.id], now)
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
    await withdraw_fields(session, [referral.id], now)
    return referral


async def withdraw_all(session: AsyncSession, person: Person, now: datetime) -> None:
    """Take back every open request, and end the consent to the others; outcomes stay."""
    for referral in await of_member(session, person):
        await mine(session, person, referral.ref, lock=True)
        verb = withdraw if referral.state in OPEN else stop_sharing
        await verb(session, person, referral.ref, now)


async def confirm(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, helped: bool
) -> Referral:
    """Say whether the service was really given. A "no" goes to the team.

    So does a "no" to a provider's word that it could not be done.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: the provider has not called it completed, or impossible.
    """
    referral = await mine(session, actor, ref, lock=True)
    target = State.CONFIRMED if helped else State.DISPUTED
    moved = await move(session, referral, target, Who.SELF, actor, now)
    if moved and not helped:
        await deliveries.plan_notices(
            session,
            now,
            "dispute",
            [animator.id for animator in await roles.holders(session, RoleName.ANIMATOR, now)],
            f"dispute:{referral.id}",
            subject_id=referral.id,
            ref=referral.ref,
        )
    return referral
