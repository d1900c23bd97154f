"""Telegram wants silence: everybody, or one chat, waits as long, and it costs no try."""

import asyncio
from datetime import timedelta

import pytest

from bot import speaking
from community.deliveries import State
from tests.bot.sending.owing import (
    CALLED_OFF,
    by_the_bot,
    call_off,
    crowd,
    fates,
    owe,
    owed,
    tries,
    until,
)
from tests.stories.conftest import Coming, Stage
from tests.stories.reading import bare


async def test_fault_06_a_429_pauses_every_chat_and_costs_no_try(
    stage: Stage,
    animator: Coming,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boss = await animator()
    readers, limiter = await crowd(stage, 3), stage.app.telegram.limiter
    monkeypatch.setattr(speaking, "PATIENCE", 30.0)  # the others wait it out
    stage.app.sender.lease = 60
    limiter._free.per_second = 1 / 5  # one leaves and is answered before the next may
    time, spoken = asyncio.get_running_loop().time, by_the_bot(stage)
    stage.emulator.faults.add("429", method="sendMessage", retry_after=7)
    await owe(stage, boss, *readers)
    await until(lambda: limiter.paused_for)
    limiter._free.per_second = 1 / 0.2
    silent_until = time() + limiter.paused_for
    stage.emulator.world.say(boss.id, "/help")
    await stage.settled()
    refused, *others = await owed(stage)
    assert (refused.state, refused.reason, refused.tries) == (State.QUEUED, "429", 0)
    assert [(row.state, row.tries) for row in others] == [(State.SENT, 1)] * 2
    assert len(spoken) == 3
    assert spoken[0][0] == boss.id, "a reply goes first"
    assert min(when for _person, when in spoken) >= silent_until - 0.01
    boss.sees_last("This is not an emergency service.")
    assert "Telegram wants silence for 7 seconds" in caplog.text
    await stage.play(seconds=8)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)] * 3
    assert [reader.times_read("Winter news") for reader in readers] == [1, 1, 1]


@pytest.mark.parametrize("seconds", [1, 7])
async def test_fault_06_what_one_person_is_owed_keeps_its_order(
    stage: Stage, animator: Coming, seconds: int
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    titles = ["First", "Second", "Third"]
    async with stage.app.sender._turn:  # all of it is there before any of it leaves
        for title in titles:
            await call_off(stage, boss, ada, title=title)
    stage.emulator.faults.add("429", method="sendMessage", chat_id=ada.id, retry_after=seconds)
    began = asyncio.get_running_loop().time()
    spoken = by_the_bot(stage)
    await stage.settled()
    await until(lambda: not stage.app.telegram.limiter.paused_for)
    await stage.play(seconds=seconds + 2)
    assert [(row.state, row.tries) for row in await owed(stage, CALLED_OFF)] == [
        (State.SENT, 1)
    ] * 3
    told = [bare(message["text"]) for message in ada.from_bot()]
    assert [next(title for title in titles if title in one) for one in told] == titles
    assert min(when for _person, when in spoken) >= began + seconds


async def test_a_pause_longer_than_a_claim_gives_everything_back(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await animator()
    readers, limiter = await crowd(stage, 10), stage.app.telegram.limiter
    monkeypatch.setattr(speaking, "PATIENCE", 0.2)
    limiter._free.per_second = 1 / 0.1  # so that the answer comes while most still wait
    stage.emulator.faults.add("429", method="sendMessage", retry_after=2)
    before = tries(stage)
    await owe(stage, boss, *readers)
    await until(lambda: limiter.paused_for)
    async with stage.app.sender._turn:  # whatever had been claimed has been settled
        assert limiter.paused_for > 0.5
    assert await stage.app.sender.turn() == 0, "nothing is claimed to lie about"
    held_back = [row for row in await owed(stage) if row.state == State.QUEUED]
    assert len(held_back) >= 5
    assert {row.tries for row in held_back} == {0}
    assert tries(stage) - before <= 5, "only what was on its way already"
    await until(lambda: not limiter.paused_for)
    await stage.play(seconds=5)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)] * 10
    assert [reader.times_read("Winter news") for reader in readers] == [1] * 10


async def test_fault_08_a_flood_that_does_not_say_how_long_is_waited_out(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("429bare", method="sendMessage", chat_id=ada.id)
    await owe(stage, boss, ada)
    await stage.settled()
    (row,) = await owed(stage)
    assert (row.state, row.reason, row.tries) == (State.QUEUED, "429", 0)
    assert row.due_at == stage.now + timedelta(seconds=5)


async def test_fault_08_floods_in_a_row_are_waited_out_longer_each_time(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.FIRST_PAUSE", 0.25)
    boss, [ada] = await animator(), await crowd(stage, 1)
    faults, limiter = stage.emulator.faults, stage.app.telegram.limiter
    faults.add("429bare", method="sendMessage", chat_id=ada.id, times=3)
    words = "Too Many Requests: retry after 2"
    faults.add("error", method="sendMessage", chat_id=ada.id, code=429, description=words)
    await owe(stage, boss, ada)
    pauses = []
    for _ in range(4):
        begin = stage.now
        await stage.settled()
        (row,) = await owed(stage)
        pauses.append((row.due_at - begin).total_seconds())
        await until(lambda: not limiter.paused_for)
        await stage.play(until=row.due_at)
    assert pauses == [0.25, 0.5, 1.0, 2.0], "the last one stood in Telegram's words"
    await stage.settled()
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)]
    faults.add("429bare", method="sendMessage", chat_id=ada.id)
    await call_off(stage, boss, ada)
    await stage.settled()
    [again] = await owed(stage, CALLED_OFF)
    assert again.due_at == stage.now + timedelta(seconds=0.25), "one that got through ends the row"


async def test_a_flood_that_outlasts_what_is_owed_ends_it(stage: Stage, animator: Coming) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("429", method="sendMessage", chat_id=ada.id, retry_after=60)
    await owe(stage, boss, ada, expires_at=stage.now + timedelta(seconds=60))
    await stage.settled()
    assert await fates(stage) == [(State.EXPIRED, "429")]
