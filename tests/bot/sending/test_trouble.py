"""Servers and networks in trouble: later, twice at most, or listed as uncertain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web

from bot import sending
from community.deliveries import State
from tests.bot.sending.owing import (
    CALLED_OFF,
    REMINDER,
    beside,
    call_off,
    crowd,
    fates,
    gather_at,
    owe,
    owed,
    tries,
    until,
)
from tests.stories.conftest import Coming, Stage


@asynccontextmanager
async def instead_of_telegram(stage: Stage, status: int, body: bytes) -> AsyncIterator[None]:
    """Let whatever stands between us and Telegram answer every call."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telegram, session = stage.app.bot.session.api, stage.app.bot.session
    session.api = TelegramAPIServer.from_base(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield
    session.api = telegram
    await runner.cleanup()


@pytest.mark.parametrize("kind", ["500", "html502", "504"])
async def test_fault_10_a_server_in_trouble_is_tried_later_and_later(
    stage: Stage, animator: Coming, kind: str
) -> None:
    boss, [ada, ben, asker] = await animator(), await crowd(stage, 3)
    how: dict[str, Any] = {"kind": kind, "method": "sendMessage"}
    if kind == "504":
        how |= {"kind": "error", "code": 504, "description": "Gateway Timeout"}
    stage.emulator.faults.add(chat_id=asker.id, times=2, **how)
    await asker.says("/help")
    assert (asker.times_read("emergency service"), tries(stage, asker)) == (1, 3), "an answer, too"
    stage.emulator.faults.add(chat_id=ada.id, times=2, **how)
    stage.emulator.faults.add(chat_id=ben.id, times=None, **how)
    await owe(stage, boss, ada, ben)
    begin = stage.now
    await stage.settled()
    assert {row.due_at - begin for row in await owed(stage)} == {timedelta(seconds=2)}
    await stage.play(seconds=2)
    assert {row.due_at - begin for row in await owed(stage)} == {timedelta(seconds=6)}
    await stage.play(minutes=2)
    reason = "bad_answer" if kind == "html502" else "server_error"
    assert await fates(stage) == [(State.SENT, None), (State.QUEUED, reason)]
    assert tries(stage, ada) == 3
    assert 6 <= tries(stage, ben) <= 8, "doubled each time, up to a minute"
    stage.emulator.faults.remove()
    await stage.play(minutes=2)
    assert await fates(stage) == [(State.SENT, None)] * 2, "an outage is not the end of a message"
    assert [somebody.times_read("Winter news") for somebody in (ada, ben)] == [1, 1]


GATEWAYS = [
    (502, "<h1>Passerelle défaillante</h1>".encode("latin-1"), State.QUEUED),
    (502, "<h1>Сервер недоступен</h1>".encode("windows-1251"), State.QUEUED),
    (200, b'{"ok":true,"result":{"text":"\xcf', State.UNCERTAIN),
    (200, b'{"ok":true,"result":{"message_id":7,"text":"\xcf"}}', State.SENT),
    (200, b"<html>Please log in to this network</html>", State.QUEUED),
    (200, b"", State.QUEUED),
    (504, b"[]", State.QUEUED),
    (500, b'{"ok":false}', State.UNCERTAIN),
]
"""Answers that are not Telegram's: where nobody can tell, the row says so."""


async def test_fault_10_nothing_that_a_gateway_answers_stops_the_rest(
    stage: Stage, animator: Coming
) -> None:
    boss, readers = await animator(), await crowd(stage, len(GATEWAYS))
    stage.app.sender._stopping = True  # the loop leaves the rows to this test's own turns
    sender = beside(stage, stage.app.database)
    for reader, (status, body, _fate) in zip(readers, GATEWAYS, strict=True):
        await owe(stage, boss, reader)
        async with instead_of_telegram(stage, status, body):
            await sender.turn()
    assert [row.state for row in await owed(stage)] == [fate for *_answer, fate in GATEWAYS]
    stage.emulator.clock.jump(10)
    await until(lambda: stage.app.clock.now() == stage.now)
    while await sender.turn():
        pass
    for reader, (_status, _body, fate) in zip(readers, GATEWAYS, strict=True):
        assert reader.times_read("Winter news") == (fate == State.QUEUED)


async def test_a_telegram_that_is_not_there_is_waited_for(stage: Stage, animator: Coming) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    session, telegram = stage.app.bot.session, stage.app.bot.session.api
    session.api = TelegramAPIServer.from_base("http://127.0.0.1:1")
    await owe(stage, boss, ada)
    while await stage.app.sender.turn():
        pass
    session.api = telegram
    assert await fates(stage) == [(State.QUEUED, "no_connection")]
    await until(lambda: not stage.app.sender._must_wait)  # nobody knocks all the time
    await stage.play(seconds=5)
    assert await fates(stage) == [(State.SENT, None)]
    assert ada.times_read("Winter news") == 1


async def heard(
    stage: Stage, animator: Coming, kind: str, **how: Any
) -> dict[str, tuple[str | None, int, int]]:
    """Let each class of message meet this fault; return its fate, how often it was read and tried.

    A newsletter that is not to be doubled, a cancellation that is not to be lost, and an answer.
    """
    boss, [reader, guest, asker] = await animator(), await crowd(stage, 3)
    for somebody in (reader, guest, asker):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=somebody.id, **how)
    await owe(stage, boss, reader)
    await call_off(stage, boss, guest)
    await asker.says("/help")
    await stage.play(hours=6)
    [(news, _why)], [(cancelled, _why)] = await fates(stage), await fates(stage, CALLED_OFF)
    return {
        "newsletter": (news, reader.times_read("Winter news"), tries(stage, reader)),
        "cancellation": (cancelled, guest.times_read("Tea"), tries(stage, guest)),
        "answer": (None, asker.times_read("emergency service"), tries(stage, asker)),
    }


async def test_fault_11_half_an_answer_is_no_failure_and_no_success(
    stage: Stage, animator: Coming
) -> None:
    assert await heard(stage, animator, "truncated200") == {
        "newsletter": (State.UNCERTAIN, 1, 1),
        "cancellation": (State.SENT, 2, 2),
        "answer": (None, 2, 2),
    }


async def test_fault_13_nobody_can_tell_that_a_request_was_not_read(
    stage: Stage, animator: Coming
) -> None:
    # docs/decisions/0009: the same as a request that was read and not answered.
    assert await heard(stage, animator, "drop_before") == {
        "newsletter": (State.UNCERTAIN, 0, 1),
        "cancellation": (State.SENT, 1, 2),
        "answer": (None, 1, 2),
    }


async def test_fault_14_a_request_without_an_answer_is_repeated_only_where_that_is_the_policy(
    stage: Stage, animator: Coming
) -> None:
    assert await heard(stage, animator, "drop_after", times=None) == {
        "newsletter": (State.UNCERTAIN, 1, 1),
        "cancellation": (State.UNCERTAIN, 2, 2),
        "answer": (None, 2, 2),
    }


async def test_fault_15_an_answer_that_hangs_is_given_up_in_time(
    stage: Stage, animator: Coming
) -> None:
    stage.app.bot.session.timeout = 0.5
    assert await heard(stage, animator, "hang", seconds=1.0) == {
        "newsletter": (State.UNCERTAIN, 1, 1),
        "cancellation": (State.SENT, 2, 2),
        "answer": (None, 2, 2),
    }


@pytest.mark.soak
async def test_fault_15_what_hangs_for_a_minute_is_uncertain_after_35_seconds(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    time = asyncio.get_running_loop().time
    stage.app.sender.lease = sending.LEASE  # longer than any call
    stage.emulator.faults.add("hang", method="sendMessage", chat_id=ada.id)
    began = time()
    await owe(stage, boss, ada)
    await stage.settled()
    assert time() - began == pytest.approx(35, abs=5)
    assert await fates(stage) == [(State.UNCERTAIN, "connection_lost")]


async def test_what_is_uncertain_is_listed_and_goes_again_by_somebodys_hand(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    await gather_at(stage, boss, ada, ben, hours=26)
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=ada.id)
    await stage.play(hours=3)
    states = [row.state for row in await owed(stage, REMINDER)]
    assert sorted(states) == [State.QUEUED, State.QUEUED, State.SENT, State.UNCERTAIN]
    assert (ada.times_read("Tea"), ben.times_read("Tea")) == (1, 1)
    await boss.says("/animate")
    await boss.presses("Not sure it arrived")
    boss.sees_last("Sent again, somebody may get one of them twice.")
    await boss.presses("Send again to 1 person: reminder of Tea")
    assert (ada.times_read("Tea"), ben.times_read("Tea")) == (2, 1)
    boss.sees_last("There is nothing of which we are not sure.")


async def test_fault_14_what_must_not_be_lost_is_said_twice_at_most_and_then_listed(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben, eve] = await animator(), await crowd(stage, 3)
    for reader, kind, times in (
        (ada, "drop_before", 1),
        (ben, "drop_after", 1),
        (eve, "drop_after", None),
    ):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=reader.id, times=times)
    await call_off(stage, boss, ada, ben, eve)
    await stage.settled()
    assert await fates(stage, CALLED_OFF) == [(State.QUEUED, "unsure")] * 3
    await stage.play(minutes=5)
    assert [row.state for row in await owed(stage, CALLED_OFF)] == [
        State.SENT,
        State.SENT,
        State.UNCERTAIN,
    ]
    assert [reader.times_read("Tea") for reader in (ada, ben, eve)] == [1, 2, 2]
    await boss.says("/animate")
    await boss.presses("Not sure it arrived")
    assert any("Send again to 1 person" in label for label in boss.buttons())
