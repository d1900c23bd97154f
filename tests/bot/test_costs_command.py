"""Costs in and out on the command line."""

from pathlib import Path

import pytest

from tests.bot.test_directory_command import address, diwan

__all__ = ["address"]
TABLE = "what,amount,from,until,note\nstaff,1200.50,2026-10-01,2026-12-31,Half a post\n"


@pytest.mark.usefixtures("address")
def test_costs_come_in_once_and_go_out_again() -> None:
    Path("in.csv").write_text(TABLE, encoding="utf-8")
    told = diwan("import", "costs", "in.csv")
    assert told.output.startswith("In the file:\nStaff: €1,200.50\n")
    assert told.output.endswith("Written: 0.\n"), "nothing unasked"
    assert diwan("import", "costs", "in.csv", "--yes").output.endswith("Written: 1.\n")
    assert "1 line stands here already" in diwan("import", "costs", "in.csv", "--yes").output
    assert diwan("export", "costs", "out.csv").output == "out.csv: costs: 1.\n"
    assert "exists already" in diwan("export", "costs", "out.csv").output
    told = diwan("import", "costs", "out.csv", "--yes")
    assert told.output.endswith("Written: 0.\n"), told.output


@pytest.mark.usefixtures("address")
def test_a_mistake_changes_nothing_and_is_told_with_its_row() -> None:
    Path("in.csv").write_text(TABLE + "rent,5,2026-10-01,,\n", encoding="utf-8")
    told = diwan("import", "costs", "in.csv", "--yes")
    assert told.exit_code == 1
    assert told.output == (
        "Row 3: This is nothing that money is spent on here: rent. Nothing was changed.\n"
    )
    assert diwan("export", "costs", "out.csv").output == "out.csv: costs: 0.\n"
