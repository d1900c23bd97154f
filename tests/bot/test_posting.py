"""Calls as servers and networks answer them: whole, in pieces, too late, not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiogram import Bot
from aiohttp import ClientTimeout

from bot import telegram
from bot.limiter import Limiter
from bot.telegram import Answer, Call, Fate, Session, Telegram
from handlers.replies import File

TOKEN = "123456789:" + "A" * 35
CALL = Call("sendMessage", {"text": "a b"})


def whole(content: bytes, status: bytes = b"200 OK") -> bytes:
    """Return an answer in one piece."""
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content)


SENT = b'{"ok":true,"result":{"message_id":7}}'
OK = whole(SENT)

Script = Sequence[bytes | None]
"""What a server says to one request, piece by piece; None: it hangs up."""


class Server:
    """Answers the requests of all connections by one script each, in order."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts, self.asked = list(scripts), list[bytes]()
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                self.asked.append(head + await reader.readexactly(length))
                for piece in self.scripts.pop(0) if self.scripts else [OK]:
                    if piece is None:
                        return
                    writer.write(piece)
                    await asyncio.sleep(0.01)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.start()
    yield server
    await server.stop()


async def called(base: str, times: int = 1, call: Call = CALL) -> list[Answer]:
    """Call so many times, one after the other."""
    bot = Bot(TOKEN, session=Session(base))
    mouth = Telegram(bot, Limiter(overall=1000, per_chat=1000))
    answers = [await mouth.call(call, chat_id=5) for _ in range(times)]
    await bot.session.close()
    return answers


WHOLE: dict[str, Script] = {
    "at once": [OK],
    "in pieces": [b"HTTP/1.1 200", b" OK\r\nCONTENT-length:37\r\n\r", b"\n" + SENT[:9], SENT[9:]],
    "in chunks": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + SENT[:3],
        SENT[3:5] + b"\r\n20\r\n" + SENT[5:] + b"\r\n0\r\n\r\n",
    ],
    "for the last time": [OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), None],
}


@pytest.mark.parametrize("how", WHOLE)
async def test_an_answer_is_read_however_it_comes(server: Server, how: str) -> None:
    server.scripts = [WHOLE[how], [OK]]
    answers = await called(server.base, times=2)
    assert [answer.fate for answer in answers] == [Fate.DONE, Fate.DONE]
    assert server.connections == (2 if how == "for the last time" else 1)
    for request in server.asked:
        assert request.startswith(b"POST /bot123456789:AAA")
        assert request.endswith(b'\r\n\r\n{"text": "a b", "chat_id": 5}')


async def test_a_large_file_arrives_whole(server: Server) -> None:
    """In one piece aiohttp warns of it, and everybody waits until it has left."""
    content = bytes(range(256)) * 2**13
    server.scripts = [[OK]]
    call = Call("sendDocument", {}, ("document", File("export.json", content)))
    [answer] = await called(server.base, call=call)
    assert answer.fate == Fate.DONE
    [request] = server.asked
    assert content in request


BROKEN: dict[str, Script] = {
    "nothing": [None],
    "half a head": [b"HTTP/1.1 200 OK\r\nConten", None],
    "half an answer": [b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + SENT, None],
    "another language": [b"220 mail.example ESMTP\r\n\r\n"],
    "silence": [],
}


@pytest.mark.parametrize("how", BROKEN)
async def test_what_has_left_and_is_not_answered_is_nobody_knows_where(
    server: Server, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "silence":
        monkeypatch.setattr(telegram, "PATIENCE", ClientTimeout(total=0.5))
    server.scripts = [BROKEN[how], [OK]]
    async with asyncio.timeout(10):  # it is known when the connection ends, not when time is up
        broken, done = await called(server.base, times=2)
    assert (broken.fate, broken.reason) == (Fate.UNSURE, "connection_lost")
    assert done.fate == Fate.DONE
    assert (len(server.asked), server.connections) == (2, 2), "on another connection"


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://nobody.invalid"])
async def test_where_nobody_listens_nothing_has_left(base: str) -> None:
    [answer] = await called(base)
    assert (answer.fate, answer.reason) == (Fate.NOT_SENT, "no_connection")


async def test_a_name_that_nobody_resolves_is_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telegram, "PATIENCE", ClientTimeout(total=5, connect=0.3))

    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(100)

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", never)
    monkeypatch.setattr("aiohttp.connector.DefaultResolver.resolve", never)
    [answer] = await called("http://api.example")
    assert (answer.fate, answer.reason) == (Fate.NOT_SENT, "no_connection")
    assert telegram.CALL_TIMEOUT > 10


@pytest.mark.parametrize("status", [b"301 Moved Permanently", b"307 Temporary Redirect"])
async def test_nobody_else_is_told_what_was_meant_for_telegram(
    server: Server, status: bytes
) -> None:
    there = f"Location: {server.base}/elsewhere\r\n".encode()
    moved = whole(b"<html>", status).replace(b"\r\n", b"\r\n" + there, 1)
    server.scripts = [[moved]]
    [answer] = await called(server.base)
    assert (answer.fate, answer.reason) == (Fate.NOT_SENT, "bad_answer")
    assert len(server.asked) == 1
