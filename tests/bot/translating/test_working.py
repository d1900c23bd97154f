"""The list is worked off: by one worker each, whatever the engine and the database do."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.clock import SystemClock
from bot.database import Database
from bot.translating import working
from bot.translating.argos import Argos
from bot.translating.engines import AwayError, CannotError, EngineError, Pairs
from bot.translating.working import Translating
from community import machine
from community.machine import MachineText, State
from tests.bot.translating.conftest import ARABIC

ROOT = Path(__file__).parents[3]
PATIENCE = 40.0


class Upper:
    """An engine that says everything louder, or what it is told to do instead."""

    name = "x"

    def __init__(self) -> None:
        self.known: Mapping[tuple[str, str], str] = {("fr", "en"): "1", ("en", "de"): "1"}
        self.instead: Callable[[str], str] = str.upper
        self.asked: list[tuple[str, str]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def pairs(self) -> Pairs:
        if not self.known:
            raise AwayError("away")
        return self.known

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        self.asked.append((source, target))
        await self.goes_on.wait()
        return [self.instead(text) for text in texts]

    async def close(self) -> None:
        pass


@pytest.fixture
async def worker(database: Database) -> Translating:
    worker = Translating(database, Upper(), SystemClock(), "here", lease=3.0)
    await worker.learn()
    return worker


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(working, "FIRST_REST", 0.02)
    monkeypatch.setattr(working, "LONGEST_REST", 0.05)


def engine_of(worker: Translating) -> Upper:
    assert isinstance(worker.engine, Upper)
    return worker.engine


async def want(worker: Translating, now: datetime, text: str, target: str = "en") -> None:
    async with worker.database.transaction() as session:
        assert await machine.want(session, worker.machine, text, "fr", target, now)


async def rows(database: Database) -> list[MachineText]:
    async with database.transaction() as session:
        return list(await session.scalars(select(MachineText).order_by(MachineText.id)))


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.005)


async def test_what_is_wanted_is_translated_with_its_facts(
    worker: Translating, now: datetime
) -> None:
    await want(worker, now, "Venez à 18h\n\n• <b>Salle</b> B12")
    await want(worker, now, "Autre")
    assert await worker.turn() == 2
    assert await worker.turn() == 0
    first, second = await rows(worker.database)
    assert (first.state, first.result) == (State.DONE, "VENEZ À 18h\n\n• <b>SALLE</b> B12")
    assert (second.result, second.text, second.tries) == ("AUTRE", "", 1)


async def test_the_way_by_a_third_language_is_two_translations(
    worker: Translating, now: datetime
) -> None:
    await want(worker, now, "Venez à 18h", "de")
    await worker.turn()
    (row,) = await rows(worker.database)
    assert (row.result, row.version) == ("VENEZ À 18h", "1+1")
    assert engine_of(worker).asked == [("fr", "en"), ("en", "de")]


LONG = "Nous nous retrouvons chaque semaine ici"


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        (lambda text: "", "facts"),
        (lambda text: text + " at 12", "facts"),
        (lambda text: text, "unchanged"),
        (lambda text: "no " * 12, "repetition"),
        (lambda text: "نلتقي كل أسبوع في المكتبة لنحضر", "script"),
    ],
)
async def test_fault_47_nonsense_fails_with_its_reason_and_is_never_shown(
    worker: Translating, now: datetime, instead: Callable[[str], str], reason: str
) -> None:
    engine_of(worker).instead = instead
    await want(worker, now, LONG)
    await worker.turn()
    (row,) = await rows(worker.database)
    assert (row.state, row.reason, row.result, row.text) == (State.FAILED, reason, None, "")


def failing(error: Exception) -> Callable[[str], str]:
    def fail(_text: str) -> str:
        raise error

    return fail


async def test_a_text_that_the_engine_will_never_take_fails_at_once(
    worker: Translating, now: datetime
) -> None:
    engine_of(worker).instead = failing(CannotError("too_long"))
    await want(worker, now, "Bonjour")
    await worker.turn()
    (row,) = await rows(worker.database)
    assert (row.state, row.reason, row.tries) == (State.FAILED, "too_long", 1)


async def test_a_text_at_which_the_engine_fails_is_tried_three_times_and_nobody_else_waits(
    worker: Translating, now: datetime
) -> None:
    def fail(text: str) -> str:
        if text == "Bonjour":
            raise EngineError("timeout")
        return text.upper()

    engine_of(worker).instead = fail
    await want(worker, now, "Bonjour")
    await want(worker, now, "Salut")
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE):
        while any(row.state == State.WANTED for row in await rows(worker.database)):
            await asyncio.sleep(0.02)
    await worker.stop()
    await running
    first, second = await rows(worker.database)
    assert (first.state, first.reason, first.tries) == (State.FAILED, "timeout", 3)
    assert second.state == State.DONE


async def test_fault_47_an_engine_that_is_away_is_waited_for_and_that_is_nobodys_try(
    worker: Translating, now: datetime
) -> None:
    engine = engine_of(worker)
    engine.instead = failing(AwayError("away"))
    await want(worker, now, "Bonjour")
    running = asyncio.create_task(worker.run())
    await until(lambda: len(engine.asked) > 4)
    (row,) = await rows(worker.database)
    assert row.state == State.WANTED
    assert row.tries <= 1
    engine.instead = str.upper
    async with asyncio.timeout(PATIENCE):
        while (await rows(worker.database))[0].state != State.DONE:
            await asyncio.sleep(0.02)
    await worker.stop()
    await running


async def test_an_engine_that_cannot_be_asked_can_do_what_it_could(worker: Translating) -> None:
    known, engine_of(worker).known = engine_of(worker).known, {}
    assert (await worker.learn()).pairs == known


async def test_a_database_that_is_away_is_waited_for_and_the_result_is_kept(
    worker: Translating, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await want(worker, now, "Bonjour")
    engine = engine_of(worker)
    engine.goes_on.clear()
    running = asyncio.create_task(worker.run())
    await until(lambda: engine.asked)
    whole, tried = worker.database.transaction, 0

    def away() -> object:
        nonlocal tried
        tried += 1
        raise OperationalError("connect", {}, Exception("away"))

    monkeypatch.setattr(worker.database, "transaction", away)
    engine.goes_on.set()
    await until(lambda: tried > 3)
    monkeypatch.setattr(worker.database, "transaction", whole)
    async with asyncio.timeout(PATIENCE):
        while (await rows(worker.database))[0].state != State.DONE:
            await asyncio.sleep(0.02)
    await worker.stop()
    await running
    assert len(engine.asked) == 1


async def test_who_stops_gives_back_what_was_under_way_and_that_was_no_try(
    worker: Translating, now: datetime
) -> None:
    await want(worker, now, "Bonjour")
    engine_of(worker).goes_on.clear()
    running = asyncio.create_task(worker.run())
    await until(lambda: engine_of(worker).asked)
    await worker.stop()
    await running
    (row,) = await rows(worker.database)
    assert (row.state, row.holder, row.tries) == (State.WANTED, None, 0)


async def test_a_text_is_held_as_long_as_it_takes_and_let_go_when_it_is_forgotten(
    worker: Translating, now: datetime
) -> None:
    worker.lease = 0.3
    await want(worker, now, "Bonjour")
    engine_of(worker).goes_on.clear()
    running = asyncio.create_task(worker.run())
    await until(lambda: engine_of(worker).asked)
    other = Translating(worker.database, Upper(), SystemClock(), "there", lease=3.0)
    await other.learn()
    for _ in range(10):
        assert await other.turn() == 0
        await asyncio.sleep(0.1)
    async with worker.database.transaction() as session:
        await machine.forget(session, ["Bonjour"])
    await until(lambda: worker._current is not None and worker._current.done())
    assert worker._current is not None
    assert worker._current.cancelled()
    await worker.stop()
    await running
    assert await rows(worker.database) == []


# A real process, real Argos, and SIGKILL

HOW_MANY = 800
LINES = "\n".join(["Hello The meeting is at 18h"] * HOW_MANY)
"""As much as keeps a tiny model busy for longer than it takes to look."""


@pytest.fixture
async def victim(database: Database, models_dir: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.bot.translating.runner",
            database.url.render_as_string(hide_password=False),
            str(models_dir),
        ],
        cwd=ROOT,
        env=dict(os.environ),
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


async def test_fault_47_what_a_killed_process_was_translating_another_translates(
    database: Database, models_dir: Path, victim: subprocess.Popen[bytes], now: datetime
) -> None:
    here = Translating(database, Argos(models_dir), SystemClock(), "here", lease=3.0)
    await here.learn()
    async with database.transaction() as session:
        await machine.want(session, here.machine, LINES, "en", "ar", now)
    async with asyncio.timeout(PATIENCE):
        while (await rows(database))[0].holder is None:
            await asyncio.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    await asyncio.to_thread(victim.wait)
    (row,) = await rows(database)
    assert (row.state, row.holder, row.result) == (State.WANTED, "victim", None)
    assert await here.turn() == 0  # its lease has not run out
    async with asyncio.timeout(PATIENCE):
        while not await here.turn():
            await asyncio.sleep(0.05)
    (row,) = await rows(database)
    line = " ".join([ARABIC["Hello"], ARABIC["The"], ARABIC["meeting"], ARABIC["is"]])
    assert (row.state, row.tries) == (State.DONE, 2)
    assert row.result == "\n".join([f"{line} {ARABIC['at']} 18h"] * HOW_MANY)
    await here.engine.close()
