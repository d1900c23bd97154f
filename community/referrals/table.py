"""What a referral is: its row, its lifecycle, what is shared, why a provider says no."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.lifecycle import Lifecycle, Who, who


class State(StrEnum):
    """How far a referral is."""

    DRAFT = "draft"
    PENDING = "pending"
    NEEDS_INFORMATION = "needs_information"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REROUTED = "rerouted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    IN_SERVICE = "in_service"
    NOT_DELIVERED = "not_delivered"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    UNCONFIRMED = "unconfirmed"
    RESOLVED = "resolved"


_S, _P, _C = who(Who.SELF), who(Who.PROVIDER), who(Who.CLOCK)
REFERRAL = Lifecycle(
    "referral",
    {
        State.DRAFT: {
            State.PENDING: _S,
            State.CANCELLED: who(Who.SELF, Who.ANIMATOR, Who.CLOCK),
        },
        State.PENDING: {
            State.ACCEPTED: _P,
            State.DECLINED: _P,
            State.NEEDS_INFORMATION: _P,
            State.REROUTED: _P,
            State.EXPIRED: _C,
            State.CANCELLED: _S,
        },
        State.NEEDS_INFORMATION: {
            State.PENDING: _S,
            State.EXPIRED: _C,
            State.CANCELLED: _S,
        },
        State.ACCEPTED: {
            State.IN_SERVICE: _P,
            State.NOT_DELIVERED: _P,
            State.CANCELLED: _S,
        },
        State.IN_SERVICE: {
            State.COMPLETED: _P,
            State.NOT_DELIVERED: _P,
            State.CANCELLED: _S,
        },
        State.NOT_DELIVERED: {State.DISPUTED: _S},
        State.COMPLETED: {
            State.CONFIRMED: _S,
            State.DISPUTED: _S,
            State.UNCONFIRMED: _C,
        },
        State.UNCONFIRMED: {State.CONFIRMED: _S, State.DISPUTED: _S},
        State.DISPUTED: {State.RESOLVED: who(Who.ANIMATOR)},
    },
)
OPEN = (
    State.DRAFT,
    State.PENDING,
    State.NEEDS_INFORMATION,
    State.ACCEPTED,
    State.IN_SERVICE,
)
"""What the member can still withdraw."""
SETTLED = (
    State.DECLINED,
    State.REROUTED,
    State.EXPIRED,
    State.CANCELLED,
    State.NOT_DELIVERED,
    State.COMPLETED,
    State.CONFIRMED,
    State.RESOLVED,
)
"""After these nothing is left to prepare."""
ANSWERABLE = (State.PENDING, State.ACCEPTED, State.IN_SERVICE)
"""From these a provider says what becomes of it, even when the agreement has ended meanwhile."""
OVER = (
    State.DECLINED,
    State.REROUTED,
    State.EXPIRED,
    State.CANCELLED,
    State.NOT_DELIVERED,
    State.CONFIRMED,
    State.UNCONFIRMED,
    State.RESOLVED,
)
"""Nobody is expected to do anything more; the member may still say whether it helped."""
TURNED_AWAY = (State.DECLINED, State.REROUTED, State.EXPIRED)
"""From these the member goes on to the next provider; this one needs to know nothing more."""


class FieldName(StrEnum):
    """What can be shared, one by one."""

    NAME = "name"
    LANGUAGE = "language"
    NEED = "need"
    AREA = "area"
    STAGE = "stage"
    ACCOUNT = "account"
    NOTE = "note"


class Reason(StrEnum):
    """Why a provider declines or could not deliver; ``codes.py`` has Primero's names for it."""

    NO_CAPACITY = "no_capacity"
    NOT_OUR_FIELD = "not_our_field"
    LANGUAGE = "language"
    NOT_ELIGIBLE = "not_eligible"
    NO_CONTACT = "no_contact"
    MEMBER_DECLINED = "member_declined"
    NO_LONGER_NEEDED = "no_longer_needed"
    PROVIDER_NOT_REACHED = "provider_not_reached"
    """Of an organisation that is not on Telegram: the team's own reason."""
    OTHER = "other"


_THE_TEAMS = (Reason.PROVIDER_NOT_REACHED, Reason.OTHER)
REASONS: Mapping[State, Sequence[Reason]] = {
    State.DECLINED: (
        Reason.NO_CAPACITY,
        Reason.NOT_OUR_FIELD,
        Reason.LANGUAGE,
        Reason.NOT_ELIGIBLE,
        Reason.OTHER,
    ),
    State.NOT_DELIVERED: tuple(
        reason for reason in Reason if reason != Reason.PROVIDER_NOT_REACHED
    ),
}
"""What a provider's staff may choose from, by where the request goes."""
TEAMS_REASONS = {
    to: (*(reason for reason in found if reason != Reason.OTHER), *_THE_TEAMS)
    for to, found in REASONS.items()
}
"""What the team may choose from, which records what a provider has said, or finds nobody there."""


class Source(StrEnum):
    """How a step came to us."""

    CHAT = "chat"
    """Its actor took it here."""
    PHONE = "phone"
    """This one and the next: somebody of the team recorded what the provider said there."""
    EMAIL = "email"
    IN_PERSON = "in_person"
    CLOCK = "clock"


RECORDED = (Source.PHONE, Source.EMAIL, Source.IN_PERSON)
"""What somebody of the team writes down for a provider that is not in the chat."""


class Referral(Base, Referable):
    """One request to one provider."""

    __tablename__ = "referrals"

    chain_id: Mapped[int | None] = mapped_column(BigId)
    """The first referral of the chain; later ones go to the next provider."""
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"), index=True)
    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    state: Mapped[State] = mapped_column(String(20), default=State.DRAFT, index=True)
    asked_field: Mapped[FieldName | None] = mapped_column(String(16))
    reason: Mapped[Reason | None] = mapped_column(String(24))
    by_team: Mapped[bool] = mapped_column(default=False)
    """The member has agreed that the team reads it and passes it on, and nobody else reads it."""
    consent_version: Mapped[str] = mapped_column(String(16))
    """Empty until the member has agreed to it; what was never agreed to was never sent."""
    consent_language: Mapped[str] = mapped_column(String(16))
    note_language: Mapped[str | None] = mapped_column(String(16))
    """In which language the note was written: by the member, or by the team for them."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    outcome_asked: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[bool | None]
    """How an animator resolved a dispute."""
    rings_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the clock of its state rings next (``ringing.py``)."""
    rung: Mapped[int] = mapped_column(default=0)
    """Which mark of that clock it is then; 0 is the beginning."""
    suggested_id: Mapped[int | None] = mapped_column(BigId)
    """Of one that was passed on: the service that staff suggest instead."""

    @property
    def was_sent(self) -> bool:
        """Say whether the member has ever agreed to it: before, it is nobody else's business."""
        return self.state != State.DRAFT and bool(self.consent_version)

    @property
    def written_in(self) -> str:
        """Return the language of the note."""
        return self.note_language or self.consent_language


class SharedField(Base, Identified):
    """One field as it was previewed and agreed to."""

    __tablename__ = "referral_fields"

    referral_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("referrals.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[FieldName] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(Text)
    agreed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
