"""What a send is: its row, its lifecycle, why it may be held."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.audiences import Audience
from community.base import Base, BigId, Referable
from community.lifecycle import Lifecycle, Who, who
from community.translations import Fallback


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
_AP = who(Who.ANIMATOR, Who.PROVIDER)
_AC = who(Who.ANIMATOR, Who.CLOCK)
SEND = Lifecycle(
    "send",
    {
        State.DRAFT: {State.IN_REVIEW: _AP, State.APPROVED: _A, State.CANCELLED: _AP},
        State.IN_REVIEW: {State.APPROVED: _A, State.DRAFT: _AP, State.CANCELLED: _AP},
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


TAKEN = (State.APPROVED, State.SCHEDULED, State.SENDING, State.HELD, State.SENT)
"""An offer that is so far the team has taken as it is."""


class Kind(StrEnum):
    """What a send carries; the delivery kind has the same name."""

    NEWSLETTER = "newsletter"
    EVENT_INVITATION = "event_invitation"
    OFFER = "offer"
    """What a support organisation offers; its own people write it, and nobody else."""
    CORRECTION = "correction"
    """Other words in the place of a send that has gone out."""
    RECALL = "recall"
    """One sentence in the place of a send that has gone out: it has been taken back."""


class Held(StrEnum):
    """Why a send is held."""

    BY_HAND = "by_hand"
    NOT_OPEN = "not_open"
    """Its event has begun, or is not open any more."""
    LATE = "late"
    """The bot was away at its time, for longer than a message of its kind lives."""
    CHANGED = "changed"
    """Its event is another than the one that was approved."""
    GROWN = "grown"
    """It was approved for few people, and would go to so many that a second person must look."""
    RESTORED = "restored"
    """The database comes from a backup: what went out since then is not known."""


@dataclass(frozen=True)
class Picture:
    """A picture that somebody of the team has sent to the bot; Telegram keeps it."""

    file_id: str
    """Telegram's name for it, which only this bot can use."""
    is_photo: bool
    """Sent as a photo. What was sent as a file can only be passed on as a file."""


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
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    """Whose offer it is."""
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    """Of an offer in review: which animator takes care of it."""
    refused_because: Mapped[str | None] = mapped_column(Text)
    """Of an offer that came back: what the animator says about it."""
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
    picture_id: Mapped[str | None] = mapped_column(Text)
    picture_is_photo: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    unsure_left: Mapped[int] = mapped_column(default=0)
    """Of how many uncertain copies somebody has decided to leave them as they are."""
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
    def picture(self) -> Picture | None:
        """Return the picture that goes with it, if there is one."""
        return Picture(self.picture_id, self.picture_is_photo) if self.picture_id else None

    @property
    def is_for(self) -> Audience:
        """Return whom it is for."""
        return Audience.of(self.for_whom)
