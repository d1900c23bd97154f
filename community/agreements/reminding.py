"""When somebody is told that a day comes near: a row names the next moment, and only that."""

from collections.abc import Sequence
from datetime import datetime, timedelta

BEFORE = tuple(timedelta(days=days) for days in (60, 30, 7))
"""How long before the end of an agreement the coordinators are told."""


def next_before(
    moment: datetime | None, now: datetime, before: Sequence[timedelta] = BEFORE
) -> datetime | None:
    """Return the next time to tell of a moment; what is past when it is set is not told of."""
    if moment is None:
        return None
    return min((moment - early for early in before if moment - early > now), default=None)
