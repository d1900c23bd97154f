"""Everything that is told of requests, attacked at once: nobody computes what is hidden.

The attacker has every table of the quarter and of its months, knows the method, and subtracts. A
count is safe if there is another population of which exactly the same would be told, and in which
it is another number.
"""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from community.figures import outcomes, protecting
from community.figures.outcomes import (
    OF_UNMET,
    PARTS,
    UNMET,
    WITH_REASON,
    Group,
    Outcome,
    Published,
    Request,
    publish,
)
from community.figures.protecting import FEW, split
from community.figures.support import _BEFORE_AN_ANSWER
from community.referrals import RECORDED, Reason, Source

Population = Counter[Request]
GROUPS: dict[Group, list[Any]] = {
    Group.NEED: ["tax", "finance", "legal"],
    Group.LANGUAGE: ["ar", "fr"],
    Group.AREA: [1, 2, None],
    Group.PROVIDER: [7, 8],
}
SOURCES = [Source.CHAT, Source.PHONE, Source.EMAIL]
ANY = Request(0, Outcome.CONFIRMED, None, "tax", "ar", 1, 7, Source.CHAT)


def told(published: Published) -> str:
    return repr(published)


def counts(people: Population) -> dict[object, int]:
    """Return every number of requests that some table could tell, with a name for it."""
    found: Counter[object] = Counter()
    parents = {
        leaf: [o for o in Outcome if leaf in outcomes.leaves(o)]
        for leaf in outcomes.leaves(Outcome.ASKED)
    }
    for request, number in people.items():
        for outcome in parents[request.outcome]:
            found[outcome] += number
            found[outcome, request.month] += number
        if request.outcome in WITH_REASON:
            found[request.outcome, request.reason] += number
            found[request.outcome, request.reason, request.month] += number
        for group in Group:
            if not (group in OF_UNMET and request.outcome in UNMET):
                found[request.outcome, group, getattr(request, group.value)] += number
        if request.source:
            found[request.outcome, request.provider, request.source] += number
            by_team = request.source != Source.CHAT
            found[request.outcome, request.provider, "by team", by_team] += number
        if request.outcome in UNMET:
            way = tuple(getattr(request, group.value) for group in OF_UNMET)
            for depth in range(1, len(way) + 1):
                found["unmet", way[:depth]] += number
    return found


def small(people: Population) -> set[object]:
    return {name for name, number in counts(people).items() if 0 < number < protecting.FEW}


def populations(kinds: list[Request], largest: int) -> Iterator[Population]:
    """Yield every population of these kinds of requests, up to so many."""
    for size in range(largest + 1):
        for chosen in itertools.combinations_with_replacement(kinds, size):
            yield Counter(chosen)


def one(**different: Any) -> Request:
    return replace(ANY, **different)


@dataclass(frozen=True)
class World:
    """A small network: what there may be at all is known to everybody."""

    parts: Mapping[Outcome, tuple[Outcome, ...]]
    kinds: list[Request]
    months: int = 1
    largest: int = 8


TO_ONE = {
    Outcome.ASKED: (Outcome.WAITING, Outcome.ANSWERED),
    Outcome.ANSWERED: (Outcome.QUESTIONED, Outcome.CONFIRMED),
}
NEEDS = ("tax", "finance")
TWO = (Reason.LANGUAGE, Reason.OTHER)
WORLDS = {
    "months and outcomes": World(
        TO_ONE,
        [
            one(outcome=outcome, month=month)
            for month in (0, 1)
            for outcome in (Outcome.CONFIRMED, Outcome.QUESTIONED, Outcome.WAITING)
        ],
        months=2,
    ),
    "one outcome by needs and providers": World(
        {Outcome.ASKED: (Outcome.CONFIRMED,)},
        [one(need=need, provider=provider) for need in NEEDS for provider in (7, 8)],
        largest=10,
    ),
    "outcomes by need": World(
        {Outcome.ASKED: (Outcome.WAITING, Outcome.CONFIRMED)},
        [
            one(outcome=outcome, need=need)
            for need in (*NEEDS, "legal")
            for outcome in (Outcome.CONFIRMED, Outcome.WAITING)
        ],
    ),
    "outcomes and months by need": World(
        {Outcome.ASKED: (Outcome.WAITING, Outcome.CONFIRMED)},
        [
            one(outcome=outcome, need=need, month=month)
            for need in NEEDS
            for month in (0, 1)
            for outcome in (Outcome.CONFIRMED, Outcome.WAITING)
        ],
        months=2,
        largest=7,
    ),
    "unmet by need and language": World(
        {Outcome.ASKED: (Outcome.UNANSWERED, Outcome.DECLINED)},
        [
            one(outcome=outcome, need=need, language=language)
            for outcome in UNMET
            for need in NEEDS
            for language in ("ar", "fr")
        ],
        largest=7,
    ),
    "one outcome by providers and how their word came": World(
        {Outcome.ASKED: (Outcome.CONFIRMED,)},
        [one(provider=provider, source=source) for provider in (7, 8) for source in SOURCES],
    ),
    "outcomes of providers of whom one is not in the chat": World(
        {Outcome.ASKED: (Outcome.UNCONFIRMED, Outcome.CONFIRMED)},
        [
            one(outcome=outcome, provider=provider, source=source)
            for outcome in (Outcome.UNCONFIRMED, Outcome.CONFIRMED)
            for provider, source in (
                (7, Source.CHAT),
                (8, Source.PHONE),
                (8, Source.EMAIL),
                (9, Source.CHAT),
            )
        ],
        largest=7,
    ),
    "reasons and months": World(
        {Outcome.ASKED: (Outcome.PASSED_ON, Outcome.DECLINED)},
        [
            one(outcome=outcome, reason=reason, month=month)
            for outcome, reason in [(Outcome.DECLINED, why) for why in TWO]
            + [(Outcome.PASSED_ON, None)]
            for month in (0, 1)
        ],
        months=2,
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_of_all_small_populations_no_small_count_can_be_computed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is below three is hidden, so that all populations can be listed."""
    world = WORLDS[name]
    small_world(world, monkeypatch)
    said = {kind.source for kind in world.kinds}
    recorded = [source for source in RECORDED if source in said]
    monkeypatch.setattr("community.figures.outcomes.RECORDED", recorded or RECORDED)
    groups = {
        group: sorted({getattr(kind, group.value) for kind in world.kinds}, key=str)
        for group in Group
    }
    behind: dict[str, list[Population]] = defaultdict(list)
    for people in populations(world.kinds, world.largest):
        behind[told(publish(people, groups, world.months))].append(people)
    assert len(behind) > 20
    for same in behind.values():
        known = [counts(people) for people in same]
        for count in set().union(*(small(people) for people in same)):
            assert len({numbers.get(count, 0) for numbers in known}) > 1, (count, same)


def small_world(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (protecting, outcomes):
        monkeypatch.setattr(module, "FEW", 3)
    monkeypatch.setattr(outcomes, "PARTS", world.parts)
    monkeypatch.setattr(outcomes, "LEAVES", outcomes.leaves(Outcome.ASKED))
    monkeypatch.setattr(outcomes, "WITH_REASON", {Outcome.DECLINED: TWO})


def permuted(people: Population, groups: dict[Group, list[Any]]) -> Iterator[Population]:
    """Yield populations in which two keys of a group have changed places, in one outcome."""
    ways: dict[str, list[Any]] = {group.value: groups[group] for group in Group}
    ways["source"] = [source for source in SOURCES if source in RECORDED]
    for way, keys in ways.items():
        for one_key, other in itertools.combinations(keys, 2):
            places = {one_key: other, other: one_key}
            for outcome in {request.outcome for request in people}:
                alike = UNMET if way in OF_UNMET and outcome in UNMET else (outcome,)
                changed: Population = Counter()
                for request, number in people.items():
                    key = getattr(request, way)
                    if request.outcome in alike and key in places:
                        changed[replace(request, **{way: places[key]})] += number
                    else:
                        changed[request] += number
                yield changed


def months_swapped(people: Population) -> Iterator[Population]:
    for one_month, other in itertools.combinations(range(3), 2):
        places = {one_month: other, other: one_month}
        changed: Population = Counter()
        for request, number in people.items():
            month = places.get(request.month, request.month)
            changed[replace(request, month=month)] += number
        yield changed


def variants(people: Population, groups: dict[Group, list[Any]]) -> Iterator[Population]:
    """Yield populations with one request more or less, or one or two of another kind."""
    yield from permuted(people, groups)
    yield from months_swapped(people)
    for request in people:
        yield people + Counter([request])
        yield people - Counter([request])
    ways: dict[str, list[Any]] = {group.value: groups[group] for group in Group}
    ways["month"] = [0, 1, 2]
    ways["outcome"] = [*outcomes.leaves(Outcome.ASKED)]
    ways["source"] = SOURCES
    ways["reason"] = [Reason.LANGUAGE, Reason.NO_CAPACITY, Reason.OTHER]

    def moved(request: Request, way: str, value: Any) -> Request:
        changed = replace(request, **{way: value})
        is_answered = changed.outcome not in _BEFORE_AN_ANSWER
        changed = replace(changed, source=(changed.source or Source.CHAT) if is_answered else None)
        if changed.outcome not in WITH_REASON:
            return replace(changed, reason=None)
        return replace(changed, reason=changed.reason or Reason.OTHER)

    for way, values in ways.items():
        steps = [
            (request, other)
            for request in people
            for value in values
            if (other := moved(request, way, value)) != request
        ]
        for number in (1, 2):
            for taken in itertools.combinations_with_replacement(steps, number):
                changed = people.copy()
                for before, after in taken:
                    changed[before] -= 1
                    changed[after] += 1
                if min(changed.values()) >= 0:
                    yield +changed


def a_population(chance: random.Random) -> Population:
    """Return a population in which some kinds are common and others rare."""
    some = chance.sample(
        [
            Outcome.CONFIRMED,
            Outcome.UNCONFIRMED,
            Outcome.DISPUTED,
            Outcome.UNDER_WAY,
            Outcome.WAITING,
            Outcome.UNANSWERED,
            Outcome.DECLINED,
            Outcome.DECLINED,
            Outcome.NOT_DELIVERED,
        ],
        4,
    )
    people: Population = Counter()
    for _ in range(chance.randint(2, 9)):
        outcome = chance.choice(some)
        reason = chance.choice([Reason.LANGUAGE, Reason.OTHER]) if outcome in WITH_REASON else None
        is_answered = outcome not in _BEFORE_AN_ANSWER
        kind = Request(
            chance.choice([0, 0, 1, 2]),
            outcome,
            reason,
            chance.choice(GROUPS[Group.NEED]),
            chance.choice(GROUPS[Group.LANGUAGE]),
            chance.choice(GROUPS[Group.AREA]),
            chance.choice(GROUPS[Group.PROVIDER]),
            chance.choice([Source.CHAT, Source.CHAT, *SOURCES[1:]]) if is_answered else None,
        )
        people[kind] += chance.choice([1, 1, 2, 3, 5, 8])
    return people


def uncertain(
    people: Population, publication: Callable[[Population], str] | None = None, *, more: int = 3
) -> set[object]:
    """Return the small counts that no variant of the population shows to be uncertain."""
    publication = publication or (lambda one: told(publish(one, GROUPS)))
    seen = publication(people)
    known = counts(people)
    certain = small(people)
    at, looked = people, 0
    while certain and looked <= more:
        following = None
        for variant in variants(at, GROUPS):
            if publication(variant) == seen:
                numbers = counts(variant)
                certain = {name for name in certain if numbers.get(name, 0) == known[name]}
                following = following or variant
                if not certain:
                    break
        if following is None:
            break
        at, looked = following, looked + 1
    return certain


@pytest.mark.parametrize("seed", range(12))
def test_of_random_populations_no_small_count_can_be_computed(seed: int) -> None:
    people = a_population(random.Random(seed))
    assert not uncertain(people), (people, publish(people, GROUPS))


def test_the_attack_finds_what_a_total_beside_one_hidden_part_gives_away() -> None:
    people = Counter({one(): 9, one(need="finance"): 2, one(need="legal"): 7})

    def naive(people: Population) -> str:
        by_need: Counter[tuple[Outcome, str]] = Counter()
        for request, number in people.items():
            by_need[request.outcome, request.need] += number
        shown = {key: n if n >= FEW else "few" for key, n in sorted(by_need.items()) if n}
        return str((shown, people.total()))

    assert (Outcome.CONFIRMED, Group.NEED, "finance") in uncertain(people, naive)


def test_a_number_that_is_not_shown_has_no_parts_and_what_is_told_is_true() -> None:
    for seed in range(300):
        people = a_population(random.Random(seed))
        published = publish(people, GROUPS)
        numbers = counts(people)
        for period in (published.quarter, *published.months):
            for parent, table in period.parts.items():
                assert isinstance(period.number(parent), int)
                assert set(table.cells) == set(PARTS[parent])
        for outcome in Outcome:
            shown = published.quarter.number(outcome)
            assert not isinstance(shown, int) or shown == numbers.get(outcome, 0)
            for month, period in enumerate(published.months):
                cell = period.number(outcome)
                assert not isinstance(cell, int) or cell == numbers.get((outcome, month), 0)
        for group, tables in published.by.items():
            for leaf, cells in tables.items():
                for key, cell in cells.cells.items():
                    if isinstance(cell, int):
                        assert cell == numbers.get((leaf, group, key), 0)


def _tables(width: int, total: int) -> Iterator[tuple[int, ...]]:
    if width == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _tables(width - 1, total - first):
            yield (first, *rest)


@pytest.mark.parametrize(("width", "highest"), [(1, 20), (2, 40), (3, 26), (4, 22), (5, 20)])
def test_of_a_number_that_is_shown_no_small_part_can_be_computed(width: int, highest: int) -> None:
    for total in range(FEW, highest + 1):
        behind = defaultdict(list)
        for numbers in _tables(width, total):
            behind[tuple(split(dict(enumerate(numbers))).cells.values())].append(numbers)
        for cells, possible in behind.items():
            for position, cell in enumerate(cells):
                values = {numbers[position] for numbers in possible}
                assert len(values) > 1 or isinstance(cell, int), (cells, possible)
                assert not isinstance(cell, int) or values == {cell}
                assert not isinstance(cell, int) or cell == 0 or cell >= FEW
