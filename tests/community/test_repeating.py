"""Events that repeat: the days of a rule, the wall, and who is told of what."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, events, sends, series, speakers, translations
from community.attendance import Attendance, State, Wish
from community.base import find
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Details, Event, details_of
from community.people import Person
from community.series import Every, Rule, Series
from tests.community.test_attendance import ZONE, a_member, an_animator

SIX = time(18)


def at(day: date, clock: time = SIX) -> datetime:
    return datetime.combine(day, clock)


@pytest.mark.parametrize(
    ("every", "first", "days"),
    [
        (Every.WEEK, "2026-12-28", ["2026-12-28", "2027-01-04", "2027-01-11"]),
        (Every.TWO_WEEKS, "2026-12-28", ["2026-12-28", "2027-01-11", "2027-01-25"]),
        (Every.MONTH, "2026-12-08", ["2026-12-08", "2027-01-12", "2027-02-09"]),  # second Tuesday
        (Every.MONTH, "2026-12-28", ["2026-12-28", "2027-01-25", "2027-02-22"]),  # fourth Monday
        (Every.MONTH, "2026-12-29", ["2026-12-29", "2027-01-26", "2027-02-23"]),  # the last one
        (Every.MONTH, "2027-03-31", ["2027-03-31", "2027-04-28", "2027-05-26"]),
    ],
)
def test_a_rule_gives_its_days(every: Every, first: str, days: list[str]) -> None:
    rule = Rule(every, at(date.fromisoformat(first)))
    wanted = [date.fromisoformat(day) for day in days]
    assert rule.days(series.FOR_EVER, 3) == wanted
    assert rule.lasting(2).until == wanted[1]
    assert rule.lasting(2).days(series.FOR_EVER) == wanted[:2]
    assert rule.days(wanted[1]) == wanted[:2]


async def one(
    session: AsyncSession, animator: Person, now: datetime, wall: datetime, **more: Any
) -> Event:
    """Publish an event."""
    details = Details(wall, more.pop("zone", ZONE), place="Library", **more)
    made = await events.create(session, animator, details, {"title": "Tea"}, "en", now)
    return await events.publish(session, animator, made.ref, now)


async def weekly(
    session: AsyncSession, now: datetime, *, every: Every = Every.WEEK, **more: Any
) -> tuple[Person, Series, list[Event]]:
    """Publish an event on the first Tuesday of December at six, and let it repeat."""
    animator = await an_animator(session, now)
    limits = {name: more.pop(name) for name in ("until", "times") if name in more}
    first = await one(session, animator, now, at(date(2026, 12, 1)), **more)
    made = await series.repeat(session, animator, first.ref, every, now, **limits)
    return animator, made, await all_of(session, made)


async def all_of(session: AsyncSession, made: Series) -> list[Event]:
    rows = await session.scalars(
        select(Event)
        .where(Event.series_id == made.id)
        .order_by(Event.series_day)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def going(session: AsyncSession, person: Person, now: datetime, *to: Event) -> None:
    for event in to:
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)


async def owed(session: AsyncSession, kind: str) -> Counter[int | None]:
    query = select(Delivery.person_id).where(Delivery.kind == kind, Delivery.state == Owed.QUEUED)
    return Counter(await session.scalars(query))


async def test_the_dates_of_eight_weeks_are_events_like_the_first(
    session: AsyncSession, now: datetime
) -> None:
    _animator, made, dates = await weekly(session, now, capacity=12, languages=["en", "uk"])
    assert [event.starts_wall for event in dates] == [
        at(date(2026, 12, 1) + timedelta(weeks=number)) for number in range(7)
    ]
    first = dates[0]
    assert len({event.uid for event in dates}) == len(dates)
    for event in dates[1:]:
        assert event.state == events.State.PUBLISHED
        assert details_of(event) == changed(first, starts_wall=event.starts_wall)
    words = await translations.blocks(session, "event", [e.id for e in dates], READS, "en")
    assert {words[event.id].get("title") for event in dates} == {"Tea"}
    assert await series.fill(session, now) == 0
    assert await series.fill(session, now + timedelta(weeks=2)) == 2
    assert await series.fill(session, now + timedelta(weeks=2)) == 0
    assert len(await all_of(session, made)) == 9


READS = translations.Reads("en")


async def test_six_in_the_evening_stays_six_when_the_clocks_change(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    autumn = datetime(2027, 10, 1, tzinfo=UTC)
    first = await one(session, animator, autumn, at(date(2027, 10, 26)))
    made = await series.repeat(session, animator, first.ref, Every.WEEK, autumn)
    dates = await all_of(session, made)
    assert {event.starts_wall.time() for event in dates} == {SIX}
    assert [event.starts_at.hour for event in dates[:2]] == [16, 17]


async def test_a_time_that_the_night_of_the_clocks_skips_is_the_one_they_show_instead(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    winter = datetime(2027, 3, 1, tzinfo=UTC)
    first = await one(session, animator, winter, at(date(2027, 3, 21), time(2, 30)))
    made = await series.repeat(session, animator, first.ref, Every.WEEK, winter, times=3)
    dates = await all_of(session, made)
    assert [event.starts_wall.time() for event in dates] == [
        time(2, 30),
        time(3, 30),
        time(2, 30),
    ]
    moments = [event.starts_at for event in dates]
    assert [b - a for a, b in pairwise(moments)] == [
        timedelta(days=7),
        timedelta(days=7) - timedelta(hours=1),
    ]


async def test_a_series_ends_after_so_many_times_or_on_its_day(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now, times=4)
    assert len(dates) == 4
    later = now + timedelta(weeks=20)
    assert await series.fill(session, later) == 0
    assert await series.next_fill(session) is None
    other = await one(session, animator, now, at(date(2026, 12, 2)))
    until = date(2026, 12, 16)
    made = await series.repeat(session, animator, other.ref, Every.TWO_WEEKS, now, until=until)
    assert len(await all_of(session, made)) == 2


async def test_what_was_missed_while_nobody_was_there_is_not_made_afterwards(
    session: AsyncSession, now: datetime
) -> None:
    _animator, made, dates = await weekly(session, now)
    back = now + timedelta(weeks=12)
    assert await series.fill(session, back) == 8
    new = [event for event in await all_of(session, made) if event not in dates]
    assert min(event.starts_at for event in new) > back


async def test_of_a_draft_the_other_dates_appear_when_it_is_published(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    details = Details(at(date(2026, 12, 1)), ZONE, place="Library")
    draft = await events.create(session, animator, details, {"title": "Tea"}, "en", now)
    made = await series.repeat(session, animator, draft.ref, Every.WEEK, now)
    assert await all_of(session, made) == [draft]
    assert await series.fill(session, now) == 0
    assert await series.next_fill(session) is None, "nothing is due"
    await events.publish(session, animator, draft.ref, now)
    assert await series.fill(session, now) == 6


async def test_what_cannot_repeat_is_refused(session: AsyncSession, now: datetime) -> None:
    animator, _made, dates = await weekly(session, now)
    member = await a_member(session, 1, now)
    single = await one(session, animator, now, at(date(2026, 12, 3)))
    with pytest.raises(NotAllowedError):
        await series.repeat(session, member, single.ref, Every.WEEK, now)
    with pytest.raises(IllegalMoveError):
        await series.repeat(session, animator, dates[2].ref, Every.WEEK, now)
    for limits in ({"until": date(2026, 12, 9)}, {"times": 1}, {"times": 0}, {"times": 61}):
        with pytest.raises(NotUnderstoodError):
            await series.repeat(session, animator, single.ref, Every.WEEK, now, **limits)
    with pytest.raises(TooLateError):
        await series.repeat(session, animator, single.ref, Every.WEEK, single.starts_at)
    for verb in (series.cancel_from, shared):
        with pytest.raises(NotFoundError):
            await verb(session, animator, single.ref, now)
        with pytest.raises(NotAllowedError):
            await verb(session, member, dates[0].ref, now)
    with pytest.raises(NotAllowedError):
        await series.change_from(
            session, member, dates[0].ref, details_of(dates[0]), now, default_zone=ZONE
        )


def changed(event: Event, **more: Any) -> Details:
    return Details(**{**vars(details_of(event)), **more})


async def change(
    session: AsyncSession, animator: Person, event: Event, now: datetime, **more: Any
) -> int:
    told, _send = await series.change_from(
        session, animator, event.ref, changed(event, **more), now, default_zone=ZONE
    )
    return told


async def test_a_change_from_here_on_tells_each_person_once_the_waiting_list_included(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now, capacity=1)
    first, waits, early = [await a_member(session, number, now) for number in (1, 2, 3)]
    await going(session, first, now, *dates[1:5])
    await going(session, waits, now, dates[2], dates[3])
    await going(session, early, now, dates[0])
    assert await change(session, animator, dates[1], now, place="Town hall") == 2
    assert await owed(session, "event_changed") == {first.id: 1, waits.id: 1}
    places = [event.place for event in await all_of(session, _made)]
    assert places == ["Library", *["Town hall"] * 6]
    asked = await session.scalars(
        select(Attendance.event_id).where(Attendance.person_id == first.id, Attendance.asked_again)
    )
    assert set(asked) == {event.id for event in dates[1:5]}, "each answer is asked for again"
    stand = {await state(session, event, waits) for event in dates[2:4]}
    assert stand == {State.WAITING}, "and every place is kept"


async def state(session: AsyncSession, event: Event, person: Person) -> State | None:
    mine = await attendance.of(session, event, person)
    return mine.state if mine else None


async def test_two_changes_within_three_minutes_are_told_as_one(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now)
    person = await a_member(session, 1, now)
    await going(session, person, now, *dates[:3])
    await change(session, animator, dates[0], now, place="Town hall")
    await change(session, animator, dates[0], now + timedelta(minutes=1), place="School")
    assert await owed(session, "event_changed") == {person.id: 1}


async def test_a_new_place_does_not_reach_a_date_that_was_given_its_own(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now)
    await sends.change_event(
        session, animator, dates[2].ref, changed(dates[2], place="Park"), now, default_zone=ZONE
    )
    moved = at(date(2026, 12, 23), time(10))
    await sends.change_event(
        session,
        animator,
        dates[3].ref,
        changed(dates[3], starts_wall=moved),
        now,
        default_zone=ZONE,
    )
    await change(session, animator, dates[0], now, place="Town hall")
    evening = at(date(2026, 12, 1), time(19))
    await change(session, animator, (await all_of(session, made))[0], now, starts_wall=evening)
    found = await all_of(session, made)
    assert [event.place for event in found[:5]] == [
        *("Town hall", "Town hall", "Park", "Town hall", "Town hall"),
    ]
    walls = [event.starts_wall for event in found[:5]]
    assert walls == [
        at(date(2026, 12, 1), time(19)),
        at(date(2026, 12, 8), time(19)),
        at(date(2026, 12, 15), time(19)),
        moved,
        at(date(2026, 12, 29), time(19)),
    ]
    later = now + timedelta(weeks=1)
    assert await series.fill(session, later) == 1
    last = (await all_of(session, made))[-1]
    assert (last.place, last.starts_wall.time()) == ("Town hall", time(19))


async def test_new_dates_are_not_like_one_that_was_changed_alone(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now)
    last = dates[-1]
    await sends.change_event(
        session, animator, last.ref, changed(last, place="Park"), now, default_zone=ZONE
    )
    await series.fill(session, now + timedelta(weeks=1))
    assert (await all_of(session, made))[-1].place == "Library"


@pytest.mark.parametrize("times", [None, 7])
async def test_another_weekday_is_that_of_the_rule_from_here_on(
    session: AsyncSession, now: datetime, times: int | None
) -> None:
    animator, made, dates = await weekly(session, now, times=times)
    person = await a_member(session, 1, now)
    await going(session, person, now, dates[4])
    thursday = at(date(2026, 12, 24), time(17))
    told = await change(session, animator, dates[2], now, starts_wall=thursday)
    assert told == 1
    found = await all_of(session, made)
    assert [event.starts_wall for event in found[:2]] == [event.starts_wall for event in dates[:2]]
    moved = [thursday + timedelta(weeks=number) for number in range(5)]
    assert [event.starts_wall for event in found[2:7]] == moved
    assert found[2:7] == dates[2:7], "they are the same events"
    more = await series.fill(session, now + timedelta(weeks=6))
    walls = [event.starts_wall for event in await all_of(session, made)]
    assert len(set(walls)) == len(walls)
    if times:
        assert more == 0
        assert made.until == date(2027, 1, 21)
    else:
        assert walls[-1] == moved[-1] + timedelta(weeks=len(walls) - 7)


async def test_a_last_weekday_stays_the_last_one_when_only_its_time_changes(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    first = await one(session, animator, now, at(date(2026, 12, 29)))
    made = await series.repeat(session, animator, first.ref, Every.MONTH, now)
    await series.fill(session, now + timedelta(weeks=4))
    second = (await all_of(session, made))[1]
    await change(session, animator, second, now, starts_wall=at(date(2027, 1, 26), time(9)))
    await series.fill(session, now + timedelta(weeks=13))
    days = [event.starts_wall.date().isoformat() for event in await all_of(session, made)]
    # The fourth Tuesday of March would be the 23rd.
    assert days == ["2026-12-29", "2027-01-26", "2027-02-23", "2027-03-30"]


async def shared(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    return await series.share(session, actor, ref, now, default_zone=ZONE)


async def test_a_slip_of_the_pen_and_a_place_more_tell_nobody(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now, capacity=5)
    person = await a_member(session, 1, now)
    await going(session, person, now, *dates[:5])  # nobody answers more at a time
    await translations.write(
        session, animator, "event", dates[1].id, "en", {"title": "Tea at six"}, now
    )
    await sends.change_event(
        session, animator, dates[1].ref, changed(dates[1], step_free=True), now, default_zone=ZONE
    )
    assert await shared(session, animator, dates[1].ref, now) == 0
    assert await change(session, animator, dates[0], now, capacity=9, child_care=True) == 0
    assert await owed(session, "event_changed") == {}
    assert [event.step_free for event in await all_of(session, made)] == [False, *[True] * 6]
    words = await translations.blocks(session, "event", [e.id for e in dates], READS, "en")
    assert [words[event.id].get("title") for event in dates] == ["Tea", *["Tea at six"] * 6]
    assert {event.capacity for event in await all_of(session, made)} == {9}


async def test_a_date_is_left_out_and_does_not_come_back(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now)
    person = await a_member(session, 1, now)
    await going(session, person, now, *dates[:3])
    assert await sends.cancel_event(session, animator, dates[1].ref, now) == 1
    await series.fill(session, now)
    states = [event.state for event in await all_of(session, made)]
    assert states.count(events.State.CANCELLED) == 1
    assert len(states) == 7
    assert await owed(session, "event_cancelled") == {person.id: 1}
    await change(session, animator, dates[0], now, place="Town hall")
    assert (await all_of(session, made))[1].place == "Library", "what is off does not change"


async def test_cancelled_from_here_on_each_is_told_once_and_no_more_dates_are_made(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now, capacity=1)
    first, waits, early = [await a_member(session, number, now) for number in (1, 2, 3)]
    await going(session, early, now, dates[0])
    await going(session, first, now, *dates[1:6])
    await going(session, waits, now, *dates[2:])
    assert await series.cancel_from(session, animator, dates[1].ref, now) == 2
    assert await owed(session, "event_cancelled") == {first.id: 1, waits.id: 1}
    about = await session.scalars(
        select(Delivery.subject_id)
        .where(Delivery.kind == "event_cancelled", Delivery.state == Owed.QUEUED)
        .order_by(Delivery.person_id)
    )
    assert list(about) == [dates[1].id, dates[2].id], "about the first that concerns them"
    states = [event.state for event in await all_of(session, made)]
    assert states == [events.State.PUBLISHED, *[events.State.CANCELLED] * 6]
    assert await series.fill(session, now + timedelta(weeks=30)) == 0
    args = await session.scalars(
        select(Delivery.args)
        .where(Delivery.kind == "event_cancelled", Delivery.state == Owed.QUEUED)
        .order_by(Delivery.person_id)
    )
    named = [[event.ref for event in dates[2:6]], [event.ref for event in dates[3:]]]
    assert [each["also"] for each in args] == named, "and it names all others"
    with pytest.raises(IllegalMoveError):
        await series.repeat(session, animator, dates[0].ref, Every.WEEK, now)


async def test_a_date_that_was_moved_and_has_begun_is_no_hindrance(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now)
    sooner = at(date(2026, 12, 2))
    moved = changed(dates[3], starts_wall=sooner)
    await sends.change_event(session, animator, dates[3].ref, moved, now, default_zone=ZONE)
    later = dates[3].starts_at + timedelta(minutes=10)
    await change(session, animator, dates[1], later, place="Town hall")
    places = [event.place for event in await all_of(session, made)]
    assert places == ["Library", "Town hall", "Town hall", "Library", *["Town hall"] * 3]
    assert await series.cancel_from(session, animator, dates[1].ref, later) == 0
    states = [event.state for event in await all_of(session, made)]
    assert states[3] == events.State.PUBLISHED, "it is under way"


async def test_a_copy_is_a_draft_at_the_same_time_in_the_next_month(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now, capacity=8)
    draft = await series.copy(session, animator, dates[1].ref, now)
    assert (draft.state, draft.starts_wall) == (events.State.DRAFT, at(date(2027, 1, 12)))
    assert (draft.capacity, draft.place, draft.series_id) == (8, "Library", None)
    much_later = datetime(2028, 6, 20, tzinfo=UTC)
    future = await series.copy(session, animator, dates[1].ref, much_later)
    assert future.starts_wall == at(date(2028, 7, 11))


async def test_the_clock_of_two_processes_makes_each_date_once(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        _animator, made, _dates = await weekly(session, now)

    async def tick() -> int:
        async with database.transaction() as session:
            return await series.fill(session, now + timedelta(weeks=3))

    assert sum(await asyncio.gather(*(tick() for _ in range(4)))) == 3
    async with database.transaction() as session:
        found = await find(session, Series, made.ref)
        assert len(await all_of(session, found)) == 10


async def test_the_clock_is_asked_for_when_the_next_date_comes_within_eight_weeks(
    session: AsyncSession, now: datetime
) -> None:
    await weekly(session, now)
    due = await series.next_fill(session)
    assert due is not None
    assert await series.fill(session, due - timedelta(seconds=1)) == 0
    assert await series.fill(session, due) == 1


async def test_who_speaks_has_agreed_to_one_date_and_is_named_for_no_other(
    session: AsyncSession, now: datetime
) -> None:
    animator, made, dates = await weekly(session, now)
    await speakers.name(session, animator, dates[-1].ref, "Olena: taxes", "en", now)
    draft = await series.copy(session, animator, dates[-1].ref, now)
    assert await series.fill(session, now + timedelta(weeks=2)) == 2
    others = [draft.id, *(event.id for event in (await all_of(session, made))[-2:])]
    words = await translations.blocks(session, "event", others, READS, "en")
    for number in others:
        assert (words[number].get("title"), words[number].get("speakers")) == ("Tea", "")


async def test_who_speaks_stays_with_each_date_when_the_later_ones_get_the_words_of_this_one(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now)
    await speakers.name(session, animator, dates[0].ref, "Olena: taxes", "en", now)
    await speakers.name(session, animator, dates[2].ref, "Badr: banks", "en", now)
    await translations.write(
        session, animator, "event", dates[2].id, "fr", {"speakers": "Badr : banques"}, now
    )
    await translations.write(
        session, animator, "event", dates[0].id, "en", {"title": "Tea at six"}, now
    )
    await shared(session, animator, dates[0].ref, now)
    numbers = [event.id for event in dates[:4]]
    words = await translations.blocks(session, "event", numbers, READS, "en")
    assert {words[number].get("title") for number in numbers} == {"Tea at six"}
    named = [words[number].get("speakers") for number in numbers]
    assert named == ["Olena: taxes", "", "Badr: banks", ""]
    assert [await speakers.agreement(session, event) is not None for event in dates[:4]] == [
        *(True, False, True, False),
    ]
    _source, found = await translations.standings(session, "event", dates[2].id)
    assert found["fr"].fields == {"speakers": "Badr : banques"}


async def test_words_in_another_language_leave_a_later_date_with_one_source(
    session: AsyncSession, now: datetime
) -> None:
    animator, _made, dates = await weekly(session, now)
    await speakers.name(session, animator, dates[1].ref, "Badr: banks", "en", now)
    await translations.relabel(session, "event", dates[0].id, "fr")
    await shared(session, animator, dates[0].ref, now)
    words = await translations.blocks(session, "event", [dates[1].id], READS, "en")
    assert (words[dates[1].id].language, words[dates[1].id].get("title")) == ("fr", "Tea")
