"""Secrets that the database keeps for the program: so far the key of the erasure hashes."""

import secrets

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base
from community.writing import insert_new


class Key(Base):
    """A random key, made at first use."""

    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


async def key(session: AsyncSession, name: str) -> bytes:
    """Return the key of this name, making it at first use."""
    await insert_new(session, Key, [{"name": name, "value": secrets.token_hex(32)}])
    value = await session.scalar(select(Key.value).where(Key.name == name))
    assert value is not None
    return bytes.fromhex(value)
