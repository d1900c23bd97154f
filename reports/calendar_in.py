"""Events that somebody else's calendar wrote into a file: what of them can be one of ours.

What a file says is never trusted: it is small, has few events, and no rule in it is followed that
is not known to end. Its own descriptions of zones are not read; zones are known by their names,
those of Windows too.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from community import translations
from community.areas import known_zone
from community.errors import FileRefusedError, NotUnderstoodError
from community.events import Details, wall_to_utc
from community.series import FOR_EVER, MOST, Every, Rule
from locales import OFFERED

MOST_BYTES = 128 * 1024
MOST_EVENTS = 20
LASTS = 120
"""Minutes of an event of which the file does not say when it ends."""
ALIKE = 8
"""A rule is one of ours if its first days are, so many."""
RULE_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYSETPOS", "COUNT", "UNTIL", "WKST"}
BROKEN = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What the library raises for a property that is not what it should be."""


@dataclass(frozen=True)
class Found:
    """An event of a file.

    ``problem`` says why it cannot be one of ours, ``lost`` what is not taken along.
    """

    title: str
    language: str | None = None
    description: str = ""
    starts_wall: str = ""
    zone: str = ""
    minutes: int = LASTS
    place: str | None = None
    link: str | None = None
    every: str | None = None
    until: str | None = None
    problem: str = ""
    lost: tuple[str, ...] = ()

    def details(self) -> Details:
        """Return its facts."""
        return Details(
            datetime.fromisoformat(self.starts_wall),
            self.zone,
            place=self.place,
            link=self.link,
            minutes=self.minutes,
        )


def read(content: bytes, now: datetime, zone: str) -> list[Found]:
    """Return the events of a file; without a zone, times are those of the network's.

    Raises:
        FileRefusedError: it is no calendar, has no event, or too many.
    """
    from icalendar import Calendar

    if len(content) > MOST_BYTES:
        raise FileRefusedError("too_big")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefusedError("encoding") from None
    count = len(re.findall(r"^BEGIN:VEVENT\s*$", text, re.MULTILINE | re.IGNORECASE))
    if count > MOST_EVENTS:
        raise FileRefusedError("many_events")
    zones = re.compile(
        r"^BEGIN:VTIMEZONE\s*$.*?^END:VTIMEZONE\s*$\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE
    )
    with warnings.catch_warnings(action="ignore"):  # of what the library guesses, as we do
        try:
            calendar: Any = Calendar.from_ical(zones.sub("", text))
            entries = list(calendar.walk("VEVENT"))
        except (*BROKEN, IndexError):
            raise FileRefusedError("not_ics") from None
        if not entries:
            raise FileRefusedError("not_ics")
        return [_found(entry, now, zone) for entry in entries]


def _found(entry: Any, now: datetime, zone: str) -> Found:
    title = ""
    try:
        title = translations.clean("event", "title", str(entry.get("SUMMARY", "")))
        return _taken(entry, title, now, zone)
    except _Unfit as unfit:
        return Found(title, problem=unfit.why)
    except NotUnderstoodError as refused:
        return Found(title, problem=refused.field if title else "title")
    except BROKEN:
        return Found(title, problem="broken")


class _Unfit(Exception):  # noqa: N818 - it is no error but an event that is none of ours
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _taken(entry: Any, title: str, now: datetime, network_zone: str) -> Found:
    if str(entry.get("STATUS", "")).upper() == "CANCELLED":
        raise _Unfit("cancelled")
    if "RECURRENCE-ID" in entry:
        raise _Unfit("other_date")
    starts = entry["DTSTART"]
    if not isinstance(starts.dt, datetime):
        raise _Unfit("all_day")
    zone = _zone_of(starts, network_zone)
    wall = _wall(starts.dt, zone)
    lost = []
    rule = None
    if "RRULE" in entry:
        rule = _rule(entry["RRULE"], wall, zone)
        if rule is None:
            lost.append("rule")
        elif "EXDATE" in entry or "RDATE" in entry:
            lost.append("days")
    if rule is not None:
        today = now.astimezone(ZoneInfo(zone)).date()
        ahead = rule.days(today + timedelta(days=400))
        is_last = rule.every is Every.MONTH and wall.day > 28  # the same rule from later on
        days = [day for day in ahead if not is_last or day.day > 28]
        to_come = (datetime.combine(day, wall.time()) for day in days)
        wall = next((w for w in to_come if wall_to_utc(w, zone) > now), wall)
        rule = replace(rule, starts_wall=wall)
        rule = rule if len(rule.days(FOR_EVER, 2)) > 1 else None
    description = ""
    try:
        said = str(entry.get("DESCRIPTION", "")).strip()
        description = translations.clean("event", "description", said) if said else ""
    except NotUnderstoodError:
        lost.append("description")
    place, link = _where(entry)
    named = str(entry["SUMMARY"].params.get("LANGUAGE", "")).lower().partition("-")[0]
    found = Found(
        title,
        language=named if named in OFFERED else None,
        description=description,
        starts_wall=wall.isoformat(),
        zone=zone,
        minutes=_minutes(entry),
        place=place,
        link=link,
        every=rule.every if rule else None,
        until=rule.until.isoformat() if rule and rule.until else None,
        lost=tuple(lost),
    )
    if found.details().check() <= now:
        raise _Unfit("past")
    return found


def _zone_of(starts: Any, network_zone: str) -> str:
    """Return the name of the zone that a time is in."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    named = str(starts.params.get("TZID", "")).strip('"')
    if not named:
        return network_zone  # in UTC, or by whatever clock hangs there
    for name in _names(named, WINDOWS_TO_OLSON):
        try:
            known_zone(name)
        except NotUnderstoodError:
            continue
        return name
    raise _Unfit("zone")


def _names(named: str, windows: Mapping[str, str]) -> Iterator[str]:
    """Return what a zone may be called: as Windows does, or with a path before its name."""
    yield windows.get(named, named)
    parts = named.split("/")
    for number in range(1, min(len(parts), 5)):
        yield "/".join(parts[number:])


def _wall(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.replace(second=0, microsecond=0)


def _minutes(entry: Any) -> int:
    if "DTEND" in entry:
        length = entry["DTEND"].dt - entry["DTSTART"].dt
    elif "DURATION" in entry:
        length = entry["DURATION"].dt
    else:
        return LASTS
    return int(length.total_seconds() // 60)


def _where(entry: Any) -> tuple[str | None, str | None]:
    place = " ".join(str(entry.get("LOCATION", "")).split())
    link = str(entry.get("URL", "")).strip()
    if place.lower().startswith(("https://", "http://")):
        return None, place
    is_link = link.lower().startswith(("https://", "http://"))
    return (place, None) if place else (None, link if is_link else None)


def _rule(given: Any, wall: datetime, zone: str) -> Rule | None:
    """Return the rule of ours that gives the same days, if there is one."""
    from dateutil import rrule

    parts = {str(name).upper(): value for name, value in given.items()}
    interval = int(_one(parts.get("INTERVAL", [1])))
    freq = str(_one(parts["FREQ"])).upper()
    position = int(_one(parts.get("BYSETPOS", [1])))
    known = {
        ("WEEKLY", 1): Every.WEEK,
        ("WEEKLY", 2): Every.TWO_WEEKS,
        ("MONTHLY", 1): Every.MONTH,
    }
    every = known.get((freq, interval))
    if every is None or not parts.keys() <= RULE_PARTS or position not in (-1, 1, 2, 3, 4):
        return None
    kept = {name: value for name, value in given.items() if name.upper() not in ("COUNT", "UNTIL")}
    theirs = rrule.rrulestr(type(given)(kept).to_ical().decode(), dtstart=wall)
    ours = Rule(every, wall)
    if [each.date() for each in islice(theirs, ALIKE)] != ours.days(FOR_EVER, ALIKE):
        return None
    if "COUNT" in parts:
        times = int(_one(parts["COUNT"]))
        return ours.lasting(times) if 2 <= times <= MOST else None
    if "UNTIL" in parts:
        return Rule(every, wall, _day(_one(parts["UNTIL"]), zone))
    return ours


def _day(until: date | datetime, zone: str) -> date:
    if not isinstance(until, datetime):
        return until
    aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)).date()


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value
