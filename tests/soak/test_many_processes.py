"""Plain processes that share the work: as an operator starts them, and stopped for a while."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text, update

from bot.app import POLLER, TICKER
from bot.database import Database
from bot.sending import AT_ONCE
from community import alerts, leases
from community.alerts import Cause
from community.deliveries import OPEN, Delivery, State
from emulator import Emulator
from tests.bot.test_processes import Program, Start, a_free_port, said, start
from tests.bot.test_webhook import ON_POSTGRESQL
from tests.soak.test_broadcast_kills import a_newsletter_to_many
from tests.soak.test_kills import Victim
from tests.stories.conftest import TOKEN

__all__ = ["start"]

pytestmark = [pytest.mark.soak, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
async def empty(database: Database) -> AsyncIterator[Database]:
    """A database of its own that nobody has migrated yet."""
    url = database.url.set(database=f"{database.url.database}_empty")
    async with database.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'CREATE DATABASE "{url.database}"'))
        empty = Database(url.render_as_string(hide_password=False))
        yield empty
        await empty.close()
        await outside.execute(text(f'DROP DATABASE "{url.database}" WITH (FORCE)'))


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.05)


async def holder_of(database: Database, name: str) -> int:
    """Return the number of the process that holds a lease, or 0."""
    async with database.transaction() as session:
        held = (await leases.holders(session)).get(name, "x/0/x")
    return int(held.split("/")[1])


async def becomes(ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while await ask() != wanted:
            await asyncio.sleep(0.1)


@ON_POSTGRESQL
async def test_one_receives_one_stands_by_two_send_one_schedules(
    start: Start, emulator: Emulator, empty: Database
) -> None:
    noon = 12 - datetime.now(UTC).hour
    settings = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": emulator.url,
        "DATABASE_URL": empty.url.render_as_string(hide_password=False),
        "TIMEZONE": f"Etc/GMT{-noon:+d}",  # where it is noon now: nothing waits for the morning
    }
    programs: list[Program] = []
    ports = []
    for part in ("receive", "receive", "send", "send", "schedule"):
        ports.append(a_free_port())
        programs.append(await start("run", "--only", part, **settings, HEALTH_PORT=str(ports[-1])))
    link = await programs[-1].prints(r"Open this once: .*\?start=([\w-]+)")
    for program in programs:
        await program.prints("Diwan is running")
    boss = emulator.world.new_person("Boss", "en").id
    emulator.world.start(boss, link)
    await until(lambda: said(emulator, boss))

    # A message that a dead process held: the scheduler frees it, a sender sends it, once.
    moment = datetime.now(UTC)
    async with empty.transaction() as session:
        assert await alerts.raise_alert(session, Cause.PARKED, moment) == 1
        await session.execute(
            update(Delivery).values(state=State.CLAIMED, claimed_by="dead", lease_until=1.0)
        )
    await until(lambda: "Something is wrong" in said(emulator, boss)[-1])

    async def health(port: int) -> tuple[int, list[str]]:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/healthz") as answer,
        ):
            return answer.status, (await answer.json())["reasons"]

    for port in ports:
        await becomes(lambda port=port: health(port), (200, []))  # type: ignore[misc]
    poller = await holder_of(empty, POLLER)
    [first] = [program for program in programs if program.process.pid == poller]
    first.told(signal.SIGTERM)
    assert await first.ends() == 0
    emulator.world.say(boss, "/help")
    await until(lambda: "emergency" in said(emulator, boss)[-1])
    assert sum("Something is wrong" in one for one in said(emulator, boss)) == 1
    assert sum("emergency" in one for one in said(emulator, boss)) == 1
    for program in programs:
        if program is not first:
            program.told(signal.SIGTERM)
    assert [await program.ends() for program in programs] == [0] * 5
    async with empty.transaction() as session:
        assert await leases.holders(session) == {}


class Stopped:
    """Processes with short leases, to stop and let go on."""

    def __init__(self, emulator: Emulator, database: Database) -> None:
        self.emulator, self.database = emulator, database
        self.processes: list[asyncio.subprocess.Process] = []

    async def start(self, part: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.soak.runner", self.emulator.url, TOKEN),
            *(self.database.url.render_as_string(hide_password=False), part),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"


@pytest.fixture
async def stopped(emulator: Emulator, database: Database) -> AsyncIterator[Stopped]:
    stopped = Stopped(emulator, database)
    yield stopped
    for process in stopped.processes:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    assert [await process.wait() for process in stopped.processes] == [0, 0]


@ON_POSTGRESQL
@pytest.mark.parametrize(("part", "name"), [("receive", POLLER), ("schedule", TICKER)])
async def test_fault_37_who_was_stopped_finds_that_another_has_taken_over(
    stopped: Stopped, emulator: Emulator, database: Database, part: str, name: str
) -> None:
    await stopped.start(part)
    await stopped.start(part)
    amina = emulator.world.new_person("Amina", "en").id
    receives = part == "receive"
    asked = 0

    async def is_answered() -> None:
        nonlocal asked
        asked += 1
        emulator.world.say(amina, "/start")
        await until(lambda: len(said(emulator, amina)) == asked)

    await until(lambda: emulator.calls)
    if receives:
        await is_answered()
    await asyncio.sleep(1)
    first = await holder_of(database, name)
    [second] = {process.pid for process in stopped.processes} - {first}
    os.kill(first, signal.SIGSTOP)
    await becomes(lambda: holder_of(database, name), second)
    if receives:
        await is_answered()
    polls = len(emulator.calls)
    os.kill(first, signal.SIGCONT)
    for _ in range(20):
        assert await holder_of(database, name) == second
        await asyncio.sleep(0.2)
    if receives:
        await is_answered()
        later = list(emulator.calls)[polls:]
        assert all(call["ok"] for call in later if call["method"] == "getUpdates")
    # All connections are lost at once; both come back, and one of them goes on.
    async with database.transaction() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    if receives:
        await is_answered()
    await asyncio.sleep(3)
    assert await holder_of(database, name) in {first, second}


@ON_POSTGRESQL
async def test_fault_37_a_sender_that_was_stopped_sends_nothing_that_another_has_sent(
    database: Database, emulator: Emulator
) -> None:
    url = database.url.render_as_string(hide_password=False)
    moment = datetime.now(UTC)
    number = await a_newsletter_to_many(database, emulator, moment, readers=1000)
    # The one that schedules comes last: it lets the newsletter go, and both are there by then.
    stopped, other = Victim(emulator, url, ("send",)), Victim(emulator, url, ("send", "schedule"))
    senders = (stopped, other)
    for sender in senders:
        await sender.start()

    def arrived() -> int:
        return sum(len(reader.messages) for reader in emulator.world.people.values())

    async def states() -> Counter[str]:
        async with database.transaction() as session:
            of_it = Delivery.send_id == number
            return Counter(await session.scalars(select(Delivery.state).where(of_it)))

    await until(lambda: arrived() > 100)
    os.kill(stopped.pid, signal.SIGSTOP)
    assert arrived() < 900, "it is stopped while both send"
    # What it had claimed is given up; the other goes on, to the end.
    await until(lambda: arrived() > 900)
    async with asyncio.timeout(PATIENCE):
        while not set(await states()).isdisjoint(OPEN):
            await asyncio.sleep(0.2)
    before, on_its_way = arrived(), (await states())[State.UNCERTAIN]
    os.kill(stopped.pid, signal.SIGCONT)
    await asyncio.sleep(5)
    for sender in senders:
        assert await sender.end() == 0
    found = await states()
    assert found.total() == 1000
    assert set(found) <= {State.SENT, State.UNCERTAIN}
    assert found[State.UNCERTAIN] <= on_its_way <= AT_ONCE
    assert arrived() - before <= on_its_way, "what was on its way may arrive, nothing else leaves"
    assert max(len(reader.messages) for reader in emulator.world.people.values()) == 1
    assert arrived() >= found[State.SENT]
