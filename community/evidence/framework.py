"""What is measured: one file that is written before anything is, and checked as a whole.

Each indicator has an id, a name, a level and a kind, a formula over one fact or two, a unit, where
it comes from, by what it is split, and a target with a day. A formula is one of a few; there is no
language of expressions. The file that comes with the program has the guidance note's indicators
(module 6.6); a network may set its own.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from community.evidence.facts import FACTS, Fact

SHIPPED = Path(__file__).with_name("indicators.yaml")
FEWEST, USUAL = 3, 5
ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Level(StrEnum):
    """The three groups of the guidance note."""

    IMPACT = "impact"
    COST_EFFECTIVENESS = "cost_effectiveness"
    NET_BENEFIT = "net_benefit"


class Stage(StrEnum):
    """Whether it is what the network does, or what comes of it."""

    OUTPUT = "output"
    OUTCOME = "outcome"


class Formula(StrEnum):
    """How a figure is made of what is told of a fact."""

    COUNT = "count"
    """How many people (or requests) some leaves have."""
    SHARE = "share"
    """How many of them all, in whole percent."""
    RATIO = "ratio"
    """How many for each one of another fact."""
    SUM = "sum"
    MEDIAN = "median"


class Unit(StrEnum):
    """What a figure is of."""

    PEOPLE = "people"
    REQUESTS = "requests"
    PERCENT = "percent"
    MONEY = "money"
    HOURS = "hours"
    RATIO = "ratio"


class Split(StrEnum):
    """By what a figure can be told apart."""

    LANGUAGE = "language"
    AREA = "area"
    PROFILE = "profile"


UNITS: Mapping[Formula, frozenset[Unit]] = {
    Formula.COUNT: frozenset({Unit.PEOPLE, Unit.REQUESTS}),
    Formula.SHARE: frozenset({Unit.PERCENT}),
    Formula.RATIO: frozenset({Unit.RATIO}),
    Formula.SUM: frozenset({Unit.MONEY, Unit.HOURS, Unit.PEOPLE}),
    Formula.MEDIAN: frozenset({Unit.MONEY, Unit.HOURS, Unit.PEOPLE}),
}


@dataclass(frozen=True)
class Part:
    """Some leaves of a fact: none named, all of them."""

    fact: str
    leaves: Sequence[str] = ()


@dataclass(frozen=True)
class Indicator:
    """One indicator, as the file defines it."""

    id: str
    names: Mapping[str, str]
    """By language. Empty for those that come with the program: their names are translated."""
    level: Level
    stage: Stage
    formula: Formula
    part: Part
    of: Part | None
    """Of a share, if not of the whole fact; of a ratio, what is divided by."""
    unit: Unit
    source: str
    splits: Sequence[Split]
    target: Decimal | None
    due: date | None


@dataclass(frozen=True)
class Framework:
    """A file of indicators that has no mistake."""

    version: str
    """The same for the same words, and for no others."""
    threshold: int
    indicators: Mapping[str, Indicator]

    def indicator(self, code: str) -> Indicator:
        """Return the indicator of this id.

        Raises:
            UndefinedIndicatorError: the file does not define it.
        """
        try:
            return self.indicators[code]
        except KeyError:
            raise UndefinedIndicatorError(code) from None


class UndefinedIndicatorError(LookupError):
    """A report wants an indicator that was not defined before."""


class FrameworkError(ValueError):
    """What is wrong with a file: one line for each mistake, with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@cache
def shipped() -> Framework:
    """Return the indicators that come with the program."""
    return parse(SHIPPED.read_text(encoding="utf-8"), names_in_file=False)


def load(path: Path | None) -> Framework:
    """Return the network's own indicators; without a file, those of the program.

    Raises:
        FrameworkError: the file cannot be read, or has mistakes.
    """
    if path is None:
        return shipped()
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FrameworkError([f"the file cannot be read ({type(error).__name__})"]) from error


def parse(text: str, *, names_in_file: bool = True) -> Framework:
    """Return what a file says.

    Raises:
        FrameworkError: it has mistakes; all of them are named.
    """
    try:
        # A merge key or an alias cannot run anything, and safe_load makes plain values only.
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        raise FrameworkError([f"{where}: this is no YAML"]) from error
    if not isinstance(content, dict) or not isinstance(content.get("indicators"), dict):
        raise FrameworkError(["the file: needs a mapping `indicators`"])
    problems = [f"{key}: unknown key" for key in content if key not in ("threshold", "indicators")]
    threshold = content.get("threshold", USUAL)
    if type(threshold) is not int or threshold < FEWEST:
        problems.append(f"threshold: a whole number from {FEWEST} on")
    found = {}
    for code, entry in content["indicators"].items():
        reader = _Reader(str(code), entry, names_in_file)
        indicator = reader.indicator()
        problems += reader.problems
        if indicator:
            found[indicator.id] = indicator
    if problems:
        raise FrameworkError(problems)
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Framework(version, threshold, found)


KEYS = frozenset(
    {*("name", "level", "stage", "formula", "fact", "leaves", "of", "unit", "source", "split")}
    | {"target", "due"}
)


class _Reader:
    """Reads one indicator, and notes what is wrong with it instead of stopping."""

    def __init__(self, code: str, entry: Any, names_in_file: bool) -> None:
        self.code, self.entry, self.names_in_file = code, entry, names_in_file
        self.problems: list[str] = []

    def wrong(self, key: str, what: str) -> None:
        self.problems.append(f"{self.code}, {key}: {what}" if key else f"{self.code}: {what}")

    def indicator(self) -> Indicator | None:
        if not ID.fullmatch(self.code):
            self.wrong("", "an id has small letters, digits and _")
        if not isinstance(self.entry, dict):
            self.wrong("", "needs a mapping")
            return None
        for key in self.entry:
            if key not in KEYS:
                self.wrong(str(key), "unknown key")
        formula = self._one("formula", Formula)
        part = self._part("", self.entry)
        of = self._of(formula)
        unit = self._one("unit", Unit)
        level, stage = self._one("level", Level), self._one("stage", Stage)
        if formula and unit and unit not in UNITS[formula]:
            self.wrong("unit", f"{unit} does not go with {formula}")
        splits = self._splits(part)
        if formula and part:
            self._fits(formula, part, FACTS[part.fact])
        names, source = self._names(), self.entry.get("source")
        if not isinstance(source, str) or not source.strip():
            self.wrong("source", "say which question or event it comes from")
        target, due = self._target(), self._due()
        if self.problems or not (formula and part and unit and level and stage):
            return None
        return Indicator(
            self.code,
            names,
            level,
            stage,
            formula,
            part,
            of,
            unit,
            str(source),
            splits,
            target,
            due,
        )

    def _one(self, key: str, values: type[StrEnum]) -> Any:
        value = self.entry.get(key)
        if value is None:
            self.wrong(key, "is missing")
            return None
        try:
            return values(value)
        except ValueError:
            self.wrong(key, f"unknown: {value}; one of {', '.join(map(str, values))}")
            return None

    def _part(self, place: str, entry: Mapping[str, Any]) -> Part | None:
        fact, leaves = entry.get("fact"), entry.get("leaves", [])
        if fact is None:
            self.wrong(f"{place}fact", "is missing")
            return None
        if fact not in FACTS:
            self.wrong(f"{place}fact", f"unknown: {fact}")
            return None
        shape = FACTS[fact].shape
        nodes = {*shape.leaves, *shape.tree} - {""}
        if not isinstance(leaves, list) or not all(isinstance(leaf, str) for leaf in leaves):
            self.wrong(f"{place}leaves", "needs a list")
            return None
        for leaf in leaves:
            if leaf not in nodes:
                self.wrong(f"{place}leaves", f"{fact} has no leaf {leaf}")
        under = [below for leaf in leaves if leaf in nodes for below in shape.below(leaf)]
        if len(set(under)) < len(under):
            self.wrong(f"{place}leaves", "one lies in another: it would count twice")
        return Part(fact, tuple(leaves))

    def _of(self, formula: Formula | None) -> Part | None:
        of = self.entry.get("of")
        if of is None:
            if formula is Formula.RATIO:
                self.wrong("of", "is missing: what is divided by")
            return None
        if formula not in (Formula.SHARE, Formula.RATIO):
            self.wrong("of", "goes with share and ratio only")
        if not isinstance(of, dict) or not {*of} <= {"fact", "leaves"}:
            self.wrong("of", "needs a mapping of fact and leaves")
            return None
        part = self._part("of.", of)
        if part and formula is Formula.SHARE and part.fact != self.entry.get("fact"):
            self.wrong("of", "a share is of the same fact; for another, take ratio")
        return part

    def _fits(self, formula: Formula, part: Part, fact: Fact) -> None:
        if formula in (Formula.SUM, Formula.MEDIAN):
            if not fact.has_amount:
                self.wrong("formula", f"{part.fact} has no amount")
            if part.leaves:
                self.wrong("leaves", "amounts are told of all of a fact's people")
        if formula is Formula.COUNT:
            unit = Unit.REQUESTS if fact.of_requests else Unit.PEOPLE
            if self.entry.get("unit") in (Unit.REQUESTS, Unit.PEOPLE) and (
                self.entry["unit"] != unit
            ):
                self.wrong("unit", f"{part.fact} counts {unit}")

    def _splits(self, part: Part | None) -> Sequence[Split]:
        given = self.entry.get("split", [])
        if not isinstance(given, list):
            self.wrong("split", "needs a list")
            return ()
        found = []
        for one in given:
            if one not in [*Split]:
                self.wrong("split", f"unknown: {one}; one of {', '.join(Split)}")
            elif part and not any(by.startswith(one) for by in FACTS[part.fact].shape.splits):
                self.wrong("split", f"{part.fact} is not told by {one}")
            else:
                found.append(Split(one))
        return tuple(found)

    def _names(self) -> Mapping[str, str]:
        names = self.entry.get("name")
        if not self.names_in_file:
            if names is not None:
                self.wrong("name", "what comes with the program is named in the catalogues")
            return {}
        if not isinstance(names, dict) or not names:
            self.wrong("name", "needs a mapping of language and words")
            return {}
        for language, words in names.items():
            if not LANGUAGE_TAG.fullmatch(str(language)):
                self.wrong("name", f"no language: {language}")
            if not isinstance(words, str) or not words.strip():
                self.wrong(f"name.{language}", "has no words")
        return {str(language): str(words).strip() for language, words in names.items()}

    def _target(self) -> Decimal | None:
        target = self.entry.get("target")
        if target is None:
            return None
        if type(target) not in (int, float) or not Decimal(str(target)).is_finite():
            self.wrong("target", "needs a number")
            return None
        return Decimal(str(target))

    def _due(self) -> date | None:
        due = self.entry.get("due")
        if due is None:
            return None
        if type(due) is not date:
            self.wrong("due", "needs a day: 2027-12-31")
            return None
        if self.entry.get("target") is None:
            self.wrong("due", "a day needs a target")
        return due
