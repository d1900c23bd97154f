"""Surveys, each person's way through them, and what they have answered."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable

NO_SUBJECT = "event_id IS NULL AND referral_id IS NULL"


class Survey(Base, Referable):
    """A template asked about one event or referral, or in one wave."""

    __tablename__ = "surveys"
    __table_args__ = (
        UniqueConstraint("template", "version", "event_id"),
        UniqueConstraint("template", "version", "referral_id"),
        Index(
            "uq_surveys_wave",
            *("template", "version", "window", "wave"),
            unique=True,
            sqlite_where=text(NO_SUBJECT),
            postgresql_where=text(NO_SUBJECT),
        ),
    )

    template: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    window: Mapped[str] = mapped_column(String(32), default="")
    """The code of the rule that asked (``windows.py``)."""
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"), index=True)
    referral_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("referrals.id"), index=True)
    wave: Mapped[str] = mapped_column(String(16), default="")
    """Which of several times it is that the same is asked: "2" for the second year, "2026-11"."""
    form_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("survey_forms.id"), index=True)
    """Of a survey of the network's own; None: it comes with the program (``templates.py``)."""
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    """When it closes for everybody; None: each response has an end of its own."""


class SurveyResponse(Base, Referable):
    """One person's way through a survey. Erasing the person leaves the answers, without a who."""

    __tablename__ = "survey_responses"
    __table_args__ = (UniqueConstraint("survey_id", "person_id"),)

    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("surveys.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    asked_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(String(16))
    """In which language the newest answer was given."""
    at: Mapped[str | None] = mapped_column(String(32))
    """The question that is open although a later one would be next: ticks are being set, or the
    person has gone back to it."""
    passed: Mapped[list[str]] = mapped_column(default=list)
    """The questions to which the person would rather not say anything, or chose nothing."""


class SurveyAnswer(Base, Identified):
    """One answer; of a question with several, one row for each that was chosen."""

    __tablename__ = "survey_answers"
    __table_args__ = (UniqueConstraint("response_id", "question", "value"),)

    response_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("survey_responses.id", ondelete="CASCADE"), index=True
    )
    question: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(32))
    """The code that was chosen; "" where the answer is none of some codes."""
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """A number, an amount in the network's currency, or the point of a scale."""
    day: Mapped[date | None]
    text: Mapped[str | None] = mapped_column(Text)
    voice: Mapped[str | None] = mapped_column(String(200))
    """Telegram's name for a voice message; people hear it, no machine does."""
    language: Mapped[str | None] = mapped_column(String(16))
    answered_at: Mapped[datetime | None]


class ExitAgreement(Base, Identified):
    """That somebody who has left may be asked what became of it; kept for nothing else."""

    __tablename__ = "exit_agreements"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    left_at: Mapped[datetime]
    """From here the weeks and months are counted after which they are asked."""
    withdrawn_at: Mapped[datetime | None]
