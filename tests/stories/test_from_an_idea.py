"""An event from a member's idea to the figures: the member reads Arabic, the animator French."""

from datetime import UTC, datetime, timedelta

from tests.stories.conftest import RUNS, Coming, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import announced, works_as_a_coordinator

EARLY_IN_A_MONTH = datetime(2026, 12, 3, 11, 0, tzinfo=UTC)
TITLE = "قهوة للمؤسسين"


async def test_what_a_member_suggests_becomes_an_event_that_is_attended_and_counted(
    stage: Stage, animator: Coming
) -> None:
    await stage.begins(EARLY_IN_A_MONTH)
    boss = await animator("fr")
    members = [await stage.member(f"Member {number}", "ar") for number in range(5)]
    amina = members[0]

    await amina.says("/events")
    await amina.presses("💡 Propose an event")
    starts_at = stage.now + timedelta(days=2)
    for said in (TITLE, starts_at.strftime("%d.%m.%Y 18:00"), "المكتبة", "نلتقي ونتحدث."):
        await amina.says(said)
    await amina.presses("📨 Hand it to the team")

    boss.sees_last("💡 Something is proposed to the network. It waits for the team.")
    await boss.presses("Look at it")
    await boss.presses(TITLE)
    boss.sees_last("Proposed by a member", TITLE)
    await boss.presses("✅ Take it as it is")
    boss.sees_last("A draft: members do not see it yet.")
    await boss.presses("Publish")
    await announced(boss)

    for member in members:
        member.sees_last("A new event in your network", TITLE)
        assert directions(member.last["text"]) == RUNS["ar"]
        await member.presses("Going")
    await stage.play(until=starts_at.replace(hour=16, minute=30))
    assert amina.times_read("A reminder: you wanted to come.") == 2
    await boss.says("/animate")
    for label in ("Events", TITLE, "Code at the door", "Show it"):
        await boss.presses(label)
    for member in members:
        await member.starts(boss.link())
        member.sees_last("Welcome! It is good that you are here.")

    await stage.play(days=1)
    for member in members:
        await member.presses("See the questions")
        for answer in ("Yes, useful", "Not yet, but I hope to"):
            await member.presses(answer)
        member.sees_last("Thank you!")
    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("{month}, still running")
    told = " ".join(bare(boss.message("Who came to events")["text"]).split())
    for figure in ("Ont eu lieu : 1", "Sont venus : 5"):
        assert figure in told
    assert directions(boss.message("Who came to events")["text"]) == {"rightwards"}
