"""The pace of what leaves. Order and arithmetic, not stopwatch readings."""

import asyncio

import pytest

from bot.limiter import Limiter
from community.policy import Lane


async def test_a_reply_overtakes_a_newsletter_that_waits() -> None:
    limiter = Limiter(overall=50, per_chat=1000)
    order: list[str] = []

    async def go(name: str, chat: int, lane: Lane) -> None:
        await limiter.acquire(chat, lane)
        order.append(name)

    await limiter.acquire(0, Lane.NEWS)
    tasks = [asyncio.create_task(go(f"news{n}", n, Lane.NEWS)) for n in range(1, 4)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(go("reply", 9, Lane.REPLY)))
    await asyncio.gather(*tasks)
    assert order[0] == "reply"
    await limiter.close()


async def test_a_pause_holds_everybody_back() -> None:
    limiter = Limiter(overall=1000, per_chat=1000)
    limiter.pause(0.2)
    waiting = asyncio.create_task(limiter.acquire(1, Lane.REPLY))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert limiter.paused_for > 0
    await waiting
    assert limiter.paused_for == 0
    await limiter.close()


async def test_one_chat_gets_a_few_in_a_row_and_then_its_pace() -> None:
    limiter = Limiter(overall=100_000, per_chat=5, burst=3)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for _ in range(5):
        await limiter.acquire(1, Lane.REPLY)
    assert loop.time() - begin >= 0.35
    await limiter.close()


async def test_a_cancelled_waiter_takes_no_slot() -> None:
    limiter = Limiter(overall=20, per_chat=1000)
    await limiter.acquire(1, Lane.NEWS)
    doomed = asyncio.create_task(limiter.acquire(2, Lane.NEWS))
    await asyncio.sleep(0)
    doomed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doomed
    await asyncio.wait_for(limiter.acquire(3, Lane.NEWS), 1)
    await limiter.close()
