"""Figures: what a coordinator reads of a month, and of the support in a quarter.

Counts only, and never of a few people. All counting happens in the database. Every count of people
is protected: what is below five is hidden, and so is whatever would give it away.
"""

from community.figures.activity import Activity, read_activity
from community.figures.activity import Kind as ActivityKind
from community.figures.codes import statuses, success
from community.figures.months import (
    MEMBER,
    UNKNOWN,
    Meetings,
    Month,
    first_month,
    month,
    read,
)
from community.figures.outcomes import (
    OF_UNMET,
    PARTS,
    UNMET,
    WITH_REASON,
    By,
    Group,
    Outcome,
    Outcomes,
    Outline,
)
from community.figures.periods import Quarter, QuarterSpan, Span, quarter_of, span
from community.figures.protecting import (
    FEW,
    Cell,
    Hidden,
    Protected,
    protect,
    split,
    together,
)
from community.figures.support import Support, read_support
from community.figures.times import Times

__all__ = [
    "FEW",
    "MEMBER",
    "OF_UNMET",
    "PARTS",
    "UNKNOWN",
    "UNMET",
    "WITH_REASON",
    "Activity",
    "ActivityKind",
    "By",
    "Cell",
    "Group",
    "Hidden",
    "Meetings",
    "Month",
    "Outcome",
    "Outcomes",
    "Outline",
    "Protected",
    "Quarter",
    "QuarterSpan",
    "Span",
    "Support",
    "Times",
    "first_month",
    "month",
    "protect",
    "quarter_of",
    "read",
    "read_activity",
    "read_support",
    "span",
    "split",
    "statuses",
    "success",
    "together",
]
