"""Time that stops, jumps and changes its hour: reminders come once, in time, or not at all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import App
from bot.clock import FollowedClock
from bot.limiter import Limiter
from community import attendance, events, people, policy
from community.attendance import Wish
from community.deliveries import Delivery, State
from community.errors import NotUnderstoodError
from community.events import Details
from community.people import Person
from community.roles import Role, RoleName
from scheduler import TIMETABLE, Tick
from tests.stories.conftest import Coming, Somebody, Stage

PARIS = ZoneInfo("Europe/Paris")
REMINDED = "event_reminder"


async def goes_to_an_event(stage: Stage, boss: Somebody, guest: Somebody, hours: float) -> None:
    """Let somebody go to an event that begins in so many hours."""
    start = (stage.now + timedelta(hours=hours)).astimezone(PARIS).replace(tzinfo=None)
    async with stage.app.database.transaction() as session:
        animator = await people.by_telegram_id(session, boss.id)
        person = await people.by_telegram_id(session, guest.id)
        assert animator is not None
        assert person is not None
        details = Details(start, "Europe/Paris", place="Library")
        made = await events.create(session, animator, details, {"title": "Tea"}, "en", stage.now)
        event = await events.publish(session, animator, made.ref, stage.now)
        await attendance.answer(
            session, person, event.ref, Wish.GOING, stage.now, default_zone="Europe/Paris"
        )


async def is_away(stage: Stage, **so_long: float) -> None:
    """End the bot, let time pass without it, and start another on the same database."""
    settings = stage.app.settings
    await stage.app.stop()
    stage.emulator.clock.jump(timedelta(**so_long).total_seconds())
    stage.app = App(
        settings,
        clock=FollowedClock(stage.emulator.url),
        limiter=Limiter(overall=10_000, per_chat=10_000),
        lease=10,
    )
    await stage.app.start()
    await stage.begins(stage.now)
    await stage.play(seconds=5)


async def reminders(stage: Stage) -> list[str]:
    async with stage.app.database.transaction() as session:
        query = select(Delivery.state).where(Delivery.kind == REMINDED).order_by(Delivery.due_at)
        return list(await session.scalars(query))


async def test_a_reminder_that_fell_into_an_outage_comes_late_if_it_is_still_of_use(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=5)
    assert await reminders(stage) == [State.SENT, State.QUEUED]
    assert guest.times_read("Tea") == 1


async def test_whoever_missed_both_reminders_in_an_outage_gets_one(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=25)
    assert await reminders(stage) == [State.EXPIRED, State.SENT]
    assert guest.times_read("Tea") == 1


async def test_nobody_is_reminded_of_what_began_during_an_outage(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=27)
    assert await reminders(stage) == [State.EXPIRED, State.EXPIRED]
    assert not guest.has_read("Tea")


async def test_a_clock_that_jumps_back_and_forth_repeats_nothing(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await stage.play(hours=3)
    assert guest.times_read("Tea") == 1
    for hours in (-72, 72, -1, 1):
        await stage.begins(stage.now + timedelta(hours=hours))
        await stage.play(seconds=5)
    assert guest.times_read("Tea") == 1
    await stage.play(hours=30)
    assert await reminders(stage) == [State.SENT, State.SENT]


async def test_every_job_run_twice_at_one_moment_does_its_work_once(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=2)
    moment = stage.now + timedelta(days=2)
    tick = Tick(moment, "Europe/Paris", "en")
    counts = []
    for _run in range(2):
        async with stage.app.database.transaction() as session:
            for job in TIMETABLE:
                await job.run(session, tick)
            counts.append(await session.scalar(select(func.count()).select_from(Delivery)))
    assert counts[0] == counts[1]


def is_skipped(wall: datetime) -> bool:
    """Say whether the clocks skip this wall time: Europe's summer begins at 02:00."""
    return (wall.month, wall.day, wall.hour) == (3, 28, 2)


@pytest.mark.parametrize("night", [datetime(2027, 3, 28), datetime(2027, 10, 31)])  # noqa: DTZ001 - wall time
async def test_around_a_night_of_another_hour_reminders_come_by_day_and_before_the_start(
    session: AsyncSession, now: datetime, night: datetime
) -> None:
    person = await people.meet(session, 1, now, name="Guest")
    await people.join(session, person, now, terms_version="1", language="en")
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    starts: dict[int, datetime] = {}
    for half_hours in range(-24, 96):
        wall = night + timedelta(minutes=30 * half_hours)
        details = Details(wall, "Europe/Paris", place="Library")
        if is_skipped(wall):
            with pytest.raises(NotUnderstoodError):
                await events.create(session, person, details, {"title": "Tea"}, "en", now)
            continue
        made = await events.create(session, person, details, {"title": "Tea"}, "en", now)
        event = await events.publish(session, person, made.ref, now)
        await attendance.answer(
            session, person, event.ref, Wish.GOING, now, default_zone="Europe/Paris"
        )
        starts[event.id] = event.starts_at
    rows = (await session.scalars(select(Delivery).where(Delivery.kind == REMINDED))).all()
    assert len(rows) >= len(starts)
    for row in rows:
        assert row.subject_id is not None
        start = starts[row.subject_id]
        assert now < row.due_at < start
        assert not policy.is_quiet(row.due_at, PARIS), (row.due_at, start)
        assert start - row.due_at <= timedelta(hours=40)
        assert row.due_at.utcoffset() == UTC.utcoffset(None)


async def test_the_night_before_a_reminder_is_counted_where_the_member_is(
    session: AsyncSession, now: datetime
) -> None:
    person = await people.meet(session, 1, now, name="Guest")
    await people.join(session, person, now, terms_version="1", language="en")
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    person.zone = "Asia/Tokyo"
    await session.flush()
    details = Details(datetime(2026, 12, 1, 9, 0), "Europe/Paris", link="https://a.example")  # noqa: DTZ001 - wall time
    made = await events.create(session, person, details, {"title": "Tea"}, "en", now)
    event = await events.publish(session, person, made.ref, now)
    await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone="UTC")
    dues = select(Delivery.due_at).where(Delivery.kind == REMINDED).order_by(Delivery.due_at)
    tokyo = ZoneInfo("Asia/Tokyo")
    hours = [due.astimezone(tokyo).hour for due in await session.scalars(dues)]
    assert hours == [17, 15], "17:00 there on the day before, two hours before 17:00 on the day"
    assert isinstance(person, Person)
