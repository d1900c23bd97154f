"""Composing a digest for many, beside a newsletter to the same people.

Everybody has news gathered; they read four languages, live in ten areas and look for two of the
needs. There are forty events, twenty new services and three newsletters. Both are composed (their
rows are made) and rendered as the sender does it, so many people at a time; nothing is sent.
"""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from bench.contestants import schedule_newsletter
from bot.answering import translator_of
from bot.database import Database
from bot.simulation.rows import Rows
from community import digests, events, sends
from community.areas import Area
from community.deliveries import Delivery
from community.digests import Digest, State
from community.events import Event, wall_to_utc
from community.needs import Need, PersonNeed
from community.people import Participation, Person
from community.providers import Organization, Service
from community.sends import Send
from community.translations import ContentText
from handlers import FORMS, render, said_already
from handlers.replies import Network, Page
from locales import translator_for

LANGUAGES = ("en", "fr", "ar", "uk")
AREAS, EVENTS, SERVICES, NEWSLETTERS = 10, 40, 20, 3
AT_ONCE = 28
"""So many are rendered in one transaction: what leaves within a second."""
ZONE = "Europe/Paris"


async def fill(database: Database, now: datetime) -> None:
    """Let people differ, and put something into the network."""
    rng, needs = random.Random(7), list(Need)
    async with database.transaction() as session:
        for table in (ContentText, Event):  # of the crowd
            await session.execute(delete(table))
        rows = Rows(session, 1, lambda _: None)
        areas = [rows.add(Area, zone=ZONE, made_at=now) for _ in range(AREAS)]
        await rows.finish()
        number = Person.id
        for at, language in enumerate(LANGUAGES):
            mine = number % len(LANGUAGES) == at
            await session.execute(update(Person).where(mine).values(language=language))
        for at, area in enumerate(areas):
            await session.execute(
                update(Person).where((number // 7) % AREAS == at).values(area_id=area)
            )
        for person_id in await session.scalars(select(Person.id)):
            for need in rng.sample(needs, 2):
                rows.add(PersonNeed, person_id=person_id, term=need)
            await rows.breathe()
        for at in range(EVENTS):
            wall = (now + timedelta(days=1 + at // 2)).replace(
                hour=18, minute=0, second=0, microsecond=0, tzinfo=None
            )
            event_id = rows.add(
                Event,
                uid=f"gathered{at}",
                state=events.State.PUBLISHED,
                made_at=now,
                changed_at=now,
                starts_wall=wall,
                zone=ZONE,
                starts_at=wall_to_utc(wall, ZONE),
                place="Library",
                area_id=rng.choice([None, *areas]),
                languages=rng.choice([[], ["en", "fr"], ["ar"], ["uk"]]),
            )
            rows.words("event", event_id, "title", {"en": f"M {at}", "fr": f"R {at}"}, now)
        organization = rows.add(Organization, made_at=now)
        for at in range(SERVICES):
            service_id = rows.add(
                Service,
                organization_id=organization,
                need=needs[at % len(needs)],
                languages=["en"],
                online=True,
                made_at=now,
            )
            rows.words("service", service_id, "name", {"en": f"S {at}", "ar": f"خ {at}"}, now)
        for at in range(NEWSLETTERS):
            send_id = rows.add(
                Send,
                kind=sends.Kind.NEWSLETTER,
                made_at=now,
                state=sends.State.SENT,
                started_at=now,
            )
            for field in ("title", "body"):
                rows.words("newsletter", send_id, field, {"en": f"News {at}"}, now)
        await rows.finish()


async def gathering(_base: str, n: int, url: str) -> dict[str, float]:
    """Compose and render a newsletter, and a digest, for the same people."""
    database = Database(url)
    first = digests.begins(datetime.now(UTC), ZoneInfo(ZONE))
    await fill(database, first - timedelta(hours=1))
    result: dict[str, float] = {}

    @asynccontextmanager
    async def measured(name: str) -> AsyncIterator[None]:
        begin = time.process_time()
        yield
        result[name] = (time.process_time() - begin) / n * 1e6

    for language in LANGUAGES:  # who is measured first would pay for reading the catalogues
        translator_for(language)
    await schedule_newsletter(database, first)
    async with measured("newsletter_us"):
        async with database.transaction() as session:
            await sends.start_due(session, first, network_language="en")
        assert await _rendered(database, "newsletter", first) >= n
    async with database.transaction() as session:
        await session.execute(update(Delivery).values(state="cancelled"))
        await session.execute(update(Person).values(participation=Participation.DIGEST))
    async with measured("composing_us"):
        for _portion in range(n // digests.AT_ONCE + 2):
            async with database.transaction() as session:
                await digests.compose(session, first, ZoneInfo(ZONE), "en")
    async with database.transaction() as session:
        digest = (await session.scalars(select(Digest))).one()
        assert digest.state == State.IN_REVIEW
        host = await session.get_one(Person, 1)
        await digests.approve(session, host, digest.ref, first)
    async with measured("rendering_us"):
        assert await _rendered(database, digests.KIND, first) >= n
    result["digest_us"] = result["composing_us"] + result["rendering_us"]
    await database.close()
    return result


async def _rendered(database: Database, kind: str, now: datetime) -> int:
    """Render what is owed of a kind, as the sender does; return how many there are."""
    network, count = Network("en", ZONE, "diwan_bot", "112"), 0
    after = 0
    while True:
        async with database.transaction() as session:
            rows = (
                await session.execute(
                    select(Delivery.id, Delivery.args, Person)
                    .join(Person, Person.id == Delivery.person_id)
                    .where(Delivery.kind == kind, Delivery.id > after)
                    .order_by(Delivery.id)
                    .limit(AT_ONCE)
                )
            ).all()
            if not rows:
                return count
            memo: dict[Any, Any] = {}
            for number, args, person in rows:
                reads = translator_of(person, network)
                page = Page(session, person, reads, now, network, FORMS, memo)
                message = said_already(page, kind, args) or await render(page, kind, **args)
                count += message is not None
                after = number
