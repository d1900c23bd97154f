"""What there is at an event that repeats: at this date alone, or from here on."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from community import people, series, venues
from community.base import find
from community.events import Event
from community.roles import RoleName
from community.series import Every
from tests.community.test_repeating import at, one
from tests.handlers.conftest import Calling, Phone

ASKED = "Does this change concern only this date, or from here on?"
FACTS: list[tuple[list[str], str, Any]] = [
    (["Child care"], "child_care", True),
    (["Spoken there", "French"], "languages", ["fr"]),
    (["What else there is", "Kind of event", "Training"], "kind", "training"),
    (["What else there is", "Interpretation", "French"], "interpretation", ["fr"]),
    (["What else there is", "Without steps"], "step_free", True),
    (["What else there is", "Help with the way"], "travel_help", True),
]


@pytest.fixture
async def desk(phone: Calling, database: Database, now: datetime) -> tuple[Phone, list[str]]:
    """Return an animator at the desk of a weekly event's second date, and all its dates."""
    boss = await phone(1, "en", RoleName.ANIMATOR)
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        assert person is not None
        event = await one(session, person, now, at(date(2026, 12, 1)))
        await series.repeat(session, person, event.ref, Every.WEEK, now, times=4)
        refs = list(await session.scalars(select(Event.ref).order_by(Event.starts_at)))
    await boss.sends_data(f"pe:{refs[1]}:event")
    return boss, refs


async def at_each(database: Database, refs: list[str], fact: str) -> list[Any]:
    async with database.transaction() as session:
        return [getattr(await find(session, Event, ref), fact) for ref in refs]


@pytest.mark.parametrize(("taps", "fact", "value"), FACTS)
@pytest.mark.parametrize("onward", [False, True])
async def test_what_there_is_asks_whether_only_this_date_or_from_here_on(
    desk: tuple[Phone, list[str]],
    database: Database,
    taps: list[str],
    fact: str,
    value: Any,
    *,
    onward: bool,
) -> None:
    boss, refs = desk
    for label in taps:
        await boss.presses(label)
    assert ASKED in boss.last
    before = await at_each(database, refs, fact)
    assert value not in before, "nothing is changed before that is said"
    for _twice in range(2):
        await boss.presses("This one and all later ones" if onward else "Only this one")
    then = [False, True, onward, onward]
    assert [each == value for each in await at_each(database, refs, fact)] == then


async def test_the_point_on_the_map_asks_it_too(desk: tuple[Phone, list[str]]) -> None:
    boss, _refs = desk
    await boss.presses("What else there is")
    await boss.presses("🗺 On the map")
    assert ASKED in boss.last
    await boss.presses("Only this one")
    assert "Where is it on the map?" in boss.last


@pytest.mark.parametrize("onward", [False, True])
async def test_a_venue_of_the_planner_asks_it_too_and_is_the_place_the_map_and_the_way_in(
    desk: tuple[Phone, list[str]], database: Database, now: datetime, *, onward: bool
) -> None:
    boss, refs = desk
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        assert person is not None
        there = {"latitude": 48.85, "longitude": 2.35, "step_free": True}
        await venues.add(session, person, "Town hall, Main square 1", now, **there)
    facts = {"place": "Town hall, Main square 1", **there}
    before = await at_each(database, refs, "place")
    for label in ("Who can come", "Which venue suits them", "🏠 Town hall"):
        await boss.presses(label)
    assert ASKED in boss.last
    assert await at_each(database, refs, "place") == before, "nothing is changed before"
    for _twice in range(2):
        await boss.presses("This one and all later ones" if onward else "Only this one")
    assert "📍 Town hall, Main square 1" in boss.last
    for fact, value in facts.items():
        there_now = [each == value for each in await at_each(database, refs, fact)]
        assert there_now == [False, True, onward, onward], fact


@pytest.mark.parametrize(
    "what", ["kind.party", "venue.nowhere", "languages.+xx", "languages.", "no.+", "no"]
)
async def test_a_forged_choice_changes_nothing(desk: tuple[Phone, list[str]], what: str) -> None:
    boss, refs = desk
    await boss.sends_data(f"zs:{refs[1]}:{what}:1")
    assert boss.toasts
