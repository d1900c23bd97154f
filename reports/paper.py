"""One page of A4 as PDF: a picture, and under it the same words as text.

A picture alone cannot be searched, copied or read aloud. The letters of the picture are shaped for
every script by what draws it; the text is in a font of our own whose letters draw nothing and say
which they are (Type 3 with ToUnicode), so that no font has to be put into the file.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from locales import without_isolates

POINTS = (595.28, 841.89)
"""A4."""
LETTERS = 255
"""So many different letters one such font holds; whatever comes after is left out."""
HALF = 500
"""The width of each letter, in thousandths of its size."""
BOM = "\ufeff"
"""By this a reader knows that the title is not in Latin-1."""
LEFT_TO_RIGHT = re.compile(r"[A-Za-z0-9](?:[\x21-\x7e]*[A-Za-z0-9/])?")


@dataclass(frozen=True)
class Line:
    """Words where they stand in the picture, whose width is ``across`` of the page."""

    words: str
    size: float
    x: float
    y: float
    anchor: str
    rtl: bool


def page(png: bytes, lines: Sequence[Line], title: str, across: float) -> bytes:
    """Return the page; the picture fills it."""
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        width, height = picture.size
        pixels = picture.convert("RGB").tobytes()
    wide, tall = POINTS
    letters = {
        letter: code
        for code, letter in enumerate(
            dict.fromkeys(letter for line in lines for letter in _seen(line)), start=1
        )
        if code <= LETTERS
    }
    drawn = f"q {wide} 0 0 {tall} 0 0 cm /P Do Q\n"
    said = "".join(_placed(line, letters, wide / across) for line in lines)
    last = len(letters)
    names = " ".join(f"/g{code}" for code in letters.values())
    glyphs = " ".join(f"/g{code} 7 0 R" for code in letters.values())
    widths = " ".join([str(HALF)] * last)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 {wide} {tall} ] /Contents 5 0 R "
            "/Resources << /XObject << /P 4 0 R >> /Font << /F 6 0 R >> >> >>"
        ).encode(),
        _stream(
            pixels,
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
            "/ColorSpace /DeviceRGB /BitsPerComponent 8",
        ),
        _stream(f"{drawn}BT\n{said}ET\n".encode()),
        (
            f"<< /Type /Font /Subtype /Type3 /FontBBox [ 0 0 {HALF} 1000 ] "
            f"/FontMatrix [ 0.001 0 0 0.001 0 0 ] /FirstChar 1 /LastChar {last} "
            f"/Widths [ {widths} ] /Encoding << /Type /Encoding /Differences [ 1 {names} ] >> "
            f"/CharProcs << {glyphs} >> /ToUnicode 8 0 R /Resources << >> >>"
        ).encode(),
        _stream(f"{HALF} 0 d0".encode()),
        _stream(_meanings(letters)),
        f"<< /Title <{_hex(BOM + without_isolates(title))}> >>".encode(),
    ]
    return _file(objects)


def _seen(line: Line) -> str:
    """Return the letters from left to right, as a reader of the file expects them.

    Of a line from right to left all turns round but what is Latin or a number in it.
    """
    words = without_isolates(line.words)
    if not line.rtl:
        return words
    turned = words[::-1]
    return LEFT_TO_RIGHT.sub(lambda run: run.group()[::-1], turned)


def _placed(line: Line, letters: dict[str, int], scale: float) -> str:
    shown = "".join(f"{letters[letter]:02x}" for letter in _seen(line) if letter in letters)
    length = len(shown) / 2 * line.size * HALF / 1000
    left = line.x - {"start": 0, "middle": length / 2, "end": length}[line.anchor]
    size, x, y = line.size * scale, left * scale, POINTS[1] - line.y * scale
    return f"/F {size:.2f} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{shown}> Tj\n"


def _meanings(letters: dict[str, int]) -> bytes:
    """Return which letter each code is, as PDF says that."""
    rows = [f"<{code:02x}> <{_hex(letter)}>" for letter, code in letters.items()]
    tables = [rows[at : at + 100] for at in range(0, len(rows), 100)]  # a table holds no more
    said = "\n".join(
        f"{len(table)} beginbfchar\n" + "\n".join(table) + "\nendbfchar" for table in tables
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Letters def /CMapType 2 def\n"
        f"1 begincodespacerange <01> <ff> endcodespacerange\n{said}\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()


def _hex(words: str) -> str:
    return words.encode("utf-16-be").hex()


def _stream(content: bytes, about: str = "") -> bytes:
    packed = zlib.compress(content)
    head = f"<< {about} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode()
    return head + packed + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    """Return the objects as a file: the first is the catalogue, the last says what it is."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = len(out)
    count = len(objects) + 1
    out += f"xref\n0 {count}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    trailer = f"<< /Size {count} /Root 1 0 R /Info {len(objects)} 0 R >>"
    out += f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)
