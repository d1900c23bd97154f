"""Fixtures of the whole suite: a real database, on SQLite always, on PostgreSQL where one is."""

import asyncio
import gc
import os
import secrets
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import URL, Dialect, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util import LRUCache

import bot.database
from bot.database import Database
from bot.first_use import import_aiogram
from bot.translating import argos
from community.tables import METADATA

import_aiogram()  # as `diwan run` does, before any test imports it

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


LONGEST = ("test_forged_buttons_are_answered", "test_processes.py", "test_from_nothing")
"""Parts of the names of tests that take half a minute and more."""

EMPTY = f"""
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH name IN ARRAY ARRAY[{", ".join(f"'{table.name}'" for table in METADATA.sorted_tables)}]
    LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
"""Empties every table: of few rows that takes a tenth of what TRUNCATE does with its files."""

TESTS = count(1)

STATEMENTS = 1_000
"""How many are remembered for each driver: with all of them a worker grew to 900 MB."""

COMPILED: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}
"""By driver: what has been found out about the server, and the statements written for it."""


def engine_of_many(url: URL, **options: Any) -> AsyncEngine:
    """Return an engine that knows the statements of those before it.

    Each test has an engine of its own, and writing out every statement anew took a third of the
    suite's time.
    """
    engine = create_async_engine(url, **options)
    found = COMPILED.get(url.drivername)
    if found is None or found[0].server_version_info is None:  # it has met no server yet
        found = COMPILED[url.drivername] = engine.dialect, LRUCache(STATEMENTS)
    known, statements = found
    engine.sync_engine.dialect = known
    engine.sync_engine.update_execution_options(compiled_cache=statements)
    return engine


vars(bot.database)["create_async_engine"] = engine_of_many

# Each bot reads two hundred certificates of authorities, and no test calls anybody by TLS.
vars(import_module("aiogram.client.session.aiohttp"))["ssl"] = SimpleNamespace(
    create_default_context=cache(ssl.create_default_context)
)


TURNS = ("sqlite", "postgresql")
IN_TURNS = (
    "stories/",
    "handlers/",
    "bot/sending/",
    "bot/translating/",
    "bot/test_fetching.py",
    "bot/test_simulation.py",
    "bot/test_webhook.py",
)
"""Where the databases take turns: what these tests rest on is tested on both."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs PostgreSQL where there is none, and say so; begin with what takes longest.

    Else the last minutes belong to one long test, and the other workers wait for it.
    """
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))
    if not TEST_DATABASE_URL:
        skip = pytest.mark.skip(reason="TEST_DATABASE_URL names no PostgreSQL")
        for item in items:
            if "postgresql" in item.keywords:
                item.add_marker(skip)
        return
    others = out_of_turn(items)
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=[*others])


def out_of_turn(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the tests that it is the other database's turn to play.

    Each of them, in each of its languages or whatever else it is given, is played once.
    """
    ways: dict[str, dict[str, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        test, _, asked = item.nodeid.partition("[")
        database, _, way = asked.rstrip("]").partition("-")
        is_here = test.removeprefix("tests/").startswith(IN_TURNS)
        if is_here and database in TURNS and "soak" not in item.keywords:
            ways[test][way].append(item)
    return {
        item
        for test, of_test in ways.items()
        for turn, of_way in enumerate(of_test.values(), start=crc32(test.encode()))
        for item in of_way
        if TURNS[turn % len(TURNS)] not in item.nodeid
    }


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commits not wait for the disk: four milliseconds each, and no test loses power."""
    monkeypatch.setattr(bot.database, "SYNCHRONOUS", "OFF")


@pytest.fixture(autouse=True)
def _without_stepping_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a machine translate at the priority of everything else: other tests want the processor
    all the time, and whoever steps back for them waits for minutes."""
    monkeypatch.setattr(argos, "NICE", 0)


@pytest.fixture(autouse=True)
def _without_keeping_everything() -> Iterator[None]:
    """Let go of what a bot that has started would keep for ever (``gc.freeze``): now and then."""
    yield
    if next(TESTS) % 100 == 0:
        gc.unfreeze()
        gc.collect()


@pytest.fixture
def now() -> datetime:
    """A Monday morning."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    METADATA.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_database() -> Iterator[str]:
    """The address of a database of this run's own, dropped afterwards."""
    base = make_url(TEST_DATABASE_URL)
    name = f"diwan_test_{secrets.token_hex(4)}"

    async def administer(statement: str) -> None:
        engine = create_async_engine(base, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    async def create_tables() -> None:
        engine = create_async_engine(base.set(database=name))
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        await engine.dispose()

    def outside(work: Coroutine[Any, Any, None]) -> None:
        # A test's loop may be running in this thread already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, work).result()

    outside(administer(f'CREATE DATABASE "{name}"'))
    outside(administer(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    outside(create_tables())
    yield base.set(database=name).render_as_string(hide_password=False)
    outside(administer(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session", autouse=True)
async def shared() -> AsyncIterator[dict[str, Database]]:
    """By address: databases whose connections know the tables and the statements of those before.

    A connection of its own would cost each test more than the rest of most tests does.
    """
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture(params=DATABASES)
async def database(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    shared: dict[str, Database],
) -> AsyncIterator[Database]:
    """An empty database with all tables."""
    if request.param == "sqlite":
        path = tmp_path / "diwan.db"
        path.write_bytes(sqlite_template.read_bytes())
        database = Database(f"sqlite+aiosqlite:///{path}")
        yield database
        await database.close()
        return
    url = request.getfixturevalue("postgresql_database")
    database = shared.setdefault(url, Database(url))
    yield database
    async with database.transaction() as session:
        await session.execute(text(EMPTY))


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A session in one transaction that is committed at the end."""
    async with database.transaction() as session:
        yield session
