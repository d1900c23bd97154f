"""docs/faults.md has one row for each fault, and each row names the tests that show it."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
NUMBERS = set(range(1, 55))
"""Which faults this page has to know."""


def rows() -> dict[int, list[str]]:
    """Return the cells of each row of the page after its number."""
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    found: dict[int, list[str]] = {}
    for line in re.findall(r"^\| \d+ \|.*$", page, re.MULTILINE):
        number, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        assert int(number) not in found, f"two rows for {number}"
        found[int(number)] = cells
    return found


def numbered() -> dict[int, set[str]]:
    """Return the tests that have the number of a fault in their name."""
    found = defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        source = path.read_text(encoding="utf-8")
        for name, number in re.findall(
            r"^(?:async )?def (test_fault_(\d\d)_\w+)\(", source, re.MULTILINE
        ):
            found[int(number)].add(name)
    return found


def test_every_fault_has_one_row_that_says_what_happens_and_names_its_tests() -> None:
    page, written = rows(), numbered()
    assert list(page) == sorted(page)
    assert set(page) >= NUMBERS
    for number in NUMBERS:
        fault, happens, named = page[number]
        assert fault, number
        assert happens.endswith("."), number
        names = re.findall(r"`(\w+)`", named)
        assert names, number
        assert len(names) == len(set(names)), number
        assert set(names) == written[number], number
