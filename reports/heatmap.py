"""The gap map as a picture: needs beneath each other, groups side by side, a number in each cell.

A cell is told by its number and by a mark as well as by its colour. Groups are numbered, and
written out below: names of any length, in any script, stay readable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from locales import Translator, number, without_isolates
from reports.chart import INK, MARGIN, PALE, WIDTH, Block, files_for, painted

LABEL, ROW, GAP = 236, 46, 4
MOST_GROUPS = 9


class Level(StrEnum):
    """How a cell looks."""

    HIDDEN = "hidden"
    NOBODY = "nobody"
    SERVED = "served"
    THIN = "thin"
    UNCOVERED = "uncovered"


LOOKS = {
    Level.HIDDEN: ("#ffffff", PALE),
    Level.NOBODY: ("#f3f3f3", PALE),
    Level.SERVED: ("#d5eadb", INK),
    Level.THIN: ("#f6d68f", INK),
    Level.UNCOVERED: ("#a5261b", "#ffffff"),
}
"""Its colour, and that of its number: at least 4.5 to 1 between them."""


@dataclass(frozen=True)
class Cell:
    """One cell: how it looks, and the number in it; "" where none is told."""

    level: Level
    number: str


@dataclass(frozen=True)
class HeatMap:
    """A picture's words and cells. All of it is plain text."""

    title: str
    status: str
    groups: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    """What each need is called, and its cells in the order of the groups."""
    legend: Sequence[tuple[Level, str]]
    note: str


def picture(shown: HeatMap, _: Translator) -> Callable[[], bytes] | None:
    """Return what draws it as PNG, or None where no font can write it."""
    said = [shown.title, shown.status, shown.note, *shown.groups]
    said += [label for label, _cells in shown.rows] + [words for _level, words in shown.legend]
    files = files_for(said)
    return None if files is None else lambda: painted(drawing(shown, _), files)


def drawing(shown: HeatMap, _: Translator) -> str:
    """Return the picture as SVG; who reads from the right gets the mirror image."""
    block = Block(_.is_rtl)
    block.y += MARGIN + 16
    block.text(without_isolates(shown.title), 24, INK)
    block.y += 28
    block.text(without_isolates(shown.status), 15, PALE)
    block.y += 40
    wide = (WIDTH - 2 * MARGIN - LABEL) / max(len(shown.groups), 1)
    for at in range(len(shown.groups)):
        block.inside(number(at + 1, _), 15, INK, block.x(_middle(at, wide)))
    block.y += 10
    for label, cells in shown.rows:
        _row(block, label, cells, wide)
    block.y += 20
    for at, name in enumerate(shown.groups, 1):
        block.y += 22
        block.text(f"{number(at, _)} – {name}", 15, INK)
    block.y += 16
    for level, words in shown.legend:
        block.y += 32
        _square(block, level, "", block.x(MARGIN + 22), 44, 26)
        block.text(words, 15, INK, at=MARGIN + 56, narrower=56)
    block.y += 34
    block.text(without_isolates(shown.note), 13, PALE)
    tall = block.y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}">'
        f'<rect width="{WIDTH}" height="{tall}" fill="#ffffff"/>{"".join(block.parts)}</svg>'
    )


def _middle(at: int, wide: float) -> float:
    """Return how far the middle of a column is from where the reader starts."""
    return MARGIN + LABEL + wide * (at + 0.5)


def _row(block: Block, label: str, cells: Sequence[Cell], wide: float) -> None:
    top = block.y
    block.y += 24
    block.text(label, 14, INK, narrower=WIDTH - LABEL + 12)
    bottom = max(block.y + 8, top + ROW)
    block.y = top + 33
    for at, cell in enumerate(cells):
        middle = block.x(_middle(at, wide))
        _square(block, cell.level, cell.number, middle, wide - GAP, ROW - GAP)
    block.y = bottom


def _square(
    block: Block, level: Level, words: str, middle: float, wide: float, tall: float
) -> None:
    """Draw a cell around the line that is written on: its colour, its mark, its number."""
    fill, ink = LOOKS[level]
    left, top = middle - wide / 2, block.y + 9 - tall
    dashes = ' stroke-dasharray="4 3"' if level is Level.HIDDEN else ""
    block.parts.append(
        f'<rect x="{left}" y="{top}" width="{wide}" height="{tall}" rx="4" fill="{fill}" '
        f'stroke="{PALE}" stroke-width="1"{dashes}/>'
    )
    x = left + (wide - 9 if block.rtl else 9)
    y = top + 8
    if level is Level.UNCOVERED:
        block.parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="{ink}"/>')
    elif level is Level.THIN:
        block.parts.append(
            f'<path d="M{x} {y - 5}L{x + 5} {y + 4}L{x - 5} {y + 4}Z" fill="{ink}"/>'
        )
    elif level is Level.HIDDEN:
        block.parts.append(
            f'<path d="M{middle - 6} {block.y - 5}H{middle + 6}" stroke="{ink}" stroke-width="2"/>'
        )
    if words:
        block.inside(words, 15, ink, middle)
