"""Telegram's limit of 4096 characters: long HTML is cut between paragraphs, never inside anything.

A part never ends inside a tag, an entity such as ``&amp;`` or a composed emoji; tags that are open
at the cut are closed and opened again in the next part.
"""

import html
import re
from dataclasses import dataclass, field

import regex

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_TOKEN = re.compile(r"<(/?)([a-zA-Z-]+)([^<>]*)>|&(?:#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")


def length(text: str) -> int:
    """Return how long Telegram counts the text: UTF-16 units, the strictest reading."""
    return len(text.encode("utf-16-le")) // 2


def visible_length(markup: str) -> int:
    """Return the length of what is left when Telegram has parsed the HTML."""
    return length(html.unescape(re.sub(r"<[^<>]*>", "", markup)))


@dataclass
class _Part:
    pieces: list[str] = field(default_factory=list)
    used: int = 0
    open_tags: list[tuple[str, str]] = field(default_factory=list)

    def close(self) -> str:
        closing = "".join(f"</{name}>" for name, _ in reversed(self.open_tags))
        return "".join(self.pieces).strip("\n") + closing


def split(markup: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Return the HTML in parts of at most ``limit`` visible characters each."""
    if visible_length(markup) <= limit:
        return [markup]
    parts: list[str] = []
    part = _Part()
    for atom, size, tag in _atoms(markup):
        if size and part.used + size > limit:
            part, finished = _cut(part)
            parts.append(finished)
        part.pieces.append(atom)
        part.used += size
        if tag is not None:
            closing, name, opening = tag
            if closing:
                if part.open_tags and part.open_tags[-1][0] == name:
                    part.open_tags.pop()
            else:
                part.open_tags.append((name, opening))
    parts.append(part.close())
    return [text for text in parts if visible_length(text)]


def _atoms(markup: str) -> list[tuple[str, int, tuple[bool, str, str] | None]]:
    """Return what cannot be cut: (text, visible size, tag)."""
    atoms: list[tuple[str, int, tuple[bool, str, str] | None]] = []
    at = 0
    for token in _TOKEN.finditer(markup):
        atoms += _words(markup[at : token.start()])
        at = token.end()
        if token.group(2):
            atoms.append((token[0], 0, (bool(token.group(1)), token.group(2), token[0])))
        else:
            atoms.append((token[0], length(html.unescape(token[0])), None))
    return atoms + _words(markup[at:])


def _words(text: str) -> list[tuple[str, int, None]]:
    return [(cluster, length(cluster), None) for cluster in regex.findall(r"\X", text)]


def _cut(part: _Part) -> tuple[_Part, str]:
    """End the part at the best place in its second half; the rest begins the next one."""
    at = _best_place(part.pieces)
    head, tail = part.pieces[:at], part.pieces[at:]
    open_at_cut: list[tuple[str, str]] = []
    for piece in head:
        token = _TOKEN.fullmatch(piece)
        if token and token.group(2):
            if token.group(1):
                if open_at_cut and open_at_cut[-1][0] == token.group(2):
                    open_at_cut.pop()
            else:
                open_at_cut.append((token.group(2), piece))
    finished = _Part(head, 0, open_at_cut).close()
    rest = _Part([opening for _, opening in open_at_cut], 0, list(part.open_tags))
    while tail and tail[0] in {"\n", " "}:
        tail = tail[1:]
    rest.pieces += tail
    rest.used = visible_length("".join(rest.pieces))
    return rest, finished


def _best_place(pieces: list[str]) -> int:
    half = len(pieces) // 2
    for ends in (("\n", "\n"), ("\n",), (" ",)):
        for at in range(len(pieces), half, -1):
            if tuple(pieces[max(0, at - len(ends)) : at]) == ends:
                return at
    return len(pieces)
