"""Rounds and the team at once: nobody is proposed more often, and no guide more, than there is."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import matches
from community.errors import TooOftenError
from community.matches import MatchRound, MatchSide, Partner
from community.needs import Need
from community.people import Person
from tests.community.test_introduced_people import a_contact, an_animator
from tests.matching import a_partner

DAY = timedelta(days=1)
LONG = 0.5
"""Seconds for which the second may run on beside the first, if nothing holds it."""
Act = Callable[[AsyncSession], Awaitable[object]]


async def at_once(database: Database, first: Act, second: Act) -> None:
    """Let the second act while the first has not committed yet: it waits, or it is too early."""

    async def acts() -> None:
        async with database.transaction() as session:
            await second(session)

    async with database.transaction() as session:
        await first(session)
        task = asyncio.create_task(acts())
        await asyncio.wait([task], timeout=LONG)
    await task


async def proposals_of(database: Database, person_id: int) -> int:
    async with database.transaction() as session:
        count = select(func.count()).where(MatchSide.person_id == person_id)
        return await session.scalar(count) or 0


def proposing(round_id: int, pair: tuple[int, int], now: datetime) -> Act:
    async def propose(session: AsyncSession) -> int:
        found = await session.get_one(MatchRound, round_id)
        return await matches.propose(session, found, [pair], now)

    return propose


async def rounds(session: AsyncSession, now: datetime, count: int) -> list[int]:
    made = [MatchRound(key=f"round {number}", opened_at=now) for number in range(count)]
    session.add_all(made)
    await session.flush()
    return [one.id for one in made]


@pytest.mark.parametrize("side", [0, 1])
async def test_two_rounds_at_once_propose_nobody_a_third_time_within_a_month(
    database: Database, now: datetime, side: int
) -> None:
    async with database.transaction() as session:
        busy = await a_partner(session, 1, now, looks_for=[Need.TAX], knows=[Need.TAX])
        others = [
            await a_partner(session, 2 + at, now, looks_for=[Need.TAX], knows=[Need.TAX])
            for at in range(3)
        ]
        one, two, three = await rounds(session, now, 3)
        pairs = [(busy.id, other.id) if side else (other.id, busy.id) for other in others]
        await proposing(one, pairs[0], now)(session)
    await at_once(
        database, proposing(two, pairs[1], now), proposing(three, pairs[2], now + 29 * DAY)
    )
    assert await proposals_of(database, busy.id) == 2


async def test_a_round_and_the_team_at_once_propose_nobody_a_third_time(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        busy = await a_partner(session, 1, now, looks_for=[Need.TAX])
        others = [await a_partner(session, 2 + at, now, knows=[Need.TAX]) for at in range(2)]
        one, two = await rounds(session, now, 2)
        await proposing(one, (busy.id, others[0].id), now)(session)
        animator = await an_animator(session, now)
        contact = await a_contact(session, animator, now)

    async def introduces(session: AsyncSession) -> None:
        team = await session.get_one(Person, animator.id)
        with pytest.raises(TooOftenError):
            await matches.introduce(session, team, busy.ref, contact.ref, now)

    await at_once(database, proposing(two, (busy.id, others[1].id), now), introduces)
    assert await proposals_of(database, busy.id) == 2


async def test_two_rounds_at_once_propose_a_mentor_for_no_more_places_than_there_are(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR)
        mentees = [
            await a_partner(session, 2 + at, now, looks_for=[Need.TAX], seeks=["mentor"])
            for at in range(2)
        ]
        one, two = await rounds(session, now, 2)
    await at_once(
        database,
        *(
            proposing(number, (mentee.id, mentor.id), now)
            for number, mentee in zip((one, two), mentees, strict=True)
        ),
    )
    assert await proposals_of(database, mentor.id) == 1


def proposes_one_by_one(address: str, rounds_: list[int], pairs: list[tuple[int, int]]) -> int:
    """Propose in a process of its own; return how many were proposed."""

    async def propose() -> int:
        database, count = Database(address), 0
        for number, pair in zip(rounds_, pairs, strict=True):
            async with database.transaction() as session:
                found = await session.get_one(MatchRound, number)
                count += await matches.propose(session, found, [pair], found.opened_at)
        await database.close()
        return count

    return asyncio.run(propose())


async def test_two_processes_propose_nobody_a_third_time(
    database: Database, now: datetime
) -> None:
    each = 5
    async with database.transaction() as session:
        busy = await a_partner(session, 1, now, looks_for=[Need.TAX])
        others = [
            await a_partner(session, 2 + at, now, knows=[Need.TAX]) for at in range(2 * each)
        ]
        numbers = await rounds(session, now, 2 * each)
        pairs = [(busy.id, other.id) for other in others]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        counts = await asyncio.gather(
            *(
                loop.run_in_executor(
                    pool, proposes_one_by_one, database.address, numbers[half], pairs[half]
                )
                for half in (slice(each), slice(each, 2 * each))
            )
        )
    assert sum(counts) == await proposals_of(database, busy.id) == 2


async def test_whoever_changed_meanwhile_what_they_seek_or_are_is_not_proposed(
    session: AsyncSession, now: datetime
) -> None:
    mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR)
    mentee = await a_partner(session, 2, now, looks_for=[Need.TAX], seeks=["mentor"])
    (number,) = await rounds(session, now, 1)
    await matches.guide(session, mentor, Partner.PEER, 1, now)
    assert await proposing(number, (mentee.id, mentor.id), now)(session) == 0
