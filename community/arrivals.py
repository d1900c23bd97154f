"""What Telegram has brought and is acknowledged: the inbox.

A row is committed before Telegram is told that we have it, and carries the replies once its
transaction has committed, so that a crash between the two loses neither. The body is blanked when
the last reply is spoken; number and hash stay 48 hours, to know a duplicate; what could not be
handled is set aside for 30 days and blocks nobody.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, Identified
from community.writing import insert_new

TRIES = 3
AT_ONCE = 1000
"""How many open rows are read in one go."""


class Arriving(StrEnum):
    """How far an update has come."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    DONE = "done"
    SET_ASIDE = "set_aside"


class Arrival(Base, Identified):
    """One update as Telegram sent it."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("update_id", "digest"),
        Index("ix_inbox_state", "state", "id"),
    )

    update_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    sender: Mapped[int | None] = mapped_column(BigInteger, index=True)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Arriving] = mapped_column(String(16), default=Arriving.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    replies: Mapped[list[Any] | None] = mapped_column(JSON)
    spoken: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


async def store(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Keep a batch; what is there already (same number and digest) is left alone."""
    return await insert_new(session, Arrival, rows)


async def open_rows(session: AsyncSession, after: int, limit: int) -> Sequence[Any]:
    """Return (id, sender) of what is not finished, oldest first."""
    return (
        await session.execute(
            select(Arrival.id, Arrival.sender)
            .where(
                Arrival.state.in_([Arriving.WAITING, Arriving.SPEAKING]),
                Arrival.id > after,
            )
            .order_by(Arrival.id)
            .limit(limit)
        )
    ).all()


async def set_aside_since(session: AsyncSession, since: datetime) -> int:
    """Return how many updates that arrived since then wait for a human eye."""
    return (
        await session.scalar(
            select(func.count())
            .select_from(Arrival)
            .where(Arrival.state == Arriving.SET_ASIDE, Arrival.arrived_at > since)
        )
        or 0
    )
