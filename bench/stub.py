"""A Bot API that does nothing but answer: the ceiling that every contestant is measured against.

It runs in a process of its own. ``/load`` queues updates; ``/await`` answers when a method has
been called so many times; ``/press`` lets people press a button now and then, and tells how long
each waited for the answer.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bench.contestants import PRESSERS, pressing


class Stub:
    """Updates to hand out, and calls counted."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.message = 1000
        self.arrived = asyncio.Event()
        self.presses = 0
        self.pressed_at: dict[int, float] = {}
        self.waited: list[float] = []

    async def bot(self, request: web.Request) -> web.Response:
        """Answer one call."""
        method = request.match_info["method"].lower()
        form: Mapping[str, Any] = request.query
        if request.content_type == "application/json":
            form = json.loads(await request.read())
        elif request.method == "POST":
            form = await request.post()
        self.calls[method] += 1
        if method == "getupdates":
            return _ok(await self._updates(form))
        if method == "getme":
            return _ok({"id": 1, "is_bot": True, "first_name": "Stub", "username": "stub_bot"})
        if method.startswith(("send", "edit")):
            self.message += 1
            chat = int(str(form["chat_id"]))
            if method == "editmessagetext" and chat in self.pressed_at:
                self.waited.append(time.monotonic() - self.pressed_at.pop(chat))
            return _ok(
                {
                    "message_id": self.message,
                    "date": 1_790_000_000,
                    "chat": {"id": chat, "type": "private", "first_name": "A"},
                    "from": {"id": 1, "is_bot": True, "first_name": "Stub"},
                    "text": str(form.get("text", ""))[:50],
                }
            )
        return _ok(True)

    async def _updates(self, form: Any) -> list[dict[str, Any]]:
        offset = int(str(form.get("offset") or 0))
        if offset:
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
        if not self.updates:
            try:
                await asyncio.wait_for(
                    self.arrived.wait(), min(float(form.get("timeout") or 0), 1)
                )
            except TimeoutError:
                return []
        return self.updates[: int(str(form.get("limit") or 100))]

    async def load(self, request: web.Request) -> web.Response:
        """Queue updates."""
        self._bring(await request.json())
        return _ok(True)

    def _bring(self, updates: list[dict[str, Any]]) -> None:
        self.updates += updates
        self.arrived.set()
        self.arrived = asyncio.Event()

    async def press(self, request: web.Request) -> web.Response:
        """Let one after the other press, not too close together; return how long each waited.

        It ends after so many presses, or when everybody has got the message that is being sent.
        """
        ref, count, rate = (request.query[name] for name in ("ref", "count", "rate"))
        until = int(request.query.get("until", sys.maxsize))
        self.waited = []
        for _ in range(int(count)):
            await asyncio.sleep(random.uniform(0.5, 1.5) / float(rate))
            if self.calls["sendmessage"] >= until:
                break
            update = pressing(self.presses, ref)
            self.pressed_at[1000 + self.presses % PRESSERS] = time.monotonic()
            self.presses += 1
            self._bring([update])
        while self.pressed_at:
            await asyncio.sleep(0.005)
        return _ok(self.waited)

    async def reached(self, request: web.Request) -> web.Response:
        """Answer when a method has been called so many times."""
        method, times = request.query["method"], int(request.query["times"])
        while self.calls[method] < times:
            await asyncio.sleep(0.005)
        return _ok(True)


def _ok(result: object) -> web.Response:
    return web.Response(
        text=json.dumps({"ok": True, "result": result}), content_type="application/json"
    )


async def main(port: int) -> None:
    """Serve until killed."""
    stub = Stub()
    application = web.Application(client_max_size=2**28)
    application.router.add_route("*", "/bot{token}/{method}", stub.bot)
    application.router.add_post("/load", stub.load)
    application.router.add_get("/await", stub.reached)
    application.router.add_get("/press", stub.press)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
