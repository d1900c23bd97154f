"""The scripts that languages are written in."""

import unicodedata
from functools import cache

from babel.core import get_global

SCRIPTS = {
    "Arab": "ARABIC",
    "Armn": "ARMENIAN",
    "Beng": "BENGALI",
    "Cyrl": "CYRILLIC",
    "Deva": "DEVANAGARI",
    "Ethi": "ETHIOPIC",
    "Geor": "GEORGIAN",
    "Grek": "GREEK",
    "Guru": "GURMUKHI",
    "Hans": "CJK",
    "Hant": "CJK",
    "Hebr": "HEBREW",
    "Latn": "LATIN",
    "Sinh": "SINHALA",
    "Taml": "TAMIL",
    "Thai": "THAI",
}
"""How Unicode begins the names of the letters of a script."""


@cache
def script_of(language: str) -> str:
    """Return how Unicode begins the names of a language's letters; "" where that is not known."""
    likely = get_global("likely_subtags").get(language.replace("-", "_"), "")
    parts = [*language.split("-"), *likely.split("_")]
    return next((SCRIPTS[part] for part in parts if part in SCRIPTS), "")


def is_mostly_foreign(text: str, language: str) -> bool:
    """Say whether most letters of a text are of another script than the language has."""
    script = script_of(language)
    letters = [char for char in text if char.isalpha()] if script else []
    own = [char for char in letters if unicodedata.name(char, "").startswith(script)]
    return len(own) * 2 < len(letters)
