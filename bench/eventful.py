"""The lists of events with 5,000 events and 100,000 answers, beside an empty /menu.

Half of the events are past; each has a title in two languages. Who presses has answered forty of
them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

EVENTS, ANSWERS, PEOPLE = 5_000, 100_000, 2_500
SHOWN = 200
"""So many updates of each kind."""
ANIMATOR = 999
"""Who plans, by their number in Telegram."""


async def fill(url: str) -> None:
    """Fill a database that has a crowd of so many people."""
    import random

    from sqlalchemy import delete, func, select

    from bot.database import Database
    from bot.simulation.rows import Rows
    from community import attendance, events
    from community.attendance import Attendance
    from community.events import Event, wall_to_utc
    from community.people import Person
    from community.translations import ContentText

    rng, zone = random.Random(7), "Europe/Paris"
    database, now = Database(url), datetime.now(UTC)
    async with database.transaction() as session:
        people = await session.scalar(select(func.count()).select_from(Person)) or 0
        for table in (ContentText, Event):  # of the crowd
            await session.execute(delete(table))
        rows = Rows(session, 1, lambda _: None)
        for number in range(EVENTS):
            is_past = number < EVENTS // 2
            day = -1 - number // 5 if is_past else 1 + (number - EVENTS // 2) // 5
            wall = (now + timedelta(days=day)).replace(
                hour=rng.randint(9, 20), minute=0, second=0, microsecond=0, tzinfo=None
            )
            event_id = rows.add(
                Event,
                uid=f"bench{number}",
                state=events.State.HELD if is_past else events.State.PUBLISHED,
                made_at=now,
                changed_at=now,
                starts_wall=wall,
                zone=zone,
                starts_at=wall_to_utc(wall, zone),
                place="Library",
                capacity=rng.choice([None, 12, 40]),
                languages=["en", "fr"],
            )
            titles = {"en": f"Meeting {number}", "fr": f"Rencontre {number}"}
            rows.words("event", event_id, "title", titles, now)
            states = (
                [attendance.State.ATTENDED, attendance.State.MISSED, attendance.State.DECLINED]
                if is_past
                else [attendance.State.GOING, attendance.State.MAYBE, attendance.State.WAITING]
            )
            for person_id in rng.sample(range(1, people + 1), ANSWERS // EVENTS):
                rows.add(
                    Attendance,
                    event_id=event_id,
                    person_id=person_id,
                    state=rng.choice(states),
                    answered_at=now,
                )
            await rows.breathe()
        await rows.finish()
    await database.close()


async def events(base: str, n: int, url: str) -> dict[str, float]:
    """Answer /menu, /events, its third page, and the animators' list.

    One animator presses alone, and what one person does shares no transaction: their list stands
    beside their own /menu.
    """
    from bench.answering import costs, press
    from bench.contestants import _app, greeting
    from handlers.event_lists import ToCome
    from handlers.planning import Events

    await fill(url)
    page, desk = ToCome(at=2).pack(), Events().pack()

    def by_animator(number: int) -> dict[str, Any]:
        update = press(number, desk)
        update["callback_query"]["from"]["id"] = ANIMATOR
        update["callback_query"]["message"]["chat"]["id"] = ANIMATOR
        return update

    def menu_of_animator(number: int) -> dict[str, Any]:
        update = greeting(number, "/menu")
        update["message"]["from"]["id"] = update["message"]["chat"]["id"] = ANIMATOR
        return update

    return await costs(
        _app(base, url),
        base,
        n,
        {
            "menu": lambda number: greeting(number, "/menu"),
            "list": lambda number: greeting(number, "/events"),
            "page": lambda number: press(number, page),
            "menu_alone": menu_of_animator,
            "desk": by_animator,
        },
    )
