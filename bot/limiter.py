"""The pace of what leaves: so many a second overall, so many per chat, and who goes first."""

import asyncio
import contextlib
import heapq
import itertools
import math
from collections import OrderedDict

from community.policy import Lane

CHATS_REMEMBERED = 10_000


class Limiter:
    """A steady pacer (no burst: jitter at the limit provokes 429s), with lanes.

    ``per_chat`` is an average: a chat that has been silent may get ``burst`` messages in a row,
    because an answer sometimes takes two.
    """

    def __init__(self, overall: float = 28.0, per_chat: float = 1.0, burst: int = 3) -> None:
        self._gap = 1.0 / overall
        self._chat_gap = 1.0 / per_chat
        self._burst = burst
        self._next_slot = 0.0
        self._paused_until = 0.0
        self._chats: OrderedDict[int, float] = OrderedDict()
        self._waiting: list[tuple[int, int, float, asyncio.Future[bool]]] = []
        self._numbers = itertools.count()
        self._pump: asyncio.Task[None] | None = None

    @property
    def rate(self) -> float:
        """Return how many messages a second may leave."""
        return 1.0 / self._gap

    @property
    def paused_for(self) -> float:
        """Return for how many seconds Telegram wants silence."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so long: Telegram has answered 429."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused_until = max(self._paused_until, until)
        for _, _, patience, slot in self._waiting:
            if patience < self.paused_for and not slot.done():
                slot.set_result(False)

    async def acquire(self, chat_id: int, lane: Lane, patience: float = math.inf) -> bool:
        """Wait for a slot. Smaller lanes overtake larger ones, each chat keeps its own pace.

        False, and at once, if Telegram wants silence for more than ``patience`` seconds.
        """
        delay = self._chat_delay(chat_id)
        if delay > 0:
            await asyncio.sleep(delay)
        if self.paused_for > patience:
            return False
        loop = asyncio.get_running_loop()
        slot: asyncio.Future[bool] = loop.create_future()
        heapq.heappush(self._waiting, (int(lane), next(self._numbers), patience, slot))
        if self._pump is None or self._pump.done():
            self._pump = loop.create_task(self._run())
        return await slot

    def _chat_delay(self, chat_id: int) -> float:
        now = asyncio.get_running_loop().time()
        earliest = max(self._chats.pop(chat_id, 0.0), now)
        self._chats[chat_id] = earliest + self._chat_gap
        if len(self._chats) > CHATS_REMEMBERED:
            self._chats.popitem(last=False)
        return earliest - now - self._chat_gap * (self._burst - 1)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            wait = max(self._next_slot, self._paused_until) - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            _, _, _, slot = heapq.heappop(self._waiting)
            if slot.done():
                continue
            slot.set_result(True)
            # A slot taken a little late does not move the next one; after a rest all begins anew.
            on_beat = self._next_slot + self._gap
            self._next_slot = on_beat if loop.time() < on_beat else loop.time() + self._gap

    async def close(self) -> None:
        """Stop pacing; whoever waits is cancelled by their own task."""
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
