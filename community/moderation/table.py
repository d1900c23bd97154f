"""The table of reports: who calls the team in, about what, and what came of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.measures import Measure, Why

JUDGED_WITHIN = 2
"""Working days within which somebody judges a report."""
MOST_A_DAY = 10
"""One person reports at most so much within a day."""


class What(StrEnum):
    """What is reported."""

    PERSON = "person"
    POST = "post"
    MESSAGE = "message"
    """A message of an exchange between members."""
    EXCHANGE = "exchange"
    """All that was written with an organisation, organisers or an author."""
    TEXT = "text"
    """A sentence of ours: a translation that is wrong."""


class Report(Base, Referable):
    """Somebody has reported something; the team judges it."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_queue", "settled_at", "at"),)

    reporter_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    what: Mapped[What] = mapped_column(String(16))
    why: Mapped[Why] = mapped_column(String(24))
    about_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """Whom it concerns, if it concerns one person."""
    post_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="SET NULL"), index=True
    )
    exchange_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("exchanges.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("exchange_messages.id", ondelete="SET NULL")
    )
    subject: Mapped[str | None] = mapped_column(String(16))
    """With the next three, the sentence of ours."""
    subject_id: Mapped[int | None] = mapped_column(BigId)
    field: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    rings_at: Mapped[datetime | None] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    outcome: Mapped[Measure | None] = mapped_column(String(16))
