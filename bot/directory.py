"""``diwan import hsds`` and ``diwan export hsds``: the directory, in and out."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.backups import begin, put_in_place
from bot.languages import LanguageError
from bot.refusals import sentence
from bot.settings import Settings
from bot.texts import opened
from community import people, roles
from community.errors import RefusalError
from community.people import Person
from community.providers import comparing, importing
from community.providers.items import Directory
from community.roles import Role, RoleName
from handlers import hsds
from locales import OFFERED, plain, translator_for, without_isolates
from reports.hsds import files, tables, writing
from reports.hsds.known import Known

_ENGLISH = translator_for("en")


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """End a command with the sentence of a refusal, in English."""
    try:
        yield
    except RefusalError as error:
        raise LanguageError(without_isolates(plain(sentence(error, _ENGLISH)))) from None


def bring_in(
    settings: Settings,
    path: Path,
    language: str | None,
    number: int | None,
    agrees: Callable[[int], bool],
) -> int:
    """List what a directory would change and, if that is agreed to, write it; return how much.

    Raises:
        LanguageError: it cannot be read, or nobody is named who may write it.
    """
    language = language or settings.default_language
    if language not in OFFERED:
        raise LanguageError(f"--language: {language} is none of {', '.join(OFFERED)}.")
    return asyncio.run(_bring_in(settings, path, language, number, agrees))


async def _bring_in(
    settings: Settings,
    path: Path,
    language: str,
    number: int | None,
    agrees: Callable[[int], bool],
) -> int:
    _network, database, now = await opened(settings)
    try:
        with in_a_sentence(), ExitStack() as opened_here:
            async with database.transaction() as session:
                person = await coordinator(session, number, now)
                directory = _read(path, await hsds.known(session, language))
                opened_here.push(directory)
                plan = await comparing.compare(session, person, directory, language, now)
            for line in chain(hsds.listed(plan, _ENGLISH), hsds.counted(plan, _ENGLISH)):
                click.echo(without_isolates(plain(line)))
            if plan.is_empty or not agrees(plan.count):
                return 0
            async with database.transaction() as session:
                person = await coordinator(session, person.telegram_id, now)
                again = await comparing.compare(session, person, directory, language, now)
                if again.seal != plan.seal:
                    raise LanguageError("Something has changed meanwhile. Nothing was written.")
                await importing.write(session, person, again, language, now)
            return plan.count
    finally:
        await database.close()


def _read(path: Path, known: Known) -> Directory:
    try:
        return files.from_path(path, known)
    except OSError as error:
        raise LanguageError(f"{path} cannot be read ({error.strerror}).") from None


async def coordinator(session: AsyncSession, number: int | None, now: datetime) -> Person:
    """Return in whose name it is written: who has this number, else the only coordinator."""
    known = await session.scalars(
        select(Person)
        .where(Person.id.in_(select(Role.person_id).where(Role.name == RoleName.COORDINATOR)))
        .order_by(Person.id)
    )
    if number is not None:
        person = await people.by_telegram_id(session, number)
        if person is None or not await _may(session, person, now):
            raise LanguageError(f"--as: {number} is no coordinator here.")
        return person
    who = [one for one in known if one.telegram_id and await _may(session, one, now)]
    if len(who) != 1:
        listed = ", ".join(f"{one.telegram_id} ({one.name})" for one in who) or "nobody yet"
        raise LanguageError(f"Say with --as NUMBER which coordinator writes this: {listed}.")
    return who[0]


async def _may(session: AsyncSession, person: Person, now: datetime) -> bool:
    return RoleName.COORDINATOR in {role.name for role in await roles.held(session, person, now)}


def take_out(settings: Settings, path: Path, language: str | None, *, force: bool) -> int:
    """Write the directory into a file (``.json``, ``.zip``) or a folder; return its services.

    Raises:
        LanguageError: there is something already, or it cannot be written.
    """
    language = language or settings.default_language
    if path.exists() and not force and not (path.is_dir() and not any(path.iterdir())):
        raise LanguageError(f"{path} exists already; name another, or say --force.")
    try:
        if path.suffix.lower() == ".json":
            return asyncio.run(_as_json(settings, path, language))
        every = asyncio.run(_every(settings, language))
        package = tables.package(every)
        if path.suffix.lower() == ".zip":
            _put(path, hsds.packed(package))
            return len(every)
        path.mkdir(parents=True, exist_ok=True)
        for name, content in package.items():
            _put(path / name, content)
    except OSError as error:
        raise LanguageError(f"{path} cannot be written ({error.strerror}).") from None
    return len(every)


async def _every(settings: Settings, language: str) -> list[dict[str, Any]]:
    _network, database, _now = await opened(settings)
    try:
        async with database.transaction() as session:
            return [one async for one in writing.organizations(session, language)]
    finally:
        await database.close()


async def _as_json(settings: Settings, path: Path, language: str) -> int:
    """Write one organisation after the other, so that little of it is in memory at once."""
    _network, database, _now = await opened(settings)
    beside, count = path.with_name(path.name + ".new"), -1
    try:
        begin(beside)
        with beside.open("wb") as file:
            async with database.transaction() as session:
                async for part in writing.as_json(session, language):
                    file.write(part)
                    count += 1  # and one more, which ends the list
        put_in_place(beside, path)
    finally:
        await database.close()
        beside.unlink(missing_ok=True)
    return count


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    try:
        begin(beside)
        beside.write_bytes(content)
        put_in_place(beside, path)
    finally:
        beside.unlink(missing_ok=True)
