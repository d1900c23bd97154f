"""What is let go: at the pace, however long the database takes; nothing that is out of date."""

import asyncio
import time

import pytest

from bot.database import Database
from bot.sending import Sender
from tests.bot.sending.owing import by_the_bot, crowd, most_in_a_second, owe, until
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import a_newsletter


@pytest.mark.parametrize("stall", [0.3, 1.0])
async def test_no_second_has_more_than_telegram_takes_even_if_the_database_stalls(
    stage: Stage, animator: Coming, stall: float
) -> None:
    boss = await animator()
    readers = await crowd(stage, 100)
    stage.app.sender.lease = 60
    stage.app.telegram.limiter._free.per_second = 28.0
    spoken = by_the_bot(stage)
    await owe(stage, boss, *readers)
    await until(lambda: len(spoken) >= 20)
    async with stage.app.database.transaction():  # everybody else's waits, on SQLite
        await asyncio.sleep(stall)
    await until(lambda: len(spoken) >= 100)
    assert most_in_a_second(spoken) <= 30


async def test_a_process_that_stood_still_does_not_make_up_for_it_in_one_moment(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    readers = await crowd(stage, 100)
    stage.app.sender.lease = 60
    stage.app.telegram.limiter._free.per_second = 28.0
    spoken = by_the_bot(stage)
    await owe(stage, boss, *readers)
    await until(lambda: len(spoken) >= 5)
    async with stage.app.database.transaction():  # so that many come to the door together
        await asyncio.sleep(1)
    already = len(spoken)
    await until(lambda: len(spoken) >= already + 3)
    time.sleep(0.8)  # nothing at all moves
    await until(lambda: len(spoken) >= 100)
    assert most_in_a_second(spoken) <= 30


async def test_a_recall_is_not_undone_by_a_correction_that_another_process_had_ready(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, app = await animator(), stage.app
    reader = await stage.member("Reader")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=1)
    database = Database(app.settings.database_url.get_secret_value())
    assert app.network is not None
    slow, quick = (
        Sender(database, app.speaker, app.clock, app.network, name, lease=60)
        for name in ("slow", "quick")
    )

    async def idle() -> int:
        return 0

    await boss.presses("Correct it")
    await boss.presses("It is ready")
    monkeypatch.setattr(app.sender, "turn", idle)  # the others work
    await boss.presses("Send now")
    await stage.play(minutes=1)
    await slow._claim()
    assert [item.row.kind for item in slow._ready] == ["correction"]
    await boss.says("/animate")
    await quick.turn()
    for label in ("Newsletters", "📰", "Take it back", "It is ready", "Send now"):
        await boss.presses(label)
    await stage.play(minutes=1)
    await quick.turn()
    assert not reader.has_read("taken this message back"), "it comes after the correction"
    while await slow.turn() + await quick.turn():
        pass
    await database.close()
    assert reader.has_read("taken this message back"), reader.screen
