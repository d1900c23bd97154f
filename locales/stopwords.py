"""The words by which somebody ends what they never asked for, in every offered language.

They work in every conversation and whatever the person's own language is set to: who wants to
stop should not have to find out how.
"""

import re

from locales.folding import fold

STOP_WORDS = {
    "en": ("stop", "stop all", "stop it", "unsubscribe", "unsubscribe me", "opt out", "opt-out"),
    "fr": (
        *("arrêt", "arrêter", "arrête", "arrêtez", "stopper", "stoppez"),
        *("désabonner", "se désabonner", "me désabonner", "désabonnement"),
        *("désinscrire", "se désinscrire", "me désinscrire", "désinscription"),
    ),
    "ar": (
        *("توقف", "توقفوا", "توقفي", "إيقاف", "أوقف", "أوقفوا", "أوقفي", "قف", "ستوب"),
        *("إلغاء الاشتراك", "ألغ الاشتراك", "إلغاء اشتراكي"),
    ),
    "uk": (
        *("стоп", "зупинити", "зупини", "зупиніть", "зупинись", "припинити", "припиніть"),
        *("відписатися", "відписатись", "відпишіть мене", "відписка", "скасувати підписку"),
    ),
}


def is_stop(text: str) -> bool:
    """Say whether the text is a stop word and nothing else, however it is spelt or punctuated."""
    return _words(text) in _FOLDED


def mentions_stop(text: str) -> bool:
    """Say whether a stop word stands somewhere in the text, as words of its own."""
    padded = f" {_words(text)} "
    return any(f" {phrase} " in padded for phrase in _FOLDED)


def _words(text: str) -> str:
    """Return the words of the text alone; letters of a Persian keyboard count as Arabic ones."""
    folded = fold(text).replace("'", "").translate(_PERSIAN_KEYS)
    return " ".join(re.findall(r"\w+(?:-\w+)*", folded))


_PERSIAN_KEYS = str.maketrans({"ى": "ي", "ی": "ي", "ک": "ك"})
_FOLDED = frozenset(_words(phrase) for phrases in STOP_WORDS.values() for phrase in phrases)
