"""Who translates at a computer takes the texts along in a file, and brings them back."""

from dataclasses import replace
from typing import Any

import pytest

from bot import fetching
from locales import native_name
from reports.po import Entry, Texts, read, written
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import IN_UKRAINIAN, a_newsletter, goes_out

SAID = {"uk": IN_UKRAINIAN, "ar": ("أخبار الشتاء", "المكتب مغلق في يناير.")}


async def takes_along(boss: Somebody, language: str) -> Texts:
    """Open the desk and take the file of a language along."""
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses(native_name(language))
    await boss.presses("💻 Work in a file")
    return read(boss.picture(boss.last))


def translated(texts: Texts, *words: str) -> bytes:
    entries = [
        replace(entry, text=text, is_fuzzy=False)
        for entry, text in zip(texts.entries, words, strict=True)
    ]
    return written(replace(texts, entries=entries))


async def brings_back(boss: Somebody, content: bytes) -> None:
    await boss.presses("📥 Bring it back")
    boss.sees_last("Send the file now.")
    await boss.sends_file("texts.po", content)


@BOTH_WAYS
async def test_a_newsletter_is_translated_at_a_computer(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Reader", reader)
    await a_newsletter(boss)
    texts = await takes_along(boss, reader)
    assert texts.language == reader
    assert {entry.source for entry in texts.entries} == {
        "Winter news",
        "The office is closed in January.",
    }
    boss.sees_last("Open it with a program for PO files, such as Poedit, OmegaT or Virtaal.")
    words = dict(
        zip(("Winter news", "The office is closed in January."), SAID[reader], strict=True)
    )
    await brings_back(boss, translated(texts, *(words[entry.source] for entry in texts.entries)))
    boss.sees_last("Can be written: {n}", n="2")
    assert not boss.has_read("Written: {n} texts. Thank you!", n="2")
    await boss.presses("✅ Write them: {n} texts", n="2")
    boss.sees_last("Written: {n} texts. Thank you!", n="2")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Winter news")
    await goes_out(boss)
    member.sees_last(*SAID[reader])


async def test_what_cannot_be_written_is_said_text_by_text(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await stage.member("Iryna", "uk")
    for number in range(4):
        await boss.says("/animate")
        await boss.presses("Newsletters")
        await boss.presses("New newsletter")
        await boss.says(f"Number {number + 10}")
        await boss.says(f"See https://example.org/{number}")
    texts = await takes_along(boss, "uk")
    entries = {entry.source: entry for entry in texts.entries}

    def said(of: str, text: str, **more: Any) -> Entry:
        return replace(entries[of], text=text, **more)

    brought = [
        said("Number 10", "Число 10"),
        said("See https://example.org/0", "Див. https://example.org/7"),
        said("Number 11", "Число 12"),
        said("See https://example.org/1", "Look at https://example.org/1"),
        said("Number 12", "Число 12 " + "о" * 120),
        said("See https://example.org/2", "Див. https://example.org/2", source="See it"),
        said("Number 13", "Число 13", context="event:nothing:title"),
        said("See https://example.org/3", "Див. https://example.org/3", is_fuzzy=True),
    ]
    await brings_back(boss, written(replace(texts, entries=brought)))
    boss.sees_last(
        "Can be written: {n}",
        "Empty, or marked as not finished: {n}",
        "Cannot be written: {n}",
        "This is in the original and not in the text: https://example.org/0",
        "This is in the original and not in the text: 11",
        "It does not look like {language}.",
        "It has more than {n} characters.",
        "The original has changed since the file was made.",
    )
    reasons = bare(boss.picture(boss.from_bot()[-2]).decode("utf-8-sig"))
    assert reasons.splitlines()[-1] == (
        "Event “Number 13”: It is not among the texts that you can translate now."
    )
    assert len(reasons.splitlines()) == 6
    await boss.presses("✅ Write it: {n} text", n="1")
    boss.sees_last("Written: {n} text. Thank you!")
    await boss.presses("Back to the texts")
    assert {entry.source for entry in (await takes_along(boss, "uk")).entries} == {*entries} - {
        "Number 10"
    }


async def test_nothing_is_written_before_a_person_says_so_and_only_what_they_have_seen(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Iryna", "uk")
    await a_newsletter(boss)
    texts = await takes_along(boss, "uk")
    there = {"Winter news": IN_UKRAINIAN[0]}
    words = [there.get(entry.source, IN_UKRAINIAN[1]) for entry in texts.entries]
    await brings_back(boss, translated(texts, *words))
    await boss.presses("Leave it")
    boss.sees_last("All right, nothing of the file was written.")
    assert await takes_along(boss, "uk") == texts

    await brings_back(boss, translated(texts, *words))
    preview = boss.message("Can be written: {n}")
    await boss.presses("✅ Write them")
    boss.sees_last("Written: {n} texts. Thank you!")
    data = preview["buttons"][0][0]["data"]
    stage.emulator.world.press(boss.id, preview["message_id"], data, forged=True)
    await stage.settled()
    boss.sees_last("Written: {n} texts. Thank you!")

    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Spring news")
    await boss.says("We are open.")
    await takes_along(boss, "uk")
    await brings_back(boss, translated(texts, *words))
    boss.sees_last("Stand there already, word for word: {n}", "There is nothing to write.")


async def test_who_writes_one_of_the_texts_meanwhile_sees_the_rest_before_it_is_written(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Iryna", "uk")
    await a_newsletter(boss)
    texts = await takes_along(boss, "uk")
    words = {"Winter news": "Новини", "The office is closed in January.": "Зачинено."}
    await brings_back(boss, translated(texts, *(words[one.source] for one in texts.entries)))
    preview = boss.message("Can be written: {n}", n="2")

    await boss.presses("All languages")
    await boss.presses("Українська: 2 texts")
    await boss.presses("✏️ Write it")
    await boss.says("Слова людини")
    stage.emulator.world.press(boss.id, preview["message_id"], preview["buttons"][0][0]["data"])
    await stage.settled()
    boss.sees_last("Can be written: {n}", "Somebody has translated it meanwhile.", n="1")
    boss.sees("Nothing was written: something has changed since you sent the file.")
    await boss.presses("✅ Write it: {n} text", n="1")
    await boss.presses("Back to the texts")
    boss.sees_last("Everything is translated")


@BOTH_WAYS
async def test_what_is_approved_is_put_right_by_a_file_if_that_is_said_apart(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await stage.member("Reader", reader)
    await a_newsletter(boss)
    words = dict(
        zip(("Winter news", "The office is closed in January."), SAID[reader], strict=True)
    )
    texts = await takes_along(boss, reader)
    await brings_back(boss, translated(texts, *(words[one.source] for one in texts.entries)))
    await boss.presses("✅ Write them: {n} texts", n="2")

    async def takes_all_along() -> Texts:
        await boss.says("/animate")
        await boss.presses("🌐 Translations")
        await boss.presses("🎙 Read aloud or put right")
        await boss.presses(native_name(reader))
        await boss.presses("💻 Work in a file")
        found = read(boss.picture(boss.last))
        # The lessons that come with the program stand approved, too.
        return Texts(
            found.language, [one for one in found.entries if not one.context.startswith("lesson:")]
        )

    every = await takes_all_along()
    boss.sees_last("Approved texts are in it, too.")
    assert {entry.text for entry in every.entries} == set(SAID[reader])
    again = {"Winter news": {"ar": "أنباء الشتاء", "uk": "Вісті зими"}[reader]}
    better = translated(every, *(again.get(one.source, one.text) for one in every.entries))
    await brings_back(boss, better)
    boss.sees_last(
        "Can be written: {n}",
        "⚠️ {n} text that is approved would change:",
        SAID[reader][0],
        again["Winter news"],
    )
    preview = boss.last
    await boss.presses("✏️ Change what is approved")
    boss.sees_last("Written: {n} text. Thank you!")
    changed = {entry.text for entry in (await takes_all_along()).entries}
    assert changed == {again["Winter news"], SAID[reader][1]}
    data = preview["buttons"][0][0]["data"]
    stage.emulator.world.press(boss.id, preview["message_id"], data, forged=True)
    await stage.settled()
    await boss.presses("📥 Bring it back")
    await boss.sends_file("texts.po", better)
    boss.sees_last("Stand there already, word for word: {n}", "There is nothing to write.", n="2")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89PNG", "The letters in this file cannot be read."),
        (b"a,b", "This is no PO file, or it is damaged."),
        (bytes(fetching.MOST + 1), "This file is too big to be one of ours"),
        (
            written(Texts("ar", [Entry("event:a:title", "a", "b")])),
            "This file is for another language: {language}. Nothing was changed.",
        ),
        (
            written(Texts("uk", [Entry("event:a:title", "a", "b")])).replace(b"s: 1", b"s: 2"),
            "The file is not whole: some of the texts that it was made with are missing.",
        ),
    ],
)
async def test_a_file_that_is_not_taken_is_refused_and_another_may_follow(
    stage: Stage, animator: Coming, content: bytes, told: str
) -> None:
    boss = await animator()
    await stage.member("Iryna", "uk")
    await a_newsletter(boss)
    texts = await takes_along(boss, "uk")
    await boss.presses("📥 Bring it back")
    await boss.says("here it is")
    boss.sees_last("Please send the file itself: tap the paper clip and choose “File”.")
    await boss.sends_file("texts.po", content)
    boss.sees_last(told)
    await boss.sends_file("texts.po", translated(texts, "У січні зачинено.", "Новини зими"))
    boss.sees_last("Can be written: {n}", n="2")
