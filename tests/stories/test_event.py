"""What can happen to an event: it is full, it is cancelled, a guest blocks the bot.

From the idea to who came it is told in ``test_animator`` and ``test_from_nothing``.
"""

from datetime import timedelta

from sqlalchemy import select

from community import people
from community.deliveries import Delivery
from community.deliveries import State as Owed
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import an_event, announced


async def test_the_last_place_goes_down_the_waiting_list(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    first, second = await stage.member("First"), await stage.member("Second")
    await an_event(boss, places=1, days=4)
    await announced(boss)
    await first.presses("Going")
    await second.presses("Going")
    second.sees_last("You are number 1 on the waiting list")
    await first.presses("Not going")
    second.sees("A place is free for you")
    await second.presses("Take the place")
    second.sees_last("You are going")


async def test_an_event_cancelled_just_before_its_reminder_reminds_nobody(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    amina = await stage.member("Amina")
    await an_event(boss)
    await amina.says("/events")
    await amina.presses("Coffee")
    await amina.presses("Going")
    async with stage.app.database.transaction() as session:
        due = await session.scalar(
            select(Delivery.due_at)
            .where(Delivery.kind == "event_reminder")
            .order_by(Delivery.due_at)
            .limit(1)
        )
    assert due is not None
    await stage.play(until=due - timedelta(seconds=1))
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee")
    await boss.presses("Cancel the event")
    await boss.presses("Yes, cancel it")
    await stage.play(days=3)
    amina.sees("This event does not take place")
    assert "A reminder" not in amina.screen
    assert amina.screen.count("This event does not take place") == 1


async def test_a_blocked_member_drops_out_and_comes_back(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    amina, ben = await stage.member("Amina"), await stage.member("Ben")
    stage.emulator.world.people[ben.id].blocked = True  # no update: the bot finds out by sending
    await an_event(boss)
    await announced(boss)
    amina.sees("A new event")
    async with stage.app.database.transaction() as session:
        gone = await people.by_telegram_id(session, ben.id)
        assert gone is not None
        state = await session.scalar(select(Delivery.state).where(Delivery.person_id == gone.id))
        assert (state, gone.state) == (Owed.REFUSED, people.Membership.UNREACHABLE)
    stage.emulator.world.people[ben.id].blocked = False
    await ben.starts()
    async with stage.app.database.transaction() as session:
        back = await people.by_telegram_id(session, ben.id)
        assert back is not None
        assert back.state == people.Membership.ACTIVE
