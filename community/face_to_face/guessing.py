"""Paper codes are not guessed: after a few that lead nowhere, none is tried for a while.

Of whoever has tried only a keyed hash is kept, for a day. It is written with the answer, also
where what was asked for is refused and undone.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Index, Select, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import keys, memory
from community.base import Base, Identified
from community.errors import CodeRefusedError

WITHIN = timedelta(hours=1)
MOST_OF_ONE = 5
"""So many wrong codes from one chat within an hour: then it waits."""
MOST_OF_ALL = 100
"""So many from all chats together: then everybody waits, whoever has a right code as well.

A hundred an hour for a year are a million of 10¹² codes: of a thousand that hold, one in a
thousand such years is hit."""
KEPT = timedelta(days=1)


class CodeTry(Base, Identified):
    """Somebody has tried a paper code that leads nowhere."""

    __tablename__ = "code_tries"
    __table_args__ = (Index("ix_code_tries_who_at", "who", "at"),)

    who: Mapped[str] = mapped_column(String(64))
    """A keyed hash of their Telegram number: deleting oneself does not begin anew."""
    at: Mapped[datetime] = mapped_column(index=True)


async def sealed(session: AsyncSession, text: str) -> str:
    """Return the keyed hash of a code, or of who tries one; the key stays in the database."""
    key = await keys.key(session, "paper codes")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


async def require_patience(session: AsyncSession, who: str, now: datetime) -> None:
    """Refuse whoever has to wait before they try a code, whether it is right or wrong.

    Raises:
        CodeRefusedError: they, or all together, have tried too many that lead nowhere.
    """
    theirs = await session.scalar(_latest(now, MOST_OF_ONE).where(CodeTry.who == who))
    of_all = await session.scalar(_latest(now, MOST_OF_ALL))
    begun = max(filter(None, (theirs, of_all)), default=None)
    if begun is not None:
        raise CodeRefusedError(begun + WITHIN - now)


def note_wrong(session: AsyncSession, who: str, now: datetime) -> None:
    """Count one wrong code, whatever becomes of the update that brought it."""
    row = {"who": who, "at": now}
    memory.in_any_case(session, insert(cast("Table", CodeTry.__table__)), row)


async def are_guessed(session: AsyncSession, now: datetime) -> bool:
    """Say whether so many wrong codes have come in that nobody's is tried now."""
    return await session.scalar(_latest(now, MOST_OF_ALL)) is not None


def _latest(now: datetime, count: int) -> Select[datetime]:
    """Return the query for when the last so many wrong codes began to come in, if they did."""
    latest = select(CodeTry.at).where(CodeTry.at > now - WITHIN).order_by(CodeTry.at.desc())
    return latest.offset(count - 1).limit(1)
