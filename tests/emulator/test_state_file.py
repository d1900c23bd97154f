"""What survives: a second start goes on where the first stopped; nothing tells the token."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import emulator.server
from emulator import Emulator
from emulator.world import World
from tests.emulator.conftest import TOKEN, Api

ROOT = Path(emulator.server.__file__).parent.parent


async def started(state: Path) -> Emulator:
    made = Emulator(state=state, token=TOKEN)
    await made.start()
    return made


def everything(world: World) -> dict[str, Any]:
    return {
        "people": {n: {**vars(p), "messages": world.messages(n)} for n, p in world.people.items()},
        "groups": {n: vars(group) for n, group in world.groups.items()},
        "blobs": {n: vars(blob) for n, blob in world.blobs.items()},
        "updates": [(u.number, u.expires, u.text) for u in world.updates.entries],
        "next": world.updates.next_number,
        "allowed": world.updates.allowed,
        "commands": world.commands,
        "profile": world.profile,
        "bot": world.bot,
        "queries": world.queries,
    }


async def test_a_second_start_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = await started(path)
    world = first.world
    amina, ben = world.new_person("Amina", "ar").id, world.new_person("Ben", username="ben").id
    world.start(amina, "link")
    world.file(amina, "voice", "v.ogg", "audio/ogg", b"Ogg\xffS")
    world.start(ben)
    world.block(ben)
    async with aiohttp.ClientSession() as http:
        api = Api(http, first.url)
        await api.ok("getUpdates", allowed_updates=["message"])
        await api.ok("setMyCommands", commands=[{"command": "a", "description": "b"}])
        await api.ok("setMyName", name="Majlis")
        key = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        sent = await api.ok("sendMessage", chat_id=amina, text="<b>x</b>", reply_markup=key)
    world.press(amina, sent["message_id"], "b")
    group = first.groups.new("Lyon", "group", owner=amina).id
    first.groups.add_bot(group, amina)
    first.groups.ask(group, ben)
    first.clock.jump(86_400)
    before = everything(world)
    await first.stop()

    second = await started(path)
    assert everything(second.world) == before
    assert abs(second.clock.offset.total_seconds() - 86_400) < 1
    assert second.clock.revision > first.clock.revision
    assert second.world.say(amina, "on")["message_id"] == sent["message_id"] + 1
    await second.stop()


async def test_a_change_is_saved_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.server, "SAVE_EVERY", 0.05)
    path = tmp_path / "state.json"
    running = await started(path)
    running.world.new_person("Amina")
    await asyncio.sleep(0.3)
    assert json.loads(path.read_text())["people"][0]["first_name"] == "Amina"
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"
    written = path.stat().st_mtime_ns
    await asyncio.sleep(0.2)
    assert path.stat().st_mtime_ns == written, "what has not changed is not written again"
    await running.stop()


@pytest.mark.parametrize("content", ["{}", "[]", "{broken"])
async def test_a_file_that_is_no_state_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"."):
        await Emulator(state=path).start()
    assert path.read_text() == content


async def test_the_token_is_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    running = await started(tmp_path / "state.json")
    running.faults.add("drop_after", method="getMe")
    logging.getLogger("aiohttp.client").setLevel(logging.CRITICAL)
    async with aiohttp.ClientSession() as http:
        api = Api(http, running.url)
        with pytest.raises(aiohttp.ClientConnectionError):
            await api("getMe")
        await api("sendMessage", chat_id=1, text="x")
        await api("nothing")
    await running.stop()
    told = caplog.text + "".join(capfd.readouterr()) + (tmp_path / "state.json").read_text()
    assert TOKEN.partition(":")[2] not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program_cleanly_and_saves(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "state.json"
    command = [sys.executable, "-m", "emulator", "--port", "0", "--state", str(path)]
    with subprocess.Popen(
        [*command, "--token", TOKEN],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        said = program.stdout.readline()
        program.send_signal(number)
        rest, errors = program.communicate(timeout=10)
    assert said.startswith("The emulator listens on http://127.0.0.1:")
    assert (program.returncode, rest, errors) == (0, "", "")
    assert json.loads(path.read_text())["people"] == []


async def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    running = await started(tmp_path / "state.json")
    command = [sys.executable, "-m", "emulator", "--port", str(running.port)]
    program = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    await running.stop()
    assert program.returncode == 1
    assert program.stderr.startswith("The emulator cannot start:")
    assert program.stderr.count("\n") == 1
