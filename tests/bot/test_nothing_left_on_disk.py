"""Who is forgotten is forgotten on the disk too, not only for whoever asks the database."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from bot.migrating import migrate_async
from community import erasure, inbox, people, retention
from community.people import Person
from tests.stories.conftest import Stage

OTHERS = 150


def left_of(words: list[str], folder: Path) -> set[str]:
    """Return which of the words stand in any file of the database."""
    files = [path.read_bytes() for path in folder.glob("diwan.db*")]
    assert files
    return {word for word in words if any(word.encode() in file for file in files)}


def traces(number: int) -> list[str]:
    """Return a name, a user name and words that are in nothing else."""
    return [f"Name-of-{number:04}", f"user_of_{number:04}", f"words said by {number:04}"]


async def an_entrepreneur(session: AsyncSession, number: int, now: datetime) -> Person:
    name, username, words = traces(number)
    person = await people.meet(session, number, now, name=name, username=username)
    await people.join(session, person, now, terms_version="1", language="en")
    await inbox.ask(session, person, words * (number % 7 + 1), now, language="en", zone="UTC")
    return person


async def test_no_byte_of_who_was_erased_is_left_in_the_file_or_its_log(
    tmp_path: Path, now: datetime
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    await migrate_async(url)
    database = Database(url)
    for begin in range(1, OTHERS, 10):
        async with database.transaction() as session:
            for number in range(begin, begin + 10):
                await an_entrepreneur(session, number, now)
    gone = random.Random(4).sample(range(1, OTHERS), 60)
    for number in gone:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, number)
            assert person is not None
            person.name = person.name.lower().title()  # a change leaves its traces, too
            await session.flush()
            await erasure.erase(session, person, now, b"k" * 32)
    assert left_of(traces(gone[-1]), tmp_path)  # in the log, until it is emptied
    assert await database.empty_log()
    for number in gone:
        assert left_of(traces(number), tmp_path) == set(), number
    assert len(left_of(traces(next(n for n in range(1, 99) if n not in gone)), tmp_path)) == 3
    await database.close()


async def test_what_the_retention_table_deletes_is_gone_from_the_disk(
    tmp_path: Path, now: datetime
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    await migrate_async(url)
    database = Database(url)
    async with database.transaction() as session:
        await people.meet(session, 1, now, name="Only-looked-round", username="looked_round")
    async with database.transaction() as session:
        assert await retention.clean(session, now + timedelta(days=91))
    await database.empty_log()
    assert left_of(["Only-looked-round", "looked_round"], tmp_path) == set()
    await database.close()


async def test_emptying_the_log_leaves_the_pool_of_connections_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert await database.empty_log()
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
    assert not caplog.records


async def test_a_log_that_somebody_reads_is_emptied_the_next_time(
    tmp_path: Path, now: datetime
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    await migrate_async(url)
    database, reader = Database(url), Database(url)
    async with reader.engine.connect() as connection:
        await connection.exec_driver_sql("COMMIT")  # ours takes the right to write
        await connection.exec_driver_sql("BEGIN")
        await connection.execute(text("SELECT * FROM people"))
        async with database.transaction() as session:
            await people.meet(session, 1, now, name="Amina")
        assert not await database.empty_log()
    assert await database.empty_log()
    await reader.close()
    await database.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_member_deletes_everything_and_a_minute_later_the_disk_knows_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    amina = await stage.member("Amina-of-the-test", username="amina_of_the_test")
    await amina.says("/ask")
    await amina.says("My-words-to-the-team are these")
    words = ["Amina-of-the-test", "amina_of_the_test", "My-words-to-the-team"]
    await amina.says("/me")
    await amina.presses("Delete my data")
    await amina.presses("Yes, delete everything")
    await stage.app._empty_log()
    assert left_of(words, tmp_path) == set()
