"""Periods that are told: closed quarters and closed years, by the network's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from community.figures.periods import Quarter, quarter_of

GRACE = timedelta(days=7)
"""So long after its end a period is counted: what is noted late, such as who came, is in it."""


class Every(StrEnum):
    """How long a fact's periods are. Each fact has one, so no quarter is taken from a year."""

    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, order=True)
class Period:
    """A quarter, or a year."""

    year: int
    number: int = 0
    """Of the quarter, from 1; 0 for the whole year."""

    @property
    def every(self) -> Every:
        """Return how long it is."""
        return Every.QUARTER if self.number else Every.YEAR

    @property
    def code(self) -> str:
        """Return how it is written down: 2026Q4, or 2026."""
        return f"{self.year}Q{self.number}" if self.number else str(self.year)

    @property
    def quarter(self) -> Quarter:
        """Return the quarter; of a year, its last."""
        return Quarter(self.year, self.number or 4)

    @property
    def following(self) -> "Period":
        """Return the next one of its length."""
        if not self.number:
            return Period(self.year + 1)
        after = self.quarter.following
        return Period(after.year, after.number)

    @property
    def before(self) -> "Period":
        """Return the one before, of its length."""
        if not self.number:
            return Period(self.year - 1)
        earlier = self.quarter.before
        return Period(earlier.year, earlier.number)

    def start(self, zone: ZoneInfo) -> datetime:
        """Return the moment at which it begins."""
        return datetime(self.year, 3 * max(self.number, 1) - 2, 1, tzinfo=zone).astimezone(UTC)

    def span(self, zone: ZoneInfo) -> "Within":
        """Return from when to when it is."""
        return Within(self, self.start(zone), self.following.start(zone))

    def counted_from(self, zone: ZoneInfo) -> datetime:
        """Return when it is counted, once and for all."""
        return self.following.start(zone) + GRACE


@dataclass(frozen=True)
class Within:
    """A period as two moments; the second belongs to the next one."""

    period: Period
    start: datetime
    end: datetime


def period_of(moment: datetime, zone: ZoneInfo, every: Every) -> Period:
    """Return the period in which a moment lies."""
    quarter = quarter_of(moment, zone)
    return Period(quarter.year, quarter.number if every is Every.QUARTER else 0)
