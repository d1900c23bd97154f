"""Messages that are owed: planned once, claimed once, their outcome written back.

A delivery holds a kind, ids, a due time, an expiry and a key for its occurrence; never text. What
it says is rendered when it is sent, from what is true then, in the language the person has then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import consents, holds, people, roles
from community.base import Base, BigId, Identified
from community.database_time import database_seconds
from community.lifecycle import Lifecycle, Who, who
from community.people import Membership, Person
from community.policy import GAP, POLICY, WEEKLY_CAP, Crash, next_morning
from community.roles import RoleName
from community.writing import insert_new, rows_changed


class State(StrEnum):
    """How far a message is."""

    WAITING = "waiting"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RECALLED = "recalled"


OPEN = (State.WAITING, State.QUEUED, State.CLAIMED)

_C = who(Who.CLOCK)
_AC = who(Who.ANIMATOR, Who.CLOCK)
DELIVERY = Lifecycle(
    "delivery",
    {
        State.WAITING: {
            State.QUEUED: _AC,
            State.SUPPRESSED: _C,
            State.EXPIRED: _C,
            State.CANCELLED: _AC,
        },
        State.QUEUED: {
            State.CLAIMED: _C,
            State.EXPIRED: _C,
            State.SUPPRESSED: _C,
            State.CANCELLED: _AC,
        },
        State.CLAIMED: {
            State.SENT: _C,
            State.REFUSED: _C,
            State.FAILED: _C,
            State.QUEUED: _C,
            State.UNCERTAIN: _C,
            State.SUPPRESSED: _C,
            State.EXPIRED: _C,
        },
        State.UNCERTAIN: {State.QUEUED: who(Who.ANIMATOR)},
        State.SENT: {State.RECALLED: who(Who.ANIMATOR)},
    },
)
"""The one lifecycle whose steps are taken in bulk; ``test_deliveries`` walks every cell."""


class Delivery(Base, Identified):
    """One message owed to one person."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "lane", "due_at"),
        Index("ix_deliveries_subject", "kind", "subject_id"),
    )

    key: Mapped[str] = mapped_column(String(96), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """None once the person is erased, and then settled: outcomes still add up."""
    subject_id: Mapped[int | None] = mapped_column(BigId)
    """The row it is about (an event, a referral …), so that a cancellation finds it."""
    send_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sends.id"), index=True)
    args: Mapped[dict[str, Any]]
    lane: Mapped[int]
    state: Mapped[State] = mapped_column(String(16), default=State.QUEUED)
    reason: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float | None] = mapped_column(Float)
    language: Mapped[str | None] = mapped_column(String(16))
    settled_at: Mapped[datetime | None]
    """When its fate was known; of a claimed row, when it was let go to be sent."""
    planned_at: Mapped[datetime]


class SentMessage(Base, Identified):
    """Where a message went, so that it can be edited later. One row per part."""

    __tablename__ = "sent_messages"

    delivery_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    chat_id: Mapped[int] = mapped_column(BigInteger, index=True)
    message_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    sent_at: Mapped[datetime]


@dataclass(frozen=True)
class Plan:
    """A message to be owed. ``key`` is what makes this occurrence the only one."""

    kind: str
    person_id: int
    key: str
    due_at: datetime
    args: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    subject_id: int | None = None
    send_id: int | None = None


async def plan(session: AsyncSession, now: datetime, *plans: Plan) -> int:
    """Owe these messages, each once; return how many are new."""
    return await insert_new(
        session,
        Delivery,
        [
            {
                "key": p.key,
                "kind": p.kind,
                "person_id": p.person_id,
                "subject_id": p.subject_id,
                "send_id": p.send_id,
                "args": dict(p.args),
                "lane": int(POLICY[p.kind].lane),
                "state": State.QUEUED,
                "due_at": p.due_at,
                "expires_at": p.expires_at or p.due_at + POLICY[p.kind].lives,
                "tries": 0,
                "planned_at": now,
            }
            for p in plans
        ],
    )


async def cancel(session: AsyncSession, now: datetime, *where: ColumnElement[bool]) -> int:
    """Cancel what matches and has not been claimed yet; return how many."""
    return await rows_changed(
        session,
        update(Delivery)
        .where(Delivery.state.in_([State.WAITING, State.QUEUED]), *where)
        .values(state=State.CANCELLED, settled_at=now),
    )


async def claim(
    session: AsyncSession, holder: str, limit: int, lease: float, now: datetime
) -> list[Delivery]:
    """Take up to ``limit`` due rows for ``lease`` seconds of the database's clock.

    After a restore some kinds are held (``community/holds.py``).
    Two senders never get the same row: PostgreSQL skips what the other has locked, SQLite lets
    one write at a time.
    """
    due = (
        select(Delivery.id)
        .where(
            Delivery.state == State.QUEUED, Delivery.due_at <= now, holds.lets_go(Delivery.kind)
        )
        .order_by(Delivery.lane, Delivery.due_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(due))
    if not ids:
        return []
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == State.QUEUED)
        .values(
            state=State.CLAIMED,
            claimed_by=holder,
            lease_until=database_seconds() + lease,
            tries=Delivery.tries + 1,
        )
        .execution_options(synchronize_session=False)
    )
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.id.in_(ids), Delivery.claimed_by == holder)
        .order_by(Delivery.lane, Delivery.due_at, Delivery.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


@dataclass(frozen=True)
class Verdict:
    """What the policy says about one claimed row now. ``SENT`` means: go ahead."""

    state: State
    reason: str | None = None
    due_at: datetime | None = None


GO = Verdict(State.SENT)
MOMENT = timedelta(seconds=2)
"""After so long a row is looked at again whose person another sender is just judging."""


async def judge(
    session: AsyncSession, delivery: Delivery, person: Person, now: datetime, default_zone: str
) -> Verdict:
    """Apply the send policy to one row: go, later, never, or too late.

    A deferral never crosses the expiry: what would, is expired at once.
    """
    policy = POLICY[delivery.kind]
    if now >= delivery.expires_at:
        return Verdict(State.EXPIRED, "too_late")
    if person.telegram_id is None:
        return Verdict(State.SUPPRESSED, "no_telegram")
    if person.state == Membership.UNREACHABLE:
        return Verdict(State.SUPPRESSED, "unreachable")
    if person.state in policy.silent_in:
        return Verdict(State.SUPPRESSED, str(person.state))
    if policy.consent and policy.consent not in await consents.given(session, person):
        return Verdict(State.SUPPRESSED, "no_consent")
    if policy.unasked and not await _nobody_else_judges(session, person):
        return Verdict(State.QUEUED, "deferred", now + MOMENT)
    later = now
    if policy.waits_for_morning:
        later = next_morning(later, person.local_zone(default_zone))
    if policy.unasked:
        later = max(later, await _allowed_from(session, person, now))
        if policy.waits_for_morning:
            later = next_morning(later, person.local_zone(default_zone))
    if later <= now:
        delivery.settled_at = now  # on its way: the next of this person's rows counts it already
        return GO
    if later >= delivery.expires_at:
        return Verdict(State.EXPIRED, "no_time_left")
    return Verdict(State.QUEUED, "deferred", later)


async def _nobody_else_judges(session: AsyncSession, person: Person) -> bool:
    """Hold the person until the end of the transaction; False if another sender does."""
    free = (
        select(Person.id)
        .where(Person.id == person.id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return await session.scalar(free) is not None


async def _allowed_from(session: AsyncSession, person: Person, now: datetime) -> datetime:
    """Return from when the weekly cap and the gap allow one more unasked message.

    What lies far ahead was sent while the clock was wrong, and holds nothing back.
    """
    unasked = [kind for kind, policy in POLICY.items() if policy.unasked]
    recent = (
        await session.scalars(
            select(Delivery.settled_at)
            .where(
                Delivery.person_id == person.id,
                Delivery.kind.in_(unasked),
                Delivery.state.in_([State.CLAIMED, State.SENT, State.UNCERTAIN, State.RECALLED]),
                Delivery.settled_at > now - timedelta(days=7),
                Delivery.settled_at < now + GAP,
            )
            .order_by(Delivery.settled_at.desc())
        )
    ).all()
    times = [moment for moment in recent if moment]
    allowed = [now]
    if times:
        allowed.append(times[0] + GAP)
    if len(times) >= WEEKLY_CAP:
        allowed.append(times[WEEKLY_CAP - 1] + timedelta(days=7))
    return max(allowed)


@dataclass
class Outcome:
    """What became of one claimed row."""

    delivery_id: int
    state: State
    reason: str | None = None
    due_at: datetime | None = None
    language: str | None = None
    costs_a_try: bool = True
    messages: list[tuple[int, int]] = field(default_factory=list)
    """(chat id, message id) of every part that was sent."""


async def settle(session: AsyncSession, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of claimed rows; what was put back stays owed."""
    for outcome in outcomes:
        row = await session.get(Delivery, outcome.delivery_id, populate_existing=True)
        if row is None or row.state != State.CLAIMED:
            continue  # erased meanwhile, or the lease ran out and somebody else settled it
        row.state, row.reason = outcome.state, outcome.reason
        row.claimed_by = row.lease_until = None
        if outcome.language:
            row.language = outcome.language
        if outcome.state == State.QUEUED:
            row.due_at = outcome.due_at or row.due_at
            row.tries -= 0 if outcome.costs_a_try else 1
            row.settled_at = None
        else:
            row.settled_at = now
        session.add_all(
            SentMessage(
                delivery_id=row.id,
                chat_id=chat_id,
                message_id=message_id,
                kind=row.kind,
                sent_at=now,
            )
            for chat_id, message_id in outcome.messages
        )
    await session.flush()


async def rescue(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Settle what a dead process has left claimed: (put back to be resent, now uncertain)."""
    lost = (Delivery.state == State.CLAIMED, Delivery.lease_until < database_seconds())
    resent = [kind for kind, policy in POLICY.items() if policy.crash == Crash.RESEND]
    back = await rows_changed(
        session,
        update(Delivery)
        .where(*lost, Delivery.kind.in_(resent))
        .values(
            state=State.QUEUED,
            claimed_by=None,
            lease_until=None,
            reason="after_crash",
            settled_at=None,
        ),
    )
    uncertain = await rows_changed(
        session,
        update(Delivery)
        .where(*lost, Delivery.kind.not_in(resent))
        .values(
            state=State.UNCERTAIN,
            claimed_by=None,
            lease_until=None,
            reason="after_crash",
            settled_at=now,
        ),
    )
    return back, uncertain


@dataclass(frozen=True)
class Unsure:
    """Messages about one thing of which nobody knows whether they arrived."""

    kind: str
    ref: str
    count: int


async def uncertain(session: AsyncSession, now: datetime) -> list[Unsure]:
    """Return what may not have arrived and is still worth sending, sends of their own aside."""
    found: dict[tuple[str, str], int] = {}
    for row in await _unsure_rows(session, now):
        about = (row.kind, str(row.args.get("ref", "")))
        found[about] = found.get(about, 0) + 1
    return [Unsure(kind, ref, count) for (kind, ref), count in found.items()]


async def resend(session: AsyncSession, actor: Person, kind: str, ref: str, now: datetime) -> int:
    """Owe these uncertain messages once more, by this person's decision; return how many.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = [
        row
        for row in await _unsure_rows(session, now)
        if row.kind == kind and str(row.args.get("ref", "")) == ref
    ]
    for row in rows:
        await DELIVERY.move(
            session,
            row,
            State.QUEUED,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            due_at=now,
            settled_at=None,
            reason="resent_by_hand",
        )
    return len(rows)


async def _unsure_rows(session: AsyncSession, now: datetime) -> Sequence[Delivery]:
    return (
        await session.scalars(
            select(Delivery)
            .where(
                Delivery.state == State.UNCERTAIN,
                Delivery.send_id.is_(None),
                Delivery.expires_at > now,
            )
            .order_by(Delivery.id)
        )
    ).all()


async def lose(session: AsyncSession, person: Person, reason: str, now: datetime) -> None:
    """Make the person unreachable and drop what waits for them: no flood when they come back."""
    await people.lose(session, person, reason, now)
    await rows_changed(
        session,
        update(Delivery)
        .where(
            Delivery.person_id == person.id,
            Delivery.state.in_([State.WAITING, State.QUEUED]),
        )
        .values(state=State.SUPPRESSED, reason="unreachable", settled_at=now),
    )


async def expire(session: AsyncSession, now: datetime) -> int:
    """Mark what nobody claimed in time; it stays listed as "not sent, too late"."""
    return await rows_changed(
        session,
        update(Delivery)
        .where(Delivery.state.in_([State.WAITING, State.QUEUED]), Delivery.expires_at <= now)
        .values(state=State.EXPIRED, reason="too_late", settled_at=now),
    )


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when the next queued message becomes due."""
    found: datetime | None = await session.scalar(
        select(func.min(Delivery.due_at)).where(
            or_(Delivery.state == State.QUEUED, Delivery.state == State.WAITING)
        )
    )
    return found
