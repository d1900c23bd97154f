"""What the desk tells of who waits for a text, and whom it is told to once it is there."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from community import asking, attendance, people, sends
from community.base import find
from community.events import Event
from community.people import Person
from community.roles import RoleName
from tests.community.test_erasure import an_event
from tests.handlers.conftest import Calling


async def an_event_for(database: Database, number: int, now: datetime) -> str:
    """Return the reference of an event that this animator has published, in English."""
    async with database.transaction() as session:
        return (await an_event(session, await the(session, number), now)).ref


async def the(session: object, number: int) -> Person:
    person = await people.by_telegram_id(session, number)  # type: ignore[arg-type]
    assert person is not None
    return person


@pytest.mark.parametrize(
    ("readers", "asked", "told"),
    [
        (14, 0, None),
        (14, 2, "fewer than 5"),
        (14, 6, "6"),
        (5, 5, "5"),
        (9, 6, "not shown"),  # three have not, and that is nobody's business
        (3, 2, "fewer than 5"),
    ],
)
async def test_the_desk_tells_how_many_have_asked_and_of_few_only_that_they_are_few(
    phone: Calling, database: Database, now: datetime, readers: int, asked: int, told: str | None
) -> None:
    animator = await phone(1, "en", RoleName.ANIMATOR)
    ref = await an_event_for(database, 1, now)
    for number in range(5):  # of whom few read a language, the count would hide others' too
        await phone(50 + number, "en")
    for number in range(readers):
        await phone(100 + number, "uk")
        async with database.transaction() as session:
            if number < asked:
                me = await the(session, 100 + number)
                await asking.ask(session, me, "event", ref, "uk", now)
    await animator.gets("desk.segment", language="uk", at=0)
    shown = str(readers) if readers >= 5 else "not shown"
    assert f"Members who would read this: {shown}" in animator.last
    if told is None:
        assert "asked" not in animator.last
    else:
        assert f"Members who have asked for it: {told}" in animator.last


@pytest.mark.parametrize(
    "happens", ["nothing", "another language", "it has begun", "it is called off", "out of date"]
)
async def test_that_a_text_is_there_is_told_only_while_it_is_of_use(
    phone: Calling, database: Database, now: datetime, happens: str
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    member = await phone(2, "uk")
    ref = await an_event_for(database, 1, now)
    async with database.transaction() as session:
        animator, me = await the(session, 1), await the(session, 2)
        await sends.translate_event(session, animator, ref, "uk", {"title": "Зустріч"}, now)
        if happens == "another language":
            people.choose_language(me, "fr")
        elif happens == "it has begun":
            event: Event = await find(session, Event, ref)
            member.now = event.starts_at + timedelta(minutes=1)
        elif happens == "it is called off":
            await attendance.cancel_event(session, animator, ref, now)
        elif happens == "out of date":
            await sends.translate_event(session, animator, ref, "en", {"title": "Party"}, now)
    shown = await member.gets(asking.TOLD, subject="event", ref=ref)
    assert (shown is not None) == (happens == "nothing")
