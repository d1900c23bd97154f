"""SQLite called in the event loop's own thread.

The usual driver hands each of a statement's four steps to a thread and back; a statement itself
takes some ten microseconds. Called in place, a press costs half (``docs/performance.md``). Whoever
finds the file locked by another process waits without holding up the loop.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""


async def _patiently(step: Callable[[], T]) -> T:
    """Do a step; while another process holds the file, try again after a pause."""
    until = time.monotonic() + PATIENCE
    pause = 0.001
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.05)


class Cursor:
    """What SQLAlchemy's asynchronous SQLite dialect asks of a cursor."""

    arraysize = 1

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> "Cursor":
        return self

    @property
    def description(self) -> Any:
        """Return the columns of the last statement."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Return how many rows the last statement changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Return the id of the last row inserted."""
        return self._cursor.lastrowid

    async def execute(self, statement: str, values: Any = ()) -> "Cursor":
        """Run one statement."""
        await _patiently(lambda: self._cursor.execute(statement, values))
        return self

    async def executemany(self, statement: str, values: Any) -> "Cursor":
        """Run one statement with many rows of values."""
        rows = list(values)
        await _patiently(lambda: self._cursor.executemany(statement, rows))
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Let the statement go."""
        self._cursor.close()


class Connection:
    """What SQLAlchemy's asynchronous SQLite dialect asks of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        # The dialect looks for the plain connection under both names.
        self._conn = self._connection = connection

    def cursor(self) -> Cursor:
        """Open a cursor."""
        return Cursor(self._conn.cursor())

    async def create_function(self, *args: Any, **options: Any) -> None:
        """Register a function for statements."""
        self._conn.create_function(*args, **options)

    async def commit(self) -> None:
        """Write the transaction down."""
        await _patiently(self._conn.commit)

    async def rollback(self) -> None:
        """Forget the transaction."""
        self._conn.rollback()

    async def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def stop(self) -> None:
        """Close the file at once: whoever used it was cancelled."""
        self._conn.close()


async def connect(*args: Any, **options: Any) -> Connection:
    """Open a file."""
    return Connection(sqlite3.connect(*args, **options))
