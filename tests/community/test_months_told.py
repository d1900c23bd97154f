"""Coordinators who want it are told of each month: when, by whose clock, and never twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import months_told, people
from community.deliveries import Delivery, State
from community.errors import NotAllowedError
from community.people import Person
from community.policy import POLICY
from community.roles import Role, RoleName
from scheduler import TIMETABLE, Tick
from scheduler.due import next_due

BRUSSELS = "Europe/Brussels"
SINCE = datetime(2026, 7, 10, tzinfo=UTC)


async def a_coordinator(
    session: AsyncSession, number: int = 1, zone: str | None = None, *, wants: bool = True
) -> Person:
    person = await people.meet(session, number, SINCE, name="Bayan")
    person.zone = zone
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=SINCE))
    await session.flush()
    if wants:
        await months_told.turn(session, person, SINCE, on=True)
    return person


async def owed(session: AsyncSession) -> Sequence[Delivery]:
    rows = await session.scalars(select(Delivery).filter_by(kind=months_told.KIND))
    return rows.all()


@pytest.mark.parametrize(
    ("month", "country", "day", "utc_hour"),
    [
        (9, "", 1, 7),  # a Tuesday
        (8, "", 3, 7),  # the first is a Saturday
        (11, "", 2, 8),  # a Sunday, in winter time
        (1, "BE", 4, 8),  # New Year's Day, then a weekend
        (1, "", 1, 8),
    ],
)
async def test_it_comes_at_nine_on_the_first_working_day(
    session: AsyncSession, month: int, country: str, day: int, utc_hour: int
) -> None:
    await a_coordinator(session)
    year = 2027 if month == 1 else 2026
    moment = datetime(year, month, day, utc_hour, tzinfo=UTC)
    before = moment - timedelta(seconds=1)
    assert await months_told.tell(session, before, BRUSSELS, country) == 0
    assert await months_told.next_telling(session, before, BRUSSELS, country) == moment
    assert await months_told.tell(session, moment, BRUSSELS, country) == 1
    (row,) = await owed(session)
    assert row.due_at == moment
    told = (year, month - 1) if month > 1 else (year - 1, 12)
    assert (row.args["year"], row.args["month"]) == told


async def test_each_is_told_by_their_own_clock(session: AsyncSession) -> None:
    await a_coordinator(session, 1, "Pacific/Auckland")
    await a_coordinator(session, 2, "America/New_York")
    await a_coordinator(session, 3, wants=False)
    night = datetime(2026, 8, 31, 21, tzinfo=UTC)  # nine in Auckland, where it is September
    assert await months_told.tell(session, night, BRUSSELS, "") == 1
    assert await months_told.next_telling(session, night, BRUSSELS, "") == datetime(
        2026, 9, 1, 13, tzinfo=UTC
    )
    assert await months_told.tell(session, night + timedelta(hours=16), BRUSSELS, "") == 1


async def test_nothing_is_told_twice_and_a_long_outage_tells_nothing_stale(
    session: AsyncSession,
) -> None:
    await a_coordinator(session)
    moment = datetime(2026, 9, 1, 7, tzinfo=UTC)
    lives = POLICY[months_told.KIND].lives
    assert await months_told.tell(session, moment + lives, BRUSSELS, "") == 0
    late = moment + lives - timedelta(seconds=1)
    assert await months_told.tell(session, late, BRUSSELS, "") == 1
    assert await months_told.tell(session, late, BRUSSELS, "") == 0
    (row,) = await owed(session)
    assert row.expires_at == moment + lives


async def test_whoever_wants_it_after_nine_gets_the_next_one(session: AsyncSession) -> None:
    person = await a_coordinator(session, wants=False)
    moment = datetime(2026, 9, 1, 7, tzinfo=UTC)
    later = moment + timedelta(hours=2)
    await months_told.turn(session, person, later, on=True)
    assert await months_told.tell(session, later, BRUSSELS, "") == 0
    assert await months_told.tell(session, datetime(2026, 10, 1, 7, tzinfo=UTC), BRUSSELS, "") == 1


async def test_turning_it_off_calls_off_what_waits(session: AsyncSession) -> None:
    person = await a_coordinator(session)
    moment = datetime(2026, 9, 1, 7, tzinfo=UTC)
    await months_told.tell(session, moment, BRUSSELS, "")
    await months_told.turn(session, person, moment, on=False)
    (row,) = await owed(session)
    await session.refresh(row)
    assert row.state == State.CANCELLED
    assert not await months_told.wants(session, person)
    assert await months_told.next_telling(session, moment, BRUSSELS, "") is None


async def test_who_is_no_coordinator_any_more_is_not_told(session: AsyncSession) -> None:
    person = await a_coordinator(session)
    moment = datetime(2026, 9, 1, 7, tzinfo=UTC)
    role = (await session.scalars(select(Role).filter_by(person_id=person.id))).one()
    role.revoked_at = moment
    await session.flush()
    assert await months_told.tell(session, moment, BRUSSELS, "") == 0
    with pytest.raises(NotAllowedError):
        await months_told.turn(session, person, moment, on=True)


async def test_the_clock_stops_at_it_and_the_timetable_does_it(session: AsyncSession) -> None:
    await a_coordinator(session)
    moment = datetime(2026, 9, 1, 7, tzinfo=UTC)
    before = moment - timedelta(minutes=5)
    assert await next_due(session, before, BRUSSELS) == moment
    (job,) = [job for job in TIMETABLE if job.name == "telling coordinators of a month"]
    assert await job.run(session, Tick(moment, BRUSSELS, "en")) == 1
