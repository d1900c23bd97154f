"""Small counts: what is shown never gives away what is hidden."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.figures import FEW, Cell, Hidden, protect

Shown = tuple[tuple[Cell, ...], Cell | None]


def shown(counts: tuple[int, ...]) -> Shown:
    table = protect(dict(enumerate(counts)))
    return tuple(table.cells.values()), table.total


def tables(width: int, total: int) -> Iterator[tuple[int, ...]]:
    if width == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(width - 1, total - first):
            yield (first, *rest)


@cache
def worlds(width: int, highest: int) -> dict[Shown, list[tuple[int, ...]]]:
    """Return every table there may be behind what is shown: what a clever reader would list."""
    found = defaultdict(list)
    for total in range(highest + 1):
        for counts in tables(width, total):
            found[shown(counts)].append(counts)
    return found


@pytest.mark.parametrize(("width", "highest"), [(1, 20), (2, 40), (3, 24), (4, 20), (5, 20)])
def test_who_knows_the_method_and_all_that_is_shown_computes_no_hidden_count(
    width: int, highest: int
) -> None:
    for (cells, total), possible in worlds(width, highest).items():
        for position, cell in enumerate(cells):
            if isinstance(cell, Hidden):
                values = {counts[position] for counts in possible}
                assert len(values) > 1, (cells, total, possible)


@given(st.dictionaries(st.text(), st.integers(0, 300), max_size=12), st.booleans())
def test_what_is_shown_is_true_and_what_is_small_is_hidden(
    counts: dict[str, int], total_shown: bool
) -> None:
    table = protect(counts, total_shown=total_shown)
    assert table.cells.keys() == counts.keys()
    for key, cell in table.cells.items():
        if isinstance(cell, int):
            assert cell == counts[key]
        if 0 < counts[key] < FEW:
            assert isinstance(cell, Hidden)
        if cell is Hidden.FEW:
            assert counts[key] < FEW
    if isinstance(table.total, int):
        assert table.total == sum(counts.values())
        assert table.total == 0 or table.total >= FEW


@given(st.dictionaries(st.text(), st.integers(0, 300), max_size=12))
def test_no_hidden_count_is_the_total_minus_the_others(counts: dict[str, int]) -> None:
    table = protect(counts)
    hidden = [key for key, cell in table.cells.items() if isinstance(cell, Hidden)]
    assert len(hidden) != 1 or isinstance(table.total, Hidden)


@given(st.lists(st.integers(0, 300), max_size=8), st.randoms())
def test_the_choice_does_not_depend_on_the_order(counts: list[int], random: object) -> None:
    there = dict(enumerate(counts))
    back = dict(reversed(list(there.items())))
    assert protect(there).cells == protect(back).cells


@pytest.mark.parametrize(
    ("counts", "cells", "total"),
    [
        ((7, 9, 0), (7, 9, 0), 16),
        ((3, 9, 7), (Hidden.COVERED, 9, Hidden.COVERED), 19),
        ((3, 2, 7), (Hidden.FEW, Hidden.FEW, 7), 12),
        ((1, 1, 7), (Hidden.COVERED,) * 3, 9),
        ((4, 4, 0), (Hidden.COVERED,) * 3, 8),
        ((2, 1, 0), (Hidden.FEW,) * 3, Hidden.FEW),
        ((0, 0, 0), (0, 0, 0), 0),
    ],
)
def test_examples(counts: tuple[int, ...], cells: tuple[Cell, ...], total: Cell) -> None:
    assert shown(counts) == (cells, total)


def test_without_a_total_only_the_small_ones_are_hidden() -> None:
    table = protect({"a": 3, "b": 9}, total_shown=False)
    assert (dict(table.cells), table.total) == ({"a": Hidden.FEW, "b": 9}, None)
