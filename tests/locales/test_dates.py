"""Dates, lengths, numbers and lists as each language writes them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from locales import (
    OFFERED,
    Html,
    city,
    day,
    duration,
    event_time,
    join,
    moment,
    money,
    number,
    percent,
    plain,
    plain_moment,
    translator_for,
    without_isolates,
)

BRUSSELS, KYIV, TOKYO = (ZoneInfo(f) for f in ("Europe/Brussels", "Europe/Kyiv", "Asia/Tokyo"))
START = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
END = START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("language", "with_year", "without_year"),
    [
        ("en", "Tuesday, 24 November 2026, 18:30", "Tuesday 24 November, 18:30"),
        ("fr", "mardi 24 novembre 2026, 18:30", "mardi 24 novembre, 18:30"),
        ("ar", "الثلاثاء، 24 نوفمبر 2026، 6:30 م", "الثلاثاء، 24 نوفمبر، 6:30 م"),
        ("uk", "вівторок, 24 листопада 2026 р., 18:30", "вівторок, 24 листопада, 18:30"),
    ],
)
def test_a_moment_is_written_in_words(language: str, with_year: str, without_year: str) -> None:
    _ = translator_for(language)
    assert _plainly(plain_moment(START, BRUSSELS, _)) == with_year
    assert _plainly(plain_moment(START, BRUSSELS, _, year=2026)) == without_year
    assert _plainly(plain_moment(START, BRUSSELS, _, year=2025)) == with_year


def _plainly(text: str) -> str:
    """Return the text with CLDR's narrow and unbreakable spaces as plain ones."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_a_moment_carries_telegrams_own_date_and_our_words() -> None:
    said = moment(START, BRUSSELS, translator_for("en"), year=2026)
    assert said == '<tg-time unix="1795541400" format="">Tuesday 24 November, 18:30</tg-time>'
    assert isinstance(said, Html)


@pytest.mark.parametrize(
    ("utc", "brussels"),
    [
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "01:59"),
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "03:00"),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "02:30"),
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "02:30"),
        (datetime(2027, 10, 31, 2, 0, tzinfo=UTC), "03:00"),
    ],
)
def test_the_clock_follows_summer_time(utc: datetime, brussels: str) -> None:
    assert plain_moment(utc, BRUSSELS, translator_for("en")).endswith(brussels)


def event(language: str, event_zone: ZoneInfo, reader_zone: ZoneInfo, *, online: bool) -> str:
    _ = translator_for(language)
    told = event_time(START, END, event_zone, reader_zone, online, _, year=2026)
    return _plainly(without_isolates(plain(told)))


def test_where_the_clocks_agree_one_time_is_enough() -> None:
    paris = ZoneInfo("Europe/Paris")
    for online in (False, True):
        assert event("en", BRUSSELS, paris, online=online) == "Tuesday 24 November, 18:30–20:30"


def test_what_happens_at_a_place_is_told_in_its_zone_first() -> None:
    assert event("en", BRUSSELS, KYIV, online=False).split("\n") == [
        "Tuesday 24 November, 18:30–20:30 (Brussels time)",
        "19:30–21:30 (Kyiv time)",
    ]


def test_what_happens_online_is_told_in_the_readers_zone_first() -> None:
    assert event("en", BRUSSELS, TOKYO, online=True).split("\n") == [
        "Wednesday 25 November, 02:30–04:30 (Tokyo time)",
        "Tuesday 24 November, 18:30–20:30 (Brussels time)",
    ]


def test_two_zones_may_agree_in_winter_and_differ_in_summer() -> None:
    tunis, _ = ZoneInfo("Africa/Tunis"), translator_for("en")
    summer = START + timedelta(days=200)
    assert "\n" not in event_time(START, END, BRUSSELS, tunis, False, _)
    assert "\n" in event_time(summer, None, BRUSSELS, tunis, False, _)


def test_an_event_over_midnight_names_both_days() -> None:
    _ = translator_for("en")
    told = event_time(START, START + timedelta(hours=6), BRUSSELS, BRUSSELS, False, _, year=2026)
    assert plain(told) == "Tuesday 24 November, 18:30 – Wednesday 25 November, 00:30"


def test_an_arabic_event_names_its_cities_in_arabic() -> None:
    assert event("ar", BRUSSELS, KYIV, online=False).split("\n") == [
        "الثلاثاء، 24 نوفمبر، 6:30–8:30 م (بتوقيت بروكسل)",
        "7:30–9:30 م (بتوقيت كييف)",
    ]


def test_a_renamed_city_and_utc_have_names() -> None:
    _ = translator_for("uk")
    assert [city(ZoneInfo(key), _) for key in ("Europe/Kyiv", "Europe/Kiev", "UTC")] == [
        *("Київ", "Київ", "UTC")
    ]
    assert city(ZoneInfo("America/New_York"), translator_for("en")) == "New York"


@pytest.mark.parametrize(
    ("language", "minutes", "text"),
    [
        ("en", 0, "0 minutes"), ("en", 90, "1 hour and 30 minutes"), ("en", 1440, "1 day"),
        ("fr", 90, "1 heure et 30 minutes"), ("ar", 120, "ساعتان"), ("ar", 2880, "يومان"),
        ("uk", 300, "5 годин"), ("uk", 121, "2 години і 1 хвилина"),
    ],
)  # fmt: skip
def test_a_length_is_written_in_full(language: str, minutes: int, text: str) -> None:
    assert _plainly(duration(timedelta(minutes=minutes), translator_for(language))) == text


def test_numbers_and_money_follow_the_language() -> None:
    fr = translator_for("fr")
    assert _plainly(number(12345.5, fr)) == "12 345,5"
    assert _plainly(money(12.5, "EUR", fr)) == "12,50 €"
    assert _plainly(percent(0.256, fr)) == "26 %"


@pytest.mark.parametrize("language", [*OFFERED, "fa", "ar-EG", "bn", "my"])
def test_digits_are_latin_in_every_language(language: str) -> None:
    _ = translator_for(language)
    texts = [
        *(number(1234, _), money(1234, "EUR", _), percent(0.5, _), day(date(2026, 11, 24), _)),
        *(plain_moment(START, BRUSSELS, _), duration(timedelta(hours=5), _)),
        event_time(START, END, BRUSSELS, KYIV, False, _),
    ]
    assert all(char.isascii() for text in texts for char in text if char.isdigit())


def test_a_list_isolates_and_escapes_its_items() -> None:
    assert join(["a", "<b>", Html("<i>c</i>")], translator_for("fr")) == (
        "\u2068a\u2069, \u2068&lt;b&gt;\u2069 et \u2068<i>c</i>\u2069"
    )
    assert join([], translator_for("fr")) == ""
