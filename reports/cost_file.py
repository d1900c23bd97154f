"""Costs as a table: read line by line, and written so that it can be read again."""

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from io import StringIO

from community.costs import Cost, Line, What
from community.costs.bringing import MOST
from community.errors import FileRefusedError, LineRefusedError
from locales import fold_digits, is_currency, parse_amount
from reports.spreadsheet import lines_of

COLUMNS = ("what", "amount", "currency", "from", "until", "note", "thing")
NEEDED = ("what", "amount", "from")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a program for tables takes a text for a formula."""


def read(content: bytes, currency: str) -> list[Line]:
    """Return the lines of a file; amounts without a currency are in this one.

    Raises:
        FileRefusedError: it is no table, or too long.
        LineRefusedError: a line has a mistake; nothing of the file is to be used.
    """
    head, *rows = lines_of(content)
    names = [name.casefold() for name in head]
    for name in NEEDED:
        if name not in names:
            raise LineRefusedError(1, "column", name)
    for name in names:
        if name and (name not in COLUMNS or names.count(name) > 1):
            raise LineRefusedError(1, "column_unknown", name)
    lines = []
    for number, row in enumerate(rows, 2):
        if any(row):
            told = dict(zip(names, row, strict=False))
            lines.append(_line(number, {n: told.get(n, "") for n in COLUMNS}, currency))
    if not lines:
        raise LineRefusedError(2, "empty_costs")
    if len(lines) > MOST:
        raise FileRefusedError("too_big")
    return lines


def _line(number: int, told: Mapping[str, str], currency: str) -> Line:
    what = told["what"].casefold()
    if what not in {*What}:
        raise LineRefusedError(number, "what", told["what"])
    amount = parse_amount(told["amount"])
    if amount is None:
        raise LineRefusedError(number, "amount", told["amount"])
    money = told["currency"].upper() or currency
    if not is_currency(money):
        raise LineRefusedError(number, "currency", told["currency"])
    first = _day(number, told["from"])
    last = _day(number, told["until"]) if told["until"] else first
    note, thing = _unquoted(told["note"]), _unquoted(told["thing"])
    return Line(number, What(what), amount, money, first, last, note or None, thing)


def _quoted(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


SERIAL = re.compile(r"\d{5}")
"""A day as programs for tables keep it: so many after the last but one of 1899."""
DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")


def _day(number: int, text: str) -> date:
    """Read 2026-11-24 or 24.11.2026; what could be read in two ways is not taken."""
    line = fold_digits(text)
    if SERIAL.fullmatch(line):
        return date(1899, 12, 30) + timedelta(days=int(line))
    if match := DAY.fullmatch(line):
        parts = match.groups()
    elif match := DAY_FIRST.fullmatch(line):
        parts = match.groups()[::-1]
    else:
        raise LineRefusedError(number, "day", text)
    try:
        return date(*map(int, parts))
    except ValueError:
        raise LineRefusedError(number, "day", text) from None


def written(costs: Iterable[tuple[Cost, str]]) -> bytes:
    """Return costs, each with the reference of its thing, as CSV; no text becomes a formula."""
    out = StringIO(newline="")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for cost, thing in costs:
        table.writerow(
            (
                cost.what,
                f"{cost.amount:f}",
                cost.currency,
                cost.first_day.isoformat(),
                cost.last_day.isoformat(),
                _quoted(cost.note or ""),
                _quoted(thing),
            )
        )
    return out.getvalue().encode("utf-8-sig")
