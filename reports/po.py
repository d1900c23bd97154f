"""Texts in a PO file, for translators who work at a desk: written, and read again.

What comes back has been through other people's programs: other line ends, another encoding,
another header, lines broken elsewhere. All of that is read. What may have lost something is not.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, PoFileParser, write_po

TEXTS = "X-Diwan-Texts"
"""The header that says how many texts a file was made with: one that was cut has fewer."""


class Unreadable(StrEnum):
    """Why a file cannot be read."""

    NOT_PO = "not_po"
    """It is none, or has no text in it."""
    ENCODING = "encoding"
    """Not UTF-8, and not what it says it is either."""
    CUT = "cut"
    """Some of the texts that it was made with are not in it any more."""


class PoError(Exception):
    """A file that cannot be read. Nothing of it is used."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Entry:
    """One text: what names it, its source, and what stands there in the file's language."""

    context: str
    source: str
    text: str = ""
    is_fuzzy: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Texts:
    """What is in a file."""

    language: str
    """As a BCP 47 tag; "" if the file does not say so."""
    entries: Sequence[Entry]


def written(texts: Texts) -> bytes:
    """Return the file, in UTF-8, each line of a text on a line."""
    catalogue = Catalog()
    for entry in texts.entries:
        message = catalogue.add(
            entry.source, entry.text, auto_comments=entry.notes, context=entry.context
        )
        # "50 % de …" is no format for C or Python, whatever it looks like to Babel.
        message.flags = {"fuzzy"} if entry.is_fuzzy else set()
    body = BytesIO()
    write_po(body, catalogue, width=0, omit_header=True)
    header = [
        "Project-Id-Version: Diwan",
        f"Language: {texts.language.replace('-', '_')}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"{TEXTS}: {len(texts.entries)}",
    ]
    told = "".join(f'"{line}\\n"\n' for line in header)
    return f'msgid ""\nmsgstr ""\n{told}\n'.encode() + body.getvalue()


# Reading


def read(content: bytes) -> Texts:
    """Return what is in a file; entries that it has given up (``#~``) are none.

    Raises:
        PoError: it is no PO file, or may have lost something.
    """
    lines = re.split(r"\r\n|\r|\n", _decoded(content))
    if not all(map(_is_well_formed, lines)):
        raise PoError(Unreadable.NOT_PO)
    found = _Found()
    try:
        PoFileParser(found, ignore_obsolete=True, abort_invalid=True).parse(
            StringIO("\n".join(lines), newline="\n")
        )
    except (PoFileError, ValueError, IndexError, TypeError, AttributeError):
        # Lines in an order that makes no entry; Babel does not name every such case.
        raise PoError(Unreadable.NOT_PO) from None
    header = found.header()
    if not found.entries:
        raise PoError(Unreadable.NOT_PO)
    count = header.get(TEXTS.lower(), "")
    if count.isdecimal() and len(found.entries) < int(count[:9]):
        raise PoError(Unreadable.CUT)
    language = re.sub("[_@]", "-", header.get("language", ""))
    return Texts(language, found.entries)


class _Found(Catalog):
    """The entries as they stand in the file: none merged with another, the header only words."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self._header = ""

    def __setitem__(self, _id: Any, message: Message) -> None:
        if not isinstance(message.id, str) or not isinstance(message.string, str):
            raise TypeError("a text with plural forms is none of ours")
        if message.id == "" and not message.context:
            self._header = self._header or message.string
            return
        entry = Entry(message.context or "", message.id, message.string, message.fuzzy)
        self.entries.append(entry)

    def header(self) -> dict[str, str]:
        """Return the fields of the header, by their names in small letters."""
        named = (line.partition(":") for line in self._header.split("\n"))
        return {name.strip().lower(): value.strip() for name, colon, value in named if colon}


_LINE = re.compile(
    r"""\#.* | (?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)[ ]+)? "(?:[^"\\]|\\.)*" |""",
    re.VERBOSE | re.DOTALL,
)


def _is_well_formed(line: str) -> bool:
    """Say whether a line is a comment or a string with both its quotes: Babel looks for none."""
    return _LINE.fullmatch(line.strip()) is not None


_CHARSET = re.compile(rb"charset=([\w.-]+)", re.IGNORECASE)
_KNOWN = re.compile(r"iso-?8859-\d+|latin-?1|(?:windows-|cp)\d{3,4}|koi8-[ru]", re.IGNORECASE)


def _decoded(content: bytes) -> str:
    """Return the words of a file, by its mark or as UTF-8, else by what its header says.

    Raises:
        PoError: none of these fits.
    """
    said = _CHARSET.search(content[:4096])
    charset = said[1].decode("ascii") if said else ""
    attempts = ["utf-8-sig", *([charset] if _KNOWN.fullmatch(charset) else [])]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        attempts = ["utf-16"]
    for attempt in attempts:
        try:
            words = content.decode(attempt)
        except (UnicodeDecodeError, LookupError):
            continue
        # Neither is in any text, and the database could not keep the one.
        if "\0" not in words:
            return words
    raise PoError(Unreadable.ENCODING)
