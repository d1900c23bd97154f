"""Background statistics: whom the network reaches of those who live there."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import evidence, people
from community.areas import Area
from community.errors import NotAllowedError, NotUnderstoodError
from community.figures import Hidden, Quarter
from community.gaps import Dimension, statistics
from community.gaps.statistics import BackgroundCount, Line, Reach
from community.people import Person, PersonProfile, Profile
from tests.community.test_gaps import OVER, a_coordinator

UTC = ZoneInfo("UTC")


def line(area: int | None, count: int, **said: Any) -> Line:
    values = {"language": "", "origin": "", "profile": "", "source": "INSEE", "year": 2025, **said}
    return Line(area_id=area, count=count, **values)


async def two_areas(session: AsyncSession, now: datetime) -> tuple[Area, Area]:
    lyon = Area(zone="UTC", made_at=now)
    session.add(lyon)
    await session.flush()
    part = Area(zone="UTC", made_at=now, parent_id=lyon.id)
    session.add(part)
    await session.flush()
    return lyon, part


async def joined(
    session: AsyncSession, now: datetime, first: int, count: int, language: str, area: Area
) -> list[Person]:
    found = []
    for number in range(first, first + count):
        person = await people.meet(session, number, now)
        await people.join(session, person, now, terms_version="1", language=language)
        person.area_id, person.language = area.id, language
        found.append(person)
    await session.flush()
    return found


TOLD = OVER + timedelta(days=8)
"""When the quarter has been written down."""


async def reach(session: AsyncSession, boss: Person) -> Reach:
    assert await statistics.reach(session, boss, UTC, OVER) is None, "not told yet"
    await evidence.freeze(session, TOLD, UTC, evidence.shipped())
    found = await statistics.reach(session, boss, UTC, TOLD)
    assert found is not None
    return found


async def test_members_stand_beside_the_population_by_area_language_and_profile(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    lyon, part = await two_areas(session, now)
    women = await joined(session, now, 1, 12, "ar", part)
    await joined(session, now, 31, 8, "uk", lyon)
    session.add_all(
        PersonProfile(person_id=person.id, code=Profile.WOMAN) for person in women[:10]
    )
    lines = [
        line(lyon.id, 500, language="ar"),
        line(lyon.id, 300, language="uk"),
        line(part.id, 90, language="ar"),  # they are among the 500
        line(lyon.id, 400, profile="woman"),
        line(lyon.id, 9999, year=2019),
    ]
    await statistics.bring(session, boss, lines, now)
    found = await reach(session, boss)
    assert found.quarter == Quarter(2026, 4)
    (area,) = found.by[Dimension.AREA]
    assert (area.key, area.members, area.population.count, area.share) == (
        str(lyon.id), 20, 800, 0.025,
    )  # fmt: skip
    spoken = {one.key: (one.members, one.population.count) for one in found.by[Dimension.LANGUAGE]}
    assert spoken == {"ar": (12, 500), "uk": (8, 300)}
    (women_reached,) = found.by[Dimension.PROFILE]
    assert (women_reached.members, women_reached.population.count) == (10, 400)


async def test_few_members_of_an_area_are_not_told(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    lyon, _part = await two_areas(session, now)
    paris = Area(zone="UTC", made_at=now)
    session.add(paris)
    await session.flush()
    await joined(session, now, 1, 9, "ar", lyon)
    await joined(session, now, 11, 3, "ar", paris)
    await statistics.bring(session, boss, [line(lyon.id, 500), line(paris.id, 90)], now)
    found = await reach(session, boss)
    told = {one.key: (one.members, one.share) for one in found.by[Dimension.AREA]}
    assert told == {str(lyon.id): (9, 0.018), str(paris.id): (Hidden.COVERED, None)}


async def test_what_a_source_says_of_a_year_replaces_what_it_said_before(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    lyon, part = await two_areas(session, now)
    await statistics.bring(session, boss, [line(lyon.id, 500), line(part.id, 90)], now)
    await statistics.bring(session, boss, [line(lyon.id, 70, source="Town")], now)
    await statistics.bring(session, boss, [line(lyon.id, 510)], now)
    rows = await session.execute(
        select(BackgroundCount.source, BackgroundCount.count).order_by(BackgroundCount.source)
    )
    assert [tuple(row) for row in rows] == [("INSEE", 510), ("Town", 70)]
    with pytest.raises(NotUnderstoodError):
        await statistics.bring(session, boss, [], now)
    member = (await joined(session, now, 1, 1, "ar", lyon))[0]
    with pytest.raises(NotAllowedError):
        await statistics.bring(session, member, [line(lyon.id, 1)], now)
    assert await session.scalar(select(func.count()).select_from(BackgroundCount)) == 2
