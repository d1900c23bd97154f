"""An event is planned for whom it invites: what makes it hard for them, and a venue that fits."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from community import limits
from community.limits import AccessLimit, Limit
from community.people import Membership, Person
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import a_draft, announced

PAIRS = pytest.mark.parametrize(("team", "reader"), [("ar", "uk"), ("en", "ar")])
TITLE = {"ar": "قهوة للمؤسسين", "en": "Coffee for founders"}
HALL, ATTIC = "Town hall, Main square 1", "Attic, Roof street 5"


async def eleven_more(stage: Stage, language: str) -> None:
    """Let eleven more members be there, of whom six say the same."""
    async with stage.app.database.transaction() as session:
        for number in range(11):
            person = Person(telegram_id=5_000 + number, name=f"M{number}", met_at=stage.now)
            person.state, person.language = Membership.ACTIVE, language
            session.add(person)
            await session.flush()
            if number < 6:
                await limits.tick(session, person, Limit.LATE, 18 * 60, on=True)
                await limits.tick(session, person, Limit.STEPS, on=True)


async def presses_six(somebody: Somebody) -> None:
    """Press the hour, which is written as the language writes it."""
    data = [one["data"] for row in somebody.last["buttons"] for one in row]
    six = next(one for one in data if one.endswith(f":{18 * 60}"))
    await somebody._press(somebody.last["message_id"], six)


@PAIRS
async def test_an_animator_plans_for_people_with_limits_and_a_member_reads_it(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina = await stage.member("Amina", reader)
    await eleven_more(stage, reader)

    # A member says what makes it hard to come, and reads why that is asked.
    await amina.says("/me")
    await amina.presses("What makes it hard to come")
    amina.sees_last(
        "🔒 Nobody reads what you tick. The team sees only how many members say the same; "
        "of fewer than five, not even how many. In a small network, somebody who counts "
        "before and after may still guess."
    )
    assert directions(amina.last["text"]) == RUNS.get(reader, {"rightwards"})
    await amina.presses("I cannot travel late")
    amina.sees_last("Until what time can you still get home?")
    await presses_six(amina)
    await amina.presses("I cannot climb steps")
    await amina.says("/me")
    amina.sees_last("What makes it hard to come: {limits}")

    # Two venues
    for name in (ATTIC, HALL):
        await boss.says("/animate")
        await boss.presses("🏠 Venues")
        await boss.presses("➕ New venue")
        await boss.says(name)
        await boss.presses("Skip")
        await boss.presses("Skip")
    await boss.presses("♿ Without steps")
    boss.sees_last("♿ You get in without steps.")

    # An event at six in the evening, up the steps
    await a_draft(boss, days=4, title=TITLE[team])
    await boss.presses("🧭 Who can come")
    shown = bare(boss.last["text"])
    boss.sees_last("{n} of {total} invited cannot climb steps.", n="7", total="12")
    boss.sees_last("{n} of {total} invited cannot travel after {time}.", n="7", total="12")
    assert directions(boss.last["text"]) == RUNS.get(team, {"rightwards"})
    assert "Amina" not in shown
    assert "M1" not in shown
    await boss.presses("🏠 Which venue suits them")
    assert bare(boss.last["text"]).index(HALL) < bare(boss.last["text"]).index(ATTIC)
    await boss.presses("🏠 {name}", name=HALL)
    boss.sees_last(HALL, "♿ You get in without steps.")
    await boss.presses("📅 Time")
    await boss.says((stage.now + timedelta(days=4)).strftime("%d.%m.%Y 15:30"))
    await boss.presses("🧭 Who can come")
    boss.sees_last("What this event takes care of")
    await boss.presses("Back to the event")
    await boss.presses("Publish")
    await announced(boss)

    amina.sees("📣 A new event in your network", "♿ You get in without steps.")
    await amina.presses("Going")
    amina.sees_last(HALL)
    await amina.says("/me")
    await amina.presses("What makes it hard to come")
    await amina.presses("🗑 Forget all of this")
    async with stage.app.database.transaction() as session:
        assert len((await session.scalars(select(AccessLimit))).all()) == 12
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses(TITLE[team])
    await boss.presses("🧭 Who can come")
    boss.sees_last("{n} of {total} invited cannot climb steps.", n="6", total="12")
