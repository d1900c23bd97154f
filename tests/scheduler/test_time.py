"""Time that stops, jumps and changes its hour: reminders come once, in time, or not at all."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, consents, deliveries, events, judging, people, policy, sends
from community.attendance import Wish
from community.consents import Purpose
from community.deliveries import Delivery, Outcome, Plan, State
from community.errors import NotUnderstoodError
from community.events import Details
from community.judging import GO, Verdict
from community.people import Person
from community.roles import Role, RoleName
from community.sends import Held, Send
from scheduler import TIMETABLE, Tick
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import a_directory, a_newsletter

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
    await stage.app.stop()
    stage.emulator.clock.jump(timedelta(**so_long).total_seconds())
    await stage.starts_again()
    await stage.play(seconds=5)


async def reminders(stage: Stage) -> list[str]:
    async with stage.app.database.transaction() as session:
        query = select(Delivery.state).where(Delivery.kind == REMINDED).order_by(Delivery.due_at)
        return list(await session.scalars(query))


async def test_fault_40_a_reminder_that_fell_into_an_outage_comes_late_if_it_is_still_of_use(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=5)
    assert await reminders(stage) == [State.SENT, State.QUEUED]
    assert guest.times_read("Tea") == 1


async def test_fault_40_whoever_missed_both_reminders_in_an_outage_gets_one(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=25)
    assert await reminders(stage) == [State.EXPIRED, State.SENT]
    assert guest.times_read("Tea") == 1


async def test_fault_40_nobody_is_reminded_of_what_began_during_an_outage(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await goes_to_an_event(stage, boss, guest, hours=26)
    await is_away(stage, hours=27)
    assert await reminders(stage) == [State.EXPIRED, State.EXPIRED]
    assert not guest.has_read("Tea")


FIVE_HOURS, ELEVEN_HOURS = timedelta(hours=5), timedelta(hours=11)
GOES, MORNING = "goes", "in the morning"
AFTER_AN_OUTAGE = {
    "event_invitation": (192, MORNING),
    "newsletter": (192, MORNING),
    "step_nudge": (192, MORNING),
    "pulse": (192, MORNING),
    "survey": (192, MORNING),
    "exit_survey": (192, MORNING),
    "digest": (192, MORNING),
    "silence": (192, MORNING),
    "facilitation": (192, MORNING),
    "event_reminder": (12, "no_time_left"),
    "missed_question": (72, MORNING),
    "entry_check": (47, MORNING),
    "offer": (192, MORNING),
    "staff_notice": (168, MORNING),
    "event_changed": (48, GOES),
    "event_cancelled": (48, GOES),
    "place_offered": (12, "no_time_left"),
    "correction": (48, GOES),
    "recall": (48, GOES),
    "referral_step": (336, MORNING),
    "referral_outcome": (168, MORNING),
    "referral_reminder": (72, MORNING),
    "provider_reminder": (72, MORNING),
    "question_overdue": (72, MORNING),
    "provider_notice": (336, MORNING),
    "team_notice": (168, MORNING),
    "team_answer": (168, GOES),
    "bridge_message": (336, MORNING),
    "translated": (2184, MORNING),
    "service_found": (2184, MORNING),
    "cohort_settled": (2184, MORNING),
    "match_proposed": (192, MORNING),
    "match_none": (192, MORNING),
    "match_answer": (72, GOES),
    "match_introduced": (336, MORNING),
    "match_notice": (2184, MORNING),
    "match_followup": (2184, MORNING),
    "post_new": (192, MORNING),
    "post_expiring": (72, MORNING),
    "post_notice": (168, MORNING),
    "measure_notice": (720, MORNING),
    "report_notice": (336, MORNING),
    "group_card": (48, GOES),
    "group_welcome": (24, GOES),
    "role_notice": (72, GOES),
    "transfer_notice": (168, MORNING),
    "transfer_result": (168, MORNING),
}
"""Of what was due at noon: how many hours it may be late, and what becomes of it at 23:00."""


async def one_of_each(session: AsyncSession, due_at: datetime) -> int:
    """Owe one message of each kind, each to a person of its own; return how many are new."""
    plans = []
    for number, kind in enumerate(policy.POLICY, 1):
        person = await people.meet(session, number, due_at, name="Guest")
        await people.join(session, person, due_at, terms_version="1", language="en")
        these = {Purpose.NEWS, Purpose.SURVEYS, Purpose.MATCHING}
        await consents.switch(session, person, these, due_at, version="1", language="en")
        if kind == "exit_survey":
            await people.leave(session, person, due_at)
        plans.append(Plan(kind, person.id, kind, due_at))
    return await deliveries.plan(session, due_at, *plans)


async def judged(session: AsyncSession, now: datetime) -> dict[str, Verdict]:
    """Claim what is due, and say what becomes of each kind."""
    rows = await deliveries.claim(session, "a sender", 100, 60, now)
    readers = await judging.readers(session, rows, now, "en")
    return {
        row.kind: judging.judge(row, readers[row.person_id or 0], now, "Europe/Paris")
        for row in rows
    }


async def put_back(session: AsyncSession) -> None:
    """Owe again what was claimed."""
    await session.execute(update(Delivery).values(state=State.QUEUED))


async def test_fault_40_what_an_outage_kept_back_goes_waits_or_is_dropped_as_the_policy_table_says(
    session: AsyncSession,
) -> None:
    noon = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert set(AFTER_AN_OUTAGE) == set(policy.POLICY)
    await one_of_each(session, noon)
    assert await judged(session, noon + FIVE_HOURS) == dict.fromkeys(AFTER_AN_OUTAGE, GO)
    await put_back(session)
    at_eleven = {
        GOES: GO,
        MORNING: Verdict(State.QUEUED, "deferred", noon + timedelta(hours=20)),
        "no_time_left": Verdict(State.EXPIRED, "no_time_left"),
    }
    expected = {kind: at_eleven[night] for kind, (_hours, night) in AFTER_AN_OUTAGE.items()}
    assert await judged(session, noon + ELEVEN_HOURS) == expected
    await put_back(session)
    late = Verdict(State.EXPIRED, "too_late")
    for hours in sorted({hours for hours, _night in AFTER_AN_OUTAGE.values()}):
        told = await judged(session, noon + timedelta(hours=hours))
        await put_back(session)
        gone = {kind for kind, (lives, _night) in AFTER_AN_OUTAGE.items() if lives <= hours}
        assert {kind for kind, verdict in told.items() if verdict == late} == gone, hours
    # What is too late stays, and says so.
    await deliveries.expire(session, noon + timedelta(hours=2184))
    rows = (await session.execute(select(Delivery.state, Delivery.reason))).all()
    assert [tuple(row) for row in rows] == [(State.EXPIRED, "too_late")] * len(AFTER_AN_OUTAGE)


async def test_fault_38_what_has_left_is_owed_no_second_time_when_the_clock_jumps_back(
    session: AsyncSession,
) -> None:
    noon = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    tomorrow = noon + timedelta(days=1)
    await one_of_each(session, tomorrow)
    assert await judged(session, noon) == {}
    assert await judged(session, tomorrow) == dict.fromkeys(policy.POLICY, GO)
    rows = (await session.execute(select(Delivery.id, Delivery.kind))).all()
    left = [Outcome(row.id, row.kind, State.SENT) for row in rows]
    await deliveries.settle(session, left, tomorrow)
    for moment in (noon, tomorrow, tomorrow + timedelta(days=1), noon):
        assert await one_of_each(session, moment) == 0, "whoever plans it again plans nothing"
        assert await judged(session, moment) == {}


@pytest.mark.parametrize(
    ("half_past_two", "eight"),
    [
        ("2026-10-25T00:30Z", "2026-10-25T07:00Z"),
        ("2026-10-25T01:30Z", "2026-10-25T07:00Z"),  # once more
        ("2027-03-28T00:59Z", "2027-03-28T06:00Z"),  # the last minute before three
        ("2027-03-28T01:00Z", "2027-03-28T06:00Z"),
    ],
)
async def test_fault_39_what_is_due_in_a_night_of_another_hour_waits_for_eight_by_the_wall(
    session: AsyncSession, half_past_two: str, eight: str
) -> None:
    night, morning = datetime.fromisoformat(half_past_two), datetime.fromisoformat(eight)
    await one_of_each(session, night)
    waits = Verdict(State.QUEUED, "deferred", morning)
    expected = {
        kind: GO if at_night == GOES else waits
        for kind, (_hours, at_night) in AFTER_AN_OUTAGE.items()
    }
    assert await judged(session, night) == expected
    await put_back(session)
    assert await judged(session, morning) == dict.fromkeys(policy.POLICY, GO)


@pytest.mark.parametrize("hours", [2, 5])
async def test_fault_40_a_newsletter_whose_hour_fell_into_an_outage_comes_once_when_it_is_over(
    stage: Stage, animator: Coming, hours: int
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send later")
    await boss.says((stage.now + timedelta(hours=2)).strftime("%d.%m.%Y %H:30"))  # in 90 minutes
    await is_away(stage, hours=hours)
    assert guest.times_read("Winter news") == 1
    await stage.play(days=2)
    assert guest.times_read("Winter news") == 1
    boss.sees_last("Sent: 1")


async def test_fault_40_a_newsletter_that_is_too_late_is_held_and_goes_by_somebodys_hand_alone(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send later")
    await boss.says((stage.now + timedelta(hours=2)).strftime("%d.%m.%Y %H:30"))
    await is_away(stage, days=9)
    await stage.play(days=1)
    assert not guest.has_read("Winter news")
    async with stage.app.database.transaction() as session:
        send = (await session.scalars(select(Send))).one()
        assert (send.state, send.held_because) == (sends.State.HELD, Held.LATE)
    await boss.presses("Open it")
    boss.sees_last("the bot was away when its time came, and that is long ago")
    await boss.presses("Send now")
    await stage.play(days=1)
    assert guest.times_read("Winter news") == 1


async def test_fault_38_a_clock_that_jumps_back_and_forth_repeats_nothing(
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


async def unasked(stage: Stage, guest: Somebody) -> list[tuple[str, datetime | None]]:
    """Return what somebody got without having asked for it, and when, oldest first."""
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, guest.id)
        assert person is not None
        query = (
            select(Delivery.kind, Delivery.settled_at)
            .where(
                Delivery.person_id == person.id,
                Delivery.kind.in_(policy.UNASKED),
                Delivery.state == State.SENT,
            )
            .order_by(Delivery.id)
        )
        return [(row.kind, row.settled_at) for row in await session.execute(query)]


async def test_fault_38_a_clock_that_jumps_a_day_floods_nobody_and_repeats_nothing(
    stage: Stage, animator: Coming
) -> None:
    boss, guest = await animator(), await stage.member("Guest")
    await a_directory(boss)
    await guest.says("/support")
    await guest.presses("Money to start")
    await guest.presses("Start-up advice")
    await guest.presses("⬜ 1")  # and the second step waits: a nudge in a week
    await goes_to_an_event(stage, boss, guest, hours=26)
    for later in (timedelta(days=1, hours=2), timedelta(days=5)):
        await a_newsletter(boss)
        await boss.presses("It is ready")
        await boss.presses("Send later")
        await boss.says((stage.now + later).strftime("%d.%m.%Y %H:30"))

    async def jumps(**so_far: int) -> int:
        """Let the clock jump; return how much the guest hears of it."""
        before = len(guest.from_bot())
        await stage.begins(stage.now + timedelta(**so_far))
        await stage.play(seconds=5)
        count = len(guest.from_bot()) - before
        assert stage.app.polling.is_held
        await boss.says("/help")
        boss.sees_last("emergency")
        return count

    assert await jumps(days=1) == 1, "of two reminders the one that is of use"
    assert await jumps(days=-1) == 0
    assert await jumps(days=1) == 0
    await stage.play(hours=2)
    assert [kind for kind, _at in await unasked(stage, guest)] == ["newsletter"]
    # A week at once: of two things that have become due one comes, the other hours later.
    assert await jumps(days=8) == 1
    assert await jumps(days=-8) == 0
    assert await jumps(days=8) == 0
    await stage.play(days=16)
    kinds = Counter(kind for kind, _at in await unasked(stage, guest))
    assert kinds["newsletter"] == 2
    assert 1 <= kinds["step_nudge"] <= policy.NUDGES, "one that found no room is skipped"
    assert await reminders(stage) == [State.EXPIRED, State.SENT], "two would say the same"
    assert guest.times_read("Winter news") == 2


async def test_fault_38_every_job_run_twice_at_one_moment_does_its_work_once(
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


def comes_twice(wall: datetime) -> bool:
    """Say whether the clocks come by this wall time twice: Europe's summer ends at 03:00."""
    return (wall.month, wall.day, wall.hour) == (10, 31, 2)


@pytest.mark.parametrize("night", [datetime(2027, 3, 28), datetime(2027, 10, 31)])  # noqa: DTZ001 - wall time
async def test_fault_39_around_a_night_of_another_hour_reminders_come_by_day_and_before_the_start(
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
        guest = await people.meet(session, 1000 + half_hours, now, name="Guest")
        await people.join(session, guest, now, terms_version="1", language="en")
        await attendance.answer(
            session, guest, event.ref, Wish.GOING, now, default_zone="Europe/Paris"
        )
        starts[event.id] = event.starts_at
        if comes_twice(wall):
            assert event.starts_at == wall.replace(tzinfo=UTC) - timedelta(hours=2), "the first"
    rows = (await session.scalars(select(Delivery).where(Delivery.kind == REMINDED))).all()
    assert len(rows) >= len(starts)
    for row in rows:
        assert row.subject_id is not None
        start = starts[row.subject_id]
        assert now < row.due_at < start
        assert not policy.is_quiet(row.due_at, PARIS), (row.due_at, start)
        assert start - row.due_at <= timedelta(hours=40)
        assert row.due_at.utcoffset() == UTC.utcoffset(None)


NIGHTS = {
    # The clocks go back: half past two comes twice, and the first one is meant.
    "autumn": (
        "2026-10-24T08:00Z",
        "25.10.2026 02:30",
        {
            "A reminder": ["2026-10-24T09:30Z", "2026-10-24T14:00Z", "2026-10-25T07:30Z"],
            "Winter news": ["2026-10-25T07:00Z"],
            "You have a new message": ["2026-10-25T11:00Z"],
        },
        "2026-10-25T00:30Z",
    ),
    # The clocks go forward: there is no half past two, and it is asked for again.
    "spring": (
        "2027-03-27T07:15Z",
        "28.03.2027 02:30",
        {
            "A reminder": ["2027-03-27T08:30Z", "2027-03-27T15:00Z", "2027-03-28T06:30Z"],
            "Winter news": ["2027-03-28T06:00Z"],
            "You have a new message": ["2027-03-28T10:00Z"],
        },
        "2027-03-28T01:30Z",
    ),
}
"""When it begins, what is typed, when what comes, and when the newsletter starts.

The guest goes to something at half past ten on the day after the night, and to something at six in
the evening before it, about which there is a question the next morning. By the wall it is quiet
until eight, and between the news and the question lie four hours.
"""


@pytest.mark.parametrize("season", NIGHTS)
async def test_fault_39_in_a_night_of_another_hour_everything_comes_once_at_its_time_by_the_wall(
    stage: Stage, animator: Coming, season: str
) -> None:
    begin, typed, expected, starts_at = NIGHTS[season]
    await stage.begins(datetime.fromisoformat(begin))
    boss, guest = await animator(), await stage.member("Guest")
    day = datetime.strptime(typed[:10], "%d.%m.%Y")  # noqa: DTZ007 - wall time
    async with stage.app.database.transaction() as session:
        author = await people.by_telegram_id(session, boss.id)
        person = await people.by_telegram_id(session, guest.id)
        assert author is not None
        assert person is not None
        for name, wall in (
            ("Tea", day + timedelta(hours=10.5)),
            ("Soup", day - timedelta(hours=6)),
        ):
            details = Details(wall, "Europe/Paris", place="Library")
            made = await events.create(session, author, details, {"title": name}, "en", stage.now)
            event = await events.publish(session, author, made.ref, stage.now)
            await attendance.answer(
                session,
                person,
                event.ref,
                Wish.GOING,
                stage.now,
                default_zone="Europe/Paris",
            )
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send later")
    await boss.says(typed)
    if season == "spring":
        boss.sees_last("Tue 18:00")
        await boss.says(typed.replace("02:30", "03:30"))
    async with stage.app.database.transaction() as session:
        send = (await session.scalars(select(Send))).one()
        assert send.starts_at == datetime.fromisoformat(starts_at)
    heard = len(guest.from_bot())
    await stage.play(until=datetime.combine(day, time(19, 30), UTC) - timedelta(days=1))
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Soup")
    await boss.presses("Who came")
    await boss.presses("Guest")
    await stage.play(days=3)
    came: dict[str, list[str]] = {}
    for message in guest.from_bot()[heard:]:
        at = datetime.fromtimestamp(message["date"], UTC)
        [what] = [words for words in expected if words in bare(message["text"])] or ["other"]
        came.setdefault(what, []).append(f"{at:%Y-%m-%dT%H:%MZ}")
    assert came == expected


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
