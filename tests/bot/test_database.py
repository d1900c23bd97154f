"""The database: whoever waits for it holds nobody up, and what is wrong with it is told apart."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

import bot.database
from bot import in_loop
from bot.database import SYNCHRONOUS, Database, is_away
from tests.conftest import DATABASES


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """Return a file with one table of one row."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE t (n INTEGER)"))
        await session.execute(text("INSERT INTO t VALUES (0)"))
    await database.close()
    return tmp_path / "a.db"


async def test_what_is_committed_outlives_a_power_cut(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.database, "SYNCHRONOUS", SYNCHRONOUS)  # as it is outside of tests
    database = Database(f"sqlite+aiosqlite:///{file}")
    async with database.transaction() as session:
        full = 2
        assert await session.scalar(text("PRAGMA synchronous")) == full
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
    await database.close()


async def test_another_writer_is_waited_for_while_the_loop_goes_on(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE t SET n = n + 1")
    database = Database(f"sqlite+aiosqlite:///{file}")

    async def add() -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE t SET n = n + 1"))

    adding = asyncio.create_task(add())
    for _ in range(20):  # the loop turns although the file is taken
        await asyncio.sleep(0.005)
    assert not adding.done()
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(adding, 2)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT n FROM t")) == 2
    await database.close()


async def test_a_writer_that_never_ends_is_an_error_in_the_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_loop, "PATIENCE", 0.05)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite+aiosqlite:///{file}")
    with pytest.raises(OperationalError, match="locked"):
        async with database.transaction():
            pass
    other.close()
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT n FROM t")) == 0
    await database.close()


async def test_a_server_that_is_not_there_is_a_database_that_is_away() -> None:
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError) as problem:
        async with database.transaction():
            pass
    assert is_away(problem.value)
    await database.close()


async def test_a_statement_that_is_wrong_is_not_taken_for_a_database_that_is_away(
    file: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{file}")
    with pytest.raises(OperationalError, match="no such table") as problem:
        async with database.transaction() as session:
            await session.execute(text("SELECT * FROM nowhere"))
    assert not is_away(problem.value)
    await database.close()


@pytest.mark.parametrize("database", DATABASES[1:], indirect=True)
async def test_a_connection_that_rested_is_replaced_if_the_server_has_closed_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def number() -> int:
        async with database.transaction() as session:
            return int(await session.scalar(text("SELECT pg_backend_pid()")) or 0)

    first = await number()
    assert await number() == first
    server = create_async_engine(
        database.url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    async with server.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
    await server.dispose()
    monkeypatch.setattr("bot.database.RESTS_WITHOUT_DOUBT", 0.0)
    assert await number() != first
