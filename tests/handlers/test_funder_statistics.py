"""The funder's statistics in the chat: asked of whoever agrees where a funder wants them."""

import csv
import inspect
import zipfile
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from community import consents, funder, people
from community.consents import Purpose
from community.funder import Supports
from community.participants import FunderAnswer, Question
from community.roles import RoleName
from tests.community.test_funder import EMPLOYED, TELLING, Town
from tests.handlers.conftest import Calling, Phone, read


@pytest.fixture
def is_on(phone: Calling, monkeypatch: pytest.MonkeyPatch) -> None:
    of_phones = inspect.unwrap(phone).__globals__
    network = replace(of_phones["NETWORK"], funder=Supports.PEOPLE)
    monkeypatch.setitem(of_phones, "NETWORK", network)


async def _agrees(phone: Phone, *purposes: Purpose) -> None:
    async with phone.database.transaction() as session:
        person = await people.by_telegram_id(session, phone.number)
        assert person is not None
        now, given = phone.now, {*purposes}
        await consents.switch(session, person, given, now, version="1", language="en")


async def _said(phone: Phone) -> dict[str, str]:
    async with phone.database.transaction() as session:
        rows = await session.execute(select(FunderAnswer.question, FunderAnswer.value))
        return {row.question: row.value for row in rows}


@pytest.mark.usefixtures("is_on")
async def test_a_member_answers_one_question_after_the_other_and_may_pass_over_each(
    phone: Calling,
) -> None:
    amina = await phone(1)
    await _agrees(amina, Purpose.STATISTICS)
    await amina.says("/me")
    await amina.presses("📋 For the funder's statistics")
    assert "used for nothing else" in amina.last
    await amina.presses("Begin")
    assert "What is your gender?" in amina.last
    assert "I would rather not say" in amina.buttons
    await amina.presses("Woman")
    assert "In which year were you born?" in amina.last
    await amina.says("soon")
    assert "In which year were you born?" in amina.last
    await amina.says("١٩٩٠")
    assert "Do you work at the moment?" in amina.last
    for _ in range(6):
        await amina.presses("I would rather not say")
    assert "What is your gender? Woman" in amina.last
    assert "In which year were you born? 1990" in amina.last
    said = await _said(amina)
    assert said.keys() == {*Question}
    assert [*said.values()].count("unsaid") == 6
    await amina.presses("✏️ Work")
    await amina.presses("I work for myself")
    assert "Do you work at the moment? I work for myself" in amina.last
    await amina.presses("✏️ Year of birth")
    await amina.presses("I would rather not say")
    assert "In which year were you born? I would rather not say" in amina.last


@pytest.mark.usefixtures("is_on")
async def test_the_answers_are_gone_once_the_switch_is_off(phone: Calling) -> None:
    amina = await phone(1)
    await amina.says("/me")
    assert not any("funder" in label for label in amina.buttons)
    await amina.presses("What I agreed to")
    await amina.presses("Counting me in the funder's statistics")
    await amina.presses("📋 For the funder's statistics")
    await amina.presses("Begin")
    await amina.presses("Man")
    assert await _said(amina) == {"gender": "man"}
    await amina.says("/me")
    await amina.presses("What I agreed to")
    await amina.presses("✅ Counting me in the funder's statistics")
    assert await _said(amina) == {}
    await amina.sends_data("ea:gender:man")  # an old button
    assert await _said(amina) == {}


@pytest.mark.parametrize("data", ["ea::", "ea:first:", "ea:gender:man", "ea:x:y"])
async def test_where_no_funder_wants_it_nothing_is_asked_or_kept(
    phone: Calling, data: str
) -> None:
    amina = await phone(1)
    await _agrees(amina, Purpose.STATISTICS)
    await amina.says("/me")
    assert not any("funder" in label for label in amina.buttons)
    await amina.sends_data(data)
    assert len(amina.seen) == 1
    assert await _said(amina) == {}
    boss = await phone(2, "en", RoleName.COORDINATOR)
    await boss.says("/report")
    assert "🇪🇺 Funder statistics" not in boss.buttons


async def _a_year(boss: Phone, supports: Supports = Supports.FIRMS) -> None:
    async with boss.database.transaction() as session:
        town = Town(session)
        await town.many(6, **EMPLOYED)
        await town.many(5, gender="man", labour="self_employed")
        await town.many(5, gender="man", labour="long_term", disability="yes")
        await funder.tell(session, TELLING, ZoneInfo("Europe/Brussels"), supports)
    boss.now = TELLING


@pytest.mark.usefixtures("is_on")
async def test_a_coordinator_reads_a_year_as_text_workbook_and_csv(phone: Calling) -> None:
    boss = await phone(1, "en", RoleName.COORDINATOR)
    await boss.says("/report")
    await boss.presses("🇪🇺 Funder statistics")
    assert "There is no year yet." in boss.last
    await _a_year(boss)
    await boss.says("/report")
    await boss.presses("🇪🇺 Funder statistics")
    await boss.presses("2026")
    text, workbook, table = boss.seen[-3:]
    told = read(text.text)
    assert "EECO01 All participants: 11" in told
    assert "EECO19 Enterprises supported: 5" in told
    assert "EECO03 Unemployed for long: 5" in told
    assert "Regulation (EU) 2021/1057, annex I" in told
    assert workbook.file is not None
    assert callable(workbook.file.content)
    with zipfile.ZipFile(BytesIO(workbook.file.content())) as book:
        shared = book.read("xl/sharedStrings.xml").decode()
    assert "year of entry less year of birth" in shared
    assert table.file is not None
    assert isinstance(table.file.content, bytes)
    rows = list(csv.DictReader(StringIO(table.file.content.decode("utf-8-sig"))))
    cells: dict[tuple[str, str], Any] = {
        (one["code"], one["gender"]): one["count"] for one in rows
    }
    assert cells["EECO01", ""] == "11"
    assert cells["EECO05", "woman"] == "6"
    assert cells["EECO05", "man"] == "0"
    assert cells["EECO12", "man"] == "5"
    assert cells["EECO19", ""] == "5"


@pytest.mark.usefixtures("is_on")
@pytest.mark.parametrize("language", ["ar", "fr", "uk"])
async def test_the_table_is_read_in_every_language(phone: Calling, language: str) -> None:
    boss = await phone(1, language, RoleName.COORDINATOR)
    await _a_year(boss)
    await boss.sends_data("ec:2026")
    text = read(boss.seen[-3].text)
    assert "EECO05" in text
    assert "All participants" not in text


@pytest.mark.usefixtures("is_on")
async def test_nobody_else_reads_it(phone: Calling) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    await _a_year(boss)
    await boss.sends_data("ec:2026")
    assert not any(message.file for message in boss.seen)
