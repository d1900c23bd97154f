"""A member takes a break of two weeks while much is due: what comes in it, and what after it."""

from datetime import UTC, datetime, timedelta

from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, a_newsletter, an_event, goes_out
from tests.stories.test_meeting_people import says
from tests.stories.test_translators import writes

NOVEMBER = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DIGESTS = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
BACK = datetime(2026, 12, 4, 8, 0, tzinfo=UTC)
"""Two weeks after the break begins, at nine where she lives."""
MOMENT = timedelta(minutes=1)
REMINDER = "A reminder: you wanted to come."
TRANSLATED = "You asked for this in your language ({language}): here it is."
NUDGE = "👣 Your next step is waiting."
PROPOSAL = "There is somebody for you"
DIGEST = "Your month in the network"


async def looks_around(olha: Somebody) -> None:
    """Begin much of what has something to say later, and take a break."""
    await olha.says("/support")
    for label in ("Money to start", "Start-up advice", "🙏 Please translate this", "⬜ 1"):
        await olha.presses(label)
    await olha.says("/events")
    for label in ("Coffee for founders", "Going"):
        await olha.presses(label)
    await says(olha, "Selling to other countries", "", "", "Food and restaurants", "", "", "")
    await olha.says("/pause")
    await olha.presses("{n} weeks", n="2")
    olha.sees_last("A good break to you. You get messages again from {day}.")


async def test_in_a_break_comes_what_one_goes_to_and_after_it_what_still_holds(
    stage: Stage, animator: Coming
) -> None:
    await stage.begins(NOVEMBER)
    boss = await animator()
    await a_directory(boss)
    olha, other = await stage.member("Olha", "uk"), await stage.member("Other", "uk")
    await says(other, "", "Selling to other countries", "", "Transport", "", "", "")
    await an_event(boss, days=5)
    await an_event(boss, days=30, title="Tea")
    await a_newsletter(boss)
    await goes_out(boss)
    await looks_around(olha)
    before = len(olha.from_bot())

    await boss.says("/animate")
    for label in ("🌐 Translations", "Українська"):
        await boss.presses(label)
    for words in ("Кава", "Чай", "Порада", "Ми допоможемо.", "Домовтеся", "Принесіть ідеї"):
        await writes(boss, words)
    await a_newsletter(boss, "Old office", "We move.")
    await goes_out(boss)
    await stage.play(until=DIGESTS)
    await boss.presses("Look at it")
    await boss.presses("✅ Let it go")
    await stage.play(until=BACK - MOMENT)
    other.sees("Old office", DIGEST)
    told = olha.from_bot()[before:]
    assert len(told) == olha.times_read(REMINDER) > 0, "of the event she goes to, and no more"

    await stage.play(until=BACK + MOMENT)
    assert [olha.has_read(one) for one in (TRANSLATED, NUDGE, PROPOSAL, DIGEST)] == [
        *(True, False, False, False),
    ]
    olha.sees("Порада")
    await stage.play(days=14)
    olha.sees(NUDGE, PROPOSAL)
    assert not olha.has_read(DIGEST)
    assert not olha.has_read("Old office"), "what was news then is under /news"
