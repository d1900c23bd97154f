"""Texts are read aloud by those who write them, and members listen to them in their language."""

import pytest

from locales import native_name
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.reading import bare, saying
from tests.stories.steps import a_newsletter, an_event, announced, goes_out
from tests.stories.test_picture import listening_to
from tests.stories.test_translators import a_translator, has_button

READ, OTHER, OWN = b"how it sounds", b"how it sounds now", b"in the author's voice"
SAID = {"ar": "قهوة للمؤسسين", "uk": "Кава для засновників"}
LETTER = {
    "ar": ("أخبار الشتاء", "المكتب مغلق في يناير."),
    "uk": ("Зимові новини", "У січні офіс зачинено."),
}


async def at_the_desk(somebody: Somebody, language: str) -> None:
    await somebody.says("/menu")
    await somebody.presses("🌐 Translations")
    await somebody.presses(native_name(language))


async def as_it_stands(somebody: Somebody, language: str) -> None:
    """Open the texts of a language as they stand; what has to be heard comes first."""
    await somebody.says("/menu")
    await somebody.presses("🌐 Translations")
    await somebody.presses(
        "🎙 {n} recording to hear"
        if has_button(somebody, "🎙 {n} recording to hear")
        else "🎙 Read aloud or put right"
    )
    await somebody.presses(native_name(language))


def sounds(somebody: Somebody, since: int = 0) -> list[bytes]:
    """Return the voice messages that the bot has sent to somebody."""
    return [
        somebody.picture(message)
        for message in somebody.from_bot()[since:]
        if message["attachment"] and message["attachment"]["kind"] == "voice"
    ]


@BOTH_WAYS
async def test_an_event_is_read_aloud_by_a_translator_and_a_member_listens(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Reader", reader)
    first = await a_translator(boss, "Tarik", reader)
    second = await a_translator(boss, "Tala", reader)
    await an_event(boss)
    await at_the_desk(first, reader)
    await first.presses("✏️ Write it")
    await first.sends_voice(OTHER)
    first.sees_last("Now write down what you have read, please.")
    await first.says(SAID[reader])
    first.sees_last("Listen: does it say the same as the text?", SAID[reader])
    assert sounds(first) == [OTHER]
    await first.presses("🎙 Record it again")
    await first.says("Not now")
    first.sees_last("Please record a voice message")
    await first.sends_voice(READ)
    await first.presses("✅ Keep it")
    first.sees_last("Your recording waits for somebody else to hear it.", SAID[reader])

    await at_the_desk(second, reader)
    await second.presses("✅ Approve")
    second.sees_last("Everything is translated: {language}")
    await member.says("/events")
    await member.presses(SAID[reader])
    assert not has_button(member, "🔊 Listen"), "nobody else has heard it"

    await as_it_stands(second, reader)
    second.sees_last("A translator's recording waits for you to hear it.")
    await second.presses("🔊 Hear it")
    assert sounds(second) == [READ]
    second.sees_last("Recorded: {when}, {role}", SAID[reader])
    assert "Tarik" not in second.screen, "texts, no people"
    await second.presses("✅ Approve")
    second.sees_last("It can be heard.")

    await announced(boss)
    member.sees_last("A new event in your network", SAID[reader])
    assert sounds(member) == [], "never unasked"
    before = len(member.from_bot())
    await member.presses("🔊 Listen")
    assert sounds(member, before) == [READ]
    member.sees_last("Title", SAID[reader])
    await member.says("/events")
    await member.presses(SAID[reader])
    await member.presses("🔊 Listen")
    assert sounds(member, before) == [READ, READ]

    listen = member.message(SAID[reader])
    told = listening_to(stage, member)
    await boss.says("/animate")
    await boss.presses("📅 Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Languages and preview")
    await boss.presses(f"✏️ {native_name(reader)}")
    await boss.says({"ar": "شاي للمؤسسين", "uk": "Чай для засновників"}[reader])
    with_listen = next(m for m in reversed(member.from_bot()) if m["buttons"])
    (data,) = (
        button["data"]
        for row in with_listen["buttons"]
        for button in row
        if button["data"].startswith("vl:")
    )
    stage.emulator.world.press(member.id, with_listen["message_id"], data)
    await stage.settled()
    assert saying(reader, "This text has changed.").search(bare(told[-1])), listen
    assert sounds(member, before) == [READ, READ], "a stale recording is not played"


@BOTH_WAYS
async def test_a_newsletter_is_read_aloud_by_its_author_and_its_approval_binds_that(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Reader", reader)
    await a_newsletter(boss, *LETTER[reader])
    await boss.presses("Languages and preview")
    await boss.presses("🎙 Read it aloud")
    boss.sees_last("It cannot be heard yet.", LETTER[reader][0])
    await boss.presses("⏭ Skip")
    await boss.presses("🎙 Read it aloud")
    boss.sees_last("Read this aloud, and send it as a voice message.", LETTER[reader][1])
    await boss.sends_picture(b"\x89PNG\r\n\x1a\n")
    boss.sees_last("Please record a voice message")
    await boss.sends_voice(OWN)
    await boss.presses("✅ Keep it")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("It is ready")
    boss.sees_last("Approved.")

    await boss.presses("Languages and preview")
    await boss.presses("🎙 Read it aloud")
    await boss.presses("🎙 Read it aloud")
    await boss.sends_voice(READ)
    await boss.presses("✅ Keep it")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    boss.sees_last("A draft: nothing has been sent.")
    await goes_out(boss)
    member.sees_last(*LETTER[reader], "Language: {language}")
    assert sounds(member) == []
    await member.presses("🔊 Listen")
    assert sounds(member) == [READ, OWN], "one after the other, as they stand"
    member.sees("Title", "Text")
    stranger = await stage.member("Stranger", reader)
    await stranger.says("/news")
    await stranger.presses("🔊 Listen")
    assert sounds(stranger) == [READ, OWN]
    await member.says("/news")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("Take it back")
    await goes_out(boss)
    await member.presses("🔊 Listen")
    assert sounds(member) == [READ, OWN], "what was taken back is not read aloud"


async def test_a_recording_that_telegram_does_not_play_is_said_so_and_breaks_nothing(
    stage: Stage, animator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    boss, member = await animator("en"), await stage.member("Reader", "ar")
    await an_event(boss)
    await boss.presses("Languages and preview")
    await boss.presses("🎙 Read it aloud")
    await boss.presses("🎙 Read it aloud")
    await boss.sends_voice(OWN)
    await boss.presses("✅ Keep it")
    await boss.presses("Back to the event")
    await boss.presses("Back to the event")
    await announced(boss)
    world = stage.emulator.world
    for number in [number for number, blob in world.blobs.items() if blob.content == OWN]:
        blob = world.blobs.pop(number)
        world.blobs["gone"] = blob
    await member.presses("🔊 Listen")
    member.sees_last("This recording cannot be played at the moment.")
    assert "wrong file identifier" in caplog.text
    await member.presses("✅ Going")
    member.sees("You are going.")
