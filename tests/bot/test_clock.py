"""The clock of the demo: it follows the emulator's, whatever happens on the way."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.clock import FollowedClock
from emulator import Emulator
from tests.stories.conftest import TOKEN


async def test_an_error_in_what_is_due_stops_the_clock_for_a_moment_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    clock = FollowedClock(emulator.url)
    done: list[datetime] = []
    errors: list[Exception] = [ValueError("a database that is busy"), KeyError("a bad row")]

    async def settle() -> None:
        if errors:
            raise errors.pop()
        done.append(clock.now())

    async def next_due() -> datetime | None:
        return None

    following = asyncio.create_task(clock.follow(settle, next_due))
    emulator.clock.jump(timedelta(days=1).total_seconds())
    async with asyncio.timeout(10):
        while emulator.clock.bot_revision != emulator.clock.revision:
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await emulator.stop()
    assert done
    assert caplog.text.count("could not be done") == 2
