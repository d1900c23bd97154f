"""The calendar file as two programs read it that share no code with the one that writes it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from community import events
from community.events import Event, wall_to_utc
from reports.calendar import event_file
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
