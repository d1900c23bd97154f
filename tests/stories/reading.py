"""What a reader of any language reads where an English one reads this.

A module of its own, because pytest has a second copy of every ``conftest``, and what was read of
the catalogues is remembered once.
"""

import html
import re
from collections.abc import Sequence
from functools import cache

from locales import translator
from locales.catalogue import read

ISOLATES = re.compile("[\u2066-\u2069\u200e\u200f]")


def bare(text: str) -> str:
    """Return the text as a person reads it: without the marks of direction."""
    return ISOLATES.sub("", text)


@cache
def sentences(language: str) -> Sequence[tuple[str, Sequence[str]]]:
    """Return every English sentence of the interface with its translations, all plural forms."""
    catalogue = read(translator.FOLDER / language / "LC_MESSAGES" / "messages.po")
    return [
        (_shown("\n".join(_all(message.id))), [_shown(form) for form in _all(message.string)])
        for message in catalogue
        if message.id
    ]


@cache
def is_source(language: str) -> bool:
    """Say whether a reader of this language reads what stands in the sources: an English one."""
    return all(english == "\n".join(said) for english, said in sentences(language))


def _all(forms: str | Sequence[str] | None) -> Sequence[str]:
    return [forms] if isinstance(forms, str) else forms or []


def _shown(message: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", message))


def _core(sentence: str) -> str:
    """Return a sentence without the signs before and after it."""
    return re.sub(r"^[^\w{]+|[^\w}]+$", "", sentence)


@cache
def _by_line(language: str) -> dict[str, list[Sequence[str]]]:
    """Return the translations of sentences by each of their lines, without the signs around it."""
    found: dict[str, list[Sequence[str]]] = {}
    for english, said in sentences(language):
        for line in {_core(line) for line in english.split("\n")}:
            found.setdefault(line, []).append(said)
    return found


@cache
def saying(language: str, text: str, **fields: str) -> re.Pattern[str]:
    """Return what a reader of this language reads where an English one reads this.

    The text is an English sentence of the interface or else a part of one, its ``{fields}``
    filled in if they are given. What is in no sentence is what people wrote, and the same for
    everybody; what has no translation is found nowhere.
    """
    forms = [text]
    known = sentences(language)
    if not is_source(language):
        told = _by_line(language).get(_core(text), [])
        told = told or [said for english, said in known if text in english]
        assert told or not fields, f"no sentence of the interface has {text!r} in it"
        forms = [form for said in told for form in said if form] if told else forms
    patterns = []
    for form in forms:
        parts = re.split(r"\{(\w+)\}", form)
        parts[::2] = map(re.escape, parts[::2])
        parts[1::2] = [re.escape(fields[name]) if name in fields else ".+" for name in parts[1::2]]
        patterns.append("".join(parts))
    return re.compile("|".join(patterns) or r"(?!)")


def forget() -> None:
    """Forget what was read of the catalogues."""
    for cached in (sentences, is_source, saying):
        cached.cache_clear()
