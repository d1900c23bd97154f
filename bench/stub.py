"""A Bot API that does nothing but answer: the ceiling that every contestant is measured against.

It runs in a process of its own. ``/load`` queues updates, ``/count`` tells how many calls came.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

from aiohttp import web


class Stub:
    """Updates to hand out, and calls counted."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.first: float | None = None
        self.message = 1000
        self.arrived = asyncio.Event()

    async def bot(self, request: web.Request) -> web.Response:
        """Answer one call."""
        method = request.match_info["method"].lower()
        form = await request.post() if request.method == "POST" else request.query
        self.calls[method] += 1
        if method == "getupdates":
            return _ok(await self._updates(form))
        if method == "getme":
            return _ok({"id": 1, "is_bot": True, "first_name": "Stub", "username": "stub_bot"})
        if method.startswith(("send", "edit")):
            if self.first is None:
                self.first = time.monotonic()
            self.message += 1
            chat = int(str(form["chat_id"]))
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
        self.updates += await request.json()
        self.arrived.set()
        self.arrived = asyncio.Event()
        return _ok(True)

    async def count(self, _request: web.Request) -> web.Response:
        """Tell what has come."""
        return web.json_response({"calls": self.calls, "left": len(self.updates)})


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
    application.router.add_get("/count", stub.count)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
