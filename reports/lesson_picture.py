"""The picture of a lesson that comes with the program: a plain drawing, and its title under it.

It is drawn by the library of the charts, in the language and the direction of the lesson's words.
What is in it stands among these words (field "picture"), for those who cannot see or load it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from locales import Translator
from reports.chart import BAR, INK, WIDTH, Block, files_for, painted

HEIGHT = 300
WARM, PAPER, LINE = "#e0a458", "#ffffff", "#b9c4c9"
KEPT = 64
"""So many pictures are kept ready: everybody who reads the same words gets the same one."""


def picture(code: str, title: str, _: Translator) -> Callable[[], bytes] | None:
    """Return what draws it as PNG; None for a lesson without one, or where no font is here."""
    if code not in DRAWN or files_for([title]) is None:
        return None
    return partial(_painted, code, title, _.is_rtl)


@lru_cache(maxsize=KEPT)
def _painted(code: str, title: str, rtl: bool) -> bytes:
    return painted(drawing(code, title, rtl=rtl), files_for([title]) or (), zoom=1)


def drawing(code: str, title: str, *, rtl: bool) -> str:
    """Return the picture as SVG; for who reads from the right it is the mirror image."""
    under = Block(rtl)
    under.y = HEIGHT + 50
    under.middle(title, 32, INK)
    tall = under.y + 34
    mirrored = f' transform="translate({WIDTH},0) scale(-1,1)"' if rtl else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}">'
        f'<rect width="{WIDTH}" height="{tall}" fill="{PAPER}"/>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#e8f1f4"/>'
        f"<g{mirrored}>{DRAWN[code]}</g>{''.join(under.parts)}</svg>"
    )


def _person(x: float, y: float, size: float = 1, colour: str = BAR) -> str:
    """Return somebody from the chest up, standing on a point."""
    return (
        f'<g transform="translate({x},{y}) scale({size})" fill="{colour}">'
        '<circle cx="0" cy="-46" r="16"/>'
        '<path d="M-26 0a26 26 0 0 1 52 0z"/></g>'
    )


def _box(x: float, y: float, width: float, height: float, colour: str, corner: int = 8) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{corner}" fill="{colour}"/>'
    )


def _stroke(path: str, colour: str, width: int = 6) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _network() -> str:
    points = [(360, 62), (500, 130), (450, 250), (270, 250), (220, 130)]
    lines = "".join(
        f"M{x} {y}L{to_x} {to_y}"
        for at, (x, y) in enumerate(points)
        for to_x, to_y in points[at + 1 :]
    )
    spots = "".join(f'<circle cx="{x}" cy="{y}" r="44" fill="{PAPER}"/>' for x, y in points)
    return (
        _stroke(lines, LINE, 5)
        + spots
        + "".join(
            _person(x, y + 26, 0.8, WARM if at == 0 else BAR) for at, (x, y) in enumerate(points)
        )
    )


def _telephone() -> str:
    return (
        _box(270, 20, 180, 264, INK, 22)
        + _box(282, 44, 156, 208, PAPER, 6)
        + _box(294, 60, 96, 40, BAR, 14)
        + _box(330, 116, 96, 40, WARM, 14)
        + _box(294, 172, 96, 40, BAR, 14)
    )


def _screen() -> str:
    frames = [(210, 34), (366, 34), (210, 136), (366, 136)]
    return (
        _box(190, 18, 340, 232, INK, 14)
        + _box(150, 256, 420, 18, INK, 9)
        + "".join(_box(x, y, 144, 92, PAPER) for x, y in frames)
        + "".join(
            _person(x + 72, y + 92, 1.15, WARM if at == 1 else BAR)
            for at, (x, y) in enumerate(frames)
        )
    )


def _letter() -> str:
    lines = "".join(f"M270 {y}H{end}" for y, end in ((52, 400), (82, 350), (112, 450), (142, 410)))
    return (
        f'<path d="M210 150L360 60L510 150V280H210z" fill="{BAR}"/>'
        + _box(240, 22, 240, 180, PAPER)
        + _stroke(lines, LINE, 10)
        + f'<path d="M210 150L360 232L510 150V280H210z" fill="{WARM}"/>'
        + _stroke("M210 280L320 210M510 280L400 210", PAPER, 4)
    )


def _key_and_lock() -> str:
    return (
        _stroke("M280 150H420M390 150V186M418 150V178", WARM, 18)
        + f'<circle cx="232" cy="150" r="48" fill="{WARM}"/>'
        f'<circle cx="232" cy="150" r="20" fill="#e8f1f4"/>'
        + _stroke("M490 140V108a40 40 0 0 1 80 0V140", INK, 16)
        + _box(470, 138, 120, 104, BAR, 12)
        + f'<circle cx="530" cy="180" r="12" fill="{PAPER}"/>'
        + _box(525, 184, 10, 30, PAPER, 4)
    )


def _form() -> str:
    rows = (46, 104, 162, 220)
    crosses = "".join(f"M261 {y + 9}l18 18m0 -18l-18 18" for y in rows[:3])  # no tick: mirrored
    return (
        _box(220, 18, 280, 264, PAPER, 10)
        + "".join(_box(252, y, 36, 36, "#e8f1f4", 6) for y in rows)
        + _stroke("".join(f"M316 {y + 18}H{end}" for y, end in zip(rows, ENDS, strict=True)), LINE)
        + _stroke(crosses, BAR, 7)
    )


ENDS = (460, 420, 450, 400)


def _glass() -> str:
    lines = "".join(f"M250 {y}H{end}" for y, end in zip((70, 106, 142, 178), ENDS, strict=True))
    return (
        _box(220, 22, 280, 256, PAPER, 10)
        + _stroke(f"{lines}M250 214H380", LINE, 9)
        + f'<circle cx="440" cy="156" r="62" fill="#ffffff" fill-opacity="0.8" '
        f'stroke="{BAR}" stroke-width="14"/>' + _stroke("M486 202L548 264", WARM, 22)
    )


def _open_circle() -> str:
    inside = [(300, 92), (222, 140), (222, 222), (300, 274), (390, 282), (390, 84)]
    outside = [(490, 146), (560, 190), (490, 238)]
    return "".join(_person(x, y, 0.85) for x, y in inside) + "".join(
        _person(x, y, 0.85, WARM) for x, y in outside
    )


def _calendar() -> str:
    days = [(column, week) for week in range(4) for column in range(7)]
    return (
        _box(190, 20, 340, 262, PAPER, 12)
        + _box(190, 20, 340, 48, BAR, 12)
        + "".join(
            _box(208 + 44 * column, 84 + 48 * week, 36, 36, WARM if column == 3 else "#e8f1f4", 6)
            for column, week in days
        )
    )


DRAWN: Mapping[str, str] = {
    "networks": _network(),
    "bot": _telephone(),
    "calls": _screen(),
    "email": _letter(),
    "passwords": _key_and_lock(),
    "forms": _form(),
    "searching": _glass(),
    "profiles": _open_circle(),
    "animation": _calendar(),
}
"""What is drawn for a lesson, by its code."""
