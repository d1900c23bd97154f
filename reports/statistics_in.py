"""Background statistics in a table: each line checked, the first mistake named with its row."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from community.errors import LineRefusedError
from community.gaps.statistics import LARGEST, SOURCE_LIMIT, Line
from community.people import Profile
from locales import fold_digits
from locales.folding import fold
from reports.spreadsheet import lines_of

COLUMNS = ("area", "language", "origin", "profile", "count", "source", "year")
NEEDED = ("count", "source", "year")
EARLIEST = 1900
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
"""A code of BCP 47, as people's languages are kept."""


def read(content: bytes, areas: Mapping[str, int], now: datetime) -> list[Line]:
    """Return the lines of a file. ``areas``: what each area is called in any language, folded.

    Raises:
        FileRefusedError: it is no table.
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
    found: dict[tuple[object, ...], int] = {}
    lines = []
    for number, row in enumerate(rows, 2):
        if not any(row):
            continue
        told = {name: row[at] if at < len(row) else "" for at, name in enumerate(names) if name}
        line = _line(number, {name: told.get(name, "") for name in COLUMNS}, areas, now)
        if (before := found.setdefault(line.key, number)) != number:
            raise LineRefusedError(number, "twice", str(before))
        lines.append(line)
    if not lines:
        raise LineRefusedError(2, "empty")
    return lines


def _line(number: int, told: Mapping[str, str], areas: Mapping[str, int], now: datetime) -> Line:
    area = told["area"]
    if area and fold(area) not in areas:
        raise LineRefusedError(number, "area", area)
    groups = [told[name] for name in ("language", "origin", "profile") if told[name]]
    if len(groups) > 1:
        raise LineRefusedError(number, "two_groups", " + ".join(groups))
    origin, profile = told["origin"].upper(), told["profile"].casefold()
    if told["language"] and not LANGUAGE.fullmatch(told["language"].casefold()):
        raise LineRefusedError(number, "language", told["language"])
    if origin and not (len(origin) == 2 and origin.isascii() and origin.isalpha()):
        raise LineRefusedError(number, "origin", told["origin"])
    if profile and profile not in [*Profile]:
        raise LineRefusedError(number, "profile", told["profile"])
    if not 0 < len(told["source"]) <= SOURCE_LIMIT:
        raise LineRefusedError(number, "source", told["source"][:40])
    return Line(
        areas[fold(area)] if area else None,
        told["language"].casefold(),
        origin,
        profile,
        _whole(number, "count", told["count"], range(LARGEST)),
        told["source"],
        _whole(number, "year", told["year"], range(EARLIEST, now.year + 1)),
    )


def _whole(number: int, name: str, text: str, allowed: Sequence[int]) -> int:
    digits = fold_digits(text).replace("\u00a0", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        raise LineRefusedError(number, name, text)
    if int(digits) not in allowed:
        raise LineRefusedError(number, name, text)
    return int(digits)
