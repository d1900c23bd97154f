"""The figures as text, picture and workbook: the same tables everywhere."""

import re
import unicodedata
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from community.attendance import State as Attending
from community.deliveries import State as Sending
from community.figures import (
    Meetings,
    Month,
    Outcome,
    Outcomes,
    Support,
    protect,
    span,
)
from community.measures import Measure
from community.moderation import Reports, What
from locales import OFFERED, Translator, translator_for, without_isolates
from reports import chart, survey_words, words
from reports.figures import report as report_of
from reports.support import Names
from reports.tables import Report, Row, Section, as_text
from reports.workbook import sheet_name, workbook
from tests.fonts import has_fonts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_month(month: int = 11) -> Month:
    came = {Attending.ATTENDED: 48, Attending.MISSED: 3, Attending.GOING: 0}
    when = span(2026, month, ZoneInfo("Europe/Paris"), NOW)
    return Month(
        when,
        84,
        Meetings(3, 1, protect(came, total_shown=False)),
        Support(when, Outcomes(18), None, {}, {}, {}, None, None, [], []),
        protect({Sending.SENT: 1240, Sending.REFUSED: 9}),
    )


REPORTS = Reports(
    protect({What.POST: 7, What.MESSAGE: 5, What.TEXT: 0}),
    protect({Measure.WARN: 5, Measure.HIDE: 6}, total_shown=False),
)


def report(month: Month, _: Translator) -> Report:
    return report_of(month, REPORTS, Names({}, str), _)


def test_the_text_says_how_far_the_month_is_and_hides_what_is_small() -> None:
    _ = translator_for("en")
    text = without_isolates(as_text(report(a_month(), _), _))
    assert text.startswith("<b>Figures for November 2026</b>\nThis month is still running")
    assert "At the end of the month: 84" in text
    assert "Did not come: fewer than 5" in text
    assert "Sent: 1,240" in text
    assert len(text) < 4096
    closed = without_isolates(as_text(report(a_month(10), _), _))
    assert "October 2026</b>\nThis month is closed." in closed


def test_every_line_of_an_arabic_text_runs_from_right_to_left() -> None:
    _ = translator_for("ar")
    lines = str(as_text(report(a_month(), _), _)).split("\n")
    for line in lines:
        assert not line or line.startswith("\u200f")


def test_every_code_has_words() -> None:
    _ = translator_for("en")
    assert all(words.outcome(code, _) for code in Sending)
    assert all(words.became(code, _) for code in Outcome)
    from community.surveys import TEMPLATES

    for template in TEMPLATES.values():
        for question in template.questions:
            assert survey_words.question(template.code, question.code, _)
            for value in question.values:
                assert survey_words.answer(template.code, question.code, value, _)


@pytest.mark.skipif(
    not all(chart.font_of(script) for script in ("LATIN", "ARABIC", "CYRILLIC")),
    reason="no fonts are installed here",
)
@pytest.mark.parametrize("language", OFFERED)
def test_the_picture_is_drawn_in_every_language(language: str) -> None:
    _ = translator_for(language)
    draw = chart.picture(report(a_month(), _), _)
    assert draw is not None
    image = draw()
    assert image.startswith(b"\x89PNG")
    width, height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    assert width == 2 * chart.WIDTH
    assert width + height <= 10_000, "Telegram takes no larger photo"
    assert height / width < 20


def test_a_picture_in_arabic_is_the_mirror_image() -> None:
    drawn = {
        language: chart.drawing(report(a_month(), _), _)
        for language in ("ar", "en")
        if (_ := translator_for(language))
    }
    bars = {
        language: re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
        for language, svg in drawn.items()
    }
    assert bars["ar"]
    for (right, width), (left, _same) in zip(bars["ar"], bars["en"], strict=True):
        assert float(right) + float(width) == pytest.approx(chart.WIDTH - float(left))
    assert 'text-anchor="end"' in drawn["ar"]
    assert 'text-anchor="end"' not in drawn["en"]


def test_in_a_picture_each_value_keeps_its_own_direction() -> None:
    """Seen in the picture: without its isolates "yes?" in an Arabic line is drawn as "?yes"."""
    line = "هل أفادكم \u2068yes?\u2069 (سابقاً)"
    rows = [Row(line, "\u2068A+B!\u2069", 5)]
    told = Report("أرقام نوفمبر 2026", "", [Section(line, rows)], "")
    svg = chart.drawing(told, translator_for("ar"))
    assert re.findall(r"<text[^>]*>(.*?)</text>", re.sub("</?tspan[^>]*>", "", svg)) == [
        "\u2067أرقام نوفمبر 2026\u2069",
        "\u2067هل أفادكم \u2068yes?\u2069 (سابقاً)\u2069",
        "\u2067هل أفادكم \u2068yes?\u2069 (سابقاً)\u2069",
        "\u2067\u2068A+B!\u2069\u2069",
    ]


def test_the_figures_as_an_arabic_reader_gets_them() -> None:
    _ = translator_for("ar")
    lines = as_text(report(a_month(), _), _).split("\n")
    assert lines[:6] == [
        "\u200f<b>أرقام \u2068نوفمبر 2026\u2069</b>",
        "\u200fما زال هذا الشهر جارياً: هذه أرقام حتى الآن.",
        "",
        "\u200f<b>الأعضاء</b>",
        "\u200f\u2068في نهاية الشهر\u2069: \u206884\u2069",
        "",
    ]


def test_a_bar_is_as_long_as_its_number_and_a_hidden_number_has_none() -> None:
    rows = [Row("a", "40", 40), Row("b", "10", 10), Row("c", "fewer than 5")]
    svg = chart.drawing(
        Report("t", "s", [Section("x", rows)], ""),
        translator_for("en"),
    )
    widths = [
        float(width) for width in re.findall(r'<rect x="[\d.]+" y="\d+" width="(\d+.\d+)"', svg)
    ]
    assert widths == [chart.LONGEST_BAR, chart.LONGEST_BAR / 4]


@pytest.mark.parametrize("language", OFFERED)
def test_the_picture_carries_the_note_on_hidden_numbers(language: str) -> None:
    _ = translator_for(language)
    month = report(a_month(), _)
    assert month.note
    shown = re.findall(r"<text[^>]*>(.*?)</text>", chart.drawing(month, _))
    read = [re.sub("<[^>]*>|[\u2066-\u2069]", "", line) for line in shown]
    note = without_isolates(month.note)
    assert " ".join(read).endswith(note)
    assert all(len(line) <= chart.LINE // 13 for line in read if line in note)


def test_the_picture_is_well_formed_whatever_a_label_says() -> None:
    rows = [Row('<script> & "quotes"', "1", 1)]
    svg = chart.drawing(Report("t", "s", [Section("x", rows)], ""), translator_for("en"))
    shown = ["".join(node.itertext()) for node in ET.fromstring(svg).iter()]
    assert '\u2066<script> & "quotes"\u2069' in shown


MIXED = "\u2068Office of finance (n)\u2069 · \u2068لا ردّ بعد\u2069 · \u2068Старе місто\u2069"


@pytest.mark.skipif(
    not all(chart.font_of(script) for script in ("LATIN", "ARABIC", "CYRILLIC")),
    reason="no fonts are installed here",
)
@pytest.mark.parametrize("language", ["ar", "en"])
def test_each_letter_of_a_line_in_several_scripts_is_in_a_font_that_has_it(language: str) -> None:
    """Seen in the picture: boxes in the place of an outcome beside a name in other letters."""
    told = Report(MIXED, "", [Section(MIXED, [Row(MIXED, "5", 5)])], "")
    _ = translator_for(language)
    families = {"ARABIC": chart.font_of("ARABIC"), "LATIN": chart.font_of("LATIN")}
    seen = 0
    for line in ET.fromstring(chart.drawing(told, _)).iter("{http://www.w3.org/2000/svg}text"):
        own = line.get("font-family")
        runs = [(own, line.text)]
        for run in line:
            runs += [(run.get("font-family"), run.text), (own, run.tail)]
        for family, text in runs:
            for letter in filter(str.isalpha, text or ""):
                is_arabic = unicodedata.name(letter).startswith("ARABIC")
                has_it = families["ARABIC" if is_arabic else "LATIN"]
                assert has_it is not None
                assert family == has_it[0], (letter, text)
                seen += 1
    assert seen == 3 * sum(map(str.isalpha, MIXED))
    draw = chart.picture(told, _)
    assert draw is not None
    assert draw().startswith(b"\x89PNG")


class PanicException(BaseException):
    """What the drawer raises where it breaks."""


@has_fonts
def test_a_drawer_that_breaks_breaks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def panics(**_: object) -> bytes:
        raise PanicException

    monkeypatch.setattr("resvg_py.svg_to_bytes", panics)
    draw = chart.picture(report(a_month(), translator_for("en")), translator_for("en"))
    assert draw is not None
    with pytest.raises(RuntimeError):
        draw()


def test_what_is_too_long_for_a_line_goes_on_in_the_next_with_its_isolates() -> None:
    words = "كلمة \u2068" + "of the region " * 10 + "\u2069 كلمة"
    lines = chart.lines(words, 14)
    assert len(lines) == 2
    assert without_isolates(" ".join(lines)).split() == without_isolates(words).split()
    for line in lines:
        assert line.count("\u2068") == line.count("\u2069") == 1
        assert len(without_isolates(line)) <= chart.LINE // 14


def test_a_long_picture_has_columns_so_that_a_phone_can_show_it() -> None:
    def sized(sections: int, rows: int) -> tuple[float, float]:
        told = [Section("Table", [Row("a", "5", 5)] * rows)] * sections
        root = ET.fromstring(chart.drawing(Report("t", "s", told, "n"), translator_for("ar")))
        return float(root.get("width", 0)), float(root.get("height", 0))

    assert sized(3, 5)[0] == chart.WIDTH
    longest = sized(18, 7)
    assert longest[0] == 2 * chart.WIDTH
    assert 2 * sum(longest) <= 10_000, "Telegram takes no larger photo"


def test_without_a_font_for_the_language_there_is_no_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chart, "_installed", lambda: {"NotoSans-Regular": Path("x.ttf")})
    arabic, english = translator_for("ar"), translator_for("en")
    words_in_arabic = Report("أرقام", "", [], "")
    assert chart.picture(words_in_arabic, arabic) is None
    assert chart.font_of("CYRILLIC") == ("Noto Sans", Path("x.ttf"))
    monkeypatch.setattr(chart, "_installed", dict)
    assert chart.picture(Report("Figures", "", [], ""), english) is None


def sheets(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(content)) as book:
        return {name: book.read(name).decode() for name in book.namelist() if name.endswith("xml")}


def test_the_workbook_has_a_sheet_for_each_table() -> None:
    _ = translator_for("en")
    told = report(a_month(), _)
    files = sheets(workbook(told, _, NOW))
    names = re.findall(r'<sheet name="([^"]+)"', files["xl/workbook.xml"])
    assert len(names) == len(told.sections) == len(set(names))
    assert names[0] == "1 Members"
    first = files["xl/worksheets/sheet1.xml"]
    assert "<v>84</v>" in first
    assert "rightToLeft" not in first
    assert "not shown" in files["xl/sharedStrings.xml"]


def test_sheets_run_from_right_to_left_where_people_read_so() -> None:
    _ = translator_for("ar")
    files = sheets(workbook(report(a_month(), _), _, NOW))
    assert 'rightToLeft="1"' in files["xl/worksheets/sheet1.xml"]


@pytest.mark.parametrize(("language", "order", "end"), [("ar", "2", "left"), ("en", "1", "right")])
def test_each_cell_runs_as_its_reader_reads_and_numbers_are_numbers(
    language: str, order: str, end: str
) -> None:
    _ = translator_for(language)
    files = sheets(workbook(report(a_month(), _), _, NOW))
    styles = ET.fromstring(files["xl/styles.xml"])
    named = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    shapes = styles.findall("x:cellXfs/x:xf", named)
    cells = [
        (shapes[int(cell.get("s", "0"))], cell)
        for number in range(1, 8)
        for cell in ET.fromstring(files[f"xl/worksheets/sheet{number}.xml"]).iter(
            f"{{{named['x']}}}c"
        )
    ]
    for shape, cell in cells:
        aligned = shape.find("x:alignment", named)
        assert aligned is not None
        if cell.get("r", "")[0] > "B":
            assert aligned.get("readingOrder") == "1", "codes are Latin"
            continue
        assert aligned.get("readingOrder") == order
        is_value = cell.get("r", "").startswith("B")
        assert aligned.get("horizontal") == (end if is_value else None)
        if cell.get("t") != "s":
            assert shape.get("numFmtId") == "3", "thousands apart, in the way of whoever opens it"
    numbers = [cell for _shape, cell in cells if cell.get("t") != "s"]
    assert "84" in [value.text for cell in numbers for value in cell]
    directions = {'rightToLeft="1"' in files[f"xl/worksheets/sheet{n}.xml"] for n in range(1, 8)}
    assert directions == {language == "ar"}


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")', "http://x"])
def test_no_text_becomes_a_formula_or_a_link(evil: str) -> None:
    rows = [Row(evil, evil)]
    told = Report(evil, evil, [Section(evil, rows)], evil)
    files = sheets(workbook(told, translator_for("en"), NOW))
    sheet = files["xl/worksheets/sheet1.xml"]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 'quotePrefix="1"' in files["xl/styles.xml"]


def test_sheet_names_are_what_spreadsheets_accept() -> None:
    name = sheet_name(3, "'What: a [long] title / with \\ everything? in it*, and more'")
    assert len(name) <= 31
    assert not set(name) & set("[]:*?/\\'")
