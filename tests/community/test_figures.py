"""The figures of a month equal the rows, and show nothing of a few people."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    attendance,
    deliveries,
    erasure,
    events,
    figures,
    people,
)
from community.attendance import Attendance
from community.deliveries import Delivery
from community.errors import NotAllowedError
from community.events import Event
from community.figures import Hidden
from community.people import Person
from community.roles import Role, RoleName

ZONE = ZoneInfo("Europe/Paris")


async def members(
    session: AsyncSession, language: str | None, count: int, joined: datetime, *, first: int
) -> list[Person]:
    found = []
    for number in range(first, first + count):
        person = await people.meet(session, number, joined, name="x")
        person.language = language
        await people.join(session, person, joined, terms_version="1", language="en")
        found.append(person)
    return found


def held(starts: datetime, state: events.State = events.State.HELD) -> Event:
    return Event(
        state=state,
        made_at=starts,
        changed_at=starts,
        starts_wall=starts.replace(tzinfo=None),
        zone="Europe/Paris",
        starts_at=starts,
        place="Library",
    )


async def november(session: AsyncSession, now: datetime) -> figures.Month:
    return await figures.month(session, 2026, 11, ZONE, now)


def test_a_month_begins_at_midnight_where_the_network_is(now: datetime) -> None:
    running = figures.span(2026, 11, ZONE, now)
    assert running.start == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert (running.end, running.is_closed) == (now, False)
    closed = figures.span(2026, 10, ZONE, now)
    # The clocks went back in between.
    assert closed.start == datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    assert (closed.end, closed.is_closed) == (running.start, True)
    assert figures.span(2026, 12, ZONE, now).start == figures.span(2026, 12, ZONE, now).end


async def test_members_are_counted_as_they_stood_at_the_end(
    session: AsyncSession, now: datetime
) -> None:
    october = datetime(2026, 10, 5, tzinfo=UTC)
    await members(session, "ar", 6, october, first=100)
    ukrainian = await members(session, "uk", 7, now, first=200)
    await members(session, None, 5, now, first=300)
    await people.meet(session, 400, now)  # only looks round
    await people.leave(session, ukrainian[0], now + timedelta(hours=1))
    await erasure.erase(session, ukrainian[1], now + timedelta(hours=1), b"key")
    later = now + timedelta(days=1)
    assert (await november(session, later)).members == 16
    before = await figures.month(session, 2026, 10, ZONE, later)
    assert (before.span.is_closed, before.members) == (True, 6)


async def test_one_person_with_two_roles_is_one_person(
    session: AsyncSession, now: datetime
) -> None:
    crowd = await members(session, "ar", 5, now, first=100)
    for name in (RoleName.ANIMATOR, RoleName.COORDINATOR):
        session.add(Role(person_id=crowd[0].id, name=name, granted_at=now))
    await session.flush()
    assert (await november(session, now + timedelta(days=1))).members == 5


async def test_events_and_who_came(session: AsyncSession, now: datetime) -> None:
    crowd = await members(session, "ar", 9, now, first=100)
    past = held(now - timedelta(days=2))
    session.add_all(
        [
            past,
            held(now - timedelta(days=1), events.State.CANCELLED),
            held(now + timedelta(days=1), events.State.PUBLISHED),
            held(datetime(2026, 10, 5, tzinfo=UTC)),
            held(now - timedelta(days=1), events.State.DRAFT),
        ]
    )
    await session.flush()
    state = attendance.State
    for person, said in zip(crowd, [*[state.ATTENDED] * 6, *[state.MISSED] * 3], strict=True):
        session.add(Attendance(event_id=past.id, person_id=person.id, state=said, answered_at=now))
    await session.flush()
    found = (await november(session, now)).meetings
    assert (found.held, found.cancelled) == (1, 1)
    assert found.people.cells == {
        state.ATTENDED: 6,
        state.MISSED: Hidden.FEW,
        state.GOING: 0,
    }


async def test_deliveries_are_counted_by_outcome_in_the_month_in_which_they_were_settled(
    session: AsyncSession, now: datetime
) -> None:
    (person,) = await members(session, "ar", 1, now, first=100)
    state = deliveries.State
    outcomes = [*[(state.SENT, now)] * 8, *[(state.REFUSED, now)] * 5, (state.FAILED, now)]
    outcomes += [(state.SENT, now - timedelta(days=60))]
    for number, (became, at) in enumerate(outcomes):
        session.add(_delivery(str(number), person, became, at))
    await session.flush()
    found = (await november(session, now + timedelta(days=1))).deliveries
    assert found.cells == {state.SENT: 8, state.REFUSED: 5, state.FAILED: Hidden.FEW}
    assert found.total is None, "beside a total, one small number would hide a large one"


def _delivery(
    key: str,
    person: Person,
    state: deliveries.State,
    at: datetime,
) -> Delivery:
    return Delivery(
        key=key,
        kind="newsletter",
        person_id=person.id,
        args={},
        lane=3,
        state=state,
        due_at=at,
        expires_at=at,
        planned_at=at,
        settled_at=at,
    )


async def test_only_a_coordinator_reads_them(session: AsyncSession, now: datetime) -> None:
    (person,) = await members(session, "ar", 1, now, first=100)
    with pytest.raises(NotAllowedError):
        await figures.read(session, person, 2026, 11, ZONE, now)
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    assert (await figures.read(session, person, 2026, 11, ZONE, now)).span.month == 11


async def test_an_empty_network_has_empty_figures(session: AsyncSession, now: datetime) -> None:
    found = await november(session, now)
    assert found.members == 0
    assert await figures.first_month(session, ZONE, now) == (2026, 11)
