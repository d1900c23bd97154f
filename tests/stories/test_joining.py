"""A newcomer comes in, in Arabic and in English, looks round, joins, tells a little, leaves."""

import json

import pytest
from sqlalchemy import select

from community import consents, people
from community.consents import Purpose
from community.people import Membership, Person, Stage
from locales import native_name
from tests.stories.conftest import RUNS, Coming, directions
from tests.stories.conftest import Stage as Theatre
from tests.stories.reading import bare

WELCOME = {
    "en": "a network of people who start or run a business in a new country",
    "ar": "هذه شبكة لمن يبدأ مشروعاً أو يديره في بلد جديد",
}
CONSENTS = {"en": "What may we do?", "ar": "ماذا تسمحون لنا؟"}
AS_ONE_READS = {"en": ["All", "Only what is needed"], "ar": ["الضروري فقط", "الكل"]}
"""Telegram lays buttons out from the left; the first stands where one begins to read."""
MY_DATA = {"ar": "بياناتي.json", "uk": "мої-дані.json"}
ERASED = {
    "ar": "حُذف كل شيء عنكم. نتمنى لكم كل الخير!",
    "uk": "Усе про вас видалено. Хай вам щастить!",
}


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_a_newcomer_joins_and_tells_a_little(stage: Theatre, language: str) -> None:
    amina = stage.meet("Amina", "fr")
    await amina.starts()
    assert amina.buttons()[0] == "Français"  # Telegram's language only comes first
    assert {"English", "العربية", "Українська"} <= set(amina.buttons())
    await amina.presses(native_name(language))
    amina.sees_last(WELCOME[language])
    assert directions(amina.last["text"]) == RUNS[language]
    await amina.presses("Join")
    amina.sees_last(CONSENTS[language])
    assert amina.buttons()[-3:-1] == AS_ONE_READS[language]
    await amina.presses("News and reminders")
    await amina.presses("Done")
    amina.sees("You are in. Welcome! 🎉", "What are you looking for first?")
    await amina.presses("Money to start")
    await amina.presses("I have an idea")
    await amina.presses("Skip")  # no areas yet
    await amina.presses("I want to take part")
    await amina.presses("Woman")
    await amina.presses("Done")
    amina.sees_last("Tell the team what you need: they read every message.")
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, amina.id)
        assert person is not None
        assert (person.language, person.state) == (language, Membership.ACTIVE)
        assert person.stage == Stage.IDEA
        assert await consents.given(session, person) == {Purpose.NEWS}
        assert await people.profiles(session, person) == ["woman"]


async def test_just_looking_needs_none_of_it(stage: Theatre) -> None:
    ben = stage.meet("Ben", "en")
    await ben.starts()
    await ben.presses("English")
    await ben.presses("Just look")
    ben.sees("What would you like to do?")
    await ben.presses("Events")
    ben.sees("no event planned")
    await ben.says("/me")
    ben.sees("Looking round")


async def test_a_stop_word_in_any_language_stops_in_every_state(stage: Theatre) -> None:
    oksana = stage.meet("Oksana", "uk")
    await oksana.starts()
    await oksana.presses("English")
    await oksana.presses("Join")
    await oksana.presses("Only what is needed")
    await oksana.says("/ask")
    oksana.sees("What would you like to tell the team")
    await oksana.says("СТОП.")
    oksana.sees("Stopped.")
    await oksana.presses("Start messages again")
    oksana.sees("Welcome back")
    await oksana.says("توقّف!")
    oksana.sees_last("Stopped.")
    await oksana.presses("Start messages again")
    await oksana.says("please do not stop the bus for me")
    oksana.sees("Do you want to stop the messages")
    await oksana.presses("No, I meant")
    oksana.sees_last("Shall I send this to the team?", "please do not stop the bus for me")


async def test_an_answer_with_a_stop_word_in_it_is_kept_and_asked_about(
    stage: Theatre, animator: Coming
) -> None:
    boss = await animator()
    sami = stage.meet("Sami", "en")
    await sami.joins()
    await sami.says("/ask")
    await sami.says("Can I stop my rental contract?")
    sami.sees("Do you want to stop the messages from us?", "The team has your message")
    await sami.presses("No, I meant")
    sami.sees("All right, nothing changes.")
    await boss.presses("Read it")
    boss.sees_last("Can I stop my rental contract?")


async def test_a_text_that_fits_nothing_can_go_to_the_team(
    stage: Theatre, animator: Coming
) -> None:
    boss = await animator()
    sami = stage.meet("Sami", "en")
    await sami.starts()
    await sami.presses("English")
    await sami.presses("Join")
    await sami.presses("Only what is needed")
    await sami.says("My kiosk burnt down.")
    sami.sees_last("Shall I send this to the team?", "My kiosk burnt down.")
    await sami.says("/menu")
    await sami.says("What can I do?")
    sami.sees_last("My kiosk burnt down.\nWhat can I do?")
    await sami.presses("Yes, send it")
    boss.sees("A member has written to the team")
    await boss.presses("Read it")
    boss.sees("My kiosk burnt down.\nWhat can I do?")
    await boss.presses("Answer")
    await boss.says("Come to the office tomorrow.")
    sami.sees("An answer from the team", "Come to the office tomorrow.")


@pytest.mark.parametrize("language", ["ar", "uk"])
async def test_everything_can_be_seen_taken_along_and_erased(
    stage: Theatre, language: str
) -> None:
    lina = await stage.member("Lina", language)
    await lina.says("/me")
    lina.sees_last("What we know about you", "Name: {name}", name="Lina")
    await lina.presses("My name")
    await lina.says("Lina the baker")
    lina.sees_last("Lina the baker")
    await lina.presses("Take my data with me")
    attached = lina.last["attachment"]
    assert attached["file_name"] == MY_DATA[language]
    blob = next(b for b in stage.emulator.world.blobs.values() if b.name == MY_DATA[language])
    assert "Lina the baker" in json.dumps(json.loads(blob.content), ensure_ascii=False)
    await lina.says("/stop")
    lina.sees_last("Stopped. From now on you get no news, reminders or questions from us.")
    await lina.presses("Delete my data")
    lina.sees_last("This cannot be undone.")
    await lina.presses("Yes, delete everything")
    lina.sees_last(ERASED[language])
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Person))).all() == []
    stage.emulator.world.block(lina.id)
    await stage.settled()
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Person))).all() == [], "nobody is met by leaving"


async def test_a_forged_button_changes_nothing_and_is_answered(stage: Theatre) -> None:
    eve = stage.meet("Eve", "en")
    await eve.starts()
    await eve.presses("English")
    message = eve.last["message_id"]
    for data in (
        "an:-1:going",
        "an:99999999999999999999:going",
        "pr:need",
        "co:all:1:0",
        "f:x:y:z",
        "st:nonsense",
        "ib:0",
        "te:maybe",
        "٧",
        "x" * 64,
    ):
        stage.emulator.world.press(eve.id, message, data, forged=True)
        await stage.settled()
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, eve.id)
        assert person is not None
        assert person.state == Membership.JOINING
        assert await consents.given(session, person) == set()
    assert not eve.has_read("You are in. Welcome! 🎉")


async def test_an_unknown_link_is_answered_politely(stage: Theatre) -> None:
    max_ = stage.meet("Max", "en")
    await max_.starts("i-" + "x" * 40)
    await max_.presses("English")
    max_.sees("The link that you opened has ended. You are welcome all the same.", "Welcome")
    await max_.presses("Join")
    await max_.presses("All")
    await max_.starts("i-" + "x" * 40)
    max_.sees("This link does not work")


async def test_what_was_said_under_me_can_be_changed_and_taken_back(stage: Theatre) -> None:
    lina = stage.meet("Lina", "en")
    await lina.joins()
    await lina.presses("A mentor")
    await lina.says("/me")
    lina.sees_last("A mentor")
    await lina.presses("What I look for")
    await lina.presses("No longer say it")
    assert "A mentor" not in lina.last["text"]
    await lina.presses("What I agreed to")
    await lina.presses("Only what is needed")
    lina.sees_last("What we know about you")
    await lina.says("/events")
    assert "We will tell you" not in lina.last["text"]


async def test_whoever_has_stopped_is_not_asked_how_long_to_pause(stage: Theatre) -> None:
    lina = stage.meet("Lina", "en")
    await lina.joins()
    await lina.says("/stop")
    await lina.says("/pause")
    lina.sees_last("You have stopped")
    await lina.presses("Start messages again")
    await lina.says("/pause")
    lina.sees_last("How long")


async def test_a_question_that_is_open_is_asked_again_after_another_button(stage: Theatre) -> None:
    lina = stage.meet("Lina", "en")
    await lina.joins()
    await lina.says("/me")
    await lina.presses("My name")
    asked = lina.last["text"]
    await lina.presses("Where I live")
    lina.sees_last(bare(asked))
    await lina.says("Lina the baker")
    lina.sees("Lina the baker")
