"""SIGKILL at ten moments of join, answer, reminder: nothing lost, at most one reply doubled each.

The emulator lives in this process; the bot is a process of its own that is killed and started
again. Each step is a person's act; the kill comes some milliseconds after it. Then the bot starts
again and the person waits for what they expect, as a person would.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from community import attendance, consents, people
from community.attendance import State
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.events import Details, Event, create, publish
from community.people import Membership
from community.policy import POLICY, Crash
from community.roles import Role, RoleName
from emulator import Emulator
from tests.stories.conftest import TOKEN, bare

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parents[2]
PATIENCE = 40.0


@dataclass
class Victim:
    """A bot that is killed and started again."""

    emulator: Emulator
    database_url: str
    kills: int = 0
    process: subprocess.Popen[str] | None = field(default=None)

    async def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.soak.runner",
                self.emulator.url,
                TOKEN,
                self.database_url,
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


async def until(claim: Callable[[], bool], what: str) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.02)
    assert claim(), what


def button(emulator: Emulator, person: int, label: str) -> tuple[int, str] | None:
    """Return the newest button with this label."""
    for message in reversed(said(emulator, person)):
        for row in message["buttons"]:
            for one in row:
                if label in bare(one["text"]) and one["data"]:
                    return message["message_id"], one["data"]
    return None


async def press(emulator: Emulator, person: int, label: str) -> None:
    await until(lambda: button(emulator, person, label) is not None, f"button {label}")
    found = button(emulator, person, label)
    assert found is not None
    emulator.world.press(person, *found)


async def test_ten_kills_on_the_way_from_join_to_reminder(
    victim: Victim, database: Database
) -> None:
    random.seed(int(os.environ.get("SOAK_SEED", "20261123")))
    emulator = victim.emulator
    world = emulator.world
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
    amina = world.new_person("Amina", "en").id

    async def shaken(act: Callable[[], Any]) -> None:
        """Act, kill the bot at a random moment soon after, start it again."""
        result = act()
        if asyncio.iscoroutine(result):
            await result
        await asyncio.sleep(random.choice([0.0, 0.005, 0.02, 0.05, 0.1, 0.2]))
        await victim.kill()
        await victim.start()

    await victim.start()
    await shaken(lambda: world.start(amina))
    await shaken(lambda: press(emulator, amina, "English"))
    await shaken(lambda: press(emulator, amina, "Join"))
    await shaken(lambda: press(emulator, amina, "News and reminders"))
    await shaken(lambda: press(emulator, amina, "Done"))
    await shaken(lambda: press(emulator, amina, "Money to start"))
    await shaken(lambda: world.say(amina, "/events"))
    await shaken(lambda: press(emulator, amina, "Coffee"))
    await shaken(lambda: press(emulator, amina, "Going"))
    await until(
        lambda: any("You are going" in bare(m["text"]) for m in said(emulator, amina)),
        "going",
    )

    # The reminders: kill while one is due or on its way.
    async with database.transaction() as session:
        due = list(
            await session.scalars(
                select(Delivery.due_at)
                .where(Delivery.kind == "event_reminder")
                .order_by(Delivery.due_at)
            )
        )
    assert len(due) == 2
    emulator.clock.set(due[0])
    await asyncio.sleep(random.choice([0.05, 0.2, 0.6]))
    await victim.kill()
    await victim.start()
    emulator.clock.set(due[1])

    async def settled() -> bool:
        async with database.transaction() as session:
            states = await session.scalars(
                select(Delivery.state).where(Delivery.kind == "event_reminder")
            )
            return all(state in (Owed.SENT, Owed.UNCERTAIN) for state in states)

    async with asyncio.timeout(PATIENCE):
        while not await settled():
            await asyncio.sleep(0.1)
    assert await victim.end() == 0

    assert victim.kills == 10
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, amina)
        assert person is not None
        assert (person.state, person.language) == (Membership.ACTIVE, "en")
        assert await consents.given(session, person) == {consents.Purpose.NEWS}
        stored = await session.scalar(select(Event))
        assert stored is not None
        mine = await attendance.of(session, stored, person)
        assert mine is not None
        assert mine.state == State.GOING
        rows = (
            await session.execute(select(Delivery.kind, Delivery.state, Delivery.reason))
        ).all()
    uncertain = [row for row in rows if row[1] == Owed.UNCERTAIN]
    assert all(POLICY[kind].crash == Crash.UNCERTAIN for kind, _, _ in uncertain)
    assert len(uncertain) <= 1
    reminders = sum("A reminder" in m["text"] for m in said(emulator, amina))
    sent = sum(row[1] == Owed.SENT for row in rows)
    assert sent <= reminders <= sent + len(uncertain)
    texts = Counter(re.sub(r"\s+", " ", bare(m["text"])) for m in said(emulator, amina))
    doubled = sum(count - 1 for text, count in texts.items() if "A reminder" not in text)
    assert doubled <= victim.kills, texts
