"""Half-filled forms, and words that wait for a yes: kept across restarts."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base
from community.errors import NotUnderstoodError

TEXT_LIMIT = 2000
"""How long a text to the team, or its answer, may be."""


class Conversation(Base):
    """Where one person stands in a form. Nothing that matters lives only here."""

    __tablename__ = "conversations"

    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    touched_at: Mapped[datetime]
    unsent: Mapped[str | None] = mapped_column(Text)
    """What they wrote that fits nothing, until they say whether it goes to the team."""


async def keep_unsent(session: AsyncSession, telegram_id: int, words: str, now: datetime) -> None:
    """Add a line to the words that wait for a yes: people write in several short messages.

    Raises:
        NotUnderstoodError: it would be more than the team's inbox takes.
    """
    row = await session.get(Conversation, telegram_id)
    if row is None:
        row = Conversation(telegram_id=telegram_id, data={}, touched_at=now)
        session.add(row)
    gathered = f"{row.unsent}\n{words}" if row.unsent else words
    if len(gathered) > TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    row.unsent, row.touched_at = gathered, now


async def unsent(session: AsyncSession, telegram_id: int) -> str | None:
    """Return the words that wait for a yes."""
    row = await session.get(Conversation, telegram_id)
    return row.unsent if row else None


async def take_unsent(session: AsyncSession, telegram_id: int) -> str | None:
    """Return the words that wait for a yes, which wait no longer."""
    row = await session.get(Conversation, telegram_id)
    if row is None:
        return None
    words, row.unsent = row.unsent, None
    return words


async def answering(
    session: AsyncSession, telegram_ids: Collection[int], since: datetime
) -> Mapping[int, datetime]:
    """Return who of these has had a question open since then, and when they last touched it."""
    rows = await session.execute(
        select(Conversation.telegram_id, Conversation.touched_at).where(
            Conversation.telegram_id.in_(telegram_ids),
            Conversation.state.is_not(None),
            Conversation.touched_at > since,
        )
    )
    return {row.telegram_id: row.touched_at for row in rows}
