"""A link as a picture that a phone's camera reads."""

from io import BytesIO


def qr_picture(link: str) -> bytes:
    """Return a PNG with the quiet edge that scanners need, large enough for a printed page."""
    import segno

    picture = BytesIO()
    segno.make_qr(link, error="m").save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()
