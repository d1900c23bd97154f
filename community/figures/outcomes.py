"""What became of requests to providers, so that no table gives away what another hides.

Many tables tell of the same requests, so they are cut so as not to cross each other:

* What became of requests is a tree (``PARTS``): each number is split into parts that exclude each
  other, and a number that is not shown has no parts.
* A leaf of the tree is split once more by each of need, language, area and provider. These are
  margins of one and the same number: whoever knows how it is spread over needs knows nothing of
  how it is spread over areas. How many requests a group has made altogether is not told: that
  would cross with what became of them.
* What is shown of a provider in a leaf is split by how its word on it came: in the chat, or
  recorded by the team, and that by phone, by e-mail or in person. It lies below that margin,
  because everybody may know which organisations are not in the chat: sources of a whole leaf
  would be numbers of these.
* Requests that were not met are split by need, each need by language, each of these by area. So
  they are in no other table by need, language or area.
* The months of a quarter add up to it. Their parts are shown if nothing is small in any of the
  three; else only the quarter's are.

Each split is safe for itself (``protecting.split``), and none tells anything of another.
``tests/community/test_differencing.py`` attacks all of them together.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any, TypeVar

from community.figures.periods import MONTHS
from community.figures.protecting import FEW, Cell, Protected, people, split
from community.referrals import RECORDED, TEAMS_REASONS, Reason, Source, State

K = TypeVar("K", bound=Hashable)


class Outcome(StrEnum):
    """What may have become of a request, from the asking to the member's word."""

    ASKED = "asked"
    WAITING = "waiting"
    """Nobody has answered yet."""
    UNANSWERED = "unanswered"
    """It has expired, and nobody ever answered."""
    TAKEN_BACK = "taken_back"
    """The member withdrew it before there was an answer."""
    ANSWERED = "answered"
    QUESTIONED = "questioned"
    """The provider has asked for more, and that is still open."""
    GIVEN_UP = "given_up"
    """The provider has asked for more; then it expired, or was withdrawn."""
    DECLINED = "declined"
    PASSED_ON = "passed_on"
    ACCEPTED = "accepted"
    UNDER_WAY = "under_way"
    WITHDRAWN = "withdrawn"
    """By the member, after it had been accepted."""
    NOT_DELIVERED = "not_delivered"
    COMPLETED = "completed"
    """By the provider's word."""
    CONFIRMED = "confirmed"
    """By the member's word."""
    UNCONFIRMED = "unconfirmed"
    """The member has said nothing, yet or at all."""
    DISPUTED = "disputed"
    SETTLED_GIVEN = "settled_given"
    """The member disagreed, and the team found that the help was given."""
    SETTLED_NOT_GIVEN = "settled_not_given"


PARTS: Mapping[Outcome, tuple[Outcome, ...]] = {
    Outcome.ASKED: (Outcome.WAITING, Outcome.UNANSWERED, Outcome.TAKEN_BACK, Outcome.ANSWERED),
    Outcome.ANSWERED: (
        Outcome.ACCEPTED,
        Outcome.DECLINED,
        Outcome.PASSED_ON,
        Outcome.QUESTIONED,
        Outcome.GIVEN_UP,
    ),
    Outcome.ACCEPTED: (
        Outcome.UNDER_WAY,
        Outcome.WITHDRAWN,
        Outcome.NOT_DELIVERED,
        Outcome.COMPLETED,
    ),
    Outcome.COMPLETED: (
        Outcome.CONFIRMED,
        Outcome.UNCONFIRMED,
        Outcome.DISPUTED,
        Outcome.SETTLED_GIVEN,
        Outcome.SETTLED_NOT_GIVEN,
    ),
}
WITH_REASON: Mapping[Outcome, Sequence[Reason]] = {
    Outcome.DECLINED: TEAMS_REASONS[State.DECLINED],
    Outcome.NOT_DELIVERED: tuple(Reason),
}
"""The reasons there are; any other counts as ``OTHER``."""
UNMET = (Outcome.DECLINED, Outcome.UNANSWERED)


class By(StrEnum):
    """Who has written down what a provider says."""

    STAFF = "staff"
    """Its own, in the chat."""
    TEAM = "team"
    """By phone, by e-mail or in person (``referrals.RECORDED``)."""


def leaves(outcome: Outcome) -> tuple[Outcome, ...]:
    """Return what there is in the end of an outcome: itself, if it has no parts."""
    parts = PARTS.get(outcome)
    return (outcome,) if parts is None else tuple(chain.from_iterable(map(leaves, parts)))


LEAVES = leaves(Outcome.ASKED)


class Group(StrEnum):
    """By what requests are told apart."""

    NEED = "need"
    LANGUAGE = "language"
    AREA = "area"
    PROVIDER = "provider"


OF_UNMET = (Group.NEED, Group.LANGUAGE, Group.AREA)
"""What unmet requests are split by, one after the other."""
Groups = Mapping[Group, Sequence[Any]]
"""All needs, languages, areas and providers that there are, in the order of telling."""


@dataclass(frozen=True)
class Request:
    """Whatever tables tell requests apart by."""

    month: int
    """Of the quarter, from 0."""
    outcome: Outcome
    """A leaf."""
    reason: Reason | None
    need: str
    language: str
    area: int | None
    provider: int
    source: Source | None
    """How the provider's last word on it came; None if there has been none."""


Counted = Mapping[Request, int]


@dataclass(frozen=True)
class Outcomes:
    """What became of the requests of a month or a quarter. What is not there is not shown."""

    asked: Cell
    parts: dict[Outcome, Protected[Outcome]] = field(default_factory=dict)
    reasons: dict[Outcome, Protected[Reason]] = field(default_factory=dict)

    def number(self, outcome: Outcome) -> Cell | None:
        """Return how many, as far as it is shown; None where not even that it is hidden is."""
        if outcome is Outcome.ASKED:
            return self.asked
        return next((t.cells[outcome] for t in self.parts.values() if outcome in t.cells), None)

    def shows(self, outcome: Outcome) -> int:
        """Return how many where that is shown, else 0."""
        number = self.number(outcome)
        return number if isinstance(number, int) else 0


@dataclass(frozen=True)
class Outline:
    """A number by one group after the other."""

    parts: Protected[Any]
    below: Mapping[Any, "Outline"]


@dataclass(frozen=True)
class Published:
    """Everything that is told of the requests of one quarter."""

    quarter: Outcomes
    months: tuple[Outcomes, ...]
    """Those that have begun; of the others everybody knows that they are empty."""
    by: Mapping[Group, Mapping[Outcome, Protected[Any]]]
    sources: Mapping[Outcome, Mapping[Any, Outline]]
    """How its word came, of each provider of whom a leaf is told."""
    unmet: Outline | None


def publish(counted: Counted, groups: Groups, begun: int = MONTHS) -> Published:
    """Return what may be told of the requests of a quarter of which so many months have begun."""
    months, quarter = _outcomes(counted, begun)
    shown = {leaf for leaf in LEAVES if quarter.shows(leaf)}
    by = {
        group: _by(
            [
                (request.outcome, getattr(request, group.value), number)
                for request, number in counted.items()
            ],
            groups[group],
            [leaf for leaf in LEAVES if leaf in shown - _told_elsewhere(group)],
        )
        for group in Group
    }
    unmet: Counter[tuple[Any, ...]] = Counter()
    for request, number in counted.items():
        if request.outcome in shown.intersection(UNMET):
            unmet[request.need, request.language, request.area] += number
    outline = outlined(unmet, [groups[group] for group in OF_UNMET]) if unmet else None
    return Published(quarter, months, by, _by_source(counted, by[Group.PROVIDER]), outline)


def _told_elsewhere(group: Group) -> set[Outcome]:
    return set(UNMET) if group in OF_UNMET else set()


def _by(
    counted: Iterable[tuple[Outcome, K, int]], keys: Sequence[K], shown: Iterable[Outcome]
) -> dict[Outcome, Protected[K]]:
    cells = {leaf: dict.fromkeys(keys, 0) for leaf in LEAVES}
    for leaf, key, number in counted:
        cells[leaf][key] += number
    return {leaf: split(cells[leaf]) for leaf in shown}


def _by_source(
    counted: Counted, shown: Mapping[Outcome, Protected[Any]]
) -> dict[Outcome, dict[Any, Outline]]:
    found: dict[Outcome, dict[Any, Outline]] = {}
    for leaf, table in shown.items():
        for provider, cell in table.cells.items():
            sources: Counter[Source] = Counter()
            for request, number in counted.items():
                is_here = (request.outcome, request.provider) == (leaf, provider)
                if is_here and request.source:
                    sources[request.source] += number
            if isinstance(cell, int) and sources:
                found.setdefault(leaf, {})[provider] = _said(sources)
    return found


def _said(sources: Counter[Source]) -> Outline:
    """Split by who has written it down, and what the team has written down once more."""
    recorded = {source: sources[source] for source in RECORDED}
    told = split({By.STAFF: sources[Source.CHAT], By.TEAM: sum(recorded.values())})
    team = told.cells[By.TEAM]
    is_shown = isinstance(team, int) and team > 0
    return Outline(told, {By.TEAM: Outline(split(recorded), {})} if is_shown else {})


def outlined(counted: Mapping[tuple[Any, ...], int], groups: Sequence[Sequence[Any]]) -> Outline:
    """Split a number that is shown by the first group, each part by the next, and so on."""
    first, *rest = groups
    cells = dict.fromkeys(first, 0)
    for key, number in counted.items():
        cells[key[0]] += number
    parts = split(cells)
    below = {}
    for key in first:
        cell = parts.cells[key]
        if rest and isinstance(cell, int) and cell:
            inside = {k[1:]: number for k, number in counted.items() if k[0] == key}
            below[key] = outlined(inside, rest)
    return Outline(parts, below)


def _outcomes(counted: Counted, begun: int) -> tuple[tuple[Outcomes, ...], Outcomes]:
    """Return what is told of each month, and of the quarter."""
    asked = people(sum(counted.values()))
    if not isinstance(asked, int) or not asked:
        return tuple(Outcomes(asked) for _ in range(begun)), Outcomes(asked)
    by_month = split(
        _sums(range(begun), ((request.month, number) for request, number in counted.items()))
    )
    months = [Outcomes(by_month.cells[month], {}, {}) for month in range(begun)]
    whole = Outcomes(asked, {}, {})
    for parent, parts in PARTS.items():
        part_of = {leaf: part for part in parts for leaf in leaves(part)}
        cells = [
            _sums(
                parts,
                (
                    (part_of[request.outcome], number)
                    for request, number in counted.items()
                    if request.month == month and request.outcome in part_of
                ),
            )
            for month in range(begun)
        ]
        for period, table in _tables(parent, cells, whole, months):
            period.parts[parent] = table
    for parent, choice in WITH_REASON.items():
        reasons = [
            _sums(
                choice,
                (
                    (_reason(request, choice), number)
                    for request, number in counted.items()
                    if request.month == month and request.outcome == parent
                ),
            )
            for month in range(begun)
        ]
        for period, why in _tables(parent, reasons, whole, months):
            period.reasons[parent] = why
    return tuple(months), whole


def _reason(request: Request, choice: Sequence[Reason]) -> Reason:
    return request.reason if request.reason and request.reason in choice else Reason.OTHER


def _sums(keys: Iterable[K], counted: Iterable[tuple[K, int]]) -> dict[K, int]:
    cells = dict.fromkeys(keys, 0)
    for key, number in counted:
        cells[key] += number
    return cells


def _tables(
    parent: Outcome, cells: Sequence[Mapping[K, int]], whole: Outcomes, months: list[Outcomes]
) -> Iterable[tuple[Outcomes, Protected[K]]]:
    """Yield the tables of a number's parts that may be shown, and whose they are."""
    if not whole.shows(parent):
        return
    sums: Counter[K] = Counter()
    for of_month in cells:
        sums.update(of_month)
    yield whole, split(sums)
    is_large = all(n == 0 or n >= FEW for of_month in cells for n in of_month.values())
    if is_large and all(isinstance(month.number(parent), int) for month in months):
        for month, of_month in zip(months, cells, strict=True):
            yield month, split(of_month)
