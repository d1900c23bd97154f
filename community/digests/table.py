"""One digest a month (or week, or two), what may stand in it, and how far it is."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.lifecycle import Lifecycle, Who, who
from community.people import Pace

KIND = "digest"
"""The kind of its deliveries."""


class State(StrEnum):
    """How far a digest is."""

    COMPOSING = "composing"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SKIPPED = "skipped"
    """Not this time: somebody of the team has said so, perhaps of what had not left yet."""
    EMPTY = "empty"
    """Nothing fitted anybody."""
    LAPSED = "lapsed"
    """Nobody looked at it in time."""


_A, _C = who(Who.ANIMATOR), who(Who.CLOCK)
DIGEST = Lifecycle(
    "digest",
    {
        State.COMPOSING: {State.IN_REVIEW: _C, State.EMPTY: _C},
        State.IN_REVIEW: {State.APPROVED: _A, State.SKIPPED: _A, State.LAPSED: _C},
        State.APPROVED: {State.SKIPPED: _A},
    },
)


class ItemKind(StrEnum):
    """What an item is; its number is that of such a row."""

    SEND = "send"
    """A newsletter, or an organisation's offer."""
    EVENT = "event"
    SERVICE = "service"
    POST = "post"
    """An ask or an offer of a member."""


class Digest(Base, Referable):
    """The digest of one month."""

    __tablename__ = "digests"

    pace: Mapped[Pace] = mapped_column(String(16), default=Pace.MONTH)
    """It is for those whose digest comes so often."""
    month: Mapped[str] = mapped_column(String(7), unique=True)
    """Where the network is: 2026-12; of a week 2026w49, of two weeks 2026f49 (ISO 8601)."""
    state: Mapped[State] = mapped_column(String(16), default=State.COMPOSING)
    since: Mapped[datetime]
    """What came after this moment is new in it."""
    made_at: Mapped[datetime]
    composed_to: Mapped[int] = mapped_column(BigId, default=0)
    """The last person for whom it has been composed; their numbers go up."""
    decided_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    decided_at: Mapped[datetime | None]


class DigestItem(Base, Identified):
    """Something that may stand in a digest; in whose, their delivery says."""

    __tablename__ = "digest_items"

    digest_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("digests.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[ItemKind] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    left_out: Mapped[bool] = mapped_column(default=False)
    """By whoever has looked at it."""
    is_story: Mapped[bool] = mapped_column(default=False)
    """Of a newsletter: whoever has looked at it wants its words told; one in a digest at most."""
