"""One engine for either database, and what a transaction is."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from bot import in_loop
from bot.addresses import for_driver

CONNECTS_WITHIN = 10.0
RESTS_WITHOUT_DOUBT = 1.0
"""Seconds for which a connection that was used is believed to be there."""
_RESTS_SINCE = "rests_since"
SYNCHRONOUS = "FULL"
"""Whether a commit waits for the disk. Tests turn it off: their machine loses no power."""

CACHE_KIB = 8 * 1024
"""So much of an SQLite file is kept in memory."""


READS_ONLY = "diwan_reads_only"
"""The option of a connection by which SQLite's write lock is not taken."""


class Database:
    """The database of this deployment: SQLite in WAL mode or PostgreSQL."""

    def __init__(self, url: str, *, idle: float = 60.0) -> None:
        self.address, self.url = url, make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.is_in_memory = self.is_sqlite and self.url.database in (None, "", ":memory:")
        # An error says which statement failed, never with what: that may be a person's words.
        options: dict[str, Any] = {"hide_parameters": True}
        if self.is_sqlite:
            # SQLAlchemy must not begin by itself: see _begin_immediate.
            options["connect_args"] = {
                "isolation_level": None,
                "timeout": 0,  # bot/in_loop.py waits, and lets the loop run meanwhile
                "async_creator_fn": in_loop.connect,
            }
            if self.is_in_memory:
                options["poolclass"] = StaticPool
        else:
            options["pool_use_lifo"] = True  # the one that is surely there comes first
            self.url, arguments = for_driver(self.url)
            # Who was stopped or cut off within a transaction keeps nobody waiting for its locks:
            # after so many seconds the server undoes it.
            milliseconds = str(int(idle * 1000))
            options["connect_args"] = {
                "timeout": CONNECTS_WITHIN,
                "server_settings": {"idle_in_transaction_session_timeout": milliseconds},
                **arguments,
            }
        self.engine: AsyncEngine = create_async_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _pragmas)
            event.listen(self.engine.sync_engine, "begin", _begin_immediate)
        else:
            event.listen(self.engine.sync_engine, "checkin", _rests)
            event.listen(
                self.engine.sync_engine, "checkout", partial(_is_there, self.engine.dialect)
            )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        # SQLite has one write lock, and whoever finds it taken polls for it: inside one process
        # a queue is fair and costs nothing. Other processes still wait for the file.
        self._turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction: committed at the end, rolled back by an error.

        Transactions are not nested: on SQLite the inner one would wait for the outer one.

        Raises:
            OperationalError: the database cannot be reached, whatever its driver calls that.
        """
        async with self._turn, self.sessions() as session:
            try:
                await session.connection()
            except (OperationalError, InterfaceError):
                raise
            except Exception as error:  # refused, reset, starting up: drivers raise their own
                raise OperationalError("connect", {}, error) from error
            try:
                yield session
            except BaseException:
                await session.rollback()
                raise
            await session.commit()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads, all as of one moment, and keeps nobody from writing.

        Not of a database in memory: it has one connection, which others write by.
        """
        options: dict[str, Any] = {
            "isolation_level": "REPEATABLE READ",
            "postgresql_readonly": True,
        }
        async with self.sessions() as session:
            await session.connection(
                execution_options={READS_ONLY: True} if self.is_sqlite else options
            )
            yield session

    async def empty_log(self) -> bool:
        """Write SQLite's log back into its file and cut it to nothing; False if others read it.

        What was deleted then stands in neither (see ``_pragmas``). PostgreSQL looks after itself.
        """
        if not self.is_sqlite:
            return True
        async with self._turn:
            # A connection of its own: the pool's begin a transaction, which would be in the way.
            connection = await in_loop.connect(self.url.database, timeout=0)
            try:
                cursor = connection.cursor()
                await cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                ((busy, *_),) = await cursor.fetchall()
            finally:
                await connection.close()
        return not busy

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)
AWAY_POSTGRESQL = ("08", "40", "53", "57", "58", "25006")
"""Classes of its error codes: connection, deadlock, resources, operator, system; read-only."""


def is_away(error: DBAPIError) -> bool:
    """Say whether the database is busy or gone; otherwise it is the statement that is wrong."""
    if isinstance(error.orig, sqlite3.Error):
        return (error.orig.sqlite_errorcode or 0) & 0xFF in AWAY
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return True
    return str(getattr(error.orig, "sqlstate", "")).startswith(AWAY_POSTGRESQL)


def _pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # NORMAL may lose the last transactions at a power cut, and Telegram has been told already
    # that we have them.
    cursor.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
    # What is deleted is overwritten: by itself SQLite only marks its place as free.
    cursor.execute("PRAGMA secure_delete=ON")
    # Of a directory of 20,000 a search reads more than the 2 MiB that SQLite keeps by itself.
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    cursor.close()


def _rests(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = monotonic()


def _is_there(
    dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object
) -> None:
    """Ask a connection that has not been used of late whether it still is one.

    The pool's own ping asks each time, in a transaction of its own: four ways to the server and
    back before each of ours, of which most need three or four themselves.

    Raises:
        InvalidatePoolError: it is none, so the others that are as old are none either.
    """
    since = record.info.pop(_RESTS_SINCE, None)
    if since is None or monotonic() - since < RESTS_WITHOUT_DOUBT:
        return
    try:
        dialect.do_ping(connection)
    except Exception as error:  # whatever its driver says
        raise InvalidatePoolError from error


def _begin_immediate(connection: Any) -> None:
    if connection.get_execution_options().get(READS_ONLY):
        connection.exec_driver_sql("BEGIN")
        return
    # A deferred transaction that reads first cannot become a writer once another has written;
    # measured: lost updates without any error. Taking the write lock at once waits instead.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
