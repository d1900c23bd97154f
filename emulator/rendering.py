"""Text and entities as safe HTML for the chat page."""

import html
import re
from datetime import UTC, datetime

from emulator.parsing import Entity

TAGS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "spoiler": ('<span class="spoiler">', "</span>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ('<blockquote class="expandable">', "</blockquote>"),
    "bot_command": ('<span class="command">', "</span>"),
}


def to_html(text: str, entities: list[Entity]) -> str:
    """Return well-formed HTML in which nothing but our own tags is markup."""
    if not entities:
        return html.escape(text)
    units = text.encode("utf-16-le", "surrogatepass")

    def words(begin: int, end: int) -> str:
        return units[begin * 2 : end * 2].decode("utf-16-le", "replace")

    ordered = sorted(entities, key=lambda e: (e["offset"], -e["length"]))
    edges = {edge for e in ordered for edge in (e["offset"], e["offset"] + e["length"])}
    stops = sorted({0, len(units) // 2, *edges})
    parts: list[str] = []
    open_now: list[tuple[int, str, str]] = []
    for at, following in zip(stops, [*stops[1:], stops[-1]], strict=True):
        # Entities may overlap, tags may not: what goes on is closed and opened again.
        first = next((i for i, (end, _, _) in enumerate(open_now) if end <= at), len(open_now))
        parts += [closing for _, _, closing in reversed(open_now[first:])]
        going_on = [tag for tag in open_now[first:] if tag[0] > at]
        for entity in (e for e in ordered if e["offset"] == at):
            end = at + entity["length"]
            going_on.append((end, *_tags(entity, words(at, end))))
        parts += [opening for _, opening, _ in going_on]
        open_now = open_now[:first] + going_on
        parts.append(html.escape(words(at, following)))
    return "".join(parts)


def _tags(entity: Entity, words: str) -> tuple[str, str]:
    kind = entity["type"]
    if kind in {"text_link", "url"}:
        address = str(entity.get("url", words))
        if not re.match(r"[a-z]+:", address, re.IGNORECASE):
            address = f"https://{address}"
        # Whatever else a browser would run or open stays plain text.
        if re.match(r"(https?|tg):", address, re.IGNORECASE):
            return f'<a href="{html.escape(address)}" rel="noopener noreferrer">', "</a>"
    if kind == "date_time":
        try:
            moment = datetime.fromtimestamp(int(entity["unix_time"]), UTC)
        except (ValueError, OverflowError, OSError):
            return "", ""
        return f'<time datetime="{moment.isoformat()}">', "</time>"
    return TAGS.get(kind, ("", ""))
