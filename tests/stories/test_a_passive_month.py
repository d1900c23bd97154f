"""A passive member's month: a digest, a press, a vote and its result; the team reads counts."""

import re
from datetime import UTC, datetime

from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import a_newsletter, an_event, goes_out

NOVEMBER = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
QUESTION, MORNING, EVENING = "When shall we meet?", "Morning", "Evening"


async def asks(boss: Somebody) -> None:
    """Put a question into the newsletter that is open."""
    await boss.presses("🗳 Add a vote")
    await boss.says(QUESTION)
    await boss.says(MORNING)  # one is none to choose from
    boss.sees("Please write two to six answers, each on a line of its own, and no two the same.")
    await boss.says(f"{MORNING}\n{EVENING}")
    await boss.says(next(label for label in boss.buttons() if "30" in label))
    boss.sees_last(QUESTION, MORNING, EVENING, "If it went out now, one could vote until {when}.")


async def chooses(somebody: Somebody, answer: str) -> None:
    await somebody.presses("▫️ {answer}", answer=answer)


def tells(somebody: Somebody, first: str, second: str) -> None:
    """Assert that these are the shares that somebody reads."""
    shown = bare(somebody.message("{answer}: {share}", answer=MORNING)["text"])
    found = re.findall(r"(\d+)\W*%", shown)
    assert found == [first, second]


@BOTH_WAYS
async def test_a_passive_member_reads_reacts_votes_and_sees_the_result(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    await stage.begins(NOVEMBER)
    boss, quiet = await animator(team), await stage.member("Quiet", reader)
    others = [await stage.member(f"Other {at}", reader) for at in range(4)]
    reads = others[0]
    for somebody, how in ((quiet, "One message a month"), (reads, "Only when I look")):
        await somebody.says("/me")
        await somebody.presses("How I take part")
        await somebody.presses(how)
    await an_event(boss, days=20)
    await a_newsletter(boss)
    await asks(boss)
    await goes_out(boss)
    for somebody in others[1:]:
        somebody.sees_last("Winter news", QUESTION, "🗳 You can vote until {when}")
        await chooses(somebody, MORNING)
        somebody.sees_last("The result comes after that; nobody sees what you choose.")
    await reads.says("/news")  # whoever only reads looks for themself
    await chooses(reads, EVENING)
    await chooses(reads, MORNING)
    assert "✅ Morning" in " ".join(reads.buttons())

    await stage.play(until=DECEMBER)
    await boss.presses("Look at it")
    await boss.presses("✅ Let it go")
    await stage.play(minutes=1)
    await quiet.presses("📰 Winter news")
    quiet.sees_last(QUESTION, "🗳 You can vote until {when}")
    assert directions(quiet.last["text"]) >= RUNS[reader]
    await quiet.presses("🙋 I want to hear more")
    await quiet.presses("✅ I want to hear more")
    await quiet.presses("🙋 I want to hear more")
    await chooses(quiet, EVENING)
    await quiet.presses("✉️ Write to the team")
    await quiet.says("Tell me more, please.")
    boss.sees("✉️ A member has written to the team.")

    for somebody in others[1:]:
        await somebody.presses("👍 Useful")
    await quiet.says("/events")
    await quiet.presses("Coffee for founders")
    await quiet.presses("🤷 Not for me")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Winter news")
    boss.sees_last("Votes: at least {n}", QUESTION, "fewer than 5")

    await stage.play(days=25)
    await chooses(quiet, MORNING)  # the old message is still there
    tells(quiet, "80", "20")
    quiet.sees("🗳 The vote is over.")
