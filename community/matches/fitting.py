"""Who could meet whom, and how well that would fit: a population becomes a sparse graph.

Numbers only, in columns; no table is read here, and nothing waits. A set (of needs, languages,
times of day) is a number with one bit for each member.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from community.matches.populating import Columns

Bits = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
"""Positions in the columns of a population."""

NEAR, FAR = 24, 8
"""So many candidates are looked at for a need in each language, and besides in any language."""
KEPT = 24
"""So many of the best are left for each person: ten thousand people are a quarter of a million."""

ANSWERED, BACK = 100, 50
"""What an answered need is worth, and one of the partner's that is answered in return."""
LANGUAGE, AREA, SECTOR, TIME = 40, 15, 10, 10


@dataclass(frozen=True)
class Population:
    """What ``Columns`` holds, as arrays: ``spots`` in radians, ``apart`` as ``pair_keys``."""

    ids: Bits
    receives: Flags
    slots: Bits
    needs: Bits
    offers: Bits
    seeks: Bits
    gives: Bits
    languages: Bits
    areas: Bits
    sectors: Bits
    times: Bits
    online: Flags
    in_person: Flags
    reach: Numbers
    spots: Numbers
    same_language_only: Flags
    nearby_only: Flags
    apart: Bits

    @property
    def size(self) -> int:
        """Return how many people these are."""
        return len(self.ids)


def arrays(columns: Columns) -> Population:
    """Return the columns of a population as arrays."""
    size = len(columns.ids)
    pairs = np.array(columns.apart, np.int64).reshape(len(columns.apart), 2)
    plain: dict[str, Any] = {
        name: np.array(values, DTYPES.get(name, np.int64))
        for name, values in vars(columns).items()
        if name not in ("spots", "apart")
    }
    return Population(
        **plain,
        spots=np.radians(np.array(columns.spots, np.float64).reshape(size, 2)),
        apart=np.sort(pair_keys(pairs[:, 0], pairs[:, 1], size)),
    )


DTYPES: Mapping[str, type] = {
    "reach": np.float64,
    **dict.fromkeys(
        ("receives", "online", "in_person", "same_language_only", "nearby_only"), np.bool_
    ),
}


@dataclass(frozen=True)
class Edges:
    """Who could be proposed to whom, ordered by receiver; the best of a receiver first."""

    receivers: Places
    givers: Places
    scores: Numbers

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.receivers)


def popcount(bits: Bits) -> Bits:
    """Return how many bits are set."""
    return np.bitwise_count(bits).astype(np.int64)


def pair_keys(one: Places, other: Places, size: int) -> Bits:
    """Return a number for each pair, whoever comes first in it."""
    return np.minimum(one, other) * size + np.maximum(one, other)


def edges(people: Population, seed: int, *, kept: int = KEPT) -> Edges:
    """Return who fits whom: each edge answers a need, and the two can meet in some way.

    Of many candidates some are looked at, others in each round (``seed``): nobody is passed over
    for ever because of their number.
    """
    receivers, givers = _candidates(people, np.random.default_rng(seed))
    can = _can_meet(people, receivers, givers)
    receivers, givers = receivers[can], givers[can]
    scores = _scores(people, receivers, givers)
    order = np.lexsort((givers, -scores, receivers))
    receivers, givers, scores = receivers[order], givers[order], scores[order]
    rank = np.arange(len(receivers)) - np.searchsorted(receivers, receivers)
    best = rank < kept
    return Edges(receivers[best], givers[best], scores[best])


def _candidates(people: Population, random: np.random.Generator) -> tuple[Places, Places]:
    """Return pairs of a receiver and somebody whose offer answers a need of theirs, each once."""
    found: list[tuple[Places, Places]] = []
    shift = random.integers(0, 2**31, people.size)
    gives = people.slots > 0
    for term in _bits_of(people.needs & -people.receives.astype(np.int64)):
        wanting = np.flatnonzero(people.receives & (people.needs & term != 0))
        knowing = np.flatnonzero(gives & (people.offers & term != 0))
        if not len(knowing):
            continue
        found.append(_near(people, wanting, knowing, shift, FAR))
        for language in _bits_of(people.languages[wanting]):
            speaking = wanting[people.languages[wanting] & language != 0]
            spoken = knowing[people.languages[knowing] & language != 0]
            if len(spoken):
                found.append(_near(people, speaking, spoken, shift, NEAR))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    receivers = np.concatenate([one for one, _other in found])
    givers = np.concatenate([other for _one, other in found])
    keys = np.unique(receivers * people.size + givers)
    return keys // people.size, keys % people.size


def _bits_of(sets: Bits) -> list[int]:
    union = int(np.bitwise_or.reduce(sets)) if len(sets) else 0
    return [1 << bit for bit in range(union.bit_length()) if union >> bit & 1]


def _near(
    people: Population, wanting: Places, knowing: Places, shift: Bits, most: int
) -> tuple[Places, Places]:
    """Return for each who wants some of those who know, beginning with those of their area."""
    by_area = knowing[np.argsort(people.areas[knowing], kind="stable")]
    areas = people.areas[by_area]
    first = np.searchsorted(areas, people.areas[wanting])
    after = np.searchsorted(areas, people.areas[wanting], side="right")
    here = np.maximum(after - first, 1)
    start = first + shift[wanting] % here
    count = min(most, len(by_area))
    at = (start[:, None] + np.arange(count)[None, :]) % len(by_area)
    return np.repeat(wanting, count), by_area[at.ravel()]


def _can_meet(people: Population, one: Places, other: Places) -> Flags:
    """Say of each pair whether anything forbids it, and whether there is a way to meet."""
    is_sought = people.seeks[one] & people.gives[other] != 0
    apart = np.isin(pair_keys(one, other, people.size), people.apart)
    near = is_near(people, one, other)
    online = people.online[one] & people.online[other]
    wish = ~(people.nearby_only[one] | people.nearby_only[other]) | near
    understand = (people.languages[one] & people.languages[other] != 0) | ~(
        people.same_language_only[one] | people.same_language_only[other]
    )
    can: Flags = (one != other) & is_sought & ~apart & (online | near) & wish & understand
    return can


def is_near(people: Population, one: Places, other: Places) -> Flags:
    """Say of each pair whether they can meet in person: both want it, and neither has too far."""
    want = people.in_person[one] & people.in_person[other]
    same = (people.areas[one] == people.areas[other]) & (people.areas[one] >= 0)
    far = kilometres(people.spots[one], people.spots[other])
    within = far <= np.minimum(people.reach[one], people.reach[other])
    near: Flags = want & (same | within)
    return near


def kilometres(one: Numbers, other: Numbers) -> Numbers:
    """Return how far two places are apart (haversine); NaN where one is not known."""
    half = (other - one) / 2
    root = np.sin(half[:, 0]) ** 2 + (
        np.cos(one[:, 0]) * np.cos(other[:, 0]) * np.sin(half[:, 1]) ** 2
    )
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(np.clip(root, 0, 1))), np.float64)


def _scores(people: Population, one: Places, other: Places) -> Numbers:
    answered = popcount(people.needs[one] & people.offers[other])
    back = popcount(people.needs[other] & people.offers[one])
    language = people.languages[one] & people.languages[other] != 0
    area = (people.areas[one] == people.areas[other]) & (people.areas[one] >= 0)
    sector = (people.sectors[one] == people.sectors[other]) & (people.sectors[one] >= 0)
    time = people.times[one] & people.times[other] != 0
    return np.asarray(
        ANSWERED * answered
        + BACK * back
        + LANGUAGE * language
        + AREA * area
        + SECTOR * sector
        + TIME * time,
        np.float64,
    )
