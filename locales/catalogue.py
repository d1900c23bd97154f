"""The gettext catalogues: extracted from the sources, brought up to date, filled in.

Everything written here is reproducible: no dates, no line numbers, no fuzzy guesses.
`messages.pot` holds the sentences of the program, `<language>/LC_MESSAGES/messages.po` their
translations. A new language is a new folder, made by `update`.
"""

import ast
import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po

from locales.translator import FOLDER

SPOKEN_IN = ("bot", "handlers", "locales", "reports")
KEYWORDS: dict[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "label": ((1, "c"), 2),
    "nlabel": ((1, "c"), 2, 3),
}

_ONE_OTHER = ("one", "other")
_SLAVIC = (
    "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2",
    ("one", "few", "many"),
)
PLURALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ar": (
        "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5",
        ("zero", "one", "two", "few", "many", "other"),
    ),
    "en": ("n != 1", _ONE_OTHER),
    "fr": ("n > 1", _ONE_OTHER),
    "uk": _SLAVIC,
}
"""gettext's plural rule of each language and CLDR's names for its forms, in order.

Babel would write rules of its own, which are older than CLDR's for a dozen languages; a test
holds each of these against CLDR.
"""


def path_of(language: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


TEMPLATE = FOLDER / "messages.pot"


def spoken_in(source: str) -> list[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Return (line, message, notes, context) of every sentence of a module.

    Babel's own extractor reads tokens, and loses a sentence whose fields are filled by a call that
    hands the translator on: ``_.label("button", "…", what=words.need(need, _))``.
    """
    above = source.splitlines()
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in KEYWORDS:
            continue
        spec = KEYWORDS[name] or (1,)
        places = [place[0] if isinstance(place, tuple) else place for place in spec]
        texts = [_literal(node.args, place - 1) for place in places]
        if None in texts:
            continue
        words = [text for text in texts if text is not None]
        context = words.pop(0) if isinstance(spec[0], tuple) else None
        message = words[0] if len(words) == 1 else tuple(words)
        found.append((node.lineno, message, _notes(above, node.lineno), context))
    return sorted(found, key=lambda entry: entry[0])


def _literal(arguments: list[ast.expr], at: int) -> str | None:
    value = arguments[at] if at < len(arguments) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None


def _notes(lines: list[str], line: int) -> list[str]:
    """Return the comment for translators right above a call."""
    notes: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.strip().startswith("#"):
            break
        notes.insert(0, text.strip().lstrip("# "))
    return notes if notes and notes[0].startswith("NOTE:") else []


def extract(root: Path = FOLDER.parent) -> Catalog:
    """Return every sentence that the sources under the root speak, without translations."""
    template = Catalog()
    for folder in SPOKEN_IN:
        for path in sorted((root / folder).rglob("*.py")):
            for line, message, comments, context in spoken_in(path.read_text(encoding="utf-8")):
                template.add(
                    message,
                    locations=[(path.relative_to(root).as_posix(), line)],
                    auto_comments=comments,
                    context=context,
                )
    return template


def read(path: Path) -> Catalog:
    """Return a catalogue as it stands in its file."""
    with path.open("rb") as file:
        return read_po(file)


def text_of(catalogue: Catalog, language: str | None = None) -> str:
    """Return a catalogue as it is written to its file; without a language, as the template."""
    header = ['msgid ""', 'msgstr ""']
    if language:
        header.append(f'"Language: {language}\\n"')
    header.append(r'"MIME-Version: 1.0\n"')
    header.append(r'"Content-Type: text/plain; charset=utf-8\n"')
    header.append(r'"Content-Transfer-Encoding: 8bit\n"')
    if language:
        header.append(f'"Plural-Forms: {plural_forms(language)}\\n"')
    body = BytesIO()
    write_po(body, catalogue, 99, omit_header=True, sort_by_file=True, include_lineno=False)
    return "\n".join(header) + "\n\n" + body.getvalue().decode().strip("\n") + "\n"


def plural_forms(language: str) -> str:
    """Return the Plural-Forms header of a language."""
    expression, categories = PLURALS[language]
    return f"nplurals={len(categories)}; plural=({expression});"


def updated(template: Catalog, known: Catalog, language: str) -> Catalog:
    """Return the template's sentences with the translations that still belong to them.

    English is its own translation. A changed sentence is a new one: nothing is guessed.
    """
    catalogue = Catalog()
    catalogue.mime_headers = [("Plural-Forms", plural_forms(language))]
    for message in _messages(template):
        old = known.get(message.id, context=message.context)
        same_shape = old and old.pluralizable == message.pluralizable and not old.fuzzy
        string = message.id if language == "en" else old.string if old and same_shape else ""
        catalogue.add(
            message.id,
            string or _untranslated(message, language),
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old else [],
            context=message.context,
        )
    return catalogue


def update(languages: Iterable[str]) -> None:
    """Write the catalogues of the languages anew from the template."""
    template = read(TEMPLATE)
    for language in languages:
        path = path_of(language)
        known = read(path) if path.exists() else Catalog()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(updated(template, known, language), language))


def missing(language: str) -> list[dict[str, Any]]:
    """Return what is not translated, as a translator needs it and as `fill` takes it back."""
    return [
        {
            "context": message.context,
            "id": message.id[0] if message.pluralizable else message.id,
            "plural": message.id[1] if message.pluralizable else None,
            "note": " ".join(message.auto_comments) or None,
            "translation": dict.fromkeys(PLURALS[language][1], "") if message.pluralizable else "",
        }
        for message in _messages(read(path_of(language)))
        if not is_translated(message)
    ]


def fill(language: str, entries: Iterable[dict[str, Any]]) -> list[str]:
    """Merge translations into a catalogue; return what of them could not be used, and why.

    The forms of a plural are a list in the order of `PLURALS` or named as `missing` names them.
    `"same": true` says that a translation is meant to be the same as the English.
    """
    catalogue = read(path_of(language))
    refused: list[str] = []
    for entry in entries:
        message = catalogue.get(entry["id"], context=entry.get("context"))
        forms = entry["translation"]
        if isinstance(forms, dict):
            forms = [forms.get(category, "") for category in PLURALS[language][1]]
        if message is None:
            refused.append(f"not in the catalogue: {entry['id']!r}")
        elif message.pluralizable != isinstance(forms, list):
            refused.append(f"singular where a plural is needed, or the other way: {entry['id']!r}")
        elif isinstance(forms, list) and len(forms) != len(PLURALS[language][1]):
            refused.append(f"{len(forms)} forms, not {len(PLURALS[language][1])}: {entry['id']!r}")
        else:
            message.string = tuple(forms) if isinstance(forms, list) else forms
            if entry.get("same"):
                message.user_comments = [SAME]
    path_of(language).write_text(text_of(catalogue, language))
    return refused


SAME = "same as the source"
"""The translator's comment that allows a translation to read like the English."""


def is_translated(message: Message) -> bool:
    """Say whether every form of a message is translated."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return bool(forms) and all(forms)


def coverage(language: str) -> float:
    """Return which part of the sentences is translated into a language."""
    messages = list(_messages(read(path_of(language))))
    return sum(map(is_translated, messages)) / len(messages)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _untranslated(message: Message, language: str) -> str | tuple[str, ...]:
    return ("",) * len(PLURALS[language][1]) if message.pluralizable else ""


def load_translations(path: Path) -> list[dict[str, Any]]:
    """Read a file of translations in the shape that `missing` prints."""
    entries: list[dict[str, Any]] = json.loads(path.read_text())
    return entries
