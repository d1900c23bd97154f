"""The rows: a plan with its lifecycle, and its steps."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.lifecycle import Lifecycle, Who, who
from community.roles import RoleName, Scoped

OFFER_HOLDS = timedelta(days=7)


MOST_MONTHS = 12


PASSED = (RoleName.CO_HOST, RoleName.COMMUNITY_LEAD, RoleName.MODERATOR, RoleName.TRANSLATOR)
"""What passes to members: events, an area or a group, what was reported, texts."""


class State(StrEnum):
    """How far a hand-over is."""

    OFFERED = "offered"
    AGREED = "agreed"
    DONE = "done"
    DECLINED = "declined"
    ENDED = "ended"


_A, _S = who(Who.ANIMATOR), who(Who.SELF)


TRANSFER = Lifecycle(
    "transfer",
    {
        State.OFFERED: {State.AGREED: _S, State.DECLINED: _S, State.ENDED: _A},
        State.AGREED: {State.DONE: _A, State.ENDED: _A | _S},
    },
)


class Does(StrEnum):
    """Whose step it is."""

    MEMBER = "member"
    ANIMATOR = "animator"


class Code(StrEnum):
    """The steps with which every plan begins; what they say is in every language."""

    WATCH = "watch"
    TOGETHER = "together"
    ALONE = "alone"


class Transfer(Base, Referable, Scoped):
    """One plan: which role passes to whom, and who teaches them."""

    __tablename__ = "transfers"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    """The member who learns."""
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """The animator from whom they learn; whoever animates no more leaves it to all."""
    months: Mapped[int]
    """How long the role lasts once it is theirs; of one event, a week longer than that."""
    state: Mapped[State] = mapped_column(String(16), default=State.OFFERED)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    def is_offered(self, now: datetime) -> bool:
        """Say whether the member can still say yes."""
        return self.state == State.OFFERED and now < self.made_at + OFFER_HOLDS

    def is_open(self, now: datetime) -> bool:
        """Say whether it is under way, or may yet be."""
        return self.state == State.AGREED or self.is_offered(now)


class TransferStep(Base, Referable):
    """One step of a plan: what, who, until when."""

    __tablename__ = "transfer_steps"
    __table_args__ = (Index("ix_transfer_steps_due", "done_at", "due_at"),)

    transfer_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("transfers.id", ondelete="CASCADE"), index=True
    )
    code: Mapped[Code | None] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(Text, default="")
    """In the animator's own words, where it is none of the first steps."""
    does: Mapped[Does] = mapped_column(String(16))
    due_at: Mapped[datetime]
    """The first moment after its last day."""
    done_at: Mapped[datetime | None]

    def is_due(self, now: datetime) -> bool:
        """Say whether it should be done by now and is not."""
        return self.done_at is None and self.due_at <= now
