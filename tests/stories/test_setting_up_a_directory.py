"""What stories begin with is what a coordinator sets up in the chat."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from community.tables import METADATA
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import a_directory, sets_up_a_directory

LEFT_BY_THE_CHAT = {"inbox", "conversations", "sent_messages", "live_messages", "leases"}
TABLES = [table for table in METADATA.sorted_tables if table.name not in LEFT_BY_THE_CHAT]
Rows = Mapping[tuple[Any, ...], Mapping[str, Any]]


async def rows(stage: Stage) -> Rows:
    """Return every row by its table and key."""
    async with stage.app.database.transaction() as session:
        return {
            (table.name, *(row[column.name] for column in table.primary_key)): dict(row)
            for table in TABLES
            for row in (await session.execute(select(table))).mappings()
        }


def told(made: Rows) -> list[str]:
    """Return what rows say, whatever their numbers and references are."""
    by_chance = {str(row["ref"]) for row in made.values() if "ref" in row}
    return sorted(
        f"{table} {name}={'a reference' if str(value) in by_chance else value}"
        for (table, *_key), row in made.items()
        for name, value in row.items()
        if name != "id" and not name.endswith("_id")
    )


async def test_what_stories_begin_with_is_what_is_set_up_in_the_chat(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    before = await rows(stage)
    await sets_up_a_directory(boss)
    after = await rows(stage)
    in_the_chat = {key: row for key, row in after.items() if key not in before}
    assert len(in_the_chat) > 20
    async with stage.app.database.transaction() as session:
        for table in reversed(TABLES):
            for name, *values in in_the_chat:
                if name == table.name:
                    key = zip(table.primary_key, values, strict=True)
                    await session.execute(table.delete().where(*(c == v for c, v in key)))
    assert await rows(stage) == before
    await a_directory(boss)
    by_verbs = {key: row for key, row in (await rows(stage)).items() if key not in before}
    assert told(by_verbs) == told(in_the_chat)
