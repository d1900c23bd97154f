"""Indicators, made of what is told and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from community.evidence.facts import FACTS
from community.evidence.framework import Formula, Indicator, Part, Split
from community.evidence.telling import (
    ALL,
    BY_PROFILE,
    WITH,
    Told,
    rounded,
)
from community.figures.protecting import Cell, Hidden

ONE = Decimal(1)


@dataclass(frozen=True)
class Figure:
    """What an indicator comes to, of everybody or of one group.

    Hidden where it is not told; None where there is nobody to tell of.
    """

    value: Decimal | Hidden | None
    n: Cell
    """Of how many people (or requests)."""


def figure(indicator: Indicator, told: Mapping[str, Told]) -> Figure:
    """Return the figure of all in a period."""
    return _figure(indicator, told, ALL, ALL)


def figures(indicator: Indicator, told: Mapping[str, Told]) -> Mapping[str, Mapping[str, Figure]]:
    """Return the figures of groups, by split; of profiles those who have said so."""
    fact = told.get(indicator.part.fact, Told())
    shape = FACTS[indicator.part.fact].shape
    found: dict[str, dict[str, Figure]] = {}
    for by in shape.splits:
        if Split(by.partition(":")[0]) not in indicator.splits:
            continue
        keys = _keys(fact, by)
        if keys:
            found[by] = {key: _figure(indicator, told, by, key) for key in keys}
    return found


def _keys(fact: Told, by: str) -> Sequence[str]:
    if by in BY_PROFILE:
        return (WITH,) if by in fact.by or fact.shares.get(by) else ()
    margins = [*fact.by.get(by, {}).values(), fact.shares.get(by, {}), fact.amounts.get(by, {})]
    return sorted({key for margin in margins for key in margin})


def _figure(indicator: Indicator, told: Mapping[str, Told], by: str, key: str) -> Figure:
    part, fact = indicator.part, told.get(indicator.part.fact, Told())
    if indicator.formula in (Formula.SUM, Formula.MEDIAN):
        return _amount(indicator, fact, by, key)
    if by and FACTS[part.fact].shape.has_shares:
        return _share(indicator, fact, by, key)
    count = _count(part, fact, by, key)
    if indicator.formula is Formula.COUNT:
        return Figure(count if isinstance(count, Hidden) else Decimal(count), count)
    of = indicator.of or Part(part.fact)
    whole = _count(of, told.get(of.fact, Told()), by, key)
    if isinstance(count, Hidden) or isinstance(whole, Hidden):
        return Figure(Hidden.COVERED, whole)
    if not whole:
        return Figure(None, 0)
    if indicator.formula is Formula.RATIO:
        return Figure(rounded(Decimal(count) / whole), whole)
    percent = (Decimal(100 * count) / whole).quantize(ONE, ROUND_HALF_UP)
    return Figure(percent, whole)


def _share(indicator: Indicator, fact: Told, by: str, key: str) -> Figure:
    """Return a group's share, which is told of the first leaf only, and of nobody else's."""
    part, first = indicator.part, FACTS[indicator.part.fact].shape.leaves[0]
    is_it = indicator.formula is Formula.SHARE and [*part.leaves] == [first]
    share = fact.shares.get(by, {}).get(key) if is_it and not indicator.of else None
    return Figure(Hidden.COVERED if share is None else Decimal(share), Hidden.COVERED)


def _count(part: Part, fact: Told, by: str, key: str) -> Cell:
    """Return how many, if each number that it is the sum of is shown."""
    shape = FACTS[part.fact].shape
    if not part.leaves and not by and not shape.together:
        return fact.number(ALL)
    leaves = part.leaves or shape.leaves
    total = 0
    for leaf in leaves:
        margin = fact.margin(by, leaf) if by else None
        cell = fact.number(leaf) if not by else _cell(margin, key)
        if isinstance(cell, Hidden):
            return cell
        total += cell
    return total


def _cell(margin: Mapping[str, Cell] | None, key: str) -> Cell:
    return Hidden.COVERED if margin is None else margin.get(key, 0)


def _amount(indicator: Indicator, fact: Told, by: str, key: str) -> Figure:
    if fact.number(ALL) == 0:
        return Figure(None, 0)
    found = fact.amounts.get(by, {}).get(key)
    if found is None:
        return Figure(Hidden.COVERED, Hidden.COVERED)
    return Figure(found.sum if indicator.formula is Formula.SUM else found.median, found.n)
