"""Evidence: what a network can say it has done, so that others can trust and check it.

Facts (``facts.py``) are selections of people; what may be told of them is decided in one place
(``telling.py``); closed periods are written down once (``freezing.py``); indicators
(``framework.py``) name facts, and their figures (``figures.py``) are made of what is told.
"""

from community.evidence.facts import FACTS, Fact
from community.evidence.figures import Figure, figure, figures
from community.evidence.framework import (
    Formula,
    Framework,
    FrameworkError,
    Indicator,
    Level,
    Part,
    Split,
    Stage,
    UndefinedIndicatorError,
    Unit,
    load,
    shipped,
)
from community.evidence.freezing import freeze, next_freeze
from community.evidence.periods import Every, Period
from community.evidence.reading import Published, all_told, periods, read, up_to
from community.evidence.table import EvidencePeriod, EvidencePseudonym, EvidenceRow
from community.evidence.telling import Amount, Told

__all__ = [
    "FACTS",
    "Amount",
    "Every",
    "EvidencePeriod",
    "EvidencePseudonym",
    "EvidenceRow",
    "Fact",
    "Figure",
    "Formula",
    "Framework",
    "FrameworkError",
    "Indicator",
    "Level",
    "Part",
    "Period",
    "Published",
    "Split",
    "Stage",
    "Told",
    "UndefinedIndicatorError",
    "Unit",
    "all_told",
    "figure",
    "figures",
    "freeze",
    "load",
    "next_freeze",
    "periods",
    "read",
    "shipped",
    "up_to",
]
