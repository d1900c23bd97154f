"""From a need to a service in two taps, nearest first; what is missing, and who is stuck."""

import pytest
from sqlalchemy import select

from community.people import Person
from community.providers import (
    Kind,
    Location,
    Organization,
    Service,
    ServiceAtLocation,
    UnmetDemand,
)
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory

IN_BOTH = pytest.mark.parametrize("language", ["fr", "ar"])


async def another_service(boss: Somebody, name: str, need: str = "Money to start") -> None:
    """Add a service to the organisation, without words about it."""
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("New service")
    await boss.says(name)
    await boss.presses(need)
    await boss.presses("Old Town")
    await boss.presses("Free of charge")
    await boss.presses("Skip")
    await boss.presses("Skip")


async def is_at(stage: Stage, places: dict[int, tuple[float, float]]) -> None:
    """Give services, by their number in the order in which they were made, their places."""
    async with stage.app.database.transaction() as session:
        services = (await session.scalars(select(Service).order_by(Service.id))).all()
        for number, (latitude, longitude) in places.items():
            location = Location(latitude=latitude, longitude=longitude, made_at=stage.now)
            session.add(location)
            await session.flush()
            session.add(ServiceAtLocation(service_id=services[number].id, location_id=location.id))


def named(somebody: Somebody, *names: str) -> list[str]:
    """Return which of these names the buttons bear, in their order."""
    return [name for button in somebody.buttons() for name in names if name in button]


@IN_BOTH
async def test_two_taps_lead_to_a_service_and_a_shared_place_to_the_nearest(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator()
    await a_directory(boss)
    await another_service(boss, "Loan corner")
    await is_at(stage, {0: (48.95, 2.35), 1: (48.86, 2.36)})
    amina = await stage.member("Amina", language)
    await amina.says("/support")
    await amina.presses("Money to start")
    assert named(amina, "Start-up advice", "Loan corner") == ["Start-up advice", "Loan corner"]
    await amina.shares_location(48.861, 2.361)
    amina.sees_last("The nearest comes first. Where you are is not kept.")
    assert named(amina, "Start-up advice", "Loan corner") == ["Loan corner", "Start-up advice"]
    await amina.presses("Free of charge")
    assert named(amina, "Start-up advice", "Loan corner") == ["Loan corner", "Start-up advice"]
    await amina.presses("Loan corner")
    amina.sees_last("Loan corner", "Free of charge")
    async with stage.app.database.transaction() as session:
        kept = [
            str(row)
            for table in (Person,)
            for row in await session.execute(select(*table.__table__.columns))
        ]
    assert not any("48.86" in row or "138861" in row for row in kept)


@IN_BOTH
async def test_what_is_typed_with_a_slip_is_found_too(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator()
    await a_directory(boss)
    amina = await stage.member("Amina", language)
    await amina.says("/support")
    await amina.says("strat-up advcie")
    amina.sees_last("You look for: {words}", words="strat-up advcie")
    await amina.presses("Start-up advice")
    amina.sees_last("Step by step")
    await amina.presses("ℹ️ More about it")
    amina.sees_last("For whom", "Not known", "Nobody has confirmed this yet.")
    await amina.says("/support")
    await amina.says("qqqq zzzz")
    amina.sees_last("I found nothing for these words.")


@IN_BOTH
async def test_who_finds_nothing_is_told_once_when_a_coordinator_has_added_it(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    amina = await stage.member("Amina", language)
    await amina.says("/support")
    await amina.presses("Taxes")
    amina.sees_last("We know no service for this yet.")
    await amina.presses("🔔 Tell me when it is there")
    amina.sees_last("We tell you once")
    await stage.play(days=1)
    await a_directory(boss)
    await stage.play(hours=1)
    assert not amina.has_read("There is something now: {name}", name="Tax desk")
    await another_service(boss, "Tax desk", "Taxes")
    await stage.play(days=1, hours=20)  # on the third day a survey comes
    assert amina.times_read("There is something now: {name}", name="Tax desk") == 1
    await amina.presses("Look at it")
    amina.sees_last("Tax desk")
    async with stage.app.database.transaction() as session:
        rows = (await session.scalars(select(UnmetDemand))).all()
        assert [(row.need, row.language, row.miss, row.count) for row in rows] == [
            ("tax", language, "nothing", 1)
        ]


@IN_BOTH
async def test_who_is_stuck_tells_the_team_by_one_tap_and_the_animator_reads_where(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator()
    await a_directory(boss)
    amina = await stage.member("Amina", language)
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("⬜ 1")
    await stage.play(days=8)
    amina.sees_last("Your next step is waiting")
    await amina.presses("🆘 I am stuck, I need help")
    amina.sees_last("The team knows now where you are stuck.")
    await boss.presses("Read it")
    boss.sees_last("Stuck on the way to: {service}.", "Start-up advice", "Bring your ideas")
    await amina.presses("✏️ Add some words")
    await amina.says("What is a plan?")
    await boss.presses("Read it")
    boss.sees_last("What is a plan?", "Bring your ideas")
    await boss.presses("Answer")
    await boss.says("Come on Monday.")
    amina.sees_last("Come on Monday.")


async def test_networks_are_listed_apart_with_what_they_are_good_at(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    await another_service(boss, "Women in trade")
    async with stage.app.database.transaction() as session:
        network = await session.scalar(select(Service).order_by(Service.id.desc()).limit(1))
        assert network is not None
        network.kind, network.profiles = Kind.NETWORK, ["woman"]
    amina = await stage.member("Amina", "fr")
    await amina.says("/support")
    await amina.presses("Money to start")
    assert named(amina, "Start-up advice", "Women in trade") == ["Start-up advice"]
    await amina.says("/support")
    await amina.presses("👥 Networks you can join")
    assert named(amina, "Start-up advice", "Women in trade") == ["Women in trade"]
    await amina.presses("Women in trade")
    amina.sees_last("A network that one can join", "For: {whom}")


async def test_an_organisation_that_nobody_confirms_is_marked(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    async with stage.app.database.transaction() as session:
        organization = await session.scalar(select(Organization))
        assert organization is not None
        organization.made_at = stage.now.replace(year=stage.now.year - 1)
    amina = await stage.member("Amina", "ar")
    await amina.says("/support")
    await amina.presses("Money to start")
    amina.sees_last("🕓 has not been confirmed lately.")
    await amina.presses("Start-up advice")
    amina.sees_last("This has not been confirmed lately.")
