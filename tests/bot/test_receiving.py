"""What Telegram brings: in order, once, and nobody waits for what is broken."""

import asyncio
import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import in_loop, waiting
from bot.app import POLLER, App
from bot.database import Database
from bot.holding import AnotherRunsError
from bot.settings import Settings, load
from community import arrivals, leases, people
from community.arrivals import Arrival, Arriving
from community.attendance import Attendance
from community.attendance import State as Going
from community.deliveries import Delivery
from community.exchanges import ExchangeMessage
from community.history import Step
from community.people import Membership, Person
from community.referrals import Referral
from emulator import Emulator
from tests.bot.sending.owing import crowd
from tests.bot.test_health import health
from tests.bot.test_processes import a_free_port
from tests.stories.conftest import TOKEN, Coming, Somebody, Stage
from tests.stories.steps import a_directory, an_event, staff

PATIENCE = 20.0
TELEGRAM_IS_BACK = 0.05
"""Seconds between two attempts to poll, where a test is about what happens afterwards."""


@asynccontextmanager
async def without_table(database: Database, table: str) -> AsyncIterator[None]:
    """Take a table away: whatever needs it fails, nothing else does."""

    async def rename(old: str, new: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    await rename(table, f"{table}_away")
    try:
        yield
    finally:
        await rename(f"{table}_away", table)


@asynccontextmanager
async def outage(database: Database) -> AsyncIterator[None]:
    """Let the database be locked by another program, or its server refuse everybody."""
    if database.is_sqlite:
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
        other.close()
        return
    name = database.url.database
    engine = create_async_engine(
        database.url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as server:
        await server.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        await server.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        yield
        await server.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    await engine.dispose()


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.005)


def tries_of(method: str, emulator: Emulator, since: int = 0) -> list[dict[str, Any]]:
    """Return the calls of a method, those with a number above ``since``."""
    return [c for c in emulator.calls if c["number"] > since and c["method"] == method]


async def arrivals_in(stage: Stage, state: Arriving) -> Sequence[Arrival]:
    """Return the inbox rows in a state, oldest first."""
    async with stage.app.database.transaction() as session:
        return (
            await session.scalars(
                select(Arrival).where(Arrival.state == state).order_by(Arrival.id)
            )
        ).all()


async def count(stage: Stage, what: Any) -> int:
    """Return how many rows there are."""
    async with stage.app.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(what)) or 0


async def state_of(stage: Stage, somebody: Somebody) -> Membership:
    """Return where somebody stands."""
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, somebody.id)
        assert person is not None
        return person.state


def injected(stage: Stage, **update: Any) -> int:
    """Bring an update just as it is."""
    return stage.emulator.world.updates.inject(update)


def message_from(somebody: Somebody, words: str, **more: Any) -> dict[str, Any]:
    """Return a message as Telegram would bring it."""
    person = somebody.stage.emulator.world.people[somebody.id]
    return {
        "message_id": 7000,
        "date": somebody.stage.emulator.world.date(),
        "chat": person.chat(),
        "from": person.user(),
        "text": words,
        **more,
    }


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bot try again at once."""
    monkeypatch.setattr(waiting, "FIRST_WAIT", TELEGRAM_IS_BACK)


# In order


async def test_fault_28_each_person_is_answered_in_order_and_nobody_waits_for_a_slow_chat(
    stage: Stage,
) -> None:
    slow, quick = await stage.member("Slow"), await stage.member("Quick")
    asked = ["/help", "/events", "/privacy", "/support", "/menu", "/help", "/events"]
    expected = []
    for command in asked:
        await quick.says(command)
        expected.append(quick.last["text"])
    assert len(set(expected)) == len(set(asked))  # each has an answer that tells it apart
    before = {person.id: len(person.from_bot()) for person in (slow, quick)}
    finished: list[int] = []
    stage.emulator.faults.add("delay", chat_id=slow.id, times=None, seconds=0.2)

    def note(event: dict[str, Any]) -> None:
        if event["type"] == "message" and event["message"]["from"] == "bot":
            finished.append(event["person"])

    stage.emulator.world.listeners.add(note)
    for command in asked:
        stage.emulator.world.say(slow.id, command)
        stage.emulator.world.say(quick.id, command)
    await stage.answered()
    for person in (slow, quick):
        said = [m["text"] for m in person.from_bot()[before[person.id] :]]
        assert said == expected
    last_of_quick = max(i for i, who in enumerate(finished) if who == quick.id)
    assert finished[last_of_quick:].count(slow.id) >= 2


# Once


async def test_fault_29_an_update_that_comes_twice_counts_once_and_a_number_used_again_counts(
    stage: Stage,
) -> None:
    amina = await stage.member("Amina")
    before = len(amina.from_bot())
    twice = {"update_id": 5_000_000, "message": message_from(amina, "/help")}
    injected(stage, **twice)
    injected(stage, **twice)
    await stage.settled()
    injected(stage, **twice)  # and again, long after it was answered
    await stage.settled()
    assert len(amina.from_bot()) == before + 1
    # After a quiet week Telegram's numbers begin anew, perhaps below those that we have seen.
    for number in (5_000_000, 12):
        injected(
            stage, update_id=number, message=message_from(amina, "/events", message_id=number)
        )
        await stage.settled()
    assert len(amina.from_bot()) == before + 3
    assert await arrivals_in(stage, Arriving.WAITING) == []


async def test_fault_27_five_presses_on_one_button_are_one_answer(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator())
    amina = await stage.member("Amina")
    await amina.says("/events")
    await amina.presses("Coffee")
    message, data = next(
        (m["message_id"], b["data"])
        for m in reversed(amina.from_bot())
        for row in m["buttons"]
        for b in row
        if "Going" in b["text"]
    )
    # A phone that hears nothing presses again by itself: each press has a number of its own.
    for _ in range(5):
        stage.emulator.world.press(amina.id, message, data)
    await stage.settled()
    assert await count(stage, Attendance) == 1
    async with stage.app.database.transaction() as session:
        reminders = await session.scalar(
            select(func.count()).where(Delivery.kind == "event_reminder")
        )
    assert reminders == 2
    toasts = [call for call in stage.emulator.calls if call["method"] == "answerCallbackQuery"]
    assert len(toasts) >= 5
    assert not stage.emulator.world.queries  # nobody's button spins


async def test_fault_34_of_twenty_who_press_at_once_one_gets_the_last_place(
    stage: Stage, animator: Coming
) -> None:
    await an_event(await animator(), places=1)
    guests = await crowd(stage, 20)
    for guest in guests:
        stage.emulator.world.say(guest.id, "/events")
    await stage.settled()
    opened = guests[0].last["buttons"][0][0]["data"]
    for guest in guests:
        stage.emulator.world.press(guest.id, guest.last["message_id"], opened)
    await stage.settled()
    going = guests[0].last["buttons"][0][0]["data"]
    for _ in range(2):  # and each of them twice
        for guest in guests:
            stage.emulator.world.press(guest.id, guest.last["message_id"], going, forged=True)
    await stage.settled()
    async with stage.app.database.transaction() as session:
        rows = (await session.scalars(select(Attendance))).all()
    assert Counter(row.state for row in rows) == {Going.GOING: 1, Going.WAITING: 19}
    assert sum(guest.has_read("You are going") for guest in guests) == 1
    numbers = [f"You are number {number} on the waiting list" for number in range(1, 20)]
    assert all(sum(guest.has_read(one) for guest in guests) == 1 for one in numbers)


async def test_fault_27_a_request_that_is_sent_five_times_is_one_request(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    for label in ("Money to start", "Start-up advice", "Refer me"):
        if label == "Money to start":
            await amina.says("/support")
        await amina.presses(label)

    async def five_presses(somebody: Somebody, label: str) -> None:
        for message in reversed(somebody.from_bot()):
            for button in itertools.chain.from_iterable(message["buttons"]):
                if label in button["text"]:
                    for _ in range(5):
                        number = message["message_id"]
                        stage.emulator.world.press(somebody.id, number, button["data"])
                    await stage.settled()
                    return
        raise AssertionError(label)

    async def steps() -> list[str]:
        async with stage.app.database.transaction() as session:
            taken = select(Step.after).where(Step.subject == "referral").order_by(Step.id)
            return list(await session.scalars(taken))

    await five_presses(amina, "I agree, send it")
    assert await count(stage, Referral) == 1
    before = await steps()
    await adviser.presses("Show what was shared")
    await five_presses(adviser, "Accept")
    assert await steps() == [*before, "accepted"], "one step"
    async with stage.app.database.transaction() as session:
        told = select(Delivery.state).where(Delivery.kind == "referral_step")
        assert len((await session.scalars(told)).all()) == 1, "told once"
    assert not stage.emulator.world.queries  # nobody's button spins


# What is broken


async def test_fault_31_what_fails_three_times_is_set_aside_with_an_apology_and_blocks_nobody(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    amina, ben = await stage.member("Amina", "ar"), stage.meet("Ben")
    await amina.says("سرّي مخبز صغير")
    async with without_table(stage.app.database, "exchange_messages"):
        await amina.presses("Yes, send it")
        amina.sees_last("Sorry, something went wrong on our side. Nothing was changed.")
        await amina.says("/help")
        amina.sees_last("This is not an emergency service.")
        await ben.starts()
        ben.sees("Your language?")
    [aside] = await arrivals_in(stage, Arriving.SET_ASIDE)
    assert (aside.tries, aside.sender) == (3, amina.id)
    assert aside.body is not None  # kept for whoever looks into it
    assert "could not be handled" in caplog.text
    assert "مخبز" not in caplog.text
    # Nothing was changed: the same button still has what was written.
    await amina.presses("Yes, send it")
    assert await count(stage, ExchangeMessage) == 1


async def test_an_answer_that_a_crash_has_left_and_that_cannot_be_given_is_not_called_undone(
    stage: Stage,
) -> None:
    amina = await stage.member("Amina")
    body = {"update_id": 9, "message": message_from(amina, "/events")}
    async with stage.app.database.transaction() as session:
        session.add(
            Arrival(
                update_id=9,
                digest="d",
                sender=amina.id,
                body=json.dumps(body),
                state=Arriving.SPEAKING,
                replies=[{"kind": "a card of another version", "args": {}, "how": "say"}],
                arrived_at=stage.now,
            )
        )
    await stage.app.receiver.pick_up()
    await stage.settled()
    amina.sees_last("What you asked for is done, but we cannot show you the answer.")
    assert not amina.has_read("Nothing was changed")
    [aside] = await arrivals_in(stage, Arriving.SET_ASIDE)
    assert aside.tries == 3


NOBODYS: list[dict[str, Any]] = [
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "x"}},
    {"message": "a string"},
    {"message": {"from": {"id": "x", "is_bot": False, "first_name": "?"}}},
    {"message": {"from": {"id": -7}}},
    {"message": {"from": {"id": 10**30}}},
    {"message": {"from": {"id": "x"}, "text": "my secret bakery"}},
]
"""Updates of which nobody can be told that something is wrong."""

NO_UPDATES = [
    "null",
    "[]",
    "[[7]]",
    '"words"',
    "7",
    "{}",
    '{"update_id": "7"}',
    '{"update_id": 1e30}',
]
"""What Telegram never sends, between two updates."""


async def test_fault_30_what_cannot_be_read_is_set_aside_and_seen_and_blocks_nobody(
    stage: Stage, administrator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "diwan")
    boss, amina = await administrator(), await stage.member("Amina")
    known, heard = await count(stage, Person), len(amina.from_bot())
    user = {"id": amina.id, "is_bot": False, "first_name": "Amina"}
    hers: list[dict[str, Any]] = [
        {"message": {"from": user}},
        {"message": {"from": user, "message_id": "x", "text": "my secret bakery", "chat": None}},
        {"callback_query": {"from": user}},
        {"my_chat_member": {"from": user, "chat": {"id": amina.id, "type": "private"}}},
    ]
    for update in (*NOBODYS, *hers):
        injected(stage, **update)
    for raw in NO_UPDATES:
        stage.emulator.world.updates.inject_text(raw)
    await stage.settled()
    assert stage.emulator.world.pending == 0, "the offset has moved"
    assert len(await arrivals_in(stage, Arriving.SET_ASIDE)) == len(NOBODYS) + len(hers)
    assert await arrivals_in(stage, Arriving.WAITING) == []
    assert (await count(stage, Person), len(amina.from_bot())) == (known, heard)
    await amina.says("/help")
    amina.sees_last("emergency")
    # Whoever runs the bot sees it, without a word of what was written.
    stage.app.settings.health_port = a_free_port()
    await stage.app.health.start()
    status, told = await health(stage.app)
    assert (status, told["reasons"]) == (503, ["updates_set_aside"])
    assert told["set_aside_within_an_hour"] == len(NOBODYS) + len(hers)
    await stage.play(minutes=1)
    boss.sees("Several things that people did within an hour could not be carried out.")
    assert "cannot be parsed" in caplog.text
    assert "bakery" not in caplog.text
    assert str(amina.id) not in caplog.text


async def test_fault_32_what_telegram_may_bring_one_day_is_passed_over_without_a_word(
    stage: Stage, administrator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    boss, amina = await administrator(), await stage.member("Amina")
    heard, of_boss = len(amina.from_bot()), len(boss.from_bot())
    user = stage.emulator.world.people[amina.id].user()
    for number in range(10):
        injected(stage, brand_new_thing={"secret": number})
        injected(stage, brand_new_thing={"from": user, "date": number})
        injected(stage)
        words = message_from(amina, "/help", message_id=8000 + number, mood={"of": ["today"]})
        injected(stage, message=words, brand_new_note="read me")
    await stage.settled()
    await stage.play(minutes=1)
    assert len(amina.from_bot()) == heard + 10
    amina.sees_last("emergency")
    assert await arrivals_in(stage, Arriving.SET_ASIDE) == []
    assert await arrivals_in(stage, Arriving.WAITING) == []
    assert {row.body for row in await arrivals_in(stage, Arriving.DONE)} == {None}
    assert len(boss.from_bot()) == of_boss, "nobody is alarmed"
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


async def test_groups_bots_and_corrected_messages_are_not_answered(stage: Stage) -> None:
    amina = await stage.member("Amina")
    robot, member = stage.meet("Robot"), stage.meet("Member")
    known, calls = await count(stage, Person), len(stage.emulator.calls)
    group = {"id": -1001234567890, "type": "supergroup", "title": "Founders"}
    bot = {"id": stage.emulator.world.bot_id, "is_bot": True, "first_name": "Diwan"}
    for somebody in (amina, member):
        injected(stage, message=message_from(somebody, "/start", chat=group))
    pressed = {"id": "1", "chat_instance": "1", "data": "menu"}
    under = message_from(amina, "Menu", chat=group)
    injected(stage, callback_query={**pressed, "from": under["from"], "message": under})
    left = {"user": bot, "status": "left"}
    there = {"user": bot, "status": "member"}
    removed = {"chat": group, "date": 1, "old_chat_member": there, "new_chat_member": left}
    injected(stage, my_chat_member={**removed, "from": under["from"]})
    injected(stage, message=message_from(robot, "/start", **{"from": {**bot, "id": robot.id}}))
    await stage.settled()
    assert await count(stage, Person) == known
    assert await state_of(stage, amina) == Membership.ACTIVE  # a group is not her chat

    await amina.says("/ask")
    await amina.says("When is the next event?")
    amina.sees_last("team")
    heard = len(amina.from_bot())
    mine = next(m for m in amina.messages() if m["text"] == "When is the next event?")
    stage.emulator.world.edit(amina.id, mine["message_id"], "When is the next meeting?")
    stage.emulator.world.edit(amina.id, mine["message_id"], "/stop")
    await stage.settled()
    assert len(amina.from_bot()) == heard
    assert await state_of(stage, amina) == Membership.ACTIVE
    assert await count(stage, ExchangeMessage) == 1
    said = [call for call in stage.emulator.calls if call["number"] > calls]
    assert {call["params"].get("chat_id") for call in said if "send" in call["method"]} == {
        amina.id
    }


async def test_fault_18_who_blocks_the_bot_is_unreachable_until_they_unblock_it(
    stage: Stage,
) -> None:
    amina = await stage.member("Amina")
    await amina.says("/pause")
    await amina.presses("week")
    assert await state_of(stage, amina) == Membership.PAUSED
    for _ in range(2):  # to block twice is to block
        stage.emulator.world.block(amina.id)
        await stage.settled()
        assert await state_of(stage, amina) == Membership.UNREACHABLE
        stage.emulator.world.unblock(amina.id)
        await stage.settled()
        assert await state_of(stage, amina) == Membership.PAUSED
    heard = len(amina.from_bot())
    stage.emulator.world.block(amina.id)
    stage.emulator.world.start(amina.id)  # unblocks, and says so before the message
    await stage.settled()
    assert await state_of(stage, amina) == Membership.PAUSED
    assert len(amina.from_bot()) == heard + 1


async def test_an_old_button_of_somebody_who_was_erased_meets_nobody(stage: Stage) -> None:
    lina = stage.meet("Lina", "uk")
    await lina.joins()
    await lina.says("/me")
    await lina.presses("Delete my data")
    await lina.presses("Yes, delete everything")
    heard = len(lina.from_bot())
    await lina.presses("Money to start")
    toast = [c for c in stage.emulator.calls if c["method"] == "answerCallbackQuery"][-1]
    assert toast["params"]["text"] == "Ми нічого про вас не знаємо. /start — почати знову."
    assert len(lina.from_bot()) == heard
    assert await count(stage, Person) == 0
    async with stage.app.database.transaction() as session:
        senders = (await session.scalars(select(Arrival.sender))).all()
    assert set(senders) == {None}


# Acknowledged when committed


async def test_what_the_inbox_could_not_keep_is_fetched_again(
    stage: Stage, soon: None, caplog: pytest.LogCaptureFixture
) -> None:
    amina = await stage.member("Amina")
    heard, polled = len(amina.from_bot()), len(tries_of("getUpdates", stage.emulator))
    async with without_table(stage.app.database, "inbox"):
        stage.emulator.world.say(amina.id, "/help")
        await until(lambda: len(tries_of("getUpdates", stage.emulator)) >= polled + 3)
        assert stage.emulator.world.pending == 1
        assert len(amina.from_bot()) == heard
    await stage.settled()
    amina.sees_last("emergency")
    assert len(amina.from_bot()) == heard + 1
    assert stage.emulator.world.pending == 0
    assert "the inbox takes nothing" in caplog.text


async def test_fault_48_a_database_that_goes_away_costs_nobody_an_answer(
    stage: Stage, soon: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    amina, ben = await stage.member("Amina"), await stage.member("Ben")
    heard = {person.id: len(person.from_bot()) for person in (amina, ben)}
    monkeypatch.setattr(in_loop, "PATIENCE", 0.1)
    slow = stage.emulator.faults.add("delay", method="sendMessage", seconds=0.3)
    stage.emulator.world.say(amina.id, "/help")  # its answer is on its way when the lights go out
    await until(lambda: slow.seen)
    async with outage(stage.app.database):
        stage.emulator.world.say(amina.id, "/events")
        stage.emulator.world.say(ben.id, "/help")
        await until(lambda: "the inbox takes nothing" in caplog.text)
        await until(lambda: "the database is not available" in caplog.text)
        assert stage.emulator.world.pending == 2
    await stage.settled()
    for person, answers in ((amina, 2), (ben, 1)):
        assert len(person.from_bot()) == heard[person.id] + answers
    assert await arrivals_in(stage, Arriving.SET_ASIDE) == []
    assert {row.tries for row in await arrivals_in(stage, Arriving.DONE)} == {0}


async def test_more_open_updates_than_are_read_at_once_are_all_picked_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "AT_ONCE", 2)
    crowd = [stage.meet(f"P{n}", "en") for n in range(5)]
    with_one_poll = stage.emulator.faults.add("delay", method="getUpdates", seconds=0.1)
    for person in crowd:
        stage.emulator.world.start(person.id)
    await stage.settled()
    assert with_one_poll.times == 0
    for person in crowd:
        person.sees("language")


# Polling goes on


async def test_polling_goes_on_after_whatever_a_network_does(
    stage: Stage, soon: None, caplog: pytest.LogCaptureFixture
) -> None:
    amina = await stage.member("Amina")
    conflict: dict[str, Any] = {
        "code": 409,
        "description": "Conflict: terminated by other getUpdates request",
    }
    odd = {"code": 500, "description": "", "parameters": {"retry_after": "soon"}}
    expected = ["no updates: Too Many Requests: retry after 1", conflict["description"]]
    for kind, how in (
        ("drop_before", {}),
        ("drop_after", {}),
        ("html502", {}),
        ("500", {}),
        ("truncated200", {}),
        ("429", {"retry_after": 1}),
        ("429bare", {}),
        ("error", conflict),
        ("error", odd),
    ):
        heard = len(amina.from_bot())
        fault = stage.emulator.faults.add(kind, method="getUpdates", times=2, **how)
        stage.emulator.world.say(amina.id, "/help")
        await stage.settled()
        assert len(amina.from_bot()) == heard + 1, kind
        stage.emulator.faults.remove(fault.number)
    for words in expected:
        assert words in caplog.text
    assert TOKEN not in caplog.text


async def test_an_answer_that_telegram_cannot_parse_is_sent_plain_once_and_flagged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    amina = await stage.member("Amina")
    words = "Bad Request: can't parse entities: Unsupported start tag"
    stage.emulator.faults.add("error", method="sendMessage", description=words)
    await amina.says("/help")
    amina.sees_last("emergency")
    assert "bold" not in {entity["type"] for entity in amina.last["entities"]}
    assert "<" not in amina.last["text"]
    assert "sent as plain text" in caplog.text
    stage.emulator.faults.add("error", method="sendMessage", description=words, times=2)
    before, heard = len(stage.emulator.calls), len(amina.from_bot())
    await amina.says("/help")
    assert len(tries_of("sendMessage", stage.emulator, before)) == 2  # not a third time
    assert len(amina.from_bot()) == heard
    assert "a reply was lost (help): markup" in caplog.text
    await amina.says("/help")
    assert len(amina.from_bot()) == heard + 1


# Bots that start beside or after each other


@dataclass
class Bots:
    """Bots with one token, on one database, at one emulator; none has started."""

    emulator: Emulator
    settings: Settings
    made: list[App] = field(default_factory=list)

    def another(self, *, lease: float = 60.0) -> App:
        """Make one more."""
        self.made.append(App(self.settings, lease=lease))
        return self.made[-1]

    def new_person(self) -> Callable[[], list[Any]]:
        """Let somebody start; return what tells whether they were answered."""
        person = self.emulator.world.new_person("Amina", "en").id
        self.emulator.world.start(person)
        return lambda: [m for m in self.emulator.world.messages(person) if m["from"] == "bot"]


@pytest.fixture
async def bots(database: Database) -> AsyncIterator[Bots]:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=emulator.url,
        database_url=database.url.render_as_string(hide_password=False),
    )
    bots = Bots(emulator, settings)
    yield bots
    for app in bots.made:
        await (app.stop() if any(not task.done() for task in app._tasks) else app.close())
    await emulator.stop()


async def test_a_server_that_lacks_methods_or_refuses_a_menu_text_gets_a_bot_all_the_same(
    bots: Bots, caplog: pytest.LogCaptureFixture
) -> None:
    faults = bots.emulator.faults
    missing: dict[str, Any] = {"code": 404, "description": "Not Found: method not found"}
    refused = {"description": "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"}
    faults.add("error", method="setMyDescription", times=None, **missing)
    faults.add("error", method="setMyCommands", **refused)
    faults.add("429", method="setMyShortDescription", times=None, retry_after=3600)
    await bots.another().start()
    answered = bots.new_person()
    await until(answered)
    await until(lambda: len(tries_of("setMyShortDescription", bots.emulator)) == 5)
    answered = bots.new_person()
    await until(answered)  # an hour's pause for menu texts is no pause for people
    tried = [call["ok"] for call in tries_of("setMyCommands", bots.emulator)]
    assert tried == [False, True, True, True, True]
    assert "did not take setMyCommands in the default language: BOT_COMMAND" in caplog.text
    assert "did not take setMyDescription in ar: Not Found" in caplog.text


async def test_fault_22_a_second_bot_does_not_poll_and_takes_over_when_the_first_has_ended(
    bots: Bots,
) -> None:
    first, second = bots.another(lease=1.0), bots.another(lease=1.0)
    await first.start()
    with pytest.raises(AnotherRunsError):
        await second.start()
    await until(bots.new_person())
    assert all(call["ok"] for call in tries_of("getUpdates", bots.emulator))  # no 409
    taking_over = asyncio.create_task(second.start())
    await first.stop()
    await asyncio.wait_for(taking_over, PATIENCE)
    await until(bots.new_person())


async def test_a_bot_takes_over_when_a_lease_has_run_out_and_ends_when_it_has_lost_its_own(
    bots: Bots, database: Database
) -> None:
    async with database.transaction() as session:
        assert await leases.hold(session, POLLER, "elsewhere/1/dead", 1.0)
    app = bots.another(lease=1.0)
    starting = asyncio.create_task(app.start())
    done, _ = await asyncio.wait({starting}, timeout=0.4)
    assert not done
    await asyncio.wait_for(starting, PATIENCE)
    # Stopped for longer than its lease, it finds that another has taken over.
    async with database.transaction() as session:
        await leases.release_all(session, app.holder)
        assert await leases.hold(session, POLLER, "elsewhere/2/quick", 60.0)
    await asyncio.wait_for(app.superseded.wait(), PATIENCE)
