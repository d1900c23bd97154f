"""Alembic, without a file of its own to configure; not even imported where all is up to date."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

import community
from bot.database import Database
from community.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(community.__file__).parent / "migrations"


def _newest() -> str:
    """Return the revision of this version's tables: the one that no other builds on."""
    files = {file.name[:4]: file.read_text() for file in (SCRIPTS / "versions").glob("[0-9]*.py")}
    below = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
    built_on = {number for content in files.values() for number in below.findall(content)}
    return max(files.keys() - built_on)


NEWEST = _newest()
"""Read without Alembic, which most starts do not need."""
MIGRATING = 0x44_69_77_61_6E
"""The number of the lock under which PostgreSQL's tables are changed."""


class DatabaseUnusableError(Exception):
    """The database cannot be opened or brought up to date. The message says what to do."""


def configuration() -> "Config":
    """Return Alembic's configuration: where the migrations are."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def prepare_folder(url: str) -> None:
    """Make the folder of an SQLite file.

    Raises:
        DatabaseUnusableError: it cannot be made or written to.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    path = Path(str(parsed.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError:
        raise DatabaseUnusableError(
            "DATABASE_URL: the file cannot be written; correct the path or its rights."
        ) from None


def _upgrade(connection: Connection) -> None:
    if is_current(connection):
        return
    if not inspect(connection).get_table_names():
        _begin(connection)
        return
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _begin(connection: Connection) -> None:
    """Make the tables of an empty database as they are now: no migration has anything to move."""
    METADATA.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": NEWEST})


async def migrate_async(url: str) -> None:
    """Bring the database to this version's tables.

    Raises:
        DatabaseUnusableError: no database there, damaged, or migrated half way.
    """
    prepare_folder(url)
    database = Database(url)
    if database.is_sqlite:
        event.listen(database.engine.sync_engine, "connect", foreign_keys_off)
    try:
        async with database.engine.connect() as connection:
            if database.is_sqlite:
                await connection.run_sync(_integrity)
            else:  # several processes may start at once: the first migrates, the others wait
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
            await connection.run_sync(_upgrade)
            if database.is_sqlite:
                await connection.run_sync(_references)
            await connection.commit()
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        name = database.url.database
        raise DatabaseUnusableError(
            f"DATABASE_URL: the database {name} cannot be used ({type(error).__name__}); start "
            "it, or put the last backup back with `diwan restore FILE`."
        ) from None
    finally:
        await database.close()


def migrate(url: str) -> None:
    """Bring the database to this version's tables, from a program without a loop."""
    asyncio.run(migrate_async(url))


def _integrity(connection: Connection) -> None:
    answer = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if answer != "ok":
        raise sqlite3.DatabaseError("damaged")


def foreign_keys_off(connection: Any, _record: object) -> None:
    """Let a table be rebuilt: SQLite empties the old one first, and other rows would follow."""
    connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _references(connection: Connection) -> None:
    if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
        raise sqlite3.IntegrityError("a row points at one that is not there")


def is_current(connection: Connection) -> bool:
    """Say whether the tables are those of this version."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    rows = connection.execute(text("SELECT version_num FROM alembic_version"))
    return rows.scalars().all() == [NEWEST]
