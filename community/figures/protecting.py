"""What may be shown of counts of people: nothing below five, and nothing that gives that away."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

FEW = 5

K = TypeVar("K", bound=Hashable)


class Hidden(StrEnum):
    """Why a number is not there."""

    FEW = "few"
    """It is below five."""
    COVERED = "covered"
    """It is below five, or would give away one that is; which of the two is not told."""


Cell = int | Hidden


def cell_of(written: str) -> Cell:
    """Return a number, or why it is not told, from what ``str`` made of it."""
    return int(written) if written.isdecimal() else Hidden(written)


@dataclass(frozen=True)
class Protected(Generic[K]):
    """A table of counts that may be shown."""

    cells: Mapping[K, Cell]
    total: Cell | None
    """None where no total is shown."""


def protect(cells: Mapping[K, int], *, total_shown: bool = True) -> Protected[K]:
    """Hide every count from 1 to 4, and what more it takes that none can be computed.

    The reader is taken to know this method and everything that is shown. Beside a total, hidden
    cells are safe if at least two could swap their values, or if several small ones can add up in
    more than one way. Otherwise the smallest of the large cells are hidden with them (all that
    are equal), or the zeros, or at last the total.
    """
    small = {key for key, count in cells.items() if 0 < count < FEW}
    total = sum(cells.values())
    if not small:
        return Protected(dict(cells), total if total_shown else None)
    if not total_shown:
        return _with(cells, small, Hidden.FEW, None)
    if total < FEW:  # zeros too: four hidden cells would be one each
        return _with(cells, set(cells), Hidden.FEW, Hidden.FEW)
    hidden_sum = sum(cells[key] for key in small)
    if len(small) < hidden_sum < (FEW - 1) * len(small) and len(small) > 1:
        return _with(cells, small, Hidden.FEW, total)
    large = [count for count in cells.values() if count >= FEW]
    # Hiding all that are equal keeps the choice blind to the order of the cells.
    cover = min(large) if large else 0
    covers = {key for key, count in cells.items() if count == cover}
    # Without any, all are 1 or all are 4. Of five cells or more, a total would tell which.
    is_safe = bool(covers) or len(cells) < FEW
    return _with(cells, small | covers, Hidden.COVERED, total if is_safe else Hidden.COVERED)


def _with(cells: Mapping[K, int], hidden: set[K], why: Hidden, total: Cell | None) -> Protected[K]:
    return Protected({key: why if key in hidden else count for key, count in cells.items()}, total)


def together(table: Protected[K]) -> Protected[K]:
    """Hide all cells if one is hidden: beside the number of members each tells the other."""
    if not any(isinstance(cell, Hidden) for cell in table.cells.values()):
        return table
    return Protected(dict.fromkeys(table.cells, Hidden.COVERED), table.total)


def sum_of(table: Protected[K], some: Collection[K]) -> Cell:
    """Return the sum of some cells, unless one of them is hidden: it would tell of that one."""
    total = 0
    for key in some:
        cell = table.cells.get(key, 0)
        if isinstance(cell, Hidden):
            return Hidden.COVERED
        total += cell
    return total


def people(count: int, few: int | None = None) -> Cell:
    """Return a number of people that stands alone; ``few`` as in ``split``."""
    return Hidden.FEW if 0 < count < (few or FEW) else count


def split(cells: Mapping[K, int], few: int | None = None) -> Protected[K]:
    """Protect the parts of a number that is shown elsewhere, whatever else is its parts.

    ``few`` is what a count has to reach to be shown; without it, ``FEW``.

    ``protect`` may have to hide the total. This never does: where one part is small, the parts
    that are named are large, and of all others nothing is told, whether somebody is among them or
    not. The reader is taken to know this method, too; so where only one part would not be named,
    or the rest can only be four in each, the smallest of the named go with them (all that are
    equal), and a five that would be the only name: else no name at all would say as much as one.
    """
    few = few or FEW
    total = sum(cells.values())
    unnamed = {key for key, count in cells.items() if count < few}
    named = [count for count in cells.values() if count >= few]
    if all(cells[key] == 0 for key in unnamed):
        return Protected(dict(cells), total)
    if total < few:
        return _with(cells, set(cells), Hidden.FEW, Hidden.FEW)
    if len(unnamed) == 1 or all(cells[key] == few - 1 for key in unnamed):
        cover = min(named, default=0)
    elif named == [few]:
        cover = few
    else:
        return _with(cells, unnamed, Hidden.FEW, total)
    covers = {key for key, count in cells.items() if count == cover}
    return _with(cells, unnamed | covers, Hidden.COVERED, total)
