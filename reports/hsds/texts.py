"""What a file says as a text, and as JSON: read in one way only, or refused with the line.

Both are read some at a time. What is in memory is one value with what stands round it.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from json import scanner
from typing import Any, NoReturn

from community.errors import DirectoryRefusedError
from community.providers.items import Place


def refuse(why: str, file: str, line: int = 0, path: str = "", what: object = "") -> NoReturn:
    """End the reading.

    Raises:
        DirectoryRefusedError: always.
    """
    raise DirectoryRefusedError(why, file=file, line=line, path=path, what=str(what)[:40])


def decoded(name: str, chunks: Iterable[bytes]) -> Iterator[str]:
    """Return a file's text, some at a time.

    Raises:
        DirectoryRefusedError: it is not UTF-8, or has NUL bytes.
    """
    decoder, line = codecs.getincrementaldecoder("utf-8-sig")(), 1
    for chunk in chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            refuse("encoding", name, line + error.object.count(b"\n", 0, error.start))
        if "\0" in text:
            refuse("nul", name, line + text.count("\n", 0, text.index("\0")))
        line += text.count("\n")
        yield text


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """Return the lines of a text with their ends, as tables have them."""
    rest: list[str] = []
    for piece in pieces:
        rest.append(piece)
        if "\n" in piece or "\r" in piece:
            *whole, last = StringIO("".join(rest), newline="")
            yield from whole
            rest = [last]
    yield from StringIO("".join(rest), newline="")


class _TwiceError(ValueError):
    """An object has the same key twice."""


class _EndlessError(ValueError):
    """A number is none: NaN, or beyond what a computer counts."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _value in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return made


def _endless(text: str) -> NoReturn:
    raise _EndlessError(text)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _EndlessError(text)
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_endless, parse_float=_float)
_UNFIT = re.compile(r"\\u(0000|[dD][89a-fA-F])")
_SPACE = re.compile(r"[ \t\r\n]*")
_NEAR = 16
"""So many letters before the end of what has been read a number or a word may be cut in two."""


class Json:
    """A JSON text that is read from its beginning, value by value.

    Everything that reads may end it:

    Raises:
        DirectoryRefusedError: it is no JSON, or can be read in more than one way.
    """

    def __init__(self, name: str, pieces: Iterable[str], line: int = 1) -> None:
        """``line`` is where it begins in its file."""
        self._name, self._pieces, self._line = name, iter(pieces), line
        self._text, self._at = "", 0

    @property
    def line(self) -> int:
        """Return the line of what comes next."""
        return self._line_at(self._at)

    def _line_at(self, at: int) -> int:
        return self._line + self._text.count("\n", 0, at)

    def _more(self) -> bool:
        """Read on, as much again as is there, and let go of what has been read."""
        rest = self._text[self._at :]
        pieces, length = [rest], 0
        for piece in self._pieces:
            pieces.append(piece)
            length += len(piece)
            if length > len(rest):
                break
        if length:
            self._line = self.line
            self._text, self._at = "".join(pieces), 0
        return length > 0

    def peek(self) -> str:
        """Return the next letter that is no space; nothing at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def sign(self, signs: str) -> str:
        """Read one of these signs."""
        found = self.peek()
        if not found or found not in signs:
            self._refuse_here(self._at)
        self._at += 1
        return found

    def _refuse_here(self, at: int) -> NoReturn:
        """Refuse what stands here; at the end of the text its end is what is missing."""
        end = len(self._text.rstrip())
        refuse("cut" if at >= end else "json", self._name, self._line_at(min(at, end)))

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            self._refuse_here(self._at)

    def elements(self, at: Place) -> Iterator[tuple[Any, Place]]:
        """Read a list; return what is in it, each with its place."""
        self.sign("[")
        if self.peek() == "]":
            self.sign("]")
            return
        number, after = 0, ","
        while after == ",":
            place = at.within(f"[{number}]")
            yield self.value(place), place
            number, after = number + 1, self.sign(",]")

    def fields(self) -> Iterator[str]:
        """Read an object; return what its fields are called. Whoever gets one reads its value."""
        self.sign("{")
        if self.peek() == "}":
            self.sign("}")
            return
        seen: set[str] = set()
        after = ","
        while after == ",":
            if self.peek() != '"':
                self._refuse_here(self._at)
            key, line = self.value(Place(self._name)), self.line
            if key in seen:
                refuse("twice_key", self._name, line, what=key)
            seen.add(key)
            self.sign(":")
            yield key
            after = self.sign(",}")

    def value(self, at: Place) -> Any:
        """Read a value as a whole; ``at`` is its place."""
        self.peek()
        while True:
            text, begin = self._text, self._at
            try:
                made, end = _DECODER.raw_decode(text, begin)
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(text) - _NEAR or error.msg.startswith("Unterminated")
                if is_cut and self._more():
                    continue
                self._refuse_here(error.pos)
            except _TwiceError as error:
                line = self.line + _lines_before_twice(text[begin:])
                refuse("twice_key", self._name, line, what=error)
            except _EndlessError as error:
                line = self._line_at(text.find(str(error), begin))
                refuse("endless", self._name, line, what=error)
            except RecursionError:
                refuse("deep", self._name, self.line, at.path)
            except ValueError:  # more digits than Python counts
                refuse("endless", self._name, self.line, at.path)
            if end == len(text) and isinstance(made, (int, float)) and self._more():
                continue
            if _UNFIT.search(text, begin, end):
                for path in _unfit(made, ""):
                    refuse("nul", self._name, self.line, at.within(path).path)
            self._at = end
            return made


def load(name: str, text: str, line: int = 1) -> Any:
    """Return what a short JSON text says; ``line`` is where it begins in its file.

    Raises:
        DirectoryRefusedError: it is none, or can be read in more than one way.
    """
    read = Json(name, [text], line)
    made = read.value(Place(name))
    read.end()
    return made


def _lines_before_twice(text: str) -> int:
    """Return how many lines before the end of the object that has a key twice: the slow way."""
    decoder: Any = json.JSONDecoder(parse_float=float)
    ends: list[int] = []
    plain = decoder.parse_object

    def watched(state: Any, *rest: Any) -> Any:
        made = plain(state, *rest)
        ends.append(made[1])
        _pairs(made[0])
        return dict(made[0]), made[1]

    decoder.object_pairs_hook = lambda pairs: pairs
    decoder.parse_object = watched
    decoder.scan_once = scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    try:
        decoder.raw_decode(text)
    except (_TwiceError, RecursionError):
        return text.count("\n", 0, ends[-1]) if ends else 0
    return 0


def _unfit(value: Any, path: str) -> Iterator[str]:
    """Return where letters stand that are none: NUL, and halves of a pair."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            yield path
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _unfit(one, f"{path}[{at}]")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _unfit(key, path or ".")
            yield from _unfit(one, f"{path}.{key}" if path else key)
