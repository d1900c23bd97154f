"""Speakers on an event's card: asked for after their consent, previewed like the other words."""

from datetime import datetime

from bot.database import Database
from community import events, history, people, speakers
from community.events import Details
from community.roles import RoleName
from handlers.wording import Write
from locales import day, translator_for
from tests.handlers.conftest import Calling, read


async def test_members_read_who_speaks_once_the_animator_says_that_they_agreed(
    phone: Calling,
) -> None:
    boss, amina = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    await boss.says("/animate")
    await boss.presses("📅 Events")
    await boss.presses("New event")
    for words in ("Tea", "25.12. 18:00", "Cellar"):
        await boss.says(words)
    await boss.presses("➕ What else there is")
    await boss.presses("🎤 Who speaks")
    assert "Have all of them agreed to that?" in boss.last
    await boss.presses("✅ Yes, they have agreed")
    await boss.says("Rosa Peer: how she <opened> a bakery")
    assert "Rosa Peer: how she <opened> a bakery" in boss.last
    noted = "✅ The speakers have agreed. Person 1 noted it on Monday, 23 November"
    assert noted in boss.last
    await boss.presses("Back")
    await boss.presses("Back to the event")
    assert noted in boss.last
    await boss.presses("🔁 Repeat")
    await boss.presses("Every week")
    await boss.presses("Save these dates")
    await boss.presses("Back to the event")
    await boss.presses("Publish")
    await amina.says("/events")
    await amina.presses("Tea")
    assert "🎤 Rosa Peer: how she <opened> a bakery" in amina.last
    assert "🔁 Every week" in amina.last
    await amina.presses("✅ Going")
    await amina.presses("📅 All dates in my calendar")
    file = amina.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)
    assert b"RRULE:FREQ=WEEKLY" in file.content
    assert b"LOCATION:Cellar" in file.content
    await boss.presses("➕ What else there is")
    await boss.presses("🎤 Who speaks")
    await boss.presses("🗑 Name nobody any more")
    assert "Nobody is named." in boss.last
    assert "agreed." not in boss.last
    await amina.says("/events")
    await amina.presses("Tea")
    assert "🎤" not in amina.last


async def test_that_nobody_noted_an_agreement_is_said_and_who_was_erased_is_the_team(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "ar", RoleName.ANIMATOR)
    _ = translator_for("ar")
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        words = {"title": "Tea", "speakers": "Rosa"}
        details = Details(datetime(2026, 12, 25, 18), "Europe/Paris", place="Cellar")  # noqa: DTZ001 - wall time
        event = await events.create(session, animator, details, words, "en", now)
        ref = event.ref
    await boss.sends_data(f"hk:{ref}:open")
    assert read(_("🎤 ⚠️ Speakers are named, and nobody has noted that they agreed.")) in boss.last
    async with database.transaction() as session:
        step = history.step("speakers", event.id, "none", "agreed", actor_id=None, now=now)
        await history.note(session, step)
    await boss.sends_data(f"hk:{ref}:open")
    noted = day(now.date(), _)
    told = _("🎤 ✅ The speakers have agreed. The team noted it on {day}.", day=noted)
    assert read(told) in boss.last


async def test_who_writes_the_events_words_anew_does_not_name_others_under_the_same_agreement(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        wall = datetime(2026, 12, 25, 18)  # noqa: DTZ001 - wall time
        details = Details(wall, "Europe/Paris", place="Cellar")
        event = await events.create(session, animator, details, {"title": "Tea"}, "en", now)
        await speakers.name(session, animator, event.ref, "Rosa", "en", now)
    for language, asked in (("en", False), ("fr", True)):
        await boss.sends_data(Write(desk="e", ref=event.ref, language=language).pack())
        await boss.says("Tea or coffee")
        assert ("Who speaks" in boss.last) is asked
        await boss.says("/animate")
