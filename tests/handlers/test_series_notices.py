"""What somebody reads who comes to several dates of a series, when one or all of them change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, people, sends, series
from community.attendance import Wish
from community.deliveries import Delivery, State
from community.events import Event
from community.people import Person
from community.provisions import Provision
from community.series import Series
from locales import short_day, translator_for
from tests.community.test_attendance import ZONE
from tests.community.test_repeating import changed, going, weekly
from tests.handlers.conftest import Calling, Phone, read

MOVED = "The time or the place of this event has changed."
LATER = "The same goes for these later dates."


class Weeks:
    """A weekly event, to whose first dates somebody goes, and what they read of it."""

    def __init__(self, database: Database, now: datetime, guest: Phone) -> None:
        self.database, self.now, self.guest = database, now, guest
        self.dates: list[Event] = []
        self.animator: Person
        self.series: Series

    async def begin(self, goes_to: int = 3) -> None:
        async with self.database.transaction() as session:
            self.animator, self.series, self.dates = await weekly(session, self.now)
            await going(session, await self.person(session), self.now, *self.dates[:goes_to])

    async def person(self, session: AsyncSession) -> Person:
        person = await people.by_telegram_id(session, self.guest.number)
        assert person is not None
        return person

    async def change_from(self, number: int, **facts: Any) -> int:
        async with self.database.transaction() as session:
            event = await session.get_one(Event, self.dates[number].id)
            told, _send = await series.change_from(
                session,
                self.animator,
                event.ref,
                changed(event, **facts),
                self.now,
                default_zone=ZONE,
            )
            return told

    async def change(self, number: int, **facts: Any) -> None:
        async with self.database.transaction() as session:
            event = await session.get_one(Event, self.dates[number].id)
            await sends.change_event(
                session,
                self.animator,
                event.ref,
                changed(event, **facts),
                self.now,
                default_zone=ZONE,
            )

    async def cancel(self, number: int) -> None:
        async with self.database.transaction() as session:
            await sends.cancel_event(session, self.animator, self.dates[number].ref, self.now)

    async def cancel_from(self, number: int) -> int:
        async with self.database.transaction() as session:
            ref = self.dates[number].ref
            return await series.cancel_from(session, self.animator, ref, self.now)

    async def share(self, number: int) -> None:
        async with self.database.transaction() as session:
            ref = self.dates[number].ref
            await series.share(session, self.animator, ref, self.now, default_zone=ZONE)

    async def needs_child_care(self) -> None:
        """Let there be child care at every date, and the guest need it at theirs."""
        await self.change_from(0, child_care=True)
        async with self.database.transaction() as session:
            person = await self.person(session)
            for event in self.dates[:3]:
                await attendance.need(session, person, event.ref, Provision.CHILD_CARE, self.now)

    async def says(self, number: int, wish: Wish) -> None:
        async with self.database.transaction() as session:
            person = await self.person(session)
            await attendance.answer(
                session, person, self.dates[number].ref, wish, self.now, default_zone=ZONE
            )

    async def reads(self, kind: str) -> list[str]:
        """Return what leaves now, with the labels of its buttons."""
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(Delivery)
                .where(Delivery.kind == kind, Delivery.state == State.QUEUED)
                .order_by(Delivery.due_at, Delivery.id)
            )
            owed = [row.args for row in rows]
        found = []
        for args in owed:
            message = await self.guest.gets(kind, **args)
            if message is not None:
                buttons = [read(button.text) for row in message.rows for button in row]
                found.append("\n".join([read(message.text), *buttons]))
        return found

    def day(self, number: int) -> str:
        return read(short_day(self.dates[number].starts_wall.date(), translator_for("en")))


@pytest.fixture
async def weeks(phone: Calling, database: Database, now: datetime) -> Weeks:
    made = Weeks(database, now, await phone(1))
    await made.begin()
    return made


async def test_the_first_date_is_called_off_and_the_change_of_the_others_is_told_once(
    weeks: Weeks,
) -> None:
    assert await weeks.change_from(0, place="Town hall") == 1
    await weeks.cancel(0)
    (told,) = await weeks.reads("event_changed")
    assert told.startswith(f"✏️ {MOVED}")
    assert LATER in told
    assert "Town hall" in told
    assert [weeks.day(number) in told for number in range(4)] == [False, False, True, False]
    (off,) = await weeks.reads("event_cancelled")
    assert "do not take place either" not in off


async def test_two_changes_within_the_wait_are_told_once_and_lose_no_date(weeks: Weeks) -> None:
    await weeks.change_from(0, place="Town hall")
    await weeks.change(0, place="School")
    (told,) = await weeks.reads("event_changed")
    assert "School" in told
    assert [weeks.day(number) in told for number in range(1, 4)] == [True, True, False]
    await weeks.change_from(0, place="Park")
    (told,) = await weeks.reads("event_changed")
    assert [weeks.day(number) in told for number in range(1, 4)] == [True, True, False]


async def test_all_dates_are_called_off_within_the_wait_and_no_change_is_told(
    weeks: Weeks,
) -> None:
    await weeks.change_from(0, place="Town hall")
    for number in range(3):
        await weeks.cancel(number)
    assert await weeks.reads("event_changed") == []


async def test_whoever_declines_within_the_wait_hears_of_no_change(weeks: Weeks) -> None:
    await weeks.change(1, place="Town hall")
    assert len(await weeks.reads("event_changed")) == 1
    await weeks.says(1, Wish.DECLINED)
    assert await weeks.reads("event_changed") == []
    await weeks.says(1, Wish.MAYBE)
    assert len(await weeks.reads("event_changed")) == 1


async def test_whoever_declines_the_first_date_still_hears_of_the_others(weeks: Weeks) -> None:
    await weeks.change_from(0, place="Town hall")
    await weeks.says(0, Wish.DECLINED)
    await weeks.change(0, place="School")
    (told,) = await weeks.reads("event_changed")
    assert "Town hall" in told
    assert [weeks.day(number) in told for number in range(4)] == [False, False, True, False]


async def test_a_date_that_was_moved_behind_the_next_is_named_when_all_are_called_off(
    weeks: Weeks,
) -> None:
    moved = weeks.dates[1].starts_wall + timedelta(days=9)
    await weeks.change(1, starts_wall=moved)
    assert await weeks.cancel_from(0) == 1
    (off,) = await weeks.reads("event_cancelled")
    behind = read(short_day(moved.date(), translator_for("en")))
    assert f"These dates do not take place either: {weeks.day(2)} and {behind}" in off


async def test_the_message_is_about_the_date_that_comes_first_wherever_it_was_in_the_rule(
    weeks: Weeks,
) -> None:
    moved = weeks.dates[1].starts_wall + timedelta(days=9)
    await weeks.change(1, starts_wall=moved)
    await weeks.cancel(0)
    assert await weeks.cancel_from(1) == 1
    first, off = await weeks.reads("event_cancelled")
    assert "either" not in first
    behind = read(short_day(moved.date(), translator_for("en")))
    assert f"These dates do not take place either: {behind}" in off


async def test_a_date_that_was_called_off_before_is_not_named_again(weeks: Weeks) -> None:
    await weeks.cancel(1)
    async with weeks.database.transaction() as session:
        await session.execute(update(Delivery).values(state=State.SENT))
    assert await weeks.cancel_from(0) == 1
    (off,) = await weeks.reads("event_cancelled")
    assert f"These dates do not take place either: {weeks.day(2)}" in off
    assert weeks.day(1) not in off


@pytest.mark.parametrize("by_sharing", [False, True])
async def test_who_needs_what_later_dates_have_no_more_reads_each_of_them_once(
    weeks: Weeks, *, by_sharing: bool
) -> None:
    await weeks.needs_child_care()
    if by_sharing:
        await weeks.change(0, child_care=False)
        await weeks.share(0)
    else:
        assert await weeks.change_from(0, child_care=False) == 1
    (told,) = await weeks.reads("event_changed")
    assert told.startswith("✏️ This event has changed.\n⚠️ There is no child care")
    assert LATER in told
    assert [weeks.day(number) in told for number in range(1, 4)] == [True, True, False]


async def test_what_is_there_again_at_some_dates_is_told_of_the_others_alone(
    weeks: Weeks,
) -> None:
    await weeks.needs_child_care()
    await weeks.change_from(0, child_care=False)
    await weeks.change(0, child_care=True)
    await weeks.change(2, child_care=True)
    (told,) = await weeks.reads("event_changed")
    assert "no child care" in told
    assert "8 December" in told
    assert LATER not in told
    await weeks.change(1, child_care=True)
    assert await weeks.reads("event_changed") == []


async def test_a_new_place_and_what_is_missing_are_told_in_one_message(weeks: Weeks) -> None:
    await weeks.needs_child_care()
    await weeks.change_from(1, child_care=False)
    await weeks.change_from(0, place="Town hall")
    (told,) = await weeks.reads("event_changed")
    assert told.startswith(f"✏️ {MOVED}")
    assert [weeks.day(number) in told for number in range(1, 4)] == [True, True, False]


async def test_whoever_has_all_dates_in_their_calendar_takes_out_what_is_called_off(
    weeks: Weeks,
) -> None:
    def method(content: bytes) -> tuple[bytes, bytes]:
        found = {
            name: value for name, _, value in (line.partition(b":") for line in content.split())
        }
        return found[b"METHOD"], found[b"UID"]

    uid = f"{weeks.series.ref}-series@diwan".encode()
    for number, wanted in ((1, b"PUBLISH"), (0, b"CANCEL")):
        await weeks.cancel_from(number)
        await weeks.reads("event_cancelled")
        await weeks.guest.presses("Update my calendar")
        file = weeks.guest.seen[-1].file
        assert file is not None
        assert isinstance(file.content, bytes)
        assert method(file.content) == (wanted, uid)
