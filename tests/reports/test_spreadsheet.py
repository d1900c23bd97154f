"""Tables that people bring: what programs write is read, what is damaged is refused."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from community.errors import FileRefusedError, LineRefusedError
from community.gaps.statistics import Line
from reports.spreadsheet import lines_of
from reports.statistics_in import read

NOW = datetime(2027, 1, 1, tzinfo=UTC)
HEAD = ["area", "language", "origin", "profile", "count", "source", "year"]
GOOD = ["Lyon", "ar", "", "", "500", "INSEE", "2025"]
AREAS = {"lyon": 1, "ليون": 1}


def xlsx(rows: list[list[object]], **options: object) -> bytes:
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, **options})
    sheet = book.add_worksheet("Any name")
    book.add_worksheet("Another")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    book.close()
    return content.getvalue()


def csv(*rows: list[str], separator: str = ",") -> bytes:
    return "\r\n".join(separator.join(row) for row in rows).encode()


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}])
def test_a_workbook_is_read_with_its_gaps_and_its_numbers(options: dict[str, object]) -> None:
    rows: list[list[object]] = [["area", "count"], ["ليون", 500], [], ["", 12.5], ["x", "", "ї"]]
    told = [["area", "count"], ["ليون", "500"], [], ["", "12.5"], ["x", "", "ї"]]
    assert lines_of(xlsx(rows, **options)) == told


def test_of_a_workbook_only_the_first_sheet_is_read() -> None:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.add_worksheet().write(0, 0, "here")
        book.add_worksheet().write(30_000, 0, "more lines than are taken")
    assert lines_of(content.getvalue()) == [["here"]]


def test_a_day_in_a_workbook_reads_as_the_columns_ask_for_it() -> None:
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    as_day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_datetime(0, 0, datetime(2026, 11, 24), as_day)  # noqa: DTZ001 - XLSX has no zones
    sheet.write_formula(0, 1, "=1+1", None, 2)
    book.close()
    assert lines_of(content.getvalue()) == [["2026-11-24", "2"]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_with_whichever_sign_separates_it(separator: str) -> None:
    content = b"\xef\xbb\xbf" + csv(HEAD, GOOD, separator=separator)
    assert lines_of(content) == [HEAD, GOOD]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no_table"),
        (b"\n\n", "no_table"),
        (b"a\x00b", "no_table"),
        ("é".encode("latin-1"), "encoding"),
        (b"PK\x03\x04 broken", "no_table"),
        (b"a\n" * 20_001, "too_big"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        lines_of(content)
    assert refused.value.why == why


def test_a_zip_that_is_no_workbook_or_declares_entities_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'
    for files in ({"a.txt": b"x"}, {"xl/workbook.xml": bomb}, {"xl/workbook.xml": b"<"}):
        content = BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        with pytest.raises(FileRefusedError):
            lines_of(content.getvalue())


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04"):
        try:
            lines_of(start + content)
        except FileRefusedError:
            continue


def test_statistics_are_read_from_both_with_areas_by_any_of_their_names() -> None:
    line = Line(1, "ar", "", "", 500, "INSEE", 2025)
    assert read(csv(HEAD, GOOD), AREAS, NOW) == [line]
    rows: list[list[object]] = [[*HEAD], ["ليون", "ar", "", "", 500, "INSEE", 2025]]
    assert read(xlsx(rows), AREAS, NOW) == [line]
    few = csv(["COUNT", "Source", "year"], ["٥٠٠", "INSEE", "2025"])
    assert read(few, AREAS, NOW) == [Line(None, "", "", "", 500, "INSEE", 2025)]


@pytest.mark.parametrize(
    ("at", "said", "why"),
    [
        (0, "Paris", "area"),
        (1, "Arabic!", "language"),
        (2, "UA", "two_groups"),
        (3, "woman", "two_groups"),
        (4, "-3", "count"),
        (4, "", "count"),
        (4, "12.5", "count"),
        (5, "", "source"),
        (5, "x" * 201, "source"),
        (6, "2028", "year"),
        (6, "25", "year"),
    ],
)
def test_a_mistake_is_named_with_its_row_as_a_spreadsheet_counts(
    at: int, said: str, why: str
) -> None:
    wrong = [*GOOD[:at], said, *GOOD[at + 1 :]]
    with pytest.raises(LineRefusedError) as refused:
        read(csv(HEAD, ["", "uk", *GOOD[2:]], wrong), AREAS, NOW)
    assert (refused.value.line, refused.value.why) == (3, why)


@pytest.mark.parametrize(
    ("rows", "line", "why"),
    [
        ([["count", "source"]], 1, "column"),
        ([[*HEAD, "what"], GOOD], 1, "column_unknown"),
        ([[*HEAD, "area"], GOOD], 1, "column_unknown"),
        ([HEAD], 2, "empty"),
        ([HEAD, GOOD, GOOD], 3, "twice"),
        ([HEAD, ["", "", "UKR", *GOOD[3:]]], 2, "origin"),
        ([HEAD, ["", "", "", "ghost", *GOOD[4:]]], 2, "profile"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_as_a_whole(
    rows: list[list[str]], line: int, why: str
) -> None:
    with pytest.raises(LineRefusedError) as refused:
        read(csv(*rows), AREAS, NOW)
    assert (refused.value.line, refused.value.why) == (line, why)
