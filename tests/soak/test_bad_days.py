"""Killed, told to end, flooded: what is on its way at that moment, and what comes of it."""

import asyncio
import contextlib
import secrets
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.app import App
from bot.database import Database
from bot.migrating import migrate_async
from bot.receiving import PERSONS_AT_ONCE
from bot.settings import load
from community import attendance, consents, deliveries, events, leases, people, sends
from community.arrivals import Arrival, Arriving
from community.attendance import Attendance, Wish
from community.consents import Purpose
from community.deliveries import OPEN, Delivery, Plan, State
from community.people import Person
from community.roles import Role, RoleName
from emulator import Emulator
from tests.bot.test_processes import Start, start
from tests.conftest import DATABASES
from tests.soak.test_broadcast_kills import a_newsletter_to_many, where_it_is_noon
from tests.soak.test_kills import FOR_EVER, Victim, button, said, until, victim
from tests.stories.conftest import TOKEN
from tests.stories.reading import bare

__all__ = ["start", "victim"]

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]
ZONE = "Europe/Paris"


def noon(emulator: Emulator) -> datetime:
    """Let it be noon tomorrow, and return that moment."""
    moment = (emulator.clock.now() + timedelta(days=1)).replace(hour=11, minute=0, second=0)
    emulator.clock.set(moment)
    return moment


async def a_host(database: Database, now: datetime) -> int:
    """Let there be an animator; return their number."""
    async with database.transaction() as session:
        host = await people.meet(session, 1, now, name="Host")
        session.add(Role(person_id=host.id, name=RoleName.ANIMATOR, granted_at=now))
        return host.id


async def members(database: Database, emulator: Emulator, count: int, now: datetime) -> list[int]:
    """Let so many join, agreeing to newsletters; return their chats."""
    crowd = [emulator.world.new_person(f"Member {number}", "en") for number in range(count)]
    async with database.transaction() as session:
        for one in crowd:
            one.started = True
            person = await people.meet(session, one.id, now, name=one.first_name)
            await people.join(session, person, now, terms_version="1", language="en")
            given = {Purpose.NEWS}
            await consents.switch(session, person, given, now, version="1", language="en")
    return [one.id for one in crowd]


async def an_event(
    database: Database, host: int, now: datetime, *guests: int, title: str = "Coffee"
) -> str:
    """Let there be an event in two days to which these go; return its ref."""
    async with database.transaction() as session:
        animator = await session.get_one(Person, host)
        begin = (now + timedelta(days=2)).replace(tzinfo=None, hour=18)
        details = events.Details(begin, ZONE, place="Library")
        event = await events.create(session, animator, details, {"title": title}, "en", now)
        await events.publish(session, animator, event.ref, now)
        for chat in guests:
            guest = await people.by_telegram_id(session, chat)
            assert guest is not None
            going = Wish.GOING
            await attendance.answer(session, guest, event.ref, going, now, default_zone=ZONE)
        return event.ref


def texts(emulator: Emulator, chat: int) -> list[str]:
    return [bare(message["text"]) for message in said(emulator, chat)]


def times_read(emulator: Emulator, chat: int, words: str) -> int:
    return sum(words in told for told in texts(emulator, chat))


async def arrivals_in(database: Database, *states: Arriving) -> Sequence[int | None]:
    """Return whose updates are in one of these states."""
    async with database.transaction() as session:
        query = select(Arrival.sender).where(Arrival.state.in_(states))
        return (await session.scalars(query)).all()


async def fates(database: Database, kind: str) -> Counter[str]:
    async with database.transaction() as session:
        query = select(Delivery.state, func.count()).where(Delivery.kind == kind)
        rows = await session.execute(query.group_by(Delivery.state))
        return Counter({str(row.state): row[1] for row in rows})


def all_is_settled(database: Database, emulator: Emulator) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether nothing is open any more, but what is due another day."""

    async def ask() -> bool:
        if emulator.world.pending:
            return False
        async with database.transaction() as session:
            later = emulator.clock.now() + timedelta(hours=6)
            is_due = (Delivery.state.in_(OPEN), Delivery.due_at < later)
            owed = await session.scalar(select(func.count()).where(*is_due))
            open_ = Arrival.state.in_([Arriving.WAITING, Arriving.SPEAKING])
            said_ = await session.scalar(select(func.count()).where(open_))
            return not owed and not said_

    return ask


# Killed


async def test_fault_01_a_kill_doubles_one_answer_each_and_no_newsletter(
    victim: Victim, database: Database
) -> None:
    emulator = victim.emulator
    now = noon(emulator)
    host = await a_host(database, now)
    reader, guest, asker = await members(database, emulator, 3, now)
    ref = await an_event(database, host, now, guest)
    await victim.start()
    on_their_way = [
        emulator.faults.add("hang", method="sendMessage", chat_id=chat, seconds=FOR_EVER)
        for chat in (reader, guest, asker)
    ]
    async with database.transaction() as session:
        animator = await session.get_one(Person, host)
        await attendance.cancel_event(session, animator, ref, now)
        send = await sends.write_newsletter(session, animator, "en", "News", "All is well.", now)
        person = await people.by_telegram_id(session, reader)
        assert person is not None
        plan = Plan("newsletter", person.id, "once", now, {"ref": send.ref})
        await deliveries.plan(session, now, plan)
    emulator.world.say(asker, "/help")
    await until(lambda: not any(fault.times for fault in on_their_way), "all three are under way")
    await victim.kill()
    assert times_read(emulator, reader, "All is well.") == 1, "all three have arrived"
    assert times_read(emulator, guest, "Coffee") == times_read(emulator, asker, "112") == 1
    assert await fates(database, "newsletter") == {State.CLAIMED: 1}, "and nobody knows"
    await victim.start()
    await until(all_is_settled(database, emulator), "everything is settled")
    assert await fates(database, "newsletter") == {State.UNCERTAIN: 1}
    assert await fates(database, "event_cancelled") == {State.SENT: 1}
    assert times_read(emulator, reader, "All is well.") == 1
    assert times_read(emulator, guest, "Coffee") == 2
    assert times_read(emulator, asker, "112") == 2
    assert await victim.end() == 0


@asynccontextmanager
async def nothing_is_written(database: Database) -> AsyncIterator[None]:
    """Let whoever writes into the inbox wait."""
    if database.is_sqlite:
        with contextlib.closing(sqlite3.connect(str(database.url.database))) as other:
            other.isolation_level = None
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    async with database.transaction() as session:
        await session.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
        yield


async def test_fault_02_a_kill_between_fetching_and_handling_loses_nothing(
    victim: Victim, database: Database
) -> None:
    emulator = victim.emulator
    calls = emulator.calls
    crowd = [
        emulator.world.new_person(f"P{number}", "en").id
        for number in range(2 + PERSONS_AT_ONCE + 4)
    ]
    await victim.start()
    # Fetched, and not kept yet.
    await until(lambda: any(call["method"] == "getUpdates" for call in calls), "it polls")
    async with nothing_is_written(database):
        polls = sum(call["method"] == "getUpdates" for call in calls)
        for one in crowd[:2]:
            emulator.world.start(one)
        await until(
            lambda: sum(call["method"] == "getUpdates" for call in calls) > polls,
            "they are fetched",
        )
        await asyncio.sleep(0.5)
        await victim.kill()
    assert emulator.world.pending == 2
    assert await arrivals_in(database, *Arriving) == []
    await victim.start()
    await until(all_is_settled(database, emulator), "they are answered")
    # Kept, and not handled yet: as many others as have room are answered, which takes for ever.
    busy, late = crowd[2:-4], crowd[-4:]
    for one in busy:
        emulator.faults.add("delay", chat_id=one, seconds=FOR_EVER)
        emulator.world.start(one)

    async def are(state: Arriving, whom: Sequence[int]) -> bool:
        return set(await arrivals_in(database, state)) == set(whom)

    await until(lambda: are(Arriving.SPEAKING, busy), "all that have room are being answered")
    for one in late:
        emulator.world.start(one)
    await until(lambda: are(Arriving.WAITING, late), "four wait")
    await until(lambda: not emulator.world.pending, "Telegram has been told")
    await victim.kill()
    emulator.faults.remove()
    await victim.start()
    await until(all_is_settled(database, emulator), "everybody is answered")
    assert [len(said(emulator, one)) for one in crowd] == [1] * len(crowd), "each once"
    assert await arrivals_in(database, Arriving.SET_ASIDE) == []
    assert await victim.end() == 0


SLOWLY = {
    "sqlite": (
        "CREATE VIEW slowly AS WITH RECURSIVE n(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) SELECT max(i) AS i FROM n",
        "CREATE TRIGGER slow AFTER INSERT ON attendances BEGIN SELECT i FROM slowly; END",
    ),
    "postgresql": (
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_sleep(4); RETURN NEW; END'",
        "CREATE TRIGGER slow AFTER INSERT ON attendances FOR EACH ROW EXECUTE FUNCTION slowly()",
    ),
}
"""What makes it take seconds to write down that somebody goes to an event."""
AS_BEFORE = {
    "sqlite": ("DROP TRIGGER slow", "DROP VIEW slowly"),
    "postgresql": ("DROP TRIGGER slow ON attendances", "DROP FUNCTION slowly()"),
}


async def test_fault_03_a_kill_within_a_transaction_leaves_all_of_it_or_nothing(
    victim: Victim, database: Database
) -> None:
    emulator, which = victim.emulator, database.url.get_backend_name()
    now = noon(emulator)
    host = await a_host(database, now)
    [amina] = await members(database, emulator, 1, now)
    await an_event(database, host, now)

    async def execute(statements: Sequence[str]) -> None:
        async with database.transaction() as session:
            for statement in statements:
                await session.execute(text(statement))

    async def is_in_it() -> bool:
        """Say whether the transaction has begun and does not end."""
        for _ in range(5):
            if database.is_sqlite:
                with contextlib.closing(
                    sqlite3.connect(str(database.url.database), timeout=0, isolation_level=None)
                ) as other:
                    try:
                        other.execute("BEGIN IMMEDIATE")
                    except sqlite3.OperationalError:
                        pass
                    else:
                        return False
            else:
                async with database.transaction() as session:
                    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                    if not await session.scalar(text(asleep)):
                        return False
            await asyncio.sleep(0.1)
        return True

    async def rows() -> tuple[int, int]:
        async with database.transaction() as session:
            going = await session.scalar(select(func.count()).select_from(Attendance))
            owed = await session.scalar(select(func.count()).select_from(Delivery))
            return going or 0, owed or 0

    def shown() -> int:
        edits = [call for call in emulator.calls if call["method"] == "editMessageText"]
        return sum(call["ok"] and "You are going" in call["params"]["text"] for call in edits)

    await victim.start()
    emulator.world.say(amina, "/events")
    await until(lambda: button(emulator, amina, "Coffee") is not None, "the list")
    found = button(emulator, amina, "Coffee")
    assert found is not None
    emulator.world.press(amina, *found)
    await until(lambda: button(emulator, amina, "Going") is not None, "the event")
    found = button(emulator, amina, "Going")
    assert found is not None
    await until(all_is_settled(database, emulator), "the event is shown")

    # Within it: as if she had not pressed yet.
    await execute(SLOWLY[which])
    emulator.world.press(amina, *found)
    await until(is_in_it, "the press is being carried out")
    await victim.kill()
    assert await rows() == (0, 0)
    assert shown() == 0
    await execute(AS_BEFORE[which])  # on PostgreSQL when the server has undone it
    await victim.start()
    await until(all_is_settled(database, emulator), "the press is carried out")
    assert await rows() == (1, 2), "she goes, and is reminded twice"
    assert shown() == 1
    # After it: done, and told once more at most.
    fault = emulator.faults.add("delay", chat_id=amina, seconds=FOR_EVER)
    found = button(emulator, amina, "Not going")
    assert found is not None
    emulator.world.press(amina, *found)
    await until(lambda: fault.times == 0, "the answer is on its way")
    await victim.kill()
    async with database.transaction() as session:
        assert await session.scalar(select(Attendance.state)) == attendance.State.DECLINED
    emulator.faults.remove()
    await victim.start()
    await until(all_is_settled(database, emulator), "she is told")
    assert len(said(emulator, amina)) == 1
    assert shown() == 1
    assert await victim.end() == 0


# Told to end


@pytest.fixture(params=DATABASES)
async def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own, made by the migrations, as an operator has it."""
    if request.param == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'fresh.db'}")
        await migrate_async(database.url.render_as_string(hide_password=False))
        yield database
        await database.close()
        return
    base = Database(request.getfixturevalue("postgresql_database"))
    name = f"diwan_fresh_{secrets.token_hex(4)}"
    async with base.engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f'CREATE DATABASE "{name}"'))
        url = base.url.set(database=name).render_as_string(hide_password=False)
        await migrate_async(url)
        database = Database(url)
        yield database
        await database.close()
        await outside.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    await base.close()


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    yield emulator
    await emulator.stop()


async def test_fault_04_told_to_end_under_load_it_finishes_what_has_begun_and_loses_nothing(
    start: Start, emulator: Emulator, fresh: Database
) -> None:
    readers, askers = 80, 12
    now = datetime.now(UTC)
    await a_newsletter_to_many(fresh, emulator, now, readers)
    people_ = [emulator.world.new_person(f"Asker {n}", "en").id for n in range(askers)]
    settings = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": emulator.url,
        "DATABASE_URL": fresh.url.render_as_string(hide_password=False),
        "TIMEZONE": where_it_is_noon(now),
    }
    slow = emulator.faults.add("delay", method="sendMessage", times=None, seconds=0.7)
    program = await start("run", **settings)
    await program.prints("Diwan is running")

    def arrived() -> int:
        return sum(times_read(emulator, chat, "All is well.") for chat in emulator.world.people)

    await until(lambda: arrived() >= 20, "the newsletter leaves")
    for one in people_:
        for _ in range(3):
            emulator.world.start(one)
    answers = slow.seen
    await until(lambda: slow.seen > answers + 5, "answers are on their way")
    program.told(signal.SIGTERM)
    assert await program.ends(10) == 0
    assert "Not everything could be finished" not in program.err

    found = await fates(fresh, "newsletter")
    assert set(found) == {State.SENT, State.QUEUED}, "nothing is claimed or uncertain"
    assert found[State.SENT] == arrived()
    assert await arrivals_in(fresh, Arriving.SPEAKING) == []
    async with fresh.transaction() as session:
        assert await leases.holders(session) == {}

    emulator.faults.remove()
    again = await start("run", **settings)
    await until(all_is_settled(fresh, emulator), "the rest is done", patience=120)
    again.told(signal.SIGTERM)
    assert await again.ends(10) == 0
    assert await fates(fresh, "newsletter") == {State.SENT: readers}
    assert arrived() == readers
    assert [len(said(emulator, one)) for one in people_] == [3] * askers


async def test_fault_04_what_cannot_be_finished_in_time_is_left_to_the_next_start(
    start: Start, emulator: Emulator, fresh: Database
) -> None:
    settings = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": emulator.url,
        "DATABASE_URL": fresh.url.render_as_string(hide_password=False),
    }
    program = await start("run", **settings)
    await program.prints("Diwan is running")
    amina = emulator.world.new_person("Amina", "en").id
    down = emulator.faults.add("500", method="sendMessage", times=None)
    emulator.world.start(amina)
    await until(lambda: down.seen > 0, "the answer is tried")
    began = time.monotonic()
    program.told(signal.SIGTERM)
    assert await program.ends(15) == 0
    assert time.monotonic() - began < 11.5
    assert "Not everything could be finished; the next start goes on from there." in program.err
    async with fresh.transaction() as session:
        assert await leases.holders(session) == {}, "another machine may go on at once"
    assert said(emulator, amina) == []
    emulator.faults.remove()
    again = await start("run", **settings)
    await until(lambda: len(said(emulator, amina)) == 1, "the answer")
    again.told(signal.SIGTERM)
    assert await again.ends(10) == 0
    assert len(said(emulator, amina)) == 1


@pytest.mark.parametrize(
    ("first", "second"), [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)]
)
async def test_fault_05_told_twice_it_ends_at_once_and_the_next_start_goes_on(
    victim: Victim, database: Database, first: signal.Signals, second: signal.Signals
) -> None:
    emulator = victim.emulator
    now = noon(emulator)
    host = await a_host(database, now)
    reader, asker, waiting = await members(database, emulator, 3, now)
    await victim.start()
    stuck = [
        emulator.faults.add("hang", method="sendMessage", chat_id=chat, seconds=FOR_EVER)
        for chat in (reader, asker)
    ]
    async with database.transaction() as session:
        animator = await session.get_one(Person, host)
        send = await sends.write_newsletter(session, animator, "en", "News", "All is well.", now)
        for chat in (reader, waiting):
            person = await people.by_telegram_id(session, chat)
            assert person is not None
            due = now if chat == reader else now + timedelta(minutes=1)
            plan = Plan("newsletter", person.id, f"{chat}", due, {"ref": send.ref})
            await deliveries.plan(session, now, plan)
    for _ in range(3):
        emulator.world.say(asker, "/help")
    await until(lambda: not any(fault.times for fault in stuck), "both are on their way")
    process = victim.process
    assert process is not None
    process.send_signal(first)
    await asyncio.sleep(0.5)
    assert process.poll() is None, "it finishes what has begun"
    began = time.monotonic()
    process.send_signal(second)
    assert await asyncio.to_thread(process.wait) == 130
    assert time.monotonic() - began < 1
    assert process.stdout is not None
    process.stdout.close()
    emulator.clock.set(now + timedelta(minutes=1))
    await victim.start()
    await until(all_is_settled(database, emulator), "everything is settled")
    assert await fates(database, "newsletter") == {State.UNCERTAIN: 1, State.SENT: 1}
    assert times_read(emulator, reader, "All is well.") == 1
    assert times_read(emulator, waiting, "All is well.") == 1
    assert times_read(emulator, asker, "112") == 4, "the one on its way once more"
    assert await victim.end() == 0


# Flooded


async def test_fault_07_a_minute_of_floods_slows_down_and_doubles_and_loses_nothing(
    emulator: Emulator, database: Database
) -> None:
    readers, seconds = 150, 60
    now = datetime.now(UTC)
    await a_newsletter_to_many(database, emulator, now, readers)
    storm = emulator.faults.add("429", method="sendMessage", times=None, every=3)
    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=emulator.url,
        database_url=database.url.render_as_string(hide_password=False),
        timezone=where_it_is_noon(now),
    )
    app = App(settings)
    await app.start()

    def arrived() -> list[int]:
        everybody = list(emulator.world.people)
        return [times_read(emulator, chat, "All is well.") for chat in everybody]

    await until(lambda: sum(arrived()) > 0, "the newsletter leaves")
    cpu = time.process_time()
    await asyncio.sleep(seconds)
    cpu = time.process_time() - cpu
    got, tried = sum(arrived()), storm.seen
    assert seconds / 2 < got < 28 * seconds / 4, "slower, and not stuck"
    assert tried <= got * 1.5 + 3, "two of three calls arrive: nobody knocks in between"
    assert cpu < seconds / 2, "who waits does nothing"
    assert app.telegram.floods >= got // 4
    emulator.faults.remove()
    await until(all_is_settled(database, emulator), "everything is sent", patience=120)
    assert await fates(database, "newsletter") == {State.SENT: readers}
    assert Counter(arrived()) == {1: readers}
    async with database.transaction() as session:
        tries = await session.scalars(select(Delivery.tries).distinct())
        assert tries.all() == [1], "no flood has cost a try"
    await app.stop()
