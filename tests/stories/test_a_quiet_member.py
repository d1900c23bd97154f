"""A quiet member's months: one message, seen by the team before, and a question much later."""

from datetime import UTC, datetime

from locales import native_name
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Stage, directions
from tests.stories.steps import a_newsletter, an_event, announced, goes_out

NOVEMBER = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
WAITS = "🗞 A digest waits for somebody to look at it."
DIGEST = "Your month in the network"
NUDGE = "👋 We have not seen you for a while. You are welcome any time."
QUESTION = "How would you like to go on with us? Every answer is fine."


@BOTH_WAYS
async def test_a_quiet_member_gets_one_message_a_month_and_is_asked_after_a_long_silence(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    await stage.begins(NOVEMBER)
    boss, quiet = await animator(team), await stage.member("Quiet", reader)
    await quiet.says("/me")
    await quiet.presses("How I take part")
    await quiet.presses("One message a month")
    quiet.sees_last("You take part: {how}")
    await quiet.presses("What I agreed to")
    await quiet.presses("Short questions now and then")  # surveys have a switch of their own
    await quiet.presses("Done")
    before = len(quiet.from_bot())

    await an_event(boss, days=20)
    await announced(boss)
    await a_newsletter(boss)
    await goes_out(boss)
    await a_newsletter(boss, "Old office", "We move.")
    await goes_out(boss)
    await stage.play(until=DECEMBER)
    assert len(quiet.from_bot()) == before, "nothing comes one by one, nor unseen by the team"

    boss.sees(WAITS)
    await boss.presses("Look at it")
    boss.sees_last("For so many members something fits: {n}", "fewer than 5")
    await boss.presses("✅ Old office")  # it is not to be in it
    await boss.presses("👁 See it as readers do")
    await boss.presses("{name}: all of it", name=native_name(reader))
    boss.sees_last("Winter news", "Coffee for founders")
    assert not boss.last["text"].count("Old office")
    await boss.says("/animate")
    await boss.presses("🗞 Digest")
    await boss.presses("👀 {month}")
    await boss.presses("✅ Let it go")
    boss.sees_last("📤 It goes to each member at a good hour.", "Together: {n}", "fewer than 5")
    await stage.play(minutes=1)
    quiet.sees_last(
        DIGEST, "Winter news", "The office is closed in January.", "Coffee for founders"
    )
    assert not quiet.has_read("Old office")
    assert directions(quiet.last["text"]) >= RUNS[reader]
    await quiet.presses("📰 Winter news")
    quiet.sees_last("The office is closed in January.")
    told = len(quiet.from_bot())
    await stage.play(days=80)
    assert not quiet.has_read(NUDGE)

    await stage.play(days=15)
    assert quiet.times_read(NUDGE) == 1
    await stage.play(days=35)
    quiet.sees_last(QUESTION)
    assert directions(quiet.last["text"]) == RUNS[reader]
    assert len(quiet.from_bot()) == told + 2, "nothing else has come"
    await quiet.presses("🌙 A break of 8 weeks")
    await quiet.presses("↩️ Take it back")
    await quiet.presses("🙂 I stay as I am")
    quiet.sees_last("🙂 Good that you stay. Everything is as it was.")
    await stage.play(days=120)
    assert len(quiet.from_bot()) == told + 2
