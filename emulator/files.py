"""Files that somebody has sent."""

import secrets
from dataclasses import dataclass
from typing import Any

PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")


@dataclass
class Blob:
    """A file's content, and the two names that Telegram gives it."""

    file_id: str
    unique_id: str
    name: str
    mime: str
    content: bytes
    kind: str = ""
    """As what it was first sent: it can be sent again as nothing else. "" until then."""
    seconds: int = 1
    """How long it lasts, if it can be heard."""

    @property
    def path(self) -> str:
        """Return where it can be fetched, below the file address."""
        return f"documents/{self.unique_id}"


def keep(name: str, mime: str, content: bytes) -> Blob:
    """Give a file its names."""
    return Blob(f"BQAC{secrets.token_urlsafe(30)}", secrets.token_urlsafe(9), name, mime, content)


def media(kind: str, blob: Blob) -> dict[str, Any]:
    """Return a file as the Bot API's message content."""
    if kind == "photo" and not blob.kind:
        blob.content = repainted(blob.content)
    blob.kind = kind
    common = {"file_id": blob.file_id, "file_unique_id": blob.unique_id}
    size = len(blob.content)
    if kind == "photo":
        width, height = picture_size(blob.content)
        return {"photo": [{**common, "width": width, "height": height, "file_size": size}]}
    if kind == "voice":
        heard = {"duration": blob.seconds, "mime_type": blob.mime}
        return {"voice": {**common, **heard, "file_size": size}}
    return {
        "document": {**common, "file_name": blob.name, "mime_type": blob.mime, "file_size": size}
    }


def repainted(content: bytes) -> bytes:
    """Return a picture without what stands beside it in the file.

    Telegram paints anew what is sent as a photo. Of a JPEG we leave out the sections for comments
    and for programs (EXIF with the place is one); other pictures stay as they are.
    """
    kept, at = bytearray(content[:2]), 2
    if not content.startswith(b"\xff\xd8\xff"):
        return content
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] not in {b"\xda", b"\xd9"}:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        section = content[at + 1 : at + 2]
        if not (b"\xe1" <= section <= b"\xed" or section == b"\xfe"):
            kept += content[at:end]
        at = end
    return bytes(kept + content[at:])


def is_picture(content: bytes) -> bool:
    """Say whether this looks like a picture at all."""
    return content.startswith(PICTURES)


def picture_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG; other pictures are taken for squares."""
    if content.startswith(PICTURES[0]) and len(content) >= 24:
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    return 512, 512
