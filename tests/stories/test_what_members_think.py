"""Once a quarter: eleven questions, answered without a name, and read when the quarter is over."""

from datetime import UTC, datetime

from community.figures import Quarter
from locales import translator_for
from reports.support import quarter_name
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare

OCTOBER = datetime(2026, 10, 20, 11, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 11, 0, tzinfo=UTC)
NOTICE = "You have a new message: {n} short questions about this network."


async def answers(member: Somebody, marks: list[str]) -> None:
    """Answer the first questions, look at it all, and let it be counted."""
    await member.presses("See the questions")
    for number, mark in enumerate(marks, 1):
        member.sees_last("Question {number} of {count}", number=str(number), count="11")
        await member.presses(mark)
    await member.presses("That is enough")
    member.sees_last("These are your answers", "Exchange of information")
    assert directions(member.last["text"]) == RUNS[member.language]
    await member.presses("Count my answers")
    member.sees_last("Thank you! What you think helps to make this network better.")


@BOTH_WAYS
async def test_members_say_what_they_think_and_the_team_reads_it_in_the_next_quarter(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    await stage.begins(OCTOBER)
    boss = await animator(team)
    members = [await stage.member(f"Member {number}", reader) for number in range(6)]
    await stage.play(until=DECEMBER)
    for member in members:
        member.sees_last(NOTICE, n="11")
        assert directions(member.last["text"]) == RUNS[reader]
    assert not boss.has_read(NOTICE, n="11")

    for number, member in enumerate(members[:5]):
        await answers(member, ["🙂 Good", "I cannot say", "😞 Not good at all"][: 3 - number % 2])
    first, last = members[0], members[5]
    await last.presses("See the questions")
    await last.presses("😀 Very good")
    await last.presses("One back")
    last.sees_last("Question {number} of {count}", number="1", count="11")
    await last.presses("I cannot say")
    await last.presses("That is enough")
    last.sees_last("You have not answered anything yet.")
    await last.presses("No, thank you")
    last.sees_last("All right, no questions. You can turn them off for good under /me.")

    await boss.says("/animate")
    await boss.presses("What members think")
    boss.sees_last("You can read it once the quarter is over", "Nothing yet.")

    await stage.play(until=JANUARY)
    assert first.times_read(NOTICE, n="11") == 0, "its message thanks now"
    await boss.says("/animate")
    await boss.presses("What members think")
    await boss.presses(bare(quarter_name(Quarter(2026, 4), translator_for(team))))
    told = boss.message("Nobody can tell who answered what.")["text"]
    assert directions(told) == RUNS[team]
    boss.sees("Exchange of information", "fewer than 5")
    pictures = [m for m in boss.from_bot() if m.get("attachment")]
    assert len(pictures) == 2, "a picture and a workbook"
