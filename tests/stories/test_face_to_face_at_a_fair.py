"""Somebody without Telegram is registered at a fair, called, and takes over what was recorded."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from community import people
from community.assisted import Assisted
from community.consents import Consent
from community.face_to_face import clean_phone
from community.people import Person
from community.roles import Role, RoleName
from handlers.assisting import spoken
from locales import native_name
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import an_event, announced
from tests.stories.test_read_aloud import sounds
from tests.stories.test_translators import a_translator, has_button


async def registers(
    boss: Somebody, language: str = "ar", *, number: str = "06 12 34 56 78"
) -> str:
    """Register Salma, who agrees to news and questions; return the digits of her code."""
    await boss.says("/animate")
    await boss.presses("🙌 Face to face")
    await boss.presses("➕ Register somebody")
    await boss.presses(native_name(language))
    assert spoken(language)[0].partition(":")[0] in bare(boss.last["text"])  # in her language
    await boss.presses("Next")
    await boss.presses("Next")
    for answer in ("✅ Yes", "✅ Yes", "✅ Yes", "❌ No", "❌ No"):
        await boss.presses(answer)
    await boss.says("Salma")
    await boss.presses("Skip")
    await boss.presses("Skip")
    await boss.says(number)
    boss.sees_last("Salma", clean_phone(number))
    told = boss.message("🔑 The code of {name}: {code}", name="Salma")
    found = re.search(r"\d{4} \d{4} \d{4}", bare(told["text"]))
    assert found is not None
    return found[0]


@pytest.mark.parametrize(("team", "language"), [("fr", "ar"), ("en", "uk")])
async def test_registered_at_a_fair_called_and_handed_over(
    stage: Stage, animator: Coming, team: str, language: str
) -> None:
    boss = await animator(team)
    code = await registers(boss, language)
    await an_event(boss, days=3)
    await announced(boss)
    await stage.play(minutes=2)
    boss.sees("📞 Somebody without Telegram is to be told something by you.")
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("📞 People to call: {n}", n="1")
    boss.sees_last("📞 {name}, {phone}, in {language}", name="Salma", phone="0612345678")
    await boss.presses("Salma")
    boss.sees_last("Coffee for founders", "In your language:")
    letters = {"ar": "[\u0621-\u064a]{3}", "uk": "[\u0430-\u044f]{3}"}[language]
    assert re.search(letters, boss.last["text"])  # and it stands there in hers
    await boss.presses("They come")
    boss.sees_last("There is nothing to tell {name} now.", name="Salma")
    await boss.says("/animate")
    await boss.presses("📅 Events")
    await boss.presses("Coffee for founders")

    salma = stage.meet("Salma", language)
    await salma.starts()
    await salma.says(code)
    salma.sees("👋 Welcome, {name}!", name="Salma")
    salma.sees_last(
        "📋 What was recorded of you",
        "{name} wrote it down on {day}.",
        "{purpose}: yes, said to {witness} on {day}",
        "By phone you answered: {answers}",
        name="Boss",
        witness="Boss",
    )
    await stage.play(minutes=2)
    boss.sees("🔑 Somebody without Telegram has opened their code. Nobody calls them any more.")
    await boss.says("/animate")
    await boss.presses("🙌 Face to face")
    boss.sees_last("You look after nobody without Telegram at the moment.")

    await salma.presses("My name")
    await salma.presses("✏️ Change it")
    await salma.says("Salma Haddad")
    await salma.presses("📋 What was recorded of me")
    salma.sees_last("Name: {name}", name="Salma Haddad")
    await salma.presses("Short questions now and then")
    card = salma.last
    back = card["message_id"], card["buttons"][1][0]["data"]
    await salma.presses("✖️ Take it back")
    salma.sees_last("{purpose}: no, since {day}")
    stage.emulator.world.press(salma.id, *back, forged=True)  # the old button, a second time
    await stage.settled()
    await salma.presses("✅ All of it is right")
    salma.sees_last("You have confirmed all of it. Thank you!")
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, salma.id)
        assert person is not None
        assert person.name == "Salma Haddad"
        lines = await session.scalars(
            select(Consent).where(Consent.person_id == person.id, Consent.current)
        )
        stands = {line.purpose: (line.granted, line.orally) for line in lines}
        assert stands == {"news": (True, False), "surveys": (False, False)}
    await stage.play(until=stage.now + timedelta(days=3))
    salma.sees("⏰ A reminder: you wanted to come.")


@pytest.mark.parametrize(("team", "other"), [("fr", "uk"), ("uk", "en")])
async def test_what_nobody_had_told_comes_to_who_takes_over_and_another_animator_takes_the_list(
    stage: Stage, animator: Coming, team: str, other: str
) -> None:
    boss = await animator(team)
    code = await registers(boss)
    await an_event(boss, days=3)
    await announced(boss)
    await stage.play(minutes=2)
    colleague = stage.meet("Colleague", other)
    await colleague.joins()
    async with stage.app.database.transaction() as session:
        here = await people.by_telegram_id(session, colleague.id)
        gone = await people.by_telegram_id(session, boss.id)
        assert here is not None
        assert gone is not None
        session.add(Role(person_id=here.id, name=RoleName.ANIMATOR, granted_at=stage.now))
        await session.execute(
            update(Role).where(Role.person_id == gone.id).values(revoked_at=stage.now)
        )
    await boss.presses("📞 People to call")  # an old button of who animates no more
    assert "0612345678" not in bare(boss.last["text"])
    await colleague.says("/animate")
    await colleague.presses("🙌 Face to face")
    colleague.sees_last("Whoever registered those marked 🙋 is no animator any more")
    await colleague.presses("🙋 Take over those of nobody: {n}", n="1")
    assert "🙋" not in bare(colleague.last["text"])
    await colleague.presses("📞 People to call: {n}", n="1")
    colleague.sees_last("📞 {name}, {phone}, in {language}", name="Salma", phone="0612345678")

    salma = stage.meet("Salma", "ar")
    await salma.starts("h-" + code.replace(" ", ""))
    salma.sees("Messages that nobody had told you yet, and that come to you here: {n}", n="1")
    assert salma.screen.count("Coffee for founders") == 1
    await stage.play(hours=5)
    assert salma.screen.count("Coffee for founders") == 1
    await salma.presses("Going")
    await colleague.says("/animate")
    await colleague.presses("🙌 Face to face")
    colleague.sees_last("You look after nobody without Telegram at the moment.")


async def test_what_is_past_when_the_code_is_opened_is_said_to_be_past(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    code = await registers(boss)
    await an_event(boss, days=3)
    await announced(boss)
    await stage.play(until=stage.now + timedelta(days=4))
    salma = stage.meet("Salma", "ar")
    await salma.starts("h-" + code.replace(" ", ""))
    salma.sees("Messages that nobody had told you, and that are past by now: {n}")
    await stage.play(minutes=2)
    assert "Coffee for founders" not in salma.screen


async def test_who_says_no_leaves_nothing_behind(stage: Stage, animator: Coming) -> None:
    boss = await animator("fr")
    await boss.says("/animate")
    await boss.presses("🙌 Face to face")
    await boss.presses("➕ Register somebody")
    await boss.presses(native_name("ar"))
    await boss.presses("Next")
    await boss.presses("Next")
    await boss.presses("❌ No")
    boss.sees_last("Nothing was kept. Thank them for their time.")
    async with stage.app.database.transaction() as session:
        assert len((await session.scalars(select(Person))).all()) == 1


async def test_a_member_who_opens_the_code_of_another_keeps_what_is_theirs(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    code = await registers(boss)
    amina = await stage.member("Amina", "ar")
    await amina.starts("h-" + code.replace(" ", ""))
    amina.sees_last(
        "You are here already with answers of your own, so the code was not used.",
    )
    await stage.play(minutes=2)
    boss.sees("A paper code was opened by somebody who is a member already")
    salma = stage.meet("Salma", "ar")
    await salma.starts("h-" + code.replace(" ", ""))
    salma.sees("👋 Welcome, {name}!", name="Salma")
    await salma.starts("h-" + code.replace(" ", ""))  # the same paper, once more
    salma.sees_last("📋 What was recorded of you")
    assert salma.times_read("👋 Welcome, {name}!", name="Salma") == 1


async def test_a_code_that_is_sent_into_a_group_is_not_read_there(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    code = await registers(boss)
    message = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": -100, "type": "supergroup", "title": "A group"},
        "from": {"id": 4_000, "is_bot": False, "first_name": "Salma"},
    }
    for number, text in enumerate((code, "/start h-" + code.replace(" ", "")), 900):
        await stage.app.receiver.take_in(
            [{"update_id": number, "message": {**message, "text": text}}]
        )
    await stage.answered()
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Assisted.opened_at))).all() == [None]
        assert await people.by_telegram_id(session, 4_000) is None


async def test_somebody_who_is_registered_twice_by_one_number_is_noticed(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await registers(boss)
    assert not boss.has_read("⚠️ Somebody else is registered with this number.")
    await registers(boss, number="+33 6 00 00 00 00")
    assert not boss.has_read("⚠️ Somebody else is registered with this number.")
    await registers(boss, number="٠٦-١٢-٣٤-٥٦-٧٨")  # the first one, written in another way
    boss.sees_last("⚠️ Somebody else is registered with this number.")


@pytest.mark.parametrize("language", ["ar", "uk"])
async def test_wrong_used_and_expired_codes_read_alike_and_after_five_none_is_tried(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator("fr")
    used, expired = await registers(boss), await registers(boss)
    salma = stage.meet("Salma", language)
    await salma.starts("h-" + used.replace(" ", ""))
    async with stage.app.database.transaction() as session:
        await session.execute(update(Assisted).values(code_until=stage.now))
    guest = stage.meet("Guest", language)
    await guest.starts("h-" + "0" * 12)
    await guest.presses(native_name(language))
    guest.sees("This code does not lead anywhere (any more).", "It is free, in your language")
    for code in (used, expired, "1" * 12):
        await guest.says(code)
        guest.sees_last("This code does not lead anywhere (any more).")
    await guest.starts("h-" + used.replace(" ", ""))
    assert guest.times_read("This code does not lead anywhere (any more).") == 5
    async with stage.app.database.transaction() as session:
        await session.execute(update(Assisted).values(code_until=stage.now + timedelta(days=9)))
    await guest.says(expired)
    guest.sees_last("So that nobody guesses your code, none is tried for a while")
    await guest.starts("h-" + expired.replace(" ", ""))
    guest.sees("So that nobody guesses your code", "Yours stays good: please try again in {time}")
    await stage.play(hours=1)
    await guest.says(expired)
    guest.language = "ar"  # as was recorded
    guest.sees("👋 Welcome, {name}!", name="Salma")


async def test_digits_that_are_no_code_are_words_like_any_other(
    stage: Stage, animator: Coming
) -> None:
    await animator("fr")
    amina = await stage.member("Amina", "ar")
    await amina.says("3805 0123 4567")
    assert not amina.has_read(
        "This link does not work (any more). Ask the person who gave it to you for a new one."
    )


@pytest.mark.parametrize(("team", "language"), [("fr", "ar"), ("en", "uk")])
async def test_the_terms_are_heard_by_somebody_whose_language_the_animator_does_not_speak(
    stage: Stage, animator: Coming, team: str, language: str
) -> None:
    boss = await animator(team)
    first = await a_translator(boss, "Tarik", language)
    second = await a_translator(boss, "Tala", language)

    async def opens(somebody: Somebody) -> None:
        await somebody.says("/menu")
        await somebody.presses("🌐 Translations")
        await somebody.presses("🗣 Read out face to face")
        await somebody.presses(native_name(language))

    await opens(first)
    await first.presses("🎙 Record {n}", n="1")
    first.sees_last("Read this aloud, and send it as a voice message.")
    await first.says("Not now")
    first.sees_last("Please record a voice message")
    await first.sends_voice(b"the first thing")
    assert sounds(first) == [b"the first thing"]
    first.sees_last("{n}. 🕒 waits for somebody else to hear it", n="1")
    assert not has_button(first, "✅ Approve")

    async def reads_out() -> None:
        await boss.says("/animate")
        await boss.presses("🙌 Face to face")
        await boss.presses("➕ Register somebody")
        await boss.presses(native_name(language))

    await reads_out()
    assert not has_button(boss, "🔊 Listen")  # nobody else has heard it
    await opens(second)
    await second.presses("👂 To check")
    await second.presses("✅ Approve")
    second.sees_last("{n}. ✅ can be heard", n="1")
    await reads_out()
    await boss.presses("🔊 Listen")
    assert sounds(boss) == [b"the first thing"]
    await boss.presses("Next")  # and the reading out goes on where it was
    assert not has_button(boss, "🔊 Listen")
