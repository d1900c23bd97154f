"""``diwan import costs`` and ``diwan export costs``: what activities cost, in and out."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click

from bot.backups import begin, put_in_place
from bot.directory import coordinator, in_a_sentence
from bot.languages import LanguageError
from bot.settings import Settings
from bot.texts import opened
from community import costs
from handlers import cost_files
from locales import plain, translator_for, without_isolates
from reports import cost_file


def bring_in(
    settings: Settings, path: Path, number: int | None, agrees: Callable[[int], bool]
) -> int:
    """Say what is new in a table and, if that is agreed to, write it; return how many.

    Raises:
        LanguageError: it cannot be read, a line has a mistake, or nobody is named who may write.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LanguageError(f"{path} cannot be read ({error.strerror}).") from None
    return asyncio.run(_bring_in(settings, content, number, agrees))


async def _bring_in(
    settings: Settings, content: bytes, number: int | None, agrees: Callable[[int], bool]
) -> int:
    _network, database, now = await opened(settings)
    try:
        with in_a_sentence():
            lines = cost_file.read(content, settings.currency)
            async with database.transaction() as session:
                person = await coordinator(session, number, now)
                found = await costs.compare(session, person, lines, now)
            text = cost_files.told(found, translator_for("en"))
            click.echo(without_isolates(plain(text)))
            if not found.new or not agrees(len(found.new)):
                return 0
            async with database.transaction() as session:
                person = await coordinator(session, person.telegram_id, now)
                return len((await costs.bring(session, person, lines, now)).new)
    finally:
        await database.close()


def take_out(settings: Settings, path: Path, number: int | None, *, force: bool) -> int:
    """Write all costs that count into a file; return how many.

    Raises:
        LanguageError: there is a file already, it cannot be written, or nobody may take it.
    """
    if path.exists() and not force:
        raise LanguageError(f"{path} exists already; name another, or say --force.")
    content, count = asyncio.run(_every(settings, number))
    beside = path.with_name(path.name + ".new")
    try:
        begin(beside)
        beside.write_bytes(content)
        put_in_place(beside, path)
    except OSError as error:
        raise LanguageError(f"{path} cannot be written ({error.strerror}).") from None
    finally:
        beside.unlink(missing_ok=True)
    return count


async def _every(settings: Settings, number: int | None) -> tuple[bytes, int]:
    _network, database, now = await opened(settings)
    try:
        with in_a_sentence():
            async with database.transaction() as session:
                person = await coordinator(session, number, now)
                content = await cost_files.content(session, person, now)
                return content, len(await costs.every(session, person, now))
    finally:
        await database.close()
