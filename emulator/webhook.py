"""Delivery by webhook: in order within a chat, chats side by side, again until it is taken."""

import asyncio
import functools
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from emulator.updates import Json, Update
from emulator.world import World

READ_TIMEOUT = 60.0
LONGEST_PAUSE = (60.0, 120.0)
LONGEST_RETRY_AFTER = 3600
GONE_FOR = 23 * 3600
"""A webhook that says 410 for so long is closed."""

LOOK_AHEAD = 1000


class Webhook:
    """Posts updates to the bot while a webhook is set."""

    def __init__(self, world: World, perform: Callable[[str, Json], Any]) -> None:
        self.world = world
        self.pace = 1.0
        """Seconds that stand for one second of Telegram's pauses; tests make it short."""
        self._perform = perform
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._gone_since: float | None = None

    async def run(self) -> None:
        """Deliver until cancelled."""
        timeout = ClientTimeout(total=READ_TIMEOUT)
        async with ClientSession(timeout=timeout) as http:
            try:
                while True:
                    arrived = self.world.updates.arrived
                    if self.world.webhook["url"]:
                        self._start(http)
                    await arrived.wait()
            finally:
                for task in self._lanes.values():
                    task.cancel()
                await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    def _start(self, http: ClientSession) -> None:
        """Give every free lane its oldest update."""
        self.world.updates.expire()
        webhook = self.world.webhook
        for update in itertools.islice(self.world.updates.entries, LOOK_AHEAD):
            if len(self._lanes) >= webhook["max_connections"]:
                return
            if update.lane not in self._lanes:
                task = asyncio.create_task(self._deliver(http, webhook, update))
                self._lanes[update.lane] = task
                task.add_done_callback(functools.partial(self._free, update.lane))

    def _free(self, lane: int, _task: asyncio.Task[None]) -> None:
        self._lanes.pop(lane, None)
        self.world.updates.wake()

    async def _deliver(self, http: ClientSession, webhook: Json, update: Update) -> None:
        """Post one update until it is taken, too old, or the webhook is another."""
        attempt = 0
        while self.world.webhook is webhook and update in self.world.updates.entries:
            pause = await self._post(http, webhook, update)
            if pause is None:
                self.world.updates.remove(update)
                return
            pause = pause or _pause(attempt)
            if self.world.clock.now().timestamp() + pause > update.expires:
                self.world.updates.remove(update)
                return
            attempt += 1
            await asyncio.sleep(pause * self.pace)

    async def _post(self, http: ClientSession, webhook: Json, update: Update) -> float | None:
        """Post once; return None if it was taken, else how long the bot asks to wait, or 0."""
        headers = {"Content-Type": "application/json"}
        if webhook["secret"]:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret"]
        asked = 0.0
        try:
            async with http.post(
                webhook["url"], data=update.text.encode(), headers=headers
            ) as answer:
                body = await answer.text()
                if 200 <= answer.status < 300:
                    self.world.bot_seen = asyncio.get_running_loop().time()
                    self._gone_since = None
                    self._answered(body)
                    return None
                words = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                after = answer.headers.get("Retry-After", "")
                if after.isdecimal():
                    asked = float(min(int(after), LONGEST_RETRY_AFTER))
                self._count_gone(answer.status)
        except (ClientError, TimeoutError, UnicodeDecodeError) as error:
            words = f"Connection failed: {type(error).__name__}"
        webhook["last_error_date"] = self.world.date()
        webhook["last_error_message"] = words
        return asked

    def _count_gone(self, status: int) -> None:
        now = self.world.clock.now().timestamp()
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since > GONE_FOR:
            self.world.webhook = {"url": ""}

    def _answered(self, body: str) -> None:
        """Do the method call that a bot may put into its answer."""
        try:
            call = json.loads(body)
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            method = call.pop("method")
            if not method.lower().startswith(("get", "setwebhook", "deletewebhook", "close")):
                self._perform(method, call)


def _pause(attempt: int) -> float:
    """Return Telegram's pause: none before the second try, then 2, 4, 8 … seconds."""
    if attempt == 0:
        return 0.0
    return min(2.0**attempt, random.uniform(*LONGEST_PAUSE))  # noqa: S311 - no secret
