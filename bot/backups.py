"""``diwan backup``: one file with everything, made while the bot runs.

Of SQLite it is a database of its own, of PostgreSQL what ``pg_dump`` writes. It comes into being
whole or not at all: written beside its place, checked, and then renamed.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from bot.settings import Settings


class BackupError(Exception):
    """It cannot be done. The message is one line that says what to do."""


def back_up(settings: Settings, file: Path, *, force: bool) -> None:
    """Write a backup of the whole database into ``file``, never over another unless forced.

    Raises:
        BackupError: there is a file already, no database, or something went wrong.
    """
    if file.exists() and not force:
        raise BackupError(f"{file} exists already; name another, or say --force.")
    url = make_url(settings.database_url.get_secret_value())
    beside = file.with_name(file.name + ".new")
    try:
        begin(beside)
        if is_file(url):
            copy(Path(str(url.database)), beside)
        else:
            run_tool(["pg_dump", "--format=custom", f"--file={beside}"], url)
        put_in_place(beside, file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written ({error.strerror}).") from None
    finally:
        beside.unlink(missing_ok=True)


def is_file(url: URL) -> bool:
    """Say whether the database is a file.

    Raises:
        BackupError: it is in memory only.
    """
    if url.get_backend_name() != "sqlite":
        return False
    if url.database in (None, "", ":memory:"):
        raise BackupError("DATABASE_URL: names no file; there is nothing to back up or restore.")
    return True


def begin(file: Path) -> None:
    """Make an empty file that nobody but its owner may read: people's words come into it."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def copy(source: Path, target: Path) -> None:
    """Copy an SQLite database, whoever writes into it meanwhile, and check the copy.

    Raises:
        BackupError: there is no such database, or it is damaged.
    """
    if not source.exists():
        raise BackupError(f"{source} does not exist.")
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as from_,
            closing(sqlite3.connect(target)) as to,
        ):
            from_.backup(to)
            to.execute("PRAGMA journal_mode=DELETE")  # one file, no log beside it
            if to.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise BackupError(f"{source} is damaged; restore an older backup.")
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied ({error}).") from None


def put_in_place(made: Path, target: Path) -> None:
    """Rename a finished file to where it belongs, to stay there through a power cut."""
    _on_disk(made)
    made.replace(target)
    _on_disk(target.parent)


def _on_disk(path: Path) -> None:
    """Wait until the file (or the names in a folder) would survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def run_tool(command: Sequence[str], url: URL) -> str:
    """Run one of PostgreSQL's own programs on this database; return what it prints.

    Raises:
        BackupError: the program is not there, or fails.
    """
    program = shutil.which(command[0])
    if program is None:
        raise BackupError(
            f"{command[0]} is not on PATH; install PostgreSQL's client programs "
            "(postgresql-client on Debian and Ubuntu)."
        )
    done = subprocess.run(  # noqa: S603 - the program is named here, by nobody else
        [program, *command[1:]],
        env={**os.environ, **_whereabouts(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise BackupError(f"{command[0]} failed: {lines[0]}")
    return done.stdout.decode(errors="replace")


def _whereabouts(url: URL) -> dict[str, str]:
    """Return the address as those programs read it; on a command line everybody could."""
    query_host = url.query.get("host")
    found = {
        "PGHOST": url.host or (query_host if isinstance(query_host, str) else None),
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    return {name: value for name, value in found.items() if value}
