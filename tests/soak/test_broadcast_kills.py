"""A newsletter to ten thousand, whose sender is killed twenty-five times: nobody gets it twice.

Whoever did not get it is among the uncertain ones, and those are what was on its way at a kill.
On PostgreSQL two processes send, and both are killed each time.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from bot.database import Database
from bot.sending import AT_ONCE
from community import sends
from community.consents import Consent, Purpose
from community.deliveries import OPEN, Delivery, State
from community.people import Membership, Person
from community.roles import Role, RoleName
from emulator import Emulator
from tests.soak.test_kills import Victim, until
from tests.stories.conftest import TOKEN

pytestmark = pytest.mark.soak
READERS, KILLS = 10_000, 25


def where_it_is_noon(now: datetime) -> str:
    """Return a zone without quiet hours now: the machine's clock is the sender's here."""
    return next(
        name
        for name in (f"Etc/GMT{shift:+d}" for shift in range(-12, 13))
        if 10 <= now.astimezone(ZoneInfo(name)).hour < 17
    )


async def a_newsletter_to_many(
    database: Database, emulator: Emulator, now: datetime, readers: int = READERS
) -> int:
    """Let so many join and a newsletter for them be due; return its number."""
    zone = where_it_is_noon(now)
    crowd = [emulator.world.new_person(f"R{n}", "en") for n in range(readers)]
    for reader in crowd:
        reader.started = True
    async with database.transaction() as session:
        boss = Person(telegram_id=1, name="Boss", language="en", met_at=now)
        session.add(boss)
        await session.flush()
        session.add(Role(person_id=boss.id, name=RoleName.ANIMATOR, granted_at=now))
        rows = [
            {
                "ref": f"r{number}",
                "telegram_id": reader.id,
                "name": reader.first_name,
                "language": "en",
                "zone": zone,
                "met_at": now,
                "state": Membership.ACTIVE,
            }
            for number, reader in enumerate(crowd)
        ]
        await session.execute(insert(Person), rows)
        told = {"purpose": Purpose.NEWS, "granted": True, "current": True, "at": now}
        ids = await session.scalars(select(Person.id).where(Person.telegram_id != 1))
        await session.execute(
            insert(Consent),
            [{"person_id": n, "version": "1", "language": "en", **told} for n in ids],
        )
        send = await sends.write_newsletter(session, boss, "en", "News", "All is well.", now)
        send.state, send.starts_at = sends.State.SCHEDULED, now
        send.approved_by_id, send.alone = boss.id, True
        await session.flush()
        return send.id


def a_sender(emulator: Emulator, url: str, *parts: str) -> Victim:
    return Victim(emulator, url, only=parts)


@pytest.mark.timeout(900)
async def test_fault_01_nobody_gets_it_twice_and_whoever_lacks_it_is_listed(
    database: Database,
) -> None:
    emulator = Emulator(port=0, token=TOKEN)
    await emulator.start()
    senders: list[Victim] = []
    try:
        await _ordeal(database, emulator, senders)
    finally:
        for sender in senders:
            if sender.process is not None and sender.process.poll() is None:
                await sender.kill()
        await emulator.stop()


async def _ordeal(database: Database, emulator: Emulator, senders: list[Victim]) -> None:
    chance = random.Random(int(os.environ.get("SOAK_SEED", "3")))
    url = database.url.render_as_string(hide_password=False)
    number = await a_newsletter_to_many(database, emulator, datetime.now(UTC))
    of_it = Delivery.send_id == number
    senders.append(a_sender(emulator, url, "send", "schedule"))
    if not database.is_sqlite:
        senders.append(a_sender(emulator, url, "send"))

    async def counted() -> Counter[str]:
        async with database.transaction() as session:
            states = select(Delivery.state, func.count()).where(of_it).group_by(Delivery.state)
            return Counter({row.state: row[1] for row in await session.execute(states)})

    def arrived() -> int:
        return sum(len(reader.messages) for reader in emulator.world.people.values())

    def more_than(count: int) -> Callable[[], bool]:
        return lambda: arrived() > count

    async def left_by(victim: Victim) -> int:
        """Return how many messages of a dead sender had been let go and are not settled."""
        async with database.transaction() as session:
            left = await session.scalar(
                select(func.count()).where(
                    of_it,
                    Delivery.claimed_by.contains(f"/{victim.pid}/"),
                    Delivery.state == State.CLAIMED,
                    Delivery.started_at.is_not(None),
                )
            )
        assert left is not None
        assert left <= AT_ONCE
        return left

    await asyncio.gather(*(sender.start() for sender in senders))
    on_their_way = 0
    for kill in range(KILLS):
        before = arrived()
        await until(more_than(before), f"more than {before} arrive (kill {kill})")
        await asyncio.sleep(chance.uniform(0, 0.6))
        await asyncio.gather(*(sender.kill() for sender in senders))
        await asyncio.sleep(0.2)  # what a server had begun for them ends, too
        for sender in senders:
            on_their_way += await left_by(sender)
        await asyncio.gather(*(sender.start() for sender in senders))

    async def over() -> bool:
        found = await counted()
        return found.total() == READERS and not any(found[state] for state in OPEN)

    for _ in range(10):
        try:
            await until(over, "every row is settled")
            break
        except AssertionError:
            continue
    for sender in senders:
        assert await sender.end() == 0
    found = await counted()
    got = {chat: len(reader.messages) for chat, reader in emulator.world.people.items()}
    assert found.total() == READERS
    assert set(found) <= {State.SENT, State.UNCERTAIN}
    assert found[State.UNCERTAIN] == on_their_way > 0
    assert max(got.values()) == 1, "nobody got it twice"
    async with database.transaction() as session:
        rows = await session.execute(
            select(Person.telegram_id, Delivery.state)
            .join(Delivery, Delivery.person_id == Person.id)
            .where(of_it)
        )
        lacking = {state for chat, state in rows if not got.get(chat or 0)}
    assert lacking <= {State.UNCERTAIN}, "whoever lacks it is listed"
