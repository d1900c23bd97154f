"""The report as one picture: bars with their numbers beside them.

The picture is drawn as SVG and turned into PNG. Each run of letters is in a font of its own
script; a language written from right to left gets the mirror image. Without a font for one of the
scripts there is no picture: boxes instead of letters would say nothing.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import groupby
from math import isqrt
from pathlib import Path
from xml.sax.saxutils import escape

from locales import Translator, without_isolates
from reports.paper import Line
from reports.tables import Report, Row, Section

WIDTH, MARGIN = 720, 32
INK, PALE, BAR = "#1b1b1b", "#5a5a5a", "#1f6f8b"
LRI, RLI, FSI, PDI = (
    "\u2066\u2067\u2068\u2069"  # isolates: to the right, to the left, as it is; end
)
ZWNJ = "\u200c"  # two letters stay two
LONGEST_BAR = WIDTH - 2 * MARGIN - 120
LINE = 1144
"""Characters of a line times the size of its letters: as many of any script as fit."""

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


@cache
def _script(character: str) -> str:
    """Return the script of a character as its name begins."""
    return re.split("[ -]", unicodedata.name(character, "LATIN"))[0]


def picture(report: Report, _: Translator) -> Callable[[], bytes] | None:
    """Return what draws the report as PNG, or None where no font can write it."""
    files = files_for(_strings(report))
    return None if files is None else lambda: painted(drawing(report, _), files)


def files_for(texts: Iterable[str]) -> Sequence[str] | None:
    """Return the files of the fonts that these texts need, or None if one is not here."""
    scripts = {_script(letter) for text in texts for letter in text if letter.isalpha()}
    fonts = [font_of(script) for script in sorted(scripts | {"LATIN"})]
    return None if None in fonts else sorted({str(font[1]) for font in fonts if font})


def painted(svg: str, files: Sequence[str], zoom: int = 2) -> bytes:
    """Return the picture as PNG, with these fonts and no others."""
    import resvg_py

    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg, skip_system_fonts=True, font_files=[*files], zoom=zoom
        )
    except BaseException as broken:
        if type(broken).__name__ == "PanicException":  # of the drawer's, and no Exception
            raise RuntimeError("the picture could not be drawn") from broken
        raise


def _strings(report: Report) -> Iterable[str]:
    yield from (report.title, report.status, report.note)
    for section in report.sections:
        yield section.title
        for row in section.rows:
            yield from (row.label, row.value)


def _in_fonts(words: str) -> tuple[str, str]:
    """Return a family for the line, and the line as SVG, each run in a font that has its letters.

    The drawer looks for no other font where one lacks a letter: it draws a box. It breaks, or
    loses a letter, where a line begins in another font than its own, where a mark of direction is
    a run by itself, and where two fonts join letters into one. So Latin is set into the other
    script, marks of direction belong to the line, and no Latin letters are joined.
    """
    script, runs = "LATIN", []
    for character in words:
        # Spaces and marks go with what they stand at; signs and digits are in the Latin fonts.
        if not character.isspace() and not unicodedata.category(character).startswith("M"):
            script = _script(character) if font_of(_script(character)) else "LATIN"
        runs.append("" if character in (LRI, RLI, FSI, PDI) else _family(script))
    latin = _family("LATIN")
    of_line = next((family for family in runs if family not in ("", latin)), latin)
    inside = []
    for family, run in groupby(zip(runs, words, strict=True), key=lambda pair: pair[0]):
        text = escape("".join(character for _of_it, character in run))
        if family not in ("", of_line):
            text = re.sub("f(?=[fil])", f"f{ZWNJ}", text)
            text = f'<tspan font-family="{family}">{text}</tspan>'
        inside.append(text)
    return of_line, "".join(inside)


def _family(script: str) -> str:
    font = font_of(script)
    return font[0] if font else "sans-serif"


def lines(words: str, size: int, narrower: int = 0) -> Sequence[str]:
    """Return the words on lines that fit; what an isolate holds stays isolated on each."""
    found, open_ones = [], ""
    for wrapped in textwrap.wrap(words, LINE * (WIDTH - narrower) // WIDTH // size):
        line, open_ones = open_ones + wrapped, ""
        for character in line:
            if character in (LRI, RLI, FSI):
                open_ones += character
            elif character == PDI:
                open_ones = open_ones[:-1]
        found.append(line + PDI * len(open_ones))
    return found


class Block:
    """SVG that grows downwards; where the reader starts on the right, so does everything."""

    def __init__(self, rtl: bool) -> None:
        self.rtl, self.y = rtl, 0
        self.parts: list[str] = []
        self.said: list[Line] = []

    def x(self, from_start: float) -> float:
        """Return where something stands that is so far from where the reader starts."""
        return WIDTH - from_start if self.rtl else from_start

    def text(
        self, words: str, size: int, colour: str, *, at: float = MARGIN, narrower: int = 0
    ) -> None:
        """Write words; the isolates of what was inserted stay, the drawer goes by them."""
        anchor = "end" if self.rtl else "start"
        self._write(lines(words, size, narrower), size, colour, self.x(at), anchor, self.rtl)

    def middle(self, words: str, size: int, colour: str, *, rtl: bool | None = None) -> None:
        """Write words in the middle; what is no language runs as ``rtl`` says."""
        runs = self.rtl if rtl is None else rtl
        self._write(lines(words, size), size, colour, WIDTH / 2, "middle", runs)

    def inside(self, words: str, size: int, colour: str, x: float) -> None:
        """Write a word or a number so that its middle is at ``x`` of the picture, on this line."""
        self._write([words], size, colour, x, "middle", self.rtl)

    def _write(
        self, said: Sequence[str], size: int, colour: str, x: float, anchor: str, rtl: bool
    ) -> None:
        for number, line in enumerate(said):
            self.y += number and size + 5
            # By itself the drawer takes every line to run from left to right.
            family, inside = _in_fonts(f"{RLI if rtl else LRI}{line}{PDI}")
            self.said.append(Line(line, size, x, self.y, anchor, rtl))
            self.parts.append(
                f'<text xml:space="preserve" x="{x}" y="{self.y}" font-size="{size}" '
                f'fill="{colour}" font-family="{family}" text-anchor="{anchor}">{inside}</text>'
            )

    def dot(self, at: float, radius: int) -> None:
        """Draw the dot that begins a point of a list, beside the line that comes next."""
        self.parts.append(
            f'<circle cx="{self.x(at)}" cy="{self.y - radius - 2}" r="{radius}" fill="{BAR}"/>'
        )

    def bar(self, length: float) -> None:
        """Draw a bar beside the line that has been written last."""
        left = self.x(MARGIN + length) if self.rtl else MARGIN
        self.parts.append(
            f'<rect x="{left}" y="{self.y - 13}" width="{length}" height="14" fill="{BAR}"/>'
        )


def drawing(report: Report, _: Translator) -> str:
    """Return the picture as SVG: about as wide as it is tall, for a phone shows all of it."""
    head, note = _head(report, _.is_rtl), _note(report, _.is_rtl)
    sections = [_section(one, _.is_rtl) for one in report.sections if one.rows]
    length = sum(block.y for block in sections)
    columns = _columns(sections, max(1, isqrt(length // WIDTH)))
    placed, top = [(0, 0, head)], head.y
    for column, blocks in enumerate(columns):
        y = top
        for block in blocks:
            placed.append((column, y, block))
            y += block.y
    bottom = top + max(sum(block.y for block in blocks) for blocks in columns)
    placed.append((0, bottom, note))
    width, height = WIDTH * len(columns), bottom + note.y + MARGIN
    last = len(columns) - 1
    drawn = (
        f'<g transform="translate({WIDTH * (last - column if _.is_rtl else column)},{y})">'
        f"{''.join(block.parts)}</g>"
        for column, y, block in placed
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(drawn)}</svg>'
    )


def _columns(blocks: Sequence[Block], number: int) -> Sequence[Sequence[Block]]:
    """Return the blocks in so many columns of about one height, one after the other."""
    height = sum(block.y for block in blocks) / number
    columns: list[list[Block]] = [[] for _column in range(number)]
    above = 0
    for block in blocks:
        columns[min(int((above + block.y / 2) / height), number - 1)].append(block)
        above += block.y
    return columns


def _head(report: Report, rtl: bool) -> Block:
    block = Block(rtl)
    block.y += MARGIN + 16
    block.text(report.title, 24, INK)
    block.y += 28
    block.text(report.status, 15, PALE)
    return block


def _note(report: Report, rtl: bool) -> Block:
    block = Block(rtl)
    block.y += 44
    block.text(without_isolates(report.note), 13, PALE)
    return block


def _section(section: Section, rtl: bool) -> Block:
    block = Block(rtl)
    block.y += 44
    block.text(section.title, 18, INK)
    block.y += 6
    highest = section.longest or max(map(_long, section.rows))
    for row in section.rows:
        _draw_row(block, row, highest)
    return block


def _long(row: Row) -> float:
    """Return what a row's bar stands for; a total has none, it would dwarf the others."""
    return 0 if row.is_total else row.bar or row.amount or 0


def _draw_row(block: Block, row: Row, highest: float) -> None:
    block.y += 22
    block.text(row.label, 14, PALE)
    block.y += 19
    length = LONGEST_BAR * _long(row) / highest if highest else 0
    if length:
        block.bar(length)
    block.text(row.value, 15, INK, at=MARGIN + length + (8 if length else 0))
