"""Sends: a newsletter or the announcement of an event, from draft to the last row settled.

Approval binds what was approved: any change of words, facts or audience takes the send back to
draft. A large send needs a second person; an animator who is alone gets ten minutes in which it
can still be taken back.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import attendance, audiences, deliveries, events, roles, translations
from community.audiences import Audience, DryRun, Sending
from community.base import Base, BigId, Referable, find
from community.deliveries import Delivery, Plan
from community.errors import IllegalMoveError, NotAllowedError, NotFoundError, TooLateError
from community.events import Details, Event
from community.history import Step
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.policy import POLICY
from community.roles import RoleName
from community.translations import Fallback, Shelf

FOUR_EYES_ABOVE = 50
ALONE_DELAY = timedelta(minutes=10)
UNDO = timedelta(seconds=20)
"""How long "send now" waits, so that it can be undone."""


class State(StrEnum):
    """How far a send is."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HELD = "held"
    SENT = "sent"
    CANCELLED = "cancelled"


_A = who(Who.ANIMATOR)
_AC = who(Who.ANIMATOR, Who.CLOCK)
SEND = Lifecycle(
    "send",
    {
        State.DRAFT: {State.IN_REVIEW: _A, State.APPROVED: _A, State.CANCELLED: _A},
        State.IN_REVIEW: {State.APPROVED: _A, State.DRAFT: _A, State.CANCELLED: _A},
        State.APPROVED: {State.SCHEDULED: _A, State.DRAFT: _A, State.CANCELLED: _A},
        State.SCHEDULED: {
            State.SENDING: who(Who.CLOCK),
            State.HELD: _AC,
            State.DRAFT: _A,
            State.CANCELLED: _A,
        },
        State.SENDING: {State.HELD: _AC, State.CANCELLED: _A, State.SENT: who(Who.CLOCK)},
        State.HELD: {State.SENDING: _A, State.SCHEDULED: _A, State.CANCELLED: _A},
    },
)


class Kind(StrEnum):
    """What a send carries; the delivery kind has the same name."""

    NEWSLETTER = "newsletter"
    EVENT_INVITATION = "event_invitation"
    CORRECTION = "correction"
    """Other words in the place of a send that has gone out."""
    RECALL = "recall"
    """One sentence in the place of a send that has gone out: it has been taken back."""


class Held(StrEnum):
    """Why a send is held."""

    BY_HAND = "by_hand"
    NOT_OPEN = "not_open"
    """Its event has begun, or is not open any more."""
    CHANGED = "changed"
    """Its event is another than the one that was approved."""
    GROWN = "grown"
    """It was approved for few people, and would go to so many that a second person must look."""
    RESTORED = "restored"
    """The database comes from a backup: what went out since then is not known."""


class Send(Base, Referable):
    """One message to many."""

    __tablename__ = "sends"

    kind: Mapped[Kind] = mapped_column(String(24))
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"))
    of_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sends.id"), index=True)
    """The send that a correction or a recall is about."""
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]
    fallback: Mapped[Fallback] = mapped_column(String(16), default=Fallback.NETWORK)
    state: Mapped[State] = mapped_column(String(16), default=State.DRAFT, index=True)
    approved_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    alone: Mapped[bool] = mapped_column(default=False)
    """Approved by its only animator: it waits ten minutes before it starts."""
    for_whom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Its `Audience`; empty means everybody."""
    held_because: Mapped[Held | None] = mapped_column(String(24))
    starts_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    audience: Mapped[int | None]
    """How many people it was planned for when it started; outcomes add up to this."""

    @property
    def subject(self) -> tuple[str, int]:
        """Return what its words belong to."""
        if self.event_id is not None:
            return "event", self.event_id
        if self.kind == Kind.RECALL:
            assert self.of_id is not None
            return "newsletter", self.of_id
        return "newsletter", self.id

    @property
    def is_for(self) -> Audience:
        """Return whom it is for."""
        return Audience.of(self.for_whom)


async def write_newsletter(
    session: AsyncSession,
    actor: Person,
    language: str,
    title: str,
    body: str,
    now: datetime,
) -> Send:
    """Begin a newsletter in the author's language.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a text is empty or too long.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = Send(kind=Kind.NEWSLETTER, made_by_id=actor.id, made_at=now)
    session.add(send)
    await session.flush()
    await translations.write(
        session, actor, "newsletter", send.id, language, {"title": title, "body": body}, now
    )
    return send


async def announce(session: AsyncSession, actor: Person, event_ref: str, now: datetime) -> Send:
    """Begin the announcement of a published event; there is one at a time.

    Once it has gone out another may be made, for those who have come since: nobody is told twice.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: the event is not open any more.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, event_ref, lock=True)
    if event.state != events.State.PUBLISHED or event.starts_at <= now:
        raise TooLateError(event.starts_at)
    send: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state.not_in([State.CANCELLED, State.SENT]),
        )
    )
    if send is None:
        send = Send(
            kind=Kind.EVENT_INVITATION, event_id=event.id, made_by_id=actor.id, made_at=now
        )
        session.add(send)
        await session.flush()
    return send


async def edit(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    language: str | None = None,
    texts: dict[str, str] | None = None,
    fallback: Fallback | None = None,
    audience: Audience | None = None,
    minor: bool = False,
) -> Send:
    """Change words, rule or audience. Whatever was approved or scheduled is a draft again.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is being sent, or was.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    await SEND.move(session, send, State.DRAFT, Who.ANIMATOR, now, actor_id=actor.id)
    send.approved_by_id, send.starts_at, send.alone = None, None, False
    if fallback is not None:
        send.fallback = fallback
    if audience is not None:
        send.for_whom = audience.as_json()
    if language and texts:
        subject, subject_id = send.subject
        await translations.write(
            session, actor, subject, subject_id, language, texts, now, minor=minor
        )
    await session.flush()
    return send


async def translate_event(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send | None:
    """Write an event's words; return its announcement if that has lost its approval by it.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    event = await events.translate(session, actor, event_ref, language, texts, now)
    return await _take_back(session, actor, event, now)


async def _take_back(
    session: AsyncSession, actor: Person, event: Event, now: datetime
) -> Send | None:
    """Make an announcement that was submitted, approved or scheduled a draft again.

    One that is held before its start stays held, and its approval does not count any more.
    """
    held: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state == State.HELD,
            Send.started_at.is_(None),
        )
    )
    if held is not None:
        held.held_because, held.approved_by_id, held.alone = Held.CHANGED, None, False
    send: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state.in_([State.IN_REVIEW, State.APPROVED, State.SCHEDULED]),
        )
    )
    return await edit(session, actor, send.ref, now) if send else None


async def change_event(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    details: Details,
    now: datetime,
    *,
    default_zone: str,
) -> tuple[int, Send | None]:
    """Change the facts of an event: how many are told, and the announcement that is a draft again.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a field is wrong.
        TooLateError: it is over or cancelled, or would start in the past.
    """
    event = await find(session, Event, event_ref, lock=True)
    before = events.details_of(event)
    told = await attendance.change_event(
        session, actor, event_ref, details, now, default_zone=default_zone
    )
    if events.details_of(event) == before:
        return told, None
    return told, await _take_back(session, actor, event, now)


async def cancel_event(session: AsyncSession, actor: Person, event_ref: str, now: datetime) -> int:
    """Call an event off, and everything that was to announce it; return how many are told.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is over, or was never published.
    """
    told = await attendance.cancel_event(session, actor, event_ref, now)
    event = await find(session, Event, event_ref)
    unsent = await session.scalars(
        select(Send).where(
            Send.event_id == event.id, Send.state.not_in([State.SENT, State.CANCELLED])
        )
    )
    for send in unsent.all():
        await cancel(session, actor, send.ref, now)
    return told


async def shelf(session: AsyncSession, send: Send) -> Shelf:
    """Return what the send says, in every language it has."""
    subject, subject_id = send.subject
    found = await translations.shelves(session, subject, [subject_id])
    if subject_id not in found:
        raise NotFoundError("text")
    return found[subject_id]


async def _sending(session: AsyncSession, send: Send, network_language: str) -> Sending:
    words = await shelf(session, send)
    return Sending(
        send.kind,
        send.id,
        send.is_for,
        send.event_id,
        frozenset(words.complete),
        skips=send.fallback == Fallback.SKIP or not words.complete,
        network_language=network_language,
    )


async def dry_run(
    session: AsyncSession, send: Send, network_language: str, now: datetime
) -> DryRun:
    """Count who would get this send now, and who would not and why."""
    if send.of_id is not None:
        return await audiences.dry_edit(session, send.of_id)
    return await audiences.dry_run(session, await _sending(session, send, network_language), now)


async def submit(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, network_language: str
) -> Send:
    """Approve one's own small send, or ask a second person to look at a large one.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is past that.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    run = await dry_run(session, send, network_language, now)
    if run.people <= FOUR_EYES_ABOVE:
        await _approve(session, send, actor, now)
        return send
    if await _reviewers(session, actor, now):
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


async def _reviewers(session: AsyncSession, actor: Person, now: datetime) -> list[Person]:
    found: dict[int, Person] = {}
    for role in (RoleName.ANIMATOR, RoleName.ADMINISTRATOR):
        for person in await roles.holders(session, role, now):
            found[person.id] = person
    found.pop(actor.id, None)
    return list(found.values())


async def _ask_reviewers(session: AsyncSession, send: Send, actor: Person, now: datetime) -> None:
    reviewers = [person.id for person in await _reviewers(session, actor, now)]
    await _tell_team(session, send, "review", reviewers, now)


async def _tell_team(
    session: AsyncSession,
    send: Send,
    what: str,
    person_ids: Sequence[int | None],
    now: datetime,
) -> None:
    """Owe these people of the team a notice about the send."""
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "team_notice",
                person_id,
                f"{what}:{send.id}:{now.isoformat()}:{person_id}",
                now,
                {"what": what, "ref": send.ref},
                subject_id=send.id,
            )
            for person_id in person_ids
            if person_id is not None
        ),
    )


async def review(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, approve: bool
) -> Send:
    """Approve somebody else's send, or give it back.

    Raises:
        NotAllowedError: the actor wrote or submitted it, or is neither animator nor administrator.
        IllegalMoveError: it does not wait for review any more.
    """
    allowed = [
        await roles.holds(session, actor, role, now)
        for role in (RoleName.ANIMATOR, RoleName.ADMINISTRATOR)
    ]
    send = await find(session, Send, ref, lock=True)
    authors = {send.made_by_id, await _submitted_by(session, send)}
    if not any(allowed) or actor.id in authors:
        raise NotAllowedError(RoleName.ANIMATOR)
    if send.state != State.IN_REVIEW:
        raise IllegalMoveError(SEND.name, send.state, State.APPROVED if approve else State.DRAFT)
    if approve:
        await _approve(session, send, actor, now)
    else:
        await SEND.move(session, send, State.DRAFT, Who.ANIMATOR, now, actor_id=actor.id)
    known = [author for author in authors if author is not None]
    await _tell_team(session, send, "reviewed", sorted(known), now)
    return send


async def _submitted_by(session: AsyncSession, send: Send) -> int | None:
    """Return who asked for the review: the second pair of eyes must be somebody else's."""
    found: int | None = await session.scalar(
        select(Step.actor_id)
        .where(
            Step.subject == SEND.name, Step.subject_id == send.id, Step.after == State.IN_REVIEW
        )
        .order_by(Step.id.desc())
        .limit(1)
    )
    return found


async def schedule(
    session: AsyncSession, actor: Person, ref: str, at: datetime | None, now: datetime
) -> Send:
    """Send at a moment, or now: then after twenty seconds in which it can be undone.

    Raises:
        NotAllowedError: the actor is no animator, or a second person must look at it first.
        IllegalMoveError: it is neither approved nor held before its start.
        TooLateError: the moment has passed, or the event would have begun.
    """
    send = await find(session, Send, ref, lock=True)
    if at is not None and at <= now:
        raise TooLateError(at)
    if not await _looks_at(session, send, actor, now):
        await roles.require(session, actor, RoleName.ANIMATOR, now)
    if send.started_at is not None or send.state == State.SCHEDULED:
        raise IllegalMoveError(SEND.name, send.state, State.SCHEDULED)
    if send.held_because == Held.CHANGED:
        send.approved_by_id = actor.id
    earliest = now + (ALONE_DELAY if send.alone else UNDO)
    starts_at = max(at or earliest, earliest)
    await _opens_before(session, send, starts_at)
    await SEND.move(
        session,
        send,
        State.SCHEDULED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        starts_at=starts_at,
        held_because=None,
    )
    return send


async def _looks_at(session: AsyncSession, send: Send, actor: Person, now: datetime) -> bool:
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


async def _opens_before(session: AsyncSession, send: Send, moment: datetime) -> None:
    if send.kind == Kind.EVENT_INVITATION:
        event = await session.get_one(Event, send.event_id)
        if event.state != events.State.PUBLISHED or moment >= event.starts_at:
            raise TooLateError(event.starts_at)


async def hold(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Let nothing more of it leave for now; what is on its way arrives.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is neither scheduled nor being sent.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    await _hold(session, send, Held.BY_HAND, Who.ANIMATOR, now, actor_id=actor.id)
    return send


async def _hold(
    session: AsyncSession,
    send: Send,
    because: Held,
    by: Who,
    now: datetime,
    *,
    actor_id: int | None = None,
) -> None:
    moved = await SEND.move(
        session,
        send,
        State.HELD,
        by,
        now,
        actor_id=actor_id,
        reason=because.value,
        held_because=because,
    )
    if moved and by is Who.CLOCK:
        author = await session.get(Person, send.made_by_id) if send.made_by_id else None
        grown = author is not None and because is Held.GROWN
        others = await _reviewers(session, author, now) if author and grown else []
        told = [send.made_by_id, *(person.id for person in others)]
        await _tell_team(session, send, "send_held", told, now)


async def resume(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Go on with what is held: where it stopped, or from its start if it had not begun.

    Raises:
        NotAllowedError: the actor is no animator, or a second person must look at it.
        IllegalMoveError: it is not held.
        TooLateError: its event has begun.
    """
    send = await find(session, Send, ref, lock=True)
    if send.state != State.HELD:
        raise IllegalMoveError(SEND.name, send.state, State.SENDING)
    if send.started_at is None:
        return await schedule(session, actor, ref, None, now)
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    await _opens_before(session, send, now)
    await SEND.move(
        session, send, State.SENDING, Who.ANIMATOR, now, actor_id=actor.id, held_because=None
    )
    return send


async def undo(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Take a scheduled send back to draft before it starts.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it has started.
    """
    return await edit(session, actor, ref, now)


async def cancel(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Stop it for good: whatever has not left yet stays here.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: all of it has been sent.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    moved = await SEND.move(
        session, send, State.CANCELLED, Who.ANIMATOR, now, actor_id=actor.id, ended_at=now
    )
    if moved:
        await deliveries.cancel(session, now, Delivery.send_id == send.id)
    return send


async def start_due(session: AsyncSession, now: datetime, *, network_language: str) -> int:
    """Turn every send whose time has come into rows, one per person; return how many sends."""
    due = await session.scalars(
        select(Send)
        .where(Send.state == State.SCHEDULED, Send.starts_at <= now)
        .order_by(Send.id)
        .with_for_update(skip_locked=True)
    )
    started = 0
    for send in due.all():
        expires_at, args = now + POLICY[send.kind].lives, {"ref": send.ref}
        if send.kind == Kind.EVENT_INVITATION:
            event = await session.get_one(Event, send.event_id)
            expires_at, args = event.starts_at, {"ref": event.ref, "send": send.ref}
            if event.state != events.State.PUBLISHED or event.starts_at <= now:
                await _hold(session, send, Held.NOT_OPEN, Who.CLOCK, now)
                continue
        if await _has_grown(session, send, network_language, now):
            author = await session.get_one(Person, send.approved_by_id)
            if await _reviewers(session, author, now):
                await _hold(session, send, Held.GROWN, Who.CLOCK, now)
            else:  # nobody else is there: the ten minutes of whoever is alone
                send.alone, send.starts_at = True, now + ALONE_DELAY
            continue
        if send.of_id is not None:
            edit_of = (send.kind, send.id, send.of_id)
            count = await audiences.make_edits(session, edit_of, args, now, expires_at)
        else:
            sending = await _sending(session, send, network_language)
            count = await audiences.make_rows(session, sending, args, now, expires_at)
        await SEND.move(
            session, send, State.SENDING, Who.CLOCK, now, started_at=now, audience=count
        )
        started += 1
    return started


async def _has_grown(
    session: AsyncSession, send: Send, network_language: str, now: datetime
) -> bool:
    """Say whether its author's own approval does not cover so many people any more."""
    authors = {send.made_by_id, await _submitted_by(session, send)}
    if send.alone or send.approved_by_id not in authors:
        return False
    return (await dry_run(session, send, network_language, now)).people > FOUR_EYES_ABOVE


async def finish(session: AsyncSession, now: datetime) -> int:
    """Mark sends of which no row is waiting, queued or claimed as sent; return how many."""
    is_open = exists().where(Delivery.send_id == Send.id, Delivery.state.in_(deliveries.OPEN))
    rows = await session.scalars(select(Send).where(Send.state == State.SENDING, ~is_open))
    count = 0
    for send in rows.all():
        if send.of_id is not None and await _has_missed_some(session, send, now):
            continue
        count += await SEND.move(session, send, State.SENT, Who.CLOCK, now, ended_at=now)
    return count


async def _has_missed_some(session: AsyncSession, send: Send, now: datetime) -> bool:
    """Owe an edit to copies that were on their way at its start; True while more may come."""
    assert send.of_id is not None
    edit_of = (send.kind, send.id, send.of_id)
    expires_at = now + POLICY[send.kind].lives
    more = await audiences.make_edits(session, edit_of, {"ref": send.ref}, now, expires_at)
    send.audience = (send.audience or 0) + more
    on_their_way = await session.scalar(
        select(func.count()).where(
            Delivery.send_id == send.of_id, Delivery.state == deliveries.State.CLAIMED
        )
    )
    return bool(more or on_their_way)


async def outcomes_by_language(
    session: AsyncSession, send: Send
) -> dict[str, Counter[deliveries.State]]:
    """Return what became of its rows, by the reader's language; together they are the audience."""
    rows = await session.execute(
        select(Delivery.language, Delivery.state, func.count())
        .where(Delivery.send_id == send.id)
        .group_by(Delivery.language, Delivery.state)
    )
    found: dict[str, Counter[deliveries.State]] = {}
    for language, state, count in rows:
        found.setdefault(language or "", Counter())[deliveries.State(state)] += count
    return found


async def deferred(session: AsyncSession, send: Send) -> tuple[int, datetime | None]:
    """Return how many rows the policy has put off, and when the first of them goes."""
    row = await session.execute(
        select(func.count(), func.min(Delivery.due_at)).where(
            Delivery.send_id == send.id,
            Delivery.state == deliveries.State.QUEUED,
            Delivery.reason == "deferred",
        )
    )
    count, first = row.one()
    return count, first


async def resend_uncertain(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """Send again to those of whom nobody knows whether they got it; return how many.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it has been stopped.
        TooLateError: its event has begun.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if send.state not in (State.SENDING, State.SENT):
        raise IllegalMoveError(SEND.name, send.state, State.SENDING)
    await _opens_before(session, send, now)
    expires_at = now + POLICY[send.kind].lives
    if send.kind == Kind.EVENT_INVITATION:
        expires_at = (await session.get_one(Event, send.event_id)).starts_at
    rows = await session.scalars(
        select(Delivery).where(
            Delivery.send_id == send.id, Delivery.state == deliveries.State.UNCERTAIN
        )
    )
    count = 0
    for row in rows.all():
        count += await deliveries.DELIVERY.move(
            session,
            row,
            deliveries.State.QUEUED,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            due_at=now,
            expires_at=expires_at,
            settled_at=None,
            started_at=None,
            reason="resent_by_hand",
        )
    return count


async def recent(session: AsyncSession, limit: int = 10) -> list[Send]:
    """Return the newest sends."""
    return list(await session.scalars(select(Send).order_by(Send.id.desc()).limit(limit)))


async def in_review(session: AsyncSession) -> list[Send]:
    """Return what waits for a second person, the oldest first."""
    query = select(Send).where(Send.state == State.IN_REVIEW).order_by(Send.id)
    return list(await session.scalars(query))
