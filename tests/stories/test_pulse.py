"""After an event: three taps the next morning, and what the coordinator reads of them."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from community import people
from community.tables import METADATA
from tests.stories.conftest import RUNS, Coming, Stage, directions
from tests.stories.steps import an_event, announced, works_as_a_coordinator

EARLY_IN_A_MONTH = datetime(2026, 12, 3, 11, 0, tzinfo=UTC)
"""So that everything falls into one month."""

NOTICE = {
    "ar": "لديكم رسالة جديدة: سؤالان قصيران.\nتكفي 3 ضغطات.",
    "en": "You have a new message: 2 short questions.\nIt takes 3 taps.",
    "uk": "У вас нове повідомлення: 2 короткі запитання.\nЛише 3 дотики.",
}
FILE = {"en": "figures", "ar": "أرقام"}
FIGURES = {
    "en": ("Came: 6",),
    "ar": ("حضروا: 6",),
}


@pytest.mark.parametrize("team", ["en", "ar"])
async def test_who_came_is_asked_the_next_morning_and_the_coordinator_reads_what_came_of_it(
    stage: Stage, animator: Coming, team: str
) -> None:
    await stage.begins(EARLY_IN_A_MONTH)
    boss = await animator(team)
    members = [
        stage.meet(f"Member {number}", language)
        for number, language in enumerate(("ar", "ar", "uk", "uk", "en", "en"), 1)
    ]
    for member in members:
        await member.joins()
    await an_event(boss)
    await announced(boss)
    for member in members:
        await member.presses("Going")
    await stage.play(days=2, hours=8)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Who came")
    for number in range(1, 7):
        await boss.presses(f"Member {number}")
    assert not members[0].has_read("You have a new message: {n} short questions.")
    await stage.play(hours=16)
    for member in members:
        member.sees_last(NOTICE[member.language])
        assert directions(member.last["text"]) == RUNS[member.language]
        await member.presses("See the questions")
        member.sees_last("Coffee for founders", "Nobody of the team sees who answered what")
        for tap in ("Yes, useful", "Not yet, but I hope to"):
            await member.presses(tap)
        member.sees_last("Thank you!")
    await stage.play(days=7)
    assert not any(member.has_read(NOTICE[member.language]) for member in members)  # not again

    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("{month}, still running")
    boss.sees("Who came to events", *FIGURES[team])
    names = [(m["attachment"] or {}).get("file_name", "") for m in boss.from_bot()]
    assert any(re.fullmatch(rf"{FILE[team]}-\d{{4}}-\d\d\.xlsx", name or "") for name in names)


async def test_who_is_erased_leaves_no_trace_and_may_come_back(stage: Stage) -> None:
    lina = stage.meet("Lina Zamani", "en")
    await lina.joins()
    await lina.says("/ask")
    await lina.says("My name is Lina Zamani")
    await lina.says("/me")
    await lina.presses("Delete my data")
    await lina.presses("Yes, delete everything")
    lina.sees_last("Everything about you is deleted")
    await stage.play(minutes=1)
    async with stage.app.database.transaction() as session:
        for table in METADATA.tables.values():
            for column in table.columns:
                name = f'CAST("{table.name}"."{column.name}" AS TEXT)'
                query = f'SELECT count(*) FROM "{table.name}" WHERE {name} LIKE :needle'
                for needle in (str(lina.id), "Zamani"):
                    count = await session.scalar(text(query), {"needle": f"%{needle}%"})
                    assert not count, f"{table.name}.{column.name} still knows {needle}"
    await stage.play(hours=1)
    await lina.joins()
    async with stage.app.database.transaction() as session:
        assert await people.by_telegram_id(session, lina.id) is not None
