"""``diwan simulate``: a made-up network of any size, for training, tests and benchmarks.

People, events, requests, newsletters, surveys, lessons, posts and introductions of years, all in
states that the lifecycles allow, and the same for the same seed. It writes rows and calls no
verbs: a hundred thousand people by pressing buttons would take days.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import bot
from bot.simulation import crowd, doings, meetings, news, opinions, support, surveys
from bot.simulation.crowd import DAY
from bot.simulation.rows import Rows
from community import evidence
from community.areas import Area
from community.events import Event
from community.evidence import Framework
from community.matches import Match
from community.people import Person
from community.providers import Organization
from community.sends import Send
from community.surveys import SurveyResponse

SMALLEST = 50


class NotEmptyError(Exception):
    """There is a network in this database already."""


async def simulate(
    session: AsyncSession,
    *,
    people: int,
    seed: int,
    now: datetime,
    years: float = 2,
    zone: str = "Europe/Brussels",
    told: Callable[[str], None] = lambda _: None,
) -> int:
    """Fill an empty database with a network of so many people; return how many rows it has.

    ``told`` hears how far it is. Nothing in it is or was real.

    Raises:
        NotEmptyError: somebody or something is there already.
    """
    for table in (Person, Area, Event, Organization, Send):
        if await session.scalar(select(func.count()).select_from(table)):
            raise NotEmptyError
    sample = json.loads(Path(bot.__file__).with_name("sample.json").read_text(encoding="utf-8"))
    rows, begin = Rows(session, seed, told), now - years * 365 * DAY
    places = support.fill_areas(rows, max(2, min(40, people // 500)), zone, begin)
    everybody = crowd.fill(rows, people, places, begin, now)
    crowd.make_team(rows, everybody, begin)
    await rows.write()
    told(f"{people} people")
    offers = support.fill_offers(
        rows, max(3, min(200, people // 400)), sample, places, everybody, begin, now
    )
    asked = await support.fill_referrals(rows, people // 8, offers, everybody, now)
    told(f"{len(offers)} services, {people // 8} requests")
    made = await meetings.fill(rows, max(2, people // 1000), sample, everybody, zone, begin, now)
    told(f"{len(made)} events")
    await surveys.fill(rows, everybody, made, asked, zone, now)
    await opinions.fill(rows, everybody, ZoneInfo(zone), begin, now)
    told(f"{rows.count_of(SurveyResponse)} surveys")
    await doings.take_lessons(rows, everybody, begin, now)
    await doings.put_up_posts(rows, people // 10, everybody, places, now)
    await doings.introduce(rows, everybody, begin, now)
    told(f"{rows.count_of(Match)} proposals to meet")
    await news.fill(rows, sample, made, everybody, begin, now)
    crowd.ask_team(rows, everybody, now)
    crowd.tell_memberships(rows, everybody)
    await rows.finish()
    told(f"{rows.written} rows")
    return rows.written


async def tell_periods(
    session: AsyncSession, zone: ZoneInfo, framework: Framework, now: datetime
) -> int:
    """Count and tell every period that is over, each a week after its end; return how many.

    By the program's own code; people have the language, area and profiles of today, though.
    """
    at: datetime | None = await session.scalar(select(func.min(Person.joined_at)))
    count = 0
    while at is not None and (at := await evidence.next_freeze(session, at, zone)) is not None:
        if at > now:
            break
        count += len(await evidence.freeze(session, at, zone, framework))
    return count
