"""Files that a form waits for: fetched outside any transaction, and nothing else ever is."""

import asyncio
from typing import Any

import pytest

from bot import fetching, receiving
from reports.po import read, written
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_newsletter
from tests.stories.test_texts_in_files import takes_along, translated


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE", 0.0)


async def at_the_desk(stage: Stage, animator: Coming) -> tuple[Somebody, bytes]:
    """Return somebody of whom a file is waited for, and that file."""
    boss = await animator()
    await stage.member("Iryna", "uk")
    await a_newsletter(boss)
    texts = await takes_along(boss, "uk")
    await boss.presses("📥 Bring it back")
    return boss, translated(texts, "Новини зими", "У січні зачинено.")


def asked(stage: Stage) -> list[dict[str, Any]]:
    return [call for call in stage.emulator.calls if call["method"] == "getFile"]


async def test_nobody_s_files_are_fetched_but_those_that_a_form_waits_for(
    stage: Stage, animator: Coming
) -> None:
    boss, content = await at_the_desk(stage, animator)
    other = await stage.member("Amina")
    await other.sends_file("texts.po", content)
    await boss.presses("Cancel")
    await boss.sends_file("texts.po", content)
    assert asked(stage) == []
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Winter news")
    await boss.presses("Add a picture")
    await boss.sends_file("texts.po", content)
    assert asked(stage) == []


async def test_what_is_too_big_is_not_even_begun(stage: Stage, animator: Coming) -> None:
    boss, _content = await at_the_desk(stage, animator)
    await boss.sends_file("texts.po", bytes(fetching.MOST + 1))
    boss.sees_last("This file is too big to be one of ours, so it was not opened.")
    assert asked(stage) == []


@pytest.mark.parametrize("method", ["getFile", "download"])
@pytest.mark.parametrize("kind", ["html502", "429bare", "drop_before", "truncated200"])
async def test_telegram_in_trouble_is_asked_again_and_then_the_person_is(
    stage: Stage, animator: Coming, kind: str, method: str
) -> None:
    boss, content = await at_the_desk(stage, animator)
    stage.emulator.faults.add(kind, method=method, times=None)
    await boss.sends_file("texts.po", content)
    boss.sees_last("The file could not be fetched from Telegram. Please send it once more.")
    stage.emulator.faults.remove()
    stage.emulator.faults.add(kind, method=method, times=fetching.TRIES - 1)
    await boss.sends_file("texts.po", content)
    boss.sees_last("Can be written: {n}", n="2")


async def test_a_file_on_its_way_holds_up_its_sender_alone(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "PERSONS_AT_ONCE", 1)
    boss, content = await at_the_desk(stage, animator)
    other = await stage.member("Amina")
    stage.emulator.faults.add("delay", method="download", seconds=1.0)
    stage.emulator.world.file(boss.id, "document", "texts.po", "text/plain", content)
    stage.emulator.world.say(boss.id, "/privacy")
    while not asked(stage):
        await asyncio.sleep(0.005)
    begin = asyncio.get_running_loop().time()
    before = len(other.from_bot())
    stage.emulator.world.say(other.id, "/help")
    async with asyncio.timeout(20):
        while len(other.from_bot()) == before:
            await asyncio.sleep(0.005)
    assert not boss.has_read("Can be written: {n}"), asyncio.get_running_loop().time() - begin
    await stage.settled()
    boss.sees("Can be written: {n}")
    boss.sees_last("Telegram")


async def test_a_bot_that_stops_over_a_file_fetches_it_when_it_is_back(
    stage: Stage, animator: Coming
) -> None:
    boss, content = await at_the_desk(stage, animator)
    await stage.app.stop()
    stage.emulator.world.file(boss.id, "document", "texts.po", "text/plain", content)
    await stage.starts_again()
    boss.sees_last("Can be written: {n}", n="2")
    assert written(read(content)) == content
