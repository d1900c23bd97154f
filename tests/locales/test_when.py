"""A day and a time as an animator types them. It is Monday, 23 November 2026, noon in Brussels."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales import OFFERED, fold_digits, parse_when

BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def understood(text: str, language: str) -> str | None:
    when = parse_when(text, NOW, BRUSSELS, language)
    assert when is None or when.tzinfo is UTC
    return when.astimezone(BRUSSELS).strftime("%a %d.%m.%Y %H:%M") if when else None


@pytest.mark.parametrize(
    ("language", "text", "meaning"),
    [
        ("en", "Tue 18:00", "Tue 24.11.2026 18:00"),
        ("en", "tuesday at 6 pm", "Tue 24.11.2026 18:00"),
        ("en", "Tue 18.30", "Tue 24.11.2026 18:30"),
        ("en", "24.11 18:00", "Tue 24.11.2026 18:00"),
        ("en", "24/11/2027 18:00", "Wed 24.11.2027 18:00"),
        ("en", "2026-11-24 18:00", "Tue 24.11.2026 18:00"),
        ("en", "24 Nov 6:30 pm", "Tue 24.11.2026 18:30"),
        ("en", "18:00 on 24 November", "Tue 24.11.2026 18:00"),
        ("en", "tomorrow 12 am", "Tue 24.11.2026 00:00"),
        ("en", "tomorrow 12 pm", "Tue 24.11.2026 12:00"),
        ("en", "in 3 days at 18:00", "Thu 26.11.2026 18:00"),
        ("en", "Mon 18:00", "Mon 23.11.2026 18:00"),
        ("en", "Mon 12:00", "Mon 30.11.2026 12:00"),
        ("en", "18:00", "Mon 23.11.2026 18:00"),
        ("en", "11:00", "Tue 24.11.2026 11:00"),
        ("en", "Mar 5 18:00", "Fri 05.03.2027 18:00"),
        ("en", "1.1 9:00", "Fri 01.01.2027 09:00"),
        ("fr", "mar 18h30", "Tue 24.11.2026 18:30"),
        ("fr", "mar. 24 nov. à 18 h 30", "Tue 24.11.2026 18:30"),
        ("fr", "5 mars 18h", "Fri 05.03.2027 18:00"),
        ("fr", "18h 24 novembre", "Tue 24.11.2026 18:00"),
        ("fr", "après-demain à 18h30", "Wed 25.11.2026 18:30"),
        ("fr", "aujourd’hui à 18h", "Mon 23.11.2026 18:00"),
        ("fr", "Tue 18:00", "Tue 24.11.2026 18:00"),
        ("uk", "вт 18:00", "Tue 24.11.2026 18:00"),
        ("uk", "у вівторок о 18:00", "Tue 24.11.2026 18:00"),
        ("uk", "в п’ятницю о 18:30", "Fri 27.11.2026 18:30"),
        ("uk", "завтра о 18 год", "Tue 24.11.2026 18:00"),
        ("uk", "24 листопада 18:00", "Tue 24.11.2026 18:00"),
        ("uk", "в середу о 6 вечора", "Wed 25.11.2026 18:00"),
        ("ar", "الثلاثاء 18:00", "Tue 24.11.2026 18:00"),
        ("ar", "يوم الثلاثاء الساعة ١٨:٠٠", "Tue 24.11.2026 18:00"),
        ("ar", "غدا الساعة 6 مساءً", "Tue 24.11.2026 18:00"),
        ("ar", "بعد غد 18:00", "Wed 25.11.2026 18:00"),
        ("ar", "٢٤/١١ ١٨:٣٠", "Tue 24.11.2026 18:30"),
        ("ar", "24 تشرين الثاني 18:00", "Tue 24.11.2026 18:00"),
        ("ar", "5 غشت 18:00", "Thu 05.08.2027 18:00"),
        ("fa", "سه‌شنبه ۱۸:۰۰", "Tue 24.11.2026 18:00"),
        ("zz", "Tue 18:00", "Tue 24.11.2026 18:00"),
    ],
)
def test_a_day_and_a_time_are_understood(language: str, text: str, meaning: str) -> None:
    assert understood(text, language) == meaning


@pytest.mark.parametrize(
    "text",
    [
        *("", "Tue", "24.11", "Tue 12.11", "tomorrow", "hello", "hello 18:00", "at six"),
        *(
            "20.11.2026 18:00",
            "today 11:00",
            "Wed 24.11 18:00",
            "Tue Wed 18:00",
            "Tue 18:00-20:00",
        ),
        *("31.2 18:00", "29.02.2027 18:00", "Tue 25:00", "Tue 18:60", "13 am", "-20:00"),
        *("in 99999 years 18:00", "24.11.99999 18:00", "Tue 18:00" + " " * 200 + "x"),
    ],
)
def test_what_has_no_time_or_is_past_or_cannot_be_is_not_guessed(text: str) -> None:
    assert understood(text, "en") is None


def test_a_time_that_the_clocks_skip_is_not_understood() -> None:
    assert understood("28.03.2027 02:30", "en") is None
    assert understood("28.03.2027 03:00", "en") == "Sun 28.03.2027 03:00"


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    when = parse_when("31.10.2027 02:30", NOW, BRUSSELS, "en")
    assert when == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_the_day_is_that_of_the_zone_not_of_utc() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already Tuesday in Brussels
    assert parse_when("18:00", late, BRUSSELS, "en") == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_digits_of_any_script_are_digits() -> None:
    assert fold_digits("٢٤ ۲۴ २४ ২৪ ²") == "24 24 24 24 ²"


@given(st.text(max_size=120), st.sampled_from(OFFERED))
def test_no_text_breaks_the_reading_of_dates(text: str, language: str) -> None:
    when = parse_when(f"{text} 18:00", NOW, BRUSSELS, language)
    assert when is None or when > NOW
