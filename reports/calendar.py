"""The iCalendar file of an event: what a phone puts into its calendar.

UID stays for ever and SEQUENCE grows with each change, so that a later file replaces the earlier
entry instead of standing beside it. The file names nobody.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from community import events
from community.events import Event
from community.series import Every, Rule
from locales import balanced

PRODUCT = "-//Diwan//Diwan//EN"
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OFF = (events.State.CANCELLED, events.State.DISCARDED)
LAST_FROM = 28
"""A date later than this in its month stands for the last of its weekday."""


def event_file(
    event: Event,
    title: str,
    description: str,
    language: str,
    now: datetime,
    *,
    with_address: bool = True,
) -> bytes:
    """Return the file; of a cancelled event, the one that takes the entry out again.

    Times are wall time in the event's zone. The address, or the link, is for those who are going.
    """
    is_cancelled = event.state == events.State.CANCELLED
    words = title, description, language
    entry = _entry(event, words, now, with_address=with_address)
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    day = event.starts_wall.date()
    return _file(event, [entry], "CANCEL" if is_cancelled else "PUBLISH", day)


def series_file(
    pattern: Event,
    ref: str,
    rule: Rule,
    dates: Sequence[Event],
    words: tuple[str, str, str],
    now: datetime,
    *,
    comes_to: Collection[int],
) -> bytes:
    """Return the file of all dates of what repeats, as ``pattern``, one of them, is now.

    Once it has ended and none of its dates takes place, it is the one that takes all of them out
    again. SEQUENCE grows with that of every date, so that the newer file counts.

    What is left out is an EXDATE. A date that was moved, or lasts longer or shorter, is an entry
    of its own, that stands for the day of the rule; so is each that the reader comes to, because
    the address is for them of these alone. The series is known by ``ref``. Title, description and
    their language are ``words``.
    """
    zone = events.zone_of(pattern)
    at = rule.starts_wall.time()
    begins = rule.starts_wall.replace(tzinfo=zone)
    uid = f"{ref}-series@diwan"
    sequence = sum(each.sequence for each in dates)
    off = {each.series_day for each in dates if each.state in OFF}
    is_cancelled = rule.until is not None and off.issuperset(rule.days(rule.until))
    main = _entry(pattern, words, now, with_address=False)
    for name, value in (
        ("uid", uid),
        ("dtstart", begins),
        ("dtend", begins + timedelta(minutes=pattern.minutes)),
        ("sequence", sequence),
    ):
        main.pop(name, None)
        main.add(name, value)
    main.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    if is_cancelled:
        return _file(pattern, [main], "CANCEL", rule.starts_wall.date())
    main.add("rrule", rule_in_words(rule, zone))
    entries = [main]
    for each in dates:
        if each.series_day is None:
            continue
        regular = datetime.combine(each.series_day, at, zone)
        as_ruled = (regular.replace(tzinfo=None), pattern.minutes, False)
        knows_where = each.id in comes_to
        if each.state in OFF:
            main.add("exdate", regular)
        elif (each.starts_wall, each.minutes, knows_where) != as_ruled:
            own = _entry(each, words, now, with_address=knows_where)
            for name, value in (("uid", uid), ("sequence", sequence)):
                own.pop(name)
                own.add(name, value)
            own.add("recurrence-id", regular)
            entries.append(own)
    return _file(pattern, entries, "PUBLISH", rule.starts_wall.date())


def rule_in_words(rule: Rule, zone: ZoneInfo) -> dict[str, Any]:
    """Return a rule as iCalendar says it."""
    rules: dict[Every, dict[str, Any]] = {
        Every.WEEK: {"freq": "weekly"},
        Every.TWO_WEEKS: {"freq": "weekly", "interval": 2},
        Every.MONTH: {"freq": "monthly", "byday": _weekday(rule.starts_wall.date())},
    }
    told = rules[rule.every]
    if rule.until is not None:
        told["until"] = datetime.combine(rule.until, time.max, zone).astimezone(UTC)
    return told


def _weekday(first: date) -> str:
    """Return "the second Tuesday" as iCalendar says it; from the 29th on, the last."""
    number = -1 if first.day > LAST_FROM else (first.day - 1) // 7 + 1
    return f"{number}{DAYS[first.weekday()]}"


def _entry(event: Event, words: tuple[str, str, str], now: datetime, *, with_address: bool) -> Any:
    from icalendar import Event as Entry

    title, description, language = words
    zone = events.zone_of(event)
    entry = Entry()
    entry.add("uid", f"{event.uid}@diwan")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", now)
    entry.add("last-modified", event.changed_at)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    ends = event.ends_at.astimezone(zone)
    # Of an hour that comes twice a wall time means the first one.
    entry.add("dtend", event.ends_at if ends.fold else ends)
    # The programs of phones set these beside words of their own.
    entry.add("summary", balanced(title), parameters={"LANGUAGE": language})
    if description:
        entry.add("description", balanced(description), parameters={"LANGUAGE": language})
    if with_address and event.place:
        entry.add("location", balanced(event.place))
    if with_address and event.link:
        entry.add("url", event.link)
    return entry


def _file(event: Event, entries: Sequence[Any], method: str, day: date) -> bytes:
    from icalendar import Calendar, Timezone

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    # One year each way is enough for one entry; without an end the library lists decades.
    around = timedelta(days=366)
    calendar.add_component(
        Timezone.from_tzid(event.zone, first_date=day - around, last_date=day + around)
    )
    for entry in entries:
        calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content
