"""One indicator period by period as SVG within a page: bars, and its target as a dashed line."""

import textwrap
from collections.abc import Sequence
from decimal import Decimal

from locales import Html, without_isolates
from reports.evidence.markup import element, joined
from reports.evidence.titled import Bar

COLUMN, TALL, ABOVE, BELOW = 84, 140, 26, 44
"""Of a bar with its margins; of the longest bar; of what stands above it and below."""
WIDE, LINE, LETTERS = 46, 14, 12


def chart(
    bars: Sequence[Bar],
    target: Decimal | None,
    longest: Decimal | None,
    *,
    code: str,
    title: str,
    description: str,
    rtl: bool,
) -> Html:
    """Return the drawing. Time runs as the reader reads; its words are its ``description``."""
    values = [bar.value for bar in bars if bar.value is not None]
    highest = longest or max([*values, target or Decimal(0), Decimal(1)])
    width, height = COLUMN * len(bars), ABOVE + TALL + BELOW
    floor = ABOVE + TALL
    drawn, written = [], []
    for number, bar in enumerate(bars):
        place = len(bars) - 1 - number if rtl else number
        x, tall = COLUMN * place + COLUMN / 2, _tall(bar.value or Decimal(0), highest)
        written.append(
            _text(bar.said, x, floor - tall - 8, "why" if bar.value is None else "said")
        )
        written.append(_text(bar.label, x, floor + LINE + 4, "when"))
        if tall:
            drawn.append(_rectangle(x, floor, tall))
    drawn.append(_line(width, floor, "axis"))
    if target is not None and target > 0:
        drawn.append(_line(width, floor - _tall(target, highest), "target"))
    return element(
        "svg",
        element("title", without_isolates(title), id=f"{code}-title"),
        element("desc", without_isolates(description), id=f"{code}-words"),
        *drawn,
        *written,
        role="img",
        viewBox=f"0 0 {width} {height}",
        width=f"{width}",
        height=f"{height}",
        aria_labelledby=f"{code}-title {code}-words",
    )


def _tall(value: Decimal, highest: Decimal) -> float:
    return min(max(float(TALL * value / highest), 0), TALL)


def _rectangle(x: float, floor: int, tall: float) -> Html:
    return element(
        "rect",
        x=f"{x - WIDE / 2:.1f}",
        y=f"{floor - tall:.1f}",
        width=f"{WIDE}",
        height=f"{tall:.1f}",
        class_="bar",
    )


def _line(width: int, y: float, kind: str) -> Html:
    return element("line", x1="0", x2=f"{width}", y1=f"{y:.1f}", y2=f"{y:.1f}", class_=kind)


def _text(words: str, x: float, y: float, kind: str) -> Html:
    lines = textwrap.wrap(without_isolates(words), LETTERS) or [""]
    above = LINE * (len(lines) - 1) if kind != "when" else 0
    return element(
        "text",
        joined(
            *(
                element("tspan", line, x=f"{x:.1f}", dy=f"{LINE if number else 0}")
                for number, line in enumerate(lines)
            )
        ),
        x=f"{x:.1f}",
        y=f"{y - above:.1f}",
        class_=kind,
    )
