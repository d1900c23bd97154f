"""Texts to translate, out and in again on the command line."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bot.__main__ import main
from bot.clock import SystemClock
from bot.database import Database
from bot.migrating import migrate_async
from community import people
from community.people import Person
from community.roles import Role, RoleName
from community.translations import ContentText
from reports.po import read, written
from tests.handlers.test_brought import a_letter, the_team

NOW = SystemClock().now()


def diwan(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network with one animator and a newsletter."""
    address = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", address)

    async def fill() -> None:
        await migrate_async(address)
        database = Database(address)
        async with database.transaction() as session:
            await the_team(session, NOW, RoleName.ANIMATOR)
            await a_letter(session, NOW, title="News of 2026", body="Hello")
        await database.close()

    asyncio.run(fill())
    return address


def approved(address: str) -> set[str]:
    async def ask() -> set[str]:
        database = Database(address)
        async with database.transaction() as session:
            found = await session.scalars(
                select(ContentText.text).where(ContentText.language == "uk")
            )
            texts = set(found)
        await database.close()
        return texts

    return asyncio.run(ask())


def test_texts_go_out_and_come_in_again_and_nothing_is_written_unasked(address: str) -> None:
    told = diwan("export", "--texts", "uk", "uk.po")
    assert (told.exit_code, told.output) == (0, "uk.po: 2 texts to translate.\n"), told.output
    assert "exists already" in diwan("export", "--texts", "uk", "uk.po").output
    assert diwan("export", "--texts", "uk", "uk.po", "--force").exit_code == 0
    texts = read(Path("uk.po").read_bytes())
    said = {"News of 2026": "Новини", "Hello": "Вітаю"}
    entries = [replace(entry, text=said[entry.source]) for entry in texts.entries]
    Path("uk.po").write_bytes(written(replace(texts, entries=entries)))

    told = diwan("import", "uk.po")
    assert "uk: 1 can be written, 0 stand there already, 0 are empty or fuzzy" in told.output
    assert "“News of 2026”: This is in the original and not in the text: 2026" in told.output
    assert told.output.endswith("Written: 0.\n")
    assert approved(address) == set()
    assert diwan("import", "uk.po", "--yes").output.endswith("Written: 1.\n")
    assert approved(address) == {"Вітаю"}
    assert "1 stand there already" in diwan("import", "uk.po", "--yes").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "--texts", "xx", "x.po"], "--texts: xx is none of"),
        (["export", "--texts", "uk", "x.po", "--as", "99"], "--as: 99 is nobody who translates"),
        (["export", "--texts", "uk", "nowhere/x.po"], "cannot be written"),
        (["import", "missing.po"], "cannot be read"),
        (["import", "texts.csv"], "only texts in a .po file can be imported"),
        (["import", "empty.po"], "This is no PO file, or it is damaged."),
    ],
)
def test_what_cannot_be_done_is_one_line(address: str, words: list[str], told: str) -> None:
    Path("empty.po").write_bytes(b"")
    result = diwan(*words)
    assert result.exit_code == 1
    assert told in result.output
    assert result.output.count("\n") == 1


def test_of_several_who_translate_one_has_to_be_named(address: str) -> None:
    async def one_more() -> None:
        database = Database(address)
        async with database.transaction() as session:
            other = await people.meet(session, 7, NOW, name="Olha")
            session.add(Role(person_id=other.id, name=RoleName.COORDINATOR, granted_at=NOW))
            assert await session.scalar(select(Person.id).where(Person.telegram_id == 7))
        await database.close()

    asyncio.run(one_more())
    told = diwan("export", "--texts", "uk", "uk.po")
    assert "Say with --as NUMBER whose texts these are: 1 (Boss), 7 (Olha)." in told.output
    assert diwan("export", "--texts", "uk", "uk.po", "--as", "1").exit_code == 0
    assert "Everything is translated." in (
        diwan("export", "--texts", "uk", "other.po", "--as", "7").output
    )
    assert not Path("other.po").exists()


def test_a_translators_texts_go_out_by_their_own_number(address: str) -> None:
    async def a_translator() -> None:
        database = Database(address)
        async with database.transaction() as session:
            tala = await people.meet(session, 77, NOW, name="Tala")
            session.add(Role(person_id=tala.id, name=RoleName.TRANSLATOR, granted_at=NOW))
        await database.close()

    asyncio.run(a_translator())
    assert "--as" in diwan("export", "--texts", "uk", "uk.po").output, "there are two now"
    told = diwan("export", "--texts", "uk", "uk.po", "--as", "77")
    assert (told.exit_code, told.output) == (0, "uk.po: 2 texts to translate.\n"), told.output


def test_what_is_approved_comes_along_and_changes_only_if_that_is_said(address: str) -> None:
    def brings(**said: str) -> None:
        texts = read(Path("uk.po").read_bytes())
        entries = [replace(one, text=said.get(one.source, one.text)) for one in texts.entries]
        Path("uk.po").write_bytes(written(replace(texts, entries=entries)))

    diwan("export", "--texts", "uk", "uk.po")
    brings(Hello="Вітаю")
    assert diwan("import", "uk.po", "--yes").output.endswith("Written: 1.\n")
    told = diwan("export", "--texts", "uk", "uk.po", "--force", "--approved")
    assert told.output == "uk.po: 2 texts to translate.\n"
    brings(Hello="Привіт")
    told = diwan("import", "uk.po", "--yes")
    assert "1 that are approved would change, and stay as they are without" in told.output
    assert "Newsletter “Вітаю” → “Привіт”" in told.output
    assert approved(address) == {"Вітаю"}
    told = diwan("import", "uk.po", "--yes", "--approved")
    assert told.output.endswith("Written: 1.\n")
    assert approved(address) == {"Привіт"}
    told = diwan("languages")
    (line,) = (line for line in told.output.splitlines() if line.startswith("uk"))
    assert line.endswith("0 of 1 texts"), told.output
