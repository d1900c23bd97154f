"""The calendar file: for everybody who asks, the address only for those who go."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from community import events, people, sends, series, translations
from community.attendance import Attendance, State
from community.events import Event, details_of
from community.series import Every
from tests.community.test_attendance import ZONE, an_animator, an_event
from tests.handlers.conftest import Calling
from tests.reports.test_calendar import read


@pytest.mark.parametrize(
    ("said", "knows"), [(None, False), (State.MAYBE, False), (State.GOING, True)]
)
async def test_the_address_is_in_the_file_of_those_who_go(
    phone: Calling, database: Database, now: datetime, said: State | None, knows: bool
) -> None:
    amina = await phone(1)
    starts = now + timedelta(days=3)
    async with database.transaction() as session:
        event = Event(
            state=events.State.PUBLISHED,
            made_at=now,
            changed_at=now,
            starts_wall=starts.replace(tzinfo=None),
            zone="UTC",
            starts_at=starts,
            place="Secret street 1",
        )
        session.add(event)
        await session.flush()
        await translations.write(session, None, "event", event.id, "en", {"title": "Tea"}, now)
        if said:
            person = await people.by_telegram_id(session, 1)
            assert person is not None
            session.add(
                Attendance(event_id=event.id, person_id=person.id, state=said, answered_at=now)
            )
    await amina.sends_data(f"ics:{event.ref}")
    file = amina.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)
    assert (b"Secret street" in file.content) is knows


async def test_of_all_dates_each_has_its_own_place_and_only_for_whoever_comes_to_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        first = await an_event(session, animator, now)
        made = await series.repeat(session, animator, first.ref, Every.WEEK, now, times=4)
        dates = await series.every_date(session, made)
        own = {1: {"place": "Elsewhere 9"}, 2: {"minutes": 45}}
        for number, facts in own.items():
            new = replace(details_of(dates[number]), **facts)  # type: ignore[arg-type]
            await sends.change_event(
                session, animator, dates[number].ref, new, now, default_zone=ZONE
            )
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        going = {"person_id": person.id, "state": State.GOING, "answered_at": now}
        session.add(Attendance(event_id=first.id, **going))
    told = []
    for number in (0, 2):  # pressed on a date like the others, and on one that stands apart
        if number:
            async with database.transaction() as session:
                session.add(Attendance(event_id=dates[number].id, **going))
        await amina.sends_data(f"hr:{dates[number].ref}")
        file = amina.seen[-1].file
        assert file is not None
        assert isinstance(file.content, bytes)
        entries = read(file.content).walk("VEVENT")
        told.append(
            [
                (one.get("LOCATION"), (one["DTEND"].dt - one["DTSTART"].dt).seconds // 60)
                for one in entries
            ]
        )
    usual, place = first.minutes, first.place
    assert told == [
        [(None, usual), (place, usual), (None, 45)],
        [(None, usual), (place, usual), (place, 45)],
    ]
