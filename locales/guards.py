"""What a translation may not lose, add or change: the facts of its source, and its own script."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from locales.folding import fold_digits
from locales.scripts import is_mostly_foreign


class Wrong(StrEnum):
    """What is wrong with a translation."""

    LOST = "lost"
    """Something of the source that has to be there letter by letter."""
    ADDED = "added"
    """The same, where the source has none."""
    SCRIPT = "script"
    """Mostly letters that the language is not written in."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and with what."""

    wrong: Wrong
    what: str


FACTS = re.compile(
    r"""https?://[^\s<>"]+ | www\.[^\s<>"]+          # addresses
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                 # mail
      | (?<!\w)@\w+ | (?<!\w)\#\w+ | (?<![\w/])/\w+  # names, tags, commands
      | \{\w*\} | </?\w+[^<>]*>                      # fields, markup
    """,
    re.VERBOSE,
)
DIGITS = re.compile(r"\d+")
NUMBERS = re.compile(r"\d+(?:[.,:\u00a0\u202f\u066b\u066c /-]?\d+)*")


def faults(source: str, text: str, language: str) -> list[Fault]:
    """Return what is wrong with a text that is to say the same as its source in this language.

    Numbers may be written in other digits and with other signs between them, but none may be
    lost, added or changed; whatever a reader taps or copies stays letter by letter.
    """
    asked, given = _facts(source), _facts(text)
    if _numbers(DIGITS, source) != _numbers(DIGITS, text):
        asked, given = asked + _numbers(NUMBERS, source), given + _numbers(NUMBERS, text)
    found = [Fault(Wrong.LOST, what) for what in (asked - given).elements()]
    found += [Fault(Wrong.ADDED, what) for what in (given - asked).elements()]
    words = FACTS.sub(" ", text)
    if is_mostly_foreign(words, language):
        found.append(Fault(Wrong.SCRIPT, language))
    return found


def _facts(text: str) -> Counter[str]:
    return Counter(fact.rstrip(".,;:!?)") for fact in FACTS.findall(text))


def _numbers(which: re.Pattern[str], text: str) -> Counter[str]:
    plain = fold_digits(FACTS.sub(" ", text))
    return Counter(re.sub(r"\D", "", number) for number in which.findall(plain))
