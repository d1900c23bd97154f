"""Messages that keep themselves current: the progress of a send, until it has ended."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, Identified


class LiveMessage(Base, Identified):
    """A message that is rendered again while what it shows still moves."""

    __tablename__ = "live_messages"
    __table_args__ = (UniqueConstraint("chat_id", "message_id"),)

    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    args: Mapped[dict[str, Any]]
    shown: Mapped[str] = mapped_column(String(64))
    """A digest of what it says, so that only a change is sent."""
    since: Mapped[datetime]


CLOSED = "closed"
"""The kind of message that stands in the place of what its reader may not see any more."""
AT_ONCE = ""
"""What such a message says is of no matter: it is to be shown as it is now."""
_TABLE = cast("Table", LiveMessage.__table__)
_LET_GO = delete(_TABLE).where(
    _TABLE.c.chat_id == bindparam("chat"), _TABLE.c.message_id == bindparam("number")
)


async def keep(
    session: AsyncSession,
    chat_id: int,
    message_id: int,
    kind: str,
    args: dict[str, Any],
    shown: str,
    now: datetime,
) -> None:
    """Keep this message current from now on; another that shows the same thing stops moving."""
    for row in await session.scalars(select(LiveMessage).where(LiveMessage.chat_id == chat_id)):
        if row.message_id == message_id or (row.kind, row.args) == (kind, args):
            await session.delete(row)
    await session.flush()
    session.add(
        LiveMessage(
            chat_id=chat_id, message_id=message_id, kind=kind, args=args, shown=shown, since=now
        )
    )
    await session.flush()


async def let_go(session: AsyncSession, *messages: tuple[int, int]) -> None:
    """Leave these messages (chat and number) as they are: something else is in their place."""
    if messages:
        await session.execute(
            _LET_GO, [{"chat": chat_id, "number": message_id} for chat_id, message_id in messages]
        )


async def close_all(session: AsyncSession, chat_id: int, language: str | None) -> None:
    """Close what a chat shows that is kept current; each is let go of once that is done.

    Of whoever it was, only the language in which that is said stays until then.
    """
    await session.execute(
        update(LiveMessage)
        .where(LiveMessage.chat_id == chat_id)
        .values(kind=CLOSED, args={"language": language}, shown=AT_ONCE),
        execution_options={"synchronize_session": False},
    )


async def has_shown(
    session: AsyncSession, chat_id: int, message_id: int, shown: str, *, still_moves: bool
) -> None:
    """Note what this message says now; one that moves no more is left as it is."""
    if not still_moves:
        await let_go(session, (chat_id, message_id))
        return
    await session.execute(
        update(LiveMessage)
        .where(LiveMessage.chat_id == chat_id, LiveMessage.message_id == message_id)
        .values(shown=shown)
    )


async def show_at_once(session: AsyncSession, ref: str) -> None:
    """Let the cards of one thing in groups not wait for the next look at all of them."""
    for row in await session.scalars(select(LiveMessage).where(LiveMessage.chat_id < 0)):
        if row.args.get("ref") == ref:
            row.shown = AT_ONCE
    await session.flush()


async def every(session: AsyncSession, *, in_groups: bool = False) -> list[LiveMessage]:
    """Return all that people have with what cannot wait in groups, or all ``in_groups``."""
    is_group = LiveMessage.chat_id < 0
    where = is_group if in_groups else ~is_group | (LiveMessage.shown == AT_ONCE)
    return list(await session.scalars(select(LiveMessage).where(where).order_by(LiveMessage.id)))
