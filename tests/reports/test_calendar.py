"""The calendar file of an event."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar

from community import events
from community.events import Event
from community.series import Every, Rule
from reports.calendar import event_file, series_file

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def an_event(**changes: object) -> Event:
    facts: dict[str, object] = {
        "uid": "a1b2",
        "sequence": 0,
        "state": events.State.PUBLISHED,
        "changed_at": NOW,
        "starts_wall": datetime(2027, 3, 30, 18, 0),  # noqa: DTZ001 - wall time
        "zone": "Europe/Paris",
        "starts_at": datetime(2027, 3, 30, 16, 0, tzinfo=UTC),
        "minutes": 120,
        "place": "Bibliothèque, 3 rue de la Paix; salle 2",
        "link": None,
    }
    return Event(**{**facts, **changes})


def read(content: bytes) -> Any:
    return Calendar.from_ical(content)


def test_the_file_says_when_in_the_zone_of_the_event_and_brings_that_zone_along() -> None:
    calendar = read(event_file(an_event(), "عنوان", "تفاصيل", "ar", NOW))
    (entry,) = calendar.walk("VEVENT")
    assert entry["DTSTART"].dt.astimezone(UTC) == datetime(2027, 3, 30, 16, 0, tzinfo=UTC)
    assert entry["DTSTART"].params["TZID"] == "Europe/Paris"
    assert entry["DTEND"].dt.astimezone(UTC) == datetime(2027, 3, 30, 18, 0, tzinfo=UTC)
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Paris"
    # Two days before this event the clocks have changed: the zone must know that.
    assert {part.name for part in zone.subcomponents} == {"STANDARD", "DAYLIGHT"}


def test_title_and_description_name_their_language_and_survive_the_format() -> None:
    title = "Rencontre; cafés, thé\nsuite " + "é" * 100
    (entry,) = read(event_file(an_event(), title, "a, b; c", "fr", NOW)).walk("VEVENT")
    assert str(entry["SUMMARY"]) == title
    assert entry["SUMMARY"].params["LANGUAGE"] == "fr"
    assert str(entry["DESCRIPTION"]) == "a, b; c"
    assert str(entry["LOCATION"]) == "Bibliothèque, 3 rue de la Paix; salle 2"


def test_no_line_is_longer_than_calendars_may_read() -> None:
    content = event_file(an_event(), "م" * 200, "", "ar", NOW)
    assert max(map(len, content.split(b"\r\n"))) <= 75


def test_a_changed_event_replaces_its_entry_and_a_cancelled_one_removes_it() -> None:
    first = read(event_file(an_event(), "Meeting", "", "en", NOW))
    changed = read(event_file(an_event(sequence=1), "Meeting", "", "en", NOW))
    gone = an_event(sequence=2, state=events.State.CANCELLED)
    cancelled = read(event_file(gone, "Meeting", "", "en", NOW))
    told = [
        (str(calendar["METHOD"]), str(entry["UID"]), int(entry["SEQUENCE"]), str(entry["STATUS"]))
        for calendar in (first, changed, cancelled)
        for entry in calendar.walk("VEVENT")
    ]
    assert told == [
        ("PUBLISH", "a1b2@diwan", 0, "CONFIRMED"),
        ("PUBLISH", "a1b2@diwan", 1, "CONFIRMED"),
        ("CANCEL", "a1b2@diwan", 2, "CANCELLED"),
    ]


def test_the_file_names_nobody_and_keeps_the_address_from_who_is_not_going() -> None:
    event = an_event(place=None, link="https://example.org/room")
    content = event_file(event, "Meeting", "", "en", NOW)
    assert b"ATTENDEE" not in content
    assert b"ORGANIZER" not in content
    assert b"https://example.org/room" in content
    hidden = event_file(event, "Meeting", "", "en", NOW, with_address=False)
    assert b"example.org" not in hidden


def test_a_line_is_folded_between_letters_never_within_one() -> None:
    for title in ("م" * 200, "a" + "م" * 200, "ab" + "🌍" * 100):
        for line in event_file(an_event(), title, title, "ar", NOW).split(b"\r\n"):
            line.decode()


def test_what_is_typed_turns_nothing_round_in_a_phones_calendar() -> None:
    """An override and an isolate without an end go; those that end with their line stay."""
    title = "\u202eلقاء \u2068Café!\u2069 \u2067قهوة"
    event = an_event(place="\u202dالمكتبة\u2069")
    (entry,) = read(event_file(event, title, "\u202bسطر\n\u2066ثان", "ar", NOW)).walk("VEVENT")
    assert str(entry["SUMMARY"]) == "لقاء \u2068Café!\u2069 قهوة"
    assert str(entry["DESCRIPTION"]) == "سطر\nثان"
    assert str(entry["LOCATION"]) == "المكتبة"
    assert entry["SUMMARY"].params["LANGUAGE"] == entry["DESCRIPTION"].params["LANGUAGE"] == "ar"


def test_what_repeats_is_one_entry_with_its_rule_what_is_left_out_and_what_was_moved() -> None:
    first = datetime(2027, 3, 16, 18, 0)  # noqa: DTZ001 - wall time
    dates = []
    off = events.State.CANCELLED
    for number, (hours, state) in enumerate([(0, None), (0, off), (1, None), (0, None)]):
        wall = first + timedelta(weeks=number, hours=hours)
        facts = {"state": state} if state else {}
        moment = events.wall_to_utc(wall, "Europe/Paris")
        day = (first + timedelta(weeks=number)).date()
        dates.append(
            an_event(
                id=number, starts_wall=wall, starts_at=moment, series_id=7, series_day=day, **facts
            )
        )
    rule = Rule(Every.WEEK, first, dates[-1].series_day)
    words = ("Tea", "", "en")
    calendar = read(series_file(dates[-1], "x", rule, dates, words, NOW, comes_to=()))
    main, moved = calendar.walk("VEVENT")
    assert main["RRULE"].to_ical() == b"FREQ=WEEKLY;UNTIL=20270406T215959Z"
    assert main["DTSTART"].dt.astimezone(UTC) == dates[0].starts_at
    assert main["EXDATE"].dts[0].dt.astimezone(UTC) == dates[1].starts_at
    assert moved["UID"] == main["UID"] != dates[2].uid
    at_six = dates[2].starts_at - timedelta(hours=1)
    assert moved["RECURRENCE-ID"].dt.astimezone(UTC) == at_six
    assert moved["DTSTART"].dt.astimezone(UTC) == dates[2].starts_at
    monthly = Rule(Every.MONTH, datetime(2027, 3, 30, 18, 0))  # noqa: DTZ001 - wall time
    entry, *_moved = read(
        series_file(dates[0], "x", monthly, dates[:1], words, NOW, comes_to=())
    ).walk("VEVENT")
    assert entry["RRULE"].to_ical() == b"FREQ=MONTHLY;BYDAY=-1TU"
