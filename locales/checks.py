"""What can be wrong with a translation and be seen by a program.

Every check takes a catalogue and the language it is written in and yields one line per fault.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from gettext import c2py
from string import Formatter
from typing import NamedTuple

from babel.messages import Catalog, Message

from locales.catalogue import (
    KEYWORDS,
    PLURALS,
    SAME,
    TEMPLATE,
    is_translated,
    path_of,
    plural_forms,
    read,
)
from locales.scripts import is_mostly_foreign

LONGEST = {
    "button": 30,
    "toast": 200,
    "command": 256,
    "short description": 120,
    "description": 512,
}
"""Letters that Telegram, or a narrow telephone, shows of a text of this context.

What is filled in is not counted. A bot's name is its network's, and in no catalogue.
"""

TAGS = {"a", "b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"}


class Form(NamedTuple):
    """One translated text: a message, or one plural form of it."""

    message: Message
    source: str
    text: str
    says_number: bool
    """Whether the form must name its number: it is used for more than one."""

    def fault(self, what: str) -> str:
        """Return a line that says what is wrong where."""
        return f"{what}: {self.source!r} -> {self.text!r}"


def forms(catalogue: Catalog, language: str) -> Iterator[Form]:
    """Yield every translated text of a catalogue."""
    for message in catalogue:
        if not message.id or not is_translated(message):
            continue
        if isinstance(message.id, str):
            yield Form(message, message.id, str(message.string), says_number=True)
            continue
        used = _uses(language)
        for index, text in enumerate(message.string or ()):
            yield Form(message, message.id[1], text, says_number=used[index] > 1)


def incomplete(catalogue: Catalog, _language: str) -> Iterator[str]:
    """Find sentences that are not translated in all their forms."""
    for message in catalogue:
        if message.id and not is_translated(message):
            yield f"not translated: {message.id!r}"


def left_over(catalogue: Catalog, _language: str) -> Iterator[str]:
    """Find what is marked as guessed, and what is no longer said."""
    for message in catalogue:
        if message.id and message.fuzzy:
            yield f"fuzzy: {message.id!r}"
    for message in catalogue.obsolete.values():
        yield f"obsolete: {message.id!r}"


def out_of_step(catalogue: Catalog, _language: str) -> Iterator[str]:
    """Find sentences that the template has and the catalogue has not, or the other way."""
    spoken, known = ({(m.context, m.id) for m in c if m.id} for c in (read(TEMPLATE), catalogue))
    for context, message in sorted(spoken ^ known, key=repr):
        yield f"not in both template and catalogue: {message!r} ({context})"


def wrong_plural_rule(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find a header that does not choose the plural form as CLDR does."""
    if language not in PLURALS:
        yield f"no plural rule for {language} in locales/catalogue.py"
    elif catalogue.plural_forms.rstrip(";") != plural_forms(language).rstrip(";"):
        yield f"Plural-Forms: {catalogue.plural_forms} instead of {plural_forms(language)}"


def wrong_fields(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find fields that the source has not, or that are left out.

    Only a plural form that is used for one single number may leave out {n}.
    """
    for form in forms(catalogue, language):
        try:
            wanted, found = _fields(form.source), _fields(form.text)
        except ValueError:
            yield form.fault("broken field")
            continue
        if wanted - found - (set() if form.says_number else {"n"}) or found - wanted:
            yield form.fault("other fields")


def wrong_tags(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find tags that the source has not, that Telegram does not know, or that are not closed."""
    for form in forms(catalogue, language):
        if Counter(_tags(form.source)) != Counter(_tags(form.text)):
            yield form.fault("other tags")
        elif not _is_nested(form.text):
            yield form.fault("tags not closed in order, or not allowed")


def wrong_links(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find addresses and commands that were changed."""
    for form in forms(catalogue, language):
        if set(_LINK.findall(form.source)) != set(_LINK.findall(form.text)):
            yield form.fault("other links or commands")


def too_long(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find texts that are too long for where they stand."""
    for form in forms(catalogue, language):
        longest = LONGEST.get(form.message.context or "", len(form.text))
        if len(_FIELD.sub("", form.text)) > longest:
            yield form.fault(f"longer than {longest}")


def wrong_marks(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find marks of direction that Telegram deletes, and isolates that are not closed."""
    for form in forms(catalogue, language):
        if re.search("[\u2028-\u202e]", form.text):
            yield form.fault("a mark of direction that Telegram deletes")
        if not _is_isolated(form.text):
            yield form.fault("isolates not closed")


def wrong_edges(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find spaces at the ends and line breaks that the source has not, or that are lost."""
    for form in forms(catalogue, language):
        if _edges(form.source) != _edges(form.text):
            yield form.fault("other spaces at the ends or other line breaks")


def wrong_script(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find texts with fewer than half of their letters in the language's own script."""
    for form in forms(catalogue, language):
        is_meant = SAME in form.message.user_comments
        if is_mostly_foreign(_words(form.text), language) and not is_meant:
            yield form.fault("mostly another script")


def unchanged(catalogue: Catalog, language: str) -> Iterator[str]:
    """Find translations that are the English, where no comment says that this is meant."""
    for form in forms(catalogue, language) if language != "en" else ():
        says_something = any(char.isalpha() for char in _words(form.text))
        if form.text == form.source and says_something and SAME not in form.message.user_comments:
            yield form.fault("same as the English")


CHECKS: tuple[Callable[[Catalog, str], Iterator[str]], ...] = (
    incomplete,
    left_over,
    out_of_step,
    wrong_plural_rule,
    wrong_fields,
    wrong_tags,
    wrong_links,
    too_long,
    wrong_marks,
    wrong_edges,
    wrong_script,
    unchanged,
)


def problems(language: str) -> list[str]:
    """Return everything that is wrong with the catalogue of a language."""
    catalogue = read(path_of(language))
    return [f"{language}: {fault}" for check in CHECKS for fault in check(catalogue, language)]


def unextractable(source: str) -> Iterator[int]:
    """Yield the lines that ask for a translation of words that stand elsewhere.

    Extraction sees only what is written in the call itself; anything else is never translated.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        count = len(KEYWORDS.get(name) or (1,))
        if name not in KEYWORDS or len(node.args) < count:
            continue  # another function of the same name: SQL has a `label` too
        if not all(isinstance(getattr(arg, "value", None), str) for arg in node.args[:count]):
            yield node.lineno


@cache
def _uses(language: str) -> Counter[int]:
    """Return for how many numbers up to a thousand each plural form is used."""
    rule = c2py(PLURALS[language][0])
    return Counter(rule(n) for n in range(1001))


_FIELD = re.compile(r"\{[^}]*\}")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_LINK = re.compile(r"https?://[^\s<>\"]+|(?<![\w/<])/[a-z_]+")


def _fields(text: str) -> set[str]:
    """Return the names of the fields; ValueError if the translator `_` would refuse them."""
    fields: set[str] = set()
    for _literal, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(name)
        fields.add(name)
    return fields


def _edges(text: str) -> tuple[str, str, int]:
    leading, trailing = len(text) - len(text.lstrip()), len(text.rstrip())
    return text[:leading], text[trailing:], text.count("\n")


def _tags(text: str) -> list[str]:
    return _TAG.findall(text)


def _is_nested(text: str) -> bool:
    still_open: list[str] = []
    for tag in _tags(text):
        name = tag.strip("</>").split()[0]
        if name not in TAGS:
            return False
        if not tag.startswith("</"):
            still_open.append(name)
        elif not still_open or still_open.pop() != name:
            return False
    return not still_open


def _is_isolated(text: str) -> bool:
    depth = 0
    for char in text:
        depth += 1 if char in "\u2066\u2067\u2068" else -1 if char == "\u2069" else 0
        if depth < 0:
            return False
    return depth == 0


def _words(text: str) -> str:
    """Return the text without what is no language: fields, tags, addresses, commands."""
    return _LINK.sub("", _TAG.sub("", _FIELD.sub("", text)))
