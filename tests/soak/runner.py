"""A bot in a process of its own, that follows the emulator's clock: something to kill or stop.

One that does only some parts goes by the machine's clock: the emulator's waits for one bot.
"""

import asyncio
import sys

from bot import first_use, logs
from bot.settings import Part, load

LEASE = 2.0
A_SECOND = {True: 100, False: 1_000}
"""Messages, of one of several and of one alone: ten thousand outlast twenty-five kills."""


async def run(base: str, token: str, database_url: str, *only: str) -> None:
    first_use.import_aiogram()  # as `diwan run` does: it halves what a start takes
    from bot.app import App
    from bot.clock import FollowedClock
    from bot.limiter import Limiter
    from bot.running import on_signals

    settings = load(
        _env_file=None,
        bot_token=token,
        telegram_api_base=base,
        database_url=database_url,
        timezone="Europe/Paris",
    )
    several = bool(only) and not database_url.startswith("sqlite")
    logs.configure("WARNING", "text")
    app = App(
        settings,
        clock=None if only else FollowedClock(base),
        limiter=Limiter(overall=A_SECOND[several], per_chat=10_000),
        lease=LEASE,
        parts=frozenset(map(Part, only or Part)),
    )
    ending = asyncio.Event()
    on_signals(ending.set)
    await app.start()
    print("ready", flush=True)
    await ending.wait()
    await app.stop()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
