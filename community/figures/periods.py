"""The calendar where the network is: months, and the quarters they make."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of a year, by the network's clock."""

    year: int
    number: int
    """From 1 to 4."""

    @classmethod
    def of_month(cls, year: int, month: int) -> "Quarter":
        """Return the one in which a month lies."""
        return cls(year, (month - 1) // MONTHS + 1)

    def start(self, zone: ZoneInfo) -> datetime:
        """Return the moment at which it begins."""
        return datetime(self.year, self.first_month, 1, tzinfo=zone).astimezone(UTC)

    @property
    def first_month(self) -> int:
        """Return the number of its first month in the year."""
        return MONTHS * (self.number - 1) + 1

    @property
    def following(self) -> "Quarter":
        """Return the next one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def before(self) -> "Quarter":
        """Return the one before."""
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def days(self) -> tuple[date, date]:
        """Return its first and last day."""
        after = self.following
        end = date(after.year, after.first_month, 1)
        return date(self.year, self.first_month, 1), end - timedelta(days=1)

    def span(self, zone: ZoneInfo, now: datetime) -> "QuarterSpan":
        """Return its months as they are now."""
        months = (span(self.year, self.first_month + n, zone, now) for n in range(MONTHS))
        return QuarterSpan(self, tuple(months))


def quarter_of(moment: datetime, zone: ZoneInfo) -> Quarter:
    """Return the quarter in which a moment lies."""
    local = moment.astimezone(zone)
    return Quarter.of_month(local.year, local.month)


@dataclass(frozen=True)
class QuarterSpan:
    """A quarter where the network is, month by month; the running one ends now."""

    quarter: Quarter
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
