"""Typed words that mean a need, in whichever language they are."""

from collections.abc import Mapping
from functools import cache

from community.needs import Need
from community.providers import spelling
from handlers import words
from locales import OFFERED, translator_for


def meant(said: str) -> list[Need]:
    """Return the needs whose names, in any language, are like these words; at most three."""
    best: dict[Need, float] = {}
    for typed in spelling.words(said):
        for word in {word for key in spelling.slips(typed) for word in _keyed().get(key, ())}:
            its_needs, likeness = _named()[word], spelling.likeness(typed, word)
            if likeness >= 0.7:
                for need in its_needs:
                    best[need] = max(best.get(need, 0), likeness / len(its_needs))
    return sorted(best, key=lambda need: -best[need])[:3]


@cache
def _keyed() -> Mapping[str, set[str]]:
    """Return the words of the needs' names by their keys."""
    keyed: dict[str, set[str]] = {}
    for word in _named():
        for key in spelling.keys(word):
            keyed.setdefault(key, set()).add(word)
    return keyed


@cache
def _named() -> Mapping[str, set[Need]]:
    """Return the words of the needs' names, in every language, each with its needs."""
    named: dict[str, set[Need]] = {}
    for language in OFFERED:
        for need in Need:
            if need is not Need.OTHER:
                for word in spelling.words(words.need(need, translator_for(language))):
                    if len(word) >= 3:
                        named.setdefault(word, set()).add(need)
    return {word: needs for word, needs in named.items() if len(needs) < 3}
