"""Many processes on one PostgreSQL, and a database that goes away: delayed, not lost, and seen."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot import holding
from bot.__main__ import main
from bot.app import POLLER, TICKER, App
from bot.clock import FollowedClock
from bot.database import Database, is_away
from bot.holding import AnotherRunsError, Hold, wait_for
from bot.limiter import Limiter
from bot.migrating import migrate_async
from bot.settings import Part, load
from community import alerts, leases
from community.alerts import Cause
from community.arrivals import Arrival, Arriving
from community.deliveries import Delivery, State
from emulator import Emulator
from tests.bot.test_processes import a_free_port
from tests.bot.test_webhook import ON_POSTGRESQL
from tests.stories.conftest import BEGIN, TOKEN, Coming, Stage

PATIENCE = 20.0


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.005)


class Proxy:
    """What lies between the bot and its database, and can be cut or stop to carry anything."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.at = host, port, a_free_port()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    async def mend(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.at)

    async def cut(self) -> None:
        """End every connection and take no new one."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def stall(self) -> None:
        """Carry nothing, and say nothing about it."""
        self._flows.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(self.host, self.port)
        self._writers |= {writer, there}
        await asyncio.gather(self._pipe(reader, there), self._pipe(there_reader, writer))
        self._writers -= {writer, there}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


def settings_for(emulator: Emulator, database: Database, **given: Any) -> Any:
    told = {
        "bot_token": TOKEN,
        "telegram_api_base": emulator.url,
        "database_url": database.url.render_as_string(hide_password=False),
        "timezone": "Europe/Paris",
        **given,
    }
    return load(_env_file=None, **told)


def an_app(settings: Any, *parts: Part, lease: float = 10) -> App:
    return App(
        settings,
        clock=FollowedClock(settings.telegram_api_base),
        limiter=Limiter(overall=10_000, per_chat=10_000),
        lease=lease,
        parts=frozenset(parts or Part),
    )


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(port=0, token=TOKEN)
    emulator.clock.set(BEGIN)
    emulator.clock.stop()
    await emulator.start()
    yield emulator
    await emulator.stop()


async def health(app: App) -> tuple[int, dict[str, Any]]:
    """Ask /healthz."""
    address = f"http://127.0.0.1:{app.settings.health_port}/healthz"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        return answer.status, await answer.json()


async def metrics(app: App) -> dict[str, float]:
    """Ask /metrics."""
    address = f"http://127.0.0.1:{app.settings.health_port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    found = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in found}


# Leases


async def test_fault_37_who_was_stopped_for_longer_than_its_lease_asks_before_it_acts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = 0.0
    real = time.monotonic
    monkeypatch.setattr(holding, "monotonic", lambda: real() + stopped)
    mine = Hold(database, TICKER, "here/1/a", 60)
    other = Hold(database, TICKER, "there/2/b", 60)
    assert await mine.take()
    assert await mine.is_ours()
    assert not await other.is_ours()
    # Stopped for two minutes; by the database's clock the lease has run out and been taken.
    async with database.transaction() as session:
        await leases.release_all(session, mine.holder)
    assert await other.take()
    stopped = 120.0
    assert not await mine.is_ours()
    assert not mine.is_held
    # Stopped, but nobody has taken it meanwhile: it is renewed and goes on.
    stopped = 240.0
    assert await other.is_ours()
    assert not await mine.is_ours()


async def test_a_standby_waits_where_others_end(database: Database) -> None:
    holder = Hold(database, POLLER, "elsewhere/1/a", 1)
    assert await holder.take()

    async def goes_on() -> None:
        while True:
            await asyncio.sleep(0.1)
            await holder.take()

    alive = asyncio.create_task(goes_on())
    with pytest.raises(AnotherRunsError):
        await wait_for(Hold(database, POLLER, "here/2/b", 1), forever=False)
    standby = Hold(database, POLLER, "here/3/c", 1)
    waiting = asyncio.create_task(wait_for(standby, forever=True))
    await asyncio.sleep(1.2)
    assert not waiting.done()
    alive.cancel()
    await asyncio.wait_for(waiting, PATIENCE)
    assert standby.is_held


@ON_POSTGRESQL
async def test_fault_37_who_is_stopped_within_a_transaction_keeps_nobody_waiting(
    database: Database,
) -> None:
    stopped = Database(database.url.render_as_string(hide_password=False), idle=0.5)
    other = Hold(database, TICKER, "there/2/b", 60)

    async def work() -> None:
        async with stopped.transaction() as session:
            assert await leases.hold(session, TICKER, "here/1/a", 60)
            # Stopped here, holding the row: the other would wait for as long as that lasts.
            assert await asyncio.wait_for(other.take(), PATIENCE)

    with pytest.raises(DBAPIError) as problem:
        await work()
    assert is_away(problem.value), "the job that was undone is tried again, not given up"
    assert await other.is_ours()
    await stopped.close()


@ON_POSTGRESQL
async def test_the_first_of_many_processes_migrates_and_the_others_wait(
    database: Database,
) -> None:
    url = database.url.set(database=f"{database.url.database}_many")
    async with database.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'CREATE DATABASE "{url.database}"'))
        try:
            address = url.render_as_string(hide_password=False)
            await asyncio.gather(*(migrate_async(address) for _ in range(4)))
        finally:
            await outside.execute(text(f'DROP DATABASE "{url.database}" WITH (FORCE)'))


# Parts


def test_parts_of_one_file_are_refused_in_one_line() -> None:
    told = CliRunner().invoke(
        main, ["run", "--only", "send"], env={"BOT_TOKEN": TOKEN, "DATABASE_URL": None}
    )
    assert told.exit_code == 2
    assert told.stderr.startswith("--only: needs PostgreSQL")
    assert told.stderr.count("\n") == 1
    assert CliRunner().invoke(main, ["run", "--only", "sleep"]).exit_code == 2


@ON_POSTGRESQL
async def test_each_process_does_its_part_and_a_standby_takes_over(
    emulator: Emulator, database: Database
) -> None:
    def a_process(*parts: Part) -> App:
        return an_app(settings_for(emulator, database), *parts)

    first, standby = a_process(Part.RECEIVE), a_process(Part.RECEIVE)
    senders = [a_process(Part.SEND), a_process(Part.SEND)]
    tickers = [a_process(Part.SCHEDULE), a_process(Part.SCHEDULE)]
    for app in (first, standby, *senders, *tickers):
        await app.start()
    for app in (first, standby, *senders):
        assert await app.first_administrator_link() is None
    links = [await app.first_administrator_link() for app in tickers]
    assert sum(link is not None for link in links) == 1, "two would end each other's"
    boss = emulator.world.new_person("Boss", "en").id
    emulator.world.start(boss, next(filter(None, links)).partition("?start=")[2])
    await until(lambda: emulator.world.messages(boss)[1:])
    assert (first.polling.is_held, standby.polling.is_held) == (True, False)
    async with database.transaction() as session:
        assert await alerts.raise_alert(session, Cause.PARKED, BEGIN) == 1
    await until(lambda: "Something is wrong" in emulator.world.messages(boss)[-1]["text"])
    await until(lambda: sum(app.sender.counts.total() for app in senders))
    assert sum(app.sender.counts["team_notice", State.SENT] for app in senders) == 1
    await first.stop()
    emulator.world.say(boss, "/help")
    await until(lambda: "112" in emulator.world.messages(boss)[-1]["text"])
    assert standby.polling.is_held
    assert all(call["ok"] for call in emulator.calls if call["method"] == "getUpdates")
    for app in (standby, *senders, *tickers):
        await app.stop()


# Health


async def test_health_says_what_is_wrong_and_metrics_name_nobody(
    emulator: Emulator, database: Database
) -> None:
    app = an_app(settings_for(emulator, database, health_port=a_free_port()))
    await app.start()
    stage = Stage(emulator, app)
    await app.settle()
    assert await health(app) == (200, (await health(app))[1])
    told = (await health(app))[1]
    assert (told["status"], told["reasons"]) == ("ok", [])
    assert told["leases_held"] == ["poller", "progress", "ticker"]
    amina = await stage.member("Amina", "ar")
    emulator.world.updates.inject({"message": {"from": {"id": "x"}}})
    await stage.settled()

    app.telegram.limiter.pause(120)
    app.telegram.reachable = False
    async with database.transaction() as session:
        for row in await session.scalars(select(Arrival)):
            row.state, row.body = Arriving.SET_ASIDE, None
    status, told = await health(app)
    assert (status, told["status"]) == (503, "degraded")
    assert told["reasons"] == [
        "telegram_unreachable",
        "telegram_wants_silence",
        "updates_set_aside",
    ]
    counted = await metrics(app)
    assert counted['diwan_updates_total{state="handled"}'] >= 4
    assert counted['diwan_telegram_calls_total{fate="done"}'] >= 4
    assert counted['diwan_degraded{reason="telegram_wants_silence"}'] == 1
    assert counted['diwan_lease_held{name="poller"}'] == 1
    assert counted["diwan_telegram_paused_seconds"] > 100
    assert counted['diwan_inbox{state="set_aside"}'] >= 5
    everything = " ".join(counted)
    for word in ("Amina", str(amina.id), "language", '"ar"', "profile", "area"):
        assert word not in everything
    await app.look_out()  # asks Telegram again
    assert app.telegram.reachable
    await app.stop()


async def test_fault_12_a_bot_whose_telegram_is_not_there_yet_waits_and_says_so(
    database: Database,
) -> None:
    emulator = Emulator(port=a_free_port(), token=TOKEN)
    settings = settings_for(emulator, database, health_port=a_free_port())
    app = App(settings, limiter=Limiter(overall=10_000, per_chat=10_000))
    starting = asyncio.create_task(app.start())
    async with asyncio.timeout(PATIENCE):
        while app.telegram.reachable:
            await asyncio.sleep(0.01)
    status, told = await health(app)
    assert status == 503
    assert "telegram_unreachable" in told["reasons"]
    assert (await metrics(app))["diwan_database_up"] == 1
    await emulator.start()
    await asyncio.wait_for(starting, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while (await health(app))[0] != 200:
            await asyncio.sleep(0.1)
    await app.stop()
    await emulator.stop()


async def test_fault_9_a_long_silence_is_told_to_the_administrators_once_and_people_are_heard(
    stage: Stage, administrator: Coming, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.PARKED", 0.5)
    boss = await administrator("uk")

    async def a_silence() -> None:
        stage.app.telegram.limiter.pause(1.5)
        for _ in range(3):
            await stage.app.look_out()
        stage.emulator.world.say(boss.id, "/help")
        await until(lambda: not stage.emulator.world.pending)
        async with database.transaction() as session:
            owed = await session.scalars(select(Delivery).where(Delivery.state == State.QUEUED))
            assert len(list(owed)) <= 1
        await stage.settled()

    await a_silence()
    await a_silence()
    assert boss.times_read("Telegram has asked this bot to be silent for a while.") == 1
    await stage.play(hours=7)
    await a_silence()
    await stage.play(hours=17)  # in the evening it waits for the morning
    assert boss.times_read("Telegram has asked this bot to be silent for a while.") == 2


async def test_updates_that_pile_up_set_aside_are_told_to_the_administrators(
    stage: Stage, administrator: Coming
) -> None:
    boss = await administrator("ar")

    async def broken(times: int) -> None:
        for _ in range(times):
            stage.emulator.world.updates.inject({"message": {"from": {"id": 77}, "date": "x"}})
        await stage.settled()
        await stage.play(minutes=1)

    await broken(4)
    assert not boss.has_read("Something is wrong with the bot")
    await broken(1)
    boss.sees_last("Several things that people did within an hour could not be carried out.")
    await broken(5)
    assert boss.times_read("Something is wrong with the bot") == 1


# A database that goes away


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        ("cut", 2.0),
        ("stall", 2.0),
        pytest.param("cut", 60.0, marks=[pytest.mark.soak, pytest.mark.timeout(240)]),
        pytest.param("stall", 60.0, marks=[pytest.mark.soak, pytest.mark.timeout(240)]),
    ],
)
async def test_fault_48_losing_postgresql_delays_and_loses_nothing_and_shows(
    emulator: Emulator,
    database: Database,
    how: str,
    seconds: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.health.DATABASE_ANSWERS_WITHIN", 1.0)
    proxy = Proxy(str(database.url.host), database.url.port or 5432)
    await proxy.mend()
    through = database.url.set(host="127.0.0.1", port=proxy.at)
    address = through.render_as_string(hide_password=False)
    settings = settings_for(emulator, database, database_url=address, health_port=a_free_port())
    app = an_app(settings)
    await app.start()
    stage = Stage(emulator, app)
    link = await app.first_administrator_link()
    assert link is not None
    boss = await stage.member("Boss")
    await boss.starts(link.partition("?start=")[2])
    assert (await health(app))[0] == 200

    await (proxy.cut() if how == "cut" else proxy.stall())
    ended_at = asyncio.get_running_loop().time() + seconds
    said = len(boss.from_bot())
    for _ in range(3):
        emulator.world.say(boss.id, "/help")
    async with database.transaction() as session:  # another process, whose way is whole
        assert await alerts.raise_alert(session, Cause.WEBHOOK, BEGIN) == 1
    while True:
        status, told = await health(app)
        assert (status, "database_away" in told["reasons"]) == (503, True)
        assert (await metrics(app))["diwan_database_up"] == 0
        assert len(boss.from_bot()) == said
        if asyncio.get_running_loop().time() >= ended_at:
            break
        await asyncio.sleep(1)
    await proxy.mend()
    async with asyncio.timeout(60):
        while len(boss.from_bot()) < said + 4:
            await asyncio.sleep(0.05)
        while (await health(app))[0] != 200:
            await asyncio.sleep(0.05)
    await stage.settled()
    texts = [message["text"] for message in boss.from_bot()[said:]]
    assert sum("112" in one for one in texts) == 3
    assert sum("Something is wrong" in one for one in texts) == 1
    assert len(texts) == 4
    assert not app.superseded.is_set()
    await app.stop()
    await proxy.cut()
