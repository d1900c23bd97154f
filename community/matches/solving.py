"""The assignment: nobody is matched with the first who fits, but all together as well as can be.

A library solves it: the minimum-weight full matching of a sparse bipartite graph (LAPJVsp,
``scipy.sparse.csgraph``). Receivers are rows; each place of a giver is a column; and each receiver
has a column of their own that means "nobody this time", so that a full matching always exists.
"""

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


def solve(people: Population, found: Edges) -> list[tuple[int, int]]:
    """Return who is proposed to whom: positions of receiver and giver, each receiver once.

    No giver has more than their places. Two who would be proposed to each other are one pair.
    """
    if not len(found):
        return []
    rows, places = np.unique(found.receivers, return_inverse=True)
    slots = people.slots[found.givers]
    first = np.concatenate(([0], np.cumsum(people.slots)))
    edge = np.repeat(np.arange(len(found)), slots)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(slots) - slots, slots)
    columns = first[found.givers[edge]] + within
    nobody = first[-1] + np.arange(len(rows))
    costs = np.concatenate((MOST - found.scores[edge], np.full(len(rows), MOST)))
    graph = csr_array(
        (
            costs,
            (
                np.concatenate((places[edge], np.arange(len(rows)))),
                np.concatenate((columns, nobody)),
            ),
        ),
        shape=(len(rows), int(first[-1]) + len(rows)),
    )
    matched, column = min_weight_full_bipartite_matching(graph)
    is_somebody = column < first[-1]
    receivers: Places = rows[matched[is_somebody]]
    givers: Places = np.searchsorted(first, column[is_somebody], side="right") - 1
    return _each_once(receivers.tolist(), givers.tolist())


def _each_once(receivers: list[int], givers: list[int]) -> list[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    pairs = []
    for receiver, giver in zip(receivers, givers, strict=True):
        if (giver, receiver) not in seen:
            seen.add((receiver, giver))
            pairs.append((receiver, giver))
    return pairs
