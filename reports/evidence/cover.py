"""What stands on the cover of a report, as the operator has set it."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

LARGEST = 200_000
"""Bytes of a logo: it is in every page that is sent."""
SIDE = 4000
"""Pixels."""
KINDS = {"PNG": "png", "JPEG": "jpeg"}


class LogoError(ValueError):
    """A logo cannot be used. The message is for the operator and says what to do."""


@dataclass(frozen=True)
class Logo:
    """A picture that a page carries within itself."""

    content: bytes
    kind: str
    """``png`` or ``jpeg``."""


@dataclass(frozen=True)
class Cover:
    """What stands on the first page besides the title."""

    publisher: str = ""
    logo: Logo | None = None
    mark: str = ""
    """Said at the top of the page and of every printed one, such as that all is made up."""


NO_COVER = Cover()


def read_logo(path: Path) -> Logo:
    """Return the picture in a file.

    Raises:
        LogoError: it cannot be read, is no PNG or JPEG, or is too large.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if path.stat().st_size > LARGEST:
            raise LogoError(f"must be no larger than {LARGEST // 1000} kB")
        content = path.read_bytes()
    except OSError:
        raise LogoError("no readable file is there; correct the path") from None
    try:
        with Image.open(BytesIO(content), formats=[*KINDS]) as picture:
            kind = KINDS[str(picture.format)]
            if max(picture.size) > SIDE:
                raise LogoError(f"must be no wider and no taller than {SIDE} pixels")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise LogoError("must be a PNG or JPEG picture") from None
    return Logo(content, kind)
