"""The report as one picture: bars with their numbers beside them.

The picture is drawn as SVG and turned into PNG. Each string is one text element in a font of its
own script; a language written from right to left gets the mirror image. Without a font for the
reader's script there is no picture: boxes instead of letters would say nothing.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from locales import Translator, without_isolates
from reports.tables import Report, Row, Section

WIDTH, MARGIN = 720, 32
INK, PALE, BAR = "#1b1b1b", "#5a5a5a", "#1f6f8b"
RLI, PDI = "\u2067", "\u2069"  # right to left isolate … pop directional isolate
LONGEST_BAR = WIDTH - 2 * MARGIN - 120
NOTE_WIDTH = 88
"""Characters of the note on a line: as many of any script as fit."""

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
NOTO_SANS = {"LATIN", "CYRILLIC", "GREEK"}
"""Scripts that are in Noto Sans itself; every other has a family of its own."""
DEJAVU_SANS = {*NOTO_SANS, "ARABIC", "ARMENIAN", "GEORGIAN"}


@cache
def _installed() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in Path(folder).expanduser().rglob("*.[to]t[fc]"):
            found.setdefault(path.stem, path)
    return found


def font_of(script: str) -> tuple[str, Path] | None:
    """Return family and file of a font for a script (as Unicode names it), or None."""
    name = "" if script in NOTO_SANS else script.title()
    files = [
        (f"Noto Sans {name}".strip(), f"NotoSans{name}{style}")
        for style in ("-Regular", "[wght]", "[wdth,wght]", "-VF")
    ]
    if script in DEJAVU_SANS:
        files.append(("DejaVu Sans", "DejaVuSans"))
    installed = _installed()
    return next(((family, installed[stem]) for family, stem in files if stem in installed), None)


def script_of(text: str) -> str:
    """Return the script of the first letter; that of a number is Latin."""
    letters = (character for character in text if character.isalpha())
    return unicodedata.name(next(letters, "a")).split()[0]


def picture(report: Report, _: Translator) -> Callable[[], bytes] | None:
    """Return what draws the report as PNG, or None where no font can write it."""
    scripts = {
        unicodedata.name(letter).split()[0]
        for text in _strings(report)
        for letter in text
        if letter.isalpha()
    }
    fonts = [font_of(script) for script in sorted(scripts | {"LATIN"})]
    if None in fonts:
        return None
    files = sorted({str(font[1]) for font in fonts if font})

    def draw() -> bytes:
        import resvg_py

        return resvg_py.svg_to_bytes(
            svg_string=drawing(report, _), skip_system_fonts=True, font_files=files, zoom=2
        )

    return draw


def _strings(report: Report) -> Iterable[str]:
    yield from (report.title, report.status, report.note)
    for section in report.sections:
        yield section.title
        for row in section.rows:
            yield from (row.label, row.value)


LATIN_TOO = ("Noto Sans", "DejaVu Sans")
"""Families that have Latin letters; the others have none, and the drawer looks no further."""
_ASCII = re.compile("[!-~]+")


def _in_latin(run: re.Match[str]) -> str:
    font = font_of("LATIN")
    return f'<tspan font-family="{font[0]}">{run[0]}</tspan>' if font else run[0]


class _Sheet:
    """SVG that grows downwards; where the reader starts on the right, so does everything."""

    def __init__(self, rtl: bool) -> None:
        self.rtl, self.y = rtl, MARGIN
        self.parts: list[str] = []

    def x(self, from_start: float) -> float:
        return WIDTH - from_start if self.rtl else from_start

    def text(self, words: str, size: int, colour: str, *, at: float = MARGIN) -> None:
        """Write one line; the isolates of what was inserted stay, the drawer goes by them."""
        font = font_of(script_of(words))
        if self.rtl:
            # The drawer takes every line to run from left to right: a full stop would stand first.
            words = f"{RLI}{words}{PDI}"
        family = font[0] if font else "sans-serif"
        inside = _ASCII.sub(_in_latin, escape(words)) if family not in LATIN_TOO else escape(words)
        anchor = "end" if self.rtl else "start"
        self.parts.append(
            f'<text x="{self.x(at)}" y="{self.y}" font-size="{size}" fill="{colour}" '
            f'font-family="{family}" text-anchor="{anchor}">{inside}</text>'
        )

    def bar(self, length: float) -> None:
        left = self.x(MARGIN + length) if self.rtl else MARGIN
        self.parts.append(
            f'<rect x="{left}" y="{self.y - 13}" width="{length}" height="14" fill="{BAR}"/>'
        )


def drawing(report: Report, _: Translator) -> str:
    """Return the picture as SVG."""
    sheet = _Sheet(_.is_rtl)
    sheet.y += 16
    sheet.text(report.title, 24, INK)
    sheet.y += 28
    sheet.text(report.status, 15, PALE)
    for section in report.sections:
        if section.rows:
            _draw(sheet, section)
    sheet.y += 24
    for line in textwrap.wrap(without_isolates(report.note), NOTE_WIDTH):
        sheet.y += 20
        sheet.text(line, 13, PALE)
    height = sheet.y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{"".join(sheet.parts)}</svg>'
    )


def _draw(sheet: _Sheet, section: Section) -> None:
    sheet.y += 44
    sheet.text(section.title, 18, INK)
    sheet.y += 6
    highest = max((_long(row) for row in section.rows), default=0)
    for row in section.rows:
        _draw_row(sheet, row, highest)


def _long(row: Row) -> int:
    """Return what a row's bar stands for; a total has none, it would dwarf the others."""
    return 0 if row.is_total else row.amount or 0


def _draw_row(sheet: _Sheet, row: Row, highest: int) -> None:
    sheet.y += 22
    sheet.text(row.label, 14, PALE)
    sheet.y += 19
    length = LONGEST_BAR * _long(row) / highest if highest else 0
    if length:
        sheet.bar(length)
    sheet.text(row.value, 15, INK, at=MARGIN + length + (8 if length else 0))
