"""A database that is locked, full, read-only or half migrated: nothing is lost, and it shows."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import in_loop
from bot.database import Database
from bot.migrating import DatabaseUnusableError, is_current, migrate_async
from community.arrivals import Arriving
from community.attendance import Attendance, State
from community.events import Event
from tests.bot.test_health import health
from tests.bot.test_processes import a_free_port
from tests.bot.test_receiving import arrivals_in, soon, until
from tests.project.test_structure import _run
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import an_event

__all__ = ["soon"]

ROOT = Path(__file__).parents[2]


# Locked


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("locked", "patience"),
    [
        (0.5, 10.0),
        (1.5, 0.2),
        pytest.param(3.0, 10.0, marks=pytest.mark.soak),
        pytest.param(12.0, 10.0, marks=pytest.mark.soak),
    ],
)
async def test_fault_33_a_file_that_another_program_writes_to_is_waited_for_and_nothing_is_lost(
    stage: Stage,
    animator: Coming,
    soon: None,
    locked: float,
    patience: float,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(in_loop, "PATIENCE", patience)
    await an_event(await animator(), places=5)
    guests = [await stage.member(f"Guest {number}") for number in range(6)]
    for guest in guests:
        await guest.says("/events")
        await guest.presses("Coffee")
    going = guests[0].last["buttons"][0][0]["data"]
    with closing(
        sqlite3.connect(str(stage.app.database.url.database), isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")  # and reads before it writes, as we do
        (places,) = other.execute("SELECT capacity FROM events").fetchone()
        for guest in guests:
            stage.emulator.world.press(guest.id, guest.last["message_id"], going)
        stage.emulator.world.say(guests[0].id, "/help")
        await asyncio.sleep(locked)
        other.execute("UPDATE events SET capacity = ?", (places - 2,))
        other.execute("COMMIT")
    await stage.settled()
    async with stage.app.database.transaction() as session:
        counted = select(Attendance.state, func.count()).group_by(Attendance.state)
        states = {row.state: row[1] for row in await session.execute(counted)}
        capacity = await session.scalar(select(Event.capacity))
    assert (states, capacity) == ({State.GOING: 3, State.WAITING: 3}, 3), "no update is lost"
    guests[0].sees_last("emergency")
    gave_up = "OperationalError" in caplog.text  # whoever stood first in line, and tried again
    assert gave_up == (locked > patience)
    assert await arrivals_in(stage, Arriving.SET_ASIDE) == []
    assert {row.tries for row in await arrivals_in(stage, Arriving.DONE)} == {0}


# Full or read-only


@asynccontextmanager
async def takes_nothing_more(database: Database) -> AsyncIterator[None]:
    """Let the disk of the file be full, or the server take no changes any more."""
    if database.is_sqlite:
        log = Path(f"{database.url.database}-wal")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    name = database.url.database
    end_all = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    engine = create_async_engine(
        database.url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as server:
        for change in ("SET default_transaction_read_only = on", "RESET ALL"):
            await server.execute(text(f'ALTER DATABASE "{name}" {change}'))
            await server.execute(end_all, {"name": name})
            if change != "RESET ALL":
                yield
    await engine.dispose()


async def test_fault_35_while_the_database_takes_nothing_telegram_keeps_what_people_say(
    stage: Stage, soon: None, caplog: pytest.LogCaptureFixture
) -> None:
    app, world = stage.app, stage.emulator.world
    app.settings.health_port = a_free_port()
    await app.health.start()
    amina, ben = await stage.member("Amina"), await stage.member("Ben")
    heard = {person.id: len(person.from_bot()) for person in (amina, ben)}
    assert (await health(app))[0] == 200
    # Of Ben's, one is being answered and one is in the inbox when it begins.
    slow = stage.emulator.faults.add("delay", method="sendMessage", chat_id=ben.id, seconds=2.0)
    for words in ("/help", "/privacy"):
        world.say(ben.id, words)
    await until(lambda: slow.seen and not world.pending)
    async with takes_nothing_more(app.database):
        for words in ("/help", "/privacy"):
            world.say(amina.id, words)
        world.say(ben.id, "/events")
        await until(lambda: caplog.text.count("the inbox takes nothing") >= 3)
        await until(lambda: caplog.text.count("the database is not available") >= 5)
        assert world.pending == 3, "the offset has not moved"
        status, told = await health(app)
        assert (status, "inbox_takes_nothing" in told["reasons"]) == (503, True)
        assert len(amina.from_bot()) == heard[amina.id]
        await until(lambda: len(ben.from_bot()) > heard[ben.id])
        assert len(ben.from_bot()) == heard[ben.id] + 1
    await stage.settled()
    assert len(amina.from_bot()) == heard[amina.id] + 2
    assert len(ben.from_bot()) == heard[ben.id] + 3
    assert await arrivals_in(stage, Arriving.SET_ASIDE) == []
    assert {row.tries for row in await arrivals_in(stage, Arriving.DONE)} == {0}
    await until(lambda: app.receiver.takes_in)
    assert (await health(app))[0] == 200


# Half migrated


@pytest.fixture
async def empty(database: Database, tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a database without any table."""
    if database.is_sqlite:
        yield f"sqlite+aiosqlite:///{tmp_path}/empty.db"
        return
    url = database.url.set(database=f"{database.url.database}_empty")
    async with database.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'CREATE DATABASE "{url.database}"'))
        yield url.render_as_string(hide_password=False)
        await outside.execute(text(f'DROP DATABASE "{url.database}" WITH (FORCE)'))


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.migrating import migrate

left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def _(connection, cursor, statement, *rest):
    global left
    left -= statement.lstrip().startswith(("CREATE", "ALTER", "DROP", "INSERT", "UPDATE"))
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""
"""Migrates, and is killed after so many changes."""


async def test_fault_36_a_migration_that_is_killed_leaves_the_database_as_it_was(
    empty: str,
) -> None:
    database = Database(empty)
    async with database.engine.begin() as connection:
        await connection.run_sync(_run, "0002")
    await database.close()
    for changes in (1, 12, 25):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, empty, str(changes)], cwd=ROOT, check=False
        )
        assert killed.returncode == -9, "it has so many changes"
        async with database.engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        await database.close()
        assert version == "0002"
    await migrate_async(empty)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(is_current)
    await database.close()


async def test_fault_36_a_database_that_is_half_migrated_is_refused_with_what_to_do(
    empty: str,
) -> None:
    database = Database(empty)

    def half(connection: Connection) -> None:
        _run(connection, "0002")
        connection.execute(text("ALTER TABLE deliveries ADD COLUMN started_at TIMESTAMP"))

    async with database.engine.begin() as connection:
        await connection.run_sync(half)
    for _ in range(2):  # and nothing becomes worse by trying
        with pytest.raises(DatabaseUnusableError, match=r"diwan restore FILE") as refused:
            await migrate_async(empty)
        assert str(database.url.database) in str(refused.value)
        assert "\n" not in str(refused.value)
        async with database.engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        assert version == "0002"
    await database.close()
