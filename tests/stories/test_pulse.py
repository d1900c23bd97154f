"""After an event: three taps the next morning, and what the coordinator reads of them."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text

from community import people
from community.tables import METADATA
from tests.stories.conftest import Somebody, Stage, bare
from tests.stories.test_event import ENGLISH, an_event, announced

Coming = Callable[[], Awaitable[Somebody]]


async def early_in_a_month(stage: Stage) -> None:
    """Begin so that everything falls into one month."""
    next_month = stage.now.replace(day=28) + timedelta(days=7)
    stage.emulator.clock.set(next_month.replace(day=3, hour=11, minute=0, second=0))
    await stage.settled()


async def test_who_came_is_asked_the_next_morning_and_the_coordinator_reads_what_came_of_it(
    stage: Stage, animator: Coming
) -> None:
    await early_in_a_month(stage)
    boss = await animator()
    members = [stage.meet(f"Member {number}", "en") for number in range(1, 7)]
    for member in members:
        await member.joins(*ENGLISH)
    await an_event(boss)
    await announced(boss)
    for member in members:
        await member.presses("Going")
    await stage.play(days=2, hours=8)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Who came")
    for member in members:
        await boss.presses(f"Member {members.index(member) + 1}")
    assert "See the questions" not in members[0].buttons()
    await stage.play(hours=16)
    for member in members:
        member.sees_last("You have a new message: 3 short questions. It takes 3 taps.")
        await member.presses("See the questions")
        member.sees_last("Coffee for founders", "Nobody sees what you answer")
        for tap in ("Yes, useful", "Not yet", "Maybe"):
            await member.presses(tap)
        member.sees_last("Thank you!")
    await stage.play(days=7)
    assert all("new message" not in bare(member.last["text"]) for member in members)

    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("I work as a coordinator")
    await boss.says("/report")
    await boss.presses(boss.buttons()[0])
    figures = [m["text"] for m in boss.from_bot() if "Members by language" in m["text"]][-1]
    assert "Came: 6" in bare(figures)
    assert "Yes, useful: 6" in bare(figures)
    assert "Response rate: 100%" in bare(figures)
    names = [(m["attachment"] or {}).get("file_name", "") for m in boss.from_bot()]
    assert any(re.fullmatch(r"figures-\d{4}-\d\d\.xlsx", name or "") for name in names)


async def test_who_is_erased_leaves_no_trace_and_may_come_back(stage: Stage) -> None:
    lina = stage.meet("Lina Zamani", "en")
    await lina.joins(*ENGLISH)
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
    await lina.joins(*ENGLISH)
    async with stage.app.database.transaction() as session:
        assert await people.by_telegram_id(session, lina.id) is not None
