"""``diwan run``: start, serve until told to stop, drain."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import click

from bot.app import App
from bot.holding import AnotherRunsError
from bot.journal import JournalUnusableError
from bot.listening import CannotListenError
from bot.migrating import DatabaseUnusableError, migrate_async
from bot.settings import Part, Settings
from bot.telegram import TokenRefusedError
from bot.translating.engines import EngineUnusableError
from bot.webhook import WebhookSetError
from community.evidence import FrameworkError
from reports.evidence import LogoError

DRAIN, LAST_WORD = 9.0, 1.0
"""Seconds in which everything that has begun is finished, and then to give back what is held."""


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


EVERYTHING = frozenset(Part)


async def serve(settings: Settings, parts: frozenset[Part] = EVERYTHING) -> int:
    """Run until a signal; return the exit code."""
    try:
        await migrate_async(settings.database_url.get_secret_value())
    except DatabaseUnusableError as problem:
        click.echo(str(problem), err=True)
        return 2
    app = App(settings, parts=parts)
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
    if (why := starting.exception()) is not None:
        code, line = _why(why)
        click.echo(line, err=True)
        await app.close()
        return code
    link = await app.first_administrator_link()
    if link:
        click.echo(f"Nobody administers this network yet. Open this once: {link}")
    click.echo("Diwan is running. Ctrl-C ends it.")
    refused = asyncio.create_task(app.telegram.refused.wait())
    superseded = asyncio.create_task(app.superseded.wait())
    ends = {waiting, refused, superseded}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    code = 3 if refused.done() else 0
    if superseded.done():
        code, line = _why(AnotherRunsError())
        click.echo(line, err=True)
    for task in ends:
        task.cancel()
    try:
        await asyncio.wait_for(app.stop(), DRAIN)
    except TimeoutError:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(app.give_back(), LAST_WORD)
        click.echo(
            "Not everything could be finished; the next start goes on from there.", err=True
        )
        os._exit(code)
    return code


def _why(problem: BaseException) -> tuple[int, str]:
    """Return the exit code and the line for what keeps the bot from running."""
    match problem:
        case AnotherRunsError():
            return 1, "Another process receives for this bot already; stop it first."
        case TokenRefusedError():
            return 2, "BOT_TOKEN: Telegram does not accept it; get a new one from @BotFather."
        case WebhookSetError():
            return 2, (
                "BOT_MODE: a webhook is set for this bot. Set BOT_MODE=polling to take it away, "
                "or BOT_MODE=webhook to use one."
            )
        case LogoError():
            return 2, f"REPORT_LOGO: {problem}."
        case FrameworkError():
            return 2, f"INDICATORS_FILE: {problem.problems[0]}; `diwan check` names all mistakes."
        case JournalUnusableError() | CannotListenError() | EngineUnusableError():
            return 2, str(problem)
    raise problem
