"""What is measured: each runs in a process of its own and prints one line of JSON.

``echo``  a bare aiogram echo bot by polling, no database
``ours``  Diwan handling presses of "Going" and "Maybe": inbox, transaction, reply, durable
``bare``  aiogram's ``Bot.send_message``, so many in flight
``send``  Diwan's delivery table: claim, render, send, outcome
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time
from pathlib import Path
from typing import Any

TOKEN = "123456789:" + "C" * 35
WARM = 200


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _count(http: Any, base: str) -> dict[str, Any]:
    async with http.get(f"{base}/count") as answer:
        return dict(await answer.json())


async def _handled(base: str, n: int, updates: list[Any], calls: str) -> dict[str, float]:
    """Warm up, then load the updates and wait until all are answered; return cost per update."""
    import aiohttp

    async with aiohttp.ClientSession() as http:

        async def through(batch: list[Any]) -> None:
            before = (await _count(http, base))["calls"].get(calls, 0)
            await http.post(f"{base}/load", json=batch)
            while (await _count(http, base))["calls"].get(calls, 0) < before + len(batch):
                await asyncio.sleep(0.05)

        idle = _memory()
        await through(updates[:WARM])
        cpu, begin = _cpu(), time.monotonic()
        await through(updates[WARM : WARM + n])
        return {
            "cpu_us": (_cpu() - cpu) / n * 1e6,
            "per_second": n / (time.monotonic() - begin),
            "idle_mib": idle,
            "after_mib": _memory(),
        }


def _person(number: int) -> dict[str, Any]:
    return {
        "id": 1000 + number,
        "is_bot": False,
        "first_name": f"P{number}",
        "language_code": "en",
    }


async def echo(base: str, n: int) -> dict[str, float]:
    """Run the bare echo bot."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher()

    async def answer(message: Message) -> None:
        await message.answer(message.text or "")

    dispatcher.message.register(answer)
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    updates = [
        {
            "update_id": 10_000 + i,
            "message": {
                "message_id": i + 1,
                "date": 1_790_000_000,
                "from": _person(i % 50),
                "chat": {"id": 1000 + i % 50, "type": "private", "first_name": "A"},
                "text": "hello",
            },
        }
        for i in range(n + WARM)
    ]
    await asyncio.sleep(0.5)
    result = await _handled(base, n, updates, "sendmessage")
    await dispatcher.stop_polling()
    await polling
    return result


async def _network(folder: str, base: str, members: int) -> tuple[Any, str]:
    """Return an app on a fresh SQLite file with members and an open event."""
    from bot.app import App
    from bot.limiter import Limiter
    from bot.migrating import migrate_async
    from bot.settings import load
    from community import consents, events, people
    from community.roles import Role, RoleName

    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=base,
        database_url=f"sqlite+aiosqlite:///{folder}/bench.db",
    )
    await migrate_async(settings.database_url.get_secret_value())
    app = App(settings, limiter=Limiter(overall=1e6, per_chat=1e6))
    now = datetime.now(UTC)  # noqa: TID251 - the benchmark is its own clock
    async with app.database.transaction() as session:
        host = await people.meet(session, 1, now, name="Host")
        session.add(Role(person_id=host.id, name=RoleName.ANIMATOR, granted_at=now))
        await session.flush()
        start = (now + timedelta(days=30)).replace(tzinfo=None, microsecond=0)
        details = events.Details(start, "Europe/Paris", place="Library")
        made = await events.create(session, host, details, {"title": "Bench"}, "en", now)
        event = await events.publish(session, host, made.ref, now)
        for number in range(members):
            person = await people.meet(session, 1000 + number, now, name=f"P{number}")
            person.language = "en"
            await people.join(session, person, now, terms_version="1", language="en")
            await consents.switch(
                session, person, set(consents.Purpose), now, version="1", language="en"
            )
    return app, event.ref


async def ours(base: str, n: int) -> dict[str, float]:
    """Run Diwan on presses."""
    with tempfile.TemporaryDirectory() as folder:
        app, ref = await _network(folder, base, 50)
        await app.start()
        updates = [
            {
                "update_id": 10_000 + i,
                "callback_query": {
                    "id": str(10**10 + i),
                    "from": _person(i % 50),
                    "chat_instance": "1",
                    "data": f"an:{ref}:{'going' if i // 50 % 2 else 'maybe'}",
                    "message": {
                        "message_id": 5,
                        "date": 1_790_000_000,
                        "chat": {"id": 1000 + i % 50, "type": "private", "first_name": "A"},
                        "from": {"id": 1, "is_bot": True, "first_name": "Stub"},
                        "text": "x",
                    },
                },
            }
            for i in range(n + WARM)
        ]
        result = await _handled(base, n, updates, "editmessagetext")
        await app.stop()
        return result


AT_ONCE = 30


async def bare(base: str, n: int) -> dict[str, float]:
    """Send with aiogram alone."""
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    numbers = iter(range(n + WARM))

    async def work(until: int) -> None:
        for number in numbers:
            await bot.send_message(1000 + number, "<b>Coffee</b>\n\nTomorrow", parse_mode="HTML")
            if number + 1 >= until:
                return

    await work(WARM)
    cpu, begin = _cpu(), time.monotonic()
    await asyncio.gather(*(work(n + WARM) for _ in range(AT_ONCE)))
    took = time.monotonic() - begin
    await bot.session.close()
    return {"per_second": n / took, "cpu_us": (_cpu() - cpu) / n * 1e6}


async def send(base: str, n: int) -> dict[str, float]:
    """Send through the delivery table."""
    from community import deliveries, sends
    from community.deliveries import Plan
    from handlers.replies import Network

    with tempfile.TemporaryDirectory() as folder:
        app, _ = await _network(folder, base, n)
        from bot.sending import Sender
        from community import people

        now = datetime.now(UTC)  # noqa: TID251
        async with app.database.transaction() as session:
            host = await people.by_telegram_id(session, 1)
            assert host is not None
            made = await sends.write_newsletter(session, host, "en", "Coffee", "Tomorrow", now)
            from sqlalchemy import select

            members = select(people.Person.id).where(people.Person.telegram_id >= 1000)
            ids = list(await session.scalars(members))
            for at in range(0, len(ids), 500):
                await deliveries.plan(
                    session,
                    now,
                    *(
                        Plan("newsletter", p, f"b:{p}", now, {"ref": made.ref}, send_id=made.id)
                        for p in ids[at : at + 500]
                    ),
                )
        from community import policy

        policy.QUIET_FROM, policy.QUIET_UNTIL = datetime_time(23, 59, 59), datetime_time(0)
        network = Network("en", "Europe/Paris", "stub_bot", "112")
        sender = Sender(app.database, app.speaker, app.clock, network, "bench", at_once=AT_ONCE)
        cpu, begin, sent = _cpu(), time.monotonic(), 0
        while count := await sender.turn():
            sent += count
        took = time.monotonic() - begin
        await app.close()
        assert sent == n, (sent, n)
        return {"per_second": n / took, "cpu_us": (_cpu() - cpu) / n * 1e6}


async def serve(base: str) -> None:
    """Run the bare echo bot until killed: for the time from start to first answer."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    async def answer(message: Message) -> None:
        await message.answer(message.text or "")

    dispatcher = Dispatcher()
    dispatcher.message.register(answer)
    session = AiohttpSession(api=TelegramAPIServer.from_base(base))
    await dispatcher.start_polling(Bot(TOKEN, session=session))


def main() -> None:
    """Run one contestant."""
    name, base, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if name == "serve":
        asyncio.run(serve(base))
        return
    contestant = {"echo": echo, "ours": ours, "bare": bare, "send": send}[name]
    print(json.dumps(asyncio.run(contestant(base, n))))


if __name__ == "__main__":
    main()
