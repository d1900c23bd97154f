"""A send to a million: its dry run and its rows, beside the plainest statements that do the same.

A quarter as many again get nothing, for one reason or another. The database is filled once, by a
few statements; each measurement is a process of its own.
"""

import random
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Integer, String, case, cast, exists, func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bench import places
from bench.contestants import memory, schedule_newsletter
from bot.database import Database
from bot.migrating import migrate_async
from community import sends
from community.audiences import NOT_COUNTED
from community.consents import Consent, Purpose
from community.deliveries import Delivery
from community.people import Membership, Person
from community.roles import Role, RoleName
from community.topics import MutedTopic, Topic
from community.writing import insert_selected

LANGUAGES = ("en", "fr", "ar", "uk", "es", "tr", "fa", "so")
OF = 20
UNREACHABLE, PAUSED, DISAGREES, MUTED = 10, 11, 12, 13
"""Of twenty people in a row one each; the other sixteen get the newsletter."""
TURNS = 3
"""How often each count is made in one process; the median counts."""


async def fill(url: str, members: int) -> None:
    """Fill a database with so many who get a newsletter, and the others; keep a copy of its rows.

    The first one may send it.
    """
    await migrate_async(url)
    database, now = Database(url), datetime.now(UTC)
    kind = Person.id % OF
    async with database.transaction() as session:
        await _people(session, members * OF // 16, now)
        for purpose in (Purpose.NEWS, Purpose.SURVEYS):
            turned = {
                "person_id": Person.id,
                "purpose": purpose,
                "granted": True,
                "current": True,
                "version": "1",
                "language": Person.language,
                "at": now,
            }
            await insert_selected(session, Consent, turned, kind != DISAGREES)
        muted = {"person_id": Person.id, "topic": Topic.NEWSLETTERS, "since": now}
        await insert_selected(session, MutedTopic, muted, kind == MUTED)
        session.add(Role(person_id=1, name=RoleName.ANIMATOR, granted_at=now))
    await schedule_newsletter(database, now)
    async with database.transaction() as session:
        await sends.start_due(session, now, network_language="en")
        await session.execute(text("CREATE TABLE copied AS SELECT * FROM deliveries"))
    await _empty(database)
    await database.close()
    if not database.is_sqlite:
        await places.administer("VACUUM ANALYZE", url)


async def _people(session: AsyncSession, count: int, now: datetime) -> None:
    first = select(literal(1).label("n")).cte(recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < count))
    n = numbers.c.n
    spoken = {number: literal(language) for number, language in enumerate(LANGUAGES)}
    states = {UNREACHABLE: Membership.UNREACHABLE, PAUSED: Membership.PAUSED}
    values: dict[str, Any] = {
        "id": n,
        "ref": literal("r") + cast(n, String),
        "telegram_id": 1000 + n,
        "name": literal("P") + cast(n, String),
        "language": case(spoken, value=cast(n / OF, Integer) % len(LANGUAGES), else_="en"),
        "met_at": now,
        "seen_at": now,
        "joined_at": now,
        "state": case(states, value=n % OF, else_=Membership.ACTIVE.value),
    }
    await insert_selected(session, Person, values, n > 0)


async def _empty(database: Database) -> None:
    async with database.transaction() as session:
        statement = (
            "DELETE FROM deliveries" if database.is_sqlite else "TRUNCATE deliveries CASCADE"
        )
        await session.execute(text(statement))
    await database.empty_log()


async def million(_base: str, n: int, url: str) -> dict[str, float]:
    """Count a newsletter's readers and plan it, and do the same by the plainest statements."""
    database, now = Database(url), datetime.now(UTC)
    ref = await schedule_newsletter(database, now)
    result = await _counts(database, ref, now)

    async def plan(session: AsyncSession) -> None:
        before = memory()
        await sends.start_due(session, now, network_language="en")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result["growth_mib"] = max(0.0, peak - before)

    async def bulk(session: AsyncSession) -> None:
        columns = [column.name for column in Delivery.__table__.columns]
        rows = select(*map(text, columns)).select_from(text("copied"))
        await session.execute(insert(Delivery).from_select(columns, rows))

    for name, work in random.sample([("plan", plan), ("bulk", bulk)], 2):
        begin = time.monotonic()
        async with database.transaction() as session:
            await work(session)
        result[f"{name}_s"] = time.monotonic() - begin
        async with database.transaction() as session:
            made = await session.scalar(select(func.count()).select_from(Delivery))
            assert made == n, (name, made)
        await _empty(database)
    await database.close()
    return result


async def _counts(database: Database, ref: str, now: datetime) -> dict[str, float]:
    by_language = select(Person.language, func.count()).group_by(Person.language)
    agrees = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.NEWS,
        Consent.current,
        Consent.granted,
    )
    mutes = exists().where(
        MutedTopic.person_id == Person.id, MutedTopic.topic == Topic.NEWSLETTERS
    )
    members = [state for state in Membership if state not in NOT_COUNTED]
    everybody = by_language.where(Person.state.in_(members))
    readers = by_language.where(Person.state == Membership.ACTIVE, agrees, ~mutes)

    async def dry_run(session: AsyncSession) -> None:
        send = await session.scalar(select(sends.Send).where(sends.Send.ref == ref))
        assert send is not None
        await sends.dry_run(session, send, "en", now)

    async def count_everybody(session: AsyncSession) -> None:
        await session.execute(everybody)

    async def count_readers(session: AsyncSession) -> None:
        await session.execute(readers)

    works: list[tuple[str, Callable[[AsyncSession], Awaitable[None]]]] = [
        ("dry_s", dry_run),
        ("everybody_s", count_everybody),
        ("readers_s", count_readers),
    ]
    took: dict[str, list[float]] = {name: [] for name, _ in works}
    async with database.transaction() as session:
        await dry_run(session)  # warms up
        for name, work in random.sample(works * TURNS, TURNS * len(works)):
            begin = time.monotonic()
            await work(session)
            took[name].append(time.monotonic() - begin)
    return {name: statistics.median(seconds) for name, seconds in took.items()}
