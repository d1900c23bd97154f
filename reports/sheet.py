"""What is shared outside: a card to forward and a page to print, each with a QR code to scan.

Both are drawn by the library of the charts, in the reader's language and from where the reader
starts. They say what the network is, and nothing about anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from locales import Translator
from reports import paper
from reports.chart import BAR, INK, MARGIN, PALE, WIDTH, Block, files_for, painted
from reports.paper import Line
from reports.qr import qr_squares

A4 = 297 / 210
QR_SIZE = 264
PRINTED = 3
"""So many dots for each of the drawing's: a page of paper has about 260 to the inch."""


@dataclass(frozen=True)
class Sheet:
    """What stands on it: plain text, and the link that the code leads to."""

    title: str
    lead: str
    points: Sequence[str]
    scan: str
    link: str
    foot: str = ""
    code: str = ""
    """Digits to type, for whoever cannot scan: large, and from left to right in every script."""

    @property
    def words(self) -> Sequence[str]:
        """Return every text on it."""
        under = filter(None, (self.foot, self.code))
        return (self.title, self.lead, *self.points, self.scan, self.link, *under)


def card(sheet: Sheet, _: Translator) -> Callable[[], bytes] | None:
    """Return what draws the sheet as PNG, as tall as it is; None where no font can write it."""
    files = files_for(sheet.words)
    return None if files is None else lambda: painted(drawing(sheet, _), files)


def page(sheet: Sheet, _: Translator) -> Callable[[], bytes] | None:
    """Return what makes one page of A4 as PDF, or None where no font can write it."""
    files = files_for(sheet.words)
    if files is None:
        return None

    def make() -> bytes:
        svg, said = _laid_out(sheet, _, round(WIDTH * A4))
        return paper.page(painted(svg, files, zoom=PRINTED), said, sheet.title, WIDTH)

    return make


def drawing(sheet: Sheet, _: Translator, *, height: int = 0) -> str:
    """Return the sheet as SVG; with a ``height`` it is a page, in larger letters."""
    return _laid_out(sheet, _, height)[0]


def _laid_out(sheet: Sheet, _: Translator, height: int) -> tuple[str, Sequence[Line]]:
    """Return the sheet as SVG, and its words where they stand."""
    big = 1.25 if height else 1.0
    head = Block(_.is_rtl)
    head.y += round(64 * big)
    head.text(sheet.title, round(34 * big), "#ffffff")
    band = head.y + round(30 * big)
    body = Block(_.is_rtl)
    body.y = band + round(48 * big)
    body.text(sheet.lead, round(21 * big), INK)
    body.y += round(14 * big)
    for point in sheet.points:
        body.y += round(38 * big)
        body.dot(MARGIN + 6, round(5 * big))
        body.text(point, round(19 * big), INK, at=MARGIN + 28, narrower=28)
    code = _code(sheet, body.y + round(36 * big), round(QR_SIZE * big))
    under = Block(_.is_rtl)
    under.y = body.y + round(36 * big) + round(QR_SIZE * big) + round(34 * big)
    if sheet.code:
        under.y += round(16 * big)
        under.middle(sheet.code, round(44 * big), INK, rtl=False)
        under.y += round(40 * big)
    under.middle(sheet.scan, round(18 * big), INK)
    under.y += round(28 * big)
    under.middle(sheet.link, round(15 * big), PALE, rtl=False)
    if sheet.foot:
        under.y += round(40 * big)
        under.middle(sheet.foot, round(15 * big), PALE)
    tall = max(height, under.y + MARGIN)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}">'
        f'<rect width="{WIDTH}" height="{tall}" fill="#ffffff"/>'
        f'<rect width="{WIDTH}" height="{band}" fill="{BAR}"/>'
        f"{''.join([*head.parts, *body.parts, code, *under.parts])}</svg>"
    )
    return svg, [*head.said, *body.said, *under.said]


def _code(sheet: Sheet, top: int, size: int) -> str:
    squares, count = qr_squares(sheet.link)
    scale = size / count
    left = (WIDTH - size) / 2
    return (
        f'<g transform="translate({left},{top}) scale({scale})">'
        f'<path d="{squares}" fill="#000000"/></g>'
    )
