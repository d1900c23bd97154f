"""Everything that is told of facts, attacked at once: nobody computes what is hidden.

As in ``test_differencing.py``, the attacker has every table of all facts and periods, knows the
method, and subtracts. Here a population is made of people, each of whom may be in several facts:
what is known of one narrows what there can be of another.
"""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, partial
from typing import Any

import pytest

from community.evidence import facts, telling
from community.evidence.facts import FACTS
from community.evidence.periods import Every
from community.evidence.telling import ALL, BY_PROFILE, Counted, Kind, Shape, tell

Where = tuple[str, str]
"""A period and a fact."""


@dataclass(frozen=True)
class Human:
    """One person, and where they are counted as what."""

    leaves: tuple[tuple[Where, str], ...]
    language: str = "ar"
    area: str = ""
    profiles: int = 0
    amount: int | None = None

    def kind(self, leaf: str) -> Kind:
        return Kind(leaf, self.language, self.area, self.profiles)


Population = Counter[Human]
Publication = Callable[[Population], str]


@dataclass(frozen=True)
class World:
    """A small network: its facts by period, and what kinds of people there may be."""

    shapes: Mapping[str, Mapping[str, Shape]]
    kinds: list[Human]
    groups: Mapping[str, list[str]] = field(
        default_factory=lambda: {"language": ["ar", "uk"], "area": ["", "1"]}
    )
    largest: int = 8
    few: int = 3
    seen: dict[object, str] = field(default_factory=dict)
    """What was told before: most variants differ in one quarter."""

    def counted(self, people: Population, period: str) -> dict[str, Counted]:
        rows: dict[str, Counter[Kind]] = defaultdict(Counter)
        amounts: dict[str, list[tuple[Kind, Decimal]]] = defaultdict(list)
        for human, number in people.items():
            for (when, fact), leaf in human.leaves:
                if when == period:
                    rows[fact][human.kind(leaf)] += number
                    if human.amount is not None:
                        one = (human.kind(leaf), Decimal(human.amount))
                        amounts[fact] += [one] * number
        return {fact: Counted(rows[fact], amounts[fact]) for fact in rows}

    def publish(self, people: Population) -> str:
        told = []
        for period, shapes in self.shapes.items():
            counted = self.counted(people, period)
            known = period, *sorted((f, *sorted(c.people.items())) for f, c in counted.items())
            if known not in self.seen or any(c.amounts for c in counted.values()):
                self.seen[known] = repr(tell(shapes, counted, self.groups, self.few))
            told.append(self.seen[known])
        return "".join(told)

    def counts(self, people: Population) -> dict[object, Any]:
        """Return every number of people that some table could tell, with a name for it."""
        found: Counter[object] = Counter()
        for human, number in people.items():
            for (period, fact), leaf in human.leaves:
                shape = self.shapes[period][fact]
                kind = human.kind(leaf)
                for node in (*shape.tree, *shape.leaves):
                    if leaf in shape.below(node):
                        found[period, fact, node] += number
                for by in shape.splits:
                    found[period, fact, leaf, by, kind.key(by)] += number
        return dict(found)

    def has(self, people: Population) -> bool:
        """Say whether others may be behind what is told of it that are not listed: larger ones."""
        return people.total() <= self.largest - self.few

    def small(self, people: Population) -> set[object]:
        return {name for name, number in self.counts(people).items() if 0 < number < self.few}


def in_(fact: str, leaf: str, period: str = "2026Q3") -> tuple[Where, str]:
    return (period, fact), leaf


def one_fact(shape: Shape, kinds: list[Human], **more: Any) -> World:
    return World({"2026Q3": {"f": shape}}, kinds, **more)


LANGUAGES = ("ar", "uk")
WOMAN, REFUGEE = BY_PROFILE["profile:woman"], BY_PROFILE["profile:refugee"]
OF_TWO = ("profile:woman", "profile:refugee")
ASKED = Shape(("answered", "silent"), splits=("language",), together=True)
SAID = Shape(("yes", "no"), splits=("language",))
MET = replace(SAID, within=("useful", ()))
BUSINESS = Shape(("same", "closed"), splits=("language",))
SALES = Shape(("up", "down"), splits=("language",), within=("business", ("same",)))
STOCK = Shape(("member",), splits=("language",))
MOVEMENT = Shape(("joined", "left", "stayed"), splits=(), together=True)

WORLDS = {
    "leaves by language and area": one_fact(
        Shape(("yes", "no"), splits=("language", "area")),
        [
            Human((in_("f", leaf),), language, area)
            for leaf in ("yes", "no")
            for language in LANGUAGES
            for area in ("", "1")
        ],
        largest=7,
    ),
    "one leaf by three languages and a profile": one_fact(
        Shape(("yes",), splits=("language", "profile:woman")),
        [
            Human((in_("f", "yes"),), language, profiles=bits)
            for language in ("ar", "fr", "uk")
            for bits in (0, WOMAN)
        ],
        groups={"language": ["ar", "fr", "uk"]},
        largest=9,
    ),
    "people with two profiles": one_fact(
        Shape(("yes", "no"), splits=OF_TWO),
        [
            Human((in_("f", leaf),), profiles=bits)
            for leaf in ("yes", "no")
            for bits in (0, WOMAN, REFUGEE, WOMAN | REFUGEE)
        ],
        largest=7,
    ),
    "a tree": one_fact(
        Shape(
            ("waiting", "given", "refused"),
            {ALL: ("waiting", "answered"), "answered": ("given", "refused")},
            splits=(),
        ),
        [Human((in_("f", leaf),)) for leaf in ("waiting", "given", "refused")],
        largest=14,
    ),
    "who answered, and what": World(
        {"2026Q3": {"asked": ASKED, "met": SAID}},
        [
            Human(leaves, language)
            for language in LANGUAGES
            for leaves in (
                (in_("asked", "silent"),),
                (in_("asked", "answered"), in_("met", "yes")),
                (in_("asked", "answered"), in_("met", "no")),
            )
        ],
        largest=9,
    ),
    "two questions of one survey": World(
        {"2026Q3": {"useful": SAID, "met": MET}},
        [
            Human(leaves, language)
            for language in LANGUAGES
            for useful in ("yes", "no")
            for leaves in (
                (in_("useful", useful),),
                (in_("useful", useful), in_("met", "yes")),
                (in_("useful", useful), in_("met", "no")),
            )
        ],
        largest=7,
    ),
    "one fact within another": World(
        {"2026Q3": {"business": BUSINESS, "sales": SALES}},
        [
            Human(leaves, language)
            for language in LANGUAGES
            for leaves in (
                (in_("business", "closed"),),
                (in_("business", "same"),),
                (in_("business", "same"), in_("sales", "up")),
                (in_("business", "same"), in_("sales", "down")),
            )
        ],
        largest=7,
    ),
    "members of two quarters, who came and who left": World(
        {"2026Q3": {"members": STOCK}, "2026Q4": {"members": STOCK, "movement": MOVEMENT}},
        [
            Human(leaves, language)
            for language in LANGUAGES
            for leaves in (
                (
                    in_("members", "member"),
                    in_("members", "member", "2026Q4"),
                    in_("movement", "stayed", "2026Q4"),
                ),
                (in_("members", "member"), in_("movement", "left", "2026Q4")),
                (in_("members", "member", "2026Q4"), in_("movement", "joined", "2026Q4")),
            )
        ],
        largest=9,
    ),
}


def populations(kinds: list[Human], largest: int) -> Iterator[Population]:
    for size in range(largest + 1):
        for chosen in itertools.combinations_with_replacement(kinds, size):
            yield Counter(chosen)


@pytest.mark.parametrize("name", WORLDS)
def test_of_all_small_populations_no_small_count_of_any_fact_can_be_computed(name: str) -> None:
    world = WORLDS[name]
    behind: dict[str, list[Population]] = defaultdict(list)
    for people in populations(world.kinds, world.largest):
        behind[world.publish(people)].append(people)
    assert len(behind) > 10
    for same in behind.values():
        known = [world.counts(people) for people in same]
        for count in set().union(*(world.small(people) for people in same if world.has(people))):
            assert len({numbers.get(count, 0) for numbers in known}) > 1, (count, same[:3])


def test_of_all_small_populations_no_amount_of_a_few_can_be_computed() -> None:
    """Nor of one person: each of a group that is shown has other amounts in another population."""
    shape = Shape(("up",), splits=("language",))
    kinds = [
        Human((in_("f", "up"),), language, amount=amount)
        for language in LANGUAGES
        for amount in (1, 2, 4)
    ]
    world = one_fact(shape, kinds, largest=8)
    behind: dict[str, list[Population]] = defaultdict(list)
    for people in populations(kinds, world.largest):
        behind[world.publish(people)].append(people)
    told = 0
    for publication, same in behind.items():
        told += "Amount(" in publication
        for language in LANGUAGES:
            few = [sum(n for h, n in p.items() if h.language == language) for p in same]
            sums = {
                sum(n * h.amount for h, n in p.items() if h.language == language and h.amount)
                for p in same
            }
            assert len(sums) > 1 or not 0 < max(few) < world.few, same[:3]
    assert told > 20


# Larger ones, of the facts that there are


def of_quarter() -> dict[str, Shape]:
    return {
        name: replace(fact.shape, splits=tuple(by for by in fact.shape.splits if by in SHORT))
        for name, fact in FACTS.items()
        if fact.every is Every.QUARTER
    }


SHORT = ("language", "area", *OF_TWO)
GROUPS = {"language": ["", "ar", "fr", "uk"], "area": ["1", "2", ""]}
QUARTERS = ("2026Q3", "2026Q4")
REAL = World({quarter: of_quarter() for quarter in QUARTERS}, [], GROUPS, few=5)


def a_human(chance: random.Random) -> Human:
    """Return somebody who is consistent: who answers was asked."""
    leaves: list[tuple[Where, str]] = []
    was, stays = chance.random() < 0.8, chance.random() < 0.85
    for quarter, is_there in ((QUARTERS[0], was), (QUARTERS[1], stays)):
        if is_there:
            leaf = chance.choice([facts.CAME, facts.CAME, facts.ACTIVE, facts.QUIET])
            leaves.append(in_("members", leaf, quarter))
        if not is_there or chance.random() < 0.6:
            continue
        for name in ("learned", "posted", "introduced"):
            if chance.random() < 0.5:
                choice = chance.choice(REAL.shapes[quarter][name].leaves[:2])
                leaves.append(in_(name, choice, quarter))
        if chance.random() < 0.5:
            leaves.append(in_("asked", facts.SILENT, quarter))
            continue
        leaves.append(in_("asked", facts.ANSWERED, quarter))
        for name in ("event_useful", "event_met"):
            said = chance.choice(REAL.shapes[quarter][name].leaves[:2])
            leaves.append(in_(name, said, quarter))
    if was or stays:
        leaf = facts.LEFT if not stays else facts.STAYED if was else facts.JOINED
        leaves.append(in_("movement", leaf, QUARTERS[1]))
    return Human(
        tuple(sorted(leaves)),
        chance.choice(GROUPS["language"]),
        chance.choice(GROUPS["area"]),
        chance.choice([0, 0, WOMAN, REFUGEE, WOMAN | REFUGEE]),
    )


def a_population(chance: random.Random) -> Population:
    people: Population = Counter()
    for _ in range(chance.randint(4, 9)):
        people[a_human(chance)] += chance.choice([1, 1, 2, 3, 5, 8])
    return people


THERE = (None, facts.CAME, facts.ACTIVE, facts.QUIET)


@cache
def bundles() -> list[tuple[set[Where], list[tuple[tuple[Where, str], ...]]]]:
    """Return places that depend on each other, and everything that somebody can be there."""
    found = []
    membership = []
    for before, after in itertools.product(THERE, THERE):
        leaf = facts.JOINED if not before else facts.STAYED if after else facts.LEFT
        leaves = [in_("members", before, QUARTERS[0])] if before else []
        leaves += [in_("members", after, QUARTERS[1])] if after else []
        leaves += [in_("movement", leaf, QUARTERS[1])] if before or after else []
        membership.append(tuple(leaves))
    found.append(membership)
    for quarter in QUARTERS:
        shapes = REAL.shapes[quarter]
        answering = [(), (in_("asked", facts.SILENT, quarter),)]
        for useful in (None, *shapes["event_useful"].leaves):
            for met in (None, *shapes["event_met"].leaves) if useful else (None,):
                leaves = [in_("asked", facts.ANSWERED, quarter)]
                leaves += [in_("event_useful", useful, quarter)] if useful else []
                leaves += [in_("event_met", met, quarter)] if met else []
                answering.append(tuple(leaves))
        found.append(answering)
        found += [
            [(), *((in_(name, leaf, quarter),) for leaf in shapes[name].leaves)]
            for name in ("learned", "posted", "introduced")
        ]
    return [({where for ways in way for where, _leaf in ways}, way) for way in found]


def moved(human: Human) -> Iterator[Human]:
    """Yield the same person with something else about them."""
    for language in GROUPS["language"]:
        yield replace(human, language=language)
    for area in GROUPS["area"]:
        yield replace(human, area=area)
    for bits in (0, WOMAN, REFUGEE, WOMAN | REFUGEE):
        yield replace(human, profiles=bits)
    for places, ways in bundles():
        rest = [one for one in human.leaves if one[0] not in places]
        for way in ways:
            yield replace(human, leaves=tuple(sorted((*rest, *way))))


def parted(human: Human) -> Iterator[Population]:
    """Yield two people in the place of one: facts tell of numbers, not of who is in several."""
    for places, _ways in bundles():
        own = tuple(one for one in human.leaves if one[0] in places)
        rest = tuple(one for one in human.leaves if one[0] not in places)
        if own:
            for other in moved(replace(human, leaves=own)):
                yield Counter([replace(human, leaves=rest)]) + Counter([other])
    was, is_there = (in_("members", facts.ACTIVE, one)[0] for one in QUARTERS)
    leaves = dict(human.leaves)
    if was in leaves and is_there in leaves:
        del leaves[is_there]
        leaves["2026Q4", "movement"] = facts.LEFT
        gone = replace(human, leaves=tuple(sorted(leaves.items())))
        come = ((is_there, dict(human.leaves)[is_there]), in_("movement", facts.JOINED, "2026Q4"))
        yield Counter([gone]) + Counter([replace(human, leaves=come)])


def swapped(people: Population) -> Iterator[Population]:
    """Yield populations in which two leaves of a fact, or two groups in one leaf, swap places."""
    for where in sorted({where for human in people for where, _leaf in human.leaves}):
        found = {dict(human.leaves).get(where) for human in people} - {None}
        if where[1] not in ("movement", "asked"):
            for change in _swaps(REAL.shapes[where[0]][where[1]].leaves):
                yield _each(people, partial(_leaf, where, change))
        for leaf, (way, keys) in itertools.product(sorted(map(str, found)), WAYS.items()):
            for change in _swaps(keys):
                yield _each(people, partial(_apart, where, leaf, way, change))


WAYS: dict[str, list[Any]] = {
    "language": GROUPS["language"],
    "area": GROUPS["area"],
    "profiles": [0, WOMAN, REFUGEE, WOMAN | REFUGEE],
}


def _swaps(keys: Sequence[Any]) -> Iterator[dict[Any, Any]]:
    for one, other in itertools.combinations(keys, 2):
        yield {one: other, other: one}
    if set(keys) == set(WAYS["profiles"]):
        for bit in (WOMAN, REFUGEE):
            yield {bits: bits ^ bit for bits in keys}


def _each(people: Population, change: Callable[[Human], list[Human]]) -> Population:
    found: Population = Counter()
    for human, number in people.items():
        for one in change(human):
            found[one] += number
    return found


def _leaf(where: Where, change: Mapping[str, str], human: Human) -> list[Human]:
    leaves = {**dict(human.leaves)}
    if where in leaves:
        leaves[where] = change.get(leaves[where], leaves[where])
    return [replace(human, leaves=tuple(sorted(leaves.items())))]


def _apart(
    where: Where, leaf: str, way: str, change: Mapping[Any, Any], human: Human
) -> list[Human]:
    """Return somebody as two, if they are in this leaf: what hangs on it has changed groups."""
    if dict(human.leaves).get(where) != leaf:
        return [human]
    places = next(places for places, _ways in bundles() if where in places)
    # Who is what is asked anew each quarter.
    here = {place for place in places if place[0] == where[0]}
    own = tuple(one for one in human.leaves if one[0] in here)
    rest = tuple(one for one in human.leaves if one[0] not in here)
    key = getattr(human, way)
    return [replace(human, leaves=rest), replace(human, leaves=own, **{way: change.get(key, key)})]


def variants(world: World, people: Population, chance: random.Random) -> Iterator[Population]:
    """Yield populations in which some people are of another kind, or two groups swap."""
    steps = [(one, Counter([other])) for one in people for other in moved(one) if other != one]
    steps += [(one, two) for one in people for two in parted(one)]
    chance.shuffle(steps)
    for before, after in steps:
        for number in {1, min(2, people[before]), people[before]}:
            more = Counter({one: number * n for one, n in after.items()})
            yield people - Counter({before: number}) + more
    yield from swapped(people)
    for human in people:
        yield people + Counter([human])
        yield people - Counter([human])
    for one, other in itertools.combinations(people, 2):
        for way in ("language", "area", "profiles"):
            mine, theirs = getattr(one, way), getattr(other, way)
            if mine != theirs:
                number = min(people[one], people[other])
                yield (
                    people
                    - Counter({one: number, other: number})
                    + Counter({replace(one, **{way: theirs}): number})
                    + Counter({replace(other, **{way: mine}): number})
                )


def uncertain(
    world: World, people: Population, publish: Publication, chance: random.Random, looks: int = 12
) -> set[object]:
    """Return the small counts that no variant of the population shows to be uncertain."""
    seen, known, certain = publish(people), world.counts(people), world.small(people)
    at = people
    for _look in range(looks):
        alike = []
        for variant in variants(world, at, chance):
            if publish(variant) == seen:
                alike.append(variant)
                numbers = world.counts(variant)
                certain = {name for name in certain if numbers.get(name, 0) == known[name]}
                if not certain:
                    return certain
        if not alike:
            break
        at = chance.choice(alike)
    return certain


@pytest.mark.parametrize("seed", range(6))
def test_of_random_populations_no_small_count_of_any_fact_can_be_computed(seed: int) -> None:
    chance = random.Random(seed)
    people = a_population(chance)
    assert not uncertain(REAL, people, REAL.publish, chance), people


def test_the_attack_finds_what_the_groups_of_a_whole_fact_would_give_away() -> None:
    """How many speak a language, over all leaves, crosses with the leaves by language."""
    world = WORLDS["who answered, and what"]

    def naive(people: Population) -> str:
        by_language: Counter[object] = Counter()
        for human, number in people.items():
            by_language[human.language, len(human.leaves)] += number
        return world.publish(people) + repr(sorted(by_language.items(), key=str))

    behind: dict[str, list[Population]] = defaultdict(list)
    for people in populations(world.kinds, world.largest):
        behind[naive(people)].append(people)
    found = {
        count
        for same in behind.values()
        for count in set().union(*(world.small(people) for people in same if world.has(people)))
        if len({world.counts(people).get(count, 0) for people in same}) == 1
    }
    assert ("2026Q3", "met", "no", "language", "ar") in found


def test_what_is_told_is_true() -> None:
    for seed in range(100):
        people = a_population(random.Random(seed))
        numbers = REAL.counts(people)
        for period, shapes in REAL.shapes.items():
            for fact, told in tell(shapes, REAL.counted(people, period), GROUPS, REAL.few).items():
                for node, cell in told.cells.items():
                    assert not isinstance(cell, int) or cell == numbers.get(
                        (period, fact, node), 0
                    )
                for by, margins in told.by.items():
                    for leaf, margin in margins.items():
                        for key, cell in margin.items():
                            name = (period, fact, leaf, by, key)
                            assert not isinstance(cell, int) or cell == numbers.get(name, 0)
                for node in (ALL, *shapes[fact].leaves):
                    count = numbers.get((period, fact, node), 0)
                    assert not 0 < count < REAL.few or told.number(node) != count


def test_a_profile_keeps_its_bit() -> None:
    """Rows that were counted years ago are read by it: new profiles come last."""
    first = ("woman", "refugee", "youth", "highly_skilled", "job_seeker", "owner", "student")
    assert tuple(telling.PROFILES)[:8] == (*first, "rather_not_say")
