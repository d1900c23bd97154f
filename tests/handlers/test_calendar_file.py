"""The calendar file: for everybody who asks, the address only for those who go."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from community import events, people, translations
from community.attendance import Attendance, State
from community.events import Event
from tests.handlers.conftest import Calling


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
