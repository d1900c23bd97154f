"""Events out of the calendar files of others: what becomes an event, and what is said instead."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.errors import FileRefusedError
from community.series import FOR_EVER, Every, Rule
from reports import calendar_in
from reports.calendar_in import Found

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEA = "SUMMARY:Tea\nLOCATION:Library\n"
AT_SIX = "DTSTART;TZID=Europe/Paris:20261201T180000\nDTEND;TZID=Europe/Paris:20261201T193000\n"


def a_file(*entries: str, head: str = "") -> bytes:
    each = "".join(f"BEGIN:VEVENT\n{entry}END:VEVENT\n" for entry in entries)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{head}{each}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def one(entry: str, head: str = "") -> Found:
    (found,) = calendar_in.read(a_file(entry, head=head), NOW, "Europe/Paris")
    return found


def test_the_facts_of_an_event_are_taken() -> None:
    found = one(
        "SUMMARY;LANGUAGE=fr-FR:Thé\\, café\nDESCRIPTION:Un\\ndeux\nLOCATION:3 rue de la Paix\n"
        + AT_SIX
    )
    assert found == Found(
        "Thé, café",
        language="fr",
        description="Un\ndeux",
        starts_wall="2026-12-01T18:00:00",
        zone="Europe/Paris",
        minutes=90,
        place="3 rue de la Paix",
    )


@pytest.mark.parametrize(
    ("starts", "wall", "zone"),
    [
        (
            "DTSTART;TZID=America/New_York:20261201T180000",
            "2026-12-01T18:00:00",
            "America/New_York",
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20261201T180000",
            "2026-12-01T18:00:00",
            "Europe/Berlin",
        ),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Kyiv:20261201T180000",
            "2026-12-01T18:00:00",
            "Europe/Kyiv",
        ),
        ("DTSTART:20261201T170000Z", "2026-12-01T18:00:00", "Europe/Paris"),
        ("DTSTART:20270601T160000Z", "2027-06-01T18:00:00", "Europe/Paris"),
        ("DTSTART:20261201T180000", "2026-12-01T18:00:00", "Europe/Paris"),
    ],
)
def test_a_time_is_that_of_its_zone_however_it_is_called(
    starts: str, wall: str, zone: str
) -> None:
    found = one(f"{TEA}{starts}\nDURATION:PT45M\n")
    assert (found.starts_wall, found.zone, found.minutes) == (wall, zone, 45)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (TEA + "DTSTART;VALUE=DATE:20261201\n", "all_day"),
        (TEA + "DTSTART:20251201T180000Z\n", "past"),
        (TEA + "DTSTART;TZID=Our own time:20261201T180000\n", "zone"),
        (TEA + "DTSTART:nonsense\n", "broken"),
        (TEA, "broken"),
        ("SUMMARY:Tea\n" + AT_SIX, "where"),
        (f"SUMMARY:Tea\nLOCATION:{'x' * 201}\n" + AT_SIX, "where"),
        ("LOCATION:Library\n" + AT_SIX, "title"),
        (TEA + AT_SIX + "STATUS:CANCELLED\n", "cancelled"),
        (TEA + AT_SIX + "RECURRENCE-ID;TZID=Europe/Paris:20261201T180000\n", "other_date"),
        (TEA + "DTSTART:20261201T180000Z\nDTEND:20261201T180000Z\n", "duration"),
        (TEA + "DTSTART:20261201T180000Z\nDTEND:20261101T180000Z\n", "duration"),
        (TEA + "DTSTART;TZID=Europe/Paris:20270328T023000\n", "when"),
    ],
)
def test_what_cannot_be_an_event_here_says_why(entry: str, why: str) -> None:
    assert one(entry).problem == why


@pytest.mark.parametrize(
    ("rule", "every", "until"),
    [
        ("FREQ=WEEKLY", Every.WEEK, None),
        ("FREQ=WEEKLY;BYDAY=TU;WKST=SU", Every.WEEK, None),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=3", Every.TWO_WEEKS, "2026-12-29"),
        ("FREQ=WEEKLY;UNTIL=20261222T170000Z", Every.WEEK, "2026-12-22"),
        ("FREQ=MONTHLY;BYDAY=1TU", Every.MONTH, None),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", Every.MONTH, None),
    ],
)
def test_a_rule_that_is_one_of_ours_is_taken(rule: str, every: Every, until: str | None) -> None:
    found = one(f"{TEA}{AT_SIX}RRULE:{rule}\n")
    assert (found.every, found.until, found.lost) == (every, until, ())


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=TU,TH",
        "FREQ=WEEKLY;INTERVAL=3",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYDAY=-1TU",
        "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=400",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;COUNT=100000",
    ],
)
def test_of_another_rule_the_first_date_is_taken_and_that_is_said(rule: str) -> None:
    found = one(f"{TEA}{AT_SIX}RRULE:{rule}\n")
    assert (found.problem, found.every, found.lost) == ("", None, ("rule",))


def test_a_series_that_has_begun_goes_on_with_its_next_date() -> None:
    start = "DTSTART;TZID=Europe/Paris:20260127T180000\nDURATION:PT1H\n"
    last = one(f"{TEA}{start}RRULE:FREQ=WEEKLY\n")
    assert last.starts_wall == "2026-11-24T18:00:00"
    start = start.replace("20260127", "20260331")  # the last Tuesday of March
    last = one(f"{TEA}{start}RRULE:FREQ=MONTHLY;BYDAY=-1TU\n")
    again = Rule(Every.MONTH, datetime.fromisoformat(last.starts_wall))
    assert again.days(FOR_EVER, 2) == [date(2026, 12, 29), date(2027, 1, 26)]
    over = one(f"{TEA}{start}RRULE:FREQ=WEEKLY;COUNT=3\n")
    assert over.problem == "past"


def test_days_that_are_left_out_and_long_words_are_named() -> None:
    left = f"{TEA}{AT_SIX}RRULE:FREQ=WEEKLY\nEXDATE;TZID=Europe/Paris:20261208T180000\n"
    assert one(left).lost == ("days",)
    long = one(f"{TEA}{AT_SIX}DESCRIPTION:{'x' * 9000}\n")
    assert (long.lost, long.description) == (("description",), "")


def test_a_link_is_a_link_wherever_it_stands() -> None:
    for said in ("LOCATION:https://example.org/room\n", "URL:https://example.org/room\n"):
        found = one(f"SUMMARY:Tea\n{said}{AT_SIX}")
        assert (found.place, found.link) == (None, "https://example.org/room")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"hello", "not_ics"),
        (b"", "not_ics"),
        (a_file(), "not_ics"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "not_ics"),
        (b"\xff\xfe\x00", "encoding"),
        (a_file(*[TEA] * 21), "many_events"),
        (a_file(TEA) + b" " * 2**17, "too_big"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        calendar_in.read(content, NOW, "Europe/Paris")
    assert refused.value.why == why


def test_what_a_file_says_of_zones_is_not_followed() -> None:
    """It may be wrong, or a rule that never ends; and the library would remember it."""
    lie = (
        "BEGIN:VTIMEZONE\nTZID:GTB Standard Time\nBEGIN:STANDARD\n"
        "DTSTART:16010101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\n"
        "END:STANDARD\nEND:VTIMEZONE\n"
    )
    starts = "DTSTART;TZID=GTB Standard Time:20261201T180000\n"
    found = one(TEA + starts, head=lie)
    assert (found.starts_wall, found.zone) == ("2026-12-01T18:00:00", "Europe/Bucharest")


@given(st.text(alphabet="BEGINVTUSDRL:;=,-\n0123456789TZ ", max_size=120))
def test_noise_is_refused_or_understood_and_nothing_else(noise: str) -> None:
    for content in (noise.encode(), a_file(f"{TEA}{noise}\n"), a_file(f"{TEA}RRULE:{noise}\n")):
        try:
            calendar_in.read(content, NOW, "Europe/Paris")
        except FileRefusedError:
            continue
