"""Finding support in a directory of 20,000 services, beside an empty /menu.

The directory is made up here: 1,000 organisations in 20 areas, services in eight languages with
names and descriptions of words that are as frequent as words are, a place for each.
"""

import random
from datetime import UTC, datetime

SERVICES = 20_000
LANGUAGES = ("en", "fr", "ar", "uk", "fa", "tr", "es", "ti")
SHOWN = 200
"""So many updates of each kind."""


def vocabulary(rng: random.Random) -> list[str]:
    """Return words of made-up syllables, the frequent ones first."""
    syllables = ("ba", "ri", "con", "ta", "le", "mo", "su", "per", "di", "vo", "ka", "ren")
    made = {
        "".join(rng.choice(syllables) for _ in range(rng.randint(2, 5))) for _ in range(12_000)
    }
    return sorted(made, key=lambda _: rng.random())


async def fill(url: str) -> str:
    """Fill an empty directory; return a word that stands in some names."""
    from sqlalchemy import delete

    from bot.database import Database
    from bot.simulation.rows import Rows
    from community import providers
    from community.areas import Area
    from community.needs import Need
    from community.translations import ContentText, State

    rng = random.Random(7)
    known = vocabulary(rng)
    weights = [1 / (rank + 5) for rank in range(len(known))]
    database, now = Database(url), datetime.now(UTC)

    def said(count: int) -> str:
        return " ".join(rng.choices(known, weights, k=count))

    async with database.transaction() as session:
        await session.execute(delete(ContentText))  # of the event of the crowd
        rows = Rows(session, 1, lambda _: None)

        def text(subject: str, number: int, field: str, words: str) -> None:
            rows.add(
                ContentText,
                subject=subject,
                subject_id=number,
                language="en",
                field=field,
                text=words,
                state=State.APPROVED,
                is_source=True,
                written_at=now,
            )

        areas = []
        for _number in range(20):
            point = (rng.uniform(50, 51), rng.uniform(4, 5))
            area = {"zone": "Europe/Brussels", "latitude": point[0], "longitude": point[1]}
            areas.append((rows.add(Area, made_at=now, **area), point))
            text("area", areas[-1][0], "name", said(1))
        organizations = []
        for _number in range(1000):
            organizations.append(rows.add(providers.Organization, made_at=now))
            text("organization", organizations[-1], "name", said(3))
        for _number in range(SERVICES):
            area_id, point = rng.choice(areas)
            service = rows.add(
                providers.Service,
                organization_id=rng.choice(organizations),
                need=rng.choice([*Need]),
                languages=rng.sample(LANGUAGES, rng.randint(1, 3)),
                interpretation=rng.random() < 0.2,
                area_id=area_id,
                online=rng.random() < 0.1,
                cost=rng.choice([0, 25, None]),
                made_at=now,
            )
            text("service", service, "name", said(4))
            text("service", service, "description", said(25))
            location = rows.add(
                providers.Location,
                area_id=area_id,
                latitude=point[0] + rng.uniform(-0.2, 0.2),
                longitude=point[1] + rng.uniform(-0.2, 0.2),
                made_at=now,
            )
            rows.add(providers.ServiceAtLocation, service_id=service, location_id=location)
            await rows.breathe()
        await rows.finish()
        await providers.index(session)
    await database.close()
    return known[300]


async def find(base: str, n: int, url: str) -> dict[str, float]:
    """Answer /menu, a need with a language and a place, and words with a slip."""
    from bench.answering import costs, press
    from bench.contestants import _app, greeting
    from handlers.looking import OfNeed, at

    word = await fill(url)
    slip = word[:2] + word[3] + word[2] + word[4:] if len(word) > 4 else word + "x"
    near = OfNeed(need="finance", place=at(50.5, 4.5)).pack()
    given = OfNeed(need="finance", language="ar").pack()
    given_near = OfNeed(need="finance", language="ar", place=at(50.5, 4.5)).pack()
    return await costs(
        _app(base, url),
        base,
        n,
        {
            "menu": lambda number: greeting(number, "/menu"),
            "need": lambda number: press(number, given),
            "given_near": lambda number: press(number, given_near),
            "near": lambda number: press(number, near),
            "words": lambda number: greeting(number, slip),
        },
    )
