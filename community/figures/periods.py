"""The calendar where the network is: months, and the quarters they make."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Span:
    """A calendar month where the network is; the running one ends now."""

    year: int
    month: int
    start: datetime
    end: datetime
    is_closed: bool


def span(year: int, month: int, zone: ZoneInfo, now: datetime) -> Span:
    """Return when a month begins and ends. What has not begun is empty, not an error."""
    start = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    end = datetime(*following, 1, tzinfo=zone).astimezone(UTC)
    return Span(year, month, start, min(end, max(now, start)), end <= now)


MONTHS = 3
"""How many make a quarter."""


@dataclass(frozen=True)
class Quarter:
    """Three calendar months."""

    year: int
    number: int
    """From 1 to 4."""
    months: tuple[Span, ...]

    @property
    def start(self) -> datetime:
        """Return when it begins."""
        return self.months[0].start

    @property
    def end(self) -> datetime:
        """Return when it ends; of the running one, now."""
        return self.months[self.begun - 1].end if self.begun else self.start

    @property
    def begun(self) -> int:
        """Return how many of its months have begun."""
        return sum(month.end > month.start for month in self.months)

    @property
    def is_closed(self) -> bool:
        """Say whether it is over."""
        return self.months[-1].is_closed


def quarter(year: int, number: int, zone: ZoneInfo, now: datetime) -> Quarter:
    """Return a quarter of a year."""
    first = MONTHS * (number - 1) + 1
    return Quarter(year, number, tuple(span(year, first + n, zone, now) for n in range(MONTHS)))


def quarter_of(month: int) -> int:
    """Return the number of the quarter in which a month lies."""
    return (month - 1) // MONTHS + 1
