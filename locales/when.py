"""A day and a time as an animator types them: "Tue 18:00", «завтра о 18:00», "24.11 18:00".

What is typed in words of the person's language or in English is understood, in any digits. The
time must be said; guessing one would put it on an invitation. Who typed it is shown the result.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from locales.folding import fold

LONGEST = 100
"""No date needs more letters, and nothing longer is worth the search."""

FILLERS = {
    "en": ("on", "at", "the", "this"),
    "fr": ("le", "à", "ce"),
    "ar": ("يوم", "في", "الساعة", "على", "القادم", "المقبل"),
    "uk": ("у", "в", "о", "об", "на", "цей", "цю", "цього"),
}
"""Words that stand round a date and say nothing about it."""

INFLECTED_WEEKDAYS = {"uk": {"середу": 2, "п'ятницю": 4, "суботу": 5, "неділю": 6}}
"""Forms that CLDR does not list; Monday is 0."""

REGIONS = {"ar": ("ar-SY", "ar-MA", "ar-DZ")}
"""Arabic has three sets of month names; CLDR's plain Arabic knows only the Egyptian one."""

UNKNOWN_PHRASES = {"ar": {"بعد غد": "day after tomorrow"}}
"""What people say and dateparser does not know, in English."""

BEFORE_NOON = ("am", "a.m.", "ص", "صباحا", "дп", "ранку", "du matin", "matin")
AFTER_NOON = ("pm", "p.m.", "م", "مساء", "пп", "дня", "вечора", "du soir", "soir")


def parse_when(text: str, now: datetime, zone: ZoneInfo, language: str) -> datetime | None:
    """Return the coming moment that the text names in the zone, in UTC, or None.

    None is also the answer to a moment in the past, to one that the clocks skip that night, to
    two times at once, and to a weekday that is not the day of its date. Of an hour that comes
    twice, the first is meant. A bare time or weekday is the next one.
    """
    line = fold(text).strip() if len(text) <= LONGEST else ""
    found = list(_CLOCK.finditer(line))
    clock = _time_of_day(found[0]) if len(found) == 1 else None
    if clock is None:
        return None
    rest = f"{line[: found[0].start()]} {line[found[0].end() :]}"
    local_now = now.astimezone(zone).replace(tzinfo=None)
    said = _day(rest, local_now, clock, language)
    if said is None:
        return None
    local = datetime.combine(said, clock)
    when = local.replace(tzinfo=zone).astimezone(UTC)
    is_skipped = when.astimezone(zone).replace(tzinfo=None) != local
    return None if is_skipped or when <= now else when


def parse_day(text: str, today: date, language: str) -> date | None:
    """Return the day that the text names, past or coming, or None; without a year, the next."""
    line = fold(text).strip() if len(text) <= LONGEST else ""
    fillers = {fold(word) for key in (language, "en") for word in FILLERS.get(key, ())}
    words = " ".join(word for word in re.findall(r"[^\s,،;]+", line) if word not in fillers)
    return _date(words, datetime.combine(today, time()), language) if words else None


def _either(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(fold(word)) for word in sorted(words, key=len, reverse=True))


_CLOCK = re.compile(
    rf"""(?<![\d.:/-])(?P<hour>\d{{1,2}})
    (?: (?::|h|\ h\ )(?P<minute>\d{{2}})(?![\d:])             # 18:30, 18h30, 18 h 30
      | \ ?год\.?\ (?P<minute_uk>\d{{2}})\ ?хв\.?             # 18 год 30 хв
      | \.(?P<minute_dotted>00|1[3-9]|[2-5]\d)(?![\d.])       # 18.30, where .30 is no month
      | \ ?(?:heures?|h|годині|год)\b\.?                      # 18h, 18 год
      | (?=\ ?(?:{_either(BEFORE_NOON + AFTER_NOON)})(?!\w))  # 6 pm
    )
    (?:\ ?(?:(?P<before>{_either(BEFORE_NOON)})|(?P<after>{_either(AFTER_NOON)}))(?!\w))?""",
    re.VERBOSE,
)


def _time_of_day(match: re.Match[str]) -> time | None:
    hour = int(match["hour"])
    minute = int(match["minute"] or match["minute_uk"] or match["minute_dotted"] or 0)
    if match["before"] and hour > 12:
        return None
    if match["before"] or (match["after"] and hour <= 12):
        hour = hour % 12 + (12 if match["after"] else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _day(text: str, now: datetime, clock: time, language: str) -> date | None:
    """Return the day that the words name: the next that fits, if they leave it open."""
    fillers = {fold(word) for key in (language, "en") for word in FILLERS.get(key, ())}
    words = [word for word in re.findall(r"[^\s,،;]+", text) if word not in fillers]
    weekdays = _weekdays(language)  # before months: in French «mar» is mardi, not March
    named = [weekdays[word.rstrip(".")] for word in words if word.rstrip(".") in weekdays]
    rest = " ".join(word for word in words if word.rstrip(".") not in weekdays)
    if len(named) > 1:
        return None
    if rest:
        day = _date(rest, now, language)
        return day if day is None or not named or day.weekday() == named[0] else None
    first = now.date() + timedelta(days=1 if now.time() >= clock else 0)
    return first + timedelta(days=(named[0] - first.weekday()) % 7 if named else 0)


@cache
def _weekdays(language: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for key in ("en", language):
        for width in ("wide", "abbreviated", "short"):
            for style in ("format", "stand-alone"):
                days = _locale(key).days[style][width]
                names |= {fold(name).rstrip("."): weekday for weekday, name in days.items()}
        names |= {fold(name): day for name, day in INFLECTED_WEEKDAYS.get(key, {}).items()}
    return names


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def _date(text: str, now: datetime, language: str) -> date | None:
    """Return the date of a text that is nothing but a date; without a year, the next one."""
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return _calendar_day(*(int(part) for part in match.groups()))
    if match := re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2})?)?", text):
        day, month, year = int(match[1]), int(match[3]), int(match[4] or 0)
        if year:
            return _calendar_day(year if year > 99 else 2000 + year, month, day)
        this_year = _calendar_day(now.year, month, day)
        if this_year and this_year >= now.date():
            return this_year
        return _calendar_day(now.year + 1, month, day)
    for name, usual in _usual_words(language).items():
        text = re.sub(rf"\b{name}\b", usual, text)
    return _date_in_words(text, now, language)


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _usual_words(language: str) -> dict[str, str]:
    """Map what dateparser would not understand to words that it does."""
    usual = _locale(language).months["format"]["wide"]
    months = {
        fold(name): usual[month]
        for region in REGIONS.get(language, ())
        for month, name in _locale(region).months["format"]["wide"].items()
        if name not in usual.values()
    }
    phrases = UNKNOWN_PHRASES.get(language, {})
    return months | {fold(phrase): english for phrase, english in phrases.items()}


def _date_in_words(text: str, now: datetime, language: str) -> date | None:
    import dateparser

    settings = {
        "RELATIVE_BASE": now,
        "PREFER_DATES_FROM": "future",
        "DATE_ORDER": "DMY",
        "REQUIRE_PARTS": ["day", "month"],
        "PARSERS": ["relative-time", "absolute-time"],
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    for languages in ([language, "en"], [language.split("-", maxsplit=1)[0], "en"], ["en"]):
        try:
            parsed = dateparser.parse(text, languages=languages, settings=settings)
        except OverflowError:  # "in 99999 years"
            return None
        except ValueError:  # a language that dateparser does not know
            continue
        return parsed.date() if parsed else None
    return None
