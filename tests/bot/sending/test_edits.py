"""Messages that change: in their place, after it, or not at all."""

import asyncio

import pytest

from community import (
    live,
)
from tests.bot.sending.owing import crowd, gather_at, tries, until
from tests.stories.conftest import Coming, Somebody, Stage


async def pressing(somebody: Somebody, label: str) -> int:
    """Press a button; return how many messages more there are."""
    before = len(somebody.from_bot())
    await somebody.presses(label)
    return len(somebody.from_bot()) - before


async def test_an_answer_takes_the_place_of_its_question_or_comes_after_it(
    stage: Stage,
) -> None:
    [ada] = await crowd(stage, 1)
    await ada.says("/menu")
    menu = ada.last
    assert await pressing(ada, "News") == 0
    assert ada.last["edited"], "in its place"
    for words in (
        "Bad Request: message to edit not found",
        "Bad Request: message can't be edited",
        "Bad Request: MESSAGE_ID_INVALID",
    ):
        await ada.says("/menu")
        stage.emulator.faults.add("error", method="editMessageText", description=words)
        assert await pressing(ada, "News") == 1, words
        ada.sees_last("There is no newsletter yet.")
    stage.emulator.world.people[ada.id].messages[menu["message_id"]]["_deleted"] = True
    before = len(ada.from_bot())
    news = menu["buttons"][1][0]["data"]
    stage.emulator.world.press(ada.id, menu["message_id"], news, forged=True)
    await stage.settled()
    assert len(ada.from_bot()) == before + 1


async def test_fault_53_what_says_the_same_as_before_is_left_alone(
    stage: Stage, animator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    await gather_at(stage, boss)
    await ada.says("/events")
    await ada.presses("Tea")
    card = ada.last["message_id"]
    going = ada.last["buttons"][0][0]["data"]
    await ada.presses("Going")
    before = len(ada.from_bot())
    edits = tries(stage, ada, "editMessageText")
    stage.emulator.world.press(ada.id, card, going, forged=True)
    await stage.settled()
    assert tries(stage, ada, "editMessageText") == edits + 1
    (edit,) = [call for call in stage.emulator.calls if "not modified" in call["description"]]
    assert edit["params"]["message_id"] == card
    assert len(ada.from_bot()) == before
    assert not stage.emulator.world.queries, "the button does not spin"
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


async def test_what_keeps_itself_current_stays_gone_once_it_is_deleted(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    before = len(boss.from_bot())
    async with stage.app.database.transaction() as session:
        await live.keep(session, boss.id, 9_999, "menu", {}, "another digest", stage.now)
    await stage.settled()
    assert len(boss.from_bot()) == before
    async with stage.app.database.transaction() as session:
        assert await live.every(session) == []


@pytest.mark.parametrize("kind", ["500", "429", "drop_before"])
async def test_what_keeps_itself_current_is_right_in_the_end_whatever_happened_meanwhile(
    stage: Stage, animator: Coming, kind: str
) -> None:
    boss = await animator()
    await boss.says("/menu")
    shown = boss.last["message_id"]
    async with stage.app.database.transaction() as session:
        await live.keep(session, boss.id, shown, "help", {}, "another digest", stage.now)
    stage.emulator.faults.add(kind, method="editMessageText", times=None)
    async with asyncio.timeout(5):
        await stage.app.sender.refresh_live()
    assert not boss.last["edited"]
    stage.emulator.faults.remove()
    await until(lambda: not stage.app.telegram.limiter.paused_for)
    await stage.app.sender.refresh_live()
    boss.sees_last("This is not an emergency service.")
    async with stage.app.database.transaction() as session:
        assert await live.every(session) == [], "it does not move any more"


async def test_what_may_not_be_seen_any_more_is_closed_whatever_is_wrong_with_the_others(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    [ada] = await crowd(stage, 1)
    await boss.says("/menu")
    await ada.says("/menu")
    async with stage.app.database.transaction() as session:
        for somebody, kind in ((boss, "a card that there was before"), (ada, "inbox.list")):
            number = somebody.last["message_id"]
            await live.keep(session, somebody.id, number, kind, {}, "a digest", stage.now)
    await stage.app.sender.refresh_live()
    ada.sees_last("Closed again, so that nobody else reads it on this phone.")
    async with stage.app.database.transaction() as session:
        assert [row.chat_id for row in await live.every(session)] == [boss.id]
