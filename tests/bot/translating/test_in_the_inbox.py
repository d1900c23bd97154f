"""What a member and the team write to each other: read in one's own language, labelled."""

from pathlib import Path

from sqlalchemy import select

from community.exchanges import Exchange
from tests.bot.translating.test_wiring import starts_with
from tests.stories.conftest import Coming, Stage
from tests.stories.reading import bare, saying

QUESTION, IN_ARABIC = "Bonjour La réunion est à 18:30", "مرحبا ال اجتماع هو في 18:30"


async def test_the_team_reads_a_question_by_a_machine_and_the_original_on_a_tap(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, marie = await animator("ar"), await stage.member("Marie", "fr")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await marie.says("/ask")
    await marie.says(QUESTION)
    await boss.presses("Read it")
    boss.sees_last("Machine translation. Language of the original: {language}", IN_ARABIC)
    assert QUESTION not in boss.last["text"]
    await boss.presses("📝 Original")
    boss.sees_last("As it was written. Language: {language}", QUESTION)
    await boss.presses("🤖 Machine translation")
    boss.sees_last(IN_ARABIC)


async def test_an_answer_comes_with_a_machines_words_as_soon_as_they_are_there(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, amina = await animator("fr"), await stage.member("Amina", "ar")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await amina.says("/ask")
    await amina.says("مرحبا")
    await boss.presses("Read it")
    boss.sees_last("Nothing here can translate this for you. Language of the original", "مرحبا")
    await boss.presses("Answer")
    await boss.says(QUESTION)
    amina.sees_last("An answer from the team", "Machine translation.", IN_ARABIC)
    assert QUESTION not in amina.last["text"]
    await amina.presses("📝 Original")
    amina.sees_last("An answer from the team", QUESTION)
    await amina.presses("🤖 Machine translation")
    amina.sees_last(IN_ARABIC)
    assert amina.times_read("An answer from the team") == 1, "edited in its place"


async def test_what_a_machine_is_still_at_is_said_and_shown_as_it_was_written(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, amina = await animator("fr"), await stage.member("Amina", "ar")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await amina.says("/ask")
    await amina.says("مرحبا")
    await boss.presses("Read it")
    await boss.presses("Answer")
    world = stage.emulator.world
    world.say(boss.id, QUESTION)
    await stage.answered()
    while await stage.app.sender.turn():
        pass
    amina.sees_last("A machine is translating this … Language of the original", QUESTION)
    await stage.settled()
    amina.sees_last("Machine translation.", IN_ARABIC)


async def test_nobody_opens_what_the_team_has_said_to_somebody_else(
    stage: Stage, animator: Coming
) -> None:
    boss, amina, eve = await animator(), await stage.member("Amina"), await stage.member("Eve")
    await amina.says("/ask")
    await amina.says("Where is it?")
    await boss.presses("Read it")
    await boss.presses("Answer")
    await boss.says("In the library.")
    async with stage.app.database.transaction() as session:
        ref = await session.scalar(select(Exchange.ref))
    number = next(m["message_id"] for m in reversed(eve.from_bot()) if m["buttons"])
    for at in (0, 1, 2, -1):
        stage.emulator.world.press(eve.id, number, f"xs:{ref}:{at}:1", forged=True)
        await stage.settled()
    assert "library" not in eve.screen


async def test_a_number_is_in_nobodys_language(stage: Stage, animator: Coming) -> None:
    boss, amina = await animator("fr"), await stage.member("Amina", "ar")
    notice = saying(boss.language, "Nothing here can translate this for you.")
    for said, is_named in (("+32 470 12 34 56 👍", False), ("+32 470 12 34 56 مساء", True)):
        await amina.says("/ask")
        await amina.says(said)
        await boss.presses("Read it")
        boss.sees_last(said)
        assert bool(notice.search(bare(boss.last["text"]))) is is_named
