"""The direction of a line is that of its first strong letter; isolated values do not count.

A line that is an emoji and an isolated date has none, and clients then set it from left to right.
In a language that is written from right to left such a line begins with a mark (RLM) that says so.
"""

import re
import unicodedata

RLM = "\u200f"
_TAG = re.compile(r"<[^<>]*>")
_ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")
_STRONG = frozenset({"L", "R", "AL"})


def pointed(text: str) -> str:
    """Return the text of a right-to-left reader, each line of which knows its direction."""
    return "\n".join(map(_pointed, text.split("\n")))


def _pointed(line: str) -> str:
    bare = _TAG.sub("", line)
    if not bare.strip():
        return line
    while (outer := _ISOLATED.sub("", bare)) != bare:
        bare = outer
    if any(unicodedata.bidirectional(letter) in _STRONG for letter in bare):
        return line
    return RLM + line
