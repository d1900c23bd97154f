"""Secrets that the database keeps for the program: so far the key of the erasure hashes."""

import secrets

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import memory
from community.base import Base
from community.writing import insert_new, new_only


class Key(Base):
    """A random key, made at first use."""

    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


async def key(session: AsyncSession, name: str) -> bytes:
    """Return the key of this name, making it at first use: for good, whatever is undone then."""
    row = {"name": name, "value": secrets.token_hex(32)}
    if await insert_new(session, Key, [row]):
        memory.in_any_case(session, new_only(Key, session.get_bind().dialect.name), row)
    value = await session.scalar(select(Key.value).where(Key.name == name))
    assert value is not None
    return bytes.fromhex(value)
