"""Evidence under /report: a coordinator reads what was told of a period, and nothing else."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import pytest

from bot.database import Database
from community import people
from community.evidence import EvidencePeriod, Published
from community.evidence.telling import written
from community.roles import RoleName
from handlers.replies import Message
from tests.handlers.conftest import Calling, Phone, read
from tests.reporting import five_quarters

COORDINATOR = RoleName.COORDINATOR


async def told(database: Database, periods: Sequence[Published]) -> None:
    async with database.transaction() as session:
        for one in periods:
            session.add(
                EvidencePeriod(
                    year=one.period.year,
                    number=one.period.number,
                    framework=one.framework,
                    threshold=one.threshold,
                    told={name: written(fact) for name, fact in one.facts.items()},
                    counted={},
                    frozen_at=one.frozen_at,
                )
            )


async def opens(phone: Phone) -> None:
    await phone.says("/report")
    await phone.presses("📐 Evidence")


def content(message: Message) -> bytes:
    assert message.file is not None
    assert callable(message.file.content)
    return message.file.content()


async def test_a_coordinator_reads_text_picture_and_files(
    phone: Calling, database: Database
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await told(database, five_quarters()[:4])
    await opens(boss)
    assert boss.buttons == [
        *("3rd quarter 2026", "2nd quarter 2026", "1st quarter 2026", "4th quarter 2025", "Back"),
    ]
    await boss.presses("3rd quarter 2026")
    text, picture = boss.seen[-2:]
    assert "Members at the end of the period: 291" in read(text.text)
    assert picture.file is not None
    assert picture.file.is_picture
    await boss.presses("📈 Period by period")
    assert boss.seen[-1].file is not None
    assert boss.seen[-1].file.is_picture
    for label, name, begins in (
        ("Page to read", "evidence-2026Q3.html", b"<!DOCTYPE html>"),
        ("Workbook", "evidence-2026Q3.xlsx", b"PK"),
        ("Tables (CSV)", "evidence-2026Q3.zip", b"PK"),
    ):
        await boss.presses(label)
        assert boss.seen[-1].file is not None
        assert boss.seen[-1].file.name == name
        assert content(boss.seen[-1]).startswith(begins)
    with zipfile.ZipFile(io.BytesIO(content(boss.seen[-1]))) as file:
        assert file.namelist() == ["figures.csv", "codebook.csv"]
    await boss.presses("Other periods")
    assert "Which period" in boss.last


async def test_of_the_first_period_there_is_no_course(phone: Calling, database: Database) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await told(database, five_quarters()[3:4])
    await opens(boss)
    await boss.presses("3rd quarter 2026")
    labels = [read(button.text) for row in boss.seen[-2].rows for button in row]
    assert "📈 Period by period" not in labels
    await boss.sends_data("rg:2026:3:course")
    assert boss.last == "There is neither a target nor a period before this one."


async def test_the_running_quarter_says_when_it_is_told(phone: Calling, now: datetime) -> None:
    boss = await phone(1, "en", COORDINATOR)
    async with boss.database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        person.joined_at = now
    await opens(boss)
    assert "Nothing yet." in boss.last
    assert "The next period is counted on Friday" in boss.last
    await boss.sends_data("re:2026:4")
    assert "Nothing is told of 4th quarter 2026 yet" in boss.last
    assert "8 January 2027" in boss.last
    assert not [message for message in boss.seen if message.file]


@pytest.mark.parametrize(
    "data",
    [
        *("re:2026:5", "re:2019:1", "re:99999:1", "re:-1:-1", "re:2026:-1"),
        *("rg:2026:4:html", "rg:2026:3:exe", "rg:0:0:html", "rg:2019:1:csv"),
    ],
)
async def test_what_is_not_told_is_not_handed_over(
    phone: Calling, database: Database, data: str
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await told(database, five_quarters()[3:4])
    await boss.sends_data(data)
    assert boss.toasts == ["That is not here any more. /menu shows what there is."]
    assert not boss.seen


async def test_nobody_else_reads_it(phone: Calling, database: Database) -> None:
    animator = await phone(1, "en", RoleName.ANIMATOR, RoleName.ADMINISTRATOR)
    await told(database, five_quarters()[3:4])
    for data in ("re:0:0", "re:2026:3", "rg:2026:3:html", "rg:2026:3:csv"):
        await animator.sends_data(data)
    assert animator.toasts == ["You cannot do this with the role you have."] * 4
    assert not animator.seen


async def test_whoever_works_for_an_organisation_reads_nothing_of_requests(
    phone: Calling, database: Database
) -> None:
    from community.providers import Organization
    from community.roles import Role

    boss = await phone(1, "en", COORDINATOR)
    await told(database, five_quarters()[:4])
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        chamber = Organization(made_at=boss.now)
        session.add(chamber)
        await session.flush()
        session.add(
            Role(person_id=person.id, name=RoleName.PROVIDER_STAFF, organization_id=chamber.id,
                 granted_at=boss.now)
        )  # fmt: skip
    await opens(boss)
    await boss.presses("3rd quarter 2026")
    text = read(boss.seen[-2].text)
    assert "Not in it, because you have worked for an organisation" in text
    assert "Requests that were completed:" not in text
    await boss.presses("Page to read")
    assert "i-requests_made" not in content(boss.seen[-1]).decode()
