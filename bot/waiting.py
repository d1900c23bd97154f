"""Waiting for what cannot be had now, but not beyond the end of the program."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from bot.database import is_away

logger = logging.getLogger("diwan.waiting")

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds between two attempts at what cannot be had now: doubled each time, up to the longest."""

T = TypeVar("T")


class Waiting:
    """What those who wait in one part of the program share: when that part ends."""

    def __init__(self) -> None:
        self.ending = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Say whether nothing is worth waiting for any more."""
        return self.ending.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    async def when_possible(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do work in the database; while that is busy or gone, wait: it is nobody's fault.

        None if the program ends before.
        """
        wait = FIRST_WAIT
        while True:
            try:
                return await work()
            except DBAPIError as error:
                if not is_away(error):
                    raise
                logger.warning("the database is not available: %s", type(error.orig).__name__)
            if self.is_over:
                return None
            await self.pause(wait)
            wait = min(wait * 2, LONGEST_WAIT)
