"""Workbooks that people bring (XLSX): what stands in their sheets, or that it is none.

Only values are taken, of the sheets that were asked for: a sheet of few cells may be padded to
thousands of rows.
"""

import warnings
import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from community.errors import FileRefusedError


@dataclass(frozen=True)
class Cell:
    """One cell as text: dates as ISO 8601 writes them, whole numbers without a fraction."""

    text: str
    is_value: bool = True
    """Whether it is no formula, and no error of one."""


EMPTY = Cell("")


@dataclass(frozen=True)
class Limits:
    """How much of a file is taken: of what it unpacks to, and of each sheet."""

    unpacked: int
    rows: int
    columns: int


Grid = Sequence[Sequence[Cell]]


def sheets(content: bytes, limits: Limits, names: Collection[str]) -> dict[str, Grid]:
    """Return the sheets of these names.

    Of each sheet one row and one column more than the limits are read, so that whoever asked can
    tell that there is more. Empty cells at the end of a row are left out.

    Raises:
        FileRefusedError: "no_workbook", or "too_big".
    """
    return _read(content, limits, names)


def first_sheet(content: bytes, limits: Limits) -> Grid:
    """Return the first sheet alone; of a formula, what the program that saved it has computed.

    Raises:
        FileRefusedError: as in ``sheets``.
    """
    return next(iter(_read(content, limits, None).values()), [])


def _read(content: bytes, limits: Limits, names: Collection[str] | None) -> dict[str, Grid]:
    try:
        _require_workbook(content, limits.unpacked)
        return _parsed(content, limits, names)
    except FileRefusedError:
        raise
    except Exception:  # noqa: BLE001 - a damaged workbook breaks its reader in many ways
        raise FileRefusedError("no_workbook") from None


def _require_workbook(content: bytes, unpacked: int) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > unpacked:
            raise FileRefusedError("too_big")
        parts = [archive.read(name) for name in archive.namelist() if name.endswith(".xml")]
    if any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts):
        raise FileRefusedError("no_workbook")


def _parsed(content: bytes, limits: Limits, names: Collection[str] | None) -> dict[str, Grid]:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about looks, which are not read
        book = load_workbook(BytesIO(content), read_only=True, data_only=names is None)
        chosen = [name for name in book.sheetnames if names is None or name in names]
        return {
            name: [
                _cells(row)
                for row in book[name].iter_rows(
                    max_row=limits.rows + 1, max_col=limits.columns + 1
                )
            ]
            for name in (chosen[:1] if names is None else chosen)
        }


def _cells(row: Iterable[Any]) -> list[Cell]:
    found: list[Cell] = []
    for number, cell in enumerate(row):
        if cell.value is not None and (text := _text(cell.value)):
            found += [EMPTY] * (number - len(found))
            found.append(Cell(text, cell.data_type not in ("f", "e")))
    return found


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value).strip()
