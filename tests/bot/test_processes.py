"""The commands as an operator meets them: real processes, what they print, and how they end."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App
from bot.checking import check
from bot.demo import show
from bot.running import serve
from bot.settings import SECRETS, Settings, load
from community import roles
from community.roles import RoleName
from emulator import Emulator
from tests.stories.conftest import TOKEN
from tests.stories.reading import bare

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds for a program to import aiogram on a machine that does much else."""
ENDS_WITHIN = 10.0

pytestmark = pytest.mark.timeout(180)


class Program:
    """``python -m bot`` in a process of its own, in an empty folder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out, self.err = "", ""
        self._printed = asyncio.Event()
        self._reading = [
            asyncio.create_task(self._read(process.stdout, "out")),
            asyncio.create_task(self._read(process.stderr, "err")),
        ]

    async def _read(self, stream: asyncio.StreamReader | None, name: str) -> None:
        assert stream is not None
        while line := await stream.readline():
            setattr(self, name, getattr(self, name) + line.decode())
            self._printed.set()

    async def prints(self, pattern: str) -> str:
        """Wait for a line on standard output; return what the pattern's group found."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, self.out)):
                if self._reading[0].done():
                    raise AssertionError(f"ended without {pattern!r}:\n{self.out}\n{self.err}")
                self._printed.clear()
                await asyncio.wait(
                    [asyncio.ensure_future(self._printed.wait()), self._reading[0]],
                    return_when=asyncio.FIRST_COMPLETED,
                )
        return found[found.lastindex or 0]

    async def ends(self, within: float = PATIENCE) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(within):
            code = await self.process.wait()
            await asyncio.gather(*self._reading)
        return code

    def told(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)


Start = Callable[..., Any]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Return a way to start a command, with these settings and no others."""
    started: list[Program] = []
    ours = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in ours}

    async def begin(*arguments: str, **settings: str) -> Program:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Program(process))
        return started[-1]

    yield begin
    for program in started:
        if program.process.returncode is None:
            program.process.kill()
        await program.ends()
        assert TOKEN not in program.out + program.err


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    yield emulator
    await emulator.stop()


def said(emulator: Emulator, person: int) -> list[str]:
    """Return what the bot has said to a person, as it is read."""
    return [bare(m["text"]) for m in emulator.world.messages(person) if m["from"] == "bot"]


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.02)


def settings_for(emulator: Emulator, **given: Any) -> Settings:
    """Return settings for a command that is called in this process."""
    told = {"bot_token": TOKEN, "telegram_api_base": emulator.url, **given}
    return load(_env_file=None, **told)


# diwan run


async def test_run_from_the_first_link_to_the_last_signal(
    start: Start, emulator: Emulator, tmp_path: Path
) -> None:
    world = emulator.world
    settings = {"BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE": emulator.url}
    boss, guest = world.new_person("Boss", "en").id, world.new_person("Guest", "en").id

    first = await start("run", **settings)
    old_link = await first.prints(r"Nobody administers this network yet.*\?start=([\w-]+)")
    await first.prints("Diwan is running")
    # Told to end while an answer is on its way: the answer arrives, once, and then it ends.
    slow = emulator.faults.add("delay", method="sendMessage", seconds=1.5)
    world.start(guest)
    await until(lambda: slow.seen)
    first.told(signal.SIGTERM)
    assert await first.ends(ENDS_WITHIN) == 0
    assert len(said(emulator, guest)) == 1
    assert first.err == ""

    # Nobody has used the link: the next start makes a new one, and the old one is worth nothing.
    second = await start("run", **settings)
    link = await second.prints(r"Nobody administers this network yet.*\?start=([\w-]+)")
    assert link != old_link
    await second.prints("Diwan is running")
    world.start(guest, old_link)
    await until(lambda: len(said(emulator, guest)) == 2)  # nothing was said again at the start
    world.start(boss, link)
    await until(lambda: said(emulator, boss))
    # Told twice, it waits for nothing.
    stuck = emulator.faults.add("delay", method="sendMessage", seconds=30)
    world.say(boss, "/help")
    await until(lambda: stuck.seen)
    second.told(signal.SIGTERM)
    with pytest.raises(TimeoutError):
        await second.ends(0.5)
    second.told(signal.SIGTERM)
    assert await second.ends(2) == 130
    assert second.err == ""

    database_url = f"sqlite+aiosqlite:///{tmp_path / 'var' / 'diwan.db'}"
    third = App(settings_for(emulator, database_url=database_url))
    await third.start()
    assert await third.first_administrator_link() is None
    async with third.database.transaction() as session:
        holders = await roles.holders(session, RoleName.ADMINISTRATOR, third.clock.now())
    assert [person.telegram_id for person in holders] == [boss]
    # What was left unfinished by the second signal is said after the next start.
    await until(lambda: "emergency" in said(emulator, boss)[-1])
    await third.stop()


async def test_fault_21_a_token_that_telegram_refuses_ends_the_run_then_and_later(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "987654321:" + "Z" * 35
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'diwan.db'}"
    assert await serve(settings_for(emulator, database_url=database_url, bot_token=other)) == 2
    told = capsys.readouterr().err
    assert told == "BOT_TOKEN: Telegram does not accept it; get a new one from @BotFather.\n"
    running = asyncio.create_task(serve(settings_for(emulator, database_url=database_url)))
    await until(lambda: emulator.world.bot_seen > 0)
    emulator.world.token = other
    emulator.world.start(emulator.world.new_person("Amina", "en").id)
    assert await asyncio.wait_for(running, ENDS_WITHIN) == 3


async def test_fault_22_a_second_bot_says_in_one_line_that_another_runs(
    start: Start, emulator: Emulator
) -> None:
    settings = {"BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE": emulator.url}
    first = await start("run", **settings)
    await first.prints("Diwan is running")
    second = await start("run", **settings)
    assert await second.ends() == 1
    assert second.err.splitlines()[-1] == (
        "Another process receives for this bot already; stop it first."
    )
    assert "Traceback" not in second.err
    assert second.out == ""
    polls = [call for call in emulator.calls if call["method"] == "getUpdates"]
    assert all(call["ok"] for call in polls), "no 409"
    first.told(signal.SIGTERM)
    assert await first.ends(ENDS_WITHIN) == 0


async def test_wrong_settings_are_one_line_with_code_two_and_no_secret(
    start: Start, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: list[tuple[str, dict[str, str]]] = [
        ("BOT_TOKEN", {}),
        ("BOT_TOKEN", {"BOT_TOKEN": "123456:s3cret"}),
        ("BOT_TOKEN_FILE", {"BOT_TOKEN_FILE": "s3cret/nowhere"}),
        ("DATABASE_URL", {"DATABASE_URL": "mysql://root:s3cret@db/diwan"}),
        ("TIMEZONE", {"BOT_TOKEN": TOKEN, "TIMEZONE": "Mars/s3cret"}),
    ]
    programs = [(name, await start("run", **settings)) for name, settings in wrong]
    for name, program in programs:
        assert await program.ends() == 2, name
        assert program.out == ""
        assert program.err.startswith(f"{name}: ")
        assert program.err.count("\n") == 1
        assert "s3cret" not in program.err
    unwritable = settings_for(emulator, database_url="sqlite+aiosqlite:////proc/s3cret/diwan.db")
    assert await serve(unwritable) == 2
    line = capsys.readouterr().err
    assert line.startswith("DATABASE_URL: the file cannot be written")
    assert line.count("\n") == 1
    assert "s3cret" not in line


# diwan check


async def test_check_says_what_is_right_and_what_is_wrong(
    start: Start, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = await start(
        "check", BOT_TOKEN="987654321:" + "Z" * 35, TELEGRAM_API_BASE=emulator.url
    )
    assert await nothing.ends() == 1
    assert nothing.out.splitlines() == [
        "ok  configuration",
        "NO  database: there is none yet; run `diwan migrate`",
        "ok  file of erasures",
        "ok  catalogues ar en fr uk",
        "ok  indicators: those of the guidance note",
        "NO  Telegram: BOT_TOKEN is not accepted; get a new one from @BotFather",
    ]
    assert not list(tmp_path.iterdir())  # whoever only asks changes nothing

    migrated = await start("migrate")
    assert await migrated.ends() == 0
    assert migrated.out == "The database is up to date.\n"
    well = await start("check", BOT_TOKEN=TOKEN, TELEGRAM_API_BASE=emulator.url)
    assert await well.ends() == 0, well.out
    assert well.out.splitlines() == [
        "ok  configuration",
        "ok  database",
        "ok  migrations",
        "ok  file of erasures",
        "ok  catalogues ar en fr uk",
        "ok  indicators: those of the guidance note",
        "ok  Telegram: this is @diwan_demo_bot",
    ]
    assert nothing.err + migrated.err + well.err == ""

    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"not a database " * 500)
    database_url = f"sqlite+aiosqlite:///{damaged}"
    assert (
        await check(
            settings_for(
                emulator, database_url=database_url, telegram_api_base="http://127.0.0.1:9"
            )
        )
        == 1
    )
    told = capsys.readouterr().out
    assert "NO  database: cannot be opened (DatabaseError)" in told
    assert "NO  Telegram: cannot be reached (no_connection)" in told
    empty = tmp_path / "empty.db"
    empty.touch()
    database_url = f"sqlite+aiosqlite:///{empty}"
    assert await check(load(_env_file=None, bot_token=None, database_url=database_url)) == 1
    told = capsys.readouterr().out
    assert "NO  migrations: run `diwan migrate`" in told
    assert "--  Telegram: BOT_TOKEN is not set" in told


# diwan demo


def a_free_port() -> int:
    """Return a port that nobody uses, with room above."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1]) % 20000 + 20000


async def who_is_there(address: str) -> dict[str, list[str]]:
    """Return everybody on the chat page, and what the bot has said to them."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{address}/control/transcript") as answer,
    ):
        told = await answer.json()
    return {
        entry["person"]["first_name"]: [m["text"] for m in entry["messages"]]
        for entry in told.values()
        if "person" in entry
    }


async def test_the_demo_goes_on_where_it_was_or_starts_anew(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = a_free_port()
    first = await start("demo", "--port", str(port))
    address = await first.prints(r"Open (http://127\.0\.0\.1:\d+) in a browser")
    assert len(re.findall("http://", first.out)) == 1
    assert "A sample network is ready" in first.out
    who = ("You are the newcomer", "Oksana, Samuel, Fatou and Yusuf are members", "Nadia is the")
    assert all(words in first.out for words in (*who, "Karim is the coord", "Ilse work for"))
    async with aiohttp.ClientSession() as http:
        async with http.get(address) as page:
            assert page.status == 200
        async with http.post(f"{address}/control/people", json={"first_name": "Zoe"}) as made:
            zoe = (await made.json())["id"]
        async with http.post(f"{address}/control/people/{zoe}/start", json={}) as answer:
            assert answer.status == 200

    async def zoe_is_asked_for_her_language() -> bool:
        return any("Your language" in text for text in (await who_is_there(address))["Zoe"])

    async with asyncio.timeout(PATIENCE):
        while not await zoe_is_asked_for_her_language():
            await asyncio.sleep(0.05)

    # The same folder twice at once would be two bots on one file.
    assert await show(tmp_path / "var" / "demo", port, fresh=True) == 1
    assert "runs already" in capsys.readouterr().err
    first.told(signal.SIGINT)
    assert await first.ends(ENDS_WITHIN) == 0
    assert "The demo has ended; `make demo` goes on where it was." in first.out
    assert first.err == ""

    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", port))
        somebody.listen()
        second = await start("demo", "--port", str(port))
        again = await second.prints(r"Open (http://127\.0\.0\.1:\d+) in a browser")
        assert f"Port {port} is taken; using {again.rpartition(':')[2]}." in second.out
        assert "A sample network" not in second.out
        assert "Nadia is the animator" in second.out
        assert any("Your language" in text for text in (await who_is_there(again))["Zoe"])
        second.told(signal.SIGINT)
        assert await second.ends(ENDS_WITHIN) == 0

    third = await start("demo", "--port", str(port), "--fresh")
    anew = await third.prints(r"Open (http://127\.0\.0\.1:\d+) in a browser")
    assert "A sample network is ready" in third.out
    assert "Zoe" not in await who_is_there(anew)
    third.told(signal.SIGINT)
    assert await third.ends(ENDS_WITHIN) == 0
    assert first.err + second.err + third.err == ""


async def test_the_demo_says_in_one_line_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in (
        ("telegram.json", json.dumps({"format": 0})),
        ("telegram.json", "{"),
        ("diwan.db", "not a database " * 500),
        ("diwan.db.erasures", "somebody yesterday\n"),
    ):
        folder = tmp_path / str(len(content))
        folder.mkdir()
        (folder / name).write_text(content)
        (folder / "letter.txt").write_text("somebody else's")
        assert await show(folder, a_free_port(), fresh=False) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert f"diwan demo --folder {folder} --fresh" in told.err
        assert (folder / name).read_text() == content


async def test_a_folder_that_cannot_be_written_is_named_and_another_is_named_at_the_end(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert await show(tmp_path / "file" / "demo", a_free_port(), fresh=False) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("--folder: ")
    elsewhere = await start("demo", "--port", str(a_free_port()), "--folder", "else where")
    await elsewhere.prints("in a browser")
    elsewhere.told(signal.SIGINT)
    assert await elsewhere.ends(ENDS_WITHIN) == 0
    assert "; `diwan demo --folder 'else where'` goes on where it was." in elsewhere.out
