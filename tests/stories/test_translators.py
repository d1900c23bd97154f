"""Translators: invited in chat, they see texts and no people; another reads what they write."""

import pytest

from locales import native_name
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import saying
from tests.stories.steps import IN_UKRAINIAN, a_newsletter

LANGUAGES = pytest.mark.parametrize("language", ["en", "ar"])
TITLE, BODY = IN_UKRAINIAN


async def a_translator(boss: Somebody, name: str, language: str) -> Somebody:
    """Invite somebody to translate, and confirm them."""
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite a translator")
    payload = boss.link()
    somebody = boss.stage.meet(name, language)
    await somebody.starts(payload)
    await somebody.presses(native_name(language))
    await boss.presses("Yes, confirm")
    somebody.sees("You are now: {role}.")
    return somebody


async def at_the_desk(somebody: Somebody) -> None:
    """Open the first text that is missing in Ukrainian."""
    await somebody.says("/menu")
    await somebody.presses("🌐 Translations")
    await somebody.presses("Українська")


async def writes(somebody: Somebody, text: str) -> None:
    await somebody.presses("✏️ Write it")
    await somebody.says(text)


def has_button(somebody: Somebody, label: str) -> bool:
    wanted = saying(somebody.language, label)
    return any(wanted.search(button) for button in somebody.buttons())


@LANGUAGES
async def test_a_text_of_a_translator_counts_when_another_has_read_it(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await stage.member("Olha", "uk")
    first = await a_translator(boss, "Tarik", language)
    second = await a_translator(boss, "Tala", language)
    await a_newsletter(boss)
    await at_the_desk(first)
    await writes(first, "Офіс зачинено 3 січня.")
    first.sees("This is in your text and not in the original: {what}.", what="3")
    await first.says(TITLE)
    first.sees_last("The office is closed in January.")
    await writes(first, BODY)
    first.sees_last("Your text waits for somebody else to read it.", TITLE)
    assert not has_button(first, "✅ Approve")

    await at_the_desk(second)
    second.sees_last("A translator's text waits for you to read it.", "Winter news", TITLE)
    assert "Tarik" not in second.screen, "texts, no people"
    await second.presses("✅ Approve")
    second.sees_last(BODY)
    await writes(second, "У січні наш офіс зачинено.")
    second.sees_last("Your text waits for somebody else to read it.")

    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська")
    boss.sees_last("A text by {name} waits for you to read it.", name="Tala")
    await boss.presses("✅ Approve")
    boss.sees_last("Everything is translated: {language}")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Winter news")
    await boss.presses("Languages and preview")
    await boss.presses("👁 Українська")
    boss.sees_last(TITLE, "У січні наш офіс зачинено.")


@LANGUAGES
async def test_whoever_loses_the_role_has_the_desk_no_more(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await stage.member("Olha", "uk")
    somebody = await a_translator(boss, "Tarik", language)
    await a_newsletter(boss)
    await at_the_desk(somebody)
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("✖️ {name}: {role}", name="Tarik")
    await boss.presses("Yes, take it back")
    await somebody.presses("✏️ Write it")
    assert not somebody.has_read("Write it. Language: {language}")
    await somebody.says("/menu")
    assert not has_button(somebody, "🌐 Translations")


@LANGUAGES
async def test_an_earlier_text_is_read_and_used_again(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await stage.member("Olha", "uk")
    first = await a_translator(boss, "Tarik", language)
    second = await a_translator(boss, "Tala", language)
    await a_newsletter(boss)
    await at_the_desk(first)
    await writes(first, TITLE)
    await at_the_desk(second)
    assert not has_button(second, "🕘 Earlier texts")
    await writes(second, "Новини")
    await at_the_desk(first)
    await first.presses("🕘 Earlier texts")
    first.sees_last("Written before: {when}, {role}", TITLE)
    assert not first.has_read("Tala")
    await first.presses("↩️ Use this one again")
    await at_the_desk(second)
    second.sees_last("A translator's text waits for you to read it.", TITLE)
    await second.presses("🕘 Earlier texts")
    second.sees_last("Новини")
    await second.presses("✅ Approve")
    await second.presses("↩️ Use this one again")
    told = saying(language, "This has been translated already.")
    toasts = [call["params"].get("text", "") for call in stage.emulator.calls]
    assert any(told.search(toast) for toast in toasts), "approved is no draft of theirs any more"


@LANGUAGES
async def test_earlier_words_of_what_is_approved_are_used_again(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    for words in IN_UKRAINIAN, ("Новини", "Зачинено."):
        await boss.presses("Languages and preview")
        await boss.presses("✏️ Українська")
        for text in words:
            await boss.says(text)
        await boss.presses("Back to the message")
    await at_the_desk_of_what_stands(boss)
    boss.sees_last("Winter news", "Новини")
    await boss.presses("🕘 Earlier texts")
    boss.sees_last("Written before: {when}, {role}", TITLE)
    await boss.presses("↩️ Use this one again")
    boss.sees_last("It cannot be heard yet.")
    await at_the_desk_of_what_stands(boss)
    boss.sees_last("Winter news", TITLE)
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("Languages and preview")
    await boss.presses("👁 Українська")
    boss.sees_last(TITLE, "Зачинено.")


async def at_the_desk_of_what_stands(boss: Somebody) -> None:
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("🎙 Read aloud or put right")
    await boss.presses("Українська")


@LANGUAGES
async def test_whoever_may_be_the_second_reader_learns_that_drafts_wait(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await stage.member("Olha", "uk")
    first = await a_translator(boss, "Tarik", language)
    await a_newsletter(boss)
    await at_the_desk(first)
    await writes(first, TITLE)
    await boss.says("/animate")
    assert has_button(boss, "🌐 Translations: {n} to read")
    await first.says("/menu")
    assert not has_button(first, "🌐 Translations: {n} to read"), "one's own is no draft to read"
    await stage.play(hours=3)
    assert not boss.has_read("Translators' drafts that wait for a second reader: {n}", n="1")
    for _half_a_day in range(4):
        await stage.play(hours=12)
    assert boss.times_read("Translators' drafts that wait for a second reader: {n}", n="1") == 2
    assert not first.has_read("Translators' drafts that wait for a second reader: {n}", n="1")
    await boss.presses("🌐 Translations: {n} to read", n="1")
    await boss.presses("Українська")
    await boss.presses("✅ Approve")
    await stage.play(days=1)
    told = boss.times_read("Translators' drafts that wait for a second reader: {n}", n="1")
    assert told == 1, "the first was opened, and no other has come"
