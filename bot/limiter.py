"""The pace of what leaves: so many a second overall, so many per chat, and who goes first.

A slot is a moment at which one message may leave. Slots come one by one from a rate in memory, or,
where several processes send, in slices from the row they share (``community/rates.py``).
"""

import asyncio
import bisect
import itertools
import logging
import math
import random
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database
from community import rates
from community.policy import Lane
from community.rates import LATE, Rate, Slice

logger = logging.getLogger("diwan.limiter")

TELEGRAMS_LIMIT = 30.0
RESERVE = 2.0
"""What a rate must leave of Telegram's limit so that replies may overtake other processes."""
CHATS_REMEMBERED = 10_000
BURST = 3
PER_GROUP, GROUP_BURST = 18 / 60, 2
"""Telegram allows 20 a minute; 18, and one more at the start, stay below that."""
JITTER = (0.05, 0.25)
"""Seconds added to a pause: nobody comes back at the very moment, nor all together."""
SLICE = 0.1
"""Seconds that a slice lasts: others, and their replies, wait no longer for their turn."""
LEAD = 0.1
"""Seconds before the last slot in hand, beyond what an answer takes, to ask for the next slice."""
ASK_AGAIN = 1.0
"""Seconds between questions to a database that is away."""


@dataclass(eq=False)
class _Waiter:
    lane: Lane
    number: int
    chat_id: int
    patience: float
    slot: asyncio.Future[bool]
    has_hurried: bool = False

    @property
    def turn(self) -> tuple[int, int]:
        return int(self.lane), self.number


class Limiter:
    """A steady pacer (no burst: jitter at the limit provokes 429s), with lanes.

    ``per_chat`` is an average: a chat that has been silent may get a few messages in a row,
    because an answer sometimes takes two. ``paid`` is the rate of what is paid for, 0 for none.
    With ``shared`` the overall rates hold for all processes on that database together; the pace
    of a chat is each process's own.
    """

    def __init__(
        self,
        overall: float = 28.0,
        per_chat: float = 1.0,
        burst: int = BURST,
        *,
        per_group: float = PER_GROUP,
        paid: float = 0.0,
        shared: Database | None = None,
    ) -> None:
        self.is_paid = paid > 0
        self._chats = _Chats(1.0 / per_chat, burst, 1.0 / per_group)
        self._free = _Pace(self, "free", overall, self._chats, shared)
        self._paid = _Pace(self, "paid", paid, self._chats, shared) if paid else self._free
        self._numbers = itertools.count()
        self.paused_until = 0.0

    @property
    def rate(self) -> float:
        """Return how many messages a second may leave."""
        return max(self._free.per_second, self._paid.per_second)

    @property
    def paused_for(self) -> float:
        """Return for how many seconds Telegram wants silence."""
        return max(0.0, self.paused_until - asyncio.get_running_loop().time())

    def pause(self, seconds: float, *, paid: bool = False) -> None:
        """Let nothing leave for so long, and less for a while: Telegram has answered 429.

        ``paid`` tells which of the rates was too high.
        """
        seconds += random.uniform(*JITTER)  # noqa: S311 - no secret
        (self._paid if paid else self._free).pause(seconds)
        self.hush(asyncio.get_running_loop().time() + seconds)

    def pause_chat(self, chat_id: int, seconds: float) -> None:
        """Let nothing leave for this chat for so long; all others go on."""
        seconds += random.uniform(*JITTER)  # noqa: S311 - no secret
        self._chats.hush(chat_id, asyncio.get_running_loop().time() + seconds)

    def is_free(self, chat_id: int) -> bool:
        """Say whether this chat may get something now, as far as its own pace goes."""
        return self._chats.free_at(chat_id) <= asyncio.get_running_loop().time()

    def hush(self, until: float) -> None:
        """Let nothing leave until then; whoever has not the patience is told at once."""
        self.paused_until = max(self.paused_until, until)
        self._free.hush()
        self._paid.hush()

    async def acquire(
        self, chat_id: int, lane: Lane, patience: float = math.inf, *, paid: bool = False
    ) -> bool:
        """Wait for a slot. Smaller lanes overtake larger ones, each chat keeps its own pace.

        False, and at once, if Telegram wants silence for more than ``patience`` seconds.
        """
        if self.paused_for > patience:
            return False
        slot: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(lane, next(self._numbers), chat_id, patience, slot)
        (self._paid if paid else self._free).wait(waiter)
        return await slot

    async def close(self) -> None:
        """Stop pacing; whoever waits is cancelled by their own task."""
        await self._free.close()
        await self._paid.close()


class _Chats:
    """When each chat may get its next message: an average pace with a small burst."""

    def __init__(self, gap: float, burst: int, group_gap: float) -> None:
        self._gap, self._burst, self._group_gap = gap, burst, group_gap
        self._full_at: OrderedDict[int, float] = OrderedDict()

    def _pace(self, chat_id: int) -> tuple[float, int]:
        return (self._group_gap, GROUP_BURST) if chat_id < 0 else (self._gap, self._burst)

    def free_at(self, chat_id: int) -> float:
        """Return the moment from which this chat may get one."""
        gap, burst = self._pace(chat_id)
        return self._full_at.get(chat_id, -math.inf) - gap * (burst - 1)

    def hush(self, chat_id: int, until: float) -> None:
        """Note that this chat may get nothing until then."""
        gap, burst = self._pace(chat_id)
        self._full_at[chat_id] = max(self._full_at.pop(chat_id, 0.0), until + gap * (burst - 1))

    def charge(self, chat_id: int, now: float) -> None:
        """Note that this chat gets one."""
        gap, _ = self._pace(chat_id)
        self._full_at[chat_id] = max(self._full_at.pop(chat_id, now), now) + gap
        if len(self._full_at) > CHATS_REMEMBERED:
            self._full_at.popitem(last=False)


class _Pace:
    """One rate: who waits for it, and the slots in hand."""

    def __init__(
        self,
        limiter: Limiter,
        name: str,
        per_second: float,
        chats: _Chats,
        shared: Database | None,
    ) -> None:
        self.limiter, self.name, self.per_second = limiter, name, per_second
        self._chats, self._shared = chats, shared
        self._rate = Rate.fresh(name)
        self._waiting: list[_Waiter] = []
        self._slots: list[float] = []
        self._gap, self._late = 0.0, LATE
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._offset = _Offset()

    def wait(self, waiter: _Waiter) -> None:
        """Take somebody into the queue, where their lane puts them."""
        bisect.insort(self._waiting, waiter, key=lambda one: one.turn)
        self._advance()

    def pause(self, seconds: float) -> None:
        """Shrink, and tell the other processes."""
        if self._shared is None:
            self._rate.pause(asyncio.get_running_loop().time(), seconds)
            return
        task = asyncio.get_running_loop().create_task(self._tell(self._shared, seconds))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def hush(self) -> None:
        """Give up the slots in hand; send the impatient away."""
        self._slots.clear()
        for waiter in self._waiting:
            if waiter.patience < self.limiter.paused_for and not waiter.slot.done():
                waiter.slot.set_result(False)
        self._advance()

    async def close(self) -> None:
        """Stop."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [*self._telling, *([self._asking] if self._asking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _advance(self) -> None:
        """Let go whoever may go now; come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._waiting = [waiter for waiter in self._waiting if not waiter.slot.done()]
        wake = self._let_go(now)
        if wake is not None:
            self._timer = loop.call_at(wake, self._advance)
        if self._waiting and now >= self.limiter.paused_until:
            self._ask_for_more(now)

    def _let_go(self, now: float) -> float | None:
        """Return when to look again; None if there is nothing to wait for but an answer."""
        while self._waiting:
            if now < self.limiter.paused_until:
                return self.limiter.paused_until
            at = self._first_free(now)
            if at is None:
                return min(self._chats.free_at(one.chat_id) for one in self._waiting)
            if not self._slots and self._shared is None:
                self._put(self._rate.take(now, 1, self.per_second), 0.0)
            while self._slots and self._slots[0] < now - self._late:
                self._slots.pop(0)
            if not self._slots:
                if self._shared is None:
                    continue
                return None
            if self._slots[0] > now and not self._goes_early(self._waiting[at], now):
                return self._slots[0]
            self._slots.pop(0)
            waiter = self._waiting.pop(at)
            self._chats.charge(waiter.chat_id, now)
            waiter.slot.set_result(True)
        return None

    def _first_free(self, now: float) -> int | None:
        """Return the place of the first in the queue whose chat may get something now."""
        for at, waiter in enumerate(self._waiting):
            if self._chats.free_at(waiter.chat_id) <= now:
                return at
        return None

    def _goes_early(self, waiter: _Waiter, now: float) -> bool:
        """Let a reply take the slot that comes next of all, of this process or of others.

        So nothing goes earlier than the gap before its slot: no second has more than one too many.
        """
        return self._may_overtake(waiter) and self._slots[0] <= now + self._gap

    def _may_overtake(self, waiter: _Waiter) -> bool:
        has_room = self.per_second <= TELEGRAMS_LIMIT - RESERVE
        return has_room and waiter.lane <= Lane.URGENT

    def _put(self, piece: Slice, offset: float) -> None:
        self._slots = sorted(self._slots + [slot + offset for slot in piece.slots])
        self._gap, self._late = piece.gap, max(LATE, piece.gap)

    # Shared with other processes

    def _ask_for_more(self, now: float) -> None:
        """Ask before the slots in hand end, for no more than are waited for."""
        if self._shared is None or self._asking is not None:
            return
        soon = now + LEAD + self._offset.round_trip
        ready = [one for one in self._waiting if self._chats.free_at(one.chat_id) <= soon]
        count, hurried = len(ready) - len(self._slots), self._hurried(ready, now)
        if hurried is not None:
            hurried.has_hurried, count = True, 1
        elif count <= 0 or (self._slots and self._slots[-1] > soon):
            return
        count = min(count, math.ceil(self.per_second * SLICE))
        ask = self._ask(self._shared, count, overtake=hurried is not None)
        self._asking = asyncio.get_running_loop().create_task(ask)

    def _hurried(self, ready: list[_Waiter], now: float) -> _Waiter | None:
        """Return who should overtake the other processes: a reply for which no slot is near."""
        if self._slots and self._slots[0] <= now + self._late:
            return None
        for waiter in ready:
            if self._may_overtake(waiter) and not waiter.has_hurried:
                return waiter
        return None

    async def _ask(self, shared: Database, count: int, *, overtake: bool) -> None:
        time = asyncio.get_running_loop().time
        try:
            asked = time()
            async with shared.transaction() as session:
                piece = await rates.lease(
                    session, self.name, count, self.per_second, overtake=overtake
                )
                answered = time()
        except (SQLAlchemyError, OSError) as error:
            logger.error("the shared rate cannot be read: %s", type(error).__name__)
            await asyncio.sleep(ASK_AGAIN)
        else:
            offset = self._offset.learn(asked, piece.now, answered)
            if piece.paused_for:
                self.limiter.hush(answered + piece.paused_for)
            else:
                self._put(piece, offset)
        self._asking = None
        self._advance()

    async def _tell(self, shared: Database, seconds: float) -> None:
        try:
            async with shared.transaction() as session:
                await rates.pause(session, self.name, seconds)
        except (SQLAlchemyError, OSError) as error:
            logger.error("the others were not told of a pause: %s", type(error).__name__)


@dataclass
class _Offset:
    """What to add to the database's clock to get ours.

    Its answer was given some time between question and receipt. Of the last ones the fastest is
    believed, and as if it had been given at the last moment: rather late than early.
    """

    seen: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    round_trip: float = 0.0
    """What an answer takes: the slowest of late, slowly forgotten."""

    def learn(self, asked: float, there: float, answered: float) -> float:
        """Return the offset, knowing one answer more."""
        if self.seen and asked - there > min(self.seen):  # their clock went back
            self.seen.clear()
        self.seen.append(answered - there)
        self.round_trip = max(answered - asked, 0.9 * self.round_trip)
        return min(self.seen)
