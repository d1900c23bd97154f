"""docs/evidence.md says where each indicator of the guidance note stands."""

import re
from pathlib import Path

from community import evidence
from community.evidence.framework import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
ROW = re.compile(r"^\|(.+?)\|(.+?)\|(.+?)\|(.*?)\|$", re.MULTILINE)


def section(title: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def rows() -> list[tuple[list[str], set[str]]]:
    """Return of each row of the table the indicators it names, and its periods."""
    found = ROW.findall(section("The indicators of the guidance note"))
    assert len(found) > 15
    return [
        (re.findall(r"`(\w+)`", ids), {one.strip() for one in periods.split(",")} - {"–"})
        for _said, ids, periods, _missing in found[2:]
    ]


def test_every_indicator_that_the_page_names_is_one_and_none_is_left_out() -> None:
    named = {code for codes, _periods in rows() for code in codes}
    assert named == evidence.shipped().indicators.keys()


def test_the_page_says_of_which_period_each_indicator_is() -> None:
    indicators = evidence.shipped().indicators
    for codes, periods in rows():
        facts = {indicators[code].part.fact for code in codes}
        assert {evidence.FACTS[fact].every for fact in facts} == periods, codes


def test_the_page_says_what_each_key_of_the_file_means() -> None:
    lines = section("A network of one's own indicators").splitlines()
    first = [line.split("|")[1] for line in lines if line.startswith("| `")]
    assert {key for cell in first for key in re.findall(r"`(\w+)`", cell)} == {*KEYS, "threshold"}
