"""What was asked of providers, as a coordinator reads it: text, picture and workbook."""

import re
import zipfile
from io import BytesIO

import pytest

from reports import chart
from tests.stories import steps
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare, saying

TOLD = 5
"""So many members that their number is told."""


async def reads(boss: Somebody) -> tuple[str, bytes, str]:
    """Open the running quarter; return its text, its picture, and all words of its workbook."""
    await boss.stage.play(minutes=1)
    await boss.says("/report")
    await boss.presses("🤝 Support by quarter")
    await boss.presses("{quarter}, still running")
    text, picture, workbook = boss.from_bot()[-3:]
    if boss.language in RUNS:
        assert directions(text["text"]) == RUNS[boss.language]
    assert re.fullmatch(r".+-2026-4\.xlsx", workbook["attachment"]["file_name"])
    with zipfile.ZipFile(BytesIO(boss.picture(workbook))) as book:
        words = book.read("xl/sharedStrings.xml").decode()
        leftwards = 'rightToLeft="1"' in book.read("xl/worksheets/sheet1.xml").decode()
    assert leftwards == (boss.language == "ar")
    drawn = boss.picture(picture) if picture["attachment"] else b""
    return bare(text["text"]), drawn, words


def line(boss: Somebody, label: str, value: str) -> re.Pattern[str]:
    said = saying(boss.language, label).pattern
    return re.compile(rf"(?:{said})\s?: {value}$", re.MULTILINE)  # some write a space there


@pytest.mark.parametrize(("team", "reader"), [("fr", "ar"), ("ar", "fr")])
async def test_from_requests_to_the_quarter_as_text_picture_and_workbook(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await steps.a_directory(boss)
    adviser = await steps.staff(boss, team)
    for number in range(TOLD):
        member = await stage.member(f"Member {number}", reader)
        await steps.a_request_without_steps(member)
        await adviser.presses("Show what was shared")
        if number < TOLD - 1:
            await adviser.presses("Accept")
    text, picture, words = await reads(boss)
    assert line(boss, "Requests sent to providers", str(TOLD)).search(text)
    assert not line(boss, "Answered", ".+").search(text), "one waits, and four are few"
    assert "Member" not in text + words

    await adviser.presses("Accept")
    text, picture, words = await reads(boss)
    assert line(boss, "Requests sent to providers", str(TOLD)).search(text)
    assert line(boss, "Accepted", str(TOLD)).search(text)
    assert line(boss, "Under way", str(TOLD)).search(text)
    assert "Chamber of Commerce" in text
    assert "PublicSchema referral-status" in words
    assert ">accepted<" in words
    assert picture.startswith(b"\x89PNG") or chart.font_of("ARABIC") is None
    assert adviser.language == team
    await adviser.says("/report")
    adviser.sees_last("You cannot do this with the role you have.")
