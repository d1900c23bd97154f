"""Tables that people bring: CSV, or the first sheet of an XLSX file, as lines of texts."""

import csv
from collections.abc import Iterator
from io import StringIO

from community.errors import FileRefusedError
from reports.workbook_in import Limits, first_sheet

MOST_LINES = 20_000
LIMITS = Limits(unpacked=32 * 2**20, rows=MOST_LINES, columns=60)
SEPARATORS = ",;\t"


def lines_of(content: bytes) -> list[list[str]]:
    """Return the lines of a table, the first one too; trailing empty lines are left out.

    Raises:
        FileRefusedError: it is neither CSV in UTF-8 nor XLSX, is damaged, or is too big.
    """
    is_zip = content.startswith(b"PK")
    found = [[cell.strip() for cell in line] for line in (_xlsx if is_zip else _csv)(content)]
    while found and not any(found[-1]):
        found.pop()
    if not found:
        raise FileRefusedError("no_table")
    return found


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefusedError("encoding") from None
    if "\x00" in text:
        raise FileRefusedError("no_table")
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    try:
        for number, line in enumerate(csv.reader(StringIO(text, newline=""), delimiter=separator)):
            if number == MOST_LINES:
                raise FileRefusedError("too_big")
            yield line
    except csv.Error:
        raise FileRefusedError("no_table") from None


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        rows = first_sheet(content, LIMITS)
    except FileRefusedError as refused:
        raise FileRefusedError("too_big" if refused.why == "too_big" else "no_table") from None
    if len(rows) > MOST_LINES:
        raise FileRefusedError("too_big")
    for row in rows:
        yield [cell.text for cell in row]
