"""Opening hours in a week, as the reader's language writes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from babel.dates import format_interval
from babel.lists import format_list

from locales.translator import Translator

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - any Monday; only the hours are shown

Hours = tuple[str, str, str]
"""Days (``MO,TU``), and from when until when (``09:00``), by the wall there."""


def weekly(hours: Iterable[Hours], _: Translator) -> Sequence[tuple[str, str]]:
    """Return lines of days and times; days with the same times stand together."""
    by_day: dict[int, list[tuple[str, str]]] = {}
    for days, opens, closes in sorted(hours, key=lambda each: each[1]):
        for number in (DAYS.index(day) for day in days.split(",") if day in DAYS):
            by_day.setdefault(number, []).append((opens, closes))
    together: list[tuple[list[int], list[tuple[str, str]]]] = []
    for number in sorted(by_day):
        same = next((days for days, times in together if times == by_day[number]), None)
        if same is None:
            together.append(([number], by_day[number]))
        else:
            same.append(number)
    return [
        (_days(days, _), format_list([_span(*each, _) for each in times], locale=_.locale))
        for days, times in together
    ]


def _days(numbers: Sequence[int], _: Translator) -> str:
    names = _.locale.days["stand-alone"]["abbreviated"]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{names[numbers[0]]} – {names[numbers[-1]]}"
    return format_list([str(names[number]) for number in numbers], locale=_.locale)


def _span(opens: str, closes: str, _: Translator) -> str:
    hours = "hm" if "h" in str(_.locale.time_formats["short"].pattern) else "Hm"
    return str(format_interval(_moment(opens), _moment(closes), hours, locale=_.locale))


def _moment(wall: str) -> datetime:
    hour, _, minute = wall.partition(":")
    return _MONDAY + timedelta(hours=int(hour) % 24, minutes=int(minute or 0))
