"""What is passed on: a picture with the same in words, a page for paper, and nothing personal."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from bot.database import Database
from bot.lessons import SOURCE, packed_lessons
from community import attendance, events, lessons, limits, people, speakers
from community.attendance import Wish
from community.events import Details
from community.limits import Limit
from community.needs import Need, PersonNeed
from community.roles import RoleName
from community.sends import Picture
from community.translations import Reads
from handlers.replies import Message
from locales import translator_for
from reports import chart, sheet
from reports.chart import WIDTH
from reports.sheet import Sheet
from tests.fonts import has_fonts
from tests.handlers.conftest import Calling, Phone, read

ADDRESS = "Secret street 7"


async def an_event(database: Database, now: datetime) -> str:
    """Let there be an event to which both members go."""
    async with database.transaction() as session:
        animator, member = [await people.by_telegram_id(session, number) for number in (1, 2)]
        assert animator is not None
        assert member is not None
        start = (now + timedelta(days=3)).replace(tzinfo=None)
        details = Details(start, "Europe/Paris", place=ADDRESS)
        event = await events.create(session, animator, details, {"title": "Tea"}, "en", now)
        await speakers.name(session, animator, event.ref, "Rosa Peer", "en", now)
        await events.publish(session, animator, event.ref, now)
        for person in (animator, member):
            await attendance.answer(
                session, person, event.ref, Wish.GOING, now, default_zone="Europe/Paris"
            )
        return event.ref


def is_for_everybody(message: Message, *phones: Phone) -> None:
    """Assert that a message can be forwarded: only links under it, and nobody named."""
    assert [button.data for row in message.rows for button in row] == [None] * len(message.rows)
    said = read(message.text) + "".join(b.url or "" for row in message.rows for b in row)
    for phone in phones:
        assert f"Person {phone.number}" not in said
    assert ADDRESS not in said
    assert "Rosa" not in said


@has_fonts
async def test_what_is_passed_on_names_nobody_and_tells_no_address(
    phone: Calling, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Sheet] = []
    draw = sheet.drawing

    def watched(shown: Sheet, *args: object, **more: object) -> str:
        drawn.append(shown)
        return draw(shown, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sheet, "drawing", watched)
    boss, member = await phone(1, "en", RoleName.ANIMATOR), await phone(2, "ar")
    ref = await an_event(database, now)
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
        reader = await people.by_telegram_id(session, 2)
        assert reader is not None
        (lesson, *_others) = await lessons.offered(session, reader, Reads("ar"), "en", now)
    await member.says("/help")
    await member.presses("📤 أخبروا الآخرين")
    await member.presses("📤 بطاقة للإرسال")
    cards = [member.seen[-1]]
    for pressed in (f"qh:event:{ref}", f"qh:lesson:{lesson.lesson.ref}"):
        await member.sends_data(pressed)
        cards.append(member.seen[-1])
    links = ["https://t.me/diwan_bot"]
    links += [f"{links[0]}?start=e-{ref}", f"{links[0]}?start=l-{lesson.lesson.ref}"]
    for card, link in zip(cards, links, strict=True):
        is_for_everybody(card, boss, member)
        assert card.rows[0][0].url == link
        assert link in read(card.text), "the picture is told in words"
        assert card.file is not None
        assert callable(card.file.content)
        assert card.file.content().startswith(b"\x89PNG")
    assert "Tea" in read(cards[1].text)
    for shown in drawn:
        assert not re.search(rf"Person|{ADDRESS}", " ".join(shown.words))
        assert shown.link in links
    assert len(drawn) == len(cards)


async def test_only_an_event_for_everybody_that_still_takes_place_is_passed_on(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    member = await phone(2)
    ref, label = await an_event(database, now), "📤 Pass it on"

    async def becomes(**what: object) -> None:
        async with database.transaction() as session:
            event = await session.scalar(select(events.Event).where(events.Event.ref == ref))
            for name, value in what.items():
                setattr(event, name, value)

    await member.says(f"/start e-{ref}")
    assert label in member.buttons
    async with database.transaction() as session:
        reader = await people.by_telegram_id(session, 2)
        assert reader is not None
        session.add(PersonNeed(person_id=reader.id, term=Need.TAX))
    await becomes(need=Need.TAX)
    await member.says(f"/start e-{ref}")
    assert "Tea" in member.last
    assert label not in member.buttons, "who looks for it was told alone"
    for what, told in (
        ({}, "That is not here any more."),
        ({"need": None, "state": events.State.CANCELLED}, "❌ This event has been cancelled."),
        ({"state": events.State.HELD}, "It is too late for that."),
    ):
        await becomes(**what)
        seen = len(member.seen)
        await member.sends_data(f"qh:event:{ref}")
        assert told in member.toasts[-1]
        assert len(member.seen) == seen


@has_fonts
async def test_an_animator_prints_one_page_of_a4_that_runs_from_right_to_left(
    phone: Calling,
) -> None:
    boss = await phone(1, "ar", RoleName.ANIMATOR)
    await boss.says("/animate")
    await boss.presses("📤 أخبروا الآخرين")
    await boss.presses("🖨 صفحة للطباعة")
    file = boss.seen[-1].file
    assert file is not None
    assert callable(file.content)
    paper = file.content()
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", paper)) == 1
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", paper)
    assert [round(float(side)) for side in box] == [595, 842]
    assert b"/Author" not in paper
    shown = Sheet("عنوان", "سطر", ["نقطة"], "هنا", "https://t.me/diwan_bot")
    mirrored = sheet.drawing(shown, translator_for("ar"), height=1018)
    straight = sheet.drawing(shown, translator_for("en"), height=1018)
    assert 'text-anchor="start"' not in mirrored
    assert 'text-anchor="end"' not in straight
    (right,), (left,) = (
        [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)]
        for svg in (mirrored, straight)
    )
    assert right == WIDTH - left


@pytest.mark.parametrize("language", ["ar", "fr"])
async def test_where_no_font_is_installed_one_prints_the_square_alone_and_is_told_why(
    phone: Calling, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart, "_installed", dict)
    member, _ = await phone(1, language), translator_for(language)
    await member.sends_data("qh:paper:")
    file = member.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(file.content)))] == [
        "https://t.me/diwan_bot"
    ]
    told = _("There is no font here for your language, so this is the square alone.")
    assert read(told) in member.last
    assert read(_("• Meet other people who run a business")) in member.last
    await member.sends_data("qh:network:")
    file = member.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)


async def test_a_link_to_a_lesson_opens_it_for_whoever_follows_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
        every = (await session.scalars(select(lessons.Lesson))).all()
        of_members = next(one for one in every if not one.for_team)
        of_team = next(one for one in every if one.for_team)
    member = await phone(1, "fr")
    await member.says(f"/start l-{of_members.ref}")
    assert packed_lessons()[0].texts["fr"]["title"] in member.last
    seen = len(member.seen)
    await member.says(f"/start l-{of_team.ref}")
    await member.sends_data(f"qh:lesson:{of_team.ref}")
    assert len(member.seen) == seen, "the team's own are not for passing on"


def shows_a_picture(member: Phone) -> bool:
    return member.seen[-1].file is not None


async def test_who_has_little_data_gets_a_picture_only_when_they_ask_for_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    member = await phone(2)
    words = {"title": "Doors", "screen1": "A door.", "question": "What?", "picture": "A red door"}
    words |= {"answer1": "A door", "answer2": "A wall"}
    async with database.transaction() as session:
        animator, reader = [await people.by_telegram_id(session, n) for n in (1, 2)]
        assert animator is not None
        assert reader is not None
        lesson = await lessons.add(
            session,
            animator,
            "en",
            words,
            now,
            leads=lessons.Leads.EVENTS,
            right=0,
            picture=Picture("kept", is_photo=True),
        )
        await lessons.publish(session, animator, lesson.ref, now)
    await member.says("/learn")
    await member.presses("Doors")
    assert shows_a_picture(member)
    async with database.transaction() as session:
        reader = await people.by_telegram_id(session, 2)
        assert reader is not None
        await limits.tick(session, reader, Limit.NO_DATA, on=True)
    await member.says("/learn")
    await member.presses("Doors")
    assert not shows_a_picture(member)
    assert "A red door" in member.last
    await member.presses("🖼 Show the picture")
    assert shows_a_picture(member)


@has_fonts
async def test_a_lesson_that_comes_with_the_program_has_a_drawn_picture_but_not_for_little_data(
    phone: Calling, database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
    words = packed_lessons()[0].texts["ar"]
    member = await phone(1, "ar")
    await member.says("/learn")
    await member.presses(words["title"])
    assert shows_a_picture(member)
    assert words["picture"] in member.last
    async with database.transaction() as session:
        reader = await people.by_telegram_id(session, 1)
        assert reader is not None
        await limits.tick(session, reader, Limit.NO_DATA, on=True)
    await member.says("/learn")
    await member.presses(words["title"])
    assert not shows_a_picture(member)
    assert words["picture"] in member.last
    await member.presses("🖼")
    assert shows_a_picture(member)


async def test_where_no_font_is_installed_a_lesson_is_words_alone_and_an_old_button_says_so(
    phone: Calling, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart, "_installed", dict)
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
        ref = await session.scalar(
            select(lessons.Lesson.ref).where(lessons.Lesson.code == "networks")
        )
    words = packed_lessons()[0].texts["ar"]
    member = await phone(1, "ar")
    await member.sends_data(f"qs:{ref}:0")
    assert not shows_a_picture(member)
    assert words["screen1"].split()[0] in member.last
    assert words["picture"] not in member.last, "there is nothing that it would describe"
    seen = len(member.seen)
    await member.sends_data(f"qp:{ref}")
    assert len(member.seen) == seen
    assert len(member.toasts) == 1
