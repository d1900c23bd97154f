"""What is measured: each runs in a process of its own and prints one line of JSON.

``echo``   a bare aiogram echo bot by polling, no database
``press``  Diwan handling presses of "Going" and "Maybe": inbox, transaction, reply, durable
``bare``   aiogram's ``Bot.send_message``, so many in flight
``send``   Diwan's delivery table: claim, judge, render, send, outcome written
``replies``, ``flooded``  Diwan answering presses, idle and while a send runs: at its pace,
and as fast as it can
``sentence``  one sentence of the interface by the translator, and by a dictionary
``find``  Diwan answering /menu, and searches in a directory of 20,000 services
``events``  Diwan answering /menu, and lists of 5,000 events with 100,000 answers
``drafting``  Diwan answering presses, idle and while a machine translates one text after another
``importing``  a directory of so many services in HSDS, and its file and rows by plain statements

The others prepare: ``crowd`` fills a database, in a process that does not count. ``serve`` is the
echo bot until it is killed.
"""

import asyncio
import cProfile
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time
from pathlib import Path
from typing import Any

TOKEN = "123456789:" + "C" * 35
WARM = 200
AT_ONCE = 30
"""How many messages are in flight, of ours and of aiogram's."""
PRESSERS = 50
"""People who press, one after the other."""
PROFILE = os.environ.get("BENCH_PROFILE", "")
"""The file into which a profile of what is measured goes, if one is wanted."""


def memory() -> float:
    """Return how much memory this process holds, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


class Meter:
    """Measures what happens within it: seconds, and this process's own CPU time."""

    def __enter__(self) -> "Meter":
        self._profile = cProfile.Profile(time.process_time) if PROFILE else None
        self._begin, self._cpu = time.monotonic(), time.process_time()
        if self._profile:
            self._profile.enable()
        return self

    def __exit__(self, *_: object) -> None:
        if self._profile:
            self._profile.disable()
            self._profile.dump_stats(PROFILE)
        self.cpu = time.process_time() - self._cpu
        self.seconds = time.monotonic() - self._begin

    def each(self, n: int) -> dict[str, float]:
        """Return what one of so many cost."""
        return {"cpu_us": self.cpu / n * 1e6, "per_second": n / self.seconds}


async def _handled(
    base: str, updates: list[Any], method: str, is_idle: Callable[[], bool]
) -> dict[str, float]:
    """Let updates be carried out until the last one is; return the cost of one.

    The first ones warm up. Nobody looks on meanwhile: the server says when it has had all calls.
    """
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(None)) as http:

        async def through(batch: bytes, times: int) -> None:
            await http.post(f"{base}/load", data=batch)
            async with http.get(f"{base}/await", params={"method": method, "times": times}):
                pass
            while not is_idle():
                await asyncio.sleep(0.005)

        idle = memory()
        await through(json.dumps(updates[:WARM]).encode(), WARM)
        batch, n = json.dumps(updates[WARM:]).encode(), len(updates) - WARM
        with Meter() as meter:
            await through(batch, WARM + n)
        return {**meter.each(n), "growth_mib": memory() - idle}


def person(number: int) -> dict[str, Any]:
    """Return one of those who press or write, as Telegram sends them."""
    return {
        "id": 1000 + number,
        "is_bot": False,
        "first_name": f"P{number}",
        "language_code": "en",
    }


def greeting(number: int, text: str) -> dict[str, Any]:
    """Return an update: a message from one of them."""
    sender = person(number % PRESSERS)
    return {
        "update_id": 10_000 + number,
        "message": {
            "message_id": number + 1,
            "date": 1_790_000_000,
            "from": sender,
            "chat": {"id": sender["id"], "type": "private", "first_name": "A"},
            "text": text,
        },
    }


def pressing(number: int, ref: str) -> dict[str, Any]:
    """Return an update: one of them presses a button under an event, never the same twice."""
    sender = person(number % PRESSERS)
    return {
        "update_id": 10_000 + number,
        "callback_query": {
            "id": str(10**10 + number),
            "from": sender,
            "chat_instance": "1",
            "data": f"an:{ref}:{'going' if number // PRESSERS % 2 else 'maybe'}",
            "message": {
                "message_id": 5,
                "date": 1_790_000_000,
                "chat": {"id": sender["id"], "type": "private", "first_name": "A"},
                "from": {"id": 1, "is_bot": True, "first_name": "Stub"},
                "text": "x",
            },
        },
    }


def _bare_bot(base: str) -> Any:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    return Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))


def _echoing() -> Any:
    from aiogram import Dispatcher
    from aiogram.types import Message

    async def answer(message: Message) -> None:
        await message.answer(message.text or "")

    dispatcher = Dispatcher()
    dispatcher.message.register(answer)
    return dispatcher


async def echo(base: str, n: int, _url: str) -> dict[str, float]:
    """Run the bare echo bot."""
    dispatcher = _echoing()
    polling = asyncio.create_task(dispatcher.start_polling(_bare_bot(base), handle_signals=False))
    await asyncio.sleep(0.5)
    updates = [greeting(number, "hello") for number in range(WARM + n)]
    result = await _handled(base, updates, "sendmessage", lambda: True)
    await dispatcher.stop_polling()
    await polling
    return result


async def serve(base: str, _n: int, _url: str) -> dict[str, float]:
    """Run the bare echo bot until killed: for the time from start to first answer."""
    await _echoing().start_polling(_bare_bot(base))
    return {}


def _app(base: str, url: str, *, is_paced: bool = False, **more: Any) -> Any:
    """Return Diwan, as fast as it can, or at the pace that Telegram allows."""
    from bot.app import App
    from bot.limiter import Limiter
    from bot.settings import load

    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=base,
        database_url=url,
        health_port=0,
        **more,
    )
    return App(settings, limiter=None if is_paced else Limiter(overall=1e6, per_chat=1e6))


async def crowd(_base: str, n: int, url: str) -> dict[str, float]:
    """Fill a database: an animator, an open event, so many members who agree to everything."""
    from bot.database import Database
    from bot.migrating import migrate_async
    from bot.simulation.rows import Rows
    from community import consents, events, people
    from community.roles import Role, RoleName

    await migrate_async(url)
    database, now = Database(url), datetime.now(UTC)
    async with database.transaction() as session:
        rows = Rows(session, 1, lambda _: None)
        for number in range(-1, n):  # the first one is the animator
            person_id = rows.add(
                people.Person,
                telegram_id=1000 + number,
                name=f"P{number}",
                language="en",
                met_at=now,
                seen_at=now,
                state=people.Membership.ACTIVE,
                joined_at=now,
                terms_version="1",
                terms_language="en",
            )
            for purpose in consents.Purpose:
                rows.add(
                    consents.Consent,
                    person_id=person_id,
                    purpose=purpose,
                    granted=True,
                    version="1",
                    language="en",
                    at=now,
                )
            await rows.breathe()
        rows.add(Role, person_id=1, name=RoleName.ANIMATOR, granted_at=now)
        await rows.finish()
        host = await session.get_one(people.Person, 1)
        start = (now + timedelta(days=30)).replace(tzinfo=None, microsecond=0)
        details = events.Details(start, "Europe/Paris", place="Library")
        made = await events.create(session, host, details, {"title": "Bench"}, "en", now)
        await events.publish(session, host, made.ref, now)
    await database.close()
    return {}


async def press(base: str, n: int, url: str) -> dict[str, float]:
    """Run Diwan on presses."""
    from sqlalchemy import func, select

    from community.arrivals import Arrival
    from community.events import Event

    app = _app(base, url)
    async with app.database.transaction() as session:
        ref = str(await session.scalar(select(Event.ref)))
    await app.start()
    updates = [pressing(number, ref) for number in range(WARM + n)]
    result = await _handled(base, updates, "editmessagetext", lambda: app.receiver.is_idle)
    async with app.database.transaction() as session:
        is_open = select(func.count()).where(Arrival.body.is_not(None))
        assert await session.scalar(is_open) == 0  # every row is handled and blanked
    await app.stop()
    return result


async def bare(base: str, n: int, _url: str) -> dict[str, float]:
    """Send with aiogram alone."""
    bot = _bare_bot(base)
    numbers = iter(range(WARM + n))

    async def work(until: int) -> None:
        for number in numbers:
            await bot.send_message(1000 + number, "<b>Coffee</b>\n\nTomorrow", parse_mode="HTML")
            if number + 1 >= until:
                return

    await work(WARM)
    with Meter() as meter:
        await asyncio.gather(*(work(WARM + n) for _ in range(AT_ONCE)))
    await bot.session.close()
    return meter.each(n)


async def schedule_newsletter(database: Any, now: datetime) -> str:
    """Write a newsletter to everybody that is due now; return its reference."""
    from community import people, sends

    async with database.transaction() as session:
        host = await session.get_one(people.Person, 1)
        before = now - sends.ALONE_DELAY - timedelta(minutes=1)
        send = await sends.write_newsletter(session, host, "en", "Coffee", "Tomorrow", before)
        await sends.submit(session, host, send.ref, before, network_language="en")
        await sends.schedule(session, host, send.ref, None, before)
        return send.ref


async def start_newsletter(database: Any) -> None:
    """Write a newsletter to everybody and turn it into rows that may leave, whatever the hour."""
    from community import policy, sends

    policy.QUIET_FROM, policy.QUIET_UNTIL = datetime_time(23, 59, 59), datetime_time(0)
    now = datetime.now(UTC)
    await schedule_newsletter(database, now)
    async with database.transaction() as session:
        assert await sends.start_due(session, now, network_language="en") == 1


async def send(base: str, n: int, url: str) -> dict[str, float]:
    """Send through the delivery table."""
    from sqlalchemy import func, select

    from bot.sending import Sender
    from community.deliveries import Delivery, State
    from handlers.replies import Network
    from locales import translator_for

    app = _app(base, url)
    await start_newsletter(app.database)
    network = Network("en", "Europe/Paris", "stub_bot", "112")
    sender = Sender(app.database, app.speaker, app.clock, network, "bench", at_once=AT_ONCE)
    translator_for("en")  # a bot that runs has read its catalogues,
    gc.freeze()  # and does this when it has started
    with Meter() as meter:
        while await sender.turn():
            pass
    async with app.database.transaction() as session:
        is_sent = select(func.count()).where(Delivery.state == State.SENT)
        sent = await session.scalar(is_sent) or 0
    await app.close()
    assert sent >= n, (sent, n)
    return meter.each(sent)


PRESSES_A_SECOND = 10


async def replies(base: str, n: int, url: str) -> dict[str, float]:
    """Answer presses: first with nothing else to do, then while a send to everybody runs."""
    return await _answers(_app(base, url, is_paced=True), base, n, _everybody_gets_one)


async def flooded(base: str, n: int, url: str) -> dict[str, float]:
    """Answer presses in the same way, while the send leaves as fast as the machine can."""
    return await _answers(_app(base, url), base, n, _everybody_gets_one)


async def drafting(base: str, n: int, url: str) -> dict[str, float]:
    """Answer presses: first with nothing else to do, then while a machine translates."""
    from bench import translating

    with translating.models() as folder:
        engine = {"translation_engine": "argos", "models_dir": folder}
        app = _app(base, url, is_paced=True, **engine)
        return await _answers(app, base, n, translating.begin, translating.has_lasted)


async def sentence(_base: str, n: int, _url: str) -> dict[str, float]:
    """Say one sentence of the interface many times."""
    from bench import translating

    return translating.sentence(n)


async def _everybody_gets_one(app: Any) -> int:
    """Let a newsletter to everybody leave; return how many messages that is."""
    from sqlalchemy import func, select

    from community.people import Person

    await start_newsletter(app.database)
    async with app.database.transaction() as session:
        return int(await session.scalar(select(func.count()).select_from(Person)) or 0)


async def _answers(
    app: Any,
    base: str,
    n: int,
    disturb: Callable[[Any], Awaitable[int]],
    has_lasted: Callable[[Any], Awaitable[bool]] | None = None,
) -> dict[str, float]:
    """Return how long answers take: of an idle bot, and of one that has something else to do.

    That lasts for so many messages, or longer than the presses.
    """
    import aiohttp
    from sqlalchemy import select

    from community.events import Event

    async with app.database.transaction() as session:
        ref = str(await session.scalar(select(Event.ref)))
    await app.start()
    asked: dict[str, str | int] = {"ref": ref, "rate": PRESSES_A_SECOND, "count": WARM // 4}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(None)) as http:

        async def waits(name: str, **parameters: int) -> dict[str, float]:
            async with http.get(f"{base}/press", params={**asked, **parameters}) as answer:
                waited = sorted((await answer.json())["result"])
            return {
                f"{name}_ms": waited[int(len(waited) * 0.95)] * 1000,
                f"{name}_median_ms": waited[len(waited) // 2] * 1000,
            }

        await waits("warm")
        idle = await waits("idle", count=n)
        until = await disturb(app)
        busy = await waits("busy", count=n, until=until)
    assert has_lasted is None or await has_lasted(app)
    await app.stop()
    return idle | busy


async def million(base: str, n: int, url: str) -> dict[str, float]:
    """Count and plan a send to a million, and do the same by the plainest statements."""
    from bench import million

    return await million.million(base, n, url)


async def opening(base: str, n: int, url: str) -> dict[str, float]:
    """Answer an event, open a proposal, open a post."""
    from bench import opening

    return await opening.opening(base, n, url)


async def rounding(base: str, n: int, url: str) -> dict[str, float]:
    """Hold a round of matches for everybody."""
    from bench import rounding

    return await rounding.rounding(base, n, url)


async def importing(_base: str, n: int, url: str) -> dict[str, float]:
    """Import a directory, and do the same by the plainest statements."""
    from bench import importing

    return await importing.importing(n, url)


async def fill_million(_base: str, n: int, url: str) -> dict[str, float]:
    """Fill the database for it."""
    from bench import million

    await million.fill(url, n)
    return {}


async def find(base: str, n: int, url: str) -> dict[str, float]:
    """Run Diwan on searches."""
    from bench import finding

    return await finding.find(base, n, url)


async def events(base: str, n: int, url: str) -> dict[str, float]:
    """Run Diwan on the lists of events."""
    from bench import eventful

    return await eventful.events(base, n, url)


async def gathering(base: str, n: int, url: str) -> dict[str, float]:
    """Compose a digest for many, and a newsletter to the same people."""
    from bench import gathering

    return await gathering.gathering(base, n, url)


async def planning(base: str, n: int, url: str) -> dict[str, float]:
    """Run Diwan on the planner of an event."""
    from bench import planning

    return await planning.plan(base, n, url)


async def surveying(base: str, n: int, url: str) -> dict[str, float]:
    """Answer an event, then questions of a survey."""
    from bench import surveying

    return await surveying.surveying(base, n, url)


async def evidence(_base: str, _n: int, url: str) -> dict[str, float]:
    """Tell a quarter and a year, and let pandas compute the same."""
    from bench import evidence

    return await evidence.report(url)


async def fill_evidence(_base: str, n: int, url: str) -> dict[str, float]:
    """Simulate the network for it."""
    from bench import evidence

    await evidence.fill(url, n)
    return {}


CONTESTANTS: dict[str, Callable[[str, int, str], Awaitable[dict[str, float]]]] = {
    "echo": echo,
    "press": press,
    "bare": bare,
    "send": send,
    "replies": replies,
    "flooded": flooded,
    "drafting": drafting,
    "sentence": sentence,
    "million": million,
    "importing": importing,
    "fill million": fill_million,
    "crowd": crowd,
    "serve": serve,
    "find": find,
    "events": events,
    "gathering": gathering,
    "rounding": rounding,
    "opening": opening,
    "planning": planning,
    "surveying": surveying,
    "evidence": evidence,
    "fill evidence": fill_evidence,
}


BARE = {"echo", "bare", "serve"}


async def _run(name: str, base: str, n: str, url: str = "") -> dict[str, float]:
    if name not in BARE:
        from bot.first_use import import_aiogram

        import_aiogram()  # as `diwan run` does
    return await CONTESTANTS[name](base, int(n), url)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(*sys.argv[1:]))))
