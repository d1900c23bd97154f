"""What only one process may do: it holds a lease, and knows that it does before it acts."""

import asyncio
import logging
import os
import socket
from time import monotonic

from sqlalchemy.exc import DBAPIError

from bot.database import Database
from community import leases

logger = logging.getLogger("diwan.holding")

LOOK_AGAIN = 0.5


class Hold:
    """A lease of this process, by the database's clock.

    To ask costs nothing while it cannot have been lost. Whoever was stopped for a while finds
    that certainty gone, and asks the database before doing anything.
    """

    def __init__(self, database: Database, name: str, holder: str, seconds: float) -> None:
        self.database, self.name, self.holder, self.seconds = database, name, holder, seconds
        self.is_held = False
        """What was known last; it may have been lost since."""
        self._certain_until = 0.0

    async def take(self) -> bool:
        """Take or renew it; False while somebody else holds it.

        Raises:
            DBAPIError: the database is away; the lease lasts as long as it lasts.
        """
        asked_at = monotonic()
        async with self.database.transaction() as session:
            self.is_held = await leases.hold(session, self.name, self.holder, self.seconds)
        # Half of it: what is begun now should also end while it is ours.
        self._certain_until = asked_at + self.seconds / 2 if self.is_held else 0.0
        return self.is_held

    async def is_ours(self) -> bool:
        """Say whether it is ours now; one that may have run out is asked for again.

        Raises:
            DBAPIError: nobody can tell, because the database is away.
        """
        return monotonic() < self._certain_until or await self.take()


class AnotherRunsError(Exception):
    """Another process receives for this bot already."""


async def wait_for(hold: Hold, *, forever: bool) -> None:
    """Take a lease: of a process that died on this machine at once, else when it runs out.

    Whoever may wait ``forever`` is a standby, also while the database is away.

    Raises:
        AnotherRunsError: its holder is alive: it has renewed the lease meanwhile.
        DBAPIError: the database is away.
    """
    first: tuple[str, float] | None = None
    while True:
        try:
            held = await _take_or_learn(hold)
        except DBAPIError as error:
            if not forever:
                raise
            logger.error("the leases cannot be read: %s", type(error.orig).__name__)
            held = first
        else:
            if held is None:
                return
        if first is None and held is not None:
            first = held
            logger.warning("another process holds the lease %r; waiting for it", hold.name)
        elif held is not None and held != first and not forever:
            raise AnotherRunsError
        await asyncio.sleep(LOOK_AGAIN)


async def _take_or_learn(hold: Hold) -> tuple[str, float] | None:
    """Take the lease and return None, or learn who holds it until when."""
    while not await hold.take():
        async with hold.database.transaction() as session:
            held = await leases.current(session, hold.name)
            if held is not None and not _died_here(held[0]):
                return held
            if held is not None:
                await leases.release_all(session, held[0])
    return None


def _died_here(holder: str) -> bool:
    """Say whether the holder was a process of this machine that is no more."""
    host, _, rest = holder.rpartition("/")[0].rpartition("/")
    if host != socket.gethostname()[:32] or not rest.isdigit() or int(rest) == os.getpid():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
