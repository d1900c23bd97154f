"""How long providers take to answer, in working days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from community.figures.protecting import FEW

WEEK, WORKING = 7, 5
TEN = 10
"""Of fewer than ten, nine of ten is nobody in particular but the slowest."""


@dataclass(frozen=True)
class Times:
    """How soon the first answers came."""

    n: int
    is_all: bool
    """Whether ``n`` is all of them, or only how many are shown elsewhere: at least so many."""
    half: int
    """Half of them came within so many working days."""
    nine_of_ten: int | None


def working_days(sent: date, answered: date) -> int:
    """Return how many working days an answer took: those after the day of asking, until it came.

    Monday to Friday, by the calendar where the network is. On the same day is 0.
    """
    return _working_until(answered) - _working_until(sent)


def _working_until(day: date) -> int:
    weeks, weekday = divmod(day.toordinal() - 1, WEEK)  # the first day of all was a Monday
    return WORKING * weeks + min(weekday + 1, WORKING)


def times(days: Iterable[int], shown: int, *, is_all: bool) -> Times | None:
    """Return how soon answers came; of whom, is told by numbers that are ``shown`` anyway."""
    found = sorted(days)
    if shown < FEW or not found:
        return None
    return Times(
        shown,
        is_all,
        found[-(-len(found) // 2) - 1],
        found[-(-len(found) * 9 // TEN) - 1] if shown >= TEN else None,
    )
