"""Rounds of matches: read in one transaction, solved by another process, written in portions.

Ten thousand people take seconds of a processor and a hundred MiB: neither may be taken from who
waits for an answer to a press. The process steps back for everybody else, and is gone afterwards.
"""

import asyncio
import logging
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import compress

from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.database import Database
from community import leases, matches
from community.matches import Columns

logger = logging.getLogger("diwan.matching")

MATCHER = "matcher"
LOOK_AGAIN = 2.0
AT_ONCE = 100
"""So many proposals are written by one transaction: who presses waits a moment, not seconds."""
NICE = 10
LEASE = 300.0
"""Seconds: longer than a round takes. Whoever died in it leaves it to others after so long."""


class Matching:
    """What looks for rounds that are open, and solves them."""

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self.database, self.clock, self.holder = database, clock, holder
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Solve what is open, until cancelled."""
        while True:
            try:
                busy = await self.turn()
            except DBAPIError as error:
                logger.error("a round cannot be read: %s", type(error.orig).__name__)
                busy = 0
            except Exception:
                logger.exception("a round could not be solved")
                busy = 0
                await asyncio.sleep(60)
            if not busy:
                await asyncio.sleep(LOOK_AGAIN)

    async def turn(self) -> int:
        """Solve every round that is open; return how many proposals and answers were planned."""
        async with self._turn:
            planned = 0
            while (done := await self._round()) is not None:
                planned += done
            return planned

    async def _round(self) -> int | None:
        now = self.clock.now()
        async with self.database.transaction() as session:
            found = await matches.next_open(session)
            if found is None or not await leases.hold(session, MATCHER, self.holder, LEASE):
                return None
            people = await matches.population(session, found, now)
        pairs = await _solved(people, found.id)
        planned = 0
        for at in range(0, len(pairs), AT_ONCE):
            async with self.database.transaction() as session:
                if not await leases.hold(session, MATCHER, self.holder, LEASE):
                    return None  # somebody else goes on with it
                found = await session.merge(found, load=False)
                planned += await matches.propose(session, found, pairs[at : at + AT_ONCE], now)
        async with self.database.transaction() as session:
            found = await session.get_one(matches.MatchRound, found.id)
            receivers = [*compress(people.ids, people.receives)]
            planned += await matches.finish(session, found, receivers, now)
        return planned


async def _solved(people: Columns, seed: int) -> list[tuple[int, int]]:
    """Return who is proposed to whom, by their numbers."""
    if not any(people.receives):
        return []
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_step_back)
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, _best, people, seed)
    except BrokenProcessPool:
        raise RuntimeError("the process that solves a round has ended") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _best(people: Columns, seed: int) -> list[tuple[int, int]]:
    """Solve a round; what it imports takes sixty MiB, which only the other process needs."""
    from community.matches import solving

    return solving.best(people, seed)


def _step_back() -> None:
    if sys.platform == "linux":
        os.nice(NICE)
