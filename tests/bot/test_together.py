"""Several people's updates in one transaction: each as if it were alone."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import receiving
from bot.database import Database, is_away
from bot.handling import Handled
from community.arrivals import Arrival, Arriving
from community.attendance import Attendance, State
from community.conversations import Conversation
from community.events import Event
from community.history import Step
from community.people import Person
from handlers.forms import Filling
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import an_event

PEOPLE = 12
NUMBERS = count(7_000_000)


@contextmanager
def transactions(database: Database) -> Iterator[list[str]]:
    """Count the transactions in which updates are handled: each says so once, for all of them."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE inbox") and "handled_at" in statement:
            seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def with_the_card(stage: Stage, number_of: int = PEOPLE) -> list[Somebody]:
    """Return members who look at the card of the one event."""
    members = [await stage.member(f"Member {number}") for number in range(number_of)]
    for member in members:
        await member.says("/events")
        await member.presses("Coffee")
    return members


def press(member: Somebody, label: str) -> dict[str, Any]:
    """Return a press on the newest button with this label, as Telegram brings it."""
    message, data = next(
        (m, b["data"])
        for m in reversed(member.from_bot())
        for row in m["buttons"]
        for b in row
        if label in b["text"]
    )
    person = member.stage.emulator.world.people[member.id]
    number = next(NUMBERS)
    query = {
        "id": str(number),
        "from": person.user(),
        "chat_instance": "1",
        "data": data,
        "message": {
            "message_id": message["message_id"],
            "date": member.stage.emulator.world.date(),
            "chat": person.chat(),
            "text": "x",
        },
    }
    return {"update_id": number, "callback_query": query}


@pytest.fixture
def on_a_busy_machine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a transaction of many take as long as it likes: what is counted here is no time."""
    monkeypatch.setattr(receiving, "LASTS", 60.0)


async def in_one_go(stage: Stage, *presses: dict[str, Any]) -> None:
    """Let the bot meet these as one batch."""
    await stage.app.receiver.take_in(presses)
    await stage.answered()


async def answers(stage: Stage) -> dict[int, State]:
    """Return what each person has answered, by Telegram id."""
    async with stage.app.database.transaction() as session:
        rows = await session.execute(
            select(Person.telegram_id, Attendance.state).join(
                Attendance, Attendance.person_id == Person.id
            )
        )
        return {number: State(state) for number, state in rows if number is not None}


@pytest.mark.usefixtures("on_a_busy_machine_too")
async def test_what_many_press_at_once_is_written_down_at_once_and_each_is_answered(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator())
    members = await with_the_card(stage)
    with transactions(stage.app.database) as seen:
        await in_one_go(stage, *(press(member, "Going") for member in members))
    assert await answers(stage) == {member.id: State.GOING for member in members}
    assert all("You are going." in member.last["text"] for member in members)
    assert len(seen) <= PEOPLE / 3


@pytest.mark.usefixtures("on_a_busy_machine_too")
async def test_cards_of_many_ask_nothing_that_would_write_what_waits_one_by_one(
    stage: Stage, animator: Coming
) -> None:
    """One question to the database in a card costs each press three statements more."""
    await an_event(await animator())
    members = await with_the_card(stage)
    seen: Counter[str] = Counter()

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen[" ".join(statement.split()[:3])] += 1

    event.listen(stage.app.database.engine.sync_engine, "before_cursor_execute", note)
    await in_one_go(stage, *(press(member, "Going") for member in members))
    event.remove(stage.app.database.engine.sync_engine, "before_cursor_execute", note)
    assert all("You are going." in member.last["text"] for member in members)
    assert 1 <= seen["INSERT INTO history"] <= PEOPLE / 3


async def test_how_often_people_have_said_yes_is_asked_only_of_who_has_not_said_so_here(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator())
    members = await with_the_card(stage, 4)
    counted: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "HAVING" in statement and "attendances" in statement:
            counted.append(statement)

    event.listen(stage.app.database.engine.sync_engine, "before_cursor_execute", note)
    await in_one_go(stage, *(press(member, "Going") for member in members))
    assert counted
    counted.clear()
    await in_one_go(stage, *(press(member, "Maybe") for member in members))
    event.remove(stage.app.database.engine.sync_engine, "before_cursor_execute", note)
    assert not counted
    assert set((await answers(stage)).values()) == {State.MAYBE}


async def test_who_is_refused_among_others_is_the_only_one_refused(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator())
    looks_round = stage.meet("Zora")
    await looks_round.starts()
    await looks_round.presses("English")
    await looks_round.says("/events")
    await looks_round.presses("Coffee")
    members = await with_the_card(stage, 3)
    members.insert(1, looks_round)
    await in_one_go(stage, *(press(member, "Going") for member in members))
    others = [member for member in members if member is not looks_round]
    assert await answers(stage) == {member.id: State.GOING for member in others}
    assert all("You are going." in member.last["text"] for member in others)


async def test_what_breaks_among_others_breaks_for_nobody_else_and_nothing_happens_twice(
    stage: Stage, animator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    await an_event(await animator())
    members = await with_the_card(stage, 4)
    broken = members[2]
    async with stage.app.database.transaction() as session:
        row = await session.get(Conversation, broken.id) or Conversation(telegram_id=broken.id)
        row.state, row.data, row.touched_at = Filling.form.state, {}, stage.now  # a form of none
        session.add(row)
    await in_one_go(stage, *(press(member, "Going") for member in members))
    others = [member for member in members if member is not broken]
    assert await answers(stage) == {member.id: State.GOING for member in others}
    broken.sees_last("Sorry, something went wrong on our side. Nothing was changed.")
    async with stage.app.database.transaction() as session:
        steps = (await session.scalars(select(Step).where(Step.subject == "attendance"))).all()
    assert len(steps) == len(others)
    assert "carried out one by one" in caplog.text


async def test_what_one_changes_is_so_for_those_who_press_after_them_in_the_same_batch(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await an_event(boss)
    early, late, *_ = await with_the_card(stage, 2)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee")
    await boss.presses("Cancel the event")
    await in_one_go(
        stage, press(early, "Going"), press(boss, "Yes, cancel it"), press(late, "Going")
    )
    assert await answers(stage) == {early.id: State.GOING}
    assert "This event has been cancelled." in late.last["text"]


async def test_who_presses_first_is_first_in_line_in_one_batch_too(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator())
    had_said_no, new = await with_the_card(stage, 2)
    await had_said_no.presses("Not going")
    async with stage.app.database.transaction() as session:
        (await session.scalars(select(Event))).one().capacity = 0
    clock, ticks = stage.app.receiver.clock, count()

    class Ticking:
        def now(self) -> datetime:
            return clock.now() + timedelta(microseconds=next(ticks))

    await had_said_no.presses("All events")
    await had_said_no.presses("Coffee")
    stage.app.receiver.clock = Ticking()
    await in_one_go(stage, press(new, "Going"), press(had_said_no, "Going"))
    stage.app.receiver.clock = clock
    new.sees_last("You are number 1 on the waiting list.")
    had_said_no.sees_last("You are number 2 on the waiting list.")


async def test_who_is_not_reached_in_time_keeps_their_turn(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_event(await animator())
    members = await with_the_card(stage, 8)
    monkeypatch.setattr(receiving, "AT_ONCE", 4)
    monkeypatch.setattr(receiving, "LASTS", 0.0)
    receiver = stage.app.receiver
    receiver._most_workers = 1
    order = []
    carry_out = receiver.handling.carry_out

    async def noted(session: AsyncSession, arrival: Arrival, now: datetime, **how: Any) -> Handled:
        order.append(arrival.sender)
        return await carry_out(session, arrival, now, **how)

    monkeypatch.setattr(receiver.handling, "carry_out", noted)
    await in_one_go(stage, *(press(member, "Going") for member in members))
    assert order == [member.id for member in members]


async def test_what_the_database_cannot_do_for_one_holds_up_nobody_else(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_event(await animator())
    one, *others = await with_the_card(stage, 4)
    handling = stage.app.receiver.handling
    carry_out = handling.carry_out
    malformed = sqlite3.OperationalError("database disk image is malformed")
    malformed.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    error = OperationalError("SELECT", {}, malformed)
    assert is_away(error)

    async def a_bad_page(
        session: AsyncSession, arrival: Arrival, now: datetime, **how: Any
    ) -> Handled:
        if arrival.sender == one.id:
            raise error
        return await carry_out(session, arrival, now, **how)

    monkeypatch.setattr(handling, "carry_out", a_bad_page)
    await stage.app.receiver.take_in([press(member, "Going") for member in (one, *others)])
    async with asyncio.timeout(20):
        while set(await answers(stage)) != {member.id for member in others}:
            await asyncio.sleep(0.05)
    monkeypatch.undo()
    await stage.answered()
    assert one.id in await answers(stage)


async def test_a_full_disk_met_while_an_object_is_written_is_nobodys_fault(
    stage: Stage, animator: Coming
) -> None:
    database = stage.app.database
    if database.is_sqlite:
        pytest.skip("here the server is made to say that its disk is full")
    await an_event(await animator())
    (one,) = await with_the_card(stage, 1)
    async with database.transaction() as session:
        await session.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$"
            )
        )
        await session.execute(
            text("CREATE TRIGGER f BEFORE INSERT ON attendances EXECUTE FUNCTION full_disk()")
        )
    await stage.app.receiver.take_in([press(one, "Going")])
    await asyncio.sleep(0.5)
    async with database.transaction() as session:
        await session.execute(text("DROP TRIGGER f ON attendances"))
        await session.execute(text("DROP FUNCTION full_disk"))
    await stage.answered()
    assert await answers(stage) == {one.id: State.GOING}
    async with database.transaction() as session:
        rows = await session.scalars(select(Arrival.tries).where(Arrival.state != Arriving.DONE))
        assert rows.all() == []
