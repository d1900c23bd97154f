"""Telegram's reading of text: cleaning, HTML to entities, and what it finds by itself."""

import html
import re
from datetime import UTC, datetime
from typing import Any

Entity = dict[str, Any]

SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
KNOWN = {*SIMPLE, "span", "a", "tg-emoji", "tg-time"}


class BadMarkupError(Exception):
    """HTML that Telegram refuses, in Telegram's words."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.description = f"can't parse entities: {words}"


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Return what is left when Telegram has cleaned a text."""
    text = text.replace("\r", "")
    text = re.sub("[\u2028-\u202e\u0333\u033f\u030a]", "", text)
    text = re.sub("[\x00-\x09\x0b-\x1f\x7f]", " ", text)
    return re.sub(
        "[\u200e\u200f]{2,}", lambda run: "\u200c" * (len(run[0]) - 1) + run[0][-1], text
    )


def parse_html(markup: str) -> tuple[str, list[Entity]]:
    """Return text and entities.

    Raises:
        BadMarkupError: Telegram would refuse it.
    """
    return _Html(markup).parse()


class _Html:
    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.at = 0
        self.text: list[str] = []
        self.length = 0
        self.open: list[tuple[str, int, Entity | None, int]] = []
        self.found: list[Entity] = []

    def _byte(self, at: int) -> int:
        return len(self.markup[:at].encode())

    def _add(self, text: str) -> None:
        text = clean(text)
        self.text.append(text)
        self.length += utf16_length(text)

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.markup):
            character = self.markup[self.at]
            if character == "&":
                self._reference()
            elif character != "<":
                end = min(
                    (i for i in (self.markup.find(c, self.at) for c in "<&") if i >= 0),
                    default=len(self.markup),
                )
                self._add(self.markup[self.at : end])
                self.at = end
            elif self.markup.startswith("</", self.at):
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            name = self.open[-1][0]
            raise BadMarkupError(f'Can\'t find end tag corresponding to start tag "{name}"')
        self.found.sort(key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.text), self.found

    def _reference(self) -> None:
        match = re.compile(r"&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|(lt|gt|amp|quot));?").match(
            self.markup, self.at
        )
        if match is None:
            self._add("&")
            self.at += 1
            return
        if match[3]:
            self._add({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[match[3]])
        else:
            code = int(match[1]) if match[1] else int(match[2], 16)
            self._add(chr(code) if 0 < code < 0x110000 else match[0])
        self.at = match.end()

    def _start_tag(self) -> None:
        begin = self.at
        match = re.compile(r"<([^\s>]*)").match(self.markup, begin)
        assert match is not None
        name, self.at = match[1].lower(), match.end()
        if self.at >= len(self.markup):
            raise BadMarkupError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if name not in KNOWN:
            raise BadMarkupError(
                f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}'
            )
        attributes = self._attributes(name, begin)
        self.open.append((name, self.length, self._entity(name, attributes, begin), begin))

    def _attributes(self, name: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        pattern = re.compile(r"\s*([^\s=>]*)(\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([a-zA-Z0-9.-]+)))?")
        while True:
            rest = re.compile(r"\s*").match(self.markup, self.at)
            assert rest is not None
            self.at = rest.end()
            if self.at >= len(self.markup):
                raise BadMarkupError(f"Unclosed start tag at byte offset {self._byte(begin)}")
            if self.markup[self.at] == ">":
                self.at += 1
                return attributes
            match = pattern.match(self.markup, self.at)
            if match is None or not match[1]:
                raise BadMarkupError(
                    f'Empty attribute name in the tag "{name}" at byte offset {self._byte(begin)}'
                )
            after = self.markup[match.end() : match.end() + 1]
            if "=" in self.markup[match.end() : match.end() + 1] or after not in ("", " ", ">"):
                raise BadMarkupError(
                    f"Unexpected end of name token at byte offset {self._byte(match.end())}"
                )
            value = next((v for v in (match[3], match[4], match[5]) if v is not None), "")
            attributes[match[1].lower()] = html.unescape(value)
            self.at = match.end()

    def _entity(self, name: str, attributes: dict[str, str], begin: int) -> Entity | None:
        if name == "span":
            if attributes.get("class") != "tg-spoiler":
                raise BadMarkupError(
                    f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}'
                )
            return {"type": "spoiler"}
        if name == "a":
            return _link(attributes.get("href", ""))
        if name == "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
        if name == "tg-time":
            return {
                "type": "date_time",
                "unix_time": int(attributes.get("unix", "0") or 0),
                "date_time_format": attributes.get("format", ""),
            }
        if name == "blockquote" and "expandable" in attributes:
            return {"type": "expandable_blockquote"}
        if name == "code" and attributes.get("class", "").startswith("language-"):
            return {"type": "code", "language": attributes["class"].removeprefix("language-")}
        return {"type": SIMPLE[name]}

    def _end_tag(self) -> None:
        begin = self.at
        end = self.markup.find(">", begin)
        if end < 0:
            raise BadMarkupError(f"Unclosed end tag at byte offset {self._byte(begin)}")
        name = self.markup[begin + 2 : end].strip().lower()
        if not self.open:
            raise BadMarkupError(f"Unexpected end tag at byte offset {self._byte(begin)}")
        opened, offset, entity, _ = self.open.pop()
        if name and name != opened:
            raise BadMarkupError(
                f"Unmatched end tag at byte offset {self._byte(begin)}, expected "
                f'"</{opened}>", found "</{name}>"'
            )
        self.at = end + 1
        if entity is not None and self.length > offset:
            self.found.append({**entity, "offset": offset, "length": self.length - offset})


def _link(href: str) -> Entity | None:
    user = re.fullmatch(r"tg://user\?id=(\d+)", href)
    if user:
        return {
            "type": "text_mention",
            "user": {"id": int(user[1]), "is_bot": False, "first_name": ""},
        }
    if re.match(r"(https?|tg|mailto|tel)[:.]", href) or re.match(r"[\w-]+(\.[\w-]+)+", href):
        return {"type": "text_link", "url": href}
    return None


_FOUND = re.compile(
    r"(?P<url>https?://[^\s\u2066-\u2069<>\"]+[^\s\u2066-\u2069<>\".,!?;:)])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[a-zA-Z0-9_]{1,32}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[a-zA-Z]\w{3,31})"
    r"|(?<!\w)(?P<hashtag>#\w+)"
    r"|(?P<phone_number>\+\d[\d ()-]{7,}\d)"
)


def find_entities(text: str) -> list[Entity]:
    """Return what Telegram finds in plain text: commands, links, mentions, …."""
    return [
        {
            "type": match.lastgroup,
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match[0]),
        }
        for match in _FOUND.finditer(text)
    ]


def trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without white space at its ends, its entities moved along."""
    left = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    total, kept = utf16_length(text), []
    for entity in entities:
        begin = max(entity["offset"] - left, 0)
        end = min(entity["offset"] + entity["length"] - left, total)
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return text, kept


_TAGS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "spoiler": ('<span class="spoiler">', "</span>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote>", "</blockquote>"),
    "bot_command": ('<span class="command">', "</span>"),
    "hashtag": ("", ""),
    "mention": ("", ""),
}


def to_html(text: str, entities: list[Entity]) -> str:
    """Return safe HTML for the chat page."""
    units = text.encode("utf-16-le", "surrogatepass")
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        words = units[begin * 2 : end * 2].decode("utf-16-le", "replace")
        opening, closing = _tags(entity, words)
        opens.setdefault(begin, []).append(opening)
        closes.setdefault(end, []).insert(0, closing)
    parts: list[str] = []
    last = 0
    for at in sorted({*opens, *closes, 0, len(units) // 2}):
        parts.append(html.escape(units[last * 2 : at * 2].decode("utf-16-le", "replace")))
        parts += closes.get(at, [])
        parts += opens.get(at, [])
        last = at
    return "".join(parts)


def _tags(entity: Entity, words: str) -> tuple[str, str]:
    kind = entity["type"]
    if kind in {"text_link", "url"}:
        address = entity.get("url", words)
        if re.match(r"(https?|tg|mailto):", address):
            return f'<a href="{html.escape(address)}">', "</a>"
        return "", ""
    if kind == "date_time":


        moment = datetime.fromtimestamp(entity["unix_time"], UTC).isoformat()
        return f'<time datetime="{moment}">', "</time>"
    return _TAGS.get(kind, ("", ""))
