"""Evidence as files for programs: the workbook, and the tables with their codebook."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from community.evidence import Figure, figure, figures
from community.figures import Hidden
from locales import translator_for, without_isolates
from reports import chart
from reports.evidence import against_targets, bars, in_short, made
from reports.evidence.cover import NO_COVER
from reports.evidence.data import plain_text
from reports.tables import Report, as_text
from tests.fonts import has_fonts
from tests.reporting import AUTUMN, FROZEN, THREAT, an_evidence, five_quarters, names, of_quarters

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Value = str | float


def book(language: str) -> dict[str, list[list[Value]]]:
    """Return the sheets of the workbook; what is a number in the file is a number here."""
    _ = translator_for(language)
    content = made("xlsx", an_evidence(), names(_), NO_COVER, _, FROZEN)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        words = [
            "".join(one.itertext()) for one in ET.fromstring(file.read("xl/sharedStrings.xml"))
        ]
        titles = [
            str(one.get("name"))
            for one in ET.fromstring(file.read("xl/workbook.xml")).iter(f"{SHEET}sheet")
        ]
        found = {}
        for number, title in enumerate(titles, 1):
            text = file.read(f"xl/worksheets/sheet{number}.xml")
            assert b"<f>" not in text, "no formula"
            assert (b'rightToLeft="1"' in text) == (language == "ar")
            found[title] = [
                [value(cell, words) for cell in row]
                for row in ET.fromstring(text).iter(f"{SHEET}row")
            ]
    return found


def value(cell: ET.Element, words: list[str]) -> Value:
    said = cell.findtext(f"{SHEET}v") or ""
    return words[int(said)] if cell.get("t") == "s" else float(said)


def is_shown(one: Figure, cell: Value) -> bool:
    if isinstance(one.value, Decimal):
        return cell == float(one.value)
    return isinstance(cell, str) and bool(cell)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_numbers_of_the_workbook_are_numbers_and_are_those_that_were_told(language: str) -> None:
    (_title, whole), (_t, groups), (_u, periods), *_rest = book(language).items()
    told = five_quarters()
    indicators = of_quarters()
    for indicator, row in zip(indicators, whole[1:], strict=True):
        now, n = figure(indicator, told[-1].facts), row[5]
        assert is_shown(now, row[3]), (indicator.id, row)
        assert n == now.n if isinstance(n, float) else isinstance(now.n, Hidden)
    course = [figure(one, period.facts) for one in indicators for period in told]
    assert len(course) == len(periods) - 1
    assert all(is_shown(one, row[2]) for one, row in zip(course, periods[1:], strict=True))
    cut = [
        one
        for indicator in indicators
        for cells in figures(indicator, told[-1].facts).values()
        for one in cells.values()
    ]
    assert len(cut) == len(groups) - 1 > 100
    assert all(is_shown(one, row[3]) for one, row in zip(cut, groups[1:], strict=True))
    assert any(isinstance(one.value, Hidden) for one in cut)


def test_targets_and_days_of_the_workbook_are_typed_too() -> None:
    sheet = book("en")["1 Indicators"]
    row = next(row for row in sheet if row[0] == "Members who did something")
    day = (date(2027, 12, 31) - date(1899, 12, 30)).days
    assert row[3:] == [61.0, "percent", 336.0, 75.0, -14.0, float(day), 60.0, 1.0]


def tables(language: str = "fr") -> dict[str, list[dict[str, str]]]:
    _ = translator_for(language)
    content = made("csv", an_evidence(), names(_), NO_COVER, _, FROZEN)
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in file.namelist():
            text = file.read(name)
            assert text.startswith(b"\xef\xbb\xbf")
            found[name] = [*csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))]
    assert [*found] == ["figures.csv", "codebook.csv"]
    return found


def test_the_tables_have_every_figure_as_it_was_told() -> None:
    rows = tables()["figures.csv"]
    told = five_quarters()
    expected = {}
    for indicator in of_quarters():
        code = indicator.id
        for one in told:
            expected[one.period.code, code, "", ""] = figure(indicator, one.facts)
        for by, cells in figures(indicator, told[-1].facts).items():
            for key, found in cells.items():
                expected[AUTUMN.code, code, by, key] = found
    assert len(rows) == len(expected) > 200
    for row in rows:
        now = expected[row["period"], row["indicator"], row["split"], row["group"]]
        if isinstance(now.value, Decimal):
            assert (Decimal(row["value"]), row["value_hidden"]) == (now.value, "")
        else:
            why = "nobody" if now.value is None else now.value
            assert (row["value"], row["value_hidden"]) == ("", why)
        if isinstance(now.n, Hidden):
            assert (row["n"], row["n_hidden"]) == ("", now.n)
        else:
            assert (row["n"], row["n_hidden"]) == (str(now.n), "")


def test_the_codebook_says_what_every_column_and_code_means() -> None:
    found = tables()
    meanings = {(row["column"], row["code"]): row["meaning"] for row in found["codebook.csv"]}
    for row in found["figures.csv"]:
        for column, said in row.items():
            assert meanings[column, ""]
            if (
                column in {"level", "stage", "unit", "formula", "fact", "split", "indicator"}
                and said
            ):
                assert meanings[column, said], (column, said)
            if column in {"value_hidden", "n_hidden"} and said:
                assert meanings["value_hidden", said]
    assert meanings["value_hidden", "few"] == "moins de 5"


def test_no_text_of_the_tables_becomes_a_formula() -> None:
    for rows in tables().values():
        for row in rows:
            for column, said in row.items():
                if column in {"value", "target", "n"}:
                    assert re.fullmatch(r"(-?\d+(\.\d+)?)?", said)
                else:
                    assert not said.lstrip().startswith(("=", "+", "-", "@")), (column, said)
                assert not re.search("[\u2066-\u2069]", said)
    names_there = {row["name"] for row in tables()["figures.csv"]}
    assert f"'{THREAT}" in names_there


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\u2068=1\u2069", "\n=1"]
)
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert plain_text(text).startswith("'")
    assert plain_text("Members") == "Members"


# In the chat


def rows(report: Report) -> dict[str, str]:
    return {
        without_isolates(row.label): without_isolates(row.value)
        for section in report.sections
        for row in section.rows
    }


def test_a_message_has_the_foremost_figures_with_target_and_the_period_before() -> None:
    _ = translator_for("fr")
    told = in_short(an_evidence(), names(_), _)
    found = rows(told)
    first, second, *_more = found
    assert (first, found[first]) == (
        "Membres à la fin de la période",
        "336 · objectif 100 · avant 291",
    )
    assert second == "Membres actifs"
    assert "8 janvier 2027" in told.status
    assert found["…"] == "9 de plus dans les fichiers"
    assert len(as_text(told, _)) < 3500, "one message"


@has_fonts
@pytest.mark.parametrize("language", ["fr", "ar", "uk"])
def test_pictures_have_bars_for_what_is_shown_and_the_target(language: str) -> None:
    _ = translator_for(language)
    told = an_evidence()
    drawn = bars(told, names(_), _)
    assert sum(len(section.rows) for section in drawn.sections) == len(told.lines)
    percent = [section for section in drawn.sections if section.longest == 100]
    assert len(percent) == 3, "shares have a scale of their own"
    course = against_targets(told, names(_), _)
    assert course is not None
    lengths = [row.bar for row in course.sections[1].rows]
    assert lengths == [58, 48, 59, 60, 61, 75]
    for report in (drawn, course):
        draw = chart.picture(report, _)
        assert draw is not None
        assert draw().startswith(b"\x89PNG")
