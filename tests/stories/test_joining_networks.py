"""The register of networks and programmes: kept in the chat, filtered, and handed over."""

import zipfile
from io import BytesIO

import pytest

from tests.stories.conftest import Coming, Stage
from tests.stories.steps import sets_up_a_directory

IN_THE_REGISTER = {"0": "{n} are in the register.", "1": "{n} is in the register."}


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_a_coordinator_keeps_the_register_filters_it_and_hands_it_over(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await sets_up_a_directory(boss)
    await boss.presses("Back")
    await boss.presses("New network or programme")
    await boss.presses("A network to join")
    await boss.says("Founders' table")
    await boss.presses("A mentor")
    await boss.says("=A table where founders meet")
    await boss.presses("Everywhere, or online")
    boss.sees_last("Founders' table", "Run by", "A network to join", "=A table")
    await boss.presses("Strengths and weaknesses")
    await boss.presses("A mentor")
    await boss.presses("Customers")
    await boss.presses("Customers")
    await boss.presses("Taxes")
    for _again in range(2):
        await boss.presses("Taxes")
    await boss.presses("Done")
    await boss.presses("For whom")
    await boss.presses("Woman")
    await boss.presses("Done")
    boss.sees_last("Strengths", "A mentor", "Weaknesses", "Customers", "Woman")
    await boss.presses("All networks and programmes")
    boss.sees_last(IN_THE_REGISTER["1"], n="1")
    for filtered, count in (
        ("Both kinds", "1"),
        ("A network to join", "0"),
        ("A programme for everybody", "1"),
    ):
        await boss.presses(filtered)
        boss.sees_last(IN_THE_REGISTER[count], n=count)
    await boss.presses("All needs")
    await boss.presses("Customers")
    boss.sees_last(IN_THE_REGISTER["1"], n="1")
    await boss.presses("As a workbook")
    with zipfile.ZipFile(BytesIO(boss.picture(boss.last))) as book:
        told = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "Founders' table" in told
    assert "=A table where founders meet" in told, "a text, and no formula"
    assert "<f>" not in sheet
    assert sheet.count("<row ") == 2
    await boss.presses("Customers")
    await boss.presses("Hiring people")
    boss.sees(IN_THE_REGISTER["0"], n="0")
