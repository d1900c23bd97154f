"""The lists of events: what stands on which page, however many there are."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, events
from community.attendance import State, Wish
from community.errors import NotUnderstoodError
from community.events import Details, Event
from community.people import Person
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event


async def many(
    session: AsyncSession, now: datetime, hours: list[int], state: events.State, minutes: int = 120
) -> list[Event]:
    """Return events that begin so many hours from now."""
    made = [
        Event(
            state=state,
            made_at=now,
            changed_at=now,
            starts_wall=(now + timedelta(hours=hour)).replace(tzinfo=None),
            zone="UTC",
            starts_at=now + timedelta(hours=hour),
            minutes=minutes,
            place="Library",
            languages=[],
        )
        for hour in hours
    ]
    session.add_all(made)
    await session.flush()
    return made


async def listed(session: AsyncSession, person: Person, now: datetime, at: int) -> list[Event]:
    return list((await attendance.upcoming(session, person, now, at=at, size=8)).rows)


async def test_events_that_have_ended_hide_none_that_are_to_come(
    session: AsyncSession, now: datetime
) -> None:
    """The clock marks them as held within half a minute; after an outage it has not yet."""
    person = await a_member(session, 1, now)
    await many(session, now, [-3 - number for number in range(60)], events.State.PUBLISHED)
    (running,) = await many(session, now, [-1], events.State.PUBLISHED)
    (soon,) = await many(session, now, [1], events.State.PUBLISHED)
    assert await listed(session, person, now, 0) == [running, soon]
    assert await listed(session, person, now + timedelta(hours=2), 0) == [soon]


async def test_every_event_to_come_stands_on_one_page_of_the_list(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    made = await many(session, now, [5, 1, 5, *range(6, 26)], events.State.PUBLISHED)
    in_order = sorted(made, key=lambda event: (event.starts_at, event.id))
    first = await attendance.upcoming(session, person, now, size=8)
    assert first.total > 8, "there is a next page"
    last = await attendance.upcoming(session, person, now, at=2, size=8)
    assert last.total == 23, "and none after the last"
    pages = [await listed(session, person, now, at) for at in range(3)]
    assert [event for page in pages for event in page] == in_order
    for beyond in (3, 10**6, -1, 10**20):
        assert await listed(session, person, now, beyond) == pages[0]


@pytest.mark.parametrize("state", [events.State.DRAFT, events.State.CANCELLED])
async def test_what_is_not_published_is_on_no_members_list(
    session: AsyncSession, now: datetime, state: events.State
) -> None:
    person = await a_member(session, 1, now)
    await many(session, now, [1], state)
    assert not await listed(session, person, now, 0)


async def test_the_desk_lists_what_is_to_come_and_then_the_last_month_backwards(
    session: AsyncSession, now: datetime
) -> None:
    past = await many(session, now, [-50, -3, -4], events.State.HELD)
    (running,) = await many(session, now, [-1], events.State.PUBLISHED)
    ahead = await many(session, now, [9, 2], events.State.DRAFT)
    await many(session, now, [-31 * 24 - 1], events.State.HELD)
    await many(session, now, [1], events.State.DISCARDED)
    wanted = [running, ahead[1], ahead[0], past[1], past[2], past[0]]
    for size in (1, 2, 4, 6):
        pages = [
            await events.of_animator(session, now, at=at, size=size) for at in range(-(-6 // size))
        ]
        assert [event for page in pages for event in page.rows] == wanted
        assert [page.total > (page.at + 1) * size for page in pages] == [
            *([True] * (len(pages) - 1)),
            False,
        ]
    for past_the_end in (-1, 7, 10**12):
        again = await events.of_animator(session, now, at=past_the_end, size=4)
        assert (again.at, again.rows) == (0, wanted[:4])


async def test_the_counts_of_several_events_are_those_of_each(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    full = await an_event(session, animator, now, capacity=1)
    empty = await an_event(session, animator, now)
    for number in (1, 2, 3):
        person = await a_member(session, number, now)
        await attendance.answer(session, person, full.ref, Wish.GOING, now, default_zone=ZONE)
    found = await attendance.counts_of(session, [full, empty])
    assert found == {full.id: {State.GOING: 1, State.WAITING: 2}, empty.id: {}}


async def test_the_clock_next_looks_when_the_first_event_ends_whichever_began_first(
    session: AsyncSession, now: datetime
) -> None:
    assert await events.next_end(session) is None
    await many(session, now, [1], events.State.PUBLISHED, minutes=600)
    (short,) = await many(session, now, [3], events.State.PUBLISHED, minutes=30)
    await many(session, now, [0], events.State.DRAFT, minutes=30)
    assert await events.next_end(session) == short.ends_at


async def test_nothing_lasts_longer_than_the_lists_look_back(now: datetime) -> None:
    wall = now.replace(tzinfo=None)
    longest = int(events.LONGEST.total_seconds() // 60)
    Details(wall, ZONE, place="Library", minutes=longest).check()
    with pytest.raises(NotUnderstoodError):
        Details(wall, ZONE, place="Library", minutes=longest + 1).check()
