"""Codes of few digits are not guessed: after a few that lead nowhere, none is tried for a while.

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
from community.people import Person

PAPER = "paper codes"
"""Those of people without Telegram. A door has codes of its own: ``door`` names them."""
WITHIN = timedelta(hours=1)
MOST_OF_ONE = 5
"""So many wrong codes of one kind from one chat within an hour: then it waits."""
MOST_OF_ALL = 100
"""So many from all chats together: then everybody waits, whoever has a right code as well.

On paper a hundred an hour for a year are a million of 10¹² codes: of a thousand that hold, one in
a thousand such years is hit. At a door that is open for five hours they are 500 of 10⁶."""
KEPT = timedelta(days=1)


class CodeTry(Base, Identified):
    """Somebody has tried a code that leads nowhere."""

    __tablename__ = "code_tries"
    __table_args__ = (Index("ix_code_tries_what_who_at", "what", "who", "at"),)

    what: Mapped[str] = mapped_column(String(32))
    """Which codes it might have been one of: of each kind there are tries of their own."""
    who: Mapped[str] = mapped_column(String(64))
    """A keyed hash of their Telegram number: deleting oneself does not begin anew."""
    at: Mapped[datetime] = mapped_column(index=True)


def door(event_ref: str) -> str:
    """Return the kind of the code at the door of one event."""
    return f"door {event_ref}"


async def sealed(session: AsyncSession, text: str) -> str:
    """Return the keyed hash of a code, or of who tries one; the key stays in the database."""
    key = await keys.key(session, PAPER)  # so it was named when there were no others
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


async def chat_of(session: AsyncSession, person: Person) -> str:
    """Return who tries a code, as it is kept."""
    return await sealed(session, f"chat {person.telegram_id}")


async def wait(session: AsyncSession, what: str, who: str, now: datetime) -> timedelta | None:
    """Return how long no code of this kind is tried of theirs, right or wrong; None if it is."""
    theirs = await session.scalar(_latest(what, now, MOST_OF_ONE).where(CodeTry.who == who))
    of_all = await session.scalar(_latest(what, now, MOST_OF_ALL))
    begun = max(filter(None, (theirs, of_all)), default=None)
    return None if begun is None else begun + WITHIN - now


def note_wrong(session: AsyncSession, what: str, who: str, now: datetime) -> None:
    """Count one wrong code, whatever becomes of the update that brought it."""
    row = {"what": what, "who": who, "at": now}
    memory.in_any_case(session, insert(cast("Table", CodeTry.__table__)), row)


async def are_guessed(session: AsyncSession, what: str, now: datetime) -> bool:
    """Say whether so many wrong ones of a kind have come in that nobody's is tried now."""
    return await session.scalar(_latest(what, now, MOST_OF_ALL)) is not None


def _latest(what: str, now: datetime, count: int) -> Select[datetime]:
    """Return the query for when the last so many wrong codes began to come in, if they did."""
    recent = (CodeTry.what == what, CodeTry.at > now - WITHIN)
    latest = select(CodeTry.at).where(*recent).order_by(CodeTry.at.desc())
    return latest.offset(count - 1).limit(1)
