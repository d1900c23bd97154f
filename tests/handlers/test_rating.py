"""A member says whether a network suits them, in three taps; the coordinator reads the quarter."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.database import Database
from community.gaps import adequacy
from community.gaps.adequacy import Misfit, NetworkRating, Use
from community.people import Person
from community.providers import Service
from community.roles import RoleName
from tests.handlers.conftest import Calling
from tests.handlers.test_networks import a_network

PARIS = ZoneInfo("Europe/Paris")
OVER = datetime(2027, 1, 1, 9, 0, tzinfo=PARIS)


async def the_network(database: Database) -> str:
    async with database.transaction() as session:
        return (await session.scalars(select(Service.ref))).one()


async def test_a_member_rates_a_network_changes_their_mind_and_takes_it_back(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    await a_network(database, now)
    await amina.sends_data(f"sv:{await the_network(database)}")
    await amina.presses("⭐ Does it suit you?")
    await amina.presses("I have been there")
    assert "✅ You say: I have been there" in amina.last
    await amina.presses("👎 It does not")
    await amina.presses("Not in my language")
    await amina.presses("Costs too much")
    await amina.presses("✅ Costs too much")
    async with database.transaction() as session:
        row = (await session.scalars(select(NetworkRating))).one()
        assert (row.use, row.suits, row.reasons) == (Use.USED, False, [Misfit.LANGUAGE])
    await amina.presses("↩️ Forget my answer")
    assert "Do you know it?" in amina.last
    async with database.transaction() as session:
        assert not (await session.scalars(select(NetworkRating))).all()


async def test_whoever_did_not_know_it_is_asked_nothing_more(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    await a_network(database, now)
    ref = await the_network(database)
    await amina.sends_data(f"ne:{ref}:unknown")
    assert "👍 It suits me" not in amina.buttons
    await amina.sends_data(f"ne:{ref}:suits")
    assert amina.toasts


@pytest.mark.parametrize("act", ["suits", "language", "nonsense", "suits_not"])
async def test_old_buttons_change_nothing(
    phone: Calling, database: Database, now: datetime, act: str
) -> None:
    amina = await phone(1)
    await a_network(database, now)
    await amina.sends_data(f"ne:{await the_network(database)}:{act}")
    assert amina.toasts
    async with database.transaction() as session:
        assert not (await session.scalars(select(NetworkRating))).all()


async def test_a_coordinator_reads_what_members_say_once_the_quarter_is_over(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "fr", RoleName.COORDINATOR)
    await a_network(database, now)
    ref = await the_network(database)
    members = [await phone(number) for number in range(10, 21)]
    for member in members:
        await member.sends_data(f"ne:{ref}:used")
    for member in members[:6]:
        await member.sends_data(f"ne:{ref}:suits")
    for member in members[6:]:
        await member.sends_data(f"ne:{ref}:suits_not")
        await member.sends_data(f"ne:{ref}:language")
    await boss.sends_data(f"np:{ref}:adequacy")
    assert "11" not in boss.last
    async with database.transaction() as session:
        assert await adequacy.close(session, OVER, PARIS)
    late = replace(boss, now=OVER)
    await late.sends_data(f"np:{ref}:adequacy")
    for told in ("11", "55", "• ", "5"):
        assert told in late.last
    async with database.transaction() as session:
        assert len((await session.scalars(select(Person))).all()) == 12
