"""The sentences of the interface in one person's language.

A `Translator` is handed to everything that speaks, under the name `_`. Sentences for a message
(`_`, `ngettext`, `pgettext`, `npgettext`) are Telegram HTML; what stands on a button, in a toast,
in a command list or a table (`label`, `nlabel`) is plain text.
"""

import html
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any, Protocol

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent
FSI, PDI = "\u2068", "\u2069"  # first strong isolate … pop directional isolate

logger = logging.getLogger("diwan.locales")


class Html(str):
    """Text that Telegram may parse as it stands. Whatever is joined to it is escaped first."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        return Html(str.__add__(self, escape(other)))

    def __radd__(self, other: str) -> "Html":
        return Html(str.__add__(escape(other), self))

    def join(self, parts: Iterable[str], /) -> "Html":
        """Join the parts, each escaped unless it is Html itself."""
        return Html(str.join(self, map(escape, parts)))


def escape(value: object) -> Html:
    """Return the value so that Telegram shows it letter by letter; Html is left as it is."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


LINE = re.compile("[^\n\r\x1c-\x1e\x85\u2029]+")
"""What directions do not reach beyond: a paragraph, as Unicode has it."""
OVERRIDES = re.compile("[\u202a-\u202e]")
ISOLATES = re.compile("[\u2066-\u2069]")
MARKED = re.compile("[\n\r\x1c-\x1e\x85\u2029\u202a-\u202e\u2066-\u2069]")
"""What makes an isolate of a text more than two marks round it."""


def isolate(text: str) -> str:
    """Keep the direction of a text to itself, line by line: an isolate ends with its line.

    Nothing written in the text reaches what stands round it: marks that would end this isolate,
    or outlast it, are dropped, and so are those that turn letters round.
    """
    if text and not MARKED.search(text):  # nearly every value
        return f"{FSI}{text}{PDI}"
    return LINE.sub(lambda line: f"{FSI}{_balanced(line[0])}{PDI}", text)


def balanced(text: str) -> str:
    """Return the text without the marks by which it would turn round what stands beside it."""
    return LINE.sub(lambda line: _balanced(line[0]), text)


def _balanced(line: str) -> str:
    """Return the line without overrides; of isolates, those that begin and end in it."""
    line = OVERRIDES.sub("", line)
    begun: list[int] = []
    paired: set[int] = set()
    for mark in ISOLATES.finditer(line):
        if mark[0] != PDI:
            begun.append(mark.start())
        elif begun:
            paired |= {begun.pop(), mark.start()}
    return ISOLATES.sub(lambda mark: mark[0] if mark.start() in paired else "", line)


def plain(text: str) -> str:
    """Return what a reader sees of a text: without tags and entities if it is Html.

    Isolates stay; `without_isolates` takes them out for files that other programs read.
    """
    return html.unescape(re.sub(r"<[^>]*>", "", text)) if isinstance(text, Html) else str(text)


def without_isolates(text: str) -> str:
    """Return the text without the marks of direction that `isolate` adds."""
    return text.replace(FSI, "").replace(PDI, "")


class _Inserting(Protocol):
    def __call__(self, value: str | int, *, inside_tag: bool) -> str: ...


def _into_html(value: str | int, *, inside_tag: bool) -> str:
    """Escape and isolate; in an attribute (a link) an isolate would become part of the address."""
    return escape(value) if inside_tag else isolate(escape(value))


def _into_plain(value: str | int, *, inside_tag: bool) -> str:  # noqa: ARG001 - plain has no tags
    return isolate(plain(value) if isinstance(value, str) else str(value))


def _filled(message: str, fields: dict[str, str | int], insert: _Inserting) -> str:
    """Fill `{name}` fields and nothing else."""
    parts: list[str] = []
    for literal, name, inside_tag in _parsed(message):
        parts.append(literal)
        if name is not None:
            parts.append(insert(fields[name], inside_tag=inside_tag))
    return "".join(parts)


@lru_cache(maxsize=8192)
def _parsed(message: str) -> list[tuple[str, str | None, bool]]:
    """Return what comes before each field, its name, and whether it stands inside a tag.

    No attribute, no index, no conversion, no format.
    """
    parts: list[tuple[str, str | None, bool]] = []
    inside_tag = False
    for literal, name, spec, conversion in Formatter().parse(message):
        if "<" in literal or ">" in literal:
            inside_tag = literal.rfind("<") > literal.rfind(">")
        if name is not None and (spec or conversion or not name.isidentifier()):
            raise ValueError(name)
        parts.append((literal, name, inside_tag))
    return parts


@cache
def _report_once(language: str, message: str) -> None:
    logger.warning("The %s translation of %r cannot be filled in.", language, message)


@dataclass(frozen=True, slots=True)
class Translator:
    """One language. Immutable, safe to share between tasks.

    A missing translation, or one whose fields are broken, is answered in the source language.
    """

    language: str
    """The tag as people's rows keep it (BCP 47): `uk`, `fa-AF`."""
    locale: Locale
    """How this language writes dates and numbers."""
    texts: NullTranslations

    @property
    def is_rtl(self) -> bool:
        """Say whether the language is written from right to left."""
        return self.locale.text_direction == "rtl"

    def __call__(self, message: str, **fields: str | int) -> Html:
        """Return the sentence as Telegram HTML."""
        return Html(self._filled(self.texts.gettext(message), message, fields, _into_html))

    def gettext(self, message: str, **fields: str | int) -> Html:
        """Return the sentence as Telegram HTML: `_` by its long name."""
        return self(message, **fields)

    def pgettext(self, context: str, message: str, **fields: str | int) -> Html:
        """Return the sentence as Telegram HTML, where the same words may mean two things."""
        translated = self.texts.pgettext(context, message)
        return Html(self._filled(translated, message, fields, _into_html))

    def ngettext(self, singular: str, plural: str, n: int, **fields: str | int) -> Html:
        """Return the sentence as Telegram HTML, in the plural form of `n`, which fills `{n}`."""
        translated = self.texts.ngettext(singular, plural, n)
        source = singular if n == 1 else plural
        return Html(self._filled(translated, source, {"n": n, **fields}, _into_html))

    def npgettext(
        self, context: str, singular: str, plural: str, n: int, **fields: str | int
    ) -> Html:
        """Return the sentence as Telegram HTML, by context and plural form."""
        translated = self.texts.npgettext(context, singular, plural, n)
        source = singular if n == 1 else plural
        return Html(self._filled(translated, source, {"n": n, **fields}, _into_html))

    def label(self, context: str, message: str, **fields: str | int) -> str:
        """Return plain text for a button, a toast, a command, a column or a file name."""
        translated = self.texts.pgettext(context, message)
        return self._filled(translated, message, fields, _into_plain)

    def nlabel(self, context: str, singular: str, plural: str, n: int, **fields: str | int) -> str:
        """Return plain text in the plural form of `n`, which fills `{n}`."""
        translated = self.texts.npgettext(context, singular, plural, n)
        source = singular if n == 1 else plural
        return self._filled(translated, source, {"n": n, **fields}, _into_plain)

    def _filled(
        self, translated: str, source: str, fields: dict[str, str | int], insert: _Inserting
    ) -> str:
        if translated and translated != source:
            try:
                return _filled(translated, fields, insert)
            except (KeyError, ValueError):
                _report_once(self.language, source)
        # A field that the program itself forgot is its own error and is raised.
        return _filled(source, fields, insert)


@lru_cache(maxsize=256)
def translator_for(language: str) -> Translator:
    """Return the translator of a language; of an unknown one, the source language.

    `fa-AF` is answered from its own catalogue, then from that of `fa`, then in English.
    """
    try:
        locale = Locale.parse(FORMATS.get(language, language), sep="-")
    except (ValueError, UnknownLocaleError):
        return translator_for("en")
    return Translator(language, locale, _texts(language))


FORMATS = {"en": "en-GB"}
"""English here has the day before the month and the clock of 24 hours, as most hosts write."""


def _texts(language: str) -> NullTranslations:
    chain: list[NullTranslations] = []
    parts = language.split("-")
    for length in range(len(parts), 0, -1):
        path = FOLDER / "-".join(parts[:length]) / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            chain.append(read_texts(path, "-".join(parts[:length])))
    texts = chain[0] if chain else NullTranslations()
    for fallback in chain[1:]:
        texts.add_fallback(fallback)
    return texts


def read_texts(path: Path, language: str) -> NullTranslations:
    """Read a catalogue; entries that are fuzzy or not translated are as if absent."""
    with path.open("rb") as file:
        # Babel hands the plural rule on only if it is told the language.
        catalogue = read_po(file, locale=language.replace("-", "_"))
    for message in list(catalogue):
        forms: Any = message.string
        if message.id and not all(forms if isinstance(forms, tuple | list) else [forms]):
            catalogue.delete(message.id, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
