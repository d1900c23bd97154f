"""Who did what, when, from where to where. Erasing a person empties the who, never the what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, String, Table, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.memory import later


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
    source: Mapped[str | None] = mapped_column(String(16))
    """Of a referral's step: how it came to us (``referrals.Source``)."""


_INSERT = insert(cast("Table", Step.__table__))
"""What adds a step: an object would have to be flushed."""


def step(
    subject: str,
    subject_id: int,
    before: str,
    after: str,
    *,
    actor_id: int | None,
    now: datetime,
    reason: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """Return one line of the history, for ``note``."""
    return {
        "at": now,
        "actor_id": actor_id,
        "subject": subject,
        "subject_id": subject_id,
        "before": before,
        "after": after,
        "reason": reason,
        "source": source,
    }


async def note(session: AsyncSession, line: Mapping[str, Any]) -> None:
    """Add one line (``step``) to the history, at the latest when the transaction ends."""
    await later(session, (_INSERT, [line]))
