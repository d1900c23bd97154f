"""Whether a text can be a translation, as far as a program sees that.

That proves no meaning; but a text that fails is surely none, and is never shown.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping

import regex

from bot.translating.protecting import FACT
from locales.scripts import is_mostly_foreign

SHORT = 20
"""Letters up to which a text may be of any length in another language, or the same."""
RATIO = (0.3, 3.0)
_STAMMER = regex.compile(r"(\S(?:.{1,40}?))\1{3,}|(\p{L})\2{7,}", regex.DOTALL)


def fault(source: str, result: str, target: str) -> str | None:
    """Return why this is no translation of the source into the target, or None if it may be."""
    return next((name for name, is_so in FAULTS.items() if is_so(source, result, target)), None)


def _is_empty(source: str, result: str, _target: str) -> bool:
    return bool(_words(source).strip()) and not _words(result).strip()


def _has_other_digits(source: str, result: str, _target: str) -> bool:
    return _digits(source) != _digits(result)


def _digits(text: str) -> Counter[int]:
    return Counter(unicodedata.digit(char) for char in text if char.isdecimal())


def _has_other_length(source: str, result: str, _target: str) -> bool:
    before, after = _weight(source), _weight(result)
    shortest, longest = RATIO
    return before > SHORT and not shortest <= after / before <= longest


def _weight(text: str) -> int:
    """Count letters; of what is written in syllables or words each says as much as three."""
    return sum(
        3 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text if char.isalnum()
    )


def _stammers(source: str, result: str, _target: str) -> bool:
    return bool(_STAMMER.search(result)) and not _STAMMER.search(source)


def _is_in_another_script(_source: str, result: str, target: str) -> bool:
    return is_mostly_foreign(_words(result), target)


def _is_unchanged(source: str, result: str, _target: str) -> bool:
    before, after = _words(source), _words(result)
    return _weight(before) > SHORT and before.casefold().split() == after.casefold().split()


def _words(text: str) -> str:
    """Return the text without its facts."""
    return str(FACT.sub(" ", text))


FAULTS: Mapping[str, Callable[[str, str, str], bool]] = {
    "empty": _is_empty,
    "digits": _has_other_digits,
    "length": _has_other_length,
    "repetition": _stammers,
    "script": _is_in_another_script,
    "unchanged": _is_unchanged,
}
"""Why a text fails, the worst first."""
