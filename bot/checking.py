"""``diwan check``: is everything as it should be? One line each, and a code for scripts."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot import first_use
from bot.database import Database
from bot.journal import Journal, JournalUnusableError, place_of
from bot.migrating import is_current
from bot.settings import Settings
from locales import OFFERED
from locales.checks import problems


async def check(settings: Settings) -> int:
    """Test configuration, database, migrations, languages and the token; 0 if all is well."""
    _tell("configuration", "")
    found = [
        await _database(settings),
        await _journal(settings),
        _catalogues(),
        _indicators(settings),
        _cover(settings),
        await _machine(settings),
        await _telegram(settings),
    ]
    return 0 if all(found) else 1


def _tell(what: str, problem: str) -> bool:
    click.echo(f"{'ok' if not problem else 'NO'}  {what}{': ' + problem if problem else ''}")
    return not problem


async def _database(settings: Settings) -> bool:
    database = Database(settings.database_url.get_secret_value())
    if database.is_sqlite:
        problem = _problem_of(Path(str(database.url.database)))
        if problem:
            return _tell("database", problem)
    try:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            _tell("database", "")
            current = await connection.run_sync(is_current)
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        return _tell("database", f"cannot be opened ({type(error).__name__})")
    finally:
        await database.close()
    return _tell("migrations", "" if current else "run `diwan migrate`")


def _problem_of(file: Path) -> str:
    """Return what is wrong with an SQLite file before it is opened: to open it would make it."""
    try:
        there = file.exists()
        # SQLite puts further files beside this one.
        usable = _is_writable(file.parent)
        usable = usable and (not there or (file.is_file() and os.access(file, os.W_OK)))
    except OSError:
        usable = False
    if not usable:
        return f"{file} cannot be written; correct the path or its rights"
    return "" if there else "there is none yet; run `diwan migrate`"


def _is_writable(folder: Path) -> bool:
    """Say whether files could be put there, without making the folder."""
    around = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return around.is_dir() and os.access(around, os.W_OK | os.X_OK)


async def _journal(settings: Settings) -> bool:
    journal = Journal(place_of(settings))
    if journal.path is None:
        click.echo(
            "--  file of erasures: ERASURES_FILE is not set; a backup that is put back brings "
            "back who was erased"
        )
        return True
    try:
        with journal.refusing():
            is_new = not await asyncio.to_thread(journal.path.parent.exists)
            if is_new and not _is_writable(journal.path.parent):
                raise PermissionError
        if not is_new:
            await journal.try_out()
    except JournalUnusableError as problem:
        return _tell("file of erasures", str(problem))
    return _tell("file of erasures", "")


def _catalogues() -> bool:
    for language in OFFERED:
        found = problems(language)
        if found:
            return _tell(f"catalogue {language}", f"{found[0]} (and {len(found) - 1} more)")
    return _tell(f"catalogues {' '.join(OFFERED)}", "")


def _indicators(settings: Settings) -> bool:
    from community.evidence import FrameworkError, load

    if settings.indicators_file is None:
        return _tell("indicators: those of the guidance note", "")
    try:
        framework = load(settings.indicators_file)
    except FrameworkError as error:
        for problem in error.problems:
            _tell("indicators", problem)
        return False
    return _tell(f"indicators: {len(framework.indicators)} of your own", "")


def _cover(settings: Settings) -> bool:
    from bot.reporting import cover_of
    from reports.evidence import LogoError

    if settings.report_logo is None:
        return True
    try:
        cover_of(settings)
    except LogoError as problem:
        return _tell("REPORT_LOGO", str(problem))
    return _tell("logo of the reports", "")


async def _machine(settings: Settings) -> bool:
    """Say from and into how many languages the engine translates, if one is set."""
    from bot.translating import engine_of
    from bot.translating.engines import EngineError, EngineUnusableError

    what = f"machine translation: {settings.translation_engine}"
    try:
        engine = engine_of(settings)
    except EngineUnusableError as problem:
        return _tell(what, str(problem))
    if engine is None:
        return True
    try:
        count = len(await engine.pairs())
    except EngineError as error:
        return _tell(what, f"cannot be asked ({error.reason})")
    finally:
        await engine.close()
    return _tell(f"{what}, {count} pairs of languages", "")


async def _telegram(settings: Settings) -> bool:
    if settings.bot_token is None:
        click.echo("--  Telegram: BOT_TOKEN is not set, so it was not asked")
        return True
    first_use.import_aiogram(build_at_start=settings.builds_at_start)

    from bot.app import App
    from bot.telegram import Call, TokenRefusedError

    app = App(settings)
    try:
        answer = await app.telegram.call(Call("getMe"))
        info = await app.telegram.call(Call("getWebhookInfo"))
    except TokenRefusedError:
        return _tell("Telegram", "BOT_TOKEN is not accepted; get a new one from @BotFather")
    finally:
        await app.close()
    if answer.result is None:
        return _tell("Telegram", f"cannot be reached ({answer.reason})")
    _tell(f"Telegram: this is @{answer.result['username']}", "")
    return _webhook(settings, info.result if isinstance(info.result, dict) else {})


def _webhook(settings: Settings, told: dict[str, Any]) -> bool:
    """Say whether Telegram brings updates where this bot expects them, and how that goes.

    Only whether an address is ours is said, not what it is: another bot's may be a secret.
    """
    url, waiting = told.get("url", ""), int(told.get("pending_update_count", 0))
    if not settings.by_webhook:
        if url and not settings.polls_on_purpose:
            return _tell("webhook", "one is set; BOT_MODE=polling takes it away at the next start")
        return True
    if not url:
        click.echo("--  webhook: none is set yet; `diwan run` sets it")
        return True
    if url != settings.webhook_url:
        return _tell("webhook", "another address is set; `diwan run` sets WEBHOOK_URL")
    if waiting and told.get("last_error_message"):
        return _tell("webhook", f"{told['last_error_message']} ({waiting} updates wait)")
    return _tell(f"webhook: set; {waiting} updates wait", "")
