"""What an author wrote, by a machine, for whoever has opened it and asks for that."""

from pathlib import Path

from sqlalchemy import select

from community.sends import Send
from tests.bot.translating.test_wiring import starts_with
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import a_directory, a_newsletter, an_event, announced, staff

FRENCH = ("Bonjour", "La réunion est à 18:30")
BY_MACHINE = ("مرحبا", "ال اجتماع هو في 18:30")


async def test_a_newsletter_in_another_language_is_read_by_a_machine_on_a_tap(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss = await animator("fr")
    amina, olha = await stage.member("Amina", "ar"), await stage.member("Olha", "uk")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await a_newsletter(boss, *FRENCH)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=1)
    amina.sees_last("Language: {language}", *FRENCH)
    assert not any("🤖" in label for label in olha.buttons()), "no machine knows that way"
    await amina.presses("🤖 Translate it for me")
    amina.sees_last("Machine translation. Language of the original: {language}", *BY_MACHINE)
    assert not any(words in amina.last["text"] for words in FRENCH)
    assert amina.times_read("Machine translation. Language") == 1, "one notice for all of it"
    await amina.presses("📝 Original")
    amina.sees_last("As it was written. Language: {language}", *FRENCH)
    await amina.presses("🤖 Machine translation")
    amina.sees_last(*BY_MACHINE)
    assert amina.has_read(FRENCH[1]), "the newsletter itself stays as it was"


async def test_an_event_is_read_by_a_machine_from_its_card_and_from_its_announcement(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, amina = await animator("fr"), await stage.member("Amina", "ar")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await an_event(boss, title=FRENCH[1])
    await amina.says("/events")
    await amina.presses(FRENCH[1])
    await amina.presses("🤖 Translate it for me")
    amina.sees_last("Machine translation. Language of the original: {language}", BY_MACHINE[1])
    assert amina.has_read(FRENCH[1]), "its card stays, with the facts"
    await announced(boss)
    amina.sees_last("A new event in your network", FRENCH[1])
    await amina.presses("🤖 Translate it for me")
    assert amina.times_read("Machine translation. Language") == 2


async def test_nobody_reads_by_a_machine_what_was_not_for_them(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, eve = await animator("fr"), await stage.member("Eve", "ar")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await a_newsletter(boss, *FRENCH)  # a draft
    async with stage.app.database.transaction() as session:
        ref = await session.scalar(select(Send.ref))
    number = next(m["message_id"] for m in reversed(eve.from_bot()) if m["buttons"])
    for forged in (
        f"bm:newsletter:{ref}:0:1",
        f"bm:organization:{ref}:0:1",
        f"bm:event:{ref}:0:0",
    ):
        stage.emulator.world.press(eve.id, number, forged, forged=True)
        await stage.settled()
    assert not any(eve.has_read(words) for words in (*FRENCH, *BY_MACHINE))


async def test_staff_read_a_note_in_another_language_by_a_machine_and_as_it_was_written(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss = await animator()
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await a_directory(boss)
    adviser, marie = await staff(boss, "ar"), await stage.member("Marie", "fr")
    await marie.says("/support")
    for press in ("Money to start", "Start-up advice", "Refer me", "Add a note"):
        await marie.presses(press)
    await marie.says(FRENCH[1])
    await marie.presses("I agree, send it")
    await adviser.presses("Show what was shared")
    await stage.settled()
    adviser.sees_last("Machine translation. Language of the original: {language}", BY_MACHINE[1])
    adviser.sees_last(FRENCH[1])
    assert adviser.last["protected"]
