"""Tables that people bring: CSV, or the first sheet of an XLSX file, as lines of texts.

Of XLSX only what holds values is read (ECMA-376, SpreadsheetML): cells with their shared or own
texts. Formulas give what the program that saved the file has computed.
"""

import csv
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from xml.etree.ElementTree import Element, ParseError, fromstring

from community.errors import FileRefusedError

MOST_LINES = 20_000
MOST_BYTES = 32 * 2**20
"""Of what an XLSX file unpacks to."""
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
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
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise FileRefusedError("too_big")
            sheet = _part(archive, _first_sheet(archive))
            shared = _shared(archive)
    except (zipfile.BadZipFile, KeyError, ParseError, NotImplementedError, RuntimeError):
        raise FileRefusedError("no_table") from None
    before = 0
    for row in sheet.iter(f"{MAIN}row"):
        at = int(row.get("r", before + 1))
        if not before < at <= MOST_LINES:
            raise FileRefusedError("too_big" if at > MOST_LINES else "no_table")
        yield from ([] for _empty in range(at - before - 1))
        before = at
        yield _cells(row, shared)


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    content = archive.read(name)
    if b"<!DOCTYPE" in content[:1024]:
        raise FileRefusedError("no_table")
    return fromstring(content)  # noqa: S314 - without a DOCTYPE there are no entities to expand


def _first_sheet(archive: zipfile.ZipFile) -> str:
    sheet = next(_part(archive, "xl/workbook.xml").iter(f"{MAIN}sheet"), None)
    if sheet is None:
        raise FileRefusedError("no_table")
    for relation in _part(archive, "xl/_rels/workbook.xml.rels"):
        if relation.get("Id") == sheet.get(RELATION):
            target = relation.get("Target", "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise FileRefusedError("no_table")


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    texts = _part(archive, "xl/sharedStrings.xml").findall(f"{MAIN}si")
    return ["".join(part.text or "" for part in one.iter(f"{MAIN}t")) for one in texts]


def _cells(row: Element, shared: list[str]) -> list[str]:
    found: list[str] = []
    for cell in row.findall(f"{MAIN}c"):
        at = _column(cell.get("r", "")) if cell.get("r") else len(found)
        found += [""] * (at - len(found))
        found.append(_value(cell, shared))
    return found


def _column(place: str) -> int:
    letters = re.match(r"[A-Z]{1,3}", place)
    if letters is None:
        raise FileRefusedError("no_table")
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    value = cell.findtext(f"{MAIN}v") or ""
    if cell.get("t") == "s":
        if not value.isdecimal() or int(value) >= len(shared):
            raise FileRefusedError("no_table")
        return shared[int(value)]
    return value.removesuffix(".0")
