"""A worker in a process of its own: something to kill."""

import asyncio
import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.database import Database
from bot.translating.argos import Argos
from bot.translating.working import Translating


async def run(database_url: str, models_dir: str) -> None:
    engine = Argos(Path(models_dir))
    worker = Translating(Database(database_url), engine, SystemClock(), "victim", lease=3.0)
    await worker.learn()
    await worker.run()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
