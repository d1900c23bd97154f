"""A coordinator writes down what the network costs: in the chat, and from a file."""

from datetime import UTC, datetime

from sqlalchemy import select

from community import people, roles
from community.costs import Cost, State
from community.roles import RoleName
from tests.community.test_evidence import an_event as an_event_of
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import an_event

TABLE = "what;amount;from;until;note\nstaff;1200,50;2026-10-01;2026-12-31;Half a post\n"


async def coordinates(boss: Somebody) -> None:
    """Let an administrator work as a coordinator, too."""
    async with boss.stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.id)
        assert actor is not None
        await roles.take(session, actor, RoleName.COORDINATOR, boss.stage.now)


async def written(stage: Stage) -> list[Cost]:
    async with stage.app.database.transaction() as session:
        return list(await session.scalars(select(Cost).order_by(Cost.id)))


@BOTH_WAYS
async def test_a_cost_is_entered_put_right_and_withdrawn_in_the_chat(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await coordinates(boss)
    await an_event(boss)
    await boss.says("/report")
    await boss.presses("💶 Costs")
    boss.sees_last("Nothing is written down yet.")
    assert directions(boss.last["text"]) >= RUNS[team]

    await boss.presses("➕ New cost")
    await boss.presses("An event")
    await boss.presses("Coffee for founders")
    await boss.says("nothing much")
    boss.sees_last("Please write an amount above 0, for example 25 or 1250.50.")
    await boss.says("1 250,50 €")
    await boss.says("12.11. – 10.11.2026")
    boss.sees_last("Please write a day, or the first and the last with a dash between them")
    await boss.says("12.11.")
    await boss.says("Room and coffee")
    boss.sees_last("For: {name}", name="Coffee for founders")
    boss.sees_last("Room and coffee")
    [cost] = await written(stage)
    assert (str(cost.amount), cost.currency) == ("1250.50", "EUR")
    assert str(cost.first_day) == str(cost.last_day) == "2026-11-12", (
        "the last one, not next year's"
    )

    await boss.presses("✏️ Amount")
    await boss.says("1300")
    await boss.presses("🕓 What was changed")
    assert "1250.50" in boss.last["text"]
    assert "1300.00" in boss.last["text"]
    await boss.presses("Back")
    await boss.presses("🚫 Withdraw it")
    boss.sees_last("🚫 It was withdrawn, and counts no more.")
    await boss.presses("↩️ Let it count again")
    await boss.presses("All costs")
    boss.sees_last("Total: {amount}")
    assert (await written(stage))[0].state == State.STANDS


async def test_a_file_is_shown_before_it_is_written_and_can_be_taken_along(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("en")
    await coordinates(boss)
    await boss.says("/report")
    await boss.presses("💶 Costs")
    await boss.presses("📥 Bring a file")
    await boss.sends_file("costs.csv", (TABLE + "rent;5;2026-10-01\n").encode())
    boss.sees_last(
        "Row 3: This is nothing that money is spent on here: rent. Nothing was changed."
    )
    await boss.sends_file("costs.csv", TABLE.encode())
    boss.sees_last("Staff: €1,200.50")
    assert await written(stage) == []
    await boss.presses("✅ Write 1 cost down")
    boss.sees("1 cost was written down.")
    [cost] = await written(stage)
    assert cost.note == "Half a post"
    await boss.presses("📥 Bring a file")
    await boss.sends_file("costs.csv", TABLE.encode())
    boss.sees_last("All of it stands here already. Send another file, or cancel.")
    await boss.presses("Cancel")
    await boss.presses("📤 Take it along")
    content = boss.picture(boss.last).decode("utf-8-sig")
    assert "staff,1200.50,EUR,2026-10-01,2026-12-31,Half a post," in content


async def test_a_cost_entered_in_the_chat_is_read_in_the_figures(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("en")
    await coordinates(boss)
    guests = [await stage.member(f"M{number}", "fr") for number in range(6)]
    async with stage.app.database.transaction() as session:
        came = [await people.by_telegram_id(session, one.id) for one in guests]
        await an_event_of(session, stage.now, [one for one in came if one is not None])
    await boss.says("/report")
    await boss.presses("💶 Costs")
    await boss.presses("➕ New cost")
    await boss.presses("Staff")
    await boss.says("1234.50")
    await boss.presses("Today")
    await boss.presses("Skip")
    await boss.presses("All costs")
    await boss.presses("📊 What it came to")
    boss.sees("No quarter is told yet: the first is told a week after its end.")

    await stage.play(until=datetime(2027, 1, 9, 12, tzinfo=UTC))
    await boss.says("/report")
    await boss.presses("💶 Costs")
    await boss.presses("📊 What it came to")
    await boss.presses("Q4 2026" if "Q4 2026" in str(boss.last) else "4th quarter 2026")
    text = bare(boss.message("For each member who came to an event")["text"])
    assert "Costs: €1,234.50\nHow many: 6\nFor each: €206.00" in text
    assert "For each completed request\nCosts: €1,234.50\nHow many: 0\nFor each: not told" in text
    assert "Net benefit" not in text, "a quarter has none"

    await boss.presses("Other periods")
    await boss.presses("🧮 What is assumed")
    boss.sees("Not said yet: {names}")
    await boss.presses("Discount for each later year")
    await boss.says("120")
    boss.sees_last("This number is too small or too large for that. Please write another.")
    await boss.says("3.5 %")
    await boss.says("European Commission, 2024")
    boss.sees("Discount for each later year: 3.5 % (source: European Commission, 2024)")
