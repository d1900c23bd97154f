"""An entry is asked about after 60 days, three times, and is stale after 90."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import providers
from community.deliveries import Delivery
from community.providers import Organization
from community.roles import RoleName
from tests.community.test_entries import a_house
from tests.community.test_providers import a_coordinator
from tests.community.test_referrals import with_role

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "confirmed", "stale"),
    [(89, None, False), (90, None, True), (91, None, True), (120, 31, False), (120, 30, True)],
)
async def test_an_entry_is_stale_ninety_days_after_somebody_has_confirmed_or_made_it(
    session: AsyncSession, now: datetime, days: int, confirmed: int | None, stale: bool
) -> None:
    boss = await a_coordinator(session, now)
    made = await providers.create_organization(session, boss, "Chamber", "en", now)
    made.confirmed_at = None if confirmed is None else now + confirmed * DAY
    await session.flush()
    moment = now + days * DAY
    query = select(Organization).where(providers.is_stale(moment))
    assert bool((await session.scalars(query)).all()) is stale
    assert providers.seems_stale(made, moment) is stale


async def asked(session: AsyncSession) -> list[tuple[int | None, str]]:
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.kind.in_(["entry_check", "team_notice"]))
        .order_by(Delivery.id)
    )
    return [(row.person_id, row.args.get("what", row.kind)) for row in rows]


DAYS = {59: 0, 60: 1, 61: 1, 62: 2, 63: 2, 64: 3, 65: 3, 66: 3, 89: 3, 90: 3, 200: 3}
"""After so many days, how often each of the staff has been asked in all."""


async def test_the_staff_is_asked_after_sixty_days_three_times_two_days_apart_by_two_processes(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        house = await a_house(session, now)
        staff = {house.staff.id, house.colleague.id}
    for day, times in DAYS.items():
        for _process in range(2):
            await asyncio.gather(*(ask_once(database, now + day * DAY) for _ in range(2)))
        async with database.transaction() as session:
            found = await asked(session)
            assert found.count((house.staff.id, "entry_check")) == times, day
            assert {number for number, _what in found} <= staff
            assert len(found) == 2 * times
            stale = list(
                await session.scalars(
                    select(Organization).where(providers.is_stale(now + day * DAY))
                )
            )
            assert bool(stale) is (day >= 90)


async def ask_once(database: Database, moment: datetime) -> None:
    async with database.transaction() as session:
        await providers.ask(session, moment)


async def test_whoever_confirms_is_asked_sixty_days_later_and_a_long_outage_asks_no_more_often(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    assert await providers.next_ask(session, now) == now + 60 * DAY
    late = now + 100 * DAY
    await providers.ask(session, late)
    assert len(await asked(session)) == 2
    assert await providers.next_ask(session, late) == late + 2 * DAY
    await providers.confirm(session, house.colleague, house.organization.ref, late + DAY)
    assert await providers.next_ask(session, late) == late + 61 * DAY
    await providers.ask(session, late + 60 * DAY)
    assert len(await asked(session)) == 2
    await providers.ask(session, late + 61 * DAY)
    assert len(await asked(session)) == 4


async def test_where_nobody_is_in_the_chat_the_coordinator_is_told_once(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    for name in ("One", "Two", "Three"):
        await providers.create_organization(session, boss, name, "en", now)
    for later in (60, 60, 61, 62, 64, 89):
        await providers.ask(session, now + later * DAY)
    assert await asked(session) == [(boss.id, "entries_unconfirmed")]
    # Every month anew, as long as there are such entries.
    assert await providers.next_ask(session, now + 89 * DAY) == now + 90 * DAY
    for later in (90, 90, 100):
        await providers.ask(session, now + later * DAY)
    assert await asked(session) == [(boss.id, "entries_unconfirmed")] * 2
    first = await providers.unconfirmed(session, boss, now + 64 * DAY, size=2)
    other = await providers.unconfirmed(session, boss, now + 64 * DAY, at=1, size=2)
    assert (len(first.rows), len(other.rows), other.total) == (2, 1, 3)
    for one in [*first.rows, *other.rows]:
        await providers.confirm(session, boss, one.ref, now + 64 * DAY)
    assert (await providers.unconfirmed(session, boss, now + 64 * DAY, size=2)).total == 0
    assert await providers.next_ask(session, now + 100 * DAY) == now + 124 * DAY


async def test_who_joins_the_staff_of_an_entry_that_nobody_could_answer_for_is_asked(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    ours = await providers.create_organization(session, boss, "Chamber", "en", now)
    for later in (60, 62, 64, 89):
        await providers.ask(session, now + later * DAY)
    assert await asked(session) == [(boss.id, "entries_unconfirmed")]
    first = await with_role(session, 20, now + 101 * DAY, RoleName.PROVIDER_STAFF, ours)
    for later in (101, 103, 105, 107, 120):
        await providers.ask(session, now + later * DAY)
    told = [(boss.id, "entries_unconfirmed"), *[(first.id, "entry_check")] * 3]
    assert await asked(session) == told
    second = await with_role(session, 21, now + 130 * DAY, RoleName.PROVIDER_STAFF, ours)
    for later in (131, 133, 140):
        await providers.ask(session, now + later * DAY)
    assert await asked(session) == [*told, (second.id, "entry_check")]
