"""Times, numbers and lists as the reader's language writes them.

Always the Gregorian calendar and Latin digits (Babel writes no others), so that a date read aloud
is the same for all.
One zone rule: what happens at a place is told in the place's zone, what happens online in the
reader's; both are shown where they differ.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import (
    format_date,
    format_interval,
    format_skeleton,
    format_time,
    format_timedelta,
)
from babel.lists import format_list
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_name,
    get_territory_currencies,
)
from babel.units import format_unit

from locales.translator import Html, Translator, escape, isolate

_Unit = Literal["day", "hour", "minute"]

# Many read of the same days and hours, and Babel reads its pattern anew each time.
_format_date, _format_time, _format_interval, _format_skeleton = (
    lru_cache(1024)(write)
    for write in (format_date, format_time, format_interval, format_skeleton)
)


def moment(when: datetime, zone: ZoneInfo, _: Translator, *, year: int | None = None) -> Html:
    """Return day and time, which Telegram offers in the client's own zone and calendar on a tap.

    The year is left out if it is `year`, the one that the reader lives in.
    """
    return _tagged(when, plain_moment(when, zone, _, year=year))


def plain_moment(when: datetime, zone: ZoneInfo, _: Translator, *, year: int | None = None) -> str:
    """Return day and time as plain text."""
    local = when.astimezone(zone)
    return _glued(day(local.date(), _, year=year), clock_time(when, zone, _), _)


def day(when: date, _: Translator, *, year: int | None = None) -> str:
    """Return weekday, day and month, and the year unless it is `year`."""
    pattern = "full" if when.year != year else _pattern_without_year(_.locale)
    return _format_date(when, pattern, locale=_.locale)


def short_day(when: date, _: Translator) -> str:
    """Return weekday and day in few letters, for a button."""
    return str(_format_skeleton("MMMEd", when, locale=_.locale))


def clock_time(when: datetime, zone: ZoneInfo, _: Translator) -> str:
    """Return the time of day."""
    # Without its zone: two aware times are equal that are not written alike.
    local = when.astimezone(zone).replace(tzinfo=None)
    return _format_time(local, "short", locale=_.locale)


def duration(length: timedelta, _: Translator) -> str:
    """Return a length in days, hours and minutes; what is shorter than a minute is none."""
    minutes = int(length.total_seconds() // 60)
    amounts: dict[_Unit, timedelta] = {
        "day": timedelta(days=minutes // 1440),
        "hour": timedelta(hours=minutes // 60 % 24),
        "minute": timedelta(minutes=minutes % 60),
    }
    parts = [_in_unit(amount, unit, _) for unit, amount in amounts.items() if amount]
    return format_list(parts or [_in_unit(timedelta(0), "minute", _)], locale=_.locale)


def _in_unit(amount: timedelta, unit: _Unit, _: Translator) -> str:
    # Babel's `format_unit` knows no Arabic days; a threshold without end keeps it to one unit.
    return format_timedelta(amount, granularity=unit, threshold=float("inf"), locale=_.locale)


@dataclass(frozen=True, eq=False)
class CalendarNames:
    """What the days of the week and the months of one language are called in another.

    By CLDR, both as they stand in a date and alone; keys are folded (`str.casefold`).
    """

    days: Mapping[str, str]
    months: Mapping[str, str]

    def called(self, name: str) -> str:
        """Return what this day or month is called; anything else as it is."""
        folded = name.casefold()
        return self.days.get(folded) or self.months.get(folded) or name


@cache
def calendar_names(source: str, target: str) -> CalendarNames | None:
    """Return how to say days and months of one language in another; None if CLDR does not know."""
    try:
        own, other = (Locale.parse(language, sep="-") for language in (source, target))
    except (ValueError, UnknownLocaleError):
        return None
    return CalendarNames(
        *(
            {
                name.casefold(): there[context]["wide"][number]
                for context in ("stand-alone", "format")
                for number, name in here[context]["wide"].items()
            }
            for here, there in ((own.days, other.days), (own.months, other.months))
        )
    )


def event_time(
    start: datetime,
    end: datetime | None,
    event_zone: ZoneInfo,
    reader_zone: ZoneInfo,
    online: bool,
    _: Translator,
    *,
    year: int | None = None,
) -> Html:
    """Return when an event is, by the one zone rule; with two clocks, each names its city."""
    first, second = (reader_zone, event_zone) if online else (event_zone, reader_zone)
    told = _tagged(start, _span(start, end, first, _, year=year))
    if start.astimezone(first).utcoffset() == start.astimezone(second).utcoffset():
        return told
    same_day = start.astimezone(first).date() == start.astimezone(second).date()
    also = (
        _clock_span(start, end, second, _)
        if same_day and _ends_on_its_day(start, end, second)
        else _span(start, end, second, _, year=year)
    )
    return Html("\n").join(
        # NOTE: {time} is a day and time, {city} a city: "Tuesday, 18:30 (Brussels time)".
        _("{time} ({city} time)", time=text, city=city(zone, _))
        for text, zone in ((told, first), (also, second))
    )


def city(zone: ZoneInfo, _: Translator) -> str:
    """Return the city that stands for a zone, in the reader's language."""
    key = get_global("zone_aliases").get(zone.key, zone.key)
    # CLDR files a renamed city (Kyiv, Kolkata) under its former key.
    former = [old for old, new in get_global("zone_aliases").items() if new == key]
    for name in (key, *former):
        if found := _.locale.time_zones.get(name, {}).get("city"):
            return str(found)
    return "UTC" if key in {"UTC", "Etc/UTC"} else key.split("/")[-1].replace("_", " ")


def number(value: float | Decimal, _: Translator) -> str:
    """Return a number with the reader's separators."""
    return format_decimal(value, locale=_.locale)


def percent(share: float, _: Translator) -> str:
    """Return a share (0 to 1) in whole per cent."""
    return format_percent(share, locale=_.locale)


def money(amount: float | Decimal, currency: str, _: Translator) -> str:
    """Return an amount in a currency (ISO 4217)."""
    return format_currency(amount, currency, locale=_.locale)


def currency_name(currency: str, _: Translator) -> str:
    """Return what a currency is called (ISO 4217)."""
    return get_currency_name(currency, locale=_.locale)


def is_currency(code: str) -> bool:
    """Say whether this is a currency that is paid with somewhere today (ISO 4217)."""
    return any(
        code in get_territory_currencies(place) for place in get_global("territory_currencies")
    )


def distance(km: float, zone: ZoneInfo, _: Translator) -> str:
    """Return how far something is: in miles where the reader lives by them, else in metres.

    Rounded to what somebody can walk by: fifty metres, then a tenth, then a whole kilometre.
    """
    if get_global("zone_territories").get(zone.key) in {"US", "GB", "LR", "MM"}:
        return _length(max(km * 0.621371, 0.1), "mile", _)
    if km < 0.95:
        return _length(max(round(km * 20) * 50, 50), "meter", _)
    return _length(km, "kilometer", _)


def _length(amount: float, unit: str, _: Translator) -> str:
    return _written(round(amount, 1) if amount < 10 else round(amount), unit, _.locale)


@lru_cache(maxsize=4096)
def _written(amount: float, unit: str, locale: Locale) -> str:
    """Return a length; rounded as they are, the same few stand in every list."""
    return str(format_unit(amount, f"length-{unit}", length="short", locale=locale))


def join(items: Sequence[str], _: Translator) -> Html:
    """Return "a, b and c", each item escaped and isolated."""
    return Html(format_list([isolate(escape(item)) for item in items], locale=_.locale))


def _tagged(when: datetime, text: str) -> Html:
    # An empty format: the client shows our text, and the date in its own zone on a tap.
    return Html(f'<tg-time unix="{int(when.timestamp())}" format="">{escape(text)}</tg-time>')


def _glued(day_text: str, time_text: str, _: Translator) -> str:
    pattern = str(_.locale.datetime_formats["full"]).replace("'", "")
    return pattern.replace("{0}", time_text).replace("{1}", day_text)


def _pattern_without_year(locale: Locale) -> str:
    """Return CLDR's pattern for weekday, day and month, with the names in full."""
    pattern = str(locale.datetime_skeletons["MMMEd"].pattern)
    unquoted = re.split(r"('[^']*')", pattern)
    unquoted[::2] = [re.sub("MMM+", "MMMM", re.sub("E+", "EEEE", s)) for s in unquoted[::2]]
    return "".join(unquoted)


def _ends_on_its_day(start: datetime, end: datetime | None, zone: ZoneInfo) -> bool:
    return end is None or start.astimezone(zone).date() == end.astimezone(zone).date()


def _clock_span(start: datetime, end: datetime | None, zone: ZoneInfo, _: Translator) -> str:
    if end is None:
        return clock_time(start, zone, _)
    hours = "hm" if "h" in str(_.locale.time_formats["short"].pattern) else "Hm"
    # Naive local times: Babel would otherwise format the two ends in UTC.
    begins, ends = (when.astimezone(zone).replace(tzinfo=None) for when in (start, end))
    return _format_interval(begins, ends, hours, locale=_.locale)


def _span(
    start: datetime, end: datetime | None, zone: ZoneInfo, _: Translator, *, year: int | None
) -> str:
    if not _ends_on_its_day(start, end, zone):
        assert end is not None
        ends = (plain_moment(when, zone, _, year=year) for when in (start, end))
        return " – ".join(ends)
    return _glued(
        day(start.astimezone(zone).date(), _, year=year), _clock_span(start, end, zone, _), _
    )
