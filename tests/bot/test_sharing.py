"""Many processes on one PostgreSQL, and a database that goes away: delayed, not lost, and seen."""

import asyncio
import contextlib
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot import holding
from bot.__main__ import main
from bot.app import POLLER, TICKER, App
from bot.database import Database, is_away
from bot.holding import AnotherRunsError, Hold, wait_for
from bot.migrating import migrate_async
from bot.settings import Part
from community import alerts, leases
from community.alerts import Cause
from community.deliveries import State
from emulator import Emulator
from tests.bot.test_health import PATIENCE, an_app, emulator, health, metrics, settings_for, until
from tests.bot.test_processes import a_free_port
from tests.bot.test_webhook import ON_POSTGRESQL
from tests.stories.conftest import BEGIN, TOKEN, Stage

__all__ = ["emulator"]


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


@ON_POSTGRESQL
async def test_a_lease_that_this_process_is_about_to_take_is_ours(database: Database) -> None:
    async def take(holder: str) -> bool:
        async with database.transaction() as session:
            return await leases.hold(session, TICKER, holder, 60)

    async with database.transaction() as session:
        assert await leases.hold(session, TICKER, "here/1/a", 60)
        others = [asyncio.create_task(take(f"here/1/{name}")) for name in "ab"]
        await asyncio.sleep(0.3)  # both wait for what this transaction has written
    assert await asyncio.gather(*others) == [True, False]


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
    await first.start()
    await until(lambda: first.polling.is_held)
    for app in (standby, *senders, *tickers):
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
    polls = [call for call in emulator.calls if call["method"] == "getUpdates"]
    refused = [call for call in polls if not call["ok"]]
    assert len(refused) <= 1, "the poll that was cut off may still stand at Telegram; never two"
    for app in (standby, *senders, *tickers):
        await app.stop()


# After a while away


async def test_fault_24_what_people_said_during_an_outage_is_answered_in_their_order(
    emulator: Emulator, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = [emulator.world.new_person(f"Member {number}", "en").id for number in range(10)]
    for text_ in ("/start", "/help", "/me", "/help", "/start"):
        for person in crowd:
            if text_ == "/start":
                emulator.world.start(person)
            else:
                emulator.world.say(person, text_)
    app = an_app(settings_for(emulator, database))
    await app.start()
    stage = Stage(emulator, app)
    await stage.settled()
    said = [
        [
            m["text"].replace(f"Member {number}", "Member")
            for m in emulator.world.messages(person)
            if m["from"] == "bot"
        ]
        for number, person in enumerate(crowd)
    ]
    assert all(one == said[0] for one in said)
    assert len(said[0]) == 5
    assert said[0][1] == said[0][3] != said[0][2]
    await app.stop()
    # Away again: presses grow too old for a toast, and are carried out all the same.
    buttons = [emulator.world.messages(person)[-1] for person in crowd]
    for person, message in zip(crowd, buttons, strict=True):
        emulator.world.press(person, message["message_id"], message["buttons"][0][0]["data"])
    emulator.world.queries.clear()  # Telegram knows none of these presses any more
    app = an_app(settings_for(emulator, database))
    await app.start()
    stage = Stage(emulator, app)
    await stage.settled()
    toasts = [call for call in emulator.calls if call["method"] == "answerCallbackQuery"]
    assert [call["description"][:36] for call in toasts] == [
        "Bad Request: query is too old and re"
    ] * len(crowd)
    for person, message in zip(crowd, buttons, strict=True):
        answered = emulator.world.messages(person)[-1]
        assert answered["text"] != message["text"], "the press has its answer"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    asked = [call["params"] for call in emulator.calls if "ebhook" in call["method"]]
    assert {call.get("drop_pending_updates", "false") for call in asked} <= {"false", "False"}
    await app.stop()


async def test_fault_25_a_press_that_is_answered_too_late_is_carried_out_all_the_same(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    amina = stage.meet("Amina")
    await amina.starts()
    stage.emulator.faults.add(
        "error",
        method="answerCallbackQuery",
        times=None,
        description="Bad Request: query is too old and response timeout expired or query ID is "
        "invalid",
    )
    await amina.presses("English")
    await amina.presses("Join")
    amina.sees("Each of these is your choice.")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


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
