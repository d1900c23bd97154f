"""Half-filled forms, and words that wait for a yes: kept across restarts."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import memory
from community.among import among
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
    missed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What they looked for in vain on their last day of looking, so that it counts once."""


async def expect(session: AsyncSession, telegram_ids: Collection[int]) -> None:
    """Read the conversations of these people at once, for the updates that follow."""
    for number in telegram_ids:
        memory.remember_none(session, (Conversation, number))
    for row in await session.scalars(_THESE, {"numbers": telegram_ids}):
        memory.remember(session, (Conversation, row.telegram_id), row)


_THESE = select(Conversation).where(among(Conversation.telegram_id, "numbers"))


async def of(session: AsyncSession, telegram_id: int) -> Conversation | None:
    """Return where this person stands in a form, if they have ever been in one."""
    if memory.is_known_to_be_none(session, (Conversation, telegram_id)):
        return None
    return await session.get(Conversation, telegram_id)


async def begun(session: AsyncSession, telegram_id: int, now: datetime) -> Conversation:
    """Return the person's conversation, begun now if there was none."""
    row = await of(session, telegram_id)
    if row is None:
        row = Conversation(telegram_id=telegram_id, data={}, touched_at=now)
        session.add(row)
        memory.remember(session, (Conversation, telegram_id), row)
    return row


async def keep_unsent(session: AsyncSession, telegram_id: int, words: str, now: datetime) -> None:
    """Add a line to the words that wait for a yes: people write in several short messages.

    Raises:
        NotUnderstoodError: it would be more than the team's inbox takes.
    """
    row = await begun(session, telegram_id, now)
    gathered = f"{row.unsent}\n{words}" if row.unsent else words
    if len(gathered) > TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    row.unsent, row.touched_at = gathered, now


async def unsent(session: AsyncSession, telegram_id: int) -> str | None:
    """Return the words that wait for a yes."""
    row = await of(session, telegram_id)
    return row.unsent if row else None


async def take_unsent(session: AsyncSession, telegram_id: int) -> str | None:
    """Return the words that wait for a yes, which wait no longer."""
    row = await of(session, telegram_id)
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
            among(Conversation.telegram_id, telegram_ids),
            Conversation.state.is_not(None),
            Conversation.touched_at > since,
        )
    )
    return {row.telegram_id: row.touched_at for row in rows}


async def misses(
    session: AsyncSession, telegram_id: int, what: str, day: date, now: datetime
) -> bool:
    """Remember for one day that this person misses this; False if it is remembered already."""
    row, today = await begun(session, telegram_id, now), day.isoformat()
    known = row.missed or {}
    if known.get(what) == today:
        return False
    row.missed = {**{each: on for each, on in known.items() if on == today}, what: today}
    await memory.write_objects(session)
    return True
