"""Answering one question of the yearly survey, beside pressing "Going" and "Maybe" under an event.

Each of those who press goes through one survey after the other by taps: five questions each, with
the pause after the third, and the end.
"""

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

SHOWN = 300
TAPS = (
    ("business", "none"),
    ("employability", "4"),
    ("networking", "3"),
    ("belonging", "5"),
    ("attribution", "some"),
)


async def fill(database: Any, surveys: int, now: datetime) -> tuple[list[list[str]], str]:
    """Put so many surveys to each; return their references, and the event's."""
    from sqlalchemy import select

    from bench.contestants import PRESSERS
    from community.events import Event
    from community.people import Person
    from community.surveys import Survey, SurveyResponse
    from community.surveys.templates import YEARLY
    from community.surveys.windows import SELF

    refs: list[list[str]] = [[] for _ in range(PRESSERS)]
    async with database.transaction() as session:
        found = select(Person).where(Person.telegram_id >= 1000).order_by(Person.telegram_id)
        people = (await session.scalars(found.limit(PRESSERS))).all()
        for wave in range(surveys):
            survey = Survey(
                template=YEARLY.code,
                version=YEARLY.version,
                window=SELF,
                wave=str(wave),
                opened_at=now,
            )
            session.add(survey)
            await session.flush()
            for mine, person in zip(refs, people, strict=True):
                response = SurveyResponse(
                    survey_id=survey.id,
                    person_id=person.id,
                    asked_at=now,
                    closes_at=now + timedelta(days=30),
                )
                session.add(response)
                await session.flush()
                mine.append(response.ref)
        event = (await session.scalars(select(Event))).first()
        assert event is not None
        return refs, event.ref


async def surveying(base: str, n: int, url: str) -> dict[str, float]:
    """Answer presses under an event, then questions of surveys; each answer is one that counts."""
    from sqlalchemy import func, select

    from bench.answering import costs, press
    from bench.contestants import PRESSERS, _app, pressing
    from community.surveys import SurveyAnswer
    from handlers.survey_cards import Tap

    app = _app(base, url)
    surveys = -(-(n + PRESSERS) // (PRESSERS * len(TAPS)))
    refs, event = await fill(app.database, surveys, datetime.now(UTC))
    turns: defaultdict[int, Any] = defaultdict(itertools.count)

    def tap(number: int) -> dict[str, Any]:
        person = number % PRESSERS
        survey, question = divmod(next(turns[person]), len(TAPS))
        code, value = TAPS[question]
        data = Tap(ref=refs[person][survey], question=code, value=value).pack()
        return press(number, data)

    result = await costs(
        app, base, n, {"answer": lambda number: pressing(number, event), "survey": tap}
    )
    async with app.database.transaction() as session:
        count = await session.scalar(select(func.count()).select_from(SurveyAnswer))
    assert count == n + PRESSERS, count
    return result
