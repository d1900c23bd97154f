"""``diwan languages``: how far each language is, and a model that is added."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database
from bot.settings import Settings
from bot.translating import engine_of, models
from bot.translating.engines import EngineError, EngineUnusableError
from bot.translating.models import ModelError
from community import reading_aloud
from community.machine import NO_MACHINE, Machine
from community.reading_aloud import Covered
from locales import OFFERED, native_name
from locales.catalogue import coverage

TRIAL = "Hello."


class LanguageError(Exception):
    """What was asked cannot be done. The message is one line that says why."""


def show(settings: Settings) -> None:
    """Print what there is of each language that is offered.

    Raises:
        LanguageError: the engine cannot be asked.
    """
    machine, voices = asyncio.run(_both(settings))
    rows = [("", "language", "catalogue", "machine from it", "machine into it", "voice")]
    for language in OFFERED:
        others = [other for other in OFFERED if other != language]
        rows.append(
            (
                language,
                native_name(language),
                f"{int(coverage(language) * 100)} %",
                _listed(machine, others, [(language, other) for other in others]),
                _listed(machine, others, [(other, language) for other in others]),
                _voiced(voices, language),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo(f"\nTRANSLATION_ENGINE={settings.translation_engine}")


async def _both(settings: Settings) -> tuple[Machine, Mapping[str, Covered] | None]:
    return await machine_of(settings), await _voices(settings)


async def _voices(settings: Settings) -> Mapping[str, Covered] | None:
    """Return how many texts can be heard, or None where there is no database of this version."""
    database = Database(settings.database_url.get_secret_value())
    file = Path(database.url.database or "")
    if database.is_sqlite and not await asyncio.to_thread(file.is_file):
        return None
    try:
        async with database.transaction() as session:
            return await reading_aloud.coverage(session)
    except (SQLAlchemyError, OSError, sqlite3.Error):
        return None
    finally:
        await database.close()


def _voiced(voices: Mapping[str, Covered] | None, language: str) -> str:
    """Return how many of the approved texts can be heard."""
    if voices is None:
        return "not known"
    found = voices.get(language)
    return f"{found.heard} of {found.texts} texts" if found else "no texts"


async def machine_of(settings: Settings) -> Machine:
    """Return what machine translation there is by the settings.

    Raises:
        LanguageError: the engine cannot be asked.
    """
    engine = engine_of(settings, translates=False)
    if engine is None:
        return NO_MACHINE
    try:
        return Machine(engine.name, await engine.pairs())
    except EngineError as error:
        raise LanguageError(f"{engine.name} cannot be asked ({error.reason}).") from None
    finally:
        await engine.close()


def _listed(machine: Machine, others: Sequence[str], ways: Sequence[tuple[str, str]]) -> str:
    """Return the languages to which, or from which, there is a way, and what is between."""
    told = []
    for other, (source, target) in zip(others, ways, strict=True):
        if machine.has(source, target):
            between = machine.via(source, target)
            told.append(f"{other} (by {between})" if between else other)
    return ", ".join(told) or "none"


def add(settings: Settings, file: Path, sha256: str | None) -> None:
    """Check a model, try it out and put it among the others.

    Raises:
        LanguageError: it is not what it should be, or does not translate.
    """
    try:
        digest = models.digest_of(file)
        click.echo(f"sha256 {digest}")
        if sha256 is not None and sha256.strip().lower() != digest:
            raise LanguageError(f"{file}: has another digest than the one given.")
        argos = settings.model_copy(update={"translation_engine": "argos"})
        engine_of(argos)
        model = models.install(file, settings.models_dir, digest, _try_out)
    except (ModelError, EngineUnusableError) as problem:
        raise LanguageError(str(problem)) from None
    click.echo(f"{model.source} to {model.target}, version {model.version}, is installed.")
    if settings.translation_engine != "argos":
        click.echo("Set TRANSLATION_ENGINE=argos to use it.")


def _try_out(folder: Path) -> None:
    """Translate one sentence by the only model in a folder."""
    try:
        asyncio.run(_trial(folder))
    except EngineError as error:
        raise ModelError(f"does not translate ({error.reason})") from None


async def _trial(folder: Path) -> None:
    from bot.translating.argos import Argos

    engine = Argos(folder)
    try:
        for source, target in await engine.pairs():
            await engine.translate([TRIAL], source, target)
    finally:
        await engine.close()
