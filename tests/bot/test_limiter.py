"""The pace of what leaves: order and arithmetic, on a clock that runs as fast as it can.

What several processes share runs on a real database, in real time; nothing asserts a stopwatch.
"""

import asyncio
import itertools
import json
import selectors
from collections.abc import Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from aiogram import Bot
from sqlalchemy.exc import OperationalError

from bot import limiter as pacing
from bot.database import Database
from bot.limiter import Limiter, _Offset
from bot.telegram import Answer, Call, Fate, Telegram
from community import rates
from community.policy import Lane
from community.rates import Rate

T = TypeVar("T")


class Hurry(selectors.SelectSelector):
    """Does not wait for a timer: it moves the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout:
            self.now += timeout
        return events


def quickly(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it on a loop whose clock jumps to the next timer."""

    def loop() -> asyncio.AbstractEventLoop:
        selector = Hurry()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        return loop

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(work())


def time() -> float:
    return asyncio.get_running_loop().time()


async def moments(limiter: Limiter, *whom: tuple[int, Lane]) -> list[float]:
    """Return when each of these, who all come now, may go."""

    async def one(chat: int, lane: Lane) -> float:
        assert await limiter.acquire(chat, lane)
        return time()

    return await asyncio.gather(*(one(chat, lane) for chat, lane in whom))


def most_in_a_second(when: list[float]) -> int:
    second = 1 - 1e-6  # 28 slots take a second, give or take what a float forgets
    return max(sum(begin <= moment < begin + second for moment in when) for begin in when)


def test_a_minute_of_newsletters_leaves_at_the_configured_rate_and_in_no_second_more() -> None:
    async def minute() -> list[float]:
        return await moments(Limiter(), *((chat, Lane.NEWS) for chat in range(28 * 60)))

    when = quickly(minute)
    assert when == sorted(when)
    assert 59.9 <= when[-1] <= 60.0
    assert most_in_a_second(when) <= 28


def test_after_a_rest_nobody_makes_up_for_lost_time() -> None:
    async def twice() -> list[float]:
        limiter = Limiter()
        first = await moments(limiter, *((chat, Lane.NEWS) for chat in range(28)))
        await asyncio.sleep(10)
        return first + await moments(limiter, *((chat, Lane.NEWS) for chat in range(28, 58)))

    assert most_in_a_second(quickly(twice)) <= 29


def test_a_reply_overtakes_a_newsletter_that_waits() -> None:
    async def race() -> list[float]:
        limiter = Limiter(overall=50)
        whom = [(chat, Lane.NEWS) for chat in range(4)]
        return await moments(limiter, *whom, (8, Lane.URGENT), (9, Lane.REPLY))

    first, *news, urgent, reply = quickly(race)
    assert first < reply < urgent < min(news)


def test_while_news_leaves_replies_do_not_wait_and_no_second_has_more_than_one_too_many() -> None:
    async def minute() -> tuple[list[float], list[float]]:
        limiter = Limiter()
        news = asyncio.ensure_future(
            moments(limiter, *((chat, Lane.NEWS) for chat in range(18 * 60)))
        )
        waits, left = [], []
        for chat in range(5000, 5000 + 10 * 59):
            await asyncio.sleep(0.1)
            asked = time()
            await limiter.acquire(chat, Lane.REPLY)
            waits.append(time() - asked)
            left.append(time())
        return waits, left + await news

    waits, left = quickly(minute)
    assert max(waits) == 0
    assert most_in_a_second(left) <= 29
    assert max(left) == pytest.approx((18 * 60 + 10 * 59) / 28, abs=0.1), "no slot is lost"


def test_a_crowd_of_replies_leaves_at_the_configured_rate_too() -> None:
    async def crowd() -> list[float]:
        return await moments(Limiter(), *((chat, Lane.REPLY) for chat in range(28 * 10)))

    when = quickly(crowd)
    assert most_in_a_second(when) <= 29
    assert when[-1] == pytest.approx(10, abs=0.1)


def test_a_reply_does_not_wait_behind_the_news_of_its_own_chat() -> None:
    async def race() -> list[float]:
        return await moments(Limiter(), *[(1, Lane.NEWS)] * 6, (1, Lane.REPLY))

    *news, reply = quickly(race)
    assert reply < news[3] < news[4] < news[5]


def test_whoever_waits_for_their_chats_pace_holds_up_nobody_else() -> None:
    async def race() -> list[float]:
        return await moments(Limiter(), *[(1, Lane.REPLY)] * 5, (2, Lane.NEWS))

    *_, last, other = quickly(race)
    assert other < 0.2 < last


def test_one_chat_gets_a_few_in_a_row_and_then_its_pace() -> None:
    async def five() -> list[float]:
        return await moments(Limiter(overall=1000, per_chat=5), *[(1, Lane.REPLY)] * 5)

    when = quickly(five)
    assert when[2] < 0.1
    assert when[3:] == pytest.approx([0.2, 0.4], abs=0.05)


def test_no_minute_brings_a_group_more_than_telegram_allows() -> None:
    async def crowd() -> list[float]:
        return await moments(Limiter(), *[(-5, Lane.REPLY)] * 60)

    when = quickly(crowd)
    assert max(sum(begin <= moment <= begin + 60 for moment in when) for begin in when) <= 20
    assert when[-1] < 60 * 60 / 18


def test_a_pause_holds_everybody_back_a_little_longer_than_telegram_says() -> None:
    async def silence() -> list[float]:
        limiter = Limiter()
        limiter.pause(3)
        assert limiter.paused_for > 3
        when = await moments(limiter, (1, Lane.REPLY), (2, Lane.NEWS))
        assert limiter.paused_for == 0
        return when

    assert 3 < min(quickly(silence)) < 3.5


def test_the_impatient_are_told_at_once_whether_the_pause_comes_before_or_after_them() -> None:
    async def impatience() -> tuple[float, list[bool]]:
        limiter = Limiter(overall=1)
        await limiter.acquire(1, Lane.NEWS)
        waiting = asyncio.create_task(limiter.acquire(2, Lane.NEWS, 5))
        patient = asyncio.create_task(limiter.acquire(3, Lane.REPLY))
        await asyncio.sleep(0)
        limiter.pause(60)
        told = [await waiting, await limiter.acquire(4, Lane.NEWS, 5)]
        at = time()
        return at, [*told, await patient]

    assert quickly(impatience) == (0, [False, False, True])


def test_a_429_slows_us_down_for_a_minute_and_several_at_once_count_as_one() -> None:
    async def gaps() -> list[float]:
        limiter, found = Limiter(overall=10), []
        limiter.pause(1)
        limiter.pause(1)
        for wait in (0, 30, 60):
            await asyncio.sleep(wait)
            one, two = await moments(limiter, (1, Lane.NEWS), (2, Lane.NEWS))
            found.append(two - one)
        return found

    assert quickly(gaps) == pytest.approx([1 / 9, 1 / 9.5, 1 / 10], rel=0.01)


def test_a_cancelled_waiter_takes_no_slot() -> None:
    async def cancel() -> float:
        limiter = Limiter(overall=1)
        await limiter.acquire(1, Lane.NEWS)
        doomed = asyncio.create_task(limiter.acquire(2, Lane.NEWS))
        await asyncio.sleep(0.5)
        doomed.cancel()
        await asyncio.sleep(0)
        [when] = await moments(limiter, (3, Lane.NEWS))
        return when

    assert quickly(cancel) == pytest.approx(1, abs=0.01)


# What is paid for


class Recording(Telegram):
    """Keeps what leaves and says yes."""

    def __init__(self, limiter: Limiter) -> None:
        super().__init__(Bot("1:" + "A" * 35), limiter)
        self.left: list[bytes] = []

    async def _attempt(self, call: Call, more: Mapping[str, int]) -> Answer:
        self.left.append(call.written(more)[0])
        return Answer(Fate.DONE, result={"message_id": 1})


@pytest.mark.parametrize(("paid", "bought"), [(0, {}), (100, {"allow_paid_broadcast": True})])
async def test_only_what_goes_to_many_is_paid_for_and_only_if_the_operator_says_so(
    paid: float, bought: dict[str, bool]
) -> None:
    telegram = Recording(Limiter(overall=10_000, paid=paid))
    for lane in (Lane.NEWS, Lane.SERVICE):
        await telegram.call(Call("sendMessage", {"text": "Hello"}), chat_id=1, lane=lane)
    said = {"text": "Hello", "chat_id": 1}
    assert [json.loads(content) for content in telegram.left] == [said | bought, said]


async def test_an_edit_cannot_be_paid_for_and_leaves_at_the_free_rate() -> None:
    telegram = Recording(Limiter(overall=10_000, paid=100))
    edit = Call("editMessageText", {"message_id": 1, "text": "Hello"})
    answer = await telegram.call(edit, chat_id=1, lane=Lane.NEWS)
    assert answer == Answer(Fate.DONE, result={"message_id": 1})
    said = {"message_id": 1, "text": "Hello", "chat_id": 1}
    assert [json.loads(content) for content in telegram.left] == [said]


def test_paid_messages_have_a_rate_of_their_own() -> None:
    async def both() -> tuple[float, float]:
        limiter = Limiter(paid=500)

        async def many(chats: range, lane: Lane, *, paid: bool) -> float:
            for chat in chats:
                await limiter.acquire(chat, lane, paid=paid)
            return time()

        paid, free = await asyncio.gather(
            many(range(1000), Lane.NEWS, paid=True),
            many(range(2000, 2028), Lane.REPLY, paid=False),
        )
        return paid, free

    paid, free = quickly(both)
    assert paid == pytest.approx(2, abs=0.1)
    assert free == pytest.approx(1, abs=0.1)


# Shared


async def test_two_processes_on_one_database_keep_to_one_rate(database: Database) -> None:
    here, there = Limiter(overall=50, shared=database), Limiter(overall=50, shared=database)
    when: list[float] = []

    async def worker(limiter: Limiter, chats: range) -> None:
        for chat in chats:
            await limiter.acquire(chat, Lane.NEWS)
            when.append(time())

    await asyncio.gather(
        *(worker(here, range(n * 10, n * 10 + 10)) for n in range(3)),
        *(worker(there, range(n * 10, n * 10 + 10)) for n in range(3, 6)),
    )
    assert len(when) == 60
    assert max(when) - min(when) >= 59 / 50 - 0.1, "each at the whole rate needs half of that"
    await here.close()
    await there.close()


async def test_a_429_to_one_process_silences_the_others(database: Database) -> None:
    here, there = Limiter(shared=database), Limiter(shared=database)
    assert await here.acquire(1, Lane.NEWS)
    here.pause(30)
    chats = itertools.count(2)
    async with asyncio.timeout(10):
        while await there.acquire(next(chats), Lane.NEWS, 5):
            pass
    assert there.paused_for > 20
    async with database.transaction() as session:
        rate = await session.get_one(Rate, "free")
        assert rate.share == pytest.approx(0.9)
    await here.close()
    await there.close()


async def test_a_reply_goes_before_the_slots_that_another_process_holds(
    database: Database,
) -> None:
    async with database.transaction() as session:
        held = await rates.lease(session, "free", 28 * 9, 28.0)
    limiter = Limiter(shared=database)
    async with asyncio.timeout(5):
        assert await limiter.acquire(1, Lane.REPLY)
    async with database.transaction() as session:
        behind = await rates.lease(session, "free", 1, 28.0)
    assert behind.start == pytest.approx(held.start + 9 + 1 / 28, abs=0.01), "and is charged"
    await limiter.close()


async def test_a_reply_goes_before_the_slots_that_its_own_process_holds(
    database: Database,
) -> None:
    limiter = Limiter(overall=0.2, shared=database)
    assert await limiter.acquire(1, Lane.NEWS)
    news = asyncio.ensure_future(limiter.acquire(2, Lane.NEWS))
    async with asyncio.timeout(4):
        assert await limiter.acquire(3, Lane.REPLY)
    assert not news.done(), "its slot is five seconds away"
    news.cancel()
    await limiter.close()


async def test_while_the_database_is_away_nothing_leaves_and_afterwards_everything_does(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pacing, "ASK_AGAIN", 0.05)
    real, is_away = database.transaction, True

    @asynccontextmanager
    async def transaction() -> Any:
        if is_away:
            raise OperationalError("connect", {}, ConnectionRefusedError())
        async with real() as session:
            yield session

    monkeypatch.setattr(database, "transaction", transaction)
    limiter = Limiter(shared=database)
    waiting = asyncio.create_task(limiter.acquire(1, Lane.REPLY))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    is_away = False
    assert await asyncio.wait_for(waiting, 10)
    assert "the shared rate cannot be read" in caplog.text
    await limiter.close()


def test_the_databases_clock_is_read_by_its_fastest_answer_and_never_early() -> None:
    offset = _Offset()
    # It is 1000 seconds ahead; answers take 10 ms on the way back, then 50, then 2.
    assert offset.learn(5.0, 1005.0, 5.01) == pytest.approx(-999.99)
    assert offset.learn(6.0, 1006.0, 6.05) == pytest.approx(-999.99)
    assert offset.learn(7.0, 1007.0, 7.002) == pytest.approx(-999.998)
    # It goes back by an hour: what was known is worth nothing.
    assert offset.learn(8.0, 1008.0 - 3600, 8.05) == pytest.approx(2600.05)
