"""Three people, of whom none reads a language of the others: an event, questions, a referral.

An animator who knows only French, a member who knows only Arabic, and the Ukrainian-speaking staff
of an organisation; once with real, tiny models, and once without any engine. The sentences are
not in the models' vocabulary: what counts is that nobody is left without the words.
"""

from pathlib import Path

import pytest

from locales import language_name, translator_for
from tests.bot.translating import tiny_model
from tests.bot.translating.test_wiring import starts_with
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import a_directory, a_request_without_steps, an_event, staff

WORDS = {
    ("fr", "en"): {"Bonjour": "Hello"},
    ("en", "fr"): {"Hello": "Bonjour"},
    ("ar", "en"): {"مرحبا": "Hello"},
    ("en", "ar"): {"Hello": "مرحبا"},
    ("uk", "en"): {"Вітаю": "Hello"},
    ("en", "uk"): {"Hello": "Вітаю"},
}
"""Every way leads through English, as with the public models."""

ASKED, TOLD = "مرحبا هل يوجد مصعد قرب الباب 7؟", "Bonjour Oui, derrière la porte 7, à 18:30."
TO_TEAM, BY_TEAM = "أين أجد المكتب رقم 12؟", "Au 12, rue du Marché, en face de la gare."
WISH, REPLY = "أريد موعداً يوم 14.12.2026", "Вітаю! Чекаємо на вас о 10:15, кабінет 3."


@pytest.fixture(scope="module")
def three_languages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models between the three and English, both ways."""
    folder = tmp_path_factory.mktemp("models")
    for (source, target), words in WORDS.items():
        tiny_model.install(folder, source, target, words)
    return folder


def understands(
    reader: Somebody, words: str, language: str, *facts: str, by_machine: bool
) -> None:
    """Assert that what the reader sees last holds these words in a way they can use."""
    named = language_name(language, translator_for(reader.language))
    shown = bare(reader.last["text"])
    if not by_machine:
        reader.sees_last(
            "Nothing here can translate this for you. Language of the original",
            named,
            words,
        )
        assert not any("🤖" in label or "📝" in label for label in reader.buttons())
        return
    reader.sees_last("Machine translation. Language of the original", named)
    assert all(fact in shown for fact in facts), f"{facts} not in:\n{shown}"
    assert words not in shown, "not the original, or not only labelled"


async def sees_the_original(reader: Somebody, words: str, language: str) -> None:
    """Go to the original and back."""
    named = language_name(language, translator_for(reader.language))
    await reader.presses("📝 Original")
    reader.sees_last("As it was written. Language", named, words)
    await reader.presses("🤖 Machine translation")
    assert words not in bare(reader.last["text"])


@pytest.mark.parametrize("engine", ["argos", "none"])
@pytest.mark.timeout(300)
async def test_an_event_a_question_and_a_referral_between_three_languages(
    stage: Stage, animator: Coming, three_languages: Path, engine: str
) -> None:
    by_machine = engine == "argos"
    if by_machine:
        await starts_with(stage, translation_engine="argos", models_dir=three_languages)
    marie = await animator("fr")
    await a_directory(marie)
    adviser = await staff(marie, "uk")
    amina = await stage.member("أمينة", "ar", username="amina_bakes")

    # An event, and a question about it
    await an_event(marie)
    await amina.says("/events")
    await amina.presses("Coffee for founders")
    named = language_name("fr", translator_for("ar"))
    amina.sees_last("Language: {language}", named, "Coffee for founders")
    await amina.presses("✅ Going")
    await amina.presses("❓ Ask the organisers")
    await amina.says(ASKED)
    await marie.presses("Read it")
    understands(marie, ASKED, "ar", "7", by_machine=by_machine)
    if by_machine:
        await sees_the_original(marie, ASKED, "ar")
    assert "أمينة" not in marie.last["text"]
    await marie.presses("✏️ Write back")
    await marie.says(TOLD)
    await amina.presses("Read it")
    understands(amina, TOLD, "fr", "7", "18:30", by_machine=by_machine)
    if by_machine:
        await sees_the_original(amina, TOLD, "fr")
        assert directions(amina.last["text"]) == RUNS["ar"]

    # A question to the team, and its answer
    await amina.says("/ask")
    await amina.says(TO_TEAM)
    await marie.presses("Read it")
    understands(marie, TO_TEAM, "ar", "12", by_machine=by_machine)
    await marie.presses("Answer")
    await marie.says(BY_TEAM)
    amina.sees_last("💬 An answer from the team:")
    understands(amina, BY_TEAM, "fr", "12", by_machine=by_machine)
    if by_machine:
        await sees_the_original(amina, BY_TEAM, "fr")

    # A referral, and messages both ways
    await a_request_without_steps(amina)
    await adviser.presses("Show what was shared")
    await adviser.presses("✅ Accept")
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.says(WISH)
    adviser.sees_last("🔔 You have a new message.")
    await adviser.presses("Read it")
    understands(adviser, WISH, "ar", "14.12.2026", by_machine=by_machine)
    if by_machine:
        await sees_the_original(adviser, WISH, "ar")
    await adviser.presses("✏️ Write back")
    await adviser.says(REPLY)
    await amina.presses("Read it")
    understands(amina, REPLY, "uk", "10:15", "3", by_machine=by_machine)
    if by_machine:
        await sees_the_original(amina, REPLY, "uk")
    assert "amina_bakes" not in adviser.screen
    assert WISH not in marie.screen, "what is written about a referral is not the team's"
    for press in ("▶️ It has begun", "🏁 Completed"):
        await adviser.presses(press)
    await amina.presses("Read it")
    await amina.presses("✅ Yes, I was helped")
    amina.sees_last("Done, and you agree")
