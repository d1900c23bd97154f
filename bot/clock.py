"""The only clocks of the program. Everybody else is told what time it is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import aiohttp

logger = logging.getLogger("diwan.clock")

SOON = 0.05
NOW_AND_THEN = 2.0
"""Seconds after which a clock that is followed is told again what has become due."""


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place


class FollowedClock:
    """The emulator's clock: the machine's, moved by what the emulator says.

    ``follow`` waits for the emulator to move, lets ``settle`` do everything that has become due,
    and reports when the next thing is due; that is how tomorrow can be played today.
    """

    def __init__(self, control: str) -> None:
        self._control = control.rstrip("/")
        self._offset = timedelta()
        self._stopped_at: datetime | None = None
        self._is_playing = False

    def now(self) -> datetime:
        """Return the emulator's moment."""
        return self._stopped_at or SystemClock().now() + self._offset

    async def learn(self) -> None:
        """Learn what time it is there, before anything is done by the machine's time.

        Raises:
            ClientError: the emulator does not answer.
        """
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            await self._ask(http, -1, 0)

    async def follow(
        self,
        settle: Callable[[], Awaitable[None]],
        next_due: Callable[[], Awaitable[datetime | None]],
    ) -> None:
        """Follow until cancelled; whatever goes wrong is tried again after a second."""
        revision, wait = -1, 1.0
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while True:
                try:
                    before = revision
                    revision = await self._step(http, revision, wait, settle, next_due)
                    # Between moves the report is renewed: people act, and plans change. Who
                    # plays the clock forward begins with a move, and waits for each report.
                    wait = SOON if revision != before or self._is_playing else NOW_AND_THEN
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(1)
                except Exception:  # a clock that stands still for good helps nobody
                    logger.exception("what was due could not be done")
                    await asyncio.sleep(1)

    async def _step(
        self,
        http: aiohttp.ClientSession,
        revision: int,
        wait: float,
        settle: Callable[[], Awaitable[None]],
        next_due: Callable[[], Awaitable[datetime | None]],
    ) -> int:
        told = await self._ask(http, revision, wait)
        await settle()
        due = await next_due()
        report = {
            "revision": told,
            "idle": True,
            "next_due": due.isoformat() if due else None,
        }
        async with http.post(f"{self._control}/control/bot", json=report) as answer:
            answer.raise_for_status()
        return told

    async def _ask(self, http: aiohttp.ClientSession, revision: int, wait: float) -> int:
        """Set this clock by the emulator's; return how often that one has been moved."""
        params = {"revision": str(revision), "wait": str(wait)}
        async with http.get(f"{self._control}/control/clock", params=params) as answer:
            answer.raise_for_status()
            told = await answer.json()
        self._offset = timedelta(seconds=float(told["offset"]))
        self._stopped_at = datetime.fromisoformat(told["now"]) if told["stopped"] else None
        self._is_playing = bool(told["playing"])
        return int(told["revision"])
