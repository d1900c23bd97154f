"""How much of Telegram's limit a sender uses, and how often it is told off.

A server that counts like Telegram, as far as anybody knows: at most 30 messages in any second, for
each token; one more is answered 429 with ``retry_after``. What arrives takes half of the latency
to get there and half to get back. Senders run in processes of their own.
"""

import asyncio
import logging
import math
import secrets
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

from bench import places

ROOT = Path(__file__).parents[1]
LIMIT = 30
LATENCIES = (0.05, 0.2)
RATES = (28.0, 29.0, 29.5)
SPARE = 8
"""In flight at once: rate times latency, and so many more."""


@dataclass(frozen=True)
class Case:
    """One sender, or several that share a limit."""

    kind: str
    rate: float
    latency: float
    processes: int = 1

    @property
    def title(self) -> str:
        """Return what the table calls it."""
        if self.kind == "ptb":
            return "python-telegram-bot's AIORateLimiter, its defaults"
        senders = {1: "one sender", 2: "two senders"}[self.processes]
        return senders + (" on PostgreSQL" if self.kind == "shared" else "")


class Server:
    """The limit, and when each message was taken or refused."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.refused: dict[str, list[float]] = defaultdict(list)
        self.window: dict[str, deque[float]] = defaultdict(deque)

    def judge(self, token: str) -> int:
        """Take a message, or return for how many seconds its sender shall be silent."""
        now, window = time.monotonic(), self.window[token]
        while window and window[0] <= now - 1.0:
            window.popleft()
        if len(window) >= LIMIT:
            self.refused[token].append(now)
            return max(1, math.ceil(window[0] + 1.0 - now))
        window.append(now)
        self.taken[token].append(now)
        return 0

    async def serve(self, port: int) -> None:
        """Serve until killed."""
        from aiohttp import web

        async def bot(request: web.Request) -> web.Response:
            is_json = request.content_type == "application/json"
            form = await (request.json() if is_json else request.post())
            if request.match_info["method"].lower() == "getme":
                me = {"id": 1, "is_bot": True, "first_name": "Stub", "username": "stub_bot"}
                return web.json_response({"ok": True, "result": me})
            await asyncio.sleep(self.latency / 2)
            silence = self.judge(request.match_info["token"])
            await asyncio.sleep(self.latency / 2)
            if silence:
                return web.json_response(
                    {
                        "ok": False,
                        "error_code": 429,
                        "description": f"Too Many Requests: retry after {silence}",
                        "parameters": {"retry_after": silence},
                    },
                    status=429,
                )
            chat = {"id": int(str(form["chat_id"])), "type": "private", "first_name": "A"}
            message = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "text": "x"}
            return web.json_response({"ok": True, "result": message})

        async def result(request: web.Request) -> web.Response:
            token = request.match_info["token"]
            return web.json_response({"taken": self.taken[token], "refused": self.refused[token]})

        application = web.Application()
        application.router.add_post("/bot{token}/{method}", bot)
        application.router.add_get("/result/{token}", result)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print("ready", flush=True)
        await asyncio.Event().wait()


async def _send(work: Callable[[int], Awaitable[None]], seconds: float, at_once: int) -> None:
    """Wait for the word; then send to one chat after the other, so many at once."""
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    until = time.monotonic() + seconds

    async def worker(number: int) -> None:
        chat = 1000 + number
        while time.monotonic() < until:
            await work(chat)
            chat += at_once

    await asyncio.gather(*map(worker, range(at_once)))


async def ours(base: str, token: str, url: str, rate: float, seconds: float, n: int) -> None:
    """Send through our limiter; with a database, sharing its rate."""
    from aiogram import Bot

    from bot.database import Database
    from bot.limiter import Limiter
    from bot.telegram import Call, Fate, Session, Telegram
    from community.policy import Lane

    database = Database(url) if url else None
    session = Session(base)
    telegram = Telegram(Bot(token, session=session), Limiter(rate, shared=database))

    async def work(chat: int) -> None:
        answer = await telegram.call(
            Call("sendMessage", {"text": "x"}), chat_id=chat, lane=Lane.NEWS
        )
        assert answer.fate in (Fate.DONE, Fate.BUSY), answer

    await _send(work, seconds, n)
    await telegram.limiter.close()
    await session.close()
    if database is not None:
        await database.close()


async def ptb(base: str, token: str, _url: str, _rate: float, seconds: float, n: int) -> None:
    """Send through python-telegram-bot's limiter at its defaults."""
    from telegram.error import RetryAfter
    from telegram.ext import AIORateLimiter, ExtBot
    from telegram.request import HTTPXRequest

    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # a traceback for every 429
    request = HTTPXRequest(connection_pool_size=256)
    bot = ExtBot(token, f"{base}/bot", request=request, rate_limiter=AIORateLimiter())

    async def work(chat: int) -> None:
        with suppress(RetryAfter):
            await bot.send_message(chat, "x")

    async with bot:
        await _send(work, seconds, n)


async def _run(
    case: Case, base: str, seconds: float, all_ready: asyncio.Barrier
) -> dict[str, float]:
    """Run one case; return its share of the configured rate, and how often it was refused."""
    import aiohttp

    token = f"{secrets.randbelow(10**8) + 10**8}:{'C' * 35}"
    in_flight = max(case.rate, LIMIT) * case.latency / case.processes
    numbers = map(str, (case.rate, seconds, math.ceil(in_flight) + SPARE))
    async with _shared() if case.kind == "shared" else nullcontext("") as own:
        command = ("-m", "bench.limits", "sender", case.kind, base, token, own, *numbers)
        senders = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, *command), cwd=ROOT, stdin=PIPE, stdout=PIPE
            )
            for _ in range(case.processes)
        ]
        for sender in senders:
            assert sender.stdout is not None
            assert await sender.stdout.readline() == b"ready\n", case
        await all_ready.wait()  # whoever still starts up would take the others' processor
        await asyncio.gather(*(sender.communicate(b"go\n") for sender in senders))
        assert not any(sender.returncode for sender in senders), f"a sender of {case} has failed"
    async with aiohttp.ClientSession() as http, http.get(f"{base}/result/{token}") as answer:
        result: dict[str, Any] = await answer.json()
    first = result["taken"][0]
    taken = sum(moment < first + seconds for moment in result["taken"])
    return {"share": taken / (case.rate * seconds), "refused": len(result["refused"])}


@asynccontextmanager
async def _shared() -> AsyncIterator[str]:
    """Give a PostgreSQL database of its own, with the one table that is shared."""
    from sqlalchemy.ext.asyncio import create_async_engine

    from community.tables import METADATA

    async with places.fresh("postgresql") as url:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(METADATA.create_all, [METADATA.tables["rates"]])
        await engine.dispose()
        yield url


def cases(*, postgresql: bool) -> list[Case]:
    """Return what is run; without PostgreSQL or aiolimiter some are left out."""
    from importlib.util import find_spec

    ours = [("local", 1), ("shared", 1), ("shared", 2)] if postgresql else [("local", 1)]
    found = [
        Case(kind, rate, latency, processes)
        for latency in LATENCIES
        for rate in RATES
        for kind, processes in ours
    ]
    if find_spec("aiolimiter"):
        found += [Case("ptb", 30.0, latency) for latency in LATENCIES]
    return found


def measure(seconds: float, at_once: int, port: Callable[[], int]) -> str:
    """Run every case and return the table."""
    chosen = cases(postgresql=bool(places.POSTGRESQL))
    servers = []
    bases: dict[float, str] = {}
    for latency in LATENCIES:
        at = port()
        command = [sys.executable, "-m", "bench.limits", "server", str(at), str(latency)]
        server = subprocess.Popen(command, cwd=ROOT, stdout=PIPE)
        assert server.stdout is not None
        server.stdout.readline()
        servers.append(server)
        bases[latency] = f"http://127.0.0.1:{at}"

    async def run_all() -> list[dict[str, float]]:
        results: list[dict[str, float]] = []
        for begin in range(0, len(chosen), at_once):
            group = chosen[begin : begin + at_once]
            barrier = asyncio.Barrier(len(group))
            runs = (_run(case, bases[case.latency], seconds, barrier) for case in group)
            results += await asyncio.gather(*runs)
            for case, result in zip(group, results[begin:], strict=True):
                print(f"{case}: {result}", file=sys.stderr)
        return results

    try:
        results = asyncio.run(run_all())
    finally:
        for server in servers:
            server.kill()
            server.wait()
    return _table(dict(zip(chosen, results, strict=True)), seconds)


def _table(results: dict[Case, dict[str, float]], seconds: float) -> str:
    def cell(case: Case) -> str:
        found = results[case]
        return f"{found['share']:.1%} / {found['refused']:.0f}"

    what = f"Share of the configured rate over {seconds:.0f} seconds / answers 429."
    lines = [
        f"{what} The server takes {LIMIT} in any second.",
        "",
        "| sender | rate | " + " | ".join(f"{t * 1000:.0f} ms" for t in LATENCIES) + " |",
        "|---|---:|" + "---:|" * len(LATENCIES),
    ]
    for case in results:
        if case.latency == LATENCIES[0]:
            others = [Case(case.kind, case.rate, t, case.processes) for t in LATENCIES]
            cells = " | ".join(map(cell, others))
            lines.append(f"| {case.title} | {case.rate:g} | {cells} |")
    if not any(case.kind == "shared" for case in results):
        lines += ["", "TEST_DATABASE_URL named no PostgreSQL: nothing was shared."]
    if not any(case.kind == "ptb" for case in results):
        lines += ["", "python-telegram-bot's limiter was left out: aiolimiter is not installed."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Be the server, or one sender."""
    if sys.argv[1] == "server":
        asyncio.run(Server(float(sys.argv[3])).serve(int(sys.argv[2])))
        return
    _, _, kind, base, token, url, rate, seconds, n = sys.argv
    work = ptb if kind == "ptb" else ours
    asyncio.run(work(base, token, url, float(rate), float(seconds), int(n)))


if __name__ == "__main__":
    main()
