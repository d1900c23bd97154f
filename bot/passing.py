"""A file that is to go to somebody else is looked at first, and made fit for it.

A picture is painted anew: nothing but the picture is left, neither place nor device nor name. Of
a document only its kind is found out, by what is in it, since its name may lie; its name is
dropped. Nothing else is passed on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from community.errors import UnfitFileError
from community.exchanges import FileKind

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
"""Kinds of pictures, and what Pillow calls them."""
TYPES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
"""What a file without an ending in its name may be, by what its sender's client says."""
MOST_BYTES = 10 * 2**20
"""Bytes of the largest file that is passed on; as many as Telegram takes for a photo."""
MOST_DOTS = 25_000_000
"""Dots of the largest picture that is unpacked, at four bytes each."""
MOST_DOTS_OF_A_JPEG = 100_000_000
"""The same of a JPEG that is unpacked small, row by row: one that is not progressive."""
LONGEST_SIDE, MOST_TIMES_LONGER = 2560, 20
"""Telegram shows no photo with more dots along one side, and takes none that is narrower."""
QUALITY = 88
HEAD = 1024
"""Within so many bytes a PDF says that it is one."""


@dataclass(frozen=True)
class Fit:
    """A file as it may be passed on."""

    kind: FileKind
    extension: str
    content: bytes


def extension_of(name: str, mime: str) -> str | None:
    """Return what a file is by its name, or None if nothing of that kind is passed on."""
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    extension = "jpg" if ending == "jpeg" else ending or TYPES.get(mime, "")
    return extension if extension in PICTURES or extension in DOCUMENTS else None


def made_fit(extension: str, content: bytes) -> Fit:
    """Return a file as it may be passed on. Takes up to seconds: for a thread.

    Raises:
        UnfitFileError: it is damaged, not what its name says, or may do harm.
    """
    if extension in PICTURES:
        return Fit(FileKind.PHOTO, "jpg", _painted_anew(content))
    DOCUMENTS[extension](content)
    return Fit(FileKind.DOCUMENT, extension, content)


# Pictures


def _painted_anew(content: bytes) -> bytes:
    """Return the picture as a JPEG in which there is nothing else."""
    from PIL import Image

    try:
        seen = _seen(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnfitFileError("too_many_dots") from None
    except UnfitFileError:
        raise
    except Exception:  # noqa: BLE001 - a damaged picture breaks its reader in many ways
        raise UnfitFileError("picture") from None
    if max(seen.size) > MOST_TIMES_LONGER * min(seen.size):
        raise UnfitFileError("picture")
    # On a new sheet: a picture keeps what came with it (comments, profiles) when it is changed.
    sheet = Image.new("RGB", seen.size, "white")
    sheet.paste(seen, mask=seen if seen.mode == "RGBA" else None)
    painted = BytesIO()
    sheet.save(painted, "JPEG", quality=QUALITY)
    return painted.getvalue()


def _seen(content: bytes) -> "Image":
    """Return what one sees of a picture, upright and no larger than Telegram shows it."""
    from PIL import Image, ImageOps

    with Image.open(BytesIO(content), formats=[*PICTURES.values()]) as file:
        comes_small = file.format in {"JPEG", "MPO"} and not file.info.get("progressive")
        if file.width * file.height > (MOST_DOTS_OF_A_JPEG if comes_small else MOST_DOTS):
            raise UnfitFileError("too_many_dots")
        file.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is unpacked no larger than needed
        # A telephone may put several views of one moment into a JPEG (MPO): the first counts.
        if getattr(file, "is_animated", False) and file.format != "MPO":
            raise UnfitFileError("moves")
        file.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(file)  # how it was held stands beside the picture
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


# Documents


def _pdf(content: bytes) -> None:
    if b"%PDF-" not in content[:HEAD]:
        raise UnfitFileError("other")


def _text(content: bytes) -> None:
    if b"\0" in content:
        raise UnfitFileError("other")


def _office(part: str) -> Callable[[bytes], None]:
    """Return what knows the files of Microsoft's programs, by a part that each of them has."""

    def check(content: bytes) -> None:
        parts = _parts(content)
        if "[content_types].xml" not in parts or part not in parts:
            raise UnfitFileError("other")
        if any(name.endswith("vbaproject.bin") for name in parts):
            raise UnfitFileError("macros")

    return check


def _open_document(kind: str) -> Callable[[bytes], None]:
    """Return what knows the files of LibreOffice and its like, by the kind that they name."""
    mime = f"application/vnd.oasis.opendocument.{kind}".encode()

    def check(content: bytes) -> None:
        parts = _parts(content)
        # The kind is the first that stands there, and by the standard it is not compressed.
        if "content.xml" not in parts or mime not in content[:HEAD]:
            raise UnfitFileError("other")
        if any(name.startswith(("basic/", "scripts/")) for name in parts):
            raise UnfitFileError("macros")

    return check


def _parts(content: bytes) -> set[str]:
    """Return the names in an archive, in small letters; nothing of it is unpacked."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            return {name.lower() for name in archive.namelist()}
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        raise UnfitFileError("other") from None


DOCUMENTS: Mapping[str, Callable[[bytes], None]] = {
    "pdf": _pdf,
    "docx": _office("word/document.xml"),
    "xlsx": _office("xl/workbook.xml"),
    "odt": _open_document("text"),
    "ods": _open_document("spreadsheet"),
    "txt": _text,
}
"""Kinds of documents, and what looks whether one is what its name says."""
