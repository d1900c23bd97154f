"""A course on the phone: its name is for who belongs to it, or has its open link."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from community import cohorts, people, sends
from community.base import find
from community.deliveries import Delivery
from community.errors import NotFoundError
from community.events import Event
from community.roles import RoleName
from community.sends import Send
from handlers.audience import ForWhom
from handlers.staff import EventFor
from tests.handlers.conftest import Calling
from tests.handlers.test_passing_on import an_event


async def test_who_does_not_belong_to_a_course_reads_nothing_of_it_by_a_forged_button(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    stranger = await phone(2, "en")
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        ends = now + timedelta(days=60)
        course = await cohorts.add(session, animator, "en", "Books", now.date(), ends, now)
        await cohorts.let_in(session, animator, course.ref, now, on=False)
    for act in ("", "leave"):
        with pytest.raises(NotFoundError):  # the card is refused, and the press with it
            await stranger.sends_data(f"kx:{course.ref}:{act}")
        assert not any("Books" in message.text for message in stranger.seen)


async def courses(database: Database, now: datetime, count: int) -> list[str]:
    """Let there be so many courses that end in a week, made by the first phone's person."""
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        ends = now + timedelta(days=7)
        made = [
            await cohorts.add(session, animator, "en", f"Course {at}", now.date(), ends, now)
            for at in range(count)
        ]
        return [one.ref for one in made]


async def settles(database: Database, ref: str, now: datetime, *, goes_on: bool) -> None:
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        later = now + timedelta(days=8)
        await cohorts.settle(session, animator, ref, later, goes_on=goes_on)


@pytest.mark.parametrize("goes_on", [True, False])
async def test_who_belongs_to_a_course_is_told_how_it_was_settled_and_its_name_is_inside(
    phone: Calling, database: Database, now: datetime, *, goes_on: bool
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    amina, left = await phone(2), await phone(3)
    (ref,) = await courses(database, now, 1)
    for somebody in (amina, left):
        await somebody.sends_data(f"kx:{ref}:yes")
    await left.sends_data(f"kx:{ref}:leave!")
    for _again in range(2):
        await settles(database, ref, now, goes_on=goes_on)
    async with database.transaction() as session:
        owed = await session.scalars(select(Delivery).where(Delivery.kind == "cohort_settled"))
        person = await people.by_telegram_id(session, 2)
        assert person is not None
        assert [row.person_id for row in owed] == [person.id], "who belongs to it, and once"
    assert await left.gets("cohort_settled", ref=ref) is None
    assert await amina.gets("cohort_settled", ref=ref)
    said = "its group goes on" if goes_on else "This group has ended with its course."
    assert said in amina.last
    assert "Course 0" not in amina.last
    await amina.presses("🎒 See which one")
    assert "Course 0" in amina.last
    assert ("the group goes on" if goes_on else "has ended") in amina.last


async def test_every_course_can_be_an_audience_and_one_that_has_ended_is_refused_in_words(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, _member = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    refs = await courses(database, now, 23)
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        letter = (await sends.write_newsletter(session, animator, "en", "News", "All.", now)).ref
    event = await an_event(database, now)

    await boss.sends_data(ForWhom(ref=letter, part="cohorts").pack())
    assert not any("Course 0" in label for label in boss.buttons)
    await boss.presses("Next page")
    await boss.presses("⬜ Course 0")
    assert "✅ Course 0" in boss.buttons, "the page stays that of the choice"
    await boss.sends_data(EventFor(ref=event, part="cohort").pack())
    await boss.presses("Next page")
    await boss.presses("Course 0")
    assert "Belonging to: Course 0" in boss.last

    for ref in refs[:2]:
        await settles(database, ref, now, goes_on=False)
    ended = "This course has ended: nobody belongs to it any more."
    await boss.sends_data(ForWhom(ref=letter, part="cohorts", value=refs[1]).pack())
    assert boss.toasts.pop() == ended
    await boss.sends_data(EventFor(ref=event, part="cohort", value=refs[1]).pack())
    assert boss.toasts.pop() == ended
    await boss.sends_data(ForWhom(ref=letter, part="cohorts", value=refs[0]).pack())
    assert not boss.toasts, "it can be left out"
    async with database.transaction() as session:
        assert (await find(session, Send, letter)).is_for.cohorts == ()
        found = await find(session, Event, event)
        assert found.cohort_id is not None
