"""Whether a round of matches is worth more than pairing greedily or at random, counted from rows.

``python -m bench.pairing`` prints the table that stands in ``docs/matching.md``; ``--write`` puts
it there. Satisfied is a need that somebody has stated and the partner they got knows about; it is
counted from the needs and offers of the two, not from the score by which they were found. Greedy
takes the best edge that is left, of the very edges that the round is solved on; random takes any
of them; blind pairs people as the coffee bots do, without looking at anything.
"""

import argparse
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from community.matches.fitting import Edges, Population, arrays, edges
from community.matches.populating import ALL_TIMES, KINDS, Columns
from community.matches.solving import solve
from community.matches.table import Partner

PAGE = Path(__file__).parents[1] / "docs" / "matching.md"
BEGIN, END = "<!-- begin -->", "<!-- end -->"
POPULATIONS = {300: 30, 2_000: 10, 10_000: 5}
"""How many towns of each size: small ones differ much from each other."""
SMALLEST = 10
"""A group of fewer is not looked at: one lucky person would be its figure."""
LANGUAGES = {"ar": 30, "uk": 20, "fr": 14, "fa": 10, "tr": 9, "so": 6, "ti": 5, "ps": 4, "bn": 2}
SHARED = {"fr": 0.35, "en": 0.3}
"""Who speaks these besides."""
AREAS = 20
NEEDS = 17
PROFILES = ("woman", "refugee", "youth", "owner", "none said")

Pairs = Sequence[tuple[int, int]]


def population(size: int, seed: int) -> tuple[Columns, list[str], list[str]]:
    """Return a town, and the language and profile of each: those who came last know least.

    Refugees look for more and speak fewer shared languages; owners of firms know most.
    """
    rng = random.Random(seed)
    codes = {code: 1 << bit for bit, code in enumerate([*LANGUAGES, "en"])}
    weights = [1 / (1 + rank) for rank in range(NEEDS)]
    languages, profiles = [], []
    columns = Columns(**{name: [] for name in Columns.__dataclass_fields__})
    spots = [(50 + rng.random() / 2, 4 + rng.random() / 2) for _ in range(AREAS)]
    for number in range(size):
        language = rng.choices([*LANGUAGES], [*LANGUAGES.values()])[0]
        profile = rng.choices(PROFILES, (25, 20, 15, 20, 20))[0]
        newcomer, owner = profile == "refugee", profile == "owner"
        spoken = codes[language]
        for code, share in SHARED.items():
            if rng.random() < share * (0.4 if newcomer else 1):
                spoken |= codes[code]
        looks_for = {
            *rng.choices(range(NEEDS), weights, k=rng.choice((2, 3, 4) if newcomer else (1, 2, 3)))
        }
        knows = {*rng.choices(range(NEEDS), k=rng.choice((2, 3) if owner else (0, 0, 1, 2)))}
        is_guide = owner and rng.random() < 0.25
        area = rng.randrange(AREAS)
        values = {
            "ids": number + 1,
            "receives": rng.random() < 0.9,
            "slots": rng.choice((2, 1)) if is_guide else 1,
            "needs": sum(1 << term for term in looks_for),
            "offers": sum(1 << term for term in knows - looks_for),
            "seeks": sum(KINDS.values()),
            "gives": KINDS[Partner.MENTOR if is_guide else Partner.PEER],
            "languages": spoken,
            "areas": area,
            "sectors": rng.randrange(-1, 14),
            "times": rng.randint(1, ALL_TIMES),
            "online": rng.random() < 0.8,
            "in_person": rng.random() < 0.7,
            "reach": rng.choice((2.0, 5.0, 10.0, 20.0, math.inf)),
            "spots": spots[area],
            "same_language_only": rng.random() < 0.1,
            "nearby_only": rng.random() < 0.05,
        }
        for name, value in values.items():
            getattr(columns, name).append(value)
        languages.append(language)
        profiles.append(profile)
    return columns, languages, profiles


def in_turn(people: Population, found: Edges, order: Sequence[int]) -> Pairs:
    """Take edges in this order, each that still has a place on both sides."""
    left, free = people.slots.tolist(), people.receives.tolist()
    receivers, givers = found.receivers.tolist(), found.givers.tolist()
    pairs, seen = [], set()
    for edge in order:
        one, other = receivers[edge], givers[edge]
        if free[one] and left[other] > 0 and (other, one) not in seen:
            free[one] = False
            left[other] -= 1
            seen.add((one, other))
            pairs.append((one, other))
    return pairs


def greedy(people: Population, found: Edges, _seed: int) -> Pairs:
    """Take the best edge that is left, again and again."""
    return in_turn(people, found, (-found.scores).argsort(kind="stable").tolist())


def at_random(people: Population, found: Edges, seed: int) -> Pairs:
    """Take any edge that is left."""
    return in_turn(people, found, random.Random(seed).sample(range(len(found)), len(found)))


def blind(people: Population, _found: Edges, seed: int) -> Pairs:
    """Pair people whoever they are."""
    order = random.Random(seed).sample(range(people.size), people.size)
    return [*zip(order[::2], order[1::2], strict=False)]


def of_a_round(people: Population, found: Edges, _seed: int) -> Pairs:
    """Pair people as the program does."""
    return solve(people, found)


WAYS: dict[str, Callable[[Population, Edges, int], Pairs]] = {
    "the round": of_a_round,
    "greedy": greedy,
    "random edges": at_random,
    "blind": blind,
}


def satisfied(columns: Columns, pairs: Pairs) -> list[int]:
    """Return for each person which of their needs a partner knows about, as bits."""
    met = [0] * len(columns.ids)
    for one, other in pairs:
        met[one] |= columns.needs[one] & columns.offers[other]
        met[other] |= columns.needs[other] & columns.offers[one]
    return met


def worst(columns: Columns, met: Sequence[int], groups: Sequence[str]) -> float:
    """Return the share of stated needs that is satisfied in the group where it is smallest."""
    stated: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    people: dict[str, int] = defaultdict(int)
    for at, group in enumerate(groups):
        people[group] += 1
        stated[group] += columns.needs[at].bit_count()
        found[group] += met[at].bit_count()
    return min(found[one] / stated[one] for one in stated if people[one] >= SMALLEST)


def table() -> str:
    """Return the table, as it stands on the page."""
    lines = [
        "| people | towns | pairing | satisfied needs | worst-off language | worst-off profile |",
        "|---:|---:|---|---:|---:|---:|",
    ]
    for size, towns in POPULATIONS.items():
        seen: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for seed in range(towns):
            columns, languages, profiles = population(size, seed)
            people = arrays(columns)
            found = edges(people, seed)
            for name, way in WAYS.items():
                met = satisfied(columns, way(people, found, seed))
                count = sum(one.bit_count() for one in met)
                seen[name].append(
                    (count, worst(columns, met, languages), worst(columns, met, profiles))
                )
        for name, figures in seen.items():
            needs, language, profile = map(statistics.mean, zip(*figures, strict=True))
            lines.append(
                f"| {size:,} | {towns} | {name} | {needs:,.0f} | {language:.1%} | {profile:.1%} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table, or put it onto its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    made = table()
    if parser.parse_args().write:
        before, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.split(END)[1]}")
    else:
        print(made)


if __name__ == "__main__":
    main()
