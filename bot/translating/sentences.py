"""Cutting a text into what an engine takes at once; the parts join to the text again."""

from itertools import takewhile

import regex

from bot.translating.engines import LONGEST

_END = regex.compile(r"""[.!?…؟۔।॥።፧]+["'»”’)\]]*(?:\s»)?\s+|[。！？]+["'」』”’）]*""")
_ABBREVIATED = regex.compile(
    r"(?<!\p{L})(?:\p{L}|mrs?|ms|dr|prof|mme|mlle|st|nr|no|tel|тел|вул|бул)$", regex.IGNORECASE
)
"""What is before a full stop that ends no sentence: initials, and the commonest."""
_CLAUSE = regex.compile(r"[,;:،؛–—][\s]+|[、，；：]")
_SPACE = regex.compile(r"\s+")
_ATOM = regex.compile(r"\[X\d+X\]|\X")
"""What is never cut: a slot of `protecting`, or what is read as one letter."""


def sentences(text: str) -> list[str]:
    """Return the text in parts of at most some three hundred letters, mostly sentences.

    Each has its spaces at its end: ``"".join(sentences(text)) == text``.
    """
    parts, begin = [], 0
    for end in _END.finditer(text):
        follows = text[end.end() : end.end() + 1]
        is_stop = end[0].startswith(".") and not end[0].startswith("..")
        if is_stop and (follows.islower() or _ABBREVIATED.search(text, begin, end.start())):
            continue
        parts.append(text[begin : end.end()])
        begin = end.end()
    parts.append(text[begin:])
    return [piece for part in parts if part for piece in _short(part)]


def _short(part: str) -> list[str]:
    """Cut a long sentence after a clause, else between words, else between letters."""
    pieces = []
    while len(part) > LONGEST:
        at = _last(_CLAUSE, part) or _last(_SPACE, part) or _last(_ATOM, part)
        at = at or _ATOM.match(part).end()  # one letter with hundreds of marks
        pieces.append(part[:at])
        part = part[at:]
    return [*pieces, part]


def _last(mark: "regex.Pattern[str]", part: str) -> int:
    """Return where the last of these ends that is not too far; 0 if there is none."""
    ends = (found.end() for found in mark.finditer(part))
    return max(takewhile(lambda end: end <= LONGEST, ends), default=0)
