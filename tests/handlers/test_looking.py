"""Typed words beside filters, in the chat: what is found, and what counts as missed."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.database import Database
from community import areas, people, providers
from community.base import find
from community.conversations import Conversation
from community.needs import Need
from community.people import Person
from community.providers import Kind, ServiceWish, UnmetDemand
from community.roles import RoleName
from tests.handlers.conftest import Calling, Phone


@pytest.fixture
async def member(phone: Calling, database: Database) -> Phone:
    """A member, in a network with a service in French in Old Town, and a network of people."""
    coordinator = await phone(1, "en", RoleName.COORDINATOR)
    async with database.transaction() as session:
        boss = await people.by_telegram_id(session, coordinator.number)
        assert boss is not None
        now = coordinator.now
        house = await providers.create_organization(session, boss, "Chamber", "en", now)
        area = await areas.create(session, boss, "Europe/Paris", now)
        await providers.translate(session, boss, "area", area.ref, "en", {"name": "Old Town"}, now)
        for name, kind in (("Loan corner", Kind.SERVICE), ("Women in trade", Kind.NETWORK)):
            await providers.create_service(
                session,
                boss,
                house.ref,
                Need.FINANCE,
                ["fr"],
                {"name": name},
                "en",
                now,
                area_ref=area.ref,
                kind=kind,
            )
    return await phone(2)


async def missed(database: Database) -> list[tuple[str, int]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(UnmetDemand).order_by(UnmetDemand.id))
        return [(row.need, row.count) for row in rows]


async def test_words_that_a_filter_leaves_nothing_of_are_missed_as_what_they_mean(
    member: Phone, database: Database
) -> None:
    await member.says("/support")
    await member.says("loan")
    await member.presses("Free of charge")
    assert "Nothing fits all that you have chosen. This is nearest to it:" in member.last
    assert await missed(database) == [(Need.FINANCE, 1)]
    await member.presses("🔔 Tell me when it is there")
    assert "Money to start" in member.last
    await member.says("/support")
    await member.says("loan")
    await member.presses("Free of charge")
    assert "▫️ Loan corner" in member.buttons
    await member.presses("Show all")
    assert "▫️ Loan corner" in member.buttons


async def kinds_of_miss(database: Database) -> list[tuple[str, str, str]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(UnmetDemand).order_by(UnmetDemand.id))
        return [(row.need, row.language, row.miss) for row in rows]


@pytest.fixture
async def new_town(member: Phone, database: Database) -> str:
    """Another area, with nothing in it."""
    async with database.transaction() as session:
        boss = await session.get_one(Person, 1)
        area = await areas.create(
            session, boss, "Europe/Paris", member.now, latitude=48.0, longitude=2.0
        )
        names = {"name": "New Town"}
        await providers.translate(session, boss, "area", area.ref, "en", names, member.now)
        return area.ref


async def test_a_need_a_language_and_an_area_that_leave_nothing_say_what_is_nearest(
    member: Phone, database: Database, new_town: str
) -> None:
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("🗣 Any language")
    await member.presses("French")
    assert "▫️ Loan corner" in member.buttons
    async with database.transaction() as session:
        await session.execute(delete(UnmetDemand))
        await session.execute(update(Conversation).values(missed={}))
    await member.presses("📍 Anywhere")
    await member.presses("New Town")
    assert "Nothing fits all that you have chosen. This is nearest to it:" in member.last
    assert "▫️ Loan corner" in member.buttons
    assert "🗣 In French: 1" in member.buttons
    assert "📍 New Town, or online: 1" not in member.buttons
    assert await kinds_of_miss(database) == [("finance", "fr", "area")]
    await member.presses("Free of charge")
    assert await missed(database) == [(Need.FINANCE, 1)], "one person, one need, once a day"
    await member.presses("Free of charge")
    await member.presses("🔔 Tell me when it is there")
    assert "in this language (French), in this place (New Town) or online" in member.last
    async with database.transaction() as session:
        [wish] = await session.scalars(select(ServiceWish))
        area = await find(session, areas.Area, new_town)
        assert (wish.need, wish.language, wish.area_id) == (Need.FINANCE, "fr", area.id)
    await member.presses("🗣 In French: 1")
    assert "📍 Anywhere" in member.buttons
    assert "▫️ Loan corner" in member.buttons


async def test_a_need_in_a_language_that_is_not_there_says_what_is_there_in_others(
    member: Phone, database: Database
) -> None:
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("📍 Anywhere")
    await member.presses("Old Town")
    await member.presses("🗣 Any language")
    await member.presses("Ukrainian")
    assert "This is nearest to it:" in member.last
    assert "📍 Old Town, or online: 1" in member.buttons
    assert "▫️ Loan corner" in member.buttons
    await member.presses("Only online")
    assert "This is nearest to it:" in member.last, "with two things less"
    assert "📍 Old Town, or online: 1" in member.buttons


async def test_a_filter_on_words_that_find_nothing_at_all_still_offers_what_they_mean(
    member: Phone, database: Database
) -> None:
    await member.says("/support")
    await member.says("loan")
    await member.presses("Free of charge")
    await member.says("bokkeeping")
    assert "☑️ Free of charge" in member.buttons
    assert "Perhaps you mean one of these:" in member.last
    assert "🔔 Tell me when it is there" in member.buttons
    assert await missed(database) == [(Need.FINANCE, 1), (Need.BOOKKEEPING, 1)]


async def test_words_that_mean_a_need_and_find_nothing_offer_to_tell(
    member: Phone, database: Database
) -> None:
    await member.says("/support")
    await member.says("bokkeeping")
    assert "Perhaps you mean one of these:" in member.last
    await member.presses("🔔 Tell me when it is there: Bookkeeping")
    assert "Bookkeeping" in member.last
    async with database.transaction() as session:
        [wish] = await session.scalars(select(ServiceWish))
        assert (wish.need, wish.language) == (Need.BOOKKEEPING, "en")


async def test_all_languages_that_a_person_reads_count(member: Phone, database: Database) -> None:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, member.number)
        assert person is not None
        person.second_language = "fr"
    await member.says("/support")
    await member.presses("Money to start")
    assert "✅ Loan corner" in member.buttons
    assert "✅ is given in a language that you read: English and French" in member.last
    assert await missed(database) == []


async def test_a_network_is_found_by_its_name_and_told_apart(member: Phone) -> None:
    await member.says("/support")
    await member.says("womne trade")
    assert "▫️ 👥 Women in trade" in member.buttons
    assert "👥 are networks of people" in member.last
    await member.says("loan")
    assert "👥 are networks of people" not in member.last


async def test_an_area_says_that_what_is_online_is_there_too(member: Phone) -> None:
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("📍 Anywhere")
    await member.presses("Old Town")
    assert "📍 Old Town, or online" in member.buttons
    await member.presses("Face to face")
    assert "📍 Old Town" in member.buttons
    assert "▫️ Loan corner" in member.buttons
    await member.presses("Only online")
    assert "☑️ Only online" in member.buttons
    assert "⬜ Face to face" in member.buttons
    assert "Nothing fits all that you have chosen." in member.last


async def test_whoever_looks_again_and_again_is_one_person(
    member: Phone, database: Database
) -> None:
    for _ in range(2):
        await member.says("/support")
        await member.presses("Taxes")
        await member.says("qqqq")
        await member.says("zzzz")
    assert await missed(database) == [(Need.TAX, 1), (Need.OTHER, 1)]
    member.now += timedelta(days=1)
    await member.says("/support")
    await member.presses("Taxes")
    assert await missed(database) == [(Need.TAX, 1), (Need.OTHER, 1), (Need.TAX, 1)]
