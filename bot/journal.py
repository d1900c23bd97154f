"""Who has been erased, once more outside the database: a restored backup does not know it.

One line for each: the keyed hash and when. The file belongs to no backup; it stays where it is
when one is put back, and the next start erases again whom the backup has brought back.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import Settings
from community.erasure import Erasure


def place_of(settings: Settings) -> Path | None:
    """Return where the file is: as the setting says, else beside the SQLite file, else nowhere."""
    if settings.erasures_file is not None:
        return settings.erasures_file
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return Path(str(url.database) + ".erasures")
    return None


class JournalUnusableError(Exception):
    """The file cannot be read or written; the message says what to do."""


class Journal:
    """The file, and the table that it mirrors."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._written: set[tuple[str, datetime]] = set()

    async def try_out(self) -> None:
        """Find out whether the file could be written: before the first person is erased.

        Raises:
            JournalUnusableError: it could not.
        """
        if self.path is not None:
            with self.refusing():
                await asyncio.to_thread(_try_out, self.path)

    async def read_into(self, session: AsyncSession) -> None:
        """Tell the table what only the file knows. For every start.

        Raises:
            JournalUnusableError: the file cannot be read.
        """
        if self.path is None:
            return
        try:
            known = await asyncio.to_thread(_read, self.path)
        except (OSError, ValueError) as error:
            raise JournalUnusableError(
                f"ERASURES_FILE: {self.path} cannot be read ({type(error).__name__}); it says "
                "whom a restored backup must not bring back. Put it back, or move it away."
            ) from None
        self._written = known
        await remember(session, known)

    async def write_from(self, session: AsyncSession) -> None:
        """Let the file say what the table says, if that has changed.

        Raises:
            JournalUnusableError: the file cannot be written.
        """
        if self.path is None:
            return
        rows = {(row.hash, row.at) for row in await session.scalars(select(Erasure))}
        if rows != self._written:
            with self.refusing():
                await asyncio.to_thread(_write, self.path, rows)
            self._written = rows

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Let what is done here say in one line that the file cannot be written.

        Raises:
            JournalUnusableError: what is done raised an OSError.
        """
        try:
            yield
        except OSError as error:
            raise JournalUnusableError(
                f"ERASURES_FILE: {self.path} cannot be written ({type(error).__name__}); correct "
                "the path or its rights."
            ) from None


async def remember(session: AsyncSession, known: Collection[tuple[str, datetime]]) -> None:
    """Add erasures that are known from elsewhere to the table."""
    for hashed, at in sorted(known):
        row = await session.get(Erasure, hashed)
        if row is None:
            session.add(Erasure(hash=hashed, at=at))
        else:
            row.at = max(row.at, at)
    await session.flush()


def _read(path: Path) -> set[tuple[str, datetime]]:
    if not path.exists():
        return set()
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {(parts[0], datetime.fromisoformat(parts[1])) for parts in lines if len(parts) == 2}


def _beside(path: Path) -> Path:
    """Return where it is written first, in a folder that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".new")


def _try_out(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError
    beside = _beside(path)
    beside.touch(mode=0o600)
    beside.unlink()


def _write(path: Path, rows: set[tuple[str, datetime]]) -> None:
    beside = _beside(path)
    text = "".join(f"{hashed} {at.isoformat()}\n" for hashed, at in sorted(rows))
    beside.write_text(text, encoding="utf-8")
    beside.chmod(0o600)
    beside.replace(path)
