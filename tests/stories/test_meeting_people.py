"""Two entrepreneurs without a common language meet through the bridge; a mentor's last place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bot.translating.test_wiring import starts_with
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.test_three_languages import (
    sees_the_original,
    three_languages,  # noqa: F401 - a fixture
    understands,
)

ROUND = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""The day after the first Monday on which a round is held."""
WISH, REPLY = "مرحبا هل نلتقي يوم 14.12.2026؟", "Вітаю! Так, о 10:15 біля станції 3."


SEVERAL, SEEKS = (0, 1, 2, 5), 5
"""The questions that take several answers; whom one seeks is the one but last."""


async def says(somebody: Somebody, *answers: str) -> None:
    """Come to /people and answer its questions; "" skips one."""
    await somebody.says("/people")
    await somebody.presses("▶️ Begin")
    for at, answer in enumerate(answers):
        if answer:
            await somebody.presses(answer)
        if not answer or at in SEVERAL:  # somebody like oneself is ticked from the beginning
            await somebody.presses("Done" if answer or at == SEEKS else "Skip")


@pytest.mark.timeout(300)
async def test_two_without_a_common_language_meet_through_the_bridge(
    stage: Stage,
    animator: Coming,
    three_languages: Path,  # noqa: F811
) -> None:
    await starts_with(stage, translation_engine="argos", models_dir=three_languages)
    marie = await animator("fr")
    amina = await stage.member("أمينة", "ar", username="amina_bakes")
    olena = await stage.member("Олена", "uk")
    await says(amina, "Selling to other countries", "", "", "Food and restaurants", "", "", "")
    await says(olena, "", "Selling to other countries", "", "Transport", "", "", "")
    await stage.play(until=ROUND)

    amina.sees_last(
        "There is somebody for you",
        "They know about what you look for: {needs}",
        "They speak: {languages}",
        "You write to each other through the bot, each in your own language.",
        "Their trade: {trade}",
    )
    assert "Українська" in bare(amina.last["text"])
    assert "Олена" not in amina.screen
    await amina.presses("✅ Yes, introduce us")
    amina.sees_last("You have said yes")
    olena.sees_last("There is somebody for you", "They look for what you know about: {needs}")
    assert "أمينة" not in olena.screen, "what she has said shows nothing to the other"
    await olena.presses("✅ Yes, introduce us")
    olena.sees("You have both said yes.")
    olena.sees("You share no language: write through the bot, each in your own.")
    assert "أمينة" in olena.screen
    assert "@amina_bakes" in olena.screen

    amina.sees_last("You have both said yes: you can meet now.")
    await amina.presses("👋 See who it is")
    assert "Олена" in bare(amina.last["text"])
    amina.sees_last("They have no account that can be shown: write to them through the bot.")
    amina.sees_last("Three things to talk about:")
    await amina.presses("💬 Write, and be translated")
    await amina.says(WISH)
    olena.sees_last("🔔 You have a new message.")
    await olena.presses("Read it")
    understands(olena, WISH, "ar", "14.12.2026", by_machine=True)
    await sees_the_original(olena, WISH, "ar")
    await olena.presses("✏️ Write back")
    await olena.says(REPLY)
    await amina.presses("Read it")
    understands(amina, REPLY, "uk", "10:15", "3", by_machine=True)
    await sees_the_original(amina, REPLY, "uk")
    assert WISH not in marie.screen, "the team reads none of it"
    assert REPLY not in marie.screen

    await stage.play(days=15)
    amina.sees_last("You were introduced to somebody. Have you met, or talked?")
    assert "Олена" not in bare(amina.last["text"])
    await amina.presses("Yes, we met")
    await amina.presses("👍 Yes")
    await amina.presses("A client")
    amina.sees_last("Thank you. It helps us to find people who fit.")
    await amina.says("/people")
    assert any("Олена" in label for label in amina.buttons())


async def test_of_two_who_say_yes_to_a_mentors_last_place_one_gets_it_and_the_other_is_told(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    marta = await stage.member("Marta", username="marta")
    amina, bilal = await stage.member("Amina"), await stage.member("Bilal")
    await says(marta, "", "Taxes", "", "", "", "")
    await marta.presses("Their mentor")
    await marta.presses("2")
    boss.sees("A member would be a mentor or a role model for others.")
    await boss.presses("Look at it")
    boss.sees_last("Marta", "A mentor; places: 2")
    await boss.presses("✅ Confirm")
    marta.sees("The team has confirmed what you would be to others.")
    for mentee in (amina, bilal):
        await says(mentee, "Taxes", "", "", "", "", "A mentor", "")
    await stage.play(until=ROUND)
    assert marta.times_read("Somebody looks for a mentor") >= 1
    await stage.play(days=1)  # the second is proposed four hours later at the earliest
    assert marta.times_read("Somebody looks for a mentor") == 2
    for _ in range(2):
        await marta.says("/people")
        await marta.presses("🆕 A proposal for you")
        await marta.presses("✅ Yes, introduce us")
    await marta.says("/people")
    await marta.presses("⚙️ How I take part")
    await marta.presses("What I would be")
    await marta.presses("Their mentor")
    await marta.presses("1")
    for mentee in (amina, bilal):
        mentee.sees("There is a mentor for you")
        assert "Marta" not in mentee.screen
        await mentee.says("/people")
        await mentee.presses("🆕 A proposal for you")
        await mentee.presses("✅ Yes, introduce us")
    assert "Marta" in amina.screen
    bilal.sees("This proposal came to nothing this time.")
    assert "Marta" not in bilal.screen
    await marta.says("/people")
    assert any("Amina" in label for label in marta.buttons())
    assert "Bilal" not in marta.screen
