"""A fresh database for one run: an SQLite file on the disk, or one on a PostgreSQL server."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "")
"""Where there is a PostgreSQL, if there is one."""
SKIPPED = "TEST_DATABASE_URL named no PostgreSQL: nothing was measured on one."


def kinds() -> list[str]:
    """Return the databases that there are."""
    return ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


@asynccontextmanager
async def fresh(kind: str) -> AsyncIterator[str]:
    """Give the address of an empty database that is gone afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite+aiosqlite:///{folder}/bench.db"
        return
    name = f"diwan_bench_{secrets.token_hex(4)}"
    await administer(f'CREATE DATABASE "{name}"')
    try:
        yield make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    finally:
        await administer(f'DROP DATABASE "{name}" WITH (FORCE)')


async def administer(statement: str, url: str = POSTGRESQL) -> None:
    """Run one statement on the server, in no transaction."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def version() -> str:
    """Return the server's version."""
    engine = create_async_engine(POSTGRESQL)
    async with engine.connect() as connection:
        found = await connection.scalar(text("SHOW server_version"))
    await engine.dispose()
    return str(found).partition(" ")[0]
