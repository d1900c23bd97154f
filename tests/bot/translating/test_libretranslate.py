"""A LibreTranslate server, and everything it may say instead of a translation."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from bot.translating.engines import AwayError, CannotError, EngineError
from bot.translating.libretranslate import AT_ONCE, MOST_BYTES, LibreTranslate

KEY = "secret-key"
LANGUAGES = [
    {"code": "en", "name": "English", "targets": ["en", "fr", "zh-Hans"]},
    {"code": "fr", "name": "French", "targets": ["en"]},
    {"code": "zh-Hans", "name": "Chinese", "targets": ["en"]},
    {"code": "pb", "name": "Portuguese", "targets": ["en"]},
]
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A server that does what it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.instead: Answering | None = None

    async def languages(self, request: web.Request) -> web.StreamResponse:
        return await self.instead(request) if self.instead else web.json_response(LANGUAGES)

    async def translate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        if self.instead:
            return await self.instead(request)
        return web.json_response({"translatedText": [text.upper() for text in body["q"]]})


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    application = web.Application()
    application.router.add_get("/languages", server.languages)
    application.router.add_post("/translate", server.translate)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def engine(server: tuple[Server, str]) -> AsyncIterator[LibreTranslate]:
    engine = LibreTranslate(server[1], KEY, patience=1.0)
    yield engine
    await engine.close()


async def test_it_says_what_it_can_in_our_codes(engine: LibreTranslate) -> None:
    assert await engine.pairs() == {
        ("en", "fr"): "1",
        ("en", "zh-Hans"): "1",
        ("fr", "en"): "1",
        ("zh-Hans", "en"): "1",
        ("pt-BR", "en"): "1",
    }


async def test_it_is_asked_in_its_codes_with_the_key_in_the_body(
    engine: LibreTranslate, server: tuple[Server, str]
) -> None:
    await engine.pairs()
    assert await engine.translate(["a", "b"], "pt-BR", "en") == ["A", "B"]
    await engine.translate(["c"], "en", "zh-Hans")
    asked = {"format": "text", "api_key": KEY}
    assert server[0].asked == [
        {"q": ["a", "b"], "source": "pb", "target": "en", **asked},
        {"q": ["c"], "source": "en", "target": "zh-Hans", **asked},
    ]


async def test_many_sentences_go_in_several_requests(
    engine: LibreTranslate, server: tuple[Server, str]
) -> None:
    texts = [f"text {number}" for number in range(2 * AT_ONCE + 1)]
    assert await engine.translate(texts, "fr", "en") == [text.upper() for text in texts]
    assert [len(body["q"]) for body in server[0].asked] == [AT_ONCE, AT_ONCE, 1]


def saying(status: int, body: Any = None, **more: Any) -> Answering:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, **more)

    return answer


def refusing(status: int, words: str = "") -> Answering:
    return saying(status, {"error": words})


async def silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(10)
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"translatedText": ["')
    assert request.transport is not None
    request.transport.close()
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(2 * MOST_BYTES // 2**16):
        await response.write(bytes(2**16))
    return response


async def no_json(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>502</html>")


FAULTS: list[tuple[str, Answering, type[EngineError], str]] = [
    ("key", refusing(403, "Invalid API key"), AwayError, "refused"),
    ("no key", refusing(400, "Visit … to get an API key"), AwayError, "refused"),
    ("unauthorised", refusing(401), AwayError, "refused"),
    ("limited", refusing(429, "Slowdown"), AwayError, "limited"),
    ("down", refusing(503), AwayError, "away"),
    ("gateway", no_json, EngineError, "bad_answer"),
    ("moved", refusing(302), AwayError, "moved"),
    ("other server", refusing(404), AwayError, "not_there"),
    ("too long", refusing(400, "exceeds text limit (10)"), CannotError, "too_long"),
    ("large", refusing(413), CannotError, "too_long"),
    ("pair", refusing(400, "xx is not supported"), CannotError, "not_taken"),
    ("broken", refusing(500, "Cannot translate text"), EngineError, "engine_failed"),
    ("silent", silent, EngineError, "timeout"),
    ("cut off", cut_off, AwayError, "away"),
    ("endless", endless, EngineError, "bad_answer"),
    ("list", saying(200, ["A"]), EngineError, "bad_answer"),
    ("text", saying(200, {"translatedText": "A"}), EngineError, "bad_answer"),
    ("fewer", saying(200, {"translatedText": []}), EngineError, "bad_answer"),
    ("numbers", saying(200, {"translatedText": [1]}), EngineError, "bad_answer"),
]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
async def test_a_server_that_misbehaves_is_understood(
    engine: LibreTranslate,
    server: tuple[Server, str],
    answer: Answering,
    kind: type[EngineError],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server[0].instead = answer
    with pytest.raises(EngineError) as told:
        await engine.translate(["Je suis Amina"], "fr", "en")
    assert (type(told.value), told.value.reason) == (kind, reason)
    assert KEY not in caplog.text
    assert "Amina" not in caplog.text
    server[0].instead = None
    assert await engine.translate(["a"], "fr", "en") == ["A"]


@pytest.mark.parametrize(
    "answer",
    [
        no_json,
        silent,
        cut_off,
        refusing(500),
        refusing(403),
        saying(200, {"a": 1}),
        saying(200, [{"code": "en"}]),
        saying(200, [1]),
    ],
)
async def test_a_server_that_cannot_say_what_it_can_is_asked_again_later(
    engine: LibreTranslate, server: tuple[Server, str], answer: Answering
) -> None:
    server[0].instead = answer
    with pytest.raises(EngineError):
        await engine.pairs()
    server[0].instead = None
    assert len(await engine.pairs()) == 5


async def test_no_server_is_away() -> None:
    engine = LibreTranslate("http://127.0.0.1:1")
    with pytest.raises(AwayError, match="away"):
        await engine.pairs()
    with pytest.raises(AwayError, match="away"):
        await engine.translate(["a"], "fr", "en")
    await engine.close()
