"""What /healthz, /metrics and the administrators are told when something is wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiogram.client.telegram import TelegramAPIServer
from sqlalchemy import select

from bot.app import App
from bot.clock import FollowedClock
from bot.database import Database
from bot.limiter import Limiter
from bot.settings import Part, load
from community import alerts, people
from community.alerts import Cause
from community.arrivals import Arrival, Arriving
from community.deliveries import Delivery, State
from community.people import Membership
from community.rates import Rate
from emulator import Emulator
from tests.bot.test_processes import a_free_port
from tests.stories.conftest import BEGIN, TOKEN, Coming, Stage

PATIENCE = 20.0


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.005)


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


@pytest.mark.parametrize("nowhere", ["", "http://telegram.invalid"])
async def test_fault_12_a_bot_whose_telegram_is_not_there_yet_waits_and_says_so(
    database: Database, nowhere: str
) -> None:
    emulator = Emulator(port=a_free_port(), token=TOKEN)
    given = {"telegram_api_base": nowhere} if nowhere else {}  # else a port that is closed
    settings = settings_for(emulator, database, health_port=a_free_port(), **given)
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
    app.bot.session.api = TelegramAPIServer.from_base(emulator.url)
    await asyncio.wait_for(starting, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while (await health(app))[0] != 200:
            await asyncio.sleep(0.1)
    await app.stop()
    await emulator.stop()


async def test_fault_09_a_long_silence_is_told_to_the_administrators_once_and_people_are_heard(
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


async def test_fault_09_a_429_for_a_whole_day_parks_what_leaves_and_nothing_else(
    stage: Stage, administrator: Coming, database: Database
) -> None:
    boss, amina, ben = await administrator(), await stage.member("Amina"), stage.meet("Ben")
    app, faults = stage.app, stage.emulator.faults
    async with database.transaction() as session:
        assert await alerts.raise_alert(session, Cause.WEBHOOK, stage.now) == 1
    faults.add("429", method="sendMessage", chat_id=boss.id, retry_after=86_400)
    app.settings.health_port = a_free_port()
    await app.health.start()
    await stage.settled()
    calls = len(stage.emulator.calls)
    assert app.telegram.limiter.paused_for > 86_000
    assert (await health(app))[1]["reasons"] == ["telegram_wants_silence"]
    await app.look_out()
    stage.emulator.world.say(amina.id, "/stop")
    stage.emulator.world.start(ben.id)

    async def heard() -> bool:
        async with database.transaction() as session:
            rows = await session.scalars(select(Arrival.sender).where(Arrival.state == "speaking"))
            return set(rows) == {amina.id, ben.id}

    async with asyncio.timeout(PATIENCE):
        while not await heard():
            await asyncio.sleep(0.01)
    async with database.transaction() as session:
        [first, parked] = (await session.scalars(select(Delivery).order_by(Delivery.id))).all()
        assert (first.state, first.reason, first.tries) == (State.QUEUED, "429", 0)
        assert first.due_at == stage.now + timedelta(days=1)
        assert (parked.kind, parked.state) == ("team_notice", State.QUEUED)
        person = await people.by_telegram_id(session, amina.id)
        assert person is not None
        assert person.state == Membership.STOPPED
    later = [call["method"] for call in stage.emulator.calls if call["number"] > calls]
    assert set(later) <= {"getUpdates", "setMyCommands"}, "nobody is written to"
    limiter = app.telegram.limiter  # a day has passed
    limiter.paused_until, limiter._free._rate = 0.0, Rate.fresh("free")
    limiter.hush(0.0)
    await stage.settled()
    amina.sees("From now on you get no news")
    ben.sees("Your language?")
    await stage.play(days=1)
    boss.sees("Telegram has asked this bot to be silent for a while.")


async def test_fault_21_a_token_that_is_withdrawn_shows_and_is_not_tried_again(
    stage: Stage, administrator: Coming, database: Database
) -> None:
    boss, app = await administrator(), stage.app
    app.settings.health_port = a_free_port()
    await app.health.start()
    faults = stage.emulator.faults
    faults.add("error", code=401, description="Unauthorized", times=None)
    calls = len(stage.emulator.calls)
    async with database.transaction() as session:
        assert await alerts.raise_alert(session, Cause.WEBHOOK, stage.now) == 1
    stage.emulator.world.say(boss.id, "/help")  # ends the poll that waits
    await until(app.telegram.refused.is_set)
    await asyncio.sleep(2)  # long enough for whoever tries again and again
    status, told = await health(app)
    assert (status, told["reasons"]) == (503, ["token_refused"])
    assert len(stage.emulator.calls) - calls <= 4, "a poll, a message, an answer, and no more"
    async with database.transaction() as session:
        [row] = (await session.scalars(select(Delivery))).all()
        assert (row.state, row.tries) == (State.QUEUED, 0)


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


async def test_fault_49_what_watches_the_bot_may_die_and_the_bot_may_be_mute(
    stage: Stage, emulator: Emulator, database: Database
) -> None:
    app = stage.app
    app.settings.health_port = a_free_port()
    await app.health.start()
    assert (await health(app))[0] == 200
    await app.health.stop()
    amina = await stage.member("Amina")
    await amina.says("/help")
    amina.sees_last("112")
    await app.health.start()
    stage.emulator.faults.add("drop_before", times=None)
    stage.emulator.world.say(amina.id, "/help")  # ends the poll that waits
    async with asyncio.timeout(PATIENCE):
        while (await health(app))[0] != 503:
            await asyncio.sleep(0.05)
    assert "telegram_unreachable" in (await health(app))[1]["reasons"]
