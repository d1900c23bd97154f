"""What may be told of facts about people, so that no table gives away what another hides.

All facts of a period are told at once, by one rule (``tell``), and figures are made of what is
told (``figures.py``), never of the rows:

* A fact is a tree: how many people, and its leaves, which exclude each other. A number that is not
  shown has no parts. Each split is safe for itself (``protecting.split``).
* A leaf that is shown has margins: by language, by area, and by each profile (with and without).
  Margins of one number tell nothing of each other. How many a group has over all leaves is not
  told: it would cross.
* A fact *within* another is about those whom leaves of that one count. It is told where these are
  shown. Of groups only the first leaf's share is told, in steps of ten percent and where both it
  and the rest are large: exact numbers would have the other's as their bounds.
* Leaves that are told *together* are all shown, or none, and how many they are together is not:
  beside what else is told each would tell the others. Of groups they have shares, too.
* Amounts are told where every leaf is shown: of all, and of groups that are shown in each leaf,
  unless few are left beside them, or one person has more than half. They are rounded to three
  digits.

``tests/community/test_differencing_of_facts.py`` attacks all of it at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from statistics import median
from typing import Any, NamedTuple

from community.figures.protecting import Cell, Hidden, people, split
from community.people import Profile

ALL = ""
"""The root of a fact's tree, and whoever is in no group: no language chosen, no area."""
PROFILES = tuple(Profile)
LANGUAGE, AREA = "language", "area"
WITH, WITHOUT = "with", "without"
BY_PROFILE = {f"profile:{code}": 1 << number for number, code in enumerate(PROFILES)}
SPLITS = (LANGUAGE, AREA, *BY_PROFILE)
"""By what facts are split, one at a time. A person has one language and area, and any profiles."""
THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
STEPS = 10


class Kind(NamedTuple):
    """Whatever tables tell people apart by."""

    leaf: str
    language: str = ALL
    area: str = ALL
    profiles: int = 0
    """One bit for each, in the order of ``Profile``."""

    def key(self, by: str) -> str:
        """Return in which group of a split somebody is."""
        if by in BY_PROFILE:
            return WITH if self.profiles & BY_PROFILE[by] else WITHOUT
        return self.language if by == LANGUAGE else self.area


Inside = tuple[str, Sequence[str]]
"""Another fact, and those of its leaves (none: all) whose people a fact is about."""


@dataclass(frozen=True)
class Shape:
    """What is told of a fact, whatever it is about."""

    leaves: Sequence[str]
    """All there are: that one is empty tells nothing."""
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of a tree that is deeper: each number and what it is split into, from ``ALL`` down."""
    splits: Sequence[str] = SPLITS
    within: Inside | None = None
    together: bool = False
    few: int | None = None
    """Its own threshold: of what another report tells, too, by that one's."""

    @property
    def has_shares(self) -> bool:
        """Say whether groups are told by shares, and have no numbers."""
        return self.together or self.within is not None

    @property
    def tree(self) -> Mapping[str, Sequence[str]]:
        """Return what each number is split into."""
        return self.parts or {ALL: self.leaves}

    def below(self, node: str) -> Sequence[str]:
        """Return the leaves of a number; of a leaf, itself."""
        parts = self.tree.get(node)
        return [node] if parts is None else [leaf for part in parts for leaf in self.below(part)]


@dataclass(frozen=True)
class Counted:
    """The people of a fact in a period: how many of each kind, and their amounts."""

    people: Mapping[Kind, int]
    amounts: Sequence[tuple[Kind, Decimal]] = ()


@dataclass(frozen=True)
class Amount:
    """What is told of the amounts of some people."""

    n: int
    sum: Decimal
    median: Decimal


Margin = Mapping[str, Cell]


@dataclass(frozen=True)
class Told:
    """What is told of one fact in one period; what is not in it is not told."""

    cells: Mapping[str, Cell] = field(default_factory=dict)
    """Every number of its tree; ``ALL`` is how many people."""
    by: Mapping[str, Mapping[str, Margin]] = field(default_factory=dict)
    """By split, then leaf."""
    shares: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Where there are no margins: by split and group the first leaf's share, in percent."""
    amounts: Mapping[str, Mapping[str, Amount]] = field(default_factory=dict)
    """By split and group; those of all under ``ALL``."""

    def number(self, node: str) -> Cell:
        """Return one number of the tree, or that it is not shown."""
        return self.cells.get(node, Hidden.COVERED)

    def margin(self, by: str, leaf: str) -> Margin | None:
        """Return a leaf by a split, if that is told; of nobody it is empty."""
        return {} if self.number(leaf) == 0 else self.by.get(by, {}).get(leaf)


Groups = Mapping[str, Sequence[str]]
"""All languages and areas that there are: which of them a leaf lacks is not told by its keys."""


def tell(
    shapes: Mapping[str, Shape], counted: Mapping[str, Counted], groups: Groups, few: int
) -> dict[str, Told]:
    """Return what may be told of all facts of one period, by their names.

    ``few`` is how many people a number has to count to be shown.
    """
    told: dict[str, Told] = {}
    for name, shape in shapes.items():  # what lies within another comes after it
        around = told[shape.within[0]] if shape.within else None
        told[name] = _tell(shape, counted.get(name, Counted({})), around, groups, few)
    return told


def _tell(shape: Shape, counted: Counted, around: Told | None, groups: Groups, few: int) -> Told:
    few = shape.few or few
    outside = (shape.within[1] if shape.within else ()) or [ALL]
    if around and any(isinstance(around.number(leaf), Hidden) for leaf in outside):
        return Told()
    leaves: Counter[str] = Counter()
    for kind, number in counted.people.items():
        leaves[kind.leaf] += number
    if shape.together:
        return _together(shape, leaves, counted, groups, few)
    cells = _grown(shape, leaves, few)
    shown = [leaf for leaf in shape.leaves if isinstance(cells.get(leaf), int)]
    is_whole = len(shown) == len(shape.leaves)
    if shape.within:
        told = Told(cells, shares=_shares(shape, counted, groups, few) if is_whole else {})
    else:
        full = [leaf for leaf in shown if leaves[leaf]]
        tables = {by: _margins(full, counted, _keys(by, groups), by, few) for by in shape.splits}
        told = Told(cells, tables)
    if counted.amounts and is_whole:
        return replace(told, amounts=_amounts(shape, told, counted, few))
    return told


def _keys(by: str, groups: Groups) -> Sequence[str]:
    return (WITH, WITHOUT) if by in BY_PROFILE else groups[by]


def _grown(shape: Shape, leaves: Mapping[str, int], few: int) -> dict[str, Cell]:
    cells: dict[str, Cell] = {ALL: people(sum(leaves.values()), few)}
    for node, parts in shape.tree.items():
        if isinstance(cells.get(node), int):
            sums = {part: sum(leaves[leaf] for leaf in shape.below(part)) for part in parts}
            cells |= split(sums, few).cells
    return cells


def _margins(
    leaves: Iterable[str], counted: Counted, keys: Sequence[str], by: str, few: int
) -> dict[str, Margin]:
    found = {leaf: dict.fromkeys(keys, 0) for leaf in leaves}
    for kind, number in counted.people.items():
        if kind.leaf in found:
            found[kind.leaf][kind.key(by)] += number
    return {leaf: split(cells, few).cells for leaf, cells in found.items()}


def _together(
    shape: Shape, leaves: Mapping[str, int], counted: Counted, groups: Groups, few: int
) -> Told:
    if any(0 < leaves[leaf] < few for leaf in shape.leaves):
        return Told(dict.fromkeys(shape.leaves, Hidden.COVERED))
    cells = {leaf: leaves[leaf] for leaf in shape.leaves}
    return Told(cells, shares=_shares(shape, counted, groups, few))


def _shares(shape: Shape, counted: Counted, groups: Groups, few: int) -> dict[str, dict[str, int]]:
    """Return the first leaf's share in groups that have many in it and many beside it.

    So have all other groups together, if there are any: that a group has many is a bound for
    them. Nobody there is no better than few, or silence would tell that there is somebody.
    """
    found = {}
    for by in shape.splits:
        parts: dict[str, Counter[bool]] = {key: Counter() for key in _keys(by, groups)}
        for kind, number in counted.people.items():
            parts[kind.key(by)][kind.leaf == shape.leaves[0]] += number
        shown = {key for key, part in parts.items() if min(part[True], part[False]) >= few}
        while shown and len(shown) < len(parts):
            rest = sum((part for key, part in parts.items() if key not in shown), Counter[bool]())
            if min(rest[True], rest[False]) >= few:
                break
            fewest = min(parts[key].total() for key in shown)
            shown = {key for key in shown if parts[key].total() > fewest}
        found[by] = {key: in_steps(parts[key][True], parts[key].total()) for key in sorted(shown)}
    return found


def in_steps(part: int, whole: int) -> int:
    """Return a share in percent, to the nearest ten; what lies between two goes up."""
    return STEPS * ((2 * STEPS * part + whole) // (2 * whole))


# Amounts


def rounded(amount: Decimal) -> Decimal:
    """Return an amount to three digits; what lies between two goes to the even one."""
    return THREE_DIGITS.plus(amount)


def _amounts(shape: Shape, told: Told, counted: Counted, few: int) -> dict[str, dict[str, Amount]]:
    everybody = [amount for _kind, amount in counted.amounts]
    if not _may_be_told(everybody, few):
        return {}
    found = {ALL: {ALL: _amount(everybody)}}
    for by in told.by:
        groups: defaultdict[str, list[Decimal]] = defaultdict(list)
        for kind, amount in counted.amounts:
            groups[kind.key(by)].append(amount)
        shown = {
            key: amounts
            for key, amounts in sorted(groups.items())
            if _is_shown(shape, told, by, key) and _may_be_told(amounts, few)
        }
        while shown:  # what is left beside them can be computed, so it has to be safe, too
            rest = [one for key, amounts in groups.items() if key not in shown for one in amounts]
            if not rest or _may_be_told(rest, few):
                break
            fewest = min(map(len, shown.values()))
            shown = {key: amounts for key, amounts in shown.items() if len(amounts) > fewest}
        found[by] = {key: _amount(amounts) for key, amounts in shown.items()}
    return found


def _is_shown(shape: Shape, told: Told, by: str, key: str) -> bool:
    margins = [told.margin(by, leaf) for leaf in shape.leaves]
    return all(margin is not None and isinstance(margin.get(key, 0), int) for margin in margins)


def _may_be_told(amounts: Sequence[Decimal], few: int) -> bool:
    sizes = [abs(amount) for amount in amounts]
    return len(sizes) >= few and 2 * max(sizes) <= sum(sizes)


def _amount(amounts: Sequence[Decimal]) -> Amount:
    return Amount(len(amounts), rounded(sum(amounts, Decimal())), rounded(median(amounts)))


# Written down


def written(told: Told) -> dict[str, Any]:
    """Return what is told, fit for JSON."""
    return {
        "cells": dict(told.cells),
        "by": {by: {leaf: dict(cells) for leaf, cells in m.items()} for by, m in told.by.items()},
        "shares": {by: dict(shares) for by, shares in told.shares.items()},
        "amounts": {
            by: {
                key: {"n": one.n, "sum": f"{one.sum:f}", "median": f"{one.median:f}"}
                for key, one in amounts.items()
            }
            for by, amounts in told.amounts.items()
        },
    }


def read(told: Mapping[str, Any]) -> Told:
    """Return what ``written`` has written."""
    return Told(
        _cells(told["cells"]),
        {by: {leaf: _cells(c) for leaf, c in m.items()} for by, m in told["by"].items()},
        told["shares"],
        {
            by: {
                key: Amount(one["n"], Decimal(one["sum"]), Decimal(one["median"]))
                for key, one in amounts.items()
            }
            for by, amounts in told["amounts"].items()
        },
    )


def _cells(cells: Mapping[str, int | str]) -> dict[str, Cell]:
    return {key: Hidden(cell) if isinstance(cell, str) else cell for key, cell in cells.items()}
