"""What stood before: a text that is written anew leaves its old words here, for a while."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable

SHOWN = 3
"""So many earlier texts are shown, the newest first."""


class EarlierText(Base, Referable):
    """One field of one subject in one language, as it stood until it was written anew."""

    __tablename__ = "earlier_texts"
    __table_args__ = (Index("ix_earlier_texts_subject", "subject", "subject_id"),)

    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    language: Mapped[str] = mapped_column(String(16))
    field: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    written_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    written_as: Mapped[str | None] = mapped_column(String(24))
    """In which role."""
    written_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


async def of(
    session: AsyncSession, subject: str, subject_id: int, field: str, language: str
) -> Sequence[EarlierText]:
    """Return the last few texts that stood there before, the newest first."""
    rows = await session.scalars(
        select(EarlierText)
        .where(
            EarlierText.subject == subject,
            EarlierText.subject_id == subject_id,
            EarlierText.field == field,
            EarlierText.language == language,
        )
        .order_by(EarlierText.id.desc())
        .limit(SHOWN)
    )
    return rows.all()


async def forget(session: AsyncSession, subject: str, subject_id: int, *, but: str = "") -> None:
    """Remove everything that stood before about this subject, but in one field."""
    await session.execute(
        delete(EarlierText).where(
            EarlierText.subject == subject,
            EarlierText.subject_id == subject_id,
            EarlierText.field != but,
        )
    )
