"""/report: who reads the figures, and in what shape."""

import zipfile
from io import BytesIO

import pytest

from bot.database import Database
from community import people
from community.roles import RoleName
from reports import chart
from tests.handlers.conftest import Calling

COORDINATOR = RoleName.COORDINATOR


async def test_a_coordinator_reads_a_month_as_text_picture_and_workbook(phone: Calling) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    ways = [
        "🤝 Support by quarter",
        "📐 Evidence",
        "🧩 Gap map",
        "🧭 Whom we reach",
        "🏛 Ask stakeholders",
        "💬 What members think",
        "🎓 Lessons in figures",
        "🎒 Courses in figures",
        "🌱 Run by members",
        "📣 Partners who promote",
        "🌐 Translations",
        "⚙️ Set up the network",
    ]
    assert boss.buttons == ["November 2026, still running", *ways]
    await boss.presses("November 2026")
    text, picture, workbook = boss.seen[-3:]
    assert "still running" in text.text
    assert picture.file is not None
    assert picture.file.is_picture
    assert workbook.file is not None
    assert workbook.file.name == "figures-2026-11.xlsx"
    assert callable(workbook.file.content)
    assert zipfile.is_zipfile(BytesIO(workbook.file.content()))
    await boss.presses("Other months")
    assert "Which month" in boss.last


async def test_a_coordinator_reads_what_members_run_themselves(phone: Calling) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    await boss.presses("🌱 Run by members")
    await boss.presses("Q4 2026" if "Q4 2026" in boss.buttons else "4th quarter 2026")
    text, _picture, workbook = boss.seen[-3:]
    assert "Share of members" in text.text
    assert "Questions answered" in text.text
    assert workbook.file is not None
    assert callable(workbook.file.content)
    assert zipfile.is_zipfile(BytesIO(workbook.file.content()))


async def test_closed_months_can_be_read_too(phone: Calling, database: Database) -> None:
    boss = await phone(1, "en", COORDINATOR)
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        person.met_at = person.met_at.replace(month=9)
    await boss.says("/report")
    assert boss.buttons[:3] == ["November 2026, still running", "October 2026", "September 2026"]
    await boss.presses("October 2026")
    assert "This month is closed." in boss.seen[-3].text


async def test_without_a_font_the_picture_is_replaced_by_the_reason(
    phone: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart, "_installed", dict)
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    await boss.presses("November 2026")
    assert boss.seen[-2].file is None
    assert "lacks a font" in boss.seen[-2].text


@pytest.mark.parametrize(
    "data", ["rm:2026:12", "rm:2019:1", "rm:0:0", "rm:-1:-1", "rm:99999999999999999999:11"]
)
async def test_a_month_that_is_not_offered_is_not_there(phone: Calling, data: str) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.sends_data(data)
    assert boss.toasts == ["That is not here any more. /menu shows what there is."]


async def test_nobody_else_reads_them(phone: Calling) -> None:
    animator = await phone(1, "en", RoleName.ANIMATOR, RoleName.ADMINISTRATOR)
    await animator.says("/report")
    for data in ("rp", "rm:2026:11", "yk:2026:4"):
        await animator.sends_data(data)
    assert animator.toasts == ["You cannot do this with the role you have."] * 4
    assert not animator.seen
