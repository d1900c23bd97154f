"""The running bot and its engine: what it knows, what it does meanwhile, and how it ends."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from bot.database import Database
from bot.translating.argos import Argos
from community import machine
from community.machine import NO_MACHINE, MachineText, State
from handlers.replies import Network
from tests.bot.translating import tiny_model
from tests.bot.translating.conftest import ARABIC
from tests.stories.conftest import TOKEN, Stage

ROOT = Path(__file__).parents[3]


async def starts_with(stage: Stage, **settings: Any) -> None:
    await stage.app.stop()
    stage.app.settings = stage.app.settings.model_copy(update=settings)
    await stage.starts_again()


def networks(stage: Stage) -> list[Network]:
    """Return what handlers, cards that are owed, and the rest are told."""
    app = stage.app
    assert app.network is not None
    return [app.network, app.receiver.handling.network, app.sender.network]


async def want(stage: Stage, text: str, source: str, target: str) -> None:
    async with stage.app.database.transaction() as session:
        known = networks(stage)[0].machine
        assert await machine.want(session, known, text, source, target, stage.now)


async def texts(database: Database) -> list[MachineText]:
    async with database.transaction() as session:
        return list(await session.scalars(select(MachineText).order_by(MachineText.id)))


async def test_without_an_engine_nothing_is_promised(stage: Stage) -> None:
    assert {network.machine for network in networks(stage)} == {NO_MACHINE}
    assert stage.app.translating is None


async def test_what_is_wanted_is_there_when_everything_is_settled(
    stage: Stage, models_dir: Path
) -> None:
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    assert all(network.machine.via("fr", "ar") == "en" for network in networks(stage))
    await want(stage, "Bonjour à 18h", "fr", "ar")
    await stage.settled()
    (row,) = await texts(stage.app.database)
    assert row.result == f"{ARABIC['Hello']} {ARABIC['at']} 18h"


async def test_time_stands_still_until_it_is_translated(stage: Stage, models_dir: Path) -> None:
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await want(stage, "Bonjour", "fr", "en")
    await stage.play(minutes=1)
    assert [row.state for row in await texts(stage.app.database)] == [State.DONE]


async def test_a_model_that_is_added_acts_at_once_and_one_that_is_gone_no_longer(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    await starts_with(stage, translation_engine="argos", models_dir=folder)
    assert not any(network.machine.has("fr", "en") for network in networks(stage))
    place = tiny_model.install(folder, "fr", "en", {})
    await stage.app._learn()
    assert all(network.machine.has("fr", "en") for network in networks(stage))
    place.rename(tmp_path / "elsewhere")
    await stage.app._learn()
    assert not any(network.machine.has("fr", "en") for network in networks(stage))


async def test_fault_47_a_model_that_goes_missing_costs_nobody_an_answer(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    place = tiny_model.install(folder, "fr", "en", {"Bonjour": "Hello"})
    await starts_with(stage, translation_engine="argos", models_dir=folder)
    amina = await stage.member("Amina")
    place.rename(tmp_path / "elsewhere")
    await want(stage, "Bonjour", "fr", "en")
    await amina.says("/help")
    amina.sees_last("emergency")
    (row,) = await texts(stage.app.database)
    assert (row.state, row.result) == (State.WANTED, None)
    assert stage.app.translating is not None
    stage.app.translating._rests_until = 0.0
    place = (tmp_path / "elsewhere").rename(place)
    await stage.settled()
    (row,) = await texts(stage.app.database)
    assert (row.state, row.result) == (State.DONE, "Hello")


async def test_fault_47_a_server_that_comes_later_is_found(stage: Stage) -> None:
    from aiohttp import web

    from tests.bot.test_processes import a_free_port

    port = a_free_port()
    await starts_with(
        stage,
        translation_engine="libretranslate",
        libretranslate_url=f"http://127.0.0.1:{port}",
    )
    assert not any(network.machine.pairs for network in networks(stage))
    application = web.Application()

    async def languages(_request: web.Request) -> web.Response:
        return web.json_response([{"code": "fr", "targets": ["en"]}])

    application.router.add_get("/languages", languages)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await stage.app._learn()
    assert all(network.machine.has("fr", "en") for network in networks(stage))
    await runner.cleanup()


async def test_a_bot_that_ends_gives_back_what_it_was_translating(
    stage: Stage, models_dir: Path
) -> None:
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    database = Database(stage.app.database.url.render_as_string(hide_password=False))
    await want(stage, "\n".join(["Bonjour La réunion est ici"] * 5000), "fr", "en")
    async with asyncio.timeout(20):
        while (await texts(database))[0].holder is None:
            await asyncio.sleep(0.02)
    async with asyncio.timeout(60):
        await stage.app.stop()
    (row,) = await texts(database)
    assert (row.state, row.holder, row.tries) == (State.WANTED, None, 0)
    async with database.transaction() as session:  # which nobody wants to wait for
        await session.execute(delete(MachineText))
    await database.close()
    await stage.starts_again()


async def test_people_are_answered_while_a_long_text_is_translated(
    stage: Stage, models_dir: Path
) -> None:
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    amina = await stage.member("Amina")
    await want(stage, "\n".join(["Bonjour La réunion est ici"] * 5000), "fr", "en")
    async with asyncio.timeout(20):
        while (await texts(stage.app.database))[0].holder is None:
            await asyncio.sleep(0.02)
    stage.emulator.world.say(amina.id, "/help")
    await stage.answered()
    amina.sees_last("emergency")
    (row,) = await texts(stage.app.database)
    assert row.state == State.WANTED


def test_a_bot_whose_engine_is_not_installed_says_so_in_one_line(tmp_path: Path) -> None:
    program = (
        'import sys; sys.modules["argostranslate"] = None\n'
        'from bot.__main__ import main; main(["run"])'
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            **os.environ,
            "BOT_TOKEN": TOKEN,
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/diwan.db",
            "TRANSLATION_ENGINE": "argos",
            "TELEGRAM_API_BASE": "http://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if "INFO" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("TRANSLATION_ENGINE: argos is not installed; `pip install")


async def test_a_broken_model_does_not_keep_the_loop_from_the_next_text(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    broken = tiny_model.install(folder, "en", "ar", {})
    (broken / "model" / "model.bin").write_bytes(b"x")
    tiny_model.install(folder, "fr", "en", {"Bonjour": "Hello"})
    await starts_with(stage, translation_engine="argos", models_dir=folder)
    await want(stage, "Hello", "en", "ar")
    await want(stage, "Bonjour", "fr", "en")
    async with asyncio.timeout(30):
        while any(row.state == State.WANTED for row in await texts(stage.app.database)):
            await asyncio.sleep(0.05)
    broken_one, good = await texts(stage.app.database)
    assert (broken_one.state, broken_one.reason) == (State.FAILED, "engine_failed")
    assert (good.state, good.result) == (State.DONE, "Hello")
    assert isinstance(stage.app.translating and stage.app.translating.engine, Argos)
