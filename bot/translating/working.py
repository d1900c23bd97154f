"""What is wanted is translated: claim, translate without holding anybody up, write it down.

A text is claimed for a minute and held as long as it takes; a process that dies leaves it to
whoever comes next. Nothing of the engine runs in the event loop.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from itertools import pairwise
from time import monotonic

from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.database import Database
from bot.translating import protecting, sanity
from bot.translating.engines import AwayError, CannotError, Engine, EngineError
from community import machine
from community.machine import NO_MACHINE, Machine, Outcome, State, Task
from locales import calendar_names

logger = logging.getLogger("diwan.translating")

LEASE = 60.0
LOOK_AGAIN = 1.0
"""Seconds until the list is looked at again when nothing (more) is wanted."""
FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds without a try after the engine has failed: doubled each time, up to the longest."""
LOST_FACTS = "facts"


class Translating:
    """One worker. ``holder`` names it in the texts it claims."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        holder: str,
        *,
        lease: float = LEASE,
    ) -> None:
        self.database, self.engine, self.clock = database, engine, clock
        self.holder, self.lease = holder, lease
        self.machine: Machine = NO_MACHINE
        self._back: list[Outcome] = []
        """What the database could not be told yet."""
        self._current: asyncio.Task[Outcome] | None = None
        self._rests_until, self._rest = 0.0, FIRST_REST
        self._stopping = False
        self._turn = asyncio.Lock()

    async def learn(self) -> Machine:
        """Ask the engine what it can do; while it cannot be asked, it can do what it could."""
        try:
            self.machine = Machine(self.engine.name, await self.engine.pairs())
        except EngineError as error:
            logger.warning("%s cannot be asked (%s)", self.engine.name, error.reason)
        return self.machine

    async def run(self) -> None:
        """Translate what is wanted, until stopped."""
        while not self._stopping:
            try:
                busy = await self.turn()
            except DBAPIError as error:
                logger.error("machine texts cannot be read: %s", type(error.orig).__name__)
                busy = 0
            except Exception:
                logger.exception("a text could not be translated")
                busy = 0
            if not busy:
                await asyncio.sleep(LOOK_AGAIN)

    async def stop(self) -> None:
        """Claim nothing more; what is under way goes back on the list."""
        self._stopping = True
        if self._current is not None:
            self._current.cancel()
        async with self._turn:
            if self._back:
                with contextlib.suppress(DBAPIError):  # else its lease runs out
                    await self._write_down()

    async def turn(self) -> int:
        """Translate what is wanted until nothing is left; return how many texts were settled."""
        async with self._turn:
            settled = 0
            while True:
                if self._back:
                    settled += await self._write_down()
                if self._stopping or monotonic() < self._rests_until:
                    return settled
                if (task := await self._claim()) is None:
                    return settled
                self._back.append(await self._accompany(task))

    async def _claim(self) -> Task | None:
        async with self.database.transaction() as session:
            tasks = await machine.claim(
                session, self.holder, 1, self.lease, self.clock.now(), machine=self.machine
            )
        return tasks[0] if tasks else None

    async def _write_down(self) -> int:
        async with self.database.transaction() as session:
            await machine.settle(session, self._back, self.clock.now(), holder=self.holder)
        settled = sum(outcome.state != State.WANTED for outcome in self._back)
        self._back.clear()
        return settled

    async def _accompany(self, task: Task) -> Outcome:
        """Take one text to its end, and hold it meanwhile."""
        given_back = Outcome(task.id, State.WANTED, reason="stopped", not_tried=True)
        self._current = asyncio.get_running_loop().create_task(self._outcome(task))
        try:
            while not self._current.done():
                await asyncio.wait({self._current}, timeout=self.lease / 3)
                if not self._current.done():
                    await self._hold(task)
        except asyncio.CancelledError:
            self._current.cancel()
            self._back.append(given_back)
            raise
        return given_back if self._current.cancelled() else self._current.result()

    async def _hold(self, task: Task) -> None:
        """Hold a text for longer; one that another has, or that was erased, is let go."""
        assert self._current is not None
        try:
            async with self.database.transaction() as session:
                is_ours = await machine.renew(session, self.holder, [task.id], self.lease)
        except DBAPIError as error:
            logger.error("a machine text cannot be held: %s", type(error.orig).__name__)
            return
        if not is_ours:
            self._current.cancel()

    async def _outcome(self, task: Task) -> Outcome:
        try:
            outcome = await self._translated(task)
        except CannotError as error:
            return Outcome(task.id, State.FAILED, reason=error.reason)
        except EngineError as error:
            self._rests_until = monotonic() + self._rest
            self._rest = min(self._rest * 2, LONGEST_REST)
            why = type(error.__cause__ or error).__name__  # never its words: a text may be in them
            logger.warning("%s does not translate (%s: %s)", self.engine.name, error.reason, why)
            is_away = isinstance(error, AwayError)
            return Outcome(task.id, State.WANTED, reason=error.reason, not_tried=is_away)
        self._rest = FIRST_REST
        return outcome

    async def _translated(self, task: Task) -> Outcome:
        """Translate a text, on its way through a third language if there is no other."""
        between = self.machine.via(task.source, task.target)
        stops = [task.source, *([between] if between else []), task.target]
        text: str | None = task.text
        for source, target in pairwise(stops):

            async def by(
                texts: Sequence[str], source: str = source, target: str = target
            ) -> Sequence[str]:
                return await self.engine.translate(texts, source, target)

            names = calendar_names(source, target) or protecting.NO_NAMES
            text = await protecting.translate(text, by, names) if text is not None else None
        if text is None:
            return Outcome(task.id, State.FAILED, reason=LOST_FACTS)
        fault = await asyncio.to_thread(sanity.fault, task.text, text, task.target)
        if fault:
            return Outcome(task.id, State.FAILED, reason=fault)
        return Outcome(task.id, State.DONE, text)
