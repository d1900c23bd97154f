"""The emulator's clock: the machine's, moved. It can be played forward, stop by stop."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

IDLE_PATIENCE = 30.0
STUCK_ROUNDS = 5


class PlayTimeoutError(Exception):
    """The bot did not report in time that it has done what was due."""


class Clock:
    """Real time plus an offset. ``revision`` counts the jumps, so that followers see each one."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = timedelta(seconds=offset)
        self.revision = 1
        self.playing = False
        self.bot_next_due: datetime | None = None
        self.bot_revision = 0
        """The revision at which the bot last reported that it had settled; 0: never."""
        self.on_change: Callable[[], None] = lambda: None
        self.is_quiet: Callable[[], bool] = lambda: True
        """Whether no update waits for the bot."""
        self._moved = asyncio.Event()
        self._reported = asyncio.Event()

    def now(self) -> datetime:
        """Return the emulator's moment."""
        return datetime.now(UTC) + self.offset  # noqa: TID251 - the emulator stands apart

    def jump(self, seconds: float) -> None:
        """Move at once: a fault, if nobody has asked for it."""
        self.offset += timedelta(seconds=seconds)
        self.revision += 1
        self._moved.set()
        self._moved = asyncio.Event()
        self.on_change()

    def set(self, moment: datetime) -> None:
        """Jump to a moment."""
        self.jump((moment - self.now()).total_seconds())

    async def changed(self, revision: int, wait: float) -> None:
        """Return when the revision is not this one any more, or after so many seconds."""
        moved = self._moved
        if self.revision == revision:
            try:
                await asyncio.wait_for(moved.wait(), wait)
            except TimeoutError:
                return

    def report(self, revision: int, next_due: datetime | None) -> None:
        """Take the bot's word that it has settled at a revision, and when it is due next."""
        self.bot_revision, self.bot_next_due = revision, next_due
        self._reported.set()
        self._reported = asyncio.Event()

    async def _settled(self) -> None:
        """Wait for a report made at this revision from now on, with nothing left to fetch."""
        if not self.bot_revision:
            return
        async with asyncio.timeout(IDLE_PATIENCE):
            while True:
                reported = self._reported
                await reported.wait()
                if self.bot_revision == self.revision and self.is_quiet():
                    return

    async def play(self, until: datetime) -> list[datetime]:
        """Go to ``until``, stopping at everything that becomes due on the way.

        Raises:
            PlayTimeoutError: the bot did not settle.
        """
        stops: list[datetime] = []
        stuck = 0
        self.playing = True
        self.on_change()
        try:
            await self._settled()
            while self.now() < until:
                due = self.bot_next_due
                stop = until if due is None or stuck >= STUCK_ROUNDS else min(due, until)
                if stop > self.now():
                    self.set(stop)
                    stuck = 0
                else:
                    stuck += 1
                    self.jump(0)
                stops.append(self.now())
                await self._settled()
        except TimeoutError:
            raise PlayTimeoutError from None
        finally:
            self.playing = False
            self.on_change()
        return stops

    async def play_next(self) -> list[datetime]:
        """Go to the next thing that is due, if there is one."""
        await self._settled_or_late()
        if self.bot_next_due is None:
            return []
        return await self.play(max(self.bot_next_due, self.now()) + timedelta(milliseconds=1))

    async def _settled_or_late(self) -> None:
        try:
            await self._settled()
        except TimeoutError:
            raise PlayTimeoutError from None
