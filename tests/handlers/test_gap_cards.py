"""The gap map in the chat: read, drawn, acted upon."""

import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.database import Database
from community import gaps, translations
from community.areas import Area
from community.events import Event
from community.gaps.actions import PlannedAction
from community.needs import Need
from community.plans import Task
from community.roles import RoleName
from tests.community.test_gaps import a_service, look_for
from tests.handlers.conftest import Calling, Phone, read

COORDINATOR, ANIMATOR = RoleName.COORDINATOR, RoleName.ANIMATOR
PARIS = ZoneInfo("Europe/Paris")
OVER = datetime(2027, 1, 1, 9, 0, tzinfo=PARIS)


async def a_town(database: Database, now: datetime) -> None:
    """Let six members who read Arabic look for help with taxes, which there is in French alone."""
    async with database.transaction() as session:
        lyon = Area(zone="Europe/Paris", made_at=now)
        session.add(lyon)
        await session.flush()
        await translations.write(session, None, "area", lyon.id, "en", {"name": "Lyon"}, now)
        await look_for(session, now, 100, 6, Need.TAX, Need.HIRING, area=lyon.id)
        service = await a_service(session, now, languages=["fr"])
        name = {"name": "Tax office"}
        for subject, number in (
            ("organization", service.organization_id),
            ("service", service.id),
        ):
            await translations.write(session, None, subject, number, "en", name, now)
        await gaps.close(session, OVER, PARIS)


async def the_chief(phone: Calling, *roles: RoleName, language: str = "en") -> Phone:
    return replace(await phone(1, language, COORDINATOR, *roles), now=OVER)


async def test_before_the_first_quarter_is_over_it_says_when_the_map_is_there(
    phone: Calling,
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    await boss.presses("🧩 Gap map")
    assert "The first one is here on Friday, 1 January 2027." in boss.last


async def test_a_coordinator_reads_the_map_as_text_picture_and_workbook(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.says("/report")
    await boss.presses("🧩 Gap map")
    text, picture, workbook = boss.seen[-3:]
    assert "🔴 Taxes (Arabic): 6 people look for it, nothing helps." in read(text.text)
    assert picture.file is not None
    assert picture.file.is_picture
    assert callable(picture.file.content)
    assert picture.file.content().startswith(b"\x89PNG")
    assert workbook.file is not None
    assert callable(workbook.file.content)
    with zipfile.ZipFile(BytesIO(workbook.file.content())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<v>6</v>" in sheet
    for drawn in ("🖼 By area", "🖼 By profile"):
        await boss.presses(drawn)
        assert boss.seen[-1].file is not None


async def test_a_gap_leads_to_a_partner_and_the_task_keeps_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.sends_data("na:0:0::open")
    await boss.presses("Taxes · Arabic")
    assert "Services: 0" in boss.last
    await boss.presses("🤝 Find a partner")
    await boss.presses("🤝 With whom?")
    await boss.presses("Tax office")
    assert "Find out whether they can help with “Taxes” (Arabic)." in boss.last
    await boss.presses("Take this one")
    assert "The task with Tax office: Planned" in boss.last
    assert "December 2026: 6 people look for it; what helps: 0." in boss.last
    async with database.transaction() as session:
        action = (await session.scalars(select(PlannedAction))).one()
        task = (await session.scalars(select(Task))).one()
        assert action.task_id == task.id
        assert (action.need, action.dimension, action.key) == ("tax", "language", "ar")
        assert task.what == "Find out whether they can help with “Taxes” (Arabic)."
    await boss.presses("🗂 The task")
    await boss.presses("⚖️ Score it")
    assert "Find a partner: Taxes (Arabic)" in boss.last


async def test_an_event_for_a_gap_is_for_its_need_in_its_language_and_is_linked_to_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone, ANIMATOR)
    await boss.sends_data("na:0:0::open")
    await boss.presses("Taxes · Arabic")
    await boss.presses("📅 Plan an event")
    await boss.presses("📅 Plan it now")
    await boss.says("Taxes in Arabic")
    await boss.says("12.02.2027 18:00")
    await boss.says("Library")
    async with database.transaction() as session:
        event = (await session.scalars(select(Event))).one()
        action = (await session.scalars(select(PlannedAction))).one()
        assert (event.need, event.languages) == (Need.TAX, ["ar"])
        assert action.event_id == event.id
    await boss.sends_data(f"nc:{action.ref}:open:::0")
    assert "The event: Taxes in Arabic" in boss.last
    assert "📅 The event" in boss.buttons


async def test_a_coordinator_who_does_not_animate_leaves_the_event_to_those_who_do(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.sends_data("na:0:0::open")
    await boss.presses("Hiring people · Lyon")
    assert "🌐 Ask for translations" not in boss.buttons
    await boss.presses("📅 Plan an event")
    assert "whoever animates the network plans it" in boss.last
    async with database.transaction() as session:
        ref = await session.scalar(select(PlannedAction.ref))
    await boss.sends_data(f"nc:{ref}:event:::0")
    assert boss.toasts == ["You cannot do this with the role you have."]


async def test_translations_are_asked_for_at_the_desk_of_the_language(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.sends_data("na:0:0::open")
    await boss.presses("Taxes · Arabic")
    await boss.presses("🌐 Ask for translations")
    await boss.presses("🌐 To the translation desk")
    assert "Tax office" in boss.last


async def test_an_action_is_scored_gets_evidence_and_is_listed(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.sends_data("na:0:0::open")
    await boss.presses("Taxes · Arabic")
    await boss.presses("🌐 Ask for translations")
    for value in ("2", "4"):
        await boss.presses("⚖️ Relevance")
        await boss.presses(value)
    assert "Relevance: 4 of 5" in boss.last
    assert "1 earlier score is kept." in boss.last
    await boss.presses("📎 Evidence")
    await boss.presses("➕ A link")
    await boss.says("not a link")
    await boss.says("https://example.org/study")
    assert "• A link: https://example.org/study" in boss.last
    await boss.presses("📎 Evidence")
    await boss.presses("🗑 Take off no. 2")
    assert "example.org" not in boss.last
    await boss.presses("Back")
    await boss.presses("✅ It is done")
    assert "✅ It was done." in boss.last
    await boss.presses("All actions")
    assert "📋 Ask for translations: Taxes (Arabic)" in boss.buttons
    await boss.presses("📊 As a workbook")
    book = boss.seen[-1].file
    assert book is not None
    assert callable(book.content)
    assert zipfile.is_zipfile(BytesIO(book.content()))


@pytest.mark.parametrize(
    "data", ["na:2026:3::open", "na:0:0:x:open", "na:99999999999:4::open", "nb:x:event"]
)
async def test_a_map_that_is_not_there_is_not_shown(
    phone: Calling, database: Database, now: datetime, data: str
) -> None:
    await a_town(database, now)
    boss = await the_chief(phone)
    await boss.sends_data(data)
    assert boss.toasts


async def test_nobody_else_reads_it(phone: Calling, database: Database, now: datetime) -> None:
    await a_town(database, now)
    animator = replace(await phone(1, "en", ANIMATOR), now=OVER)
    for data in ("na:0:0::open", "nb:x:open", "nc::open:::0", "nd:open"):
        await animator.sends_data(data)
    assert animator.toasts == ["You cannot do this with the role you have."] * 4
    assert not animator.seen


async def test_the_map_is_read_in_arabic_and_a_later_one_tells_what_changed(
    phone: Calling, database: Database, now: datetime
) -> None:
    await a_town(database, now)
    async with database.transaction() as session:
        await a_service(session, now)
        await gaps.close(session, OVER + timedelta(days=91), PARIS)
    boss = await the_chief(phone, language="ar")
    await boss.sends_data("na:0:0::open")
    text, picture, _workbook = boss.seen[-3:]
    told = read(text.text)
    assert ("🟢 الضرائب" in told, "🔴 الضرائب" in told) == (True, False)
    assert "🔴" in told
    assert picture.file is not None
    assert callable(picture.file.content)
    assert picture.file.content().startswith(b"\x89PNG")
