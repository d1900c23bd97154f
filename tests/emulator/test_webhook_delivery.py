"""Delivery by webhook, to a server that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from emulator import Emulator
from emulator.webhook import _pause
from emulator.world import Person
from tests.emulator.conftest import Api


class Hook:
    """A bot's own server. It keeps what it was sent and answers with what stands in ``script``."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, str]] = []
        """Person and text of what was answered with 200."""
        self.tries = 0
        self.secrets: set[str | None] = set()
        self.script: list[web.Response] = []
        self.gate: dict[int, asyncio.Event] = {}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        person = message["from"]["id"]
        self.tries += 1
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if person in self.gate:
            await self.gate[person].wait()
        response = self.script.pop(0) if self.script else web.Response()
        if response.status == 200:
            self.taken.append((person, message["text"]))
        return response


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    application = web.Application()
    application.router.add_post("/", hook.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield hook
    await runner.cleanup()


@pytest.fixture
async def delivering(emulator: Emulator, api: Api, hook: Hook) -> Emulator:
    emulator.webhook.pace = 0.01
    await api.ok("setWebhook", url=hook.url, secret_token="s-e_c")
    return emulator


async def emptied(emulator: Emulator) -> None:
    async with asyncio.timeout(5):
        while emulator.world.pending:
            await asyncio.sleep(0.01)


async def test_updates_are_posted_with_the_secret(
    delivering: Emulator, hook: Hook, amina: Person
) -> None:
    delivering.world.say(amina.id, "hello")
    await emptied(delivering)
    assert hook.taken == [(amina.id, "hello")]
    assert hook.secrets == {"s-e_c"}


async def test_what_waited_before_the_webhook_was_set_is_delivered(
    emulator: Emulator, api: Api, hook: Hook, amina: Person
) -> None:
    emulator.world.say(amina.id, "early")
    await api.ok("setWebhook", url=hook.url)
    await emptied(emulator)
    assert hook.taken == [(amina.id, "early")]
    assert hook.secrets == {None}


async def test_a_chat_keeps_its_order_through_failures(
    delivering: Emulator, hook: Hook, amina: Person, api: Api
) -> None:
    hook.script = [web.Response(status=500) for _ in range(3)]
    for text in ("one", "two", "three"):
        delivering.world.say(amina.id, text)
    await emptied(delivering)
    assert hook.taken == [(amina.id, text) for text in ("one", "two", "three")]
    assert hook.tries == 6
    info = await api.ok("getWebhookInfo")
    assert info["pending_update_count"] == 0
    assert info["last_error_message"].startswith("Wrong response from the webhook: 500")


async def test_a_slow_chat_does_not_hold_up_another(
    delivering: Emulator, hook: Hook, amina: Person
) -> None:
    ben = delivering.world.new_person("Ben")
    hook.gate[amina.id] = asyncio.Event()
    for text in ("slow", "slower"):
        delivering.world.say(amina.id, text)
    delivering.world.say(ben.id, "quick")
    async with asyncio.timeout(5):
        while not hook.taken:
            await asyncio.sleep(0.01)
    assert hook.taken == [(ben.id, "quick")]
    assert hook.tries == 2, "the second of a chat waits for the first"
    hook.gate[amina.id].set()
    await emptied(delivering)


async def test_an_update_that_expires_is_given_up(
    delivering: Emulator, hook: Hook, amina: Person
) -> None:
    delivering.webhook.pace = 0
    delivering.clock.jump(0)
    hook.script = [web.Response(status=500) for _ in range(3)]
    delivering.world.updates.inject({"message": {"from": {"id": amina.id}, "text": "x"}}, lives=3)
    await emptied(delivering)
    assert hook.taken == []
    assert hook.tries == 3, "at once, after nothing and after 2 s; 4 s would be too late"


async def test_an_answer_may_carry_a_call(delivering: Emulator, hook: Hook, amina: Person) -> None:
    call = {"method": "sendMessage", "chat_id": amina.id, "text": "in the answer"}
    hook.script = [web.json_response(call)]
    delivering.world.say(amina.id, "hello")
    await emptied(delivering)
    assert delivering.world.messages(amina.id)[-1]["text"] == "in the answer"


async def test_a_webhook_that_is_taken_away_gets_nothing_more(
    delivering: Emulator, hook: Hook, amina: Person, api: Api
) -> None:
    await api.ok("deleteWebhook")
    delivering.world.say(amina.id, "for the poll")
    assert len(await api.ok("getUpdates", timeout=1)) == 1
    assert hook.tries == 0
    await api.ok("setWebhook", url=hook.url, drop_pending_updates=True)
    await asyncio.sleep(0.1)
    assert hook.taken == []


async def test_a_webhook_that_is_replaced_is_not_tried_again(
    delivering: Emulator, hook: Hook, amina: Person, api: Api
) -> None:
    hook.script = [web.Response(status=500) for _ in range(99)]
    delivering.world.say(amina.id, "hello")
    await asyncio.sleep(0.05)
    await api.ok("deleteWebhook")
    await asyncio.sleep(0.1)
    tries = hook.tries
    await asyncio.sleep(0.3)
    assert 1 < tries == hook.tries


def test_pauses_double_up_to_two_minutes() -> None:
    assert [_pause(attempt) for attempt in range(6)] == [0, 2, 4, 8, 16, 32]
    assert 60 <= _pause(50) <= 120
