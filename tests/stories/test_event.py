"""An event from idea to attendance: announced, answered, reminded of, full, cancelled."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from community import attendance, people
from community.attendance import State
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.events import Event
from tests.stories.conftest import Somebody, Stage

Coming = Callable[[], Awaitable[Somebody]]

ENGLISH = ("English", "Join", "All")


async def an_event(boss: Somebody, *, places: int | None = None, days: int = 2) -> None:
    """Create, publish and announce an event, by the buttons."""
    start = boss.stage.now + timedelta(days=days)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("New event")
    await boss.says("Coffee for founders")
    await boss.says(start.strftime("%d.%m.%Y 18:00"))
    await boss.says("Library, Main street 1")
    if places is not None:
        await boss.presses("Places")
        await boss.says(str(places))
    await boss.presses("Publish")


async def announced(boss: Somebody) -> None:
    """Tell the members, and let the twenty seconds of undo pass."""
    await boss.presses("Tell the members")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.stage.play(minutes=1)


async def at_noon(stage: Stage) -> None:
    """Begin in the middle of a day, so that quiet hours do not decide."""
    noon = (stage.now + timedelta(days=1)).replace(hour=11, minute=0, second=0)
    stage.emulator.clock.set(noon)
    await stage.settled()


async def test_an_event_is_announced_answered_and_reminded_of(
    stage: Stage, animator: Coming
) -> None:
    await at_noon(stage)
    boss = await animator()
    amina = stage.meet("Amina", "en")
    await amina.joins(*ENGLISH)
    await an_event(boss)
    await announced(boss)
    amina.sees("A new event in your network", "Coffee for founders")
    assert "Main street" not in amina.screen  # the address is for those who go
    await amina.presses("Going")
    amina.sees_last("You are going", "Library, Main street 1")
    await amina.presses("calendar")
    assert amina.last["attachment"]["file_name"] == "event.ics"
    await stage.play(days=2, hours=8)
    reminders = [m for m in amina.from_bot() if "A reminder" in m["text"]]
    assert len(reminders) == 2
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Who came")
    await boss.presses("Amina")
    async with stage.app.database.transaction() as session:
        event = await session.scalar(select(Event))
        assert event is not None
        person = await people.by_telegram_id(session, amina.id)
        assert person is not None
        mine = await attendance.of(session, event, person)
        assert mine is not None
        assert mine.state == State.ATTENDED


async def test_the_last_place_goes_down_the_waiting_list(stage: Stage, animator: Coming) -> None:
    await at_noon(stage)
    boss = await animator()
    first, second = stage.meet("First", "en"), stage.meet("Second", "en")
    for person in (first, second):
        await person.joins(*ENGLISH)
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
    await at_noon(stage)
    boss = await animator()
    amina = stage.meet("Amina", "en")
    await amina.joins(*ENGLISH)
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
    # The clock goes on while people press; the last second itself is in test_attendance.
    await stage.play(until=due - timedelta(minutes=2))
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
    await at_noon(stage)
    boss = await animator()
    amina, ben = stage.meet("Amina", "en"), stage.meet("Ben", "en")
    for person in (amina, ben):
        await person.joins(*ENGLISH)
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
