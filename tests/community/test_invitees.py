"""Whom an event invites: how many it is hard for, and nothing that tells of fewer than five."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, invitees, limits, venues
from community.areas import Area
from community.audiences import EVERYBODY, Audience
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.events import Details, Event, Kind
from community.figures import Hidden
from community.invitees import Invited, Said
from community.limits import Limit
from community.people import Person
from community.roles import Role, RoleName
from community.venues import Why
from tests.community.test_attendance import ZONE, a_member, an_animator

NUMBERS = count(1000)
SIX, SEVEN = 18 * 60, 19 * 60
AT_SIX = datetime(2026, 12, 1, 18)  # noqa: DTZ001 - wall time
AREAS = {"Town": (48.85, 2.35), "Village": (49.1, 2.35)}
"""Some thirty kilometres apart."""


async def members(
    session: AsyncSession, now: datetime, *said: Sequence[tuple[Limit, int]], language: str = "ar"
) -> list[Person]:
    """Let a member join for each of these sets of limits."""
    found = []
    for what in said:
        person = await a_member(session, next(NUMBERS), now)
        person.language = language
        for code, value in what:
            await limits.tick(session, person, code, value, on=True)
        found.append(person)
    await session.flush()
    return found


async def planned(session: AsyncSession, actor: Person, now: datetime, **facts: object) -> Event:
    """Return a draft at six in the evening, for two hours."""
    details = replace(Details(AT_SIX, ZONE, place="Library"), **facts)  # type: ignore[arg-type]
    return await events.create(session, actor, details, {"title": "Tea"}, "en", now)


async def seen(
    session: AsyncSession,
    actor: Person,
    event: Event,
    now: datetime,
    audience: Audience = EVERYBODY,
) -> Invited:
    return await invitees.look(session, actor, event, audience, now, "ar")


async def test_seven_of_twelve_cannot_travel_after_six(
    session: AsyncSession, now: datetime
) -> None:
    late: list[tuple[Limit, int]] = [(Limit.LATE, SIX)]
    free: list[tuple[Limit, int]] = []
    boss, *_others = await members(session, now, *[late] * 7, *[free] * 5)
    await an_animator_too(session, boss, now)
    event = await planned(session, boss, now)
    invited = await seen(session, boss, event, now)
    assert (invited.total, invited.languages, invited.in_steps) == (12, {"ar": 12}, False)
    assert invited.limits == [Said(Limit.LATE, 7, met=False, value=SIX)]
    early = await planned(session, boss, now, starts_wall=AT_SIX - timedelta(hours=3))
    assert (await seen(session, boss, early, now)).limits == [
        Said(Limit.LATE, 7, met=True, value=SIX)
    ]
    online = await planned(session, boss, now, place=None, link="https://example.org")
    assert (await seen(session, boss, online, now)).limits[0].met
    for person in (_others[0], boss):  # what is taken back is counted no more
        await limits.tick(session, person, Limit.LATE, on=False)
    assert (await seen(session, boss, event, now)).limits[0].people == 5


async def an_animator_too(session: AsyncSession, person: Person, now: datetime) -> None:
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()


async def test_two_events_an_hour_apart_do_not_tell_of_the_one_who_has_that_hour_more(
    session: AsyncSession, now: datetime
) -> None:
    boss, *_others = await members(
        session, now, *[[(Limit.LATE, SIX)]] * 6, [(Limit.LATE, SEVEN)], *[[]] * 6
    )
    await an_animator_too(session, boss, now)
    told = []
    for hours in (1, 2, 3):
        event = await planned(session, boss, now, minutes=60 * hours)
        told.append((await seen(session, boss, event, now)).limits)
    assert told[0] == told[1] == told[2] == [Said(Limit.LATE, 6, met=False, value=SIX)]


async def test_of_fewer_than_five_and_of_all_but_few_no_number_is_told(
    session: AsyncSession, now: datetime
) -> None:
    few, many = [(Limit.STEPS, 0), (Limit.SIGHT, 0)], [(Limit.SIGHT, 0)]
    boss, *_others = await members(session, now, *[few] * 4, *[many] * 4, *[[]] * 2)
    await an_animator_too(session, boss, now)
    event = await planned(session, boss, now)
    invited = await seen(session, boss, event, now)
    assert {said.limit: said.people for said in invited.limits} == {
        Limit.STEPS: Hidden.FEW,
        Limit.SIGHT: Hidden.COVERED,  # the other two would be known
    }
    await members(session, now, *[[]] * 2, language="fr")
    invited = await seen(session, boss, event, now)
    assert invited.languages == {"ar": 10, "fr": Hidden.FEW}
    assert (invited.total, invited.in_steps) == (10, True), "twelve less ten would tell"
    chosen = await seen(session, boss, event, now, Audience(languages=("fr",)))
    assert (chosen.total, chosen.limits) == (Hidden.FEW, ())
    arab = await seen(session, boss, event, now, Audience(languages=("ar",)))
    assert arab.in_steps, "of a chosen audience in any case"


@pytest.mark.parametrize(
    ("limit", "lacks", "has"),
    [
        (Limit.CHILD_CARE, {}, {"child_care": True}),
        (Limit.STEPS, {}, {"step_free": True}),
        (Limit.SIGHT, {}, {"travel_help": True}),
        (Limit.PHONE_ONLY, {"kind": Kind.DIGITAL_SKILLS}, {"kind": Kind.TRAINING}),
        (Limit.NO_DATA, {"place": None, "link": "https://example.org"}, {}),
        (Limit.MORNINGS, {"starts_wall": AT_SIX.replace(hour=11)}, {}),
        (Limit.AFTERNOONS, {"starts_wall": AT_SIX.replace(hour=17)}, {}),
        (Limit.EVENINGS, {}, {"starts_wall": AT_SIX.replace(hour=16)}),
        (Limit.WEEKENDS, {"starts_wall": AT_SIX.replace(day=5)}, {}),
    ],
)
async def test_an_event_meets_what_it_provides_for(
    session: AsyncSession,
    now: datetime,
    limit: Limit,
    lacks: dict[str, object],
    has: dict[str, object],
) -> None:
    boss, *_others = await members(session, now, *[[(limit, 0)]] * 5, *[[]] * 5)
    await an_animator_too(session, boss, now)
    for facts, met in ((lacks, False), (has, True)):
        event = await planned(session, boss, now, **facts)
        assert (await seen(session, boss, event, now)).limits == [Said(limit, 5, met)]


async def in_areas(session: AsyncSession, now: datetime) -> list[Area]:
    """Return a town and a village."""
    made = [
        Area(zone=ZONE, latitude=latitude, longitude=longitude, made_at=now)
        for latitude, longitude in AREAS.values()
    ]
    session.add_all(made)
    await session.flush()
    return made


async def test_what_is_too_far_depends_on_where_they_live(
    session: AsyncSession, now: datetime
) -> None:
    town, village = await in_areas(session, now)
    people = await members(session, now, *[[(Limit.DISTANCE, 5)]] * 12, *[[]] * 12)
    for at, person in enumerate(people):
        person.area_id = (village if at % 2 else town).id
    await an_animator_too(session, people[0], now)

    async def told(**facts: object) -> Said:
        event = await planned(session, people[0], now, **facts)
        return (await seen(session, people[0], event, now)).limits[0]

    there = dict(zip(("latitude", "longitude"), AREAS["Town"], strict=True))
    assert await told(**there) == Said(Limit.DISTANCE, 5, met=False)  # six of them, in fives
    assert (await told(**there, travel_help=True)).met
    assert (await told()).met is None, "it is not on the map"


async def test_clashes_are_of_the_same_day_and_for_the_same_people(
    session: AsyncSession, now: datetime
) -> None:
    boss = await an_animator(session, now)
    town, village = await in_areas(session, now)
    event = await planned(session, boss, now)
    that_day = await planned(session, boss, now, starts_wall=AT_SIX.replace(hour=9))
    next_day = await planned(session, boss, now, starts_wall=AT_SIX.replace(day=2))
    elsewhere = await planned(session, boss, now)
    dropped = await planned(session, boss, now)
    await events.discard(session, boss, dropped.ref, now)
    event.area_id, that_day.area_id, elsewhere.area_id = town.id, None, village.id
    await session.flush()
    assert await invitees.clashes(session, event) == [that_day]
    assert next_day not in await invitees.clashes(session, that_day)


async def test_venues_are_ranked_by_what_those_invited_need(
    session: AsyncSession, now: datetime
) -> None:
    boss, *_others = await members(
        session,
        now,
        *[[(Limit.STEPS, 0), (Limit.CHILD_CARE, 0)]] * 6,
        *[[(Limit.CHILD_CARE, 0)]] * 2,
        *[[]] * 5,
    )
    await an_animator_too(session, boss, now)
    known: dict[str, dict[str, Any]] = {
        "Attic": {"languages": ["ar"]},
        "Hall": {"step_free": True, "seats": 10},
        "School": {"child_care": True, "step_free": True, "seats": 40},
        "Cellar": {},
    }
    for name, facts in known.items():
        await venues.add(session, boss, name, now, **facts)
    event = await planned(session, boss, now, capacity=20)
    found = await venues.suited(session, boss, event, EVERYBODY, now, "ar")
    assert [one.venue.name for one in found] == ["School", "Attic", "Cellar", "Hall"]
    assert [(reason.why, reason.people) for reason in found[0].reasons] == [
        (Why.STEP_FREE, 6),
        (Why.CHILD_CARE, 8),
        (Why.SEATS, 40),
    ]
    assert [reason.why for reason in found[-1].reasons] == [
        Why.STEP_FREE,
        Why.NO_CHILD_CARE,
        Why.TOO_SMALL,
    ]


async def test_a_venue_is_kept_put_right_and_forgotten(
    session: AsyncSession, now: datetime
) -> None:
    boss, member = await an_animator(session, now), await a_member(session, 2, now)
    venue = await venues.add(session, boss, " Town  hall ", now, seats=30)
    await venues.change(session, boss, venue.ref, now, safe_for="women", seats=None)
    assert (venue.name, venue.safe_for, venue.seats) == ("Town hall", "women", None)
    wrong: list[dict[str, Any]] = [{"name": " "}, {"seats": 0}, {"travel": "x" * 301}]
    for facts in (*wrong, {"latitude": 95.0}):
        with pytest.raises(NotUnderstoodError):
            await venues.change(session, boss, venue.ref, now, **facts)
    with pytest.raises(NotAllowedError):
        await venues.opened(session, member, venue.ref, now)
    await venues.remove(session, boss, venue.ref, now)
    with pytest.raises(NotFoundError):
        await venues.opened(session, boss, venue.ref, now)


async def test_of_a_chosen_audience_none_and_few_read_the_same(
    session: AsyncSession, now: datetime
) -> None:
    every = [(Limit.STEPS, 0), (Limit.DISTANCE, 2), (Limit.LATE, SIX)]
    boss, *_five = await members(session, now, *[[]] * 5, language="uk")
    await members(session, now, every, language="ar")
    await an_animator_too(session, boss, now)
    event = await planned(session, boss, now, latitude=48.85, longitude=2.35)
    await venues.add(session, boss, "Hall", now, step_free=True, latitude=48.85, longitude=2.35)
    told = []
    for languages in (("uk",), ("uk", "ar")):
        audience = Audience(languages=languages)
        invited = await seen(session, boss, event, now, audience)
        (hall,) = await venues.suited(session, boss, event, audience, now, "uk")
        told.append((invited.total, invited.limits, invited.languages, hall.reasons, hall.weight))
    assert told[0] == told[1] == (5, [], {"uk": 5}, [], 0)


async def test_a_place_that_is_tried_out_tells_of_no_fewer_than_five(
    session: AsyncSession, now: datetime
) -> None:
    town, village = await in_areas(session, now)
    people = await members(session, now, *[[(Limit.DISTANCE, 5)]] * 9, *[[]] * 9)
    boss = people[0]
    await an_animator_too(session, boss, now)
    there = dict(zip(("latitude", "longitude"), AREAS["Town"], strict=True))
    event = await planned(session, boss, now, **there)
    await venues.add(session, boss, "Hall", now, **there)

    async def told(elsewhere: int, where: int | None) -> tuple[bool | None, list[Why]]:
        for number, person in enumerate(people):
            person.area_id = where if number < elsewhere else town.id
        await session.flush()
        (hall,) = await venues.suited(session, boss, event, EVERYBODY, now, "ar")
        said = (await seen(session, boss, event, now)).limits[0]
        return said.met, [reason.why for reason in hall.reasons]

    assert await told(0, town.id) == await told(4, village.id) == (True, [Why.NEAR])
    assert await told(5, village.id) == (False, [Why.FAR])
    off_the_map = Area(zone=ZONE, made_at=now)
    session.add(off_the_map)
    await session.flush()
    assert await told(4, off_the_map.id) == (True, [Why.NEAR])
    assert await told(5, off_the_map.id) == await told(9, None) == (None, [])


async def test_from_twenty_people_on_everybody_is_told_in_steps_of_five(
    session: AsyncSession, now: datetime
) -> None:
    boss, *_others = await members(session, now, *[[(Limit.STEPS, 0)]] * 7, *[[]] * 12)
    await an_animator_too(session, boss, now)
    event = await planned(session, boss, now)
    assert (await seen(session, boss, event, now)).limits[0].people == 7
    await members(session, now, [(Limit.STEPS, 0)], [(Limit.STEPS, 0)])
    assert (await seen(session, boss, event, now)).limits[0].people == 10
