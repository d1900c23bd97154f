"""Working days where the network is: Monday to Friday but for its country's public holidays.

The one place that asks for holidays. A country is ISO 3166's code, with its part where holidays
differ by part (DE-BE); without a country there are no holidays, and nothing is imported.
"""

from collections.abc import Set
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NOWHERE = ""
SATURDAY = 5


def is_known(country: str) -> bool:
    """Say whether the public holidays of a country, or of this part of it, are known."""
    try:
        _holidays(country, 2026)
    except NotImplementedError:
        return False
    return True


def is_holiday(day: date, country: str) -> bool:
    """Say whether a day is a public holiday."""
    return country != NOWHERE and day in _holidays(country, day.year)


def is_working(day: date, country: str) -> bool:
    """Say whether people work on a day."""
    return day.weekday() < SATURDAY and not is_holiday(day, country)


@lru_cache(maxsize=32)
def _holidays(country: str, year: int) -> Set[date]:
    import holidays

    land, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(land, subdiv=part or None, years=year))


def after(moment: datetime, days: int, zone: ZoneInfo, country: str = NOWHERE) -> datetime:
    """Return the same time by the wall so many working days later.

    What begins on a day that is none begins at midnight of the next that is one.
    """
    wall = moment.astimezone(zone).replace(tzinfo=None)
    if not is_working(wall.date(), country):
        wall = datetime.combine(wall.date(), time())
        while not is_working(wall.date(), country):
            wall += timedelta(days=1)
    for _day in range(days):
        wall += timedelta(days=1)
        while not is_working(wall.date(), country):
            wall += timedelta(days=1)
    return wall.replace(tzinfo=zone).astimezone(UTC)
