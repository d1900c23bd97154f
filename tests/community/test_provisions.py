"""What there is at an event, what somebody needs, and who is told when it is there no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, events
from community.attendance import Wish
from community.deliveries import Delivery
from community.errors import NotUnderstoodError
from community.events import Details, Event, Kind
from community.people import Person
from community.provisions import Provision, lacking
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event

AT_SIX = datetime(2026, 12, 1, 18, tzinfo=UTC).replace(tzinfo=None)
BEFORE = Details(AT_SIX, ZONE, place="Library")


@pytest.mark.parametrize(
    ("change", "is_material"),
    [
        ({"starts_wall": AT_SIX + timedelta(minutes=1)}, True),
        ({"zone": "Europe/Kyiv"}, True),
        ({"zone": "Europe/Berlin"}, False),  # the same moment by another name
        ({"minutes": 300}, True),
        ({"place": "Town hall"}, True),
        ({"link": "https://example.org/call"}, True),
        ({"capacity": 5}, False),
        ({"languages": ["ar"]}, False),
        ({"interpretation": ["ar"]}, False),
        ({"child_care": True}, False),
        ({"step_free": True}, False),
        ({"travel_help": True}, False),
        ({"kind": Kind.TRAINING}, False),
        ({"latitude": 48.2, "longitude": 16.4}, False),
    ],
)
def test_when_for_how_long_and_where_is_what_matters_to_everybody(
    change: dict[str, Any], is_material: bool
) -> None:
    assert events.is_material(BEFORE, replace(BEFORE, **change)) is is_material


def test_every_fact_of_an_event_is_kept_and_can_be_changed(now: datetime) -> None:
    every = Details(
        AT_SIX,
        ZONE,
        place="Library",
        link="https://example.org/call",
        minutes=90,
        capacity=7,
        languages=["ar"],
        child_care=True,
        kind=Kind.DIGITAL_SKILLS,
        interpretation=["uk"],
        step_free=True,
        travel_help=True,
        latitude=48.2,
        longitude=16.4,
    )
    event = Event()
    events.set_details(event, every)
    assert events.details_of(event) == every
    assert all(getattr(every, name) != getattr(BEFORE, name) for name in events.FACTS[3:])


@pytest.mark.parametrize("point", [(48.2, None), (None, 16.4), (91.0, 0.0), (0.0, 181.0)])
def test_a_point_that_is_on_no_map_is_refused(point: tuple[float | None, float | None]) -> None:
    latitude, longitude = point
    with pytest.raises(NotUnderstoodError):
        replace(BEFORE, latitude=latitude, longitude=longitude).check()


def test_interpretation_is_missing_for_those_alone_whose_language_nobody_speaks_there() -> None:
    def misses(language: str, second: str | None = None) -> bool:
        person = Person(language=language, second_language=second)
        facts = replace(BEFORE, languages=["fr"], interpretation=["ar"])
        return lacking(facts, ["interpretation"], person) == [Provision.INTERPRETATION]

    assert [misses("fr"), misses("ar"), misses("uk"), misses("uk", "fr")] == [
        False,
        False,
        True,
        False,
    ]


async def told(session: AsyncSession) -> list[int]:
    rows = await session.scalars(
        select(Delivery.person_id).where(
            Delivery.kind == "event_changed", Delivery.state == deliveries.State.QUEUED
        )
    )
    return sorted(one for one in rows if one is not None)


async def a_full_house(
    session: AsyncSession, now: datetime, **facts: Any
) -> tuple[Person, Event, dict[str, Person]]:
    """Publish an event with these facts: somebody goes for each need, and one without any."""
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    details = replace(events.details_of(event), **facts)
    events.set_details(event, details)
    guests = {}
    for number, need in enumerate(["nothing", *Provision]):
        person = await a_member(session, number + 1, now)
        person.language = "uk"
        mine, _ = await attendance.answer(
            session, person, event.ref, Wish.GOING, now, default_zone=ZONE
        )
        mine.needs = [need] if need != "nothing" else []
        guests[need] = person
    await session.flush()
    return animator, event, guests


EVERYTHING = {
    "child_care": True,
    "step_free": True,
    "travel_help": True,
    "interpretation": ["ar", "uk"],
}


@pytest.mark.parametrize(
    ("gone", "who"),
    [
        ({"child_care": False}, Provision.CHILD_CARE),
        ({"step_free": False}, Provision.STEP_FREE),
        ({"travel_help": False}, Provision.TRAVEL),
        ({"interpretation": ["ar"]}, Provision.INTERPRETATION),
        ({"interpretation": ["uk"]}, None),
        ({"kind": Kind.TRAINING}, None),
    ],
)
async def test_what_is_there_no_more_is_told_to_those_who_need_it(
    session: AsyncSession, now: datetime, gone: dict[str, Any], who: Provision | None
) -> None:
    animator, event, guests = await a_full_house(session, now, **EVERYTHING)
    details = replace(events.details_of(event), **gone)
    count = await attendance.change_event(
        session, animator, event.ref, details, now, default_zone=ZONE
    )
    assert await told(session) == ([guests[who].id] if who else [])
    assert (count, event.sequence) == (1 if who else 0, 0)


async def test_two_things_gone_at_once_are_told_once_and_so_is_a_move_with_one(
    session: AsyncSession, now: datetime
) -> None:
    animator, event, guests = await a_full_house(session, now, **EVERYTHING)
    without = replace(events.details_of(event), child_care=False)
    for details in (without, replace(without, step_free=False)):
        await attendance.change_event(
            session, animator, event.ref, details, now, default_zone=ZONE
        )
    both = sorted([guests[Provision.CHILD_CARE].id, guests[Provision.STEP_FREE].id])
    assert await told(session) == both
    moved = replace(events.details_of(event), place="Town hall", travel_help=False)
    await attendance.change_event(session, animator, event.ref, moved, now, default_zone=ZONE)
    assert await told(session) == sorted(guest.id for guest in guests.values())
    again = replace(moved, interpretation=[])
    await attendance.change_event(session, animator, event.ref, again, now, default_zone=ZONE)
    assert await told(session) == sorted(guest.id for guest in guests.values())


async def test_an_event_that_lasts_longer_is_a_new_entry_of_the_calendar_and_asks_again(
    session: AsyncSession, now: datetime
) -> None:
    animator, event, guests = await a_full_house(session, now)
    longer = replace(events.details_of(event), minutes=300)
    assert await attendance.change_event(
        session, animator, event.ref, longer, now, default_zone=ZONE
    ) == len(guests)
    assert event.sequence == 1
    under_way = event.starts_at + timedelta(hours=1)
    longest = replace(longer, minutes=360)
    assert not await attendance.change_event(
        session, animator, event.ref, longest, under_way, default_zone=ZONE
    )
    assert (event.sequence, event.minutes) == (2, 360)
