"""The HTTP side: ``/bot<token>/<method>`` for bots, ``/control`` for tests, ``/`` for people."""

import asyncio
import contextlib
import logging
import math
import re
import socket
from collections import deque
from pathlib import Path
from typing import Any

from aiohttp import web

from emulator import state as saved
from emulator.call import ApiError, Call, Upload
from emulator.clock import Clock
from emulator.control import Control
from emulator.faults import AFTER, Fault, Faults
from emulator.groups import Groups
from emulator.methods import METHODS, SPELLINGS
from emulator.profile import allow_updates
from emulator.transport import cut, failure, read, success, written
from emulator.updates import Json
from emulator.webhook import Webhook
from emulator.world import World

logger = logging.getLogger("emulator")

CALLS_KEPT = 50_000
SAVE_EVERY = 2.0
UPLOAD_LIMIT = 50 * 2**20
LONGEST_POLL = 50
MINUTE = 60.0
TOKEN = re.compile(r"[1-9]\d{4,14}:[\w-]{30,60}", re.ASCII)


class Emulator:
    """A local Telegram for one bot. Several may run in one process; nothing is shared.

    Without a token it takes any that is well formed, for the same bot. Neither the token nor a
    path that contains it is ever printed or logged.
    """

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
        self.groups = Groups(self.world)
        self.clock.is_quiet = lambda: not self.world.updates
        self.faults = Faults()
        self.calls: deque[Json] = deque(maxlen=CALLS_KEPT)
        """What the bot has asked for, oldest first; only so many are kept."""
        self.limits = Limits()
        self.webhook = Webhook(self.world, self._perform_quietly)
        self.control = Control(self)
        self._called = 0
        self._poll = 0
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return the address: of the chat page, and the base of the Bot API."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Load what was saved, and listen."""
        if self.state is not None and await asyncio.to_thread(self.state.exists):
            saved.load(self.world, self.state)
        application = web.Application(client_max_size=UPLOAD_LIMIT + 2**20)
        add = application.router.add_route
        add("*", "/bot{token}/{method}", self._bot)
        add("*", "/bot{token}/test/{method}", self._bot)
        add("GET", "/file/bot{token}/{path:.+}", self._file)
        self.control.routes(application)
        add("*", "/{path:.*}", self._nothing)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        assert site._server is not None
        sockets: list[socket.socket] = site._server.sockets  # type: ignore[attr-defined]
        self.port = sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._save_often()), loop.create_task(self.webhook.run())]

    async def stop(self) -> None:
        """Let everybody go who waits, listen no more, and save."""
        self._closing = True
        self.world.updates.wake()
        self.clock.release()
        self.control.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self.state is not None:
            saved.save(self.world, self.state)

    async def _save_often(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            if self.state is not None and self.world.changed:
                try:
                    saved.save(self.world, self.state)
                except Exception:
                    logger.exception("the state could not be saved; trying again")

    # The Bot API

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check(request.match_info["token"])
            params, uploads = await read(request)
        except ApiError as error:
            return failure(error)
        method = SPELLINGS.get(request.match_info["method"].lower(), request.match_info["method"])
        fault = self.faults.for_call(method, _number(params.get("chat_id")))
        if fault is not None and fault.kind not in AFTER:
            broken = await self._before(request, fault)
            if broken is not None:
                self._record(method, params, ok=False, description=f"fault: {fault.kind}")
                return broken
        try:
            result = await self._result(method, params, uploads)
        except ApiError as error:
            self._record(method, params, ok=False, description=error.description)
            return failure(error)
        except Exception:
            # A client is told in JSON even where we have made a mistake.
            logger.exception("%s went wrong", method)
            return failure(ApiError(500, "Internal Server Error"))
        self._record(method, params, ok=True, description="")
        if fault is not None and fault.kind in AFTER:
            return await self._after(request, fault, result)
        return success(result)

    def _check(self, token: str) -> None:
        if not TOKEN.fullmatch(token):
            raise ApiError(401, "Unauthorized: invalid token specified")
        if self.world.token is not None and token != self.world.token:
            raise ApiError(401, "Unauthorized")

    async def _before(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """Answer as the fault says, with nothing done; None lets the call go on."""
        match fault.kind:
            case "429":
                wait = fault.retry_after
                error = ApiError(429, f"Too Many Requests: retry after {wait}")
                error.parameters = {"retry_after": wait}
                return failure(error)
            case "429bare":
                return failure(ApiError(429, "Too Many Requests"))
            case "500":
                return failure(ApiError(500, "Internal Server Error: restart"))
            case "error":
                return failure(ApiError(fault.code, fault.description, fault.parameters))
            case "html502":
                page = "<html><head><title>502 Bad Gateway</title></head></html>"
                return web.Response(status=502, text=page, content_type="text/html")
            case "drop_before":
                return cut(request)
            case _:
                await asyncio.sleep(fault.seconds or 0)
                return None

    async def _after(self, request: web.Request, fault: Fault, result: str) -> web.StreamResponse:
        """Spoil the answer to a call that has been done."""
        if fault.kind == "truncated200":
            response = success(result)
            assert isinstance(response.body, bytes)
            response.body = response.body[: len(response.body) // 2]
            return response
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds or 0)
        return cut(request)

    async def _result(self, method: str, params: Json, uploads: dict[str, Upload]) -> str:
        """Return the JSON of what a method returns."""
        if method == "getUpdates":
            return f"[{await self._updates(Call(self.world, params, uploads))}]"
        return written(self.perform(method, params, uploads))

    def perform(self, method: str, params: Json, uploads: dict[str, Upload] | None = None) -> Any:
        """Do what a method does and return its result.

        Raises:
            ApiError: Telegram would refuse.
        """
        answer = METHODS.get(method)
        if answer is None:
            raise ApiError(404, "Not Found: method not found")
        if method.startswith(("send", "copy", "editMessage")) and method != "sendChatAction":
            is_new = not method.startswith("edit")
            self.limits.count(_number(params.get("chat_id")), is_new=is_new)
        return answer(Call(self.world, params, uploads or {}))

    def _perform_quietly(self, method: str, params: Json) -> None:
        """Do the call in a webhook's answer: Telegram does not say how it went."""
        method = SPELLINGS.get(method.lower(), method)
        try:
            self.perform(method, params)
        except ApiError as error:
            self._record(method, params, ok=False, description=error.description)
        except Exception:
            logger.exception("%s went wrong", method)
        else:
            self._record(method, params, ok=True, description="")

    async def _updates(self, call: Call) -> str:
        """Wait for updates. A newer poll ends an older one with 409, as Telegram's does."""
        updates, loop = self.world.updates, asyncio.get_running_loop()
        if self.world.webhook["url"]:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
                "to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        updates.wake()
        allow_updates(call)
        self.world.bot_seen = loop.time()
        offset = call.integer("offset")
        if offset and updates:
            updates.acknowledge(offset)
            self.world.changed = True
        limit = min(max(call.integer("limit", 100), 1), 100)
        until = loop.time() + min(max(call.integer("timeout"), 0), LONGEST_POLL)
        while True:
            found = updates.fetch(limit)
            if found or loop.time() >= until:
                return found
            arrived = updates.arrived
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(arrived.wait(), until - loop.time())
            self._check_poll(mine)

    def _check_poll(self, mine: int) -> None:
        if self._closing:
            raise ApiError(500, "Internal Server Error: restart")
        if self._poll != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot "
                "instance is running",
            )
        if self.world.webhook["url"]:
            raise ApiError(409, "Conflict: terminated by setWebhook request")

    def _record(self, method: str, params: Json, *, ok: bool, description: str) -> None:
        self._called += 1
        self.calls.append(
            {
                "number": self._called,
                "method": method,
                "params": params,
                "ok": ok,
                "description": description,
                "time": self.clock.now().timestamp(),
            }
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file; to the rules of faults this is a call of its own, ``download``."""
        try:
            self._check(request.match_info["token"])
        except ApiError as error:
            return failure(error)
        fault = self.faults.for_call("download", None)
        if fault is not None and fault.kind not in AFTER:
            broken = await self._before(request, fault)
            if broken is not None:
                return broken
        for blob in self.world.blobs.values():
            if blob.path == request.match_info["path"]:
                content = blob.content
                if fault is not None and fault.kind == "truncated200":
                    content = content[: len(content) // 2]
                elif fault is not None and fault.kind in AFTER:
                    return await self._after(request, fault, "")
                return web.Response(body=content, content_type="application/octet-stream")
        return failure(ApiError(404, "Not Found"))

    async def _nothing(self, _request: web.Request) -> web.Response:
        return failure(ApiError(404, "Not Found"))


class Limits:
    """Telegram's limits on sending, enforced if asked for: in any sliding second or minute."""

    def __init__(self) -> None:
        self.per_second: int | None = None
        self.per_chat = False
        self.per_group: int | None = None
        """How many messages and changes a minute a group takes; Telegram's are 20."""
        self._recent: deque[float] = deque()
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}

    def count(self, chat_id: int | None, *, is_new: bool = True) -> None:
        """Count one message, or the change of one, which only groups count.

        Raises:
            ApiError: it is one too many.
        """
        now = asyncio.get_running_loop().time()
        if chat_id is not None and chat_id < 0 and self.per_group is not None:
            self._count_in_group(chat_id, self.per_group, now)
        if not is_new or (self.per_second is None and not self.per_chat):
            return
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        full = self.per_second is not None and len(self._recent) >= self.per_second
        hasty = self.per_chat and now - self._chats.get(chat_id or 0, now - 1) < 1
        if full or hasty:
            raise _flood(1)
        self._recent.append(now)
        self._chats[chat_id or 0] = now

    def _count_in_group(self, chat_id: int, at_most: int, now: float) -> None:
        recent = self._groups.setdefault(chat_id, deque())
        while recent and recent[0] <= now - MINUTE:
            recent.popleft()
        if len(recent) >= at_most:
            raise _flood(max(1, math.ceil(recent[0] + MINUTE - now)))
        recent.append(now)


def _flood(seconds: int) -> ApiError:
    words = f"Too Many Requests: retry after {seconds}"
    return ApiError(429, words, {"retry_after": seconds})


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
