"""What a cost is: its row, its lifecycle, and how much of it falls into a period."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community import activities
from community.base import Base, BigId, Identified, Referable
from community.lifecycle import Lifecycle, Who, who

CENT = Decimal("0.01")
HIGHEST = Decimal(1_000_000_000)
"""No network spends more at a time."""
DAY = timedelta(days=1)


class What(StrEnum):
    """What money was spent on."""

    EVENT = "event"
    SERIES = "series"
    LESSON = "lesson"
    COURSE = "course"
    SUPPORT = "support"
    """The directory, and requests to organisations."""
    NEWS = "news"
    """Newsletters, and keeping the network alive."""
    STAFF = "staff"
    OTHER = "other"


ABOUT: Mapping[What, activities.Kind] = {
    What.EVENT: activities.Kind.EVENT,
    What.SERIES: activities.Kind.SERIES,
    What.LESSON: activities.Kind.LESSON,
    What.COURSE: activities.Kind.COURSE,
}
"""Of which kind the thing is that a cost can be linked to; of the others there is none."""


class State(StrEnum):
    """Whether a cost counts."""

    STANDS = "stands"
    WITHDRAWN = "withdrawn"


_C = who(Who.COORDINATOR)
COST = Lifecycle(
    "cost", {State.STANDS: {State.WITHDRAWN: _C}, State.WITHDRAWN: {State.STANDS: _C}}
)


class Cost(Base, Referable):
    """One amount that was spent, on one day or over a period."""

    __tablename__ = "costs"
    __table_args__ = (Index("ix_costs_days", "first_day", "last_day"),)

    what: Mapped[What] = mapped_column(String(16))
    about_id: Mapped[int | None] = mapped_column(BigId)
    """The event, series, lesson or course, as ``what`` says; a row of another table each."""
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    first_day: Mapped[date]
    last_day: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[State] = mapped_column(String(16), default=State.STANDS)
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]


def share(cost: Cost, first: date, last: date) -> Decimal:
    """Return how much of a cost falls between two days, both included: so much for each day.

    To the cent, and so that the parts of any division into periods add up to the whole.
    """
    length = (cost.last_day - cost.first_day).days + 1

    def until(day: date) -> Decimal:
        passed = min(max((day - cost.first_day).days, 0), length)
        return (cost.amount * passed / length).quantize(CENT, ROUND_HALF_UP)

    return until(last + DAY) - until(first)


class Assumption(Base, Identified):
    """What one outcome is taken to be worth, or how much of it is the network's: never ours."""

    __tablename__ = "cost_assumptions"

    name: Mapped[str] = mapped_column(String(24), unique=True)
    value: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    """Of an amount; None for a share or a number of years."""
    source: Mapped[str] = mapped_column(Text)
    """Where it comes from, in the coordinator's words."""
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]
