"""What a file says as a text, and as JSON: read in one way only, or refused with the line."""

import json
import re
from collections.abc import Iterator
from json import scanner
from typing import Any, NoReturn

from community.errors import DirectoryRefusedError


def refuse(why: str, file: str, line: int = 0, path: str = "", what: object = "") -> NoReturn:
    """End the reading.

    Raises:
        DirectoryRefusedError: always.
    """
    raise DirectoryRefusedError(why, file=file, line=line, path=path, what=str(what)[:40])


def decoded(name: str, content: bytes) -> str:
    """Return a file's text.

    Raises:
        DirectoryRefusedError: it is not UTF-8, or has NUL bytes.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("encoding", name, content.count(b"\n", 0, error.start) + 1)
    if "\0" in text:
        refuse("nul", name, text.count("\n", 0, text.index("\0")) + 1)
    return text


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


def load(name: str, text: str, line: int = 0) -> Any:
    """Return what a JSON text says; ``line`` is where it begins, if it is one line of a file.

    Raises:
        DirectoryRefusedError: it is none, or can be read in more than one way.
    """
    try:
        made = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        at = line or error.lineno
        refuse("cut" if error.pos >= len(text.rstrip()) else "json", name, at)
    except _TwiceError as error:
        refuse("twice_key", name, line or _line_of(text), what=error)
    except _EndlessError as error:
        refuse("endless", name, line or _found(text, str(error)), what=error)
    except RecursionError:
        refuse("deep", name, line)
    except ValueError:  # more digits than Python counts
        refuse("endless", name, line)
    if _UNFIT.search(text):
        for path in _unfit(made, ""):
            refuse("nul", name, line, path)
    return made


def _found(text: str, what: str) -> int:
    return text.count("\n", 0, text.find(what)) + 1


def _line_of(text: str) -> int:
    """Return the line in which the object ends that has a key twice: found the slow way."""
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
        decoder.decode(text)
    except (_TwiceError, RecursionError):
        return text.count("\n", 0, ends[-1]) + 1 if ends else 0
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
