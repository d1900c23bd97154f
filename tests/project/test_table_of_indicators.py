"""docs/evidence.md says where each indicator of the guidance note stands."""

import re
from pathlib import Path

from bench.example_report import MARK
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


def test_every_page_of_the_example_says_that_it_is_simulated_and_loads_nothing() -> None:
    pages = sorted(PAGE.with_name("example-report").glob("*.html"))
    assert len(pages) == 3
    for file in pages:
        text = file.read_text(encoding="utf-8")
        mark = MARK["ar" if 'lang="ar"' in text else "en"]
        aside = re.search(r'<aside class="mark">(.+?)</aside>', text)
        assert aside is not None
        assert mark in re.sub("[\u2066-\u2069]", "", aside[1])
        assert not re.search(r'(src|href)="(?!#|data:)', text)
        assert file.with_suffix(".png").stat().st_size > 20_000
        assert f"example-report/{file.name}" in section("An example")
