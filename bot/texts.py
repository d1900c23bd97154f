"""``diwan export --texts`` and ``diwan import``: texts to translate, out and in again.

What may be written, and by whom, is what the translation desk in the chat says, too.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.backups import begin, put_in_place
from bot.clock import SystemClock
from bot.database import Database
from bot.languages import LanguageError, machine_of
from bot.migrating import DatabaseUnusableError, migrate_async
from bot.refusals import sentence
from bot.settings import Settings
from community import people, roles
from community.errors import RefusalError
from community.people import Person
from community.roles import Role
from community.untranslated import WRITERS
from handlers import brought
from handlers.brought import Brought
from handlers.replies import Network
from locales import OFFERED, Html, plain, translator_for, without_isolates
from reports import po
from reports.po import Texts


def take_out(
    settings: Settings,
    language: str,
    file: Path,
    number: int | None,
    *,
    force: bool,
    approved: bool = False,
) -> int:
    """Write what a person may translate into one language into a PO file; return how many.

    Raises:
        LanguageError: there is a file already, no such language, or nobody whose texts these are.
    """
    if language not in OFFERED:
        raise LanguageError(f"--texts: {language} is none of {', '.join(OFFERED)}.")
    if file.exists() and not force:
        raise LanguageError(f"{file} exists already; name another, or say --force.")
    texts = asyncio.run(_texts(settings, language, number, approved=approved))
    if texts.entries:
        beside = file.with_name(file.name + ".new")
        try:
            begin(beside)
            beside.write_bytes(po.written(texts))
            put_in_place(beside, file)
        except OSError as error:
            raise LanguageError(f"{file} cannot be written ({error.strerror}).") from None
        finally:
            beside.unlink(missing_ok=True)
    return len(texts.entries)


async def _texts(
    settings: Settings, language: str, number: int | None, *, approved: bool
) -> Texts:
    network, database, now = await opened(settings)
    try:
        async with database.transaction() as session:
            person = await _person(session, number, now)
            _ = translator_for(person.language or network.language)
            return await brought.texts_for(
                session, person, language, network, now, _, approved=approved
            )
    finally:
        await database.close()


def bring_in(
    settings: Settings,
    file: Path,
    number: int | None,
    agrees: Callable[[int], bool],
    *,
    approved: bool = False,
) -> int:
    """Show what a PO file brings and, if that is agreed to, write it; return how many were.

    Without ``approved``, what is approved stays as it is.

    Raises:
        LanguageError: the file cannot be read, or nobody is named whose texts these are.
    """
    if file.suffix.lower() != ".po":
        raise LanguageError(f"{file}: only texts in a .po file can be imported.")
    try:
        texts = brought.read(file.read_bytes())
    except OSError as error:
        raise LanguageError(f"{file} cannot be read ({error.strerror}).") from None
    except RefusalError as error:
        raise LanguageError(f"{file}: {_in_english(sentence(error, _ENGLISH))}") from None
    return asyncio.run(_bring_in(settings, texts, number, agrees, approved=approved))


async def _bring_in(
    settings: Settings,
    texts: Texts,
    number: int | None,
    agrees: Callable[[int], bool],
    *,
    approved: bool,
) -> int:
    network, database, now = await opened(settings)
    try:
        async with database.transaction() as session:
            person = await _person(session, number, now)
            found = await brought.check(session, person, texts, network, now)
        _show(found, approved=approved)
        found = found if approved else replace(found, changes=())
        count = len(found.ready) + len(found.changes)
        if not count or not agrees(count):
            return 0
        async with database.transaction() as session:
            person = await _person(session, person.telegram_id, now)
            again = await brought.check_again(session, person, found, network, now)
            if (again.ready, again.changes) != (found.ready, found.changes):
                raise LanguageError("Something has changed meanwhile. Nothing was written.")
            for send in await brought.write(session, person, found, now):
                click.echo(f"An announcement is a draft again: {send.ref}")
    finally:
        await database.close()
    return count


_ENGLISH = translator_for("en")


def _in_english(text: Html) -> str:
    return without_isolates(plain(text))


def _show(found: Brought, *, approved: bool) -> None:
    click.echo(
        f"{found.language}: {len(found.ready)} can be written, {found.same} stand there already, "
        f"{found.left} are empty or fuzzy, {len(found.refused)} cannot be written."
    )
    if found.changes:
        stay = "" if approved else ", and stay as they are without --approved"
        click.echo(f"{len(found.changes)} that are approved would change{stay}:")
    for one in found.changes:
        click.echo(_in_english(brought.change(one, _ENGLISH)))
    for no in found.refused:
        click.echo(_in_english(brought.reason(no, found.language, _ENGLISH)))


async def opened(settings: Settings) -> tuple[Network, Database, datetime]:
    """Return the network, its database brought up to date, and the time."""
    address = settings.database_url.get_secret_value()
    try:
        await migrate_async(address)
    except DatabaseUnusableError as problem:
        raise LanguageError(str(problem)) from None
    machine = await machine_of(settings)
    network = Network(
        settings.default_language,
        settings.timezone,
        "",
        "",
        currency=settings.currency,
        machine=machine,
    )
    return network, Database(address), SystemClock().now()


async def _person(session: AsyncSession, number: int | None, now: datetime) -> Person:
    """Return whose texts these are: whoever has this number, else the only one it can be."""
    if number is not None:
        person = await people.by_telegram_id(session, number)
        if person is None or not await _may(session, person, now):
            raise LanguageError(f"--as: {number} is nobody who translates here.")
        return person
    known = await session.scalars(
        select(Person)
        .where(Person.id.in_(select(Role.person_id).where(Role.name.in_(WRITERS))))
        .order_by(Person.id)
    )
    who = [one for one in known if one.telegram_id and await _may(session, one, now)]
    if len(who) != 1:
        listed = ", ".join(f"{one.telegram_id} ({one.name})" for one in who) or "nobody yet"
        raise LanguageError(f"Say with --as NUMBER whose texts these are: {listed}.")
    return who[0]


async def _may(session: AsyncSession, person: Person, now: datetime) -> bool:
    return bool({role.name for role in await roles.held(session, person, now)} & WRITERS)


def asked(yes: bool) -> Callable[[int], bool]:
    """Return what asks at the terminal; with ``yes``, or where nobody sits, it does not ask."""

    def agrees(count: int) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            click.echo("Nothing is written without --yes where nobody can be asked.", err=True)
            return False
        return click.confirm(f"Write {count}?")

    return agrees
