"""A link as a picture that a phone's camera reads."""

from io import BytesIO


def qr_squares(link: str) -> tuple[str, int]:
    """Return the dark squares as an SVG path, each of size one, and how many make a side."""
    import segno

    code = segno.make_qr(link, error="m")
    rows = [[*row] for row in code.matrix_iter(border=2)]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return path, len(rows)


def qr_picture(link: str) -> bytes:
    """Return a PNG with the quiet edge that scanners need, large enough for a printed page."""
    import segno

    picture = BytesIO()
    segno.make_qr(link, error="m").save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()
