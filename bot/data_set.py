"""The data set is made from a snapshot of the database, and keeps nobody from writing."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from bot.database import Database
from community.evidence.dataset import files
from locales import Translator
from reports.data_set import packed


def maker(database: Database, zone: ZoneInfo) -> Callable[[Translator], bytes]:
    """Return what makes the data set for somebody; it is called in a thread, and waits there."""
    loop = asyncio.get_running_loop()

    async def read(translator: Translator) -> bytes:
        async with database.snapshot() as session:
            return await packed(files(session, zone), translator)

    def make(translator: Translator) -> bytes:
        return asyncio.run_coroutine_threadsafe(read(translator), loop).result()

    return make
