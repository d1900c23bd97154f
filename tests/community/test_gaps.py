"""The gap map: a town with known counts gives exactly this map, and the next one what changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import gaps, needs
from community.areas import Area
from community.errors import NotAllowedError, NotFoundError
from community.events import Event
from community.figures import Cell, Hidden, Quarter
from community.gaps import Dimension, Gap, GapMap, Place, Trend
from community.gaps.adequacy import NetworkFigure
from community.needs import Need, PersonNeed
from community.people import Person, PersonProfile, Profile
from community.providers import Kind, Organization, Service
from community.providers.table import Strength
from community.roles import Role, RoleName
from tests.community.test_sends import a_member

UTC = ZoneInfo("UTC")
Q4, Q1 = Quarter(2026, 4), Quarter(2027, 1)
OVER = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
NEXT = datetime(2027, 4, 1, 0, 5, tzinfo=UTC)
ALL, LANGUAGE, AREA, PROFILE = Dimension


async def a_coordinator(session: AsyncSession, now: datetime) -> Person:
    """Let there be somebody who reads figures, and is no member."""
    person = Person(telegram_id=9000, name="Chief", language="en", met_at=now)
    session.add(person)
    await session.flush()
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    return person


async def look_for(
    session: AsyncSession,
    now: datetime,
    first: int,
    count: int,
    *terms: Need,
    language: str = "ar",
    area: int | None = None,
    profile: Profile | None = None,
    offers: Need | None = None,
) -> list[Person]:
    """Let so many members of one kind look for the same."""
    found = []
    for number in range(first, first + count):
        person = await a_member(session, number, now, language)
        person.joined_at, person.area_id = now, area
        await needs.look_for(session, person, terms)
        if offers:
            await needs.offer(session, person, [offers])
        if profile:
            session.add(PersonProfile(person_id=person.id, code=profile))
        found.append(person)
    await session.flush()
    return found


async def a_service(session: AsyncSession, now: datetime, **said: Any) -> Service:
    organization = Organization(made_at=now)
    session.add(organization)
    await session.flush()
    values = {"need": Need.TAX, "languages": ["ar"], **said}
    service = Service(organization_id=organization.id, made_at=now, **values)
    session.add(service)
    await session.flush()
    return service


def told(found: GapMap, need: Need) -> Mapping[tuple[Dimension, str], tuple[Any, ...]]:
    """Return what the map tells of a need: people, helpers, services, events, networks, weak."""
    return {
        (place.dimension, place.key): (
            cell.people,
            cell.helpers,
            cell.services,
            cell.events,
            cell.networks,
            cell.weak_networks,
            cell.gap,
        )
        for place, cell in found.cells.items()
        if place.need == need
    }


async def the_map(session: AsyncSession, now: datetime, at: datetime = OVER) -> GapMap:
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 9000))).first()
    boss = boss or await a_coordinator(session, now)
    assert await gaps.close(session, at, UTC)
    return await gaps.read(session, boss, at)


async def test_a_town_with_known_counts_gives_exactly_this_map(
    session: AsyncSession, now: datetime
) -> None:
    lyon = Area(zone="UTC", made_at=now)
    session.add(lyon)
    await session.flush()
    part = Area(zone="UTC", made_at=now, parent_id=lyon.id)
    session.add(part)
    await session.flush()
    here = str(lyon.id)
    await look_for(session, now, 1, 6, Need.TAX, area=part.id, profile=Profile.WOMAN)
    await look_for(session, now, 11, 5, Need.TAX, language="uk")
    await look_for(session, now, 21, 5, offers=Need.TAX, language="fr", area=lyon.id)
    await a_service(session, now, area_id=part.id)
    await a_service(session, now, is_paused=True)
    await a_service(session, now, is_open=False)
    session.add(
        Event(
            made_at=now,
            changed_at=now,
            state="published",
            need=Need.TAX,
            starts_wall=datetime(2027, 3, 30, 18),  # noqa: DTZ001 - wall time
            starts_at=datetime(2027, 3, 30, 18, tzinfo=UTC),
            zone="UTC",
            languages=["uk"],
            place="Library",
            area_id=lyon.id,
        )
    )
    weak = await a_service(
        session, now, kind=Kind.NETWORK, need=Need.EXPORT, languages=["uk"], area_id=lyon.id
    )
    session.add(Strength(service_id=weak.id, need=Need.TAX, is_strength=False))
    await session.flush()
    found = await the_map(session, now)
    assert found.quarter == Q4
    everywhere = {key for dimension, key in told(found, Need.TAX) if dimension is PROFILE}
    assert everywhere == {one.value for one in Profile if one is not Profile.RATHER_NOT_SAY}
    assert told(found, Need.TAX) == {
        (ALL, ""): (11, 5, 1, 1, 0, 1, None),
        (LANGUAGE, "ar"): (6, 0, 1, 0, 0, 0, None),
        (LANGUAGE, "fr"): (0, 5, 0, 0, 0, 0, None),
        (LANGUAGE, "uk"): (5, 0, 0, 1, 0, 1, None),
        (AREA, here): (6, 5, 1, 1, 0, 1, None),
        (AREA, "0"): (5, 0, 0, 0, 0, 0, Gap.UNCOVERED),
        **{
            (PROFILE, key): (6 if key == Profile.WOMAN else 0, None, 1, 1, 0, 1, None)
            for key in everywhere
        },
    }
    assert [cell.place for cell in found.gaps] == [Place(Need.TAX, AREA, "0")]
    assert found.trend(found.gaps[0].place) is None  # there is no map before


async def test_a_need_that_few_look_for_is_told_in_no_way(
    session: AsyncSession, now: datetime
) -> None:
    await look_for(session, now, 1, 4, Need.TAX)
    await look_for(session, now, 11, 8, Need.HIRING)
    await a_service(session, now)
    found = await the_map(session, now)
    cells = told(found, Need.TAX)
    assert {row[0] for row in cells.values()} == {Hidden.FEW}
    assert not [cell for cell in found.gaps if cell.need == Need.TAX]
    assert cells[LANGUAGE, "ar"][2] == 1


async def test_what_is_told_by_group_cannot_be_subtracted_from_the_whole(
    session: AsyncSession, now: datetime
) -> None:
    await look_for(session, now, 1, 9, Need.TAX, profile=Profile.WOMAN)
    await look_for(session, now, 11, 2, Need.TAX, language="uk")
    found = await the_map(session, now)
    cells = told(found, Need.TAX)
    assert cells[ALL, ""][0] == 11
    hidden = {cells[key][0] for key in ((LANGUAGE, "ar"), (LANGUAGE, "uk"))}
    assert hidden == {Hidden.COVERED}
    assert cells[PROFILE, Profile.WOMAN][0] is Hidden.COVERED


async def test_twenty_one_people_for_one_service_are_a_thin_gap_and_twenty_are_none(
    session: AsyncSession, now: datetime
) -> None:
    await look_for(session, now, 1, 20, Need.TAX)
    await look_for(session, now, 31, 21, Need.HIRING)
    await look_for(session, now, 61, 5, Need.EXPORT)
    await a_service(session, now)
    await a_service(session, now, need=Need.HIRING)
    found = await the_map(session, now)
    largest = [(cell.need, cell.gap) for cell in found.gaps if cell.dimension == ALL]
    assert largest == [(Need.EXPORT, Gap.UNCOVERED), (Need.HIRING, Gap.THIN)]


async def test_a_network_that_does_not_suit_its_members_covers_nothing(
    session: AsyncSession, now: datetime
) -> None:
    await look_for(session, now, 1, 6, Need.TAX)
    network = await a_service(session, now, kind=Kind.NETWORK)
    session.add_all(
        NetworkFigure(service_id=network.id, year=2026, number=3, what=what, told=number)
        for what, number in (("suits", "5"), ("suits_not", "7"))
    )
    await session.flush()
    found = await the_map(session, now)
    cell = found.cells[Place(Need.TAX, ALL, "")]
    assert (cell.networks, cell.weak_networks, cell.gap) == (0, 1, Gap.UNCOVERED)


async def test_two_waves_tell_which_gaps_are_new_which_persist_and_which_are_closed(
    session: AsyncSession, now: datetime
) -> None:
    taxed = await look_for(session, now, 1, 6, Need.TAX, Need.HIRING)
    few = await look_for(session, now, 11, 5, Need.LEGAL)
    await the_map(session, now)
    await a_service(session, now, need=Need.HIRING)
    for person in few:
        await needs.look_for(session, person, [Need.EXPORT])
    await needs.look_for(session, few[0], [Need.EXPORT, Need.LEGAL])
    second = await the_map(session, now, NEXT)
    assert (second.quarter, second.before) == (Q1, Q4)
    of_all = {cell.need: second.trend(cell.place) for cell in second.gaps if cell.dimension == ALL}
    assert of_all == {Need.TAX: Trend.PERSISTS, Need.EXPORT: Trend.NEW}
    assert second.since[Place(Need.TAX, ALL, "")] == Q4
    past = {one.place.need: one.trend for one in second.past if one.place.dimension is ALL}
    assert past == {Need.HIRING: Trend.CLOSED, Need.LEGAL: Trend.NOT_TOLD}
    by_language = {
        one.place.need: one.trend for one in second.past if one.place.dimension is LANGUAGE
    }
    assert by_language == {Need.HIRING: Trend.CLOSED, Need.LEGAL: Trend.NOT_TOLD}
    assert len(taxed) == 6


async def test_a_map_is_made_once_and_does_not_change_any_more(
    session: AsyncSession, now: datetime
) -> None:
    members = await look_for(session, now, 1, 6, Need.TAX)
    before = told(await the_map(session, now), Need.TAX)
    await needs.look_for(session, members[0], [Need.EXPORT])
    assert await gaps.close(session, OVER, UTC) == 0
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 9000))).one()
    assert told(await gaps.read(session, boss, OVER), Need.TAX) == before
    with pytest.raises(NotFoundError):
        await gaps.read(session, boss, OVER, Q1)
    with pytest.raises(NotAllowedError):
        await gaps.read(session, members[0], OVER)


async def test_of_a_quarter_before_anybody_joined_there_is_no_map(
    session: AsyncSession, now: datetime
) -> None:
    assert await gaps.close(session, OVER, UTC) == 0
    await look_for(session, now, 1, 6, Need.TAX)
    assert await gaps.close(session, now, UTC) == 0
    assert await gaps.close(session, OVER, UTC)


async def test_who_has_left_looks_for_nothing(session: AsyncSession, now: datetime) -> None:
    members = await look_for(session, now, 1, 7, Need.TAX)
    members[0].state = members[0].state.__class__("left")
    await session.flush()
    rows = (await session.scalars(select(PersonNeed))).all()
    assert len(rows) == 7
    cell: Cell = (await the_map(session, now)).cells[Place(Need.TAX, ALL, "")].people
    assert cell == 6
