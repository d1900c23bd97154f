"""A pulse as it is met in the chat."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.database import Database
from community import attendance, consents, events, people, surveys, translations
from community.attendance import Attendance
from community.consents import Purpose
from community.events import Event
from community.surveys import SurveyAnswer, SurveyResponse
from tests.handlers.conftest import Calling


async def came_to_an_event(database: Database, number: int, now: datetime) -> str:
    """Let somebody have come to an event that ended an hour ago; return the pulse."""
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, number)
        assert person is not None
        await consents.switch(session, person, {Purpose.SURVEYS}, now, version="1", language="en")
        starts = now - timedelta(hours=3)
        event = Event(
            state=events.State.HELD,
            made_at=starts,
            changed_at=starts,
            starts_wall=starts.replace(tzinfo=None),
            zone="Europe/Paris",
            starts_at=starts,
            place="Library",
        )
        session.add(event)
        await session.flush()
        words = {"title": "Tax evening"}
        await translations.write(session, None, "event", event.id, "en", words, now)
        session.add(
            Attendance(
                event_id=event.id,
                person_id=person.id,
                state=attendance.State.ATTENDED,
                answered_at=starts,
            )
        )
        await session.flush()
        assert await surveys.ask_due(session, now, ZoneInfo("Europe/Paris")) == 1
        ref: str | None = await session.scalar(select(SurveyResponse.ref))
        assert ref is not None
        return ref


async def test_a_pulse_takes_as_many_taps_as_it_says_and_says_who_sees_what(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await came_to_an_event(database, 1, now)
    assert await amina.gets("pulse", ref=ref)
    # Somebody who holds the phone too learns neither of an event nor of a question.
    assert amina.last == "You have a new message: 2 short questions.\nIt takes 3 taps."
    await amina.presses("See the questions")
    assert "Question 1 of 2\nTax evening\n\nWas the event useful for you?" in amina.last
    assert "Nobody of the team sees who answered what" in amina.last
    await amina.presses("Partly")
    assert "Question 2 of 2" in amina.last
    await amina.presses("Not yet, but I hope to")
    assert amina.last.startswith("Thank you!")
    async with database.transaction() as session:
        rows = (await session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id))).all()
    assert [(row.question, row.value) for row in rows] == [
        ("useful", "partly"),
        ("met", "not_yet"),
    ]


async def test_the_questions_come_in_the_language_of_the_person(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1, "fr")
    ref = await came_to_an_event(database, 1, now)
    await amina.sends_data(f"pu:{ref}")
    assert "Langue : anglais" in amina.last, "a title in another language is set apart and named"


async def test_who_skips_is_asked_nothing_more(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await came_to_an_event(database, 1, now)
    await amina.gets("pulse", ref=ref)
    await amina.presses("No, thank you")
    assert amina.last == "All right, no questions. You can turn them off for good under /me."
    await amina.presses("See the questions")
    assert amina.last.startswith("All right")
    assert await amina.gets("pulse", ref=ref) is None


async def test_an_old_button_shows_where_the_person_stands(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await came_to_an_event(database, 1, now)
    for value in ("yes", "no"):
        await amina.sends_data(f"pt:{ref}:useful:{value}")
        assert "Question 2 of 2" in amina.last
    async with database.transaction() as session:
        assert (await session.scalars(select(SurveyAnswer.value))).all() == ["yes"]


@pytest.mark.parametrize(
    "data", ["pu:{}", "pt:{}:useful:yes", "ps:{}", "pu:x", "pt:-1:useful:yes"]
)
async def test_a_pulse_of_somebody_else_is_not_there(
    phone: Calling, database: Database, now: datetime, data: str
) -> None:
    await phone(1)
    ref = await came_to_an_event(database, 1, now)
    stranger = await phone(2)
    await stranger.sends_data(data.format(ref))
    assert stranger.toasts == ["That is not here any more. /menu shows what there is."]
    assert not stranger.seen


async def test_a_pulse_that_no_longer_applies_is_not_sent(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await came_to_an_event(database, 1, now)
    async with database.transaction() as session:
        await session.execute(update(Attendance).values(state=attendance.State.MISSED))
    assert await amina.gets("pulse", ref=ref) is None
