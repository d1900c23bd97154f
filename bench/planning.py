"""The planner of an event that invites 10,000, and the venues for it, beside an empty /menu.

Everybody has said two things that make it hard to come, in twenty areas and four languages.
"""

from datetime import UTC, datetime

PEOPLE, AREAS, VENUES = 10_000, 20, 50
SHOWN = 50
"""So many updates of each kind."""


async def fill(url: str) -> str:
    """Let the crowd say what is hard for it; return the event's reference."""
    import random

    from sqlalchemy import select, update

    from bot.database import Database
    from bot.simulation.rows import Rows
    from community.areas import Area
    from community.events import Event
    from community.limits import CHOICES, NO_VALUE, AccessLimit, Limit
    from community.people import Person
    from community.venues import Venue

    rng, database, now = random.Random(7), Database(url), datetime.now(UTC)
    async with database.transaction() as session:
        rows = Rows(session, 1, lambda _: None)
        for number in range(AREAS):
            point = {"latitude": 48 + number / 40, "longitude": 2.3}
            rows.add(Area, zone="Europe/Paris", made_at=now, **point)
        for number in range(VENUES):
            point = {"latitude": 48 + number / 100, "longitude": 2.3}
            step_free = bool(number % 2)
            rows.add(Venue, name=f"V{number}", step_free=step_free, made_at=now, **point)
        people = (await session.scalars(select(Person.id))).all()
        for person_id in people:
            for limit in rng.sample([*Limit], 2):
                value = rng.choice(CHOICES.get(limit, (NO_VALUE,)))
                rows.add(AccessLimit, person_id=person_id, code=limit, value=value)
            await rows.breathe()
        await rows.finish()
        for number, language in enumerate(("en", "fr", "ar", "uk")):
            await session.execute(
                update(Person)
                .where(Person.id % 4 == number)
                .values(language=language, area_id=Person.id % AREAS + 1)
            )
        event = (await session.scalars(select(Event).limit(1))).one()
        event.latitude, event.longitude = 48.2, 2.3
        ref = event.ref
    await database.close()
    return ref


async def plan(base: str, n: int, url: str) -> dict[str, float]:
    """Answer /menu, the planner's screen, and the ranked venues."""
    from bench.answering import costs, press
    from bench.contestants import _app, greeting
    from handlers.staff import VenuesFor, WhoCanCome

    ref = await fill(url)

    def by_animator(data: str, number: int) -> dict[str, object]:
        update = press(number, data)
        update["callback_query"]["from"]["id"] = 999
        update["callback_query"]["message"]["chat"]["id"] = 999
        return update

    who, venues = WhoCanCome(ref=ref).pack(), VenuesFor(ref=ref).pack()
    return await costs(
        _app(base, url),
        base,
        n,
        {
            "menu": lambda number: greeting(number, "/menu"),
            "planner": lambda number: by_animator(who, number),
            "venues": lambda number: by_animator(venues, number),
        },
    )
