"""Rounds of matches: read and solved by another process, written in portions.

Ten thousand people take seconds of a processor and a hundred MiB: neither may be taken from who
waits for an answer to a press. The process reads what it needs without keeping anybody from
writing, steps back for everybody else, and is gone afterwards.
"""

import asyncio
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.database import Database
from community import leases, matches
from community.matches import Columns, MatchRound
from community.tables import METADATA  # noqa: F401 - the other process reads by all tables

T = TypeVar("T")
logger = logging.getLogger("diwan.matching")

MATCHER = "matcher"
LOOK_AGAIN = 2.0
AT_ONCE = 100
"""So many proposals are written by one transaction: who presses waits a moment, not seconds."""
NICE = 10
LEASE = 300.0
"""Seconds: longer than a round takes. Whoever died in it leaves it to others after so long."""


@dataclass(frozen=True)
class Solved:
    """What came of a round, by the numbers of people."""

    pairs: list[tuple[int, int]]
    """Who is proposed to whom: receiver and giver."""
    receivers: list[int]
    """For whom somebody was looked for."""


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
        solved = await self._solved(found, now)
        planned = 0
        for portion in _portions(solved.pairs):
            async with self.database.transaction() as session:
                if not await leases.hold(session, MATCHER, self.holder, LEASE):
                    return None  # somebody else goes on with it
                found = await session.merge(found, load=False)
                planned += await matches.propose(session, found, portion, now)
        if found.person_id is None:
            for people in _portions(solved.receivers):
                async with self.database.transaction() as session:
                    planned += await matches.tell_none(session, found, people, now)
        async with self.database.transaction() as session:
            found = await session.get_one(matches.MatchRound, found.id)
            planned += await matches.finish(session, found, solved.receivers, now)
        return planned

    async def _solved(self, found: MatchRound, now: datetime) -> Solved:
        if not self.database.is_in_memory:
            return await _apart(_read_and_solve, self.database.address, found.id, now)
        async with self.database.transaction() as session:  # no other process can read it
            people = await matches.population(session, found, now)
        return await _apart(_solve, people, found.id)


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


async def _apart(work: Callable[..., Solved], *given: object) -> Solved:
    """Let another process do this work."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_step_back)
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, work, *given)
    except BrokenProcessPool:
        raise RuntimeError("the process that solves a round has ended") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_and_solve(address: str, number: int, now: datetime) -> Solved:
    """Read everybody who takes part in a round, as of one moment, and solve it."""
    return _solve(asyncio.run(_read(address, number, now)), number)


async def _read(address: str, number: int, now: datetime) -> Columns:
    database = Database(address)
    try:
        async with database.snapshot() as session:
            found = await session.get_one(MatchRound, number)
            return await matches.population(session, found, now)
    finally:
        await database.close()


def _solve(people: Columns, seed: int) -> Solved:
    """Solve a round; what it imports takes sixty MiB, which only the other process needs."""
    receivers = [*compress(people.ids, people.receives)]
    if not receivers:
        return Solved([], [])
    from community.matches import solving

    return Solved(solving.best(people, seed), receivers)


def _step_back() -> None:
    if sys.platform == "linux":
        os.nice(NICE)
