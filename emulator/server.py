"""The HTTP side: ``/bot<token>/<method>`` for bots, ``/control`` for tests, ``/`` for people."""

import asyncio
import contextlib
import json
import re
import socket
from collections import deque
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from emulator.clock import Clock
from emulator.control import Control
from emulator.faults import Fault, Faults
from emulator.methods import METHODS, ApiError, Call, allow_updates
from emulator.world import Json, World

CALLS_KEPT = 50_000
SAVE_EVERY = 2.0
UPLOAD_LIMIT = 50 * 2**20
TOKEN = re.compile(r"[1-9]\d{4,14}:[\w-]{30,60}")


class Emulator:
    """A local Telegram for one bot. Several may run in one process; nothing is shared."""

    def __init__(
        self,
        port: int = 0,
        state: Path | None = None,
        token: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.host, self.port, self.state = host, port, state
        self.clock = Clock()
        self.world = World(self.clock, token)
        self.faults = Faults()
        self.calls: deque[Json] = deque(maxlen=CALLS_KEPT)
        self.called = 0
        self.per_second: int | None = None
        """Enforce a limit as Telegram does: so many messages in any second, then 429."""
        self.per_chat = False
        self._recent: deque[float] = deque()
        self._recent_by_chat: dict[int, float] = {}
        self._poll = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self.control = Control(self)
        self.clock.is_quiet = lambda: self.world.pending == 0

    @property
    def url(self) -> str:
        """Return the address: of the chat page, and the base of the Bot API."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Load what was saved, and listen."""
        if self.state is not None and await asyncio.to_thread(self.state.exists):
            self.world.load(self.state)
        application = web.Application(client_max_size=UPLOAD_LIMIT + 2**20)
        application.router.add_route("*", "/bot{token}/{method}", self._bot)
        application.router.add_route("*", "/bot{token}/test/{method}", self._bot)
        application.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self.control.routes(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        assert site._server is not None
        sockets: list[socket.socket] = site._server.sockets  # type: ignore[attr-defined]
        self.port = sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._save_often()), loop.create_task(self._push())]

    async def stop(self) -> None:
        """Save, and listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.control.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self.state is not None:
            self.world.save(self.state)

    async def _save_often(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self.state is not None and self.world.changed:
                self.world.save(self.state)

    # The Bot API

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        token = request.match_info["token"]
        if not TOKEN.fullmatch(token):
            return _failure(ApiError(401, "Unauthorized: invalid token specified"))
        if self.world.token is not None and token != self.world.token:
            return _failure(ApiError(401, "Unauthorized"))
        params, uploads = await _parameters(request)
        chat_id = _number(params.get("chat_id"))
        fault = self.faults.for_call(method, chat_id)
        if fault is not None:
            broken = await self._misbehave(request, fault)
            if broken is not None:
                self._record(method, params, ok=False, description=f"fault {fault.kind}")
                return broken
        try:
            self._limit(method, chat_id)
            result = await self._result(method, params, uploads)
        except ApiError as error:
            self._record(method, params, ok=False, description=error.description)
            return _failure(error)
        self._record(method, params, ok=True, description="")
        body = json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()
        if fault is not None and fault.kind == "truncated200":
            body = body[: len(body) // 2]
        if fault is not None and fault.kind == "drop_after":
            return await _drop(request)
        return web.Response(body=body, content_type="application/json")

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """Answer as the fault says; None lets the call go on (it misbehaves at the end)."""
        if fault.kind == "429":
            seconds = fault.retry_after
            return _failure(
                ApiError(
                    429,
                    f"Too Many Requests: retry after {seconds}",
                    {"retry_after": seconds},
                )
            )
        if fault.kind == "429bare":
            return _failure(ApiError(429, "Too Many Requests"))
        if fault.kind == "500":
            return _failure(ApiError(500, "Internal Server Error: restart"))
        if fault.kind == "error":
            return _failure(ApiError(fault.code, fault.description, fault.parameters))
        if fault.kind == "html502":
            return web.Response(
                status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html"
            )
        if fault.kind == "drop_before":
            return await _drop(request)
        if fault.kind in {"hang", "delay"}:
            await asyncio.sleep(fault.seconds)
            return await _drop(request) if fault.kind == "hang" else None
        return None

    async def _result(
        self, method: str, params: Json, uploads: dict[str, tuple[str, str, bytes]]
    ) -> Any:
        call = Call(self.world, params, uploads)
        if method == "getupdates":
            return await self._updates(call)
        answer = METHODS.get(method)
        if answer is None:
            raise ApiError(404, "Not Found: method not found")
        return answer(call)

    async def _updates(self, call: Call) -> list[Json]:
        """Wait for updates. A newer poll ends an older one with 409, as Telegram's does."""
        if self.world.webhook["url"]:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
                "to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        self.world.arrived.set()
        self.world.arrived = asyncio.Event()
        allow_updates(call)
        self.world.last_poll = asyncio.get_running_loop().time()
        offset = call.integer("offset")
        if offset:
            self.world.forget_before(offset)
        limit = min(max(call.integer("limit", 100), 1), 100)
        loop = asyncio.get_running_loop()
        until = loop.time() + min(max(call.integer("timeout"), 0), 50)
        while True:
            found = self.world.fetch(limit)
            if found or loop.time() >= until:
                return found
            arrived = self.world.arrived
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(arrived.wait(), until - loop.time())
            if self._poll != mine:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one "
                    "bot instance is running",
                )
            if self.world.webhook["url"]:
                raise ApiError(409, "Conflict: terminated by setWebhook request")

    def _limit(self, method: str, chat_id: int | None) -> None:
        """Count what is sent in a sliding second, if the limit is enforced."""
        if not method.startswith(("send", "copy")) or method == "sendchataction":
            return
        now = asyncio.get_running_loop().time()
        if self.per_second is not None:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.per_second:
                raise ApiError(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        if self.per_chat and chat_id is not None:
            if now - self._recent_by_chat.get(chat_id, -1.0) < 1:
                raise ApiError(429, "Too Many Requests: retry after 1", {"retry_after": 1})
            self._recent_by_chat[chat_id] = now
        if self.per_second is not None:
            self._recent.append(now)

    def _record(self, method: str, params: Json, *, ok: bool, description: str) -> None:
        self.called += 1
        self.calls.append(
            {
                "number": self.called,
                "method": method,
                "params": params,
                "ok": ok,
                "description": description,
                "time": asyncio.get_running_loop().time(),
            }
        )

    async def _file(self, request: web.Request) -> web.Response:
        for blob in self.world.blobs.values():
            if blob.path == request.match_info["path"]:
                return web.Response(body=blob.content, content_type=blob.mime)
        return _failure(ApiError(404, "Not Found"))

    # Webhooks

    async def _push(self) -> None:
        """Deliver updates to the webhook, one after the other; delays double on failure."""
        async with ClientSession(timeout=ClientTimeout(total=60)) as http:
            delay = 0.0
            while True:
                webhook = self.world.webhook
                if not webhook["url"] or not self.world.updates:
                    await self._something_new()
                    continue
                delivered = await self._deliver(http, webhook, self.world.updates[0]["body"])
                if delivered:
                    self.world.updates.popleft()
                    delay = 0.0
                else:
                    await asyncio.sleep(delay)
                    delay = min(max(delay * 2, 1.0), 60.0)

    async def _something_new(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.world.arrived.wait(), 0.5)

    async def _deliver(self, http: ClientSession, webhook: Json, body: Json) -> bool:
        headers = {}
        if webhook.get("secret"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret"]
        try:
            async with http.post(webhook["url"], json=body, headers=headers) as answer:
                if answer.status < 300:
                    return True
                words = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (ClientError, TimeoutError) as error:
            words = f"Connection failed: {type(error).__name__}"
        webhook["last_error_date"] = int(self.clock.now().timestamp())
        webhook["last_error_message"] = words
        return False


async def _parameters(request: web.Request) -> tuple[Json, dict[str, tuple[str, str, bytes]]]:
    """Return the parameters of a request, however they came, and the uploaded files."""
    params: Json = dict(request.query)
    uploads: dict[str, tuple[str, str, bytes]] = {}
    if request.content_type == "application/json":
        with contextlib.suppress(ValueError):
            body = await request.json()
            if isinstance(body, dict):
                params.update(body)
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[name] = (
                    value.filename,
                    value.content_type or "application/octet-stream",
                    value.file.read(),
                )
            else:
                params[name] = value if isinstance(value, str) else bytes(value).decode()
    return params, uploads


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _failure(error: ApiError) -> web.Response:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.parameters:
        body["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["Retry-After"] = str(error.parameters["retry_after"])
    return web.json_response(body, status=error.code, headers=headers)


async def _drop(request: web.Request) -> web.StreamResponse:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
