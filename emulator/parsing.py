"""Telegram's reading of text: HTML to entities, cleaning, trimming, and what it finds by itself.

Offsets and lengths of entities count UTF-16 code units; positions in refusals count bytes.
"""

import re
from typing import Any, NoReturn

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
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
KNOWN = frozenset({*SIMPLE, "a", "tg-emoji", "tg-time"})
SPACE = " \t\r\n\v\0"
"""What ends a name in a tag; the end of the text reads as NUL."""

LITERAL = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([A-Za-z]*));?")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")


class BadMarkupError(Exception):
    """HTML that Telegram refuses, in Telegram's words."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.description = f"can't parse entities: {words}"


def utf16_length(text: str) -> int:
    """Return the length as entities count it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(markup: str) -> tuple[str, list[Entity]]:
    """Return text and entities.

    Raises:
        BadMarkupError: Telegram would refuse it.
    """
    if "<" not in markup and "&" not in markup:
        return markup, []
    return _Html(markup).parse()


class _Html:
    """One pass over the markup; ``at`` is where it stands."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.at = 0
        self.text: list[str] = []
        self.length = 0
        self.open: list[tuple[str, dict[str, str], int, int]] = []
        """Name, attributes, offset in the text, and number of pieces before it."""
        self.found: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        pieces = re.compile(r"[^<&]+")
        while self.at < len(self.markup):
            piece = pieces.match(self.markup, self.at)
            if piece is not None:
                self._add(piece[0])
                self.at = piece.end()
            elif self.markup[self.at] == "&":
                self._add(self._reference())
            elif self.markup.startswith("</", self.at):
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            name = self.open[-1][0]
            raise BadMarkupError(f'Can\'t find end tag corresponding to start tag "{name}"')
        self.found.sort(key=lambda e: (e["offset"], -e["length"]))
        for entity in self.found:
            # A language outside <pre> is not kept.
            if entity["type"] == "code":
                entity.pop("language", None)
        return "".join(self.text), self.found

    def _add(self, text: str) -> None:
        self.text.append(text)
        self.length += utf16_length(text)

    def _refuse(self, words: str, at: int) -> NoReturn:
        raise BadMarkupError(f"{words} at byte offset {len(self.markup[:at].encode())}")

    def _character(self) -> str:
        return self.markup[self.at] if self.at < len(self.markup) else "\0"

    def _skip(self, *, until: str) -> str:
        begin = self.at
        while self.at < len(self.markup) and self.markup[self.at] not in until:
            self.at += 1
        return self.markup[begin : self.at]

    def _skip_space(self) -> None:
        while self.at < len(self.markup) and self.markup[self.at] in SPACE:
            self.at += 1

    def _reference(self) -> str:
        """Return the character behind ``&…;``; what is no reference stays as it is."""
        match = _REFERENCE.match(self.markup, self.at)
        assert match is not None
        hexadecimal, decimal, name = match.groups()
        if name is not None:
            found = LITERAL.get(name)
        else:
            digits = hexadecimal or decimal or "0"
            code = int(digits, 16 if hexadecimal else 10) if len(digits) < 9 else 0
            if 0xD800 <= code <= 0xDFFF:
                raise BadMarkupError(
                    "Text contains invalid Unicode characters after decoding HTML entities, check "
                    "for unmatched surrogate code units"
                )
            found = chr(code) if 0 < code < 0x10FFFF else None
        if found is None:
            self.at += 1
            return "&"
        self.at = match.end()
        return found

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        name = self._skip(until=SPACE + ">").lower()
        if self.at >= len(self.markup):
            self._refuse("Unclosed start tag", begin)
        if name not in KNOWN:
            self._refuse(f'Unsupported start tag "{name}"', begin)
        attributes: dict[str, str] = {}
        while self._character() != ">":
            self._skip_space()
            if self._character() != ">":
                self._attribute(name, begin, attributes)
        self.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            self._refuse('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append((name, attributes, self.length, len(self.text)))

    def _attribute(self, tag: str, begin: int, attributes: dict[str, str]) -> None:
        name = self._skip(until=SPACE + "=>")
        if not name:
            self._refuse(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_space()
        if self._character() == "=":
            self.at += 1
            self._skip_space()
            value = self._value() if self.at < len(self.markup) else ""
        else:
            value = ""
        if self.at >= len(self.markup):
            self._refuse("Unclosed start tag", begin)
        attributes[name] = value

    def _value(self) -> str:
        quote = self._character()
        if quote not in "'\"":
            begin = self.at
            token = _TOKEN.match(self.markup, begin)
            assert token is not None
            self.at = token.end()
            if self._character() not in SPACE + ">":
                self._refuse("Unexpected end of name token", begin)
            return token[0].lower()
        self.at += 1
        value: list[str] = []
        while self.at < len(self.markup) and self.markup[self.at] != quote:
            if self.markup[self.at] == "&":
                value.append(self._reference())
            else:
                value.append(self._skip(until=f"&{quote}"))
        self.at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            self._refuse("Unexpected end tag", begin)
        self.at += 2
        name = self._skip(until=SPACE + ">").lower()
        self._skip_space()
        if self._character() != ">":
            self._refuse("Unclosed end tag", begin)
        self.at += 1
        opened, attributes, offset, pieces = self.open.pop()
        if name and name != opened:
            position = len(self.markup[:begin].encode())
            raise BadMarkupError(
                f'Unmatched end tag at byte offset {position}, expected "</{opened}>", found '
                f'"</{name}>"'
            )
        if self.length > offset:
            where = {"offset": offset, "length": self.length - offset}
            self._entity(opened, attributes, where, "".join(self.text[pieces:]))

    def _entity(self, name: str, attributes: dict[str, str], where: Entity, words: str) -> None:
        if name == "a":
            entity = _link(attributes.get("href") or words)
        elif name == "tg-emoji":
            number = attributes.get("emoji-id", "")
            if not re.fullmatch("[0-9]+", number):
                raise BadMarkupError("Invalid custom emoji identifier specified")
            entity = {"type": "custom_emoji", "custom_emoji_id": number}
        elif name == "tg-time":
            entity = _moment(attributes)
        elif name == "blockquote" and "expandable" in attributes:
            entity = {"type": "expandable_blockquote"}
        else:
            entity = {"type": SIMPLE[name]}
            language = attributes.get("class", "")
            if name == "code" and language.startswith("language-"):
                entity["language"] = language.removeprefix("language-")
        if entity is None:
            return
        entity |= where
        last = self.found[-1] if self.found else None
        together = last is not None and all(last[key] == where[key] for key in where)
        if last is not None and together and {name, last["type"]} == {"code", "pre"}:
            # <pre><code class="language-x"> is one block with a language, either way round.
            language = entity.get("language") or last.get("language", "")
            if language:
                last.update(type="pre", language=language)
                return
        self.found.append(entity)


def _moment(attributes: dict[str, str]) -> Entity:
    if not re.fullmatch(r"-?[0-9]{1,12}", attributes.get("unix", "")):
        raise BadMarkupError("Invalid date specified")
    entity: Entity = {"type": "date_time", "unix_time": int(attributes["unix"])}
    if attributes.get("format"):
        entity["date_time_format"] = attributes["format"]
    return entity


def _link(href: str) -> Entity | None:
    """Return a link or a mention; an address that Telegram does not open becomes plain text."""
    user = re.fullmatch(r"tg://user\?id=([0-9]+)", href)
    if user:
        return {"type": "text_mention", "user": {"id": int(user[1])}}
    if is_link(href):
        return {"type": "text_link", "url": href}
    return None


def is_link(address: str) -> bool:
    """Say whether Telegram opens this address: the host of a web page needs a dot."""
    host = r"[^\s/?#.:@\\]+(\.[^\s/?#.:@\\]+)+\.?(:\d+)?([/?#]\S*)?"
    return bool(re.fullmatch(rf"(tg|ton)://\S+|(https?://)?{host}", address, re.IGNORECASE))


# What happens to every text, whoever wrote it

_UNCLEAN = re.compile("[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a]|[\u200e\u200f]{2}")
_REMOVED = frozenset("\r\u0333\u033f\u030a\u2028\u2029\u202a\u202b\u202c\u202d\u202e")
_MARKS = re.compile("[\u200e\u200f]{2,}")
_INVISIBLE = re.compile(
    "[ \n\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f\u2800\u3000\ufffc]*"
)


def clean(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return what is left when Telegram has cleaned a text.

    Control characters become spaces; directional overrides and stacked strokes vanish; of
    several direction marks in a row only the last keeps its meaning. Isolates stay.
    """
    if not _UNCLEAN.search(text):
        return text, entities
    moved: list[int] = []
    kept: list[str] = []
    at = 0
    for character in text:
        width = 2 if character > "\uffff" else 1
        moved += [at] * width
        if character not in _REMOVED:
            kept.append(" " if character < " " and character != "\n" else character)
            at += width
    moved.append(at)
    text = _MARKS.sub(lambda run: "\u200c" * (len(run[0]) - 1) + run[0][-1], "".join(kept))
    return text, _placed(entities, lambda offset: moved[min(offset, len(moved) - 1)])


def trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without white space at its ends, its entities moved along.

    A text of nothing but invisible characters is empty.
    """
    if _INVISIBLE.fullmatch(text):
        return "", []
    stripped = text.strip(" \n")
    if stripped == text:
        return text, entities
    left, total = len(text) - len(text.lstrip(" \n")), utf16_length(stripped)
    return stripped, _placed(entities, lambda offset: min(max(offset - left, 0), total))


def _placed(entities: list[Entity], where: Any) -> list[Entity]:
    """Return the entities with both ends moved; those that have become empty are gone."""
    kept = []
    for entity in entities:
        begin, end = where(entity["offset"]), where(entity["offset"] + entity["length"])
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return kept


_ENDINGS = "com|org|net|info|edu|gov|int|eu|fr|de|es|it|pt|pl|nl|be|ch|at|uk|ua|tr|me|io|app|dev"
_FOUND = re.compile(
    r"(?P<url>https?://[^\s\u2066-\u2069<>\"]*[^\s\u2066-\u2069<>\".,!?;:)'])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-zA-Z]{2,24}\b)"
    r"|(?<![\w/])(?P<bot_command>/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[a-zA-Z][a-zA-Z0-9_]{3,31})\b"
    r"|(?<![\w#])(?P<hashtag>#\w*[^\W\d]\w*)"
    r"|(?<!\w)(?P<phone_number>\+\d[\d ()-]{7,20}\d)(?!\d)"
    rf"|(?<![\w.@/-])(?P<domain>(?:[a-zA-Z0-9-]{{1,63}}\.){{1,5}}(?:{_ENDINGS}))(?![\w@-])"
    r"(?:/[^\s\u2066-\u2069<>\"]*[^\s\u2066-\u2069<>\".,!?;:)'])?"
)
_HINT = re.compile("[@#/+]|[.][a-zA-Z]")
_CLOSED = frozenset({"code", "pre", "text_link", "text_mention"})


def find_entities(text: str, given: list[Entity] | None = None) -> list[Entity]:
    """Return what Telegram finds in plain text: commands, links, mentions, ….

    Nothing is found inside code and links, nor half in and half out of a given entity.
    """
    if not _HINT.search(text):
        return []
    found = []
    for match in _FOUND.finditer(text):
        begin, length = utf16_length(text[: match.start()]), utf16_length(match[0])
        if not any(_forbids(entity, begin, begin + length) for entity in given or ()):
            kind = "url" if match.lastgroup == "domain" else match.lastgroup
            found.append({"type": kind, "offset": begin, "length": length})
    return found


def _forbids(entity: Entity, begin: int, end: int) -> bool:
    first, last = entity["offset"], entity["offset"] + entity["length"]
    if end <= first or last <= begin:
        return False
    nested = (first <= begin and end <= last) or (begin <= first and last <= end)
    return entity["type"] in _CLOSED or not nested
