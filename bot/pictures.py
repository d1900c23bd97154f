"""The one picture that the bot makes itself: an empty one, in the place of what is taken back."""

import struct
import zlib
from functools import cache

WIDTH, HEIGHT, GREY = 160, 32, 0xE0


@cache
def blank() -> bytes:
    """Return a small plain PNG."""
    row = b"\0" + bytes([GREY]) * WIDTH
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * HEIGHT)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
