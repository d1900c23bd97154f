"""SIGKILL at ten moments of join, answer, reminder: nothing lost, at most one reply doubled each.

The emulator lives in this process; the bot is a process of its own that is killed and started
again. Each step is a person's act or a due time, and the kill comes at a moment that is waited
for: a call has reached Telegram and is not answered, or is not even done; an answer is about to
be given; a message is on its way. Two come at a random moment. Then the bot starts again, and
everything that is open must be finished by it.
"""

import asyncio
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.database import Database
from community import attendance, consents, deliveries, people
from community.attendance import State
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.events import Details, Event, create, publish
from community.people import Membership
from community.roles import Role, RoleName
from emulator import Emulator
from tests.stories.conftest import TOKEN
from tests.stories.reading import bare

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[2]
PATIENCE = 40.0
FOR_EVER = 3600.0
SLOWLY = 0.3
"""Seconds: how long a slow call takes, so that the moment before it can be seen."""


@dataclass
class Victim:
    """A bot that is killed and started again."""

    emulator: Emulator
    database_url: str
    only: tuple[str, ...] = ()
    """The parts it does; all of them if none is named."""
    kills: int = 0
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.soak.runner",
                self.emulator.url,
                TOKEN,
                self.database_url,
                *self.only,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line == "ready\n"

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.kills += 1

    async def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
async def victim(database: Database) -> AsyncIterator[Victim]:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    url = database.url.render_as_string(hide_password=False)
    victim = Victim(emulator, url)
    yield victim
    if victim.process is not None and victim.process.poll() is None:
        await victim.kill()
    await emulator.stop()


def said(emulator: Emulator, person: int) -> list[dict[str, Any]]:
    """Return what the bot has said to a person."""
    return [m for m in emulator.world.messages(person) if m["from"] == "bot" and not m["deleted"]]


async def until(
    claim: Callable[[], bool | Awaitable[bool]], what: str, *, patience: float = PATIENCE
) -> None:
    """Wait as a person waits."""
    try:
        async with asyncio.timeout(patience):
            while True:
                answer = claim()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


def button(emulator: Emulator, person: int, label: str) -> tuple[int, str] | None:
    """Return the newest button with this label."""
    for message in reversed(said(emulator, person)):
        for row in message["buttons"]:
            for one in row:
                if label in bare(one["text"]) and one["data"]:
                    return message["message_id"], one["data"]
    return None


@dataclass
class Ordeal:
    """One member, whose bot is killed again and again."""

    victim: Victim
    database: Database
    member: int
    resumed: int = 0
    """How many answers were given only after the kill: nobody had read them before."""

    @property
    def emulator(self) -> Emulator:
        return self.victim.emulator

    async def count(self, rows: str) -> int:
        """Return how many rows there are, without holding anybody up."""
        query = f"SELECT count(*) FROM {rows}"
        if self.database.is_sqlite:
            path = f"file:{self.database.url.database}?mode=ro"
            file = sqlite3.connect(path, uri=True)
            try:
                return int(file.execute(query).fetchone()[0])
            finally:
                file.close()
        async with self.database.transaction() as session:
            return await session.scalar(text(query)) or 0

    def texts(self) -> Counter[str]:
        """Return what the member has read, and how often."""
        return Counter(
            re.sub(r"\s+", " ", bare(m["text"])) for m in said(self.emulator, self.member)
        )

    # Moments

    async def a_call_is_not_answered(self, act: Callable[[], None]) -> None:
        """Telegram has done what it was asked, and we do not know."""
        await self._a_call_arrives("hang", act)

    async def a_call_is_not_done(self, act: Callable[[], None]) -> None:
        """Telegram has the call and does nothing with it: whatever is read is said again."""
        before = self.texts()
        await self._a_call_arrives("delay", act)
        assert self.texts() == before
        self.resumed += 1

    async def _a_call_arrives(self, kind: str, act: Callable[[], None]) -> None:
        fault = self.emulator.faults.add(kind, chat_id=self.member, seconds=FOR_EVER)
        act()
        await until(lambda: fault.times == 0, "a call to the member")

    async def an_answer_is_about_to_be_given(self, act: Callable[[], None]) -> None:
        await self._rows_are_seen("inbox WHERE state = 'speaking'", act)

    async def a_message_is_claimed(self, act: Callable[[], None]) -> None:
        await self._rows_are_seen("deliveries WHERE state = 'claimed'", act)

    async def _rows_are_seen(self, rows: str, act: Callable[[], None]) -> None:
        self.emulator.faults.add("delay", chat_id=self.member, seconds=SLOWLY, times=None)
        act()

        async def are_there() -> bool:
            return await self.count(rows) > 0

        await until(are_there, rows)

    async def any_moment(self, act: Callable[[], None]) -> None:
        act()
        await asyncio.sleep(random.choice([0.0, 0.005, 0.02, 0.05, 0.1, 0.2]))

    # What is done

    async def killed_when(
        self, moment: Callable[[Callable[[], None]], Awaitable[None]], act: Callable[[], None]
    ) -> None:
        """Act, kill the bot at the moment, start it again; everything open must be finished."""
        known = {m["message_id"] for m in said(self.emulator, self.member)}
        await moment(act)
        await self.victim.kill()
        self.emulator.faults.remove()
        await asyncio.sleep(2 * SLOWLY)  # what was slow on its way arrives without its sender
        await self.victim.start()
        await until(self._nothing_is_open, "everything open is finished")
        new = [m for m in said(self.emulator, self.member) if m["message_id"] not in known]
        texts = Counter(bare(m["text"]) for m in new)
        assert sum(texts.values()) - len(texts) <= 1, texts

    async def _nothing_is_open(self) -> bool:
        if self.emulator.world.pending:
            return False
        return await self.count("inbox WHERE state IN ('waiting', 'speaking')") == 0

    def starts(self) -> None:
        self.emulator.world.start(self.member)

    def asks_for_events(self) -> None:
        self.emulator.world.say(self.member, "/events")

    def presses(self, label: str) -> Callable[[], None]:
        found = button(self.emulator, self.member, label)
        assert found is not None, (label, self.texts())

        def press() -> None:
            self.emulator.world.press(self.member, *found)

        return press

    async def fate_of(self, which: str) -> Owed:
        """Return what has become of a reminder, when that is known."""

        async def row() -> Delivery:
            async with self.database.transaction() as session:
                query = select(Delivery).where(Delivery.kind == "event_reminder")
                return next(
                    row for row in await session.scalars(query) if row.args["which"] == which
                )

        async def is_known() -> bool:
            return (await row()).state not in (Owed.QUEUED, Owed.CLAIMED)

        await until(is_known, "the fate of a reminder")
        return (await row()).state

    def reminders(self) -> int:
        return sum(times for text, times in self.texts().items() if "A reminder" in text)


async def test_ten_kills_on_the_way_from_join_to_reminder(
    victim: Victim, database: Database
) -> None:
    random.seed(int(os.environ.get("SOAK_SEED", "20261123")))
    emulator = victim.emulator
    noon = (emulator.clock.now() + timedelta(days=1)).replace(hour=11, minute=0, second=0)
    emulator.clock.set(noon)
    async with database.transaction() as session:
        host = await people.meet(session, 1, noon, name="Host")
        session.add(Role(person_id=host.id, name=RoleName.ANIMATOR, granted_at=noon))
        await session.flush()
        details = Details(
            (noon + timedelta(days=2)).replace(tzinfo=None, hour=18),
            "Europe/Paris",
            place="Library",
        )
        event = await create(session, host, details, {"title": "Coffee"}, "en", noon)
        await publish(session, host, event.ref, noon)
    amina = emulator.world.new_person("Amina", "en").id
    her = Ordeal(victim, database, amina)

    await victim.start()
    await her.killed_when(her.a_call_is_not_done, her.starts)
    await her.killed_when(her.a_call_is_not_answered, her.presses("English"))
    await her.killed_when(her.an_answer_is_about_to_be_given, her.presses("Join"))
    await her.killed_when(her.any_moment, her.presses("News and reminders"))
    await her.killed_when(her.a_call_is_not_done, her.presses("Done"))
    await her.killed_when(her.any_moment, her.presses("Money to start"))
    await her.killed_when(her.a_call_is_not_answered, her.asks_for_events)
    her.presses("Coffee")()
    await until(lambda: button(emulator, amina, "Going") is not None, "the event")
    await her.killed_when(her.a_call_is_not_done, her.presses("Going"))
    assert any("You are going" in text for text in her.texts())

    async with database.transaction() as session:
        query = select(Delivery.due_at).where(Delivery.kind == "event_reminder")
        a_day, hours = await session.scalars(query.order_by(Delivery.due_at))
    await her.killed_when(her.a_message_is_claimed, lambda: emulator.clock.set(a_day))
    first = await her.fate_of("day")
    read = her.reminders()
    # Owed again if it had not been let go; else nobody knows, and nobody repeats it.
    assert (first, read) in {(Owed.SENT, 1), (Owed.UNCERTAIN, 0), (Owed.UNCERTAIN, 1)}
    await her.killed_when(her.a_call_is_not_answered, lambda: emulator.clock.set(hours))
    assert await her.fate_of("hours") == Owed.UNCERTAIN
    assert her.reminders() == read + 1, "read once, and not sent again"
    assert await victim.end() == 0

    assert victim.kills == 10
    assert her.resumed >= 1
    async with database.transaction() as session:
        listed = await deliveries.uncertain(session, emulator.clock.now())
        assert [(unsure.kind, unsure.ref) for unsure in listed] == [("event_reminder", event.ref)]
        person = await people.by_telegram_id(session, amina)
        assert person is not None
        assert (person.state, person.language) == (Membership.ACTIVE, "en")
        assert await consents.given(session, person) == {consents.Purpose.NEWS}
        stored = await session.scalar(select(Event))
        assert stored is not None
        mine = await attendance.of(session, stored, person)
        assert mine is not None
        assert mine.state == State.GOING
    assert await her.count("inbox WHERE state = 'set_aside'") == 0
