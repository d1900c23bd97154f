"""The emulator's clock: the machine's, moved. It can be played forward, stop by stop."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

STUCK_ROUNDS = 5
"""How often a bot may say that its next thing is past before it is taken for a mistake."""


LAST_YEAR = 9000


class PlayTimeoutError(Exception):
    """The bot did not report in time that it has done what was due."""


class Clock:
    """Real time plus an offset. ``revision`` counts its moves, so that followers see each one.

    Stopped, it stands still between jumps: a story then takes as long as it says, however slow
    the machine is.
    """

    def __init__(self) -> None:
        self.offset = timedelta()
        self.stopped_at: datetime | None = None
        self.revision = 1
        self.playing = False
        self.patience = 30.0
        """How many real seconds the bot has to settle at each stop."""
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
        running = datetime.now(UTC) + self.offset  # noqa: TID251 - the emulator stands apart
        return self.stopped_at or running

    def stop(self) -> None:
        """Stand still from now on; only a jump moves the clock."""
        self.stopped_at = self.now()
        self._has_moved()

    def jump(self, seconds: float) -> None:
        """Move at once: a fault, if nobody has asked for it.

        Raises:
            ValueError: there is no such moment, or it is so far away that little could follow.
        """
        try:
            by = timedelta(seconds=seconds)
            there = 1970 <= (self.now() + by).year <= LAST_YEAR
        except OverflowError:
            there = False
        if not there:
            raise ValueError(f"the clock goes from 1970 to {LAST_YEAR}")
        self.offset += by
        if self.stopped_at is not None:
            self.stopped_at += by
        self._has_moved()

    def _has_moved(self) -> None:
        self.revision += 1
        self._wake()
        self.on_change()

    def set(self, moment: datetime) -> None:
        """Jump to a moment."""
        self.jump((moment - self.now()).total_seconds())

    def resume(self, offset: float, revision: int) -> None:
        """Go on where a saved clock stopped; a follower sees that it has moved."""
        self.offset, self.revision = timedelta(seconds=offset), revision + 1

    async def changed(self, revision: int, wait: float) -> None:
        """Return when the revision is not this one any more, or after so many seconds."""
        moved = self._moved
        if self.revision == revision:
            try:
                await asyncio.wait_for(moved.wait(), wait)
            except TimeoutError:
                return

    def release(self) -> None:
        """Let everybody go who waits for the clock to move."""
        self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def report(self, revision: int, next_due: datetime | None, *, idle: bool = True) -> None:
        """Take the bot's word on what is due next, and that it has settled at a revision."""
        self.bot_next_due = next_due
        if idle:
            self.bot_revision = revision
            self._reported.set()
            self._reported = asyncio.Event()

    async def play(self, until: datetime) -> list[datetime]:
        """Go to ``until``, stopping at everything that becomes due on the way.

        At each stop the bot is waited for. Something that stays in the past is tried five times
        and then passed over.

        Raises:
            PlayTimeoutError: the bot did not settle.
            ValueError: the clock is being played already.
        """
        stops: list[datetime] = []
        self._begin()
        try:
            await self._settled()
            rounds_in_the_past = 0
            while self.now() < until:
                due = self.bot_next_due
                past = due is not None and due <= self.now()
                rounds_in_the_past = rounds_in_the_past + 1 if past else 0
                if due is None or rounds_in_the_past > STUCK_ROUNDS:
                    due = until
                stops.append(await self._stop_at(min(due, until)))
        finally:
            self._end()
        return stops

    async def play_next(self) -> list[datetime]:
        """Go to the next thing that is due, if there is one; raises as ``play`` does."""
        self._begin()
        try:
            await self._settled()
            if self.bot_next_due is None:
                return []
            return [await self._stop_at(self.bot_next_due)]
        finally:
            self._end()

    def _begin(self) -> None:
        if self.playing:
            raise ValueError("the clock is being played already")
        self.playing = True
        self._has_moved()  # what the bot has found out before may be out of date

    def _end(self) -> None:
        self.playing = False
        self.on_change()

    async def _stop_at(self, moment: datetime) -> datetime:
        """Jump there, or stay where we are if it is past, and let the bot finish."""
        self.jump(max((moment - self.now()).total_seconds(), 0.0))
        stop = self.now()
        await self._settled()
        return stop

    async def _settled(self) -> None:
        """Wait for a report made at this revision from now on, with nothing left to fetch."""
        if not self.bot_revision:
            return
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    reported = self._reported
                    await reported.wait()
                    if self.bot_revision == self.revision and self.is_quiet():
                        return
        except TimeoutError:
            raise PlayTimeoutError("the bot did not settle in time") from None
