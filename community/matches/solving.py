"""The assignment: nobody is matched with the first who fits, but all together as well as can be.

A library solves it: the minimum-weight full matching of a sparse bipartite graph (LAPJVsp,
``scipy.sparse.csgraph``). Receivers are rows; each place of a giver is a column; and each receiver
has a column of their own that means "nobody this time", so that a full matching always exists.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from community.matches.fitting import Edges, Places, Population, arrays, edges
from community.matches.populating import Columns

MOST = 10_000.0
"""What it costs to leave somebody without anybody: more than any score."""


def best(columns: Columns, seed: int) -> list[tuple[int, int]]:
    """Return who is proposed to whom in a round, by their numbers: receiver and giver."""
    people = arrays(columns)
    pairs = solve(people, edges(people, seed))
    return [(int(people.ids[one]), int(people.ids[other])) for one, other in pairs]


@dataclass(frozen=True)
class Graph:
    """The assignment as the library takes it."""

    costs: csr_array
    rows: Places
    """Which receiver a row is."""
    first: Places
    """The first column of each giver; from the last of these on, columns mean "nobody"."""


def graph_of(people: Population, found: Edges) -> Graph:
    """Return the graph: a row for each receiver, a column for each place and for each nobody."""
    rows, places = np.unique(found.receivers, return_inverse=True)
    slots = people.slots[found.givers]
    first = np.concatenate(([0], np.cumsum(people.slots)))
    edge = np.repeat(np.arange(len(found)), slots)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(slots) - slots, slots)
    columns = first[found.givers[edge]] + within
    nobody = first[-1] + np.arange(len(rows))
    costs = np.concatenate((MOST - found.scores[edge], np.full(len(rows), MOST)))
    at = (
        np.concatenate((places[edge], np.arange(len(rows)))),
        np.concatenate((columns, nobody)),
    )
    shape = (len(rows), int(first[-1]) + len(rows))
    return Graph(csr_array((costs, at), shape=shape), rows, first)


def solve(people: Population, found: Edges) -> list[tuple[int, int]]:
    """Return who is proposed to whom: positions of receiver and giver, each receiver once.

    No giver has more than their places. Two who would be proposed to each other are one pair.
    """
    if not len(found):
        return []
    graph = graph_of(people, found)
    matched, column = min_weight_full_bipartite_matching(graph.costs)
    is_somebody = column < graph.first[-1]
    receivers: Places = graph.rows[matched[is_somebody]]
    givers: Places = np.searchsorted(graph.first, column[is_somebody], side="right") - 1
    return _each_once(receivers.tolist(), givers.tolist())


def _each_once(receivers: list[int], givers: list[int]) -> list[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    pairs = []
    for receiver, giver in zip(receivers, givers, strict=True):
        if (giver, receiver) not in seen:
            seen.add((receiver, giver))
            pairs.append((receiver, giver))
    return pairs
