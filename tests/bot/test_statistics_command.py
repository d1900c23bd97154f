"""`diwan import statistics FILE`: all of a table, or nothing and the row that is wrong."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.clock import SystemClock
from bot.database import Database
from bot.migrating import migrate_async
from community import translations
from community.areas import Area
from community.gaps.statistics import BackgroundCount
from community.roles import RoleName
from tests.bot.test_texts_command import diwan
from tests.handlers.test_brought import the_team

NOW = SystemClock().now()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network with one coordinator and one area."""
    address = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", address)

    async def fill() -> None:
        await migrate_async(address)
        database = Database(address)
        async with database.transaction() as session:
            await the_team(session, NOW, RoleName.COORDINATOR)
            area = Area(zone="UTC", made_at=NOW)
            session.add(area)
            await session.flush()
            await translations.write(session, None, "area", area.id, "fr", {"name": "Lyon"}, NOW)
        await database.close()

    asyncio.run(fill())
    return address


def counted(address: str) -> list[int]:
    async def ask() -> list[int]:
        database = Database(address)
        async with database.transaction() as session:
            found = list(await session.scalars(select(BackgroundCount.count)))
        await database.close()
        return found

    return asyncio.run(ask())


def test_a_table_is_written_and_one_with_a_mistake_changes_nothing(
    address: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("area,language,count,source,year\nLyon,ar,500,INSEE,2025\n")
    result = diwan("import", "statistics", str(file))
    assert (result.exit_code, result.output) == (0, "Written: 1.\n")
    assert counted(address) == [500]
    file.write_text(
        "area,language,count,source,year\nLyon,ar,700,INSEE,2025\nNice,ar,9,INSEE,2025"
    )
    result = diwan("import", "statistics", str(file))
    assert result.exit_code == 1
    assert "Row 3: This area is not on your list: Nice. Nothing was changed." in result.output
    assert counted(address) == [500]
    assert diwan("import", "statistics", "nowhere.csv").exit_code == 1
