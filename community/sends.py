"""Sends: a newsletter or the announcement of an event, from draft to the last row settled.

Approval binds what was approved: any change takes the send back to draft. A large send needs a
second person; an animator who is alone gets ten minutes in which it can still be taken back.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import consents, deliveries, events, roles, translations
from community.attendance import UNANSWERED, Attendance
from community.base import Base, BigId, Referable, find
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Plan
from community.errors import IllegalMoveError, NotAllowedError, NotFoundError, TooLateError
from community.events import Event
from community.history import Step
from community.lifecycle import Lifecycle, Who, who
from community.people import Membership, Person
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


class Send(Base, Referable):
    """One message to many."""

    __tablename__ = "sends"

    kind: Mapped[Kind] = mapped_column(String(24))
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"))
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
    starts_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    audience: Mapped[int | None]
    """How many people it was planned for when it started; outcomes add up to this."""

    @property
    def subject(self) -> tuple[str, int]:
        """Return what its words belong to."""
        if self.kind == Kind.EVENT_INVITATION:
            assert self.event_id is not None
            return "event", self.event_id
        return "newsletter", self.id


@dataclass
class DryRun:
    """Who would get what, if it were sent now. The numbers equal the later rows."""

    people: int = 0
    by_language: Counter[str] = field(default_factory=Counter)
    """Readers, by their own language."""
    without_translation: Counter[str] = field(default_factory=Counter)
    """Readers whose language is missing: under SKIP they get nothing, else the network's."""
    answered: int = 0
    """Of an announcement: who has said already whether they come."""
    no_consent: int = 0
    resting: int = 0
    unreachable: int = 0

    @property
    def audience(self) -> int:
        """Return how many rows sending would make."""
        return self.people


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
    """Begin the announcement of a published event; there is one per event.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: the event is not open any more.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, event_ref, lock=True)
    if event.state != events.State.PUBLISHED or event.starts_at <= now:
        raise TooLateError(event.starts_at)
    send: Send | None = await session.scalar(
        select(Send).where(Send.event_id == event.id, Send.state.not_in([State.CANCELLED]))
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
    minor: bool = False,
) -> Send:
    """Change words or rule. Whatever was approved or scheduled is a draft again.

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
    send: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.state.in_([State.IN_REVIEW, State.APPROVED, State.SCHEDULED]),
        )
    )
    return await edit(session, actor, send.ref, now) if send else None


async def shelf(session: AsyncSession, send: Send) -> Shelf:
    """Return what the send says, in every language it has."""
    subject, subject_id = send.subject
    found = await translations.shelves(session, subject, [subject_id])
    if subject_id not in found:
        raise NotFoundError("text")
    return found[subject_id]


async def _audience(session: AsyncSession) -> list[tuple[int, str | None, Membership, bool]]:
    """Return (person, language, membership, agrees to news) of everybody who has joined."""
    latest = (
        select(func.max(Consent.id))
        .where(Consent.purpose == Purpose.NEWS)
        .group_by(Consent.person_id)
        .scalar_subquery()
    )
    agrees = select(Consent.person_id).where(Consent.id.in_(latest), Consent.granted)
    rows = await session.execute(
        select(Person.id, Person.language, Person.state, Person.id.in_(agrees))
        .where(
            Person.state.in_(
                [
                    Membership.ACTIVE,
                    Membership.PAUSED,
                    Membership.STOPPED,
                    Membership.UNREACHABLE,
                ]
            )
        )
        .order_by(Person.id)
    )
    return [(pid, language, Membership(state), bool(yes)) for pid, language, state, yes in rows]


async def dry_run(session: AsyncSession, send: Send, network_language: str) -> DryRun:
    """Count who would get this send now, and who would not and why."""
    run, _ = await _sort_audience(session, send, network_language)
    return run


async def _sort_audience(
    session: AsyncSession, send: Send, network_language: str
) -> tuple[DryRun, list[int]]:
    words = await shelf(session, send)
    answered = await _answered(session, send)
    run, chosen = DryRun(), []
    for person_id, language, state, agrees in await _audience(session):
        if state == Membership.UNREACHABLE:
            run.unreachable += 1
        elif state != Membership.ACTIVE:
            run.resting += 1
        elif not agrees:
            run.no_consent += 1
        elif person_id in answered:
            run.answered += 1
        else:
            spoken = language or network_language
            if spoken not in words.complete:
                run.without_translation[spoken] += 1
            if words.choose(spoken, network_language, Fallback(send.fallback)) is None:
                continue
            run.people += 1
            run.by_language[spoken] += 1
            chosen.append(person_id)
    return run, chosen


async def _answered(session: AsyncSession, send: Send) -> set[int | None]:
    """Return who need not be told of the event any more."""
    if send.event_id is None:
        return set()
    said = select(Attendance.person_id).where(
        Attendance.event_id == send.event_id, Attendance.state.not_in(UNANSWERED)
    )
    return set(await session.scalars(said))


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
    run = await dry_run(session, send, network_language)
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
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "team_notice",
                person.id,
                f"review:{send.id}:{now.isoformat()}:{person.id}",
                now,
                {"what": "review", "ref": send.ref},
                subject_id=send.id,
            )
            for person in await _reviewers(session, actor, now)
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
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "team_notice",
                author,
                f"reviewed:{send.id}:{now.isoformat()}:{author}",
                now,
                {"what": "reviewed", "ref": send.ref},
                subject_id=send.id,
            )
            for author in sorted(author for author in authors if author is not None)
        ),
    )
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
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is not approved.
        TooLateError: the moment has passed, or the event would have begun.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if at is not None and at <= now:
        raise TooLateError(at)
    earliest = now + (ALONE_DELAY if send.alone else UNDO)
    starts_at = max(at or earliest, earliest)
    if send.event_id is not None:
        event = await session.get_one(Event, send.event_id)
        if starts_at >= event.starts_at:
            raise TooLateError(event.starts_at)
    await SEND.move(
        session,
        send,
        State.SCHEDULED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        starts_at=starts_at,
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
    due = (
        await session.scalars(
            select(Send)
            .where(Send.state == State.SCHEDULED, Send.starts_at <= now)
            .with_for_update()
        )
    ).all()
    for send in due:
        expires_at = now + POLICY[send.kind].lives
        args = {"ref": send.ref}
        if send.event_id is not None:
            event = await session.get_one(Event, send.event_id)
            expires_at, args = event.starts_at, {"ref": event.ref, "send": send.ref}
            if event.state != events.State.PUBLISHED or event.starts_at <= now:
                await SEND.move(session, send, State.HELD, Who.CLOCK, now, reason="event_not_open")
                continue
        _, chosen = await _sort_audience(session, send, network_language)
        await SEND.move(
            session,
            send,
            State.SENDING,
            Who.CLOCK,
            now,
            started_at=now,
            audience=len(chosen),
        )
        for at in range(0, len(chosen), 500):
            await deliveries.plan(
                session,
                now,
                *(
                    Plan(
                        send.kind,
                        person_id,
                        f"send:{send.id}:{person_id}",
                        now,
                        args,
                        expires_at=expires_at,
                        subject_id=send.event_id or send.id,
                        send_id=send.id,
                    )
                    for person_id in chosen[at : at + 500]
                ),
            )
    return len(due)


async def finish(session: AsyncSession, now: datetime) -> int:
    """Mark sends of which no row is waiting, queued or claimed as sent; return how many."""
    rows = (await session.scalars(select(Send).where(Send.state == State.SENDING))).all()
    count = 0
    for send in rows:
        still_open = await session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.send_id == send.id, Delivery.state.in_(deliveries.OPEN))
        )
        if not still_open:
            count += await SEND.move(session, send, State.SENT, Who.CLOCK, now, ended_at=now)
    return count


async def outcomes(session: AsyncSession, send: Send) -> Counter[deliveries.State]:
    """Return what became of its rows; together they are the audience."""
    rows = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.send_id == send.id)
        .group_by(Delivery.state)
    )
    return Counter({deliveries.State(state): count for state, count in rows})


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
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    rows = (
        await session.scalars(
            select(Delivery).where(
                Delivery.send_id == send.id,
                Delivery.state == deliveries.State.UNCERTAIN,
            )
        )
    ).all()
    for row in rows:
        await deliveries.DELIVERY.move(
            session,
            row,
            deliveries.State.QUEUED,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            due_at=now,
            expires_at=now + POLICY[row.kind].lives,
            settled_at=None,
            reason="resent_by_hand",
        )
    return len(rows)


async def recent(session: AsyncSession, limit: int = 10) -> list[Send]:
    """Return the newest sends."""
    return list(await session.scalars(select(Send).order_by(Send.id.desc()).limit(limit)))


async def in_review(session: AsyncSession) -> list[Send]:
    """Return what waits for a second person, the oldest first."""
    query = select(Send).where(Send.state == State.IN_REVIEW).order_by(Send.id)
    return list(await session.scalars(query))


async def latest_newsletter(session: AsyncSession) -> Send | None:
    """Return the newest newsletter that has begun to go out."""
    found: Send | None = await session.scalar(
        select(Send)
        .where(
            Send.kind == Kind.NEWSLETTER,
            Send.state.in_([State.SENDING, State.SENT]),
        )
        .order_by(Send.started_at.desc())
        .limit(1)
    )
    return found


async def agrees_to_news(session: AsyncSession, person: Person) -> bool:
    """Say whether this person reads newsletters."""
    return Purpose.NEWS in await consents.given(session, person)
