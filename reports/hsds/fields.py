"""What a field of HSDS is to us, and how plain values are read.

A value is read into what a column or a text takes; what cannot be used is noted, what is wrong
ends the reading with its place.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from community import translations
from community.disk import DiskList
from community.errors import DirectoryRefusedError
from community.providers.items import Note, Place, outer_id
from reports.hsds.known import Known


@dataclass
class Here:
    """Where the reader is, and what it has to say about it."""

    known: Known = field(default_factory=Known)
    at: Place = field(default_factory=Place)
    """The place of the object that is read."""
    notes: list[Note] | DiskList[Note] = field(default_factory=list)

    def area(self, *keys: str) -> int | None:
        """Return the area that an identifier means, or a name that only one has."""
        for key in filter(None, keys):
            found = [number for number, area in self.known.areas.items() if key in area.keys]
            if len(found) == 1:
                return found[0]
        return None

    def place(self, name: str) -> Place:
        """Return the place of a field of it, or its own."""
        return self.at.within(name) if name else self.at

    def refuse(self, why: str, name: str = "", what: object = "") -> NoReturn:
        """End the reading: nothing of the files is used.

        Raises:
            DirectoryRefusedError: always.
        """
        place = self.place(name)
        raise DirectoryRefusedError(
            why, file=place.file, line=place.line, path=place.path, what=shortened(str(what), 40)
        )

    def note(self, why: str, name: str, what: object = "") -> None:
        """Say that something is taken, but not as it came."""
        self.notes.append(Note(why, self.place(name), shortened(str(what), 40)))


Read = Callable[[Any, str, Here], Any]
Write = Callable[[Any, str], Any]


def as_it_is(value: Any, _id: str) -> Any:
    """Return the value."""
    return value


@dataclass(frozen=True)
class Field:
    """One field of HSDS, and where it goes: columns, or texts with a dot before them."""

    name: str
    to: tuple[str, ...]
    read: Read
    write: Write = as_it_is
    always: Any = None
    """What stands in an export where there is nothing, because HSDS wants the field."""


def written(one: Field, values: Sequence[Any], uid: str, here: Here) -> Any:
    """Return what columns and texts say as HSDS has it."""
    told = [
        here.known.areas.get(value) if to == "area_id" else value
        for to, value in zip(one.to, values, strict=False)
    ]
    return one.write(told[0] if len(one.to) == 1 else tuple(told), uid)


def shortened(text: str, limit: int) -> str:
    """Return the text, or its beginning with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(None, 1)[0][: limit - 1] + "…"


def string(raw: Any, name: str, here: Here) -> str:
    """Return a text.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return ""
    if not isinstance(raw, str):
        here.refuse("text", name, raw)
    return raw


def number(raw: Any, name: str, here: Here) -> float | None:
    """Return a number.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        here.refuse("number", name, raw)
    return raw


def day(raw: Any, name: str, here: Here) -> date | None:
    """Return a day.

    Raises:
        DirectoryRefusedError: it is none.
    """
    text = string(raw, name, here)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        here.refuse("date", name, text)


CLOCK = re.compile(r"([01]?\d|2[0-3]|24(?=:00)):([0-5]\d)(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


def clock(raw: Any, name: str, here: Here) -> str:
    """Return a time of the day, in hours and minutes.

    Raises:
        DirectoryRefusedError: it is none.
    """
    text = string(raw, name, here)
    found = CLOCK.fullmatch(text)
    if text and not found:
        here.refuse("time", name, text)
    return f"{int(found[1]):02}:{found[2]}" if found else ""


def objects(raw: Any, name: str, here: Here) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        here.refuse("list", name, raw)
    return raw


def text_of(subject: str, text_field: str) -> Read:
    """Return what reads a text: what is too long is shortened, and noted; never a name."""
    limit = translations.LIMITS[subject, text_field]

    def read(raw: Any, name: str, here: Here) -> str:
        text = string(raw, name, here).strip()
        if not text.isprintable():  # else it is one line
            text = "\n".join(line.rstrip() for line in text.splitlines())
        if len(text) <= limit:
            return text
        if text_field == "name":
            here.refuse("long", name, limit)
        here.note("shortened", name, limit)
        return shortened(text, limit)

    return read


def line_of(limit: int) -> Read:
    """Return what reads a column of some letters: what is longer stays outside it."""

    def read(raw: Any, name: str, here: Here) -> str | None:
        text = string(raw, name, here).strip()
        if len(text) > limit:
            here.note("unused", name, text)
            return None
        return text or None

    return read


def link(raw: Any, name: str, here: Here) -> str | None:
    """Return a link that may be tapped, as far as it is one."""
    text = string(raw, name, here).strip()
    if text and not re.fullmatch(r"https?://[^\s<>\"]{1,490}", text):
        here.note("unused", name, text)
        return None
    return text or None


def email(raw: Any, name: str, here: Here) -> str | None:
    """Return an address, as far as it is one."""
    text = string(raw, name, here).strip()
    if text and not (len(text) <= 254 and re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text)):
        here.note("unused", name, text)
        return None
    return text or None


def phone(raw: Any, name: str, here: Here) -> str | None:
    """Return the first number."""
    for one in objects(raw, name, here):
        text = string(one.get("number"), name, here).strip(" \"'")
        if not text:
            here.refuse("missing", f"{name}.number")
        if len(text) <= 64:
            return text
        here.note("unused", name, text)
    return None


def phones(value: str | None, uid: str) -> Any:
    """Return the one number as HSDS lists them."""
    return [{"id": outer_id(f"{uid}/phone"), "number": value}] if value else None
