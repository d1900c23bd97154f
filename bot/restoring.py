"""``diwan restore``: put a backup back, and hold what must not go out twice.

The backup is brought to this version's tables, forgets again whom the file of erasures names, and
starts held (``community/restores.py``). An SQLite file is made ready beside the database and then
takes its place, so that whatever goes wrong before changes nothing.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.backups import BackupError, back_up, begin, copy, is_file, put_in_place, run_tool
from bot.clock import SystemClock
from bot.database import Database
from bot.journal import Journal, JournalUnusableError, place_of, remember
from bot.migrating import DatabaseUnusableError, configuration, migrate_async
from bot.settings import Settings
from community import erasure, holds, keys, leases, restores
from community.erasure import Erasure
from community.tables import METADATA

NO_BACKUP = "is no backup of Diwan."
RUNNING = (
    "A bot runs on this database; stop it first. If it was killed, its leases end within a minute."
)


def restore(settings: Settings, file: Path) -> Path:
    """Put a backup in the database's place; return where the replaced one is kept.

    Raises:
        BackupError: it is no backup of ours, or a bot is running, or something went wrong.
    """
    url = make_url(settings.database_url.get_secret_value())
    if not file.is_file():
        raise BackupError(f"{file} does not exist.")
    is_sqlite = is_file(url)
    kept = Path(f"{url.database if is_sqlite else file}.before-restore")
    if kept.exists():
        raise BackupError(f"{kept} is there from the last restore; move it away first.")
    try:
        if is_sqlite:
            _restore_file(settings, file, Path(str(url.database)), kept)
        else:
            _restore_server(settings, file, url, kept)
    except OSError as error:
        raise BackupError(f"Not restored ({error.strerror}: {error.filename}).") from None
    except (DatabaseUnusableError, JournalUnusableError) as problem:
        raise BackupError(str(problem)) from None
    return kept


def release(settings: Settings, *, send: bool) -> int | None:
    """End the hold from the command line; return how many messages, None if nothing is held.

    Raises:
        BackupError: the database cannot be used.
    """
    url = make_url(settings.database_url.get_secret_value())
    if is_file(url) and not Path(str(url.database)).exists():
        raise BackupError(f"{url.database} does not exist.")
    return asyncio.run(_release(settings.database_url.get_secret_value(), send=send))


async def _release(address: str, *, send: bool) -> int | None:
    async with _transaction(address) as session:
        if await holds.since(session) is None:
            return None
        return await restores.release(session, SystemClock().now(), send=send)


@asynccontextmanager
async def _transaction(address: str) -> AsyncIterator[AsyncSession]:
    database = Database(address)
    try:
        async with database.transaction() as session:
            yield session
    except SQLAlchemyError as error:
        raise BackupError(
            f"DATABASE_URL: the database cannot be used ({type(error).__name__})."
        ) from None
    finally:
        await database.close()


def _require_known(revision: str | None, file: Path) -> None:
    if revision is None:
        raise BackupError(f"{file} {NO_BACKUP}")
    try:
        ScriptDirectory.from_config(configuration()).get_revisions(revision)
    except CommandError:
        raise BackupError(
            f"{file} was made by a newer version of Diwan (tables {revision}); update first."
        ) from None


Erasures = set[tuple[str, datetime]]


async def _erased_in(url: URL) -> Erasures:
    """Return who was erased, as the database to be replaced knows it; its file may be behind."""
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with database.transaction() as session:
            return {(row.hash, row.at) for row in await session.scalars(select(Erasure))}
    except SQLAlchemyError:
        return set()  # damaged, or empty
    finally:
        await database.close()


async def _make_ready(settings: Settings, url: URL, erased: Erasures) -> None:
    """Bring what was restored up to date, hold what it owes, erase again who was erased."""
    address = url.render_as_string(hide_password=False)
    await migrate_async(address)
    database, now = Database(address), SystemClock().now()
    journal = Journal(place_of(settings))
    try:
        async with database.transaction() as session:
            await restores.begin(session, now)
            await journal.read_into(session)
            await remember(session, erased)
            await erasure.erase_again(session, now, await keys.key(session, "erasure"))
    finally:
        await database.close()


# A file


def _restore_file(settings: Settings, file: Path, target: Path, kept: Path) -> None:
    ready = target.with_name(target.name + ".restoring")
    target.parent.mkdir(parents=True, exist_ok=True)
    erased: Erasures = set()
    try:
        begin(ready)
        copy(file, ready)
        _require_known(_revision_in(ready), file)
        if target.exists():
            _close(target)
            erased = asyncio.run(_erased_in(_url_of(target)))
        asyncio.run(_make_ready(settings, _url_of(ready), erased))
        _close(ready)
        if target.exists():
            _close(target)
            _move(target, kept)
        put_in_place(ready, target)
    finally:
        _remove(ready)


def _url_of(file: Path) -> URL:
    return URL.create("sqlite+aiosqlite", database=str(file))


LOGS = ("-wal", "-shm", "-journal")
"""What SQLite may keep beside a file."""


def _move(target: Path, kept: Path) -> None:
    target.rename(kept)
    for end in LOGS:  # there only if the database is damaged
        if (log := Path(f"{target}{end}")).exists():
            log.rename(f"{kept}{end}")


def _remove(ready: Path) -> None:
    for end in ("", *LOGS):
        Path(f"{ready}{end}").unlink(missing_ok=True)


def _revision_in(file: Path) -> str | None:
    with closing(sqlite3.connect(file)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return str(row[0]) if row else None


def _close(target: Path) -> None:
    """Write the database's log into its file, so that it can be moved as one.

    Raises:
        BackupError: somebody has it open, or holds a lease in it.
    """
    with closing(sqlite3.connect(target, isolation_level=None, timeout=0)) as connection:
        try:
            # SQLite gives up its log for the last that has the file open, and nobody else.
            connection.execute("PRAGMA journal_mode=DELETE")
            held = connection.execute(
                "SELECT name FROM leases WHERE until >= (julianday('now') - 2440587.5) * 86400.0"
            ).fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BackupError(RUNNING) from None
            return  # no table of leases: nothing of ours runs on it
        except sqlite3.DatabaseError:
            return  # damaged: that may be why a backup is put back
    if held:
        raise BackupError(RUNNING)


# A server


def _restore_server(settings: Settings, file: Path, url: URL, kept: Path) -> None:
    _require_known(_revision_dumped(file, url), file)
    if asyncio.run(_is_held(url)):
        raise BackupError(RUNNING)
    erased = asyncio.run(_erased_in(url))
    back_up(settings, kept, force=False)
    with NamedTemporaryFile(dir=file.parent, suffix=".sql") as script:
        as_sql = ["--no-owner", "--no-privileges", f"--file={script.name}"]
        run_tool(["pg_restore", *as_sql, str(file)], url)
        run_tool(
            [
                "psql",
                *("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"),
                # Tables that came after the backup are in no list of it.
                f"--command=DROP TABLE IF EXISTS {', '.join(_tables())} CASCADE",
                f"--file={script.name}",
            ],
            url,
        )
    asyncio.run(_make_ready(settings, url, erased))


def _tables() -> list[str]:
    return [*METADATA.tables, "alembic_version"]


def _revision_dumped(file: Path, url: URL) -> str | None:
    options = ["--data-only", "--table=alembic_version", "--file=-"]
    try:
        told = run_tool(["pg_restore", *options, str(file)], url)
    except BackupError as problem:
        if "is not on PATH" in str(problem):
            raise
        raise BackupError(f"{file} {NO_BACKUP}") from None
    found = re.search(r"COPY \S*alembic_version .*\n(\w+)\n", told)
    return found[1] if found else None


async def _is_held(url: URL) -> bool:
    async with _transaction(url.render_as_string(hide_password=False)) as session:
        if await session.scalar(text("SELECT to_regclass('leases')")) is None:
            return False
        return await leases.anybody_holds_one(session)
