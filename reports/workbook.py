"""The report as a workbook: one sheet for each table, from right to left where people read so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from textwrap import shorten

from locales import Translator, without_isolates
from reports.tables import Report

LONGEST_NAME = 31
LEFT_TO_RIGHT, RIGHT_TO_LEFT = 1, 2
THOUSANDS = 3
"""The number of the format that each program writes with its reader's own separators."""
DAYS = 14
"""The number of the format of days, which each program writes as its reader does."""
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def workbook(report: Report, _: Translator, now: datetime) -> bytes:
    """Return an XLSX file. Hidden numbers are words in it, and no text can become a formula."""
    import xlsxwriter

    # Always ``write_string``: ``write`` would make formulas and links of what looks like them.
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"title": without_isolates(report.title), "created": now})
    # A cell has a direction of its own; by default that of its first letter, whatever it is.
    runs = {"reading_order": RIGHT_TO_LEFT if _.is_rtl else LEFT_TO_RIGHT}
    ends = {**runs, "align": "left" if _.is_rtl else "right"}
    heading = book.add_format({**runs, "bold": True, "quote_prefix": True})
    words = book.add_format({**runs, "text_wrap": True, "quote_prefix": True})
    value = book.add_format({**ends, "text_wrap": True, "quote_prefix": True})
    amount = book.add_format({**ends, "num_format": THOUSANDS})
    code = book.add_format({"reading_order": LEFT_TO_RIGHT, "quote_prefix": True})
    for number, section in enumerate(report.sections, 1):
        sheet = book.add_worksheet(sheet_name(number, section.title))
        if _.is_rtl:
            sheet.right_to_left()
        sheet.set_column(0, 0, 50)
        sheet.set_column(1, 1, 16)
        for line, text in enumerate((section.title, report.title, report.status, report.note)):
            sheet.write_string(line, 0, without_isolates(text), heading if not line else words)
        if section.codes:
            sheet.set_column(2, 1 + len(section.codes), 32)
        for column, name in enumerate(section.codes, 2):
            sheet.write_string(4, column, name, code)
        for line, row in enumerate(section.rows, 5):
            for column, text in enumerate(row.codes, 2):
                sheet.write_string(line, column, text, code)
            sheet.write_string(line, 0, without_isolates(row.label), words)
            if row.amount is None:
                sheet.write_string(line, 1, without_isolates(row.value), value)
            else:
                sheet.write_number(line, 1, row.amount, amount)
    book.close()
    return content.getvalue()


Value = str | int | Decimal | date | None


@dataclass(frozen=True)
class Sheet:
    """A table: what its columns are called, and its rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]


def of_words(title: str, sheets: Sequence[Sheet], _: Translator, now: datetime) -> bytes:
    """Return an XLSX file of tables of words, numbers and days; no text becomes a formula."""
    import xlsxwriter

    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"title": without_isolates(title), "created": now})
    runs = {"reading_order": RIGHT_TO_LEFT if _.is_rtl else LEFT_TO_RIGHT, "quote_prefix": True}
    heading = book.add_format({**runs, "bold": True})
    words = book.add_format({**runs, "text_wrap": True, "valign": "top"})
    whole = book.add_format({"valign": "top", "num_format": THOUSANDS})
    broken = book.add_format({"valign": "top"})
    day = book.add_format({"valign": "top", "num_format": DAYS})
    for number, one in enumerate(sheets, 1):
        sheet = book.add_worksheet(sheet_name(number, one.title))
        if _.is_rtl:
            sheet.right_to_left()
        sheet.set_column(0, len(one.headings) - 1, 28)
        sheet.freeze_panes(1, 0)
        for line, cells in enumerate((one.headings, *one.rows)):
            for column, value in enumerate(cells):
                if isinstance(value, str):
                    kind = words if line else heading
                    sheet.write_string(line, column, without_isolates(value), kind)
                elif isinstance(value, date):
                    sheet.write_datetime(line, column, value, day)
                elif value is not None:
                    kind = whole if value == int(value) else broken
                    sheet.write_number(line, column, value, kind)
    book.close()
    return content.getvalue()


def sheet_name(number: int, title: str) -> str:
    """Return a name that spreadsheets accept and that no other sheet of the book has."""
    name = f"{number} {without_isolates(title).translate(FORBIDDEN)}"
    return shorten(name, LONGEST_NAME, placeholder="…")
