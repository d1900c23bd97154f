"""Who may say yes to a send: its author up to fifty people, above that a second person."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, notices, roles
from community.base import find
from community.errors import ChangedError, IllegalMoveError, NotAllowedError, NotUnderstoodError
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.sends.pictures import require_words
from community.sends.planning import dry_run
from community.sends.table import SEND, Held, Kind, Send, State

FOUR_EYES_ABOVE = 50


async def submit(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, network_language: str
) -> Send:
    """Approve one's own small send, or ask a second person to look at a large one.

    Raises:
        NotAllowedError: the actor is no animator, or it is an offer, which only waits in review.
        WordlessPictureError: nobody has written what is in its picture.
        IllegalMoveError: it is past that.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if send.kind == Kind.OFFER:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    await require_words(session, send)
    run = await dry_run(session, send, network_language, now)
    if run.people <= FOUR_EYES_ABOVE:
        await _approve(session, send, actor, now)
        return send
    if await reviewers(session, actor, now):
        moved = await SEND.move(
            session, send, State.IN_REVIEW, Who.ANIMATOR, now, actor_id=actor.id
        )
        if moved:
            await _ask_reviewers(session, send, actor, now)
        return send
    await _approve(session, send, actor, now)
    send.alone = True
    await session.flush()
    return send


REASON_LIMIT = 500


async def review(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    approve: bool,
    reason: str = "",
    seen: int | None = None,
) -> Send:
    """Approve somebody else's send, or give it back; an offer comes back with a reason.

    ``seen`` is the `submission` that was read: a yes to it is none to what was handed in later.

    Raises:
        ChangedError: it has been written anew and handed in again since it was read.
        NotAllowedError: the actor wrote or submitted it, is of the staff whose offer it is, or is
            neither animator nor administrator.
        NotUnderstoodError: an offer is given back without a reason, or with a very long one.
        WordlessPictureError: nobody has written what is in its picture.
        IllegalMoveError: it does not wait for review any more.
    """
    allowed = [
        await roles.holds(session, actor, role, now)
        for role in (RoleName.ANIMATOR, RoleName.ADMINISTRATOR)
    ]
    send = await find(session, Send, ref, lock=True)
    authors = {send.made_by_id, await _submitted_by(session, send)}
    is_theirs = send.organization_id in await roles.staffed(session, actor, now)
    if not any(allowed) or actor.id in authors or is_theirs:
        raise NotAllowedError(RoleName.ANIMATOR)
    if send.state != State.IN_REVIEW:
        raise IllegalMoveError(SEND.name, send.state, State.APPROVED if approve else State.DRAFT)
    if approve:
        if seen is not None and seen != await submission(session, send):
            raise ChangedError(SEND.name, State.IN_REVIEW, State.APPROVED)
        await require_words(session, send)
        await _approve(session, send, actor, now)
    else:
        because = why(reason) if send.kind == Kind.OFFER else None
        await SEND.move(
            session,
            send,
            State.DRAFT,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            refused_because=because,
        )
    if send.organization_id is not None:
        await notices.tell_staff(session, send.organization_id, "offer", send, now)
        return send
    known = [author for author in authors if author is not None]
    await tell_team(session, send, "reviewed", sorted(known), now)
    return send


def why(reason: str) -> str:
    """Return the reason as it is kept.

    Raises:
        NotUnderstoodError: there is none, or it is too long.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LIMIT:
        raise NotUnderstoodError("reason", limit=REASON_LIMIT if reason else None)
    return reason


async def looks_at(session: AsyncSession, send: Send, actor: Person, now: datetime) -> bool:
    """Let a second person approve a send that has grown; False if it has not.

    Raises:
        NotAllowedError: the actor wrote, submitted or approved it, or is none of the reviewers.
    """
    if send.state != State.HELD or send.held_because != Held.GROWN:
        return False
    authors = {send.made_by_id, send.approved_by_id, await _submitted_by(session, send)}
    roles_held = {role.name for role in await roles.held(session, actor, now)}
    if actor.id in authors or not roles_held & {RoleName.ANIMATOR, RoleName.ADMINISTRATOR}:
        raise NotAllowedError(RoleName.ANIMATOR)
    send.approved_by_id = actor.id
    return True


async def has_grown(
    session: AsyncSession, send: Send, network_language: str, now: datetime
) -> bool:
    """Say whether its author's own approval does not cover so many people any more."""
    authors = {send.made_by_id, await _submitted_by(session, send)}
    if send.alone or send.approved_by_id not in authors:
        return False
    return (await dry_run(session, send, network_language, now)).people > FOUR_EYES_ABOVE


async def _approve(session: AsyncSession, send: Send, actor: Person, now: datetime) -> None:
    await SEND.move(
        session,
        send,
        State.APPROVED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        approved_by_id=actor.id,
    )


async def _submitted_by(session: AsyncSession, send: Send) -> int | None:
    """Return who asked for the review: the second pair of eyes must be somebody else's."""
    step = await _handed_in(session, send)
    return step.actor_id if step else None


async def submission(session: AsyncSession, send: Send) -> int:
    """Return a number that stands for what was handed in for review as it is now.

    Whatever changes of a send makes it a draft first, so other words have another number.
    """
    step = await _handed_in(session, send)
    return step.id if step else 0


async def _handed_in(session: AsyncSession, send: Send) -> Step | None:
    found: Step | None = await session.scalar(
        select(Step)
        .where(
            Step.subject == SEND.name, Step.subject_id == send.id, Step.after == State.IN_REVIEW
        )
        .order_by(Step.id.desc())
        .limit(1)
    )
    return found


async def reviewers(session: AsyncSession, actor: Person, now: datetime) -> list[Person]:
    """Return who can look at what this person has made."""
    found: dict[int, Person] = {}
    for role in (RoleName.ANIMATOR, RoleName.ADMINISTRATOR):
        for person in await roles.holders(session, role, now):
            found[person.id] = person
    found.pop(actor.id, None)
    return list(found.values())


async def _ask_reviewers(session: AsyncSession, send: Send, actor: Person, now: datetime) -> None:
    asked = [person.id for person in await reviewers(session, actor, now)]
    await tell_team(session, send, "review", asked, now)


async def tell_team(
    session: AsyncSession,
    send: Send,
    what: str,
    person_ids: Sequence[int | None],
    now: datetime,
) -> None:
    """Owe these people of the team a notice about the send."""
    await deliveries.plan_notices(
        session,
        now,
        what,
        [person_id for person_id in person_ids if person_id is not None],
        f"{what}:{send.id}:{now.isoformat()}",
        subject_id=send.id,
        ref=send.ref,
    )
