"""Messages that are owed: planned once, claimed once, their outcome written back.

A delivery holds a kind, ids, a due time, an expiry and a key for its occurrence; never text. What
it says is rendered when it is sent, from what is true then, in the language the person has then.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    column,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import holds, people, roles
from community.base import Base, BigId, Identified, UTCDateTime
from community.database_time import database_seconds
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.policy import POLICY, RESENT, Lane
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
LANES = tuple(int(lane) for lane in Lane)
_SENDS = table(
    "sends",
    column("id"),
    column("state"),
    column("of_id"),
    column("started_at", UTCDateTime()),
)  # their module imports this one

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
        Index("ix_deliveries_due", "state", "lane", "due_at", "id"),
        Index("ix_deliveries_subject", "kind", "subject_id"),
        Index("ix_deliveries_send", "send_id", "state", "language"),
    )

    key: Mapped[str] = mapped_column(String(96), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """None once the person is erased, and then settled: outcomes still add up."""
    subject_id: Mapped[int | None] = mapped_column(BigId)
    """The row it is about (an event, a referral …), so that a cancellation finds it."""
    send_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sends.id"))
    args: Mapped[dict[str, Any]]
    lane: Mapped[int]
    state: Mapped[State] = mapped_column(String(16), default=State.QUEUED)
    reason: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float | None] = mapped_column(Float)
    started_at: Mapped[datetime | None]
    """When it was let go to be sent. A claimed row without it has surely not left."""
    language: Mapped[str | None] = mapped_column(String(16))
    """The reader's, when a send was planned; what it was sent in, once it is sent."""
    settled_at: Mapped[datetime | None]
    """When its fate was known; of a claimed row, when the policy let it go."""
    planned_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)
    """How often the copy has been corrected."""


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


# What is written for every message leaves the object mapper aside: it would cost half of sending.
_ROWS = cast("Table", Delivery.__table__)
_COPIES = cast("Table", SentMessage.__table__)


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
    """Take up to ``limit`` due rows for ``lease`` seconds of the database's clock, urgent first.

    Two senders never get the same row: PostgreSQL skips what the other has locked, SQLite lets
    one write at a time. What is held stays where it is: by its send, or after a restore
    (``community/holds.py``).
    """
    ids: list[int] = []
    for lane in LANES:
        due = (
            select(Delivery.id)
            .where(
                Delivery.state == State.QUEUED,
                Delivery.lane == lane,
                Delivery.due_at <= now,
                holds.lets_go(Delivery.kind),
                _is_not_held(),
            )
            .order_by(Delivery.due_at, Delivery.id)
            .limit(limit - len(ids))
            .with_for_update(skip_locked=True)
        )
        ids += await session.scalars(due)
        if len(ids) == limit:
            break
    if not ids:
        return []
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == State.QUEUED)
        .values(
            state=State.CLAIMED,
            claimed_by=holder,
            lease_until=database_seconds() + lease,
            tries=Delivery.tries + 1,
        )
        .returning(Delivery),
        execution_options={"populate_existing": True, "synchronize_session": False},
    )
    order = {number: at for at, number in enumerate(ids)}
    return sorted(rows, key=lambda row: order[row.id])


async def let_go(
    session: AsyncSession, holder: str, ids: Collection[int], lease: float, now: datetime
) -> tuple[set[int], dict[int, str]]:
    """Mark rows as on their way, just before they leave: from now on a crash hides their fate.

    Return which of them may leave, and of which others the send has been held or cancelled
    meanwhile, or has been put right: that has to be rendered anew. What is in neither is not the
    holder's any more.
    """
    if not ids:
        return set(), {}
    later = _SENDS.alias()
    is_overtaken = exists().where(
        later.c.of_id == _ROWS.c.send_id,
        later.c.state.in_(["sending", "sent"]),
        later.c.started_at >= _ROWS.c.settled_at,
    )
    is_stopped = or_(
        _ROWS.c.send_id.in_(select(_SENDS.c.id).where(_SENDS.c.state.in_(["held", "cancelled"]))),
        is_overtaken,
    )
    mine = (
        _ROWS.c.id.in_(ids),
        _ROWS.c.state == State.CLAIMED,
        _ROWS.c.claimed_by == holder,
        _ROWS.c.lease_until > database_seconds(),
    )
    going = await session.scalars(
        update(_ROWS)
        .where(*mine, or_(_ROWS.c.send_id.is_(None), ~is_stopped))
        .values(started_at=now, lease_until=database_seconds() + lease)
        .returning(_ROWS.c.id)
    )
    free = set(going)
    if len(free) == len(ids):
        return free, {}
    rest = await session.execute(
        select(_ROWS.c.id, _SENDS.c.state)
        .join(_SENDS, _SENDS.c.id == _ROWS.c.send_id)
        .where(*mine, _ROWS.c.id.not_in(free))
    )
    return free, {row.id: row.state for row in rest}


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed row."""

    delivery_id: int
    kind: str
    state: State
    reason: str | None = None
    person_id: int | None = None
    due_at: datetime | None = None
    costs_a_try: bool = False
    language: str | None = None
    messages: Sequence[tuple[int, int]] = ()
    """(chat id, message id) of every part that was sent."""


async def settle(
    session: AsyncSession, outcomes: Sequence[Outcome], now: datetime, *, holder: str | None = None
) -> None:
    """Write what became of claimed rows; what was put back stays owed.

    Rows with one fate are written by one statement. What is not claimed any more, or by another
    than ``holder``, is left as somebody else has settled it.
    """
    claimed = [_ROWS.c.state == State.CLAIMED]
    claimed += [_ROWS.c.claimed_by == holder] if holder else []
    alike: dict[tuple[Any, ...], list[Outcome]] = {}
    for outcome in outcomes:
        fate = (outcome.state, outcome.reason, outcome.due_at, outcome.language)
        alike.setdefault((*fate, outcome.costs_a_try), []).append(outcome)
    for (state, reason, due_at, language, costs_a_try), group in alike.items():
        values: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "claimed_by": None,
            "lease_until": None,
        }
        if language:
            values["language"] = language
        if state == State.QUEUED:
            values |= {"settled_at": None, "started_at": None}
            values |= {"due_at": due_at} if due_at else {}
            values |= {} if costs_a_try else {"tries": _ROWS.c.tries - 1}
        else:
            values["settled_at"] = now
        settled = set(
            await session.scalars(
                update(_ROWS)
                .where(_ROWS.c.id.in_([outcome.delivery_id for outcome in group]), *claimed)
                .values(values)
                .returning(_ROWS.c.id)
            )
        )
        copies = [
            {
                "delivery_id": outcome.delivery_id,
                "chat_id": chat_id,
                "message_id": message_id,
                "kind": outcome.kind,
                "sent_at": now,
            }
            for outcome in group
            if outcome.delivery_id in settled
            for chat_id, message_id in outcome.messages
        ]
        if copies:
            await session.execute(insert(_COPIES), copies)
        if state == State.SENT:
            await _edited(session, [o for o in group if o.delivery_id in settled])


async def _edited(session: AsyncSession, done: Sequence[Outcome]) -> None:
    """Note on the rows that were edited that they were."""
    for kind, changes in (
        ("correction", {"revision": _ROWS.c.revision + 1}),
        ("recall", {"state": State.RECALLED}),
    ):
        if edits := [outcome.delivery_id for outcome in done if outcome.kind == kind]:
            edit = _ROWS.alias()
            await session.execute(
                update(_ROWS)
                .where(
                    _ROWS.c.state == State.SENT,
                    exists().where(
                        edit.c.id.in_(edits),
                        edit.c.subject_id == _ROWS.c.send_id,
                        edit.c.person_id == _ROWS.c.person_id,
                    ),
                )
                .values(changes)
            )


async def copies_of(session: AsyncSession, row: Delivery) -> list[int]:
    """Return the messages that an edit is about, in the order in which they were sent."""
    query = (
        select(SentMessage.message_id)
        .join(Delivery, Delivery.id == SentMessage.delivery_id)
        .where(Delivery.send_id == row.subject_id, Delivery.person_id == row.person_id)
        .order_by(SentMessage.id)
    )
    return list(await session.scalars(query))


async def rescue(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Settle what a dead process has left claimed: (owed again, now uncertain).

    What had not been let go has surely not left, whatever its kind.
    """
    lost = (Delivery.state == State.CLAIMED, Delivery.lease_until < database_seconds())
    unclaimed = {"claimed_by": None, "lease_until": None, "reason": "after_crash"}
    back = await rows_changed(
        session,
        update(Delivery)
        .where(*lost, or_(Delivery.started_at.is_(None), Delivery.kind.in_(RESENT)))
        .values(state=State.QUEUED, settled_at=None, started_at=None, **unclaimed),
    )
    uncertain = await rows_changed(
        session,
        update(Delivery).where(*lost).values(state=State.UNCERTAIN, settled_at=now, **unclaimed),
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
            started_at=None,
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
    """Return when the next queued message becomes due that is not held."""
    found: datetime | None = await session.scalar(
        select(func.min(Delivery.due_at)).where(
            Delivery.state.in_([State.QUEUED, State.WAITING]),
            holds.lets_go(Delivery.kind),
            _is_not_held(),
        )
    )
    return found


def _is_not_held() -> ColumnElement[bool]:
    """Return the condition that a row belongs to no send that is held."""
    held = select(_SENDS.c.id).where(_SENDS.c.state == "held")
    return or_(Delivery.send_id.is_(None), Delivery.send_id.not_in(held))
