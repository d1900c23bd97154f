"""What has been said is written down, whoever waits for it."""

import asyncio
from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy.exc import ProgrammingError

from bot.handling import Handled
from bot.replying import Note
from bot.speaking import Speaker
from bot.telegram import Answer, Call, Fate
from community.arrivals import Arriving
from tests.bot.sending.owing import crowd
from tests.bot.test_receiving import PATIENCE, until
from tests.stories.conftest import Stage


async def test_who_waits_no_more_for_a_note_keeps_nobody_else_waiting(stage: Stage) -> None:
    replying = stage.app.receiver.replying

    def said(sender: int) -> "asyncio.Task[None]":
        handled = Handled(0, sender, {}, Arriving.SPEAKING, None, None)
        return asyncio.create_task(replying.note(Note(handled, is_last=True)))

    async with asyncio.timeout(PATIENCE), stage.app.database.transaction():
        gone, stays = said(1), said(2)
        await until(lambda: replying._writer and not replying._notes)  # SQLite lets it wait
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        await stays


async def test_what_has_been_said_is_written_down_before_the_receiver_has_stopped(
    stage: Stage,
) -> None:
    receiver = stage.app.receiver
    handled = Handled(0, 1, {}, Arriving.SPEAKING, None, None)
    nobody_waits = asyncio.create_task(receiver.replying.note(Note(handled, is_last=True)))
    await until(lambda: receiver.replying._writer)
    await receiver.stop()
    assert receiver.replying._writer is None
    await nobody_waits


async def test_an_answer_that_cannot_be_noted_is_not_given_again_without_a_pause(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ada] = await crowd(stage, 1)
    receiver, replying = stage.app.receiver, stage.app.receiver.replying
    receiver.shares_as = "one of several"
    noted, pauses = replying.note, []

    async def is_refused(note: Note) -> None:
        raise ProgrammingError("UPDATE inbox", {}, Exception("permission denied"))

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            monkeypatch.setattr(replying, "note", noted)

    monkeypatch.setattr(replying, "note", is_refused)
    monkeypatch.setattr(receiver.waiting, "pause", pause)
    await ada.says("/help")
    assert pauses == [1.0, 2.0, 4.0]
    assert ada.times_read("emergency service") == 4


async def test_what_may_be_done_twice_is_done_as_soon_as_telegram_lets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asleep: list[float] = []

    async def sleep(seconds: float) -> None:
        asleep.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    unsure = Answer(Fate.UNSURE)
    told = [Answer(Fate.BUSY, "429", 300.0), Answer(Fate.NOT_SENT), unsure, Answer(Fate.DONE)]
    call = AsyncMock(side_effect=told)
    assert await Speaker(Mock(call=call)).act(Call("leaveChat")) == told[-1]
    assert asleep == [300.0, 2.0, 4.0]
    call = AsyncMock(return_value=unsure)
    assert await Speaker(Mock(call=call)).act(Call("leaveChat")) == unsure, "not for ever"
