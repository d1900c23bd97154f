"""``diwan demo``: emulator, bot and chat page on this machine; no token, no internet."""

import asyncio
import contextlib
import errno
import fcntl
import secrets
import shlex
import socket
from pathlib import Path

import click

from bot import logs
from bot.app import App
from bot.clock import FollowedClock
from bot.journal import JournalUnusableError
from bot.migrating import DatabaseUnusableError, migrate_async
from bot.running import DRAIN, on_signals
from bot.sample import fill, who_is_who
from bot.settings import Settings, SettingsError, load
from emulator import Emulator

PORTS_TRIED = 50
FOLDER = Path("var/demo")
"""Where `make demo` keeps its files; the command line has the same default."""

KEPT = (
    "token",
    "telegram.json",
    "telegram.json.new",
    "diwan.db",
    "diwan.db-wal",
    "diwan.db-shm",
    "diwan.db.erasures",
)
"""What the demo keeps in its folder. A fresh one removes these, and nothing else that is there."""


def free_port(first: int) -> int:
    """Return the first port from ``first`` on that nobody listens on.

    Raises:
        OSError: fifty ports in a row are taken.
    """
    for port in range(first, min(first + PORTS_TRIED, 2**16)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise OSError(errno.EADDRINUSE, "no free port")


def _token(folder: Path) -> str:
    """Return the demo's made-up token; it opens nothing but the emulator."""
    kept = folder / "token"
    if not kept.exists():
        kept.write_text(f"{secrets.randbelow(9 * 10**8) + 10**8}:{secrets.token_urlsafe(26)}")
    return kept.read_text().strip()


async def show(folder: Path, first_port: int, *, fresh: bool) -> int:
    """Run the demo until a signal; return the exit code."""
    ending = asyncio.Event()
    on_signals(ending.set)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / "lock").open("w")
    except OSError:
        click.echo(f"--folder: {folder} cannot be written; choose another.", err=True)
        return 2
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            click.echo(
                f"A demo runs already in {folder}; end it first, or give this one a --folder.",
                err=True,
            )
            return 1
        if fresh:
            for name in KEPT:
                (folder / name).unlink(missing_ok=True)
        return await _show(folder, first_port, ending)


async def _show(folder: Path, first_port: int, ending: asyncio.Event) -> int:
    try:
        port = free_port(first_port)
    except OSError:
        click.echo(f"No port from {first_port} on is free; end another demo first.", err=True)
        return 1
    if port != first_port:
        click.echo(f"Port {first_port} is taken; using {port}.")
    emulator = Emulator(port=port, state=folder / "telegram.json", token=_token(folder))
    try:
        settings = _settings(folder, emulator.url)
    except SettingsError as problem:
        click.echo(str(problem), err=True)
        return 2
    logs.configure("WARNING", "text")
    try:
        await migrate_async(settings.database_url.get_secret_value())
        await emulator.start()
    except (DatabaseUnusableError, ValueError):
        return _unreadable(folder)
    app = App(settings, clock=FollowedClock(emulator.url))
    try:
        await app.start()
    except JournalUnusableError:
        await app.close()
        await emulator.stop()
        return _unreadable(folder)
    assert app.network is not None
    made = await fill(app.database, emulator, app.network, app.clock.now())
    if made:
        click.echo("A sample network is ready: people in four languages, events, services.")
    for sentence in who_is_who(emulator):
        click.echo(sentence)
    click.echo(f"Open {emulator.url} in a browser. Ctrl-C ends it.")
    await ending.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(app.stop(), DRAIN)
    await emulator.stop()
    click.echo(f"The demo has ended; {_command(folder)} goes on where it was.")
    return 0


def _command(folder: Path, *, fresh: bool = False) -> str:
    """Return what starts this demo again."""
    if folder == FOLDER:
        return "`make demo FRESH=1`" if fresh else "`make demo`"
    return f"`diwan demo --folder {shlex.quote(str(folder))}{' --fresh' if fresh else ''}`"


def _unreadable(folder: Path) -> int:
    click.echo(
        f"What the demo has kept in {folder} cannot be read; begin anew with "
        f"{_command(folder, fresh=True)}.",
        err=True,
    )
    return 1


def _settings(folder: Path, base: str) -> Settings:
    return load(
        bot_token=_token(folder),
        telegram_api_base=base,
        database_url=f"sqlite+aiosqlite:///{folder / 'diwan.db'}",
        erasures_file=folder / "diwan.db.erasures",
    )
