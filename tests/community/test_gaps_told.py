"""The reader who knows the method lists every town there may be behind what is told, and learns
of no small group how large it is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from community.figures import FEW
from community.gaps import Dimension
from community.gaps.adequacy import Misfit, NetworkRating, Use
from community.gaps.adequacy import tell as tell_ratings
from community.gaps.counting import Keys
from community.gaps.counting import tell as tell_looking
from community.people import Profile

MOST = 10


def towns(kinds: int, people: int) -> Iterator[tuple[int, ...]]:
    """Return every way in which so many people are of so many kinds."""
    for bars in combinations(range(people + kinds - 1), kinds - 1):
        ends = (-1, *bars, people + kinds - 1)
        yield tuple(b - a - 1 for a, b in pairwise(ends))


def given_away(
    kinds: int,
    told: Callable[[Sequence[int]], Hashable],
    groups: Mapping[str, Iterable[int]],
) -> set[str]:
    """Return the groups of which a reader finds out, in some town, that they are 1 to 4."""
    found: set[str] = set()
    for people in range(1, MOST + 1):
        behind: dict[Hashable, list[tuple[int, ...]]] = defaultdict(list)
        for town in towns(kinds, people):
            behind[told(town)].append(town)
        for name, members in groups.items():
            for alike in behind.values():
                sizes = {sum(town[kind] for kind in members) for town in alike}
                if len(sizes) == 1 and 0 < min(sizes) < FEW:
                    found.add(f"{name} {sizes} of {people}")
    return found


SAID: Sequence[tuple[Use, bool | None]] = [
    (Use.UNKNOWN, None),
    *((use, suits) for use in (Use.KNEW, Use.USED) for suits in (True, False, None)),
]


def test_no_small_group_of_those_who_rated_a_network_is_given_away() -> None:
    def told(town: Sequence[int]) -> Hashable:
        rows = [
            NetworkRating(use=use, suits=suits, reasons=[])
            for (use, suits), count in zip(SAID, town, strict=True)
            for _one in range(count)
        ]
        return tuple(tell_ratings(rows).items())

    groups = {
        "unknown": [0],
        "known": range(1, 7),
        "used": [4, 5, 6],
        "knew": [1, 2, 3],
        "suits": [1, 4],
        "suits not": [2, 5],
        "not said": [3, 6],
        **{f"kind {number}": [number] for number in range(7)},
    }
    assert given_away(7, told, groups) == set()


def test_no_small_group_of_those_who_name_a_reason_is_given_away() -> None:
    reasons: Sequence[list[str]] = [[], [Misfit.COST], [Misfit.TIME], [Misfit.COST, Misfit.TIME]]

    def told(town: Sequence[int]) -> Hashable:
        rows = [
            NetworkRating(use=Use.USED, suits=False, reasons=named)
            for named, count in zip(reasons, town, strict=True)
            for _one in range(count)
        ]
        return tuple(tell_ratings(rows).items())

    groups = {"cost": [1, 3], "time": [2, 3], "not cost": [0, 2], "not time": [0, 1]}
    assert given_away(4, told, groups) == set()


KNOWN = Keys(("ar", "uk"), ("1", "0"), {1: 1})
KINDS: Sequence[tuple[str, str, bool]] = [
    (language, area, is_woman)
    for language in KNOWN.languages
    for area in KNOWN.areas
    for is_woman in (True, False)
]


def looked(town: Sequence[int]) -> Mapping[Dimension, Counter[str]]:
    """Return what is counted of a town."""
    counted: dict[Dimension, Counter[str]] = {one: Counter() for one in Dimension}
    for (language, area, is_woman), count in zip(KINDS, town, strict=True):
        counted[Dimension.ALL][""] += count
        counted[Dimension.LANGUAGE][language] += count
        counted[Dimension.AREA][area] += count
        if is_woman:
            counted[Dimension.PROFILE][Profile.WOMAN] += count
    return counted


def test_no_small_group_of_those_who_look_for_a_need_is_given_away() -> None:
    def told(town: Sequence[int]) -> Hashable:
        return tuple(tell_looking("tax", KNOWN, looked(town)).items())

    def those(at: int, value: Any) -> list[int]:
        return [number for number, kind in enumerate(KINDS) if kind[at] == value]

    groups = {
        "Arabic": those(0, "ar"),
        "Ukrainian": those(0, "uk"),
        "here": those(1, "1"),
        "nowhere": those(1, "0"),
        "women": those(2, True),
        "others": those(2, False),
    }
    assert given_away(len(KINDS), told, groups) == set()
