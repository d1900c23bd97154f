"""Who did what, when, from where to where. Erasing a person empties the who, never the what."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified


class Step(Base, Identified):
    """One step of one thing's life. Reasons are codes, never a person's words."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_subject", "subject", "subject_id"),)

    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    subject: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int] = mapped_column(BigId)
    before: Mapped[str] = mapped_column(String(32))
    after: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(64))


def note(
    session: AsyncSession,
    subject: str,
    subject_id: int,
    before: str,
    after: str,
    *,
    actor_id: int | None,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Add one line to the history."""
    session.add(
        Step(
            at=now,
            actor_id=actor_id,
            subject=subject,
            subject_id=subject_id,
            before=before,
            after=after,
            reason=reason,
        )
    )
