"""A restored backup does not bring back who was erased after it was made."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.journal import Journal, JournalUnusableError, place_of
from bot.migrating import migrate_async
from bot.settings import load
from community import erasure, keys, people
from community.people import Person


async def names(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Person.name).order_by(Person.id)))


async def start(database: Database, journal: Journal, now: datetime) -> None:
    """Do what every start does."""
    async with database.transaction() as session:
        await journal.read_into(session)
        await erasure.erase_again(session, now, await keys.key(session, "erasure"))
        await journal.write_from(session)


async def test_who_was_erased_after_a_backup_was_made_is_erased_again(
    tmp_path: Path, now: datetime
) -> None:
    file, backup = tmp_path / "diwan.db", tmp_path / "backup.db"
    url = f"sqlite+aiosqlite:///{file}"
    journal = Journal(place_of(load(_env_file=None, database_url=url)))
    assert journal.path == tmp_path / "diwan.db.erasures"
    await migrate_async(url)
    database = Database(url)
    await start(database, journal, now)
    async with database.transaction() as session:
        for number, name in ((1, "Anna"), (2, "Ben")):
            await people.meet(session, number, now, name=name)
    await database.close()
    shutil.copy(file, backup)

    database = Database(url)
    async with database.transaction() as session:
        anna = await people.by_telegram_id(session, 1)
        assert anna is not None
        later = now + timedelta(hours=1)
        await erasure.erase(session, anna, later, await keys.key(session, "erasure"))
        await journal.write_from(session)
    assert await names(database) == ["Ben"]
    await database.close()
    assert "Anna" not in journal.path.read_text()

    for left_over in tmp_path.glob("diwan.db-*"):
        left_over.unlink()
    shutil.copy(backup, file)
    database = Database(url)
    assert await names(database) == ["Anna", "Ben"]
    await start(database, Journal(journal.path), now + timedelta(days=1))
    assert await names(database) == ["Ben"]
    await database.close()


async def test_a_file_that_is_no_journal_stops_the_start_with_one_line(
    tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "a.erasures"
    file.write_text("0123 yesterday\n")
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    await migrate_async(url)
    database = Database(url)
    with pytest.raises(JournalUnusableError, match="ERASURES_FILE") as problem:
        await start(database, Journal(file), now)
    assert "\n" not in str(problem.value)
    await database.close()


async def test_a_file_that_could_not_be_written_stops_the_start_before_anybody_is_erased(
    tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "erasures", tmp_path):
        with pytest.raises(JournalUnusableError, match="ERASURES_FILE") as problem:
            await Journal(path).try_out()
        assert "\n" not in str(problem.value)
    journal = Journal(tmp_path / "new" / "erasures")
    await journal.try_out()
    assert list((tmp_path / "new").iterdir()) == []

    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    await migrate_async(url)
    database = Database(url)
    async with database.transaction() as session:
        anna = await people.meet(session, 1, now, name="Anna")
        await erasure.erase(session, anna, now, await keys.key(session, "erasure"))
    (tmp_path / "new").rmdir()
    (tmp_path / "new").touch()
    with pytest.raises(JournalUnusableError, match="ERASURES_FILE"):
        async with database.transaction() as session:
            await journal.write_from(session)
    await database.close()
