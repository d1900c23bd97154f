"""What is too much for the memory waits on the disk: in lists and dictionaries that are tables.

They stand in a file that SQLite makes for one connection alone: in the system's folder for
temporary files, for nobody else to read, without a name there. It is gone when it is closed, and
when the process ends, however that comes about.
"""

import json
import marshal
import pickle
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Generic, TypeVar

AT_ONCE = 500
"""So many are read or written at a time."""

T = TypeVar("T")


class Disk(AbstractContextManager["Disk"]):
    """A place for them, until it is closed."""

    def __init__(self) -> None:
        # Whichever thread lets go of it last closes it; no two use it.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for said in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -4096"):
            self._connection.execute(f"PRAGMA {said}")
        self._connection.execute("BEGIN")  # and never a commit: nobody reads it afterwards
        self._tables = 0

    def execute(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Execute a statement."""
        return self._connection.execute(statement, tuple(values))

    def execute_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute a statement for each row."""
        self._connection.executemany(statement, rows)

    def table(self, columns: str) -> str:
        """Make a table, and return what it is called."""
        self._tables += 1
        self._connection.execute(f"CREATE TABLE t{self._tables} ({columns})")
        return f"t{self._tables}"

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class DiskList(Generic[T]):
    """A list, as far as one needs it: it grows, and is read from its beginning."""

    def __init__(self, disk: Disk) -> None:
        self._disk, self._table = disk, disk.table("part BLOB")
        self._count = 0
        self._fresh: list[T] = []

    def append(self, one: T) -> None:
        """Add something."""
        self._count += 1
        self._fresh.append(one)
        if len(self._fresh) >= AT_ONCE:
            self._put()

    def extend(self, every: Iterable[T]) -> None:
        """Add several things."""
        for one in every:
            self.append(one)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        self._put()
        query = f"SELECT rowid, part FROM {self._table} WHERE rowid > ? ORDER BY rowid LIMIT 1"  # noqa: S608 - a name of ours
        last = 0
        while row := self._disk.execute(query, (last,)).fetchone():
            last = row[0]
            yield from pickle.loads(row[1])  # noqa: S301 - nobody else writes into this file

    def _put(self) -> None:
        if self._fresh:
            insert = f"INSERT INTO {self._table} VALUES (?)"  # noqa: S608 - a name of ours
            part = pickle.dumps(self._fresh, pickle.HIGHEST_PROTOCOL)
            self._disk.execute(insert, (part,))
            self._fresh = []


class DiskDict(Generic[T]):
    """A dictionary by texts, in the order in which its keys came.

    Its values are plain: None, numbers, texts, and tuples, lists and dictionaries of them.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk, self._table = disk, disk.table("key TEXT PRIMARY KEY, value BLOB")
        self._count: int | None = 0

    def update(self, every: Mapping[str, T]) -> None:
        """Set the values of some keys; those that are there keep their place."""
        self._count = None
        self._disk.execute_many(
            f"INSERT INTO {self._table} VALUES (?, ?)"  # noqa: S608 - a name of ours
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            ((key, _written(value)) for key, value in every.items()),
        )

    def remove(self, key: str) -> None:
        """Take a key out."""
        self._count = None
        query = f"DELETE FROM {self._table} WHERE key = ?"  # noqa: S608 - a name of ours
        self._disk.execute(query, (key,))

    def get(self, key: str) -> T | None:
        """Return the value of a key; None if there is none."""
        query = f"SELECT value FROM {self._table} WHERE key = ?"  # noqa: S608 - a name of ours
        row = self._disk.execute(query, (key,)).fetchone()
        return _read(row[0]) if row else None

    def __getitem__(self, key: str) -> T:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def some(self, keys: Collection[str]) -> dict[str, T]:
        """Return the values of those of these keys that are there."""
        return {key: _read(value) for key, value in self._found("key, value", keys)}

    def there(self, keys: Collection[str]) -> set[str]:
        """Return those of these keys that are there."""
        return {key for (key,) in self._found("key", keys)}

    def _found(self, what: str, keys: Collection[str]) -> Iterator[tuple[Any, ...]]:
        if not len(self):
            return
        left = iter(keys)
        query = (
            f"SELECT {what} FROM {self._table}"  # noqa: S608 - names of ours
            " WHERE key IN (SELECT value FROM json_each(?))"
        )
        while part := list(islice(left, AT_ONCE)):
            yield from self._disk.execute(query, (json.dumps(part),))

    def __contains__(self, key: str) -> bool:
        query = f"SELECT 1 FROM {self._table} WHERE key = ?"  # noqa: S608 - a name of ours
        return self._disk.execute(query, (key,)).fetchone() is not None

    def __len__(self) -> int:
        if self._count is None:
            query = f"SELECT count(*) FROM {self._table}"  # noqa: S608 - a name of ours
            self._count = int(self._disk.execute(query).fetchone()[0])
        return self._count

    def __iter__(self) -> Iterator[str]:
        return (key for key, _value in self._rows("key"))

    def values(self) -> Iterator[T]:
        """Return the values, in the order of the keys."""
        return (_read(value) for _key, value in self._rows("value"))

    def items(self) -> Iterator[tuple[str, T]]:
        """Return the keys with their values."""
        return ((key, _read(value)) for key, value in self._rows("value"))

    def _rows(self, what: str) -> Iterator[tuple[str, Any]]:
        query = (
            f"SELECT rowid, key, {what} FROM {self._table}"  # noqa: S608 - names of ours
            " WHERE rowid > ? ORDER BY rowid LIMIT ?"
        )
        last = 0
        while rows := self._disk.execute(query, (last, AT_ONCE)).fetchall():
            last = rows[-1][0]
            for _rowid, key, value in rows:
                yield key, value


def _written(value: Any) -> Any:
    return value if type(value) is int else marshal.dumps(value)


def _read(value: Any) -> Any:
    return value if type(value) is int else marshal.loads(value)  # noqa: S302 - as above
