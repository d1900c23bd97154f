"""A machine drafts what is missing at the translation desk; a person says whether it is right."""

from pathlib import Path

from tests.bot.translating.conftest import ARABIC
from tests.bot.translating.test_wiring import starts_with
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import goes_out


async def test_a_draft_is_shown_as_a_machines_and_taken_by_a_person(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss, amina = await animator(), await stage.member("Amina", "ar")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Hello")
    await boss.says("The meeting is at 18:30")
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("العربية: 2 texts")
    await stage.play(minutes=1)
    boss.sees_last("Hello", "Machine translation. Nobody has read it yet.", ARABIC["Hello"])
    await boss.presses("🤖 It is right like this")
    boss.sees_last("The meeting is at 18:30", ARABIC["meeting"], "18:30")
    await boss.presses("🤖 It is right like this")
    boss.sees_last("Everything is translated")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Hello")
    await goes_out(boss)
    amina.sees_last(ARABIC["Hello"], ARABIC["meeting"], "18:30")


async def test_a_language_that_no_machine_knows_is_said_plainly(
    stage: Stage, animator: Coming, models_dir: Path
) -> None:
    boss = await animator()
    await stage.member("Olha", "uk")
    await starts_with(stage, translation_engine="argos", models_dir=models_dir)
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Hello")
    await boss.says("The meeting")
    await boss.says("/animate")
    await boss.presses("🌐 Translations")
    await boss.presses("Українська: 2 texts")
    boss.sees_last("No machine here translates into this language.")
