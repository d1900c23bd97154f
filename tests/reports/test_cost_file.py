"""Costs as a table: what is written can be read, and a mistake is named with its row."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from bot.refusals import sentence
from community.costs import Cost, Line, What
from community.errors import FileRefusedError, LineRefusedError
from locales import plain, translator_for, without_isolates
from reports.cost_file import read, written


def table(*lines: str) -> bytes:
    return "\n".join(["what;amount;from;until;note;thing", *lines]).encode()


def test_a_table_is_read_as_people_write_it() -> None:
    found = read(
        table(
            "staff;1 250,50;2026-10-01;2026-12-31;Half a post;",
            "",
            "event;80;24.11.2026;;;abc",
            "OTHER;١٢٫٥;46350;;;",
        ),
        "EUR",
    )
    autumn = date(2026, 10, 1), date(2026, 12, 31)
    tuesday, day = date(2026, 11, 24), date(2026, 11, 24)
    assert found == [
        Line(2, What.STAFF, Decimal("1250.50"), "EUR", *autumn, "Half a post", ""),
        Line(4, What.EVENT, Decimal("80.0"), "EUR", tuesday, day, None, "abc"),
        Line(5, What.OTHER, Decimal("12.5"), "EUR", date(2026, 11, 24), day, None, ""),
    ]


def test_what_is_written_can_be_read_again_and_is_no_formula(now: datetime) -> None:
    cost = Cost(
        what=What.SERIES,
        amount=Decimal("12.50"),
        currency="CHF",
        first_day=date(2026, 1, 1),
        last_day=date(2026, 3, 31),
        note='=SUM(A1), "quoted"\nand more',
        made_at=now,
    )
    content = written([(cost, "-abc")])
    assert b"'=SUM" in content
    assert b"'-abc" in content
    assert read(content, "EUR") == [
        Line(
            2,
            What.SERIES,
            Decimal("12.50"),
            "CHF",
            cost.first_day,
            cost.last_day,
            cost.note,
            "-abc",
        )
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rent;1;2026-01-01", "Row 2: This is nothing that money is spent on here: rent."),
        ("staff;much;2026-01-01", "Row 2: This is no amount that a cost can have: much."),
        ("staff;;2026-01-01", "Row 2: This is no amount that a cost can have: –."),
        ("staff;1;1.2.26", "Row 2: This is no day such as 2026-11-24: 1.2.26."),
        ("staff;1;2026-02-30", "Row 2: This is no day such as 2026-11-24: 2026-02-30."),
        ("staff;1;", "Row 2: This is no day such as 2026-11-24: –."),
    ],
)
def test_a_mistake_is_named_with_its_row(line: str, said: str) -> None:
    with pytest.raises(LineRefusedError) as refused:
        read(table(line), "EUR")
    _ = translator_for("en")
    told = without_isolates(plain(sentence(refused.value, _)))
    assert told == f"{said} Nothing was changed."


def test_its_columns_are_known_and_it_has_costs() -> None:
    for content, row, why in (
        (b"what,from\nstaff,2026-01-01", 1, "column"),
        (b"what,amount,from,who\nstaff,1,2026-01-01,x", 1, "column_unknown"),
        (b"what,amount,from,from\nstaff,1,2026-01-01,x", 1, "column_unknown"),
        (table(), 2, "empty_costs"),
        (b"what,amount,from,currency\nstaff,1,2026-01-01,XYZ", 2, "currency"),
    ):
        with pytest.raises(LineRefusedError) as refused:
            read(content, "EUR")
        assert (refused.value.line, refused.value.why) == (row, why)
    with pytest.raises(FileRefusedError, match="file"):
        read(b"", "EUR")
    with pytest.raises(FileRefusedError):
        read(table(*["staff;1;2026-01-01"] * 5001), "EUR")
