"""One request to the Bot API: its parameters, read and checked as Telegram does."""

import json
import re
from typing import Any

from emulator.entities import BadEntityError, checked
from emulator.files import Blob
from emulator.group import Group
from emulator.parsing import (
    BadMarkupError,
    Entity,
    clean,
    find_entities,
    is_link,
    parse_html,
    trim,
)
from emulator.updates import Json
from emulator.world import Chat, Person, World, public

TEXT_LIMIT, CAPTION_LIMIT, RAW_LIMIT = 4096, 1024, 32_768
ENTITY_LIMIT = 100
BUTTON_LIMIT, DATA_LIMIT, COPY_LIMIT = 100, 64, 256

Upload = tuple[str, str, bytes]
"""Name, type and content of an uploaded file."""

SPOKEN = {"reply_markup": "reply keyboard markup"}
"""What Telegram calls a parameter whose JSON it cannot read, where that is not its name."""


class ApiError(Exception):
    """An answer with ok false: code, description, parameters."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(words: str) -> ApiError:
    """Return a "Bad Request" in Telegram's spelling."""
    return ApiError(400, f"Bad Request: {words}")


def parse_json(text: str) -> Any:
    """Return what JSON says.

    Raises:
        ApiError: it holds half a character, which is no text in any encoding.
        ValueError: it is no JSON.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise bad("strings must be encoded in UTF-8") from None
    return value


class Call:
    """The parameters and uploads of one request, and the world it is about."""

    def __init__(self, world: World, params: Json, uploads: dict[str, Upload]) -> None:
        self.world, self.params, self.uploads = world, params, uploads

    # Plain values

    def text(self, name: str) -> str:
        """Return a parameter as text; empty if it is missing."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as a number; what is none is the default."""
        try:
            return int(self.params.get(name, default))
        except (TypeError, ValueError, OverflowError):
            return default

    def flag(self, name: str) -> bool:
        """Return a parameter as yes or no."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def nested(self, name: str) -> Any:
        """Return a parameter that may be an object or its JSON; None if it is missing."""
        value = self.params.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return parse_json(value)
            except ValueError:
                raise bad(f"can't parse {SPOKEN.get(name, name)} JSON object") from None
        return value

    # Whom and what it is about

    def chat(self, name: str = "chat_id") -> Chat:
        """Return the chat, whether it can be written to or not."""
        raw = self.text(name)
        if not raw:
            raise bad(f"{name} is empty")
        number = int(raw) if re.fullmatch(r"-?\d{1,19}", raw) else 0
        if group := self.world.groups.get(number):
            return self._open(group)
        person = self.world.people.get(number)
        if person is None:
            raise bad("chat not found")
        return person

    def group(self) -> Group:
        """Return the group that this is about."""
        chat = self.chat()
        if not isinstance(chat, Group):
            raise bad("method is available only for supergroup and channel chats")
        return chat

    def _open(self, group: Group) -> Group:
        """Return a group in which the bot is, and which is there still."""
        if group.migrated_to:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": group.migrated_to},
            )
        if group.deleted:
            raise ApiError(403, "Forbidden: the group chat was deleted")
        if group.bot == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {group.kind} chat")
        if group.bot == "left":
            raise ApiError(403, f"Forbidden: bot is not a member of the {group.kind} chat")
        return group

    def reader(self) -> Chat:
        """Return to whom a message goes, if the bot may write there."""
        chat = self.chat()
        if isinstance(chat, Group):
            if chat.kind == "channel" and not chat.has_right("can_post_messages"):
                raise bad("need administrator rights in the channel chat")
            if chat.bot == "restricted":
                raise bad("not enough rights to send text messages to the chat")
            return chat
        if chat.deactivated:
            raise ApiError(403, "Forbidden: user is deactivated")
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not chat.started and not self.world.may_write_first(chat):
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def user(self) -> Person:
        """Return the person that this is about."""
        person = self.world.people.get(self.integer("user_id"))
        if person is None:
            raise bad("user not found")
        return person

    def message(self, what: str) -> tuple[Chat, Json]:
        """Return the message that is to be edited, deleted, …, and in which chat it is."""
        chat = self.chat()
        message = chat.messages.get(self.integer("message_id"))
        if message is None or message.get("_deleted"):
            raise bad(f"message to {what} not found")
        return chat, message

    # Words

    def words(self, name: str, limit: int, *, needed: bool) -> Json:
        """Return a text and its entities, parsed, cleaned, trimmed and within the limit."""
        raw = self.text(name)
        if not raw:
            if needed:
                raise bad("message text is empty")
            return {}
        if len(raw.encode()) > RAW_LIMIT:
            raise bad("text is too long")
        key = "entities" if name == "text" else "caption_entities"
        text, entities = self._parsed(raw, key)
        text, entities = trim(*clean(text, entities))
        if not text:
            if needed:
                raise bad("text must be non-empty")
            return {}
        if len(text) > limit:
            raise bad(f"{'message' if name == 'text' else 'message caption'} is too long")
        found = find_entities(text, entities)
        if found:
            entities = sorted(entities + found, key=lambda e: (e["offset"], -e["length"]))
        return {name: text, key: entities[:ENTITY_LIMIT]} if entities else {name: text}

    def _parsed(self, raw: str, key: str) -> tuple[str, list[Entity]]:
        mode = self.text("parse_mode").lower()
        if mode in {"markdown", "markdownv2"}:
            raise bad("this emulator reads no Markdown, only HTML")
        if mode == "html":
            try:
                text, entities = parse_html(raw)
            except BadMarkupError as problem:
                raise bad(problem.description) from None
            return text, self._mentions_filled(entities)
        if mode not in {"", "none"}:
            raise bad("unsupported parse_mode")
        try:
            entities = checked(raw, self.nested(key) or [])
        except BadEntityError as problem:
            raise bad(str(problem)) from None
        return raw, self._mentions_filled(entities)

    def _mentions_filled(self, entities: list[Entity]) -> list[Entity]:
        """Return the entities with whole users; mentions of nobody become plain text."""
        kept = []
        for entity in entities:
            if entity["type"] == "text_mention":
                person = self.world.people.get(entity["user"]["id"])
                if person is None:
                    continue
                entity["user"] = person.user()
            kept.append(entity)
        return kept

    # What goes with a message

    def markup(self) -> Json:
        """Return the keyboard, checked: inline, or ours to remember for the chat page."""
        markup = self.nested("reply_markup")
        if markup is None:
            return {}
        if not isinstance(markup, dict):
            raise bad("object expected as reply markup")
        if "keyboard" in markup:
            rows = _rows(markup["keyboard"], "keyboard", "ReplyKeyboardMarkup")
            return {"_keyboard": [[_reply_button(b) for b in row] for row in rows]}
        if markup.get("inline_keyboard") is None:
            return {}
        rows = _rows(markup["inline_keyboard"], "inline_keyboard", "InlineKeyboardMarkup")
        kept = [[_button(b) for b in row if not _is_wordless(b)] for row in rows]
        kept = [row for row in kept if row]
        if sum(len(row) for row in kept) > BUTTON_LIMIT:
            raise bad("reply markup is too long")
        return {"reply_markup": {"inline_keyboard": kept}} if kept else {}

    def options(self, chat: Chat) -> Json:
        """Return what else is kept on a message."""
        kept: Json = {}
        if self.flag("protect_content"):
            kept["has_protected_content"] = True
        if self.flag("disable_notification"):
            kept["_silent"] = True
        preview = self.nested("link_preview_options")
        if isinstance(preview, dict):
            kept["link_preview_options"] = preview
        reply = self.nested("reply_parameters")
        if isinstance(reply, dict):
            number = reply.get("message_id")
            if not isinstance(number, int):
                raise bad("can't parse reply parameters: Can't find field \"message_id\"")
            original = chat.messages.get(number)
            if original is not None and not original.get("_deleted"):
                told = public(original)
                told.pop("reply_to_message", None)
                kept["reply_to_message"] = told
            elif not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
        return kept

    def upload(self, name: str, value: str | None = None) -> Blob:
        """Return the file of a parameter: uploaded now, or known already."""
        value = self.text(name) if value is None else value
        uploaded = self.uploads.get(value.removeprefix("attach://") if value else name)
        if uploaded is not None:
            if not uploaded[2]:
                raise bad("file must be non-empty")
            return self.world.keep(*uploaded)
        if not value or value.startswith("attach://"):
            raise bad(f"there is no {name} in the request")
        if value not in self.world.blobs:
            raise bad("wrong file identifier/HTTP URL specified")
        return self.world.blobs[value]

    def language(self) -> str:
        """Return the language code, which has two letters or none."""
        code = self.text("language_code")
        if code and not re.fullmatch("[a-z]{2}", code):
            raise bad("invalid language code specified")
        return code


def _rows(rows: object, field: str, kind: str) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad(f'field "{field}" of the {kind} must be an Array of Arrays')
    return rows


def _is_wordless(button: object) -> bool:
    """Say whether Telegram drops this button without a word."""
    return isinstance(button, dict) and button.get("text") == ""


def _button(button: object) -> Json:
    what = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{what}InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad(f'{what}Can\'t find field "text"')
    data, url, copied = (button.get(key) for key in ("callback_data", "url", "copy_text"))
    if not (data or url or copied or button.get("web_app")):
        raise bad(f"{what}Text buttons are unallowed in the inline keyboard")
    if data and len(str(data).encode()) > DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")
    if url and not is_link(str(url)):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if copied and not isinstance(copied, dict):
        raise bad(f"{what}CopyTextButton must be an Object")
    if copied and not 1 <= len(str(copied.get("text", ""))) <= COPY_LIMIT:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    return {key: value for key, value in button.items() if value is not None}


def _reply_button(button: object) -> Json:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse keyboard button: KeyboardButton must be a String or an Object")
    return {key: value for key, value in button.items() if value is not None}
