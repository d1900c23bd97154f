"""Gaps between what members look for and what helps: the map, what is done, who is reached.

``table`` and ``mapping`` keep one map for each closed quarter, ``counting`` makes it;
``adequacy`` is what members say of networks, ``statistics`` who lives where, ``actions`` what is
planned about gaps. What is a gap, and what is told of people, stands in ``docs/gaps.md``.
"""

from community.gaps import actions, adequacy, statistics
from community.gaps.mapping import GapMap, Past, Trend, close, opened, quarters, read
from community.gaps.table import PER_SUPPLY, Dimension, Gap, GapCell, GapWave, Place, gap_of

__all__ = [
    "PER_SUPPLY",
    "Dimension",
    "Gap",
    "GapCell",
    "GapMap",
    "GapWave",
    "Past",
    "Place",
    "Trend",
    "actions",
    "adequacy",
    "close",
    "gap_of",
    "opened",
    "quarters",
    "read",
    "statistics",
]
