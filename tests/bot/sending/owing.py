"""Owing messages, and looking at what became of them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from bot.sending import Sender
from community import (
    attendance,
    consents,
    deliveries,
    events,
    people,
    sends,
)
from community.attendance import Wish
from community.consents import Purpose
from community.deliveries import Delivery, Plan
from community.events import Details
from community.people import Person
from tests.stories.conftest import PATIENCE, Somebody, Stage

ZONE = "Europe/Paris"
NEWS = "newsletter"
CALLED_OFF = "event_cancelled"
REMINDER = "event_reminder"


async def person_of(session: AsyncSession, somebody: Somebody) -> Person:
    person = await people.by_telegram_id(session, somebody.id)
    assert person is not None
    return person


async def crowd(stage: Stage, count: int) -> list[Somebody]:
    """Let many join at once, agreeing to newsletters."""
    everybody = [stage.meet(f"Reader {number}") for number in range(count)]
    async with stage.app.database.transaction() as session:
        for somebody in everybody:
            stage.emulator.world.people[somebody.id].started = True
            person = await people.meet(session, somebody.id, stage.now, name="Reader")
            await people.join(session, person, stage.now, terms_version="1", language="en")
            purposes = {Purpose.NEWS}
            await consents.switch(session, person, purposes, stage.now, version="1", language="en")
    return everybody


async def owe(
    stage: Stage,
    boss: Somebody,
    *readers: Somebody,
    expires_at: datetime | None = None,
    body: str = "The library is open.",
) -> None:
    """Owe each of these people one newsletter, due now."""
    async with stage.app.database.transaction() as session:
        author = await person_of(session, boss)
        send = await sends.write_newsletter(session, author, "en", "Winter news", body, stage.now)
        for reader in readers:
            person = await person_of(session, reader)
            plan = Plan(
                NEWS,
                person.id,
                f"{send.id}:{person.id}",
                stage.now,
                {"ref": send.ref},
                expires_at=expires_at,
            )
            await deliveries.plan(session, stage.now, plan)


async def gather_at(
    stage: Stage, boss: Somebody, *guests: Somebody, hours: float = 240, title: str = "Tea"
) -> str:
    """Let all of these go to an event that begins in so many hours; return its ref."""
    async with stage.app.database.transaction() as session:
        animator = await person_of(session, boss)
        start = (stage.now + timedelta(hours=hours)).replace(tzinfo=None)
        details = Details(start, "UTC", place="Library")
        event = await events.create(session, animator, details, {"title": title}, "en", stage.now)
        await events.publish(session, animator, event.ref, stage.now)
        for guest in guests:
            person = await person_of(session, guest)
            await attendance.answer(
                session, person, event.ref, Wish.GOING, stage.now, default_zone=ZONE
            )
        return event.ref


async def call_off(stage: Stage, boss: Somebody, *guests: Somebody, title: str = "Tea") -> None:
    """Owe each of these people the news that their event does not take place."""
    ref = await gather_at(stage, boss, *guests, title=title)
    async with stage.app.database.transaction() as session:
        await attendance.cancel_event(session, await person_of(session, boss), ref, stage.now)


async def owed(stage: Stage, kind: str = NEWS) -> Sequence[Delivery]:
    """Return what was owed, in the order in which it was planned."""
    async with stage.app.database.transaction() as session:
        query = select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)
        return (await session.scalars(query)).all()


async def fates(stage: Stage, kind: str = NEWS) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in await owed(stage, kind)]


def tries(stage: Stage, somebody: Somebody | None = None, method: str = "sendMessage") -> int:
    """Return how many times the bot has tried to write, to somebody or at all."""
    return sum(
        call["method"] == method
        and (somebody is None or str(call["params"].get("chat_id")) == str(somebody.id))
        for call in stage.emulator.calls
    )


def by_the_bot(stage: Stage) -> list[tuple[int, float]]:
    """Return a list to which is added whom the bot writes to from now on, and when."""
    spoken: list[tuple[int, float]] = []
    time = asyncio.get_running_loop().time

    def listen(event: dict[str, Any]) -> None:
        if event["type"] == "message" and event["message"]["from"] == "bot":
            spoken.append((event["person"], time()))

    stage.emulator.world.listeners.add(listen)
    return spoken


def most_in_a_second(spoken: Sequence[tuple[int, float]]) -> int:
    """Return how many messages came in that second that had most."""
    moments = [moment for _person, moment in spoken]
    return max(sum(first <= moment < first + 1 for moment in moments) for first in moments)


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.002)


def beside(stage: Stage, database: Database) -> Sender:
    """Return another sender, as another process has one."""
    app = stage.app
    assert app.network is not None
    return Sender(database, app.speaker, app.clock, app.network, "another", lease=10)
