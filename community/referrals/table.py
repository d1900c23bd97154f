"""What a referral is: its row, its lifecycle, what is shared, why a provider says no."""

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
        State.DRAFT: {State.PENDING: _S, State.CANCELLED: _S},
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
    """Why a provider declines or could not deliver (Primero's list, as far as it fits)."""

    NO_CAPACITY = "no_capacity"
    NOT_OUR_FIELD = "not_our_field"
    LANGUAGE = "language"
    NOT_ELIGIBLE = "not_eligible"
    NO_CONTACT = "no_contact"
    MEMBER_DECLINED = "member_declined"
    OTHER = "other"


class Referral(Base, Referable):
    """One request to one provider."""

    __tablename__ = "referrals"

    chain_id: Mapped[int | None] = mapped_column(BigId)
    """The first referral of the chain; later ones go to the next provider."""
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"))
    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    state: Mapped[State] = mapped_column(String(20), default=State.DRAFT, index=True)
    asked_field: Mapped[FieldName | None] = mapped_column(String(16))
    reason: Mapped[Reason | None] = mapped_column(String(24))
    consent_version: Mapped[str] = mapped_column(String(16))
    consent_language: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    outcome_asked: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[bool | None]
    """How an animator resolved a dispute."""


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
