"""An emulator of one's own, a bare client for its Bot API, and one for its control plane."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator import Emulator
from emulator.world import Person

TOKEN = "123456789:" + "B" * 35

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
