"""What can happen to an event: it is full, it is cancelled, a guest blocks the bot.

From the idea to who came it is told in ``test_animator`` and ``test_from_nothing``.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from community import people
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.events import Event
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.steps import an_event, announced

TAPS = 8


@dataclass
class Counted(Somebody):
    """Somebody whose taps and texts are counted."""

    taps: int = 0
    texts: int = 0

    async def presses(self, label: str, **fields: str) -> None:
        self.taps += 1
        await super().presses(label, **fields)

    async def says(self, text: str) -> None:
        self.texts += 1
        await super().says(text)


@BOTH_WAYS
async def test_an_event_is_made_with_three_answers_and_at_most_eight_taps_and_announced_with_them(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    come, amina = await animator(team), await stage.member("Amina", reader)
    boss = Counted(stage, come.id, team)
    await an_event(boss)
    async with stage.app.database.transaction() as session:
        event = (await session.scalars(select(Event))).one()
    assert event.state == "published"
    assert boss.texts == len(["/animate", "title", "time", "place"])
    assert boss.taps <= TAPS
    await amina.says("/events")
    await amina.presses("Coffee for founders")
    amina.sees_last("Coffee for founders")
    await announced(boss)
    assert amina.times_read("Coffee for founders") >= 2
    assert (boss.texts, boss.taps <= TAPS) == (4, True)


@BOTH_WAYS
async def test_the_last_place_goes_down_the_waiting_list(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    first, second = await stage.member("First", reader), await stage.member("Second", reader)
    await an_event(boss, places=1, days=4)
    await announced(boss)
    await first.presses("Going")
    await second.presses("Going")
    second.sees_last("You are number {n} on the waiting list.", n="1")
    await first.presses("Not going")
    second.sees("A place is free for you")
    await second.presses("Take the place")
    second.sees_last("You are going")


@BOTH_WAYS
async def test_an_event_cancelled_just_before_its_reminder_reminds_nobody(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina = await stage.member("Amina", reader)
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
    assert not amina.has_read("A reminder: you wanted to come.")
    assert amina.times_read("This event does not take place") == 1


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


async def test_whoever_unblocks_the_bot_or_starts_messages_again_gets_the_place_that_is_free(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    first = await stage.member("First")
    away, silent = await stage.member("Away"), await stage.member("Silent")
    await an_event(boss, places=1, days=4)
    await announced(boss)
    for somebody in (first, away, silent):
        await somebody.presses("Going")
    stage.emulator.world.block(away.id)
    await silent.says("/stop")
    await first.presses("Not going")
    assert not away.has_read("A place is free for you")
    stage.emulator.world.unblock(away.id)
    await stage.settled()
    away.sees_last("A place is free for you")
    await away.presses("Not going")
    assert not silent.has_read("A place is free for you")
    await silent.presses("Start messages again")
    silent.sees_last("A place is free for you")


async def test_shortly_before_the_start_a_free_place_is_for_whoever_takes_it_first(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    first, second, third = [await stage.member(name) for name in ("First", "Second", "Third")]
    await an_event(boss, places=1, days=4)
    await announced(boss)
    for somebody in (first, second, third):
        await somebody.presses("Going")
    await stage.play(days=4, hours=5)  # at five in the afternoon; it begins at six
    await first.presses("Not going")
    for somebody in (second, third):
        assert not somebody.has_read("A place is free")
        await somebody.says("/events")
        await somebody.presses("Coffee")
        somebody.sees_last("A place is free now. It goes to whoever takes it first.")
    await third.presses("Take the place")
    third.sees_last("You are going")
    await second.presses("Take the place")
    second.sees_last("You are number {n} on the waiting list.", n="1")
    assert "Going" not in "".join(second.buttons()).replace("Not going", "")
