"""A coordinator corrects what was set up: areas and services, in the words people type."""

import pytest
from sqlalchemy import select

from bot.database import Database
from community import people
from community.areas import Area, known_zone
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Person
from community.providers import Service
from community.roles import RoleName
from tests.handlers.conftest import Calling, Phone

COORDINATOR = RoleName.COORDINATOR


async def the_area(database: Database) -> Area:
    async with database.transaction() as session:
        return (await session.scalars(select(Area))).one()


async def an_area(boss: Phone, place: str = "Skip") -> None:
    await boss.says("/report")
    for label in ("Set up", "Areas", "New area"):
        await boss.presses(label)
    for text in ("Old Town", "europe/paris", place):
        await boss.says(text)


@pytest.mark.parametrize(
    ("written", "point"),
    [
        ("48.85, 2.35", (48.85, 2.35)),
        ("48.85 2.35", (48.85, 2.35)),
        ("48.85,2.35", (48.85, 2.35)),
        ("48,85 2,35", (48.85, 2.35)),
        ("48,85, 2,35", (48.85, 2.35)),
        ("48,85; 2,35", (48.85, 2.35)),
        ("٤٨٫٨٥ ٢٫٣٥", (48.85, 2.35)),
        ("٤٨٫٨٥، ٢٫٣٥", (48.85, 2.35)),
        ("\u200f۴۸٫۸۵ ۲٫۳۵", (48.85, 2.35)),
        ("-33 −70,5", (-33.0, -70.5)),
    ],
)
async def test_a_centre_is_typed_as_people_write_numbers(
    phone: Calling, database: Database, written: str, point: tuple[float, float]
) -> None:
    await an_area(await phone(1, "en", COORDINATOR), written)
    area = await the_area(database)
    assert (area.latitude, area.longitude) == point


@pytest.mark.parametrize("written", ["here", "48.85", "91 2", "48.85 2.35 7", "48..85 2", "1 2e3"])
async def test_what_is_no_point_is_asked_for_in_both_ways(phone: Calling, written: str) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await an_area(boss, written)
    assert boss.toasts == [
        "Please share a location with the paper clip, or type two numbers, for example 48.85, "
        "2.35."
    ]


@pytest.mark.parametrize("written", ["Europe/Paris", "europe/paris", " EUROPE/PARIS "])
def test_a_zone_is_known_however_it_is_capitalised(written: str) -> None:
    assert known_zone(written) == "Europe/Paris"
    assert known_zone("america/new york") == "America/New_York"
    for wrong in ("", "Paris", "../etc/passwd", "Europe/\x00"):
        with pytest.raises(NotUnderstoodError):
            known_zone(wrong)


async def test_an_area_is_corrected_and_its_people_move_to_its_zone(
    phone: Calling, database: Database
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await phone(2)
    await an_area(boss)
    await boss.presses("Centre")
    await boss.says("48.85, 2.35")
    area = await the_area(database)
    async with database.transaction() as session:
        member = await people.by_telegram_id(session, 2)
        assert member is not None
        member.area_id, member.zone = area.id, area.zone
    await boss.presses("Time zone")
    await boss.says("europe/kyiv")
    assert "Time zone: Europe/Kyiv" in boss.last
    assert "48.85" in boss.last
    async with database.transaction() as session:
        assert await session.scalar(select(Person.zone).where(Person.telegram_id == 2)) == (
            "Europe/Kyiv"
        )


async def test_an_area_that_nobody_needs_is_removed_after_a_second_tap(
    phone: Calling, database: Database
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await an_area(boss)
    await boss.presses("Remove it")
    await boss.presses("Yes, remove it")
    assert "There are 0 areas." in boss.last
    async with database.transaction() as session:
        assert await session.scalar(select(Area)) is None


async def test_an_area_where_somebody_lives_is_closed_and_offered_no_more(
    phone: Calling, database: Database
) -> None:
    boss, member = await phone(1, "en", COORDINATOR), await phone(2)
    await an_area(boss)
    area = await the_area(database)
    chosen = f"pr:area:{area.ref}:1:"
    await member.sends_data(chosen)
    await boss.sends_data(f"sa:{area.ref}:remove!")
    assert "you can only close it" in boss.toasts.pop()
    await boss.sends_data(f"sa:{area.ref}:open")
    assert "🗑 Remove it" not in boss.buttons
    await boss.presses("Close it")
    assert "Closed: nobody can choose it." in boss.last
    other = await phone(3)
    await other.sends_data("ch:area:")
    assert "Old Town" not in other.buttons
    await other.sends_data(chosen)
    assert len(other.toasts) == 1
    await member.says("/me")
    assert "You live in: Old Town" in member.last
    await boss.presses("Open it")
    await other.sends_data("ch:area:")
    assert "Old Town" in other.buttons


async def test_a_service_is_corrected_fact_by_fact(phone: Calling, database: Database) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await an_area(boss)
    await boss.says("/report")
    for label in ("Set up", "Organisations", "New organisation"):
        await boss.presses(label)
    await boss.says("Chamber")
    await boss.presses("New service")
    for text in ("Advice", "Money to start", "Everywhere, or online", "12", "Skip", "Skip"):
        await boss.says(text)
    await boss.presses("What it helps with")
    await boss.presses("Legal advice")
    assert "Helps with: Legal advice" in boss.last
    await boss.presses("📍 Where")
    await boss.presses("Old Town")
    assert "In Old Town\n💻 Online" in boss.last
    await boss.presses("💻 Not online")
    assert "Online" not in boss.last
    await boss.presses("💻 Online as well")
    await boss.presses("💶 Cost")
    await boss.presses("Not known")
    assert "Cost: not known" in boss.last
    await boss.presses("💶 Cost")
    await boss.presses("Cancel")
    await boss.presses("💶 Cost")
    await boss.says("7,50")
    async with database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        assert (service.need, service.online, str(service.cost)) == (Need.LEGAL, True, "7.50")
        assert service.area_id is not None


async def test_the_set_up_leads_back_to_the_coordinators_desk(phone: Calling) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    await boss.presses("Set up")
    await boss.presses("Back")
    assert "Which month would you like to see?" in boss.last
