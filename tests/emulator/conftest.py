"""An emulator of one's own, bare clients for its two sides, and a browser with its page."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import telegram
from aiogram import Bot as Aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    async_playwright,
    expect,
)
from telegram.request import HTTPXRequest

from emulator import Emulator
from emulator.world import Person
from tests.emulator.clients import ByAiogram, ByTelegramBot, Client

TOKEN = "123456789:" + "B" * 35
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]

Answer = tuple[int, Any]


class Api:
    """Calls methods with nothing between the test and the wire."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, base

    async def __call__(self, method: str, **params: Any) -> Answer:
        async with self.http.post(f"{self.base}/bot{TOKEN}/{method}", json=params) as answer:
            return answer.status, json.loads(await answer.text())

    async def ok(self, method: str, **params: Any) -> Any:
        """Return the result of a call that must succeed."""
        status, body = await self(method, **params)
        assert status == 200, body
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """Return the words in which a call is refused."""
        status, body = await self(method, **params)
        assert not body["ok"]
        assert body["error_code"] == status
        return str(body["description"])


class ControlPlane:
    """Calls the control plane."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http, self.base = http, f"{base}/control/"

    async def __call__(self, verb: str, path: str, body: Any = None) -> Answer:
        async with self.http.request(verb, self.base + path, json=body) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        """Return what must be there."""
        status, body = await self("GET", path)
        assert status == 200, body
        return body

    async def post(self, path: str, **body: Any) -> Any:
        """Return the answer to what must succeed."""
        status, answer = await self("POST", path, body)
        assert status == 200, answer
        return answer


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(token=TOKEN)
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
async def http(emulator: Emulator) -> AsyncIterator[aiohttp.ClientSession]:
    # Asked for after the emulator, it is closed before it.
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(http: aiohttp.ClientSession, emulator: Emulator) -> Api:
    return Api(http, emulator.url)


@pytest.fixture
def control(http: aiohttp.ClientSession, emulator: Emulator) -> ControlPlane:
    return ControlPlane(http, emulator.url)


@pytest.fixture
def amina(emulator: Emulator) -> Person:
    """Somebody who has started the bot; the bot has seen it."""
    person = emulator.world.new_person("Amina", "ar")
    emulator.world.start(person.id)
    emulator.world.updates.clear()
    return person


@pytest.fixture(params=["aiogram", "python-telegram-bot"])
async def client(request: pytest.FixtureRequest, emulator: Emulator) -> AsyncIterator[Client]:
    if request.param == "aiogram":
        session = AiohttpSession(api=TelegramAPIServer.from_base(emulator.url))
        bot = Aiogram(TOKEN, session=session)
        yield ByAiogram(bot)
        await session.close()
    else:
        made = telegram.Bot(
            TOKEN,
            base_url=f"{emulator.url}/bot",
            base_file_url=f"{emulator.url}/file/bot",
            request=HTTPXRequest(),
            get_updates_request=HTTPXRequest(),
        )
        async with made:
            yield ByTelegramBot(made)


# The chat page


class Bot:
    """A bot that only does what a test asks for."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self._base = f"{emulator.url}/bot{TOKEN}"
        self._session = session

    async def do(self, method: str, **params: Any) -> Any:
        async with self._session.post(f"{self._base}/{method}", json=params) as response:
            return self._result(await response.json())

    async def upload(self, method: str, field: str, name: str, content: bytes, **more: Any) -> Any:
        form = aiohttp.FormData({key: str(value) for key, value in more.items()})
        form.add_field(field, content, filename=name)
        async with self._session.post(f"{self._base}/{method}", data=form) as response:
            return self._result(await response.json())

    @staticmethod
    def _result(answer: Any) -> Any:
        assert answer["ok"], answer
        return answer["result"]


@pytest.fixture
async def bot(emulator: Emulator) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as session:
        yield Bot(emulator, session)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, emulator: Emulator) -> AsyncIterator[Page]:
    """The page, empty; whatever the test does, nothing may complain in the console."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page = await browser.new_page(viewport={"width": 1280, "height": 760}, reduced_motion="reduce")
    page.set_default_timeout(5000)
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(emulator.url)
    await expect(page.locator("#time b")).not_to_be_empty()
    yield page
    await page.close()
    assert complaints == []


def keys(*rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "inline_keyboard": [
            [{"text": text, "callback_data": data} for text, data in row] for row in rows
        ]
    }


async def shown(page: Page, emulator: Emulator, name: str, language: str) -> Person:
    """Let somebody appear whom the bot may write to, and show them."""
    person = emulator.world.new_person(name, language)
    person.started = True
    chip = page.locator(f"[data-chip='{person.id}']")
    await expect(chip).to_be_visible()
    if await chip.get_attribute("aria-pressed") == "false":
        await chip.click()
    await expect(panel(page, person)).to_be_visible()
    return person


def panel(page: Page, person: Person) -> Locator:
    return page.locator(f"section[data-person='{person.id}']")
