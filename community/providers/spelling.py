"""Words as they are looked for: in any script, and with a slip of the finger.

A word is found by its *keys* (SymSpell's idea): its beginning, and the same with one letter left
out. Two words that differ in one letter, one too few or too many, or two that have changed places
share a key; so a search is a few look-ups, and what they bring is graded here.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain

STEM = 7
"""So many letters of a word make its keys: endings differ more than beginnings."""
LONGEST = 40
"""Of a longer word the rest is left out."""
SLIPS_FROM = 4
"""In shorter words a slip makes another word more often than a misspelt one."""

_SAME = str.maketrans(
    {
        **dict.fromkeys("ٱآأإ", "ا"),
        **dict.fromkeys("ىیےېۍ", "ي"),
        **dict.fromkeys("کڪ", "ك"),
        **dict.fromkeys("ةۀہھەۂ", "ه"),
        "ـ": "",
        "ı": "i",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ё": "е",
        "ґ": "г",
        **{
            chr(there + at): chr(here + at)  # letters that Amharic writes one for the other
            for there, here in (
                (0x1210, 0x1200),
                (0x1280, 0x1200),
                (0x1220, 0x1230),
                (0x12D0, 0x12A0),
                (0x1340, 0x1338),
            )
            for at in range(7)
        },
    }
)
_VIRAMA = 9
_WITHIN = "'’ʼ‘`´-‐‑־\u200c"
"""What may stand within a word, be left out, or be a space: its parts are words as well."""
_APART = re.compile(f"[{re.escape(_WITHIN)}]+")
_PLAIN = re.compile(r"[a-z0-9]+(?:['-]+[a-z0-9]+)*")
_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")
_UNSPACED = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
"""Scripts that set no space between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer)."""


def fold(text: str) -> str:
    """Return the text without case, accents, vowel points, and differences that few type.

    Signs without which the word is another one stay: the vowels and the virama of Indic scripts.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_SAME))
    return "".join(char for char in decomposed if _stays(char)).translate(_SAME)


def _stays(char: str) -> bool:
    if unicodedata.combining(char):
        return unicodedata.combining(char) == _VIRAMA
    return char in _WITHIN or unicodedata.category(char) != "Cf"


def words(text: str) -> list[str]:
    """Return the words of a text, folded, each once, in their order."""
    folded = fold(text)
    parts = _PLAIN.findall(folded) if folded.isascii() else _split(folded)
    return [*dict.fromkeys(word[:LONGEST] for word in chain(*map(_read, parts)) if word)]


def _split(folded: str) -> list[str]:
    # By what letters, marks and digits are, which no regular expression of Python's knows.
    return "".join(
        char if char in _WITHIN or unicodedata.category(char)[0] in "LMN" else " "
        for char in folded
    ).split()


def _read(part: str) -> Iterable[str]:
    if part.isascii() and part.isalnum():
        return (part,)
    pieces = [piece for piece in _APART.split(part) if piece]
    whole = [] if len(pieces) == 1 else ["".join(pieces)]
    return chain(*(_unspaced(_bare(piece)) for piece in [*whole, *pieces]))


def _bare(word: str) -> str:
    for article in _ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + 3:
            return word[len(article) :]
    return word


def _unspaced(word: str) -> Iterable[str]:
    """Return a word; of a row of words, each pair of letters."""
    if not _UNSPACED.fullmatch(word) or len(word) <= 2:
        return (word,)
    return (word[at : at + 2] for at in range(len(word) - 1))


def slips(word: str) -> set[str]:
    """Return the beginning of a word, and the same with one letter left out."""
    stem = word[:STEM]
    if len(stem) < SLIPS_FROM:
        return {stem}
    return {stem, *(stem[:at] + stem[at + 1 :] for at in range(len(stem)))}


def keys(word: str) -> set[str]:
    """Return what a word is found by: its slips, and shorter beginnings for who types no more."""
    first = 3 if len(word) <= 5 else 4
    return slips(word) | {word[:at] for at in range(first, min(len(word), STEM))}


def likeness(typed: str, word: str) -> float:
    """Return how alike what was typed is to a word, from 0 to 1."""
    if typed == word:
        return 1
    shorter, longer = sorted((typed, word), key=len)
    if longer.startswith(shorter) and len(shorter) >= 3:
        return 0.8 if longer is word else 0.6
    if max(len(typed), len(word)) < SLIPS_FROM:
        return 0
    if is_one_slip(typed, word):
        return 0.7
    length = min(len(typed), STEM)
    if length < SLIPS_FROM + 1:
        return 0
    if typed[:length] == word[:length]:
        return 0.5  # another ending
    begins = (word[:at] for at in (length - 1, length, length + 1))
    return 0.4 if any(is_one_slip(typed[:length], begin) for begin in begins) else 0


def is_one_slip(one: str, other: str) -> bool:
    """Say whether one letter is too much, too few or another, or two have changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    at, end = 0, 0
    shorter = min(len(one), len(other))
    while at < shorter and one[at] == other[at]:
        at += 1
    while end < shorter - at and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[at : len(one) - end], other[at : len(other) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])
