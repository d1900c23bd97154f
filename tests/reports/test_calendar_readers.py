"""The calendar file as two programs read it that share no code with the one that writes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from community import events
from community.events import Event, wall_to_utc
from community.series import Every, Rule
from reports.calendar import event_file, series_file
from tests.reports.test_calendar import NOW, an_event


class Entry(NamedTuple):
    """What a calendar shows of an entry."""

    begins: datetime
    ends: datetime
    uid: str
    sequence: int
    status: str
    title: str
    place: str


def by_vobject(content: bytes) -> Entry:
    entry = vobject.readOne(content.decode()).vevent
    return Entry(
        entry.dtstart.value.astimezone(UTC),
        entry.dtend.value.astimezone(UTC),
        entry.uid.value,
        int(entry.sequence.value),
        entry.status.value,
        entry.summary.value,
        entry.location.value,
    )


def by_ical(content: bytes) -> Entry:
    (entry,) = IcsCalendarStream.calendar_from_ics(content.decode()).events
    assert isinstance(entry.dtstart, datetime)
    assert isinstance(entry.dtend, datetime)
    return Entry(
        entry.dtstart.astimezone(UTC),
        entry.dtend.astimezone(UTC),
        entry.uid or "",
        entry.sequence or 0,
        str(entry.status.value) if entry.status else "",
        entry.summary or "",
        entry.location or "",
    )


READERS = pytest.mark.parametrize("read", [by_vobject, by_ical])
Read = Callable[[bytes], Entry]


def on(wall: str, zone: str, minutes: int = 150, **more: object) -> Event:
    at = datetime.fromisoformat(wall)
    facts = {"starts_wall": at, "starts_at": wall_to_utc(at, zone), "zone": zone, **more}
    return an_event(minutes=minutes, **facts)


@READERS
@pytest.mark.parametrize(
    ("wall", "zone", "begins"),
    [
        ("2026-12-01T18:00", "Europe/Paris", "2026-12-01T17:00Z"),
        ("2027-06-01T18:00", "Europe/Paris", "2027-06-01T16:00Z"),
        ("2026-10-25T00:30", "Europe/Paris", "2026-10-24T22:30Z"),  # ends at two, the second time
        ("2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:30Z"),  # the first of two
        ("2026-10-25T03:30", "Europe/Paris", "2026-10-25T02:30Z"),
        ("2027-03-28T00:30", "Europe/Paris", "2027-03-27T23:30Z"),  # ends after the hour skipped
        ("2027-03-28T03:15", "Europe/Paris", "2027-03-28T01:15Z"),
        ("2026-11-01T00:30", "America/New_York", "2026-11-01T04:30Z"),
        ("2027-03-28T04:30", "Europe/Kyiv", "2027-03-28T01:30Z"),
        ("2026-12-01T18:00", "Asia/Kolkata", "2026-12-01T12:30Z"),
        ("2026-12-01T18:00", "Pacific/Apia", "2026-12-01T05:00Z"),
        ("2026-12-01T18:00", "UTC", "2026-12-01T18:00Z"),
    ],
)
def test_it_begins_and_ends_when_it_does_in_every_zone_and_in_the_nights_of_the_clocks(
    read: Read, wall: str, zone: str, begins: str
) -> None:
    entry = read(event_file(on(wall, zone), "Tea", "", "en", NOW))
    start = datetime.fromisoformat(begins)
    assert (entry.begins, entry.ends) == (start, start + timedelta(minutes=150))


@READERS
def test_words_come_as_they_were_written(read: Read) -> None:
    title = "لقاء؛ قهوة, شاي; " + "é" * 90
    entry = read(event_file(on("2026-12-01T18:00", "Europe/Paris"), title, "a\nb", "ar", NOW))
    assert (entry.title, entry.place) == (title, "Bibliothèque, 3 rue de la Paix; salle 2")


@READERS
def test_a_cancelled_event_takes_its_entry_out_with_a_higher_number(read: Read) -> None:
    event = on("2026-12-01T18:00", "Europe/Paris")
    before = read(event_file(event, "Tea", "", "en", NOW))
    event.state, event.sequence = events.State.CANCELLED, event.sequence + 1
    after = read(event_file(event, "Tea", "", "en", NOW))
    assert after.uid == before.uid
    assert (before.status, after.status) == ("CONFIRMED", "CANCELLED")
    assert after.sequence > before.sequence


class Whole(NamedTuple):
    """What a calendar shows of a series within ten weeks."""

    begins: list[datetime]
    uids: set[str]
    sequences: set[int]
    status: str
    method: str


FROM, UNTIL = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 5, 9, tzinfo=UTC)


def series_by_vobject(content: bytes) -> Whole:
    calendar = vobject.readOne(content.decode())
    main, *own = calendar.vevent_list
    rule = main.getrruleset(addRDate=True)
    days = [main.dtstart.value] if rule is None else [*rule.xafter(FROM, 10, inc=True)]
    begins = {day.astimezone(UTC) for day in days}
    begins -= {each.contents["recurrence-id"][0].value.astimezone(UTC) for each in own}
    begins |= {each.dtstart.value.astimezone(UTC) for each in own}
    every = calendar.vevent_list
    return Whole(
        sorted(begin for begin in begins if begin < UNTIL),
        {each.uid.value for each in every},
        {int(each.sequence.value) for each in every},
        main.status.value,
        calendar.method.value,
    )


def series_by_ical(content: bytes) -> Whole:
    calendar = IcsCalendarStream.calendar_from_ics(content.decode())
    main = calendar.events[0]
    shown = calendar.timeline_tz(UTC).overlapping(FROM, UNTIL)
    begins = [event.dtstart for event in shown]
    assert all(isinstance(begin, datetime) for begin in begins)
    return Whole(
        sorted(begin.astimezone(UTC) for begin in begins if isinstance(begin, datetime)),
        {event.uid or "" for event in calendar.events},
        {event.sequence or 0 for event in calendar.events},
        str(main.status.value) if main.status else "",
        str(calendar.method or ""),
    )


READS_SERIES = pytest.mark.parametrize("read", [series_by_vobject, series_by_ical])
ReadSeries = Callable[[bytes], Whole]
FIRST = datetime(2027, 3, 9, 18, 0)  # noqa: DTZ001 - wall time; the clocks change in the third week


def weekly(count: int = 5) -> list[Event]:
    """Return so many weeks of one event, by the same clock."""
    found = []
    for number in range(count):
        wall = FIRST + timedelta(weeks=number)
        at = wall_to_utc(wall, "Europe/Paris")
        facts = {"starts_wall": wall, "starts_at": at, "series_day": wall.date()}
        found.append(an_event(id=number, uid=f"u{number}", series_id=7, **facts))
    return found


def the_file(dates: list[Event], until: datetime | None = None) -> bytes:
    rule = Rule(Every.WEEK, FIRST, (until or dates[-1].starts_wall).date())
    return series_file(dates[-1], "ref", rule, dates, ("Tea", "", "en"), NOW, comes_to=(3,))


def move(event: Event, by: timedelta) -> None:
    event.starts_wall += by
    event.starts_at += by
    event.sequence += 1


def cancel(event: Event) -> None:
    event.state, event.sequence = events.State.CANCELLED, event.sequence + 1


@READS_SERIES
def test_a_series_has_its_dates_without_what_is_off_and_with_what_was_moved(
    read: ReadSeries,
) -> None:
    dates = weekly()
    assert read(the_file(dates)).begins == [event.starts_at for event in dates]
    cancel(dates[1])
    move(dates[2], timedelta(days=1, hours=1))
    whole = read(the_file(dates))
    assert whole.begins == [dates[number].starts_at for number in (0, 2, 3, 4)]
    assert (whole.uids, whole.status, whole.method) == (
        {"ref-series@diwan"},
        "CONFIRMED",
        "PUBLISH",
    )


@READS_SERIES
def test_the_number_of_a_series_grows_with_every_change_of_any_date(read: ReadSeries) -> None:
    dates = weekly()
    move(dates[4], timedelta(hours=1))
    seen = [read(the_file(dates)).sequences]
    for number, by in ((4, timedelta(hours=1)), (1, None), (2, timedelta(days=1)), (2, None)):
        if by is None:
            cancel(dates[number])
        else:
            move(dates[number], by)
        seen.append(read(the_file(dates)).sequences)
    assert seen == [{1}, {2}, {3}, {4}, {5}]


@READS_SERIES
def test_a_series_that_is_cancelled_from_a_date_on_keeps_those_before(read: ReadSeries) -> None:
    dates = weekly()
    before = read(the_file(dates))
    for event in dates[2:]:
        cancel(event)
    after = read(the_file(dates, FIRST + timedelta(days=13)))
    assert after.begins == [event.starts_at for event in dates[:2]]
    assert max(after.sequences) > max(before.sequences)


@READS_SERIES
@pytest.mark.parametrize("days", [-1, 6])
def test_a_series_of_which_nothing_takes_place_is_taken_out_by_its_own_name(
    read: ReadSeries, days: int
) -> None:
    dates = weekly()
    before = read(the_file(dates))
    for event in dates:
        cancel(event)
    after = read(the_file(dates, FIRST + timedelta(days=days)))
    assert (after.method, after.status, after.uids) == ("CANCEL", "CANCELLED", before.uids)
    assert min(after.sequences) > max(before.sequences)


def test_dates_that_are_yet_to_be_made_keep_a_series_in_the_calendar() -> None:
    dates = weekly()
    for event in dates:
        cancel(event)
    later = FIRST + timedelta(weeks=6)
    assert series_by_ical(the_file(dates, later)).begins == [
        wall_to_utc(FIRST + timedelta(weeks=number), "Europe/Paris") for number in (5, 6)
    ]
