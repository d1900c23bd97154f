"""The hours of a service: where they stand, as the text of a week, and written from it.

Hours stand with the service itself, or with it at one of its places, or with a place whatever is
given there. The first of these that says anything counts. A day of a week is a line,
``MO 09:00-12:00 20:00-02:00``; the last span of a day may end in the night after it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from community.errors import NotUnderstoodError
from community.providers.table import Schedule, Service, ServiceAtLocation

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""The days of a week, as RFC 5545 and HSDS write them."""
SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–—]\s*([01]?\d|2[0-3]|24):([0-5]\d)")
DAY = 24 * 60
NIGHT = 12 * 60
"""What is typed and ends in the night after is shorter than this; else the ends were mixed up."""

Span = tuple[str, str]


# Where they stand


def own(service_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition that hours are a service's own, wherever it is given."""
    return (Schedule.service_id == service_id) & Schedule.location_id.is_(None)


async def schedules(session: AsyncSession, services: Collection[int]) -> dict[int, list[Schedule]]:
    """Return the rows that say when services are open, of every season."""
    ranked: dict[int, dict[int, list[Schedule]]] = {}
    of_services = await session.scalars(
        select(Schedule).where(Schedule.service_id.in_(services)).order_by(Schedule.id)
    )
    for row in of_services:
        rank = 0 if row.location_id is None else 1
        ranked.setdefault(row.service_id or 0, {}).setdefault(rank, []).append(row)
    at_places = await session.execute(
        select(ServiceAtLocation.service_id, Schedule)
        .join(Schedule, Schedule.location_id == ServiceAtLocation.location_id)
        .where(ServiceAtLocation.service_id.in_(services), Schedule.service_id.is_(None))
        .order_by(Schedule.id)
    )
    for service, row in at_places:
        ranked.setdefault(service, {}).setdefault(2, []).append(row)
    return {service: every[min(every)] for service, every in ranked.items()}


async def weeks(session: AsyncSession, services: Collection[int]) -> dict[int, str]:
    """Return the hours that hold in every week; other rows are of seasons."""
    every = await schedules(session, services)
    return {service: told(filter(_is_every_week, rows)) for service, rows in every.items()}


async def week(session: AsyncSession, service: Service) -> str:
    """Return the hours of a service that hold in every week."""
    return (await weeks(session, [service.id])).get(service.id, "")


def _is_every_week(row: Schedule) -> bool:
    return row.valid_from is None and row.valid_to is None


# As a text


def told(rows: Iterable[Schedule]) -> str:
    """Return the hours of a week, a day on each line; what overlaps or touches is one."""
    spans: dict[str, list[Span]] = {}
    for row in rows:
        for day in row.byday.split(","):
            spans.setdefault(day, []).append((row.opens_at, row.closes_at))
    return "\n".join(f"{day} {joined(merged(spans[day]))}" for day in DAYS if day in spans)


def joined(spans: Iterable[Span]) -> str:
    """Return the spans of a day as a text."""
    return " ".join(f"{opens}-{closes}" for opens, closes in spans)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans of one day in order, those that overlap or touch as one."""
    found: list[tuple[int, int]] = []
    for opens, closes in sorted(map(_minutes, spans)):
        if found and opens <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], closes)
        else:
            found.append((opens, closes))
    return [
        (_clock(opens), _clock(closes)) if closes - opens < DAY else ("00:00", "24:00")
        for opens, closes in found
    ]


def _minutes(span: Span) -> tuple[int, int]:
    """Return the minutes of the day from which to which; past midnight they go on."""
    opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in span)
    return opens, closes if closes > opens else closes + DAY


def _clock(minutes: int) -> str:
    if minutes > DAY:
        minutes -= DAY
    return f"{minutes // 60:02}:{minutes % 60:02}"


def read_spans(text: str, night: int = NIGHT) -> list[Span]:
    """Return the spans of one day, ``09:00-12:00 20:00-02:00``, in order.

    Raises:
        NotUnderstoodError: it is something else, or one begins before the last has ended.
    """
    spans = [(f"{int(m[1]):02}:{m[2]}", f"{int(m[3]):02}:{m[4]}") for m in SPAN.finditer(text)]
    rest = SPAN.sub("", text).strip(" ,;،\n")
    if not spans or rest or any(closes > "24:00" or opens == closes for opens, closes in spans):
        raise NotUnderstoodError("hours")
    found = list(map(_minutes, spans))
    moments = [moment for span in found for moment in span]
    opens, closes = found[-1]
    if moments != sorted(set(moments)) or (closes > DAY and closes - opens > night):
        raise NotUnderstoodError("hours")
    return [(_clock(opens), _clock(closes)) for opens, closes in found]


def _days(text: str) -> dict[str, str]:
    """Return the lines of a week by their days.

    Raises:
        NotUnderstoodError: a line is no day with hours, or a day stands twice.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        day, _, rest = line.partition(" ")
        if day not in DAYS or day in found or not rest.strip():
            raise NotUnderstoodError("hours")
        found[day] = rest
    return found


# Writing


async def write(session: AsyncSession, service: Service, text: str, night: int = NIGHT) -> None:
    """Write the hours of a week as a service's own.

    Only the days that change are read, and written: the others may say what nobody could type,
    and keep what else an import has said of them.

    Raises:
        NotUnderstoodError: a day that changes is none, or has no such hours.
    """
    stands, new = _days(await week(session, service)), _days(text)
    days = {
        day: read_spans(rest, DAY if stands.get(day) == rest else night)
        for day, rest in new.items()
    }
    if stands == new:
        return
    rows = await session.scalars(select(Schedule).where(own(service.id)).order_by(Schedule.id))
    every_week = list(filter(_is_every_week, rows))
    before = _days(told(every_week))
    changed = {day for day in DAYS if before.get(day) != new.get(day)}
    for row in every_week:
        await _take_out(session, row, changed)
    session.add_all(_rows(service.id, {day: days[day] for day in DAYS if day in days}, changed))


async def _take_out(session: AsyncSession, row: Schedule, days: Collection[str]) -> None:
    left = [day for day in row.byday.split(",") if day not in days]
    if left:
        row.byday = ",".join(left)
    else:
        await session.delete(row)


def _rows(
    service_id: int, days: Mapping[str, Sequence[Span]], changed: Collection[str]
) -> Iterable[Schedule]:
    """Return a row for each span, with all the days on which it holds."""
    at: dict[Span, list[str]] = {}
    for day, spans in days.items():
        for span in spans if day in changed else ():
            at.setdefault(span, []).append(day)
    for (opens, closes), which in at.items():
        byday = ",".join(which)
        yield Schedule(service_id=service_id, byday=byday, opens_at=opens, closes_at=closes)
