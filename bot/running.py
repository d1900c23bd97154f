"""``diwan run``: start, serve until told to stop, drain."""

import asyncio
import os
import signal
from collections.abc import Callable

import click

from bot.app import AnotherRunsError, App
from bot.journal import JournalUnusableError
from bot.migrating import DatabaseUnusableError, migrate_async
from bot.settings import Settings
from bot.telegram import TokenRefusedError

DRAIN = 10.0
"""Seconds in which everything that has begun is finished."""


def on_signals(stop: Callable[[], None]) -> None:
    """Call ``stop`` on SIGTERM and SIGINT; a second signal ends the program at once."""
    loop = asyncio.get_running_loop()
    told = False

    def receive() -> None:
        nonlocal told
        if told:
            os._exit(130)
        told = True
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, receive)


async def serve(settings: Settings) -> int:
    """Run until a signal; return the exit code."""
    try:
        await migrate_async(settings.database_url.get_secret_value())
    except DatabaseUnusableError as problem:
        click.echo(str(problem), err=True)
        return 2
    app = App(settings)
    ending = asyncio.Event()
    on_signals(ending.set)
    starting = asyncio.create_task(app.start())
    waiting = asyncio.create_task(ending.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await app.close()
        return 0
    try:
        starting.result()
    except AnotherRunsError:
        click.echo("Another process receives for this bot already; stop it first.", err=True)
        await app.close()
        return 1
    except TokenRefusedError:
        click.echo(
            "BOT_TOKEN: Telegram does not accept it; get a new one from @BotFather.", err=True
        )
        await app.close()
        return 2
    except JournalUnusableError as problem:
        click.echo(str(problem), err=True)
        await app.close()
        return 2
    link = await app.first_administrator_link()
    if link:
        click.echo(f"Nobody administers this network yet. Open this once: {link}")
    click.echo("Diwan is running. Ctrl-C ends it.")
    refused = asyncio.create_task(app.telegram.refused.wait())
    await asyncio.wait({waiting, refused}, return_when=asyncio.FIRST_COMPLETED)
    code = 3 if refused.done() else 0
    for task in (waiting, refused):
        task.cancel()
    try:
        await asyncio.wait_for(app.stop(), DRAIN)
    except TimeoutError:
        click.echo(
            "Not everything could be finished; the next start goes on from there.", err=True
        )
        os._exit(code)
    return code
