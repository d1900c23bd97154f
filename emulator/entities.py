"""Entities that a bot gives itself, checked as Telegram does.

Offsets and lengths count UTF-16 code units.
"""

from collections.abc import Iterator

from emulator.parsing import Entity, is_link, utf16_length

KINDS = frozenset(
    {
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)
FARTHEST = 1_000_000


class BadEntityError(Exception):
    """An entity that Telegram refuses, in Telegram's words."""


def checked(text: str, given: object) -> list[Entity]:
    """Return the entities that were given for a text, without the empty ones.

    Raises:
        BadEntityError: Telegram would refuse one of them.
    """
    if not isinstance(given, list):
        raise BadEntityError("can't parse entities JSON object")
    entities = [_read(entity) for entity in given]
    total, inside = utf16_length(text), dict(_inside(text))
    for entity in entities:
        begin, length = entity["offset"], entity["length"]
        if not 0 <= begin <= FARTHEST:
            raise BadEntityError(f"receive an entity with incorrect offset {begin}")
        if not 0 <= length <= FARTHEST:
            raise BadEntityError(f"receive an entity with incorrect length {length}")
    entities = [entity for entity in entities if entity["length"]]
    for entity in entities:
        _check_place(entity["offset"], entity["offset"] + entity["length"], total, inside)
    return entities


def _check_place(begin: int, end: int, total: int, inside: dict[int, int]) -> None:
    where = f"entity beginning at UTF-16 offset {begin} ends"
    if begin > total:
        raise BadEntityError(f"entity begins after the end of the text at UTF-16 offset {begin}")
    if begin in inside:
        raise BadEntityError(
            f"entity begins in a middle of a UTF-16 symbol at byte offset {inside[begin]}"
        )
    if end > total:
        raise BadEntityError(f"{where} after the end of the text at UTF-16 offset {end}")
    if end in inside:
        raise BadEntityError(
            f"{where} in a middle of a UTF-16 symbol at byte offset {inside[end]}"
        )


def _inside(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets between the halves of a character, and the byte at which it ends."""
    units = octets = 0
    for character in text:
        octets += len(character.encode())
        if character > "\uffff":
            yield units + 1, octets
        units += 2 if character > "\uffff" else 1


def _read(entity: object) -> Entity:
    what = "can't parse MessageEntity: "
    if not isinstance(entity, dict):
        raise BadEntityError(f"{what}expected an Object")
    for field, kind, name in (("type", str, "String"), ("offset", int, ""), ("length", int, "")):
        if field not in entity:
            raise BadEntityError(f'{what}Can\'t find field "{field}"')
        if not isinstance(entity[field], kind):
            raise BadEntityError(f'{what}Field "{field}" must be of type {name or "Number"}')
    if entity["type"] not in KINDS:
        raise BadEntityError(f"{what}Unsupported type specified")
    kept = {key: entity[key] for key in ("type", "offset", "length")}
    return kept | _more(entity, what)


def _more(entity: Entity, what: str) -> Entity:
    """Return what an entity of this kind has besides its place."""
    match entity["type"]:
        case "text_link":
            url = entity.get("url")
            if not isinstance(url, str):
                raise BadEntityError(f'{what}Can\'t find field "url"')
            if not is_link(url):
                raise BadEntityError(f"entity URL '{url}' is invalid: Wrong HTTP URL")
            return {"url": url}
        case "text_mention":
            user = entity.get("user")
            if not isinstance(user, dict) or not isinstance(user.get("id"), int):
                raise BadEntityError(f'{what}Can\'t find field "user"')
            return {"user": user}
        case "custom_emoji":
            number = str(entity.get("custom_emoji_id", ""))
            if not (number.isascii() and number.isdigit()):
                raise BadEntityError(f'{what}Field "custom_emoji_id" must be a valid Number')
            return {"custom_emoji_id": number}
        case "date_time":
            if not isinstance(entity.get("unix_time"), int):
                raise BadEntityError(f'{what}Can\'t find field "unix_time"')
            given = str(entity.get("date_time_format") or "")
            return {"unix_time": entity["unix_time"]} | (
                {"date_time_format": given} if given else {}
            )
        case "pre" if entity.get("language"):
            return {"language": str(entity["language"])}
    return {}
