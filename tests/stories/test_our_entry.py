"""An organisation's own people keep its entry, say when they are full, and that it is right."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from community.providers import Metadata, Organization, Service, entries, facts
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.steps import a_directory, a_request, staff

WORDS = {
    "fr": {
        "fees": "Gratuit pour les membres.",
        "steps": "1. Prenez rendez-vous\n2. Apportez votre passeport\n3. Venez à l'heure",
        "eligibility": "Ouvert à toutes et à tous",
    },
    "ar": {
        "fees": "مجانا للأعضاء.",
        "steps": "١. خذوا موعدا\n٢. أحضروا جواز السفر\n٣. تعالوا في الوقت",
        "eligibility": "مفتوح للجميع",
    },
}
RUNS_OF = {**RUNS, "fr": {"rightwards"}}


async def our_service(adviser: Somebody) -> None:
    await adviser.says("/referrals")
    await adviser.presses("Our entry")
    await adviser.presses("Start-up advice")


async def stands(stage: Stage, field: str) -> str:
    async with stage.app.database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        return await facts.value(session, service, field)


@pytest.mark.parametrize("language", ["fr", "ar"])
async def test_the_staff_changes_its_entry_sees_it_as_members_do_and_saves_it(
    stage: Stage, animator: Coming, language: str
) -> None:
    words = WORDS[language]
    boss = await animator(language)
    await a_directory(boss)
    adviser = await staff(boss, language)
    await our_service(adviser)
    adviser.sees_last("This is what members see", "Start-up advice")
    assert directions(adviser.last["text"].partition("\n")[0]) == RUNS_OF[language]
    await adviser.presses("About the cost")
    await adviser.says(words["fees"])
    adviser.sees_last("Not saved yet", words["fees"])
    assert await stands(stage, f"fees:{language}") == ""
    await adviser.presses("Go on changing")
    await adviser.presses("Steps")
    await adviser.says(words["steps"])
    last = words["steps"].splitlines()[-1].split(" ", 1)[1]
    adviser.sees_last("Not saved yet", words["fees"], last)
    await adviser.presses("Українська")
    assert last in adviser.last["text"]
    await adviser.presses("💾 Save")
    assert await stands(stage, f"fees:{language}") == words["fees"]
    assert last in adviser.message("This is what members see")["text"]

    boss.sees_last("An organisation has changed its entry: {name}", name="Chamber of Commerce")
    await boss.presses("What has changed")
    boss.sees_last(words["fees"], last)
    await boss.presses("🔎 2")
    boss.sees_last("Put it back?")
    await boss.presses("Put back the old value")
    assert await stands(stage, f"fees:{language}") == ""
    assert (await stands(stage, f"steps:{language}")).endswith(last)

    amina = await stage.member("Amina", language)
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    amina.sees_last(last)


async def test_what_is_thrown_away_changes_nothing_and_what_was_overtaken_is_shown_anew(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser, other = await staff(boss), await staff(boss)
    await our_service(adviser)
    await adviser.presses("✏️ Cost")
    await adviser.says("a lot")
    adviser.sees_last("Please write an amount")
    await adviser.says("25,50")
    adviser.sees_last("Not saved yet", "€25.50")
    await adviser.presses("Throw away")
    assert await stands(stage, "cost") == "0.00"
    await adviser.presses("✏️ Cost")
    await adviser.says("30")
    await our_service(other)
    await other.presses("✏️ Cost")
    await other.says("40")
    await other.presses("💾 Save")
    await adviser.presses("💾 Save")
    adviser.sees_last("Not saved yet", "€40.00 → €30.00")
    assert await stands(stage, "cost") == "40.00"
    await adviser.presses("Save; the rest is right")
    assert await stands(stage, "cost") == "30.00"
    async with stage.app.database.transaction() as session:
        organization = (await session.scalars(select(Organization))).one()
        assert organization.confirmed_at is not None


async def test_languages_hours_and_the_interpreter_are_tapped(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    await our_service(adviser)
    await adviser.presses("✏️ Given in")
    await adviser.presses("Arabic")
    await adviser.presses("Done")
    adviser.sees_last("Not saved yet", "Arabic and English")
    await adviser.presses("Go on changing")
    await adviser.presses("Interpreter on request")
    await adviser.presses("Go on changing")
    await adviser.presses("✏️ Hours")
    await adviser.presses("Monday")
    await adviser.says("9-12")
    adviser.sees_last("9:00-12:30")
    await adviser.says("9:00-12:30, 14:00-17:00")
    adviser.sees_last("Monday: 09:00–12:30, 14:00–17:00")
    await adviser.presses("💾 Save")
    assert await stands(stage, "hours") == "MO 09:00-12:30 14:00-17:00"
    assert await stands(stage, "languages") == "ar,en"
    assert await stands(stage, "interpretation") == "true"
    await adviser.presses("Back")
    await adviser.presses("✏️ Phone")
    await adviser.says("call me")
    adviser.sees_last("phone number")
    await adviser.says("+33 1 23 45 67 89")
    await adviser.presses("💾 Save")
    adviser.sees_last("Phone: +33 1 23 45 67 89")


async def test_places_and_pauses_count_at_once(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    await a_request(await stage.member("Amina"))
    await our_service(adviser)
    await adviser.presses("Places and pauses")
    await adviser.presses("How many at once")
    await adviser.says("many")
    adviser.sees_last("Please write a number.")
    await adviser.says("5")
    adviser.sees_last("Taken: 1 of 5 places")
    await adviser.presses("Pause")
    adviser.sees_last("Paused")
    assert await stands(stage, "is_paused") == "true"
    await adviser.presses("Take people again")
    await adviser.presses("Full for a week")
    adviser.sees_last("taken again from Tuesday 1 December")
    assert await stands(stage, "full_until") == "2026-11-30T23:00:00+00:00"
    await adviser.presses("Full until a day")
    await adviser.says("24.12.")
    adviser.sees_last("taken again from Thursday 24 December")
    await adviser.presses("Not full any more")
    assert "Full:" not in adviser.last["text"]
    assert await stands(stage, "full_until") == ""


async def test_colleagues_say_in_two_taps_what_they_speak(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    await adviser.says("/referrals")
    await adviser.presses("Our entry")
    adviser.sees_last("{name}: not said yet", name="Adviser")
    await adviser.presses("My languages")
    await adviser.presses("Ukrainian")
    await adviser.presses("Done")
    adviser.sees_last("{name}: {languages}", name="Adviser", languages="Ukrainian")


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_the_staff_is_asked_after_sixty_days_three_times_and_the_entry_goes_stale(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss, language)
    question = "Is what members read about you still right? {name}"
    await stage.play(days=59)
    assert adviser.times_read(question) == 0
    await stage.play(days=2)
    assert adviser.times_read(question) == 1
    await stage.app.stop()
    await stage.starts_again()
    await stage.play(days=2)
    assert adviser.times_read(question) == 2
    await stage.play(days=2)
    assert adviser.times_read(question) == 3
    await stage.play(days=26)
    assert adviser.times_read(question) == 3
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Entries to confirm")
    boss.sees_last("1 entry has not been confirmed", "is out of date")
    await adviser.presses("Look at it")
    adviser.sees_last("Nobody has confirmed this since")
    await adviser.presses("All of it is still right")
    adviser.sees_last("Thank you!")
    await boss.presses("Back")
    await boss.presses("Entries to confirm")
    boss.sees_last("0 entries have not been confirmed")


async def test_one_of_two_confirms_and_the_other_is_asked_no_more(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser, other = await staff(boss), await staff(boss)
    question = "Is what members read about you still right? {name}"
    await stage.play(days=61)
    await adviser.presses("All of it is still right")
    await stage.play(days=10)
    assert (adviser.times_read(question), other.times_read(question)) == (0, 1)


async def test_where_nobody_is_in_the_chat_the_coordinator_confirms(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    await stage.play(days=61)
    boss.sees_last("1 entry of the directory should be confirmed.")
    await boss.presses("Look at them")
    await boss.presses("Chamber of Commerce")
    await boss.presses("All of it is still right")
    boss.sees_last("Confirmed as right:")
    async with stage.app.database.transaction() as session:
        lines = await session.scalars(select(Metadata).order_by(Metadata.id.desc()).limit(1))
        assert lines.one().updated_as == "coordinator"


async def test_forged_buttons_of_an_entry_are_refused_to_everybody_else(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser, eve = await staff(boss), await stage.member("Eve")
    async with stage.app.database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        organization = (await session.scalars(select(Organization))).one()
        line = (await session.scalars(select(Metadata).limit(1))).one()
        seen = entries.seal_of(line)
        before = len(list(await session.scalars(select(Metadata))))
    forged = [
        f"oe:{organization.ref}:confirm",
        f"oe:{organization.ref}:speak",
        f"ov:{service.ref}",
        f"ow:{service.ref}:en",
        f"oc:{organization.ref}:ar",
        f"oh:{service.ref}:cost:",
        f"oh:{service.ref}:need:",
        f"ol:{service.ref}:ar",
        f"od:{service.ref}:MO",
        f"og:{service.ref}:save:",
        f"op:{service.ref}:pause",
        f"lg:{organization.ref}:0",
        f"lb:{organization.ref}:{seen}:back!",
        f"lu:0:{organization.ref}:",
        f"np:{service.ref}:kind",
        f"nf:{service.ref}:tax",
        "nk:::0:xlsx",
    ]
    for somebody, data in [(eve, data) for data in forged] + [
        (adviser, data) for data in forged if data[:2] in {"lg", "lb", "lu", "np", "nf", "nk"}
    ]:
        number = next(m["message_id"] for m in reversed(somebody.from_bot()) if m["buttons"])
        stage.emulator.world.press(somebody.id, number, data, forged=True)
        await stage.settled()
    async with stage.app.database.transaction() as session:
        assert len(list(await session.scalars(select(Metadata)))) == before
        stands = (await session.scalars(select(Organization))).one()
        assert (stands.confirmed_at, stands.asks) == (None, 0)
    assert "something went wrong" not in eve.screen + adviser.screen
    await stage.play(until=stage.now + timedelta(minutes=1))
