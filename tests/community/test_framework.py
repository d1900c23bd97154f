"""The file of indicators is checked as a whole, and each mistake is named with its place."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from community.evidence import (
    FACTS,
    Figure,
    Framework,
    FrameworkError,
    Told,
    UndefinedIndicatorError,
    figure,
    figures,
    framework,
    load,
    shipped,
)
from community.evidence.telling import ALL
from community.figures import Cell, Hidden

GOOD = """
threshold: 10
indicators:
  women_who_come:
    name: {en: Women who come, ar: نساء يحضرن}
    level: impact
    stage: output
    formula: share
    fact: members
    leaves: [came]
    unit: percent
    source: the door
    split: [language, profile]
    target: 40
    due: 2027-12-31
"""


def changed(old: str, new: str) -> list[str]:
    assert old in GOOD
    with pytest.raises(FrameworkError) as refused:
        framework.parse(GOOD.replace(old, new))
    return list(refused.value.problems)


def test_a_file_without_mistakes_is_read() -> None:
    found = framework.parse(GOOD)
    assert (found.threshold, len(found.version)) == (10, 16)
    one = found.indicator("women_who_come")
    assert one.names["ar"] == "نساء يحضرن"
    assert (one.target, one.due) == (Decimal(40), date(2027, 12, 31))
    assert framework.parse(GOOD + " ").version != found.version


def test_a_report_refuses_what_was_not_defined() -> None:
    with pytest.raises(UndefinedIndicatorError):
        framework.parse(GOOD).indicator("men_who_come")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("fact: members", "fact: membres", "women_who_come, fact: unknown: membres"),
        ("leaves: [came]", "leaves: [gone]", "women_who_come, leaves: members has no leaf gone"),
        (
            "unit: percent",
            "unit: stones",
            "women_who_come, unit: unknown: stones; one of "
            "people, requests, percent, money, hours, ratio",
        ),
        ("unit: percent", "unit: money", "women_who_come, unit: money does not go with share"),
        (
            "split: [language, profile]",
            "split: [age]",
            "women_who_come, split: unknown: age; one of language, area, profile",
        ),
        ("formula: share", "formula: sum", "women_who_come, formula: members has no amount"),
        ("formula: share", "formula: a + b", "women_who_come, formula: unknown: a + b"),
        ("level: impact", "level: high", "women_who_come, level: unknown: high"),
        ("    stage: output\n", "", "women_who_come, stage: is missing"),
        ("source: the door", "source: ''", "women_who_come, source: say which question"),
        ("target: 40", "target: many", "women_who_come, target: needs a number"),
        ("target: 40", "target: .nan", "women_who_come, target: needs a number"),
        ("due: 2027-12-31", "due: soon", "women_who_come, due: needs a day: 2027-12-31"),
        ("    target: 40\n", "", "women_who_come, due: a day needs a target"),
        (
            "{en: Women who come, ar: نساء يحضرن}",
            "{en: ''}",
            "women_who_come, name.en: has no words",
        ),
        ("    source:", "    colour: red\n    source:", "women_who_come, colour: unknown key"),
        ("threshold: 10", "threshold: 2", "threshold: a whole number from 3 on"),
        ("women_who_come:", "Women who come:", "Women who come: an id has small letters"),
        ("indicators:", "indicator:", "the file: needs a mapping `indicators`"),
        ("level: impact", "level: [impact", "line "),
        (
            "leaves: [came]",
            "of: {fact: requests}",
            "women_who_come, of: a share is of the same fact; for another, take ratio",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place(old: str, new: str, problem: str) -> None:
    assert any(line.startswith(problem) for line in changed(old, new)), changed(old, new)


def test_all_mistakes_are_named_at_once() -> None:
    assert len(changed("unit: percent", "unit: stones\n    colour: red")) == 2


def test_a_leaf_within_another_would_count_twice() -> None:
    text = GOOD.replace("fact: members", "fact: requests").replace(
        "    split: [language, profile]\n", ""
    )
    with pytest.raises(FrameworkError, match="one lies in another: it would count twice"):
        framework.parse(text.replace("leaves: [came]", "leaves: [answered, declined]"))
    assert framework.parse(text.replace("leaves: [came]", "leaves: [answered, waiting]"))


def test_yaml_makes_plain_values_and_runs_nothing() -> None:
    assert changed("40", "!!python/object/apply:os.system ['true']")[0].endswith("this is no YAML")


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FrameworkError, match="the file cannot be read"):
        load(tmp_path / "none.yaml")


OF_USE = {"reacted", "wrote", "invited"}
"""What "Use of the platform" tells, and no indicator."""


def test_what_comes_with_the_program_has_no_mistake_and_is_of_the_three_groups() -> None:
    found = shipped()
    assert load(None) is found
    assert {one.part.fact for one in found.indicators.values()} == FACTS.keys() - OF_USE


SHIPPED = shipped()


def of(code: str, told: dict[str, Told], at: Framework = SHIPPED) -> Figure:
    return figure(at.indicator(code), told)


def test_a_figure_is_made_of_shown_numbers_only() -> None:
    few, covered = Hidden.FEW, Hidden.COVERED
    told = {"members": Told({ALL: 30, "came": 20, "active": few, "quiet": few})}
    assert of("membership", told) == Figure(Decimal(30), 30)
    assert of("members_at_events", told) == Figure(Decimal(20), 20)
    assert of("active_members", told) == Figure(covered, 30)
    assert of("joined", {"movement": Told({"joined": covered})}) == Figure(covered, covered)
    assert of("joined", {}) == Figure(covered, covered)


def test_shares_are_whole_percent_and_of_nobody_there_is_none() -> None:
    told = {"members": Told({ALL: 8, "came": 5, "active": 0, "quiet": 3})}
    assert of("active_members", told) == Figure(Decimal(63), 8)
    nobody = {"members": Told({ALL: 0, "came": 0, "active": 0, "quiet": 0})}
    assert of("active_members", nobody) == Figure(None, 0)
    requests = {**told, "requests": Told({ALL: 7})}
    assert of("requests_for_each_member", requests) == Figure(Decimal("0.875"), 8)


def test_a_group_has_a_figure_where_all_its_numbers_are_shown() -> None:
    margins: dict[str, dict[str, dict[str, Cell]]] = {
        "language": {
            "came": {"": 0, "ar": 6, "uk": 9},
            "active": {"": 0, "ar": 5, "uk": Hidden.COVERED},
        },
        "profile:woman": {"came": {"with": 5, "without": 10}, "active": {"with": 5, "without": 5}},
    }
    told = {"members": Told({ALL: 25, "came": 15, "active": 10, "quiet": 0}, margins)}
    found = figures(SHIPPED.indicator("active_members"), told)
    assert found["language"] == {
        "": Figure(None, 0),
        "ar": Figure(Decimal(100), 11),
        "uk": Figure(Hidden.COVERED, Hidden.COVERED),
    }
    assert found["profile:woman"] == {"with": Figure(Decimal(100), 10)}
    came = figures(SHIPPED.indicator("members_at_events"), told)
    assert came["language"]["uk"] == Figure(Decimal(9), 9)
