"""The tables of what is owed and of where it went, and how far a message is."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    column,
    table,
)
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, UTCDateTime
from community.lifecycle import Lifecycle, Who, who
from community.policy import Lane


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
SENDS = table(
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
    """One message owed to one person, or to a group."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "lane", "due_at", "id"),
        Index("ix_deliveries_person", "person_id", "state", "lane", "due_at", "id"),
        Index("ix_deliveries_subject", "kind", "subject_id"),
        Index("ix_deliveries_send", "send_id", "state", "language"),
    )

    key: Mapped[str] = mapped_column(String(96), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    """None once the person is erased, and then settled: outcomes still add up."""
    group_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("telegram_groups.id", ondelete="SET NULL"), index=True
    )
    """Of what is posted in a group, and is nobody's in particular."""
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


class Due(NamedTuple):
    """A row that has been claimed: what its sender has to know."""

    id: int
    kind: str
    person_id: int | None
    group_id: int | None
    subject_id: int | None
    send_id: int | None
    args: dict[str, Any]
    lane: int
    reason: str | None
    expires_at: datetime
    tries: int


# What is written for every message leaves the object mapper aside: it would cost half of sending.
ROWS = cast("Table", Delivery.__table__)
COPIES = cast("Table", SentMessage.__table__)
