"""A member asks for a text in their language; a translator asks its author; both hear once."""

import pytest

from tests.stories.conftest import Coming, Stage
from tests.stories.reading import saying
from tests.stories.steps import IN_UKRAINIAN, a_directory, a_newsletter, an_event, goes_out
from tests.stories.test_picture import FLYER, listening_to
from tests.stories.test_translators import a_translator, at_the_desk, has_button, writes

PLEASE = "🙏 Please translate this"
THANKS = "Thank you. We have asked the translators."
ALREADY = "You have asked for this already. Thank you!"
HERE = "You asked for this in your language ({language}): here it is."


async def test_what_a_member_asks_for_is_translated_after_a_word_from_its_author(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    olha = await stage.member("Olha", "uk", username="olha_bakes")
    tarik = await a_translator(boss, "Tarik", "ar")
    await an_event(boss, days=6, title="Tea for founders")
    await an_event(boss, days=5)
    await olha.says("/events")
    await olha.presses("Coffee for founders")
    olha.sees_last("Language: {language}", "Coffee for founders")
    toasts = listening_to(stage, olha)
    await olha.presses(PLEASE)
    assert [bool(saying("uk", THANKS).search(said)) for said in toasts] == [True]
    assert not has_button(olha, PLEASE)
    assert has_button(olha, "✅ Going"), "it is the card, without that button"

    await at_the_desk(tarik)
    tarik.sees_last("Coffee for founders", "Members who would read this: {n}")
    tarik.sees_last("Members who have asked for it: {n}", n="أقل من 5")
    assert "Olha" not in tarik.screen
    await tarik.presses("❓ Ask the author")
    tarik.sees_last("You and the author of a text: {what}", "Coffee for founders")
    tarik.sees_last("the team can read it and answer after {n} working days.", n="4")
    await tarik.says("هل هو لقاء أم دورة؟")
    assert "Boss" not in tarik.screen
    boss.sees_last("❓ A translator has a question about a text that you wrote.")
    assert "دورة" not in boss.last["text"]
    await boss.presses("Read it")
    boss.sees_last(
        "A translator asks about a text: Event", "Coffee for founders", "The translator:"
    )
    boss.sees_last("هل هو لقاء أم دورة؟", "Language of the original: Arabic")
    await boss.presses("✏️ Write back")
    await boss.says("A meeting.")
    tarik.sees_last("💬 There is an answer to your question about a text.")
    await tarik.presses("Read it")
    tarik.sees_last("The author:", "A meeting.", "Coffee for founders")
    tarik.sees_last("the team can read it and answer after {n} working days.", n="4")
    for name in ("Tarik", "Boss", "olha_bakes"):
        assert name not in tarik.last["text"] + boss.last["text"]
    await tarik.presses("To the text")
    await writes(tarik, "Кава для підприємців")
    await stage.play(minutes=2)
    assert not olha.has_read(HERE), "a draft is not there yet"

    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська")
    await boss.presses("✅ Approve")
    await stage.play(minutes=2)
    olha.sees_last(HERE)
    olha.sees_last("Кава для підприємців")
    await olha.presses("✅ Going")
    await stage.play(days=1)
    assert olha.times_read(HERE) <= 1
    assert not any("Olha" in one.screen for one in (boss, tarik))
    await tarik.says("/menu")
    await tarik.presses("🌐 Translations")
    await tarik.presses("Українська")
    tarik.sees_last("Tea for founders")
    assert not tarik.last["text"].count("🙏")


async def test_what_came_in_another_language_is_asked_for_and_comes_once_more(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("ar")
    olha, zoya = await stage.member("Olha", "uk"), await stage.member("Zoya", "uk")
    await a_newsletter(boss, "رسالة الشتاء", "المكتب مغلق.")
    await goes_out(boss)
    for reader in (olha, zoya):
        reader.sees_last("رسالة الشتاء")
        assert has_button(reader, PLEASE)
    letter = olha.last["message_id"]
    await olha.presses(PLEASE)
    assert olha.last["message_id"] == letter, "in its place"
    assert not has_button(olha, PLEASE)
    assert has_button(olha, "🔕 No more news like this")
    await olha.says("/news")
    assert not has_button(olha, PLEASE)
    assert has_button(zoya, PLEASE)
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська")
    boss.sees_last("Members who have asked for it: {n}")
    assert not has_button(boss, "❓ Ask the author"), "it is their own"
    for words in IN_UKRAINIAN:
        await writes(boss, words)
    await stage.play(minutes=2)
    olha.sees_last(HERE, *IN_UKRAINIAN)
    assert not zoya.has_read(HERE)
    await stage.play(days=1)
    assert olha.times_read("You asked for this in your language") == 1


async def test_under_a_picture_and_under_a_service_it_is_asked_for_as_well(
    stage: Stage, animator: Coming
) -> None:
    boss, olha = await animator(), await stage.member("Olha", "uk")
    await a_directory(boss)
    await olha.says("/support")
    await olha.presses("Money to start")
    await olha.presses("Start-up advice")
    await olha.presses(PLEASE)
    assert not has_button(olha, PLEASE)
    olha.sees_last("Start-up advice", "Make an appointment")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Winter news")
    await boss.sends_picture(FLYER, "The office is closed.")
    await boss.says("A closed door.")
    await goes_out(boss)
    await stage.play(minutes=10)  # she was looking for something, and is left to finish that
    olha.sees_last("Winter news")
    said = len(olha.from_bot())
    toasts = listening_to(stage, olha)
    for _tap in range(2):
        await olha.presses(PLEASE)
    for told, words in zip((THANKS, ALREADY), toasts, strict=True):
        assert saying("uk", told).search(words)
    assert len(olha.from_bot()) == said, "no second copy of it"


@pytest.mark.parametrize("second", ["fr", "en"])
async def test_who_reads_it_in_a_second_language_has_nothing_to_ask_for(
    stage: Stage, animator: Coming, second: str
) -> None:
    boss, olha = await animator("fr"), await stage.member("Olha", "uk")
    await olha.says("/language")
    await olha.presses("🗣 I also read another language")
    await olha.presses({"fr": "Français", "en": "English"}[second])
    await an_event(boss)
    await olha.says("/events")
    await olha.presses("Coffee for founders")
    assert has_button(olha, PLEASE) == (second == "en")
