"""Two people, two languages: who reads what, by the rules that authors choose."""

from datetime import UTC, datetime

from community import people, sends
from tests.stories.conftest import Coming, Stage
from tests.stories.reading import bare
from tests.stories.steps import (
    IN_UKRAINIAN,
    a_directory,
    a_newsletter,
    an_event,
    goes_out,
    in_ukrainian,
)


async def test_a_second_language_is_chosen_and_read_where_the_own_one_is_missing(
    stage: Stage, animator: Coming
) -> None:
    boss, olha = await animator(), await stage.member("Olha", "uk")
    await olha.says("/language")
    await olha.presses("🗣 I also read another language")
    assert not any("Українська" in label for label in olha.buttons())
    await olha.presses("Français")
    olha.sees_last("Також: французька")
    await olha.says("/me")
    olha.sees_last("Також: французька")
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses("✏️ Français")
    await boss.says("Nouvelles")
    await boss.says("Le bureau est fermé.")
    await boss.presses("Their second language")
    await boss.presses("Back to the message")
    await goes_out(boss)
    olha.sees_last("Мова: французька", "Nouvelles", "Le bureau est fermé.")
    assert not olha.has_read("Winter news")


async def test_who_waits_for_a_language_gets_it_when_an_animator_has_written_it(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    olha, ben = await stage.member("Olha", "uk"), await stage.member("Ben")
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses("They wait for their own")
    await boss.presses("👁 Українська")
    boss.sees_last("Readers of this language wait for it: Ukrainian")
    await boss.presses("Back to the message")
    await goes_out(boss)
    ben.sees_last("Winter news")
    await stage.play(minutes=10)
    assert not olha.has_read("Winter news")
    assert boss.has_read("Wait for their language: 1")

    await boss.presses("Translate it")
    await boss.presses("✏️ Українська")
    for words in IN_UKRAINIAN:
        await boss.says(words)
    await stage.play(minutes=1)
    olha.sees_last(*IN_UKRAINIAN)
    assert ben.times_read("Winter news") == olha.times_read(IN_UKRAINIAN[0]) == 1


async def test_who_turns_to_a_missing_language_in_the_night_waits_for_it(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await stage.play(until=datetime(2026, 11, 24, 21, 0, tzinfo=UTC))  # ten at night in Paris
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses("They wait for their own")
    await boss.presses("Back to the message")
    await goes_out(boss)
    await amina.chooses_language("uk")
    await stage.play(until=datetime(2026, 11, 25, 7, 30, tzinfo=UTC))
    assert not amina.has_read("Winter news")
    await amina.chooses_language("en")
    await stage.play(minutes=20)
    assert amina.times_read("Winter news") == 1


async def test_the_translation_desk_shows_one_text_after_the_other(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    boss.sees_last("Ukrainian is read by: fewer than 5")
    assert not any("العربية" in label for label in boss.buttons()), "nobody reads it"
    await boss.presses("Українська: 2 texts")
    boss.sees_last("Newsletter, 1 of 2", "Language: English", "Winter news")
    await boss.presses("⏭ Skip")
    boss.sees_last("Newsletter, 2 of 2", "The office is closed in January.")
    await boss.presses("✏️ Write it")
    await boss.says("The office is closed.")
    boss.sees_last("This does not look like Ukrainian")
    await boss.says("Офіс зачинено 3 січня.")
    boss.sees_last("This is in your text and not in the original: 3")
    await boss.says(IN_UKRAINIAN[1])
    boss.sees_last("Newsletter, 1 of 1", "Winter news")
    await boss.presses("✏️ Write it")
    await boss.says(IN_UKRAINIAN[0])
    boss.sees_last("Everything is translated: Ukrainian")
    await boss.presses("All languages")
    boss.sees_last("Everything is translated.")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Winter news")
    await boss.presses("Languages and preview")
    await boss.presses("👁 Українська")
    boss.sees_last(*IN_UKRAINIAN)


async def test_what_is_out_of_date_is_confirmed_at_the_desk_or_written_anew(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await in_ukrainian(boss)
    await boss.presses("✏️ English")
    await boss.says("News of the winter")
    await boss.says("The office is closed in January.")
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 1 text")
    boss.sees_last("News of the winter", IN_UKRAINIAN[0])
    await boss.presses("✅ It is still right")
    boss.sees_last("Everything is translated")


async def test_who_translates_an_event_at_the_desk_hears_that_its_announcement_is_a_draft_again(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await an_event(boss)
    await boss.presses("Tell the members")
    await boss.presses("It is ready")
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 1 text")
    await boss.presses("✏️ Write it")
    await boss.says("Кава для підприємців")
    assert boss.has_read("Everything is translated: Ukrainian")
    assert any("It is ready" in label for label in boss.buttons()), "it has to be approved anew"


async def test_what_the_desk_does_not_show_whole_cannot_be_confirmed_there(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await in_ukrainian(boss)
    await boss.presses("✏️ English")
    await boss.says("Winter news")
    await boss.says("The office is closed. " * 150)
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 1 text")
    boss.sees_last("The office is closed.", IN_UKRAINIAN[1], "…")
    assert not any("still right" in label for label in boss.buttons())
    assert any("Write it" in label for label in boss.buttons())
    await boss.presses("📖 Show all of it")
    boss.sees("The office is closed. " * 149)
    boss.sees_last(IN_UKRAINIAN[1])
    await boss.presses("✅ It is still right")
    boss.sees_last("Everything is translated")


async def test_only_what_was_shown_is_said_to_be_right(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await in_ukrainian(boss)
    await boss.presses("✏️ English")
    await boss.says("News of the winter")
    await boss.says("The office is closed in January.")
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 1 text")
    card = boss.last["message_id"]
    async with stage.app.database.transaction() as session:
        author = await people.by_telegram_id(session, boss.id)
        assert author is not None
        (send,) = await sends.recent(session)
        texts = {"title": "News of the spring"}
        await sends.edit(session, author, send.ref, stage.now, language="en", texts=texts)
    await boss.presses("✅ It is still right")
    toasts = [call["params"].get("text", "") for call in stage.emulator.calls]
    assert any("has changed since it was shown" in toast for toast in toasts)
    assert boss.last["message_id"] == card
    boss.sees_last("News of the spring", IN_UKRAINIAN[0])
    await boss.presses("✅ It is still right")
    boss.sees_last("Everything is translated")


async def test_a_coordinator_translates_the_directory_at_the_same_desk(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_directory(boss)
    await boss.says("/report")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська")
    seen = set()
    while "Everything is translated" not in bare(boss.last["text"]):
        kind = bare(boss.last["text"]).split(",")[0]
        seen.add(kind)
        await boss.presses("✏️ Write it")
        await boss.says("Слова українською")
        assert len(boss.from_bot()) < 200
    assert seen == {"Service", "Step of a service", "Organisation"}, "the area is translated"


async def test_a_correction_reaches_whoever_has_a_copy_whatever_the_rule(
    stage: Stage, animator: Coming
) -> None:
    boss, olha = await animator(), await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await in_ukrainian(boss)
    await boss.presses("They get nothing")
    await boss.presses("Back to the message")
    await goes_out(boss)
    olha.sees_last(*IN_UKRAINIAN)
    await boss.presses("Correct it")
    await boss.presses("Languages and preview")
    assert not any("They wait" in label for label in boss.buttons())
    await boss.presses("✏️ English")
    await boss.says("Winter news")
    await boss.says("The office is open in January.")
    await boss.presses("Back to the message")
    await goes_out(boss)
    olha.sees_last("Мова: англійська", "The office is open in January.")
    assert IN_UKRAINIAN[1] not in olha.screen


async def test_whoever_is_slower_at_the_desk_overwrites_nothing(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await a_newsletter(boss)
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 2 texts")
    await boss.presses("✏️ Write it")
    async with stage.app.database.transaction() as session:
        author = await people.by_telegram_id(session, boss.id)
        assert author is not None
        (send,) = await sends.recent(session)
        texts = dict(zip(("title", "body"), IN_UKRAINIAN, strict=True))
        await sends.edit(session, author, send.ref, stage.now, language="uk", texts=texts)
    await boss.says("Інші новини")
    boss.sees("Somebody has translated or changed this meanwhile")
    async with stage.app.database.transaction() as session:
        (send,) = await sends.recent(session)
        assert (await sends.shelf(session, send)).complete["uk"] == texts
