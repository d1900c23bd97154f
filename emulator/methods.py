"""The methods of the Bot API that this emulator knows, with Telegram's limits and words."""

import json
import re
from collections.abc import Callable
from typing import Any

from emulator.parsing import BadMarkupError, clean, find_entities, parse_html, trim, utf16_length
from emulator.world import CALLBACK_LIVES, DEFAULT_UPDATES, Blob, Json, Person, World, media

TEXT_LIMIT, CAPTION_LIMIT, RAW_LIMIT = 4096, 1024, 32_768
COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class ApiError(Exception):
    """An answer with ok false: code, description, parameters."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(words: str) -> ApiError:
    """Return a "Bad Request" in Telegram's spelling."""
    return ApiError(400, f"Bad Request: {words}")


class Call:
    """One request: its parameters, decoded as Telegram decodes them, and its uploads."""

    def __init__(self, world: World, params: Json, uploads: dict[str, tuple[str, str, bytes]]):
        self.world, self.params, self.uploads = world, params, uploads

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter as text."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as a number; what is none is the default."""
        try:
            return int(self.params.get(name, default))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Return a parameter as yes or no."""
        return str(self.params.get(name, "")).lower() in {"true", "yes", "1"}

    def nested(self, name: str) -> Any:
        """Return a parameter that may be an object or its JSON."""
        value = self.params.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError:
                raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None
        return value or None

    def person(self) -> Person:
        """Return whom the chat id names, if the bot may write to them."""
        raw = self.text("chat_id")
        if not raw:
            raise bad("chat_id is empty")
        person = self.world.people.get(int(raw)) if re.fullmatch(r"-?\d{1,19}", raw) else None
        if person is None:
            raise bad("chat not found")
        if person.deactivated:
            raise ApiError(403, "Forbidden: user is deactivated")
        if person.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not person.started:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return person

    def words(self, name: str, limit: int, *, needed: bool) -> Json:
        """Return a text and its entities, parsed, cleaned, trimmed and within the limit."""
        raw = self.text(name)
        kind = "message" if name == "text" else "message caption"
        if needed and not raw:
            raise bad("message text is empty")
        if len(raw.encode()) > RAW_LIMIT:
            raise bad("text is too long")
        mode = self.text("parse_mode").lower()
        if mode not in {"", "none", "html", "markdown", "markdownv2"}:
            raise bad("unsupported parse_mode")
        if mode == "html":
            try:
                text, entities = parse_html(raw)
            except BadMarkupError as problem:
                raise bad(problem.description) from None
        else:
            text, entities = clean(raw), self.nested("entities") or []
        text, entities = trim(text, entities)
        if needed and not text:
            raise bad("text must be non-empty")
        if utf16_length(text) > limit:
            raise bad(f"{kind} is too long")
        marked = {(e["offset"], e["length"]) for e in entities}
        entities += [e for e in find_entities(text) if (e["offset"], e["length"]) not in marked]
        entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        key = "entities" if name == "text" else "caption_entities"
        content: Json = {name: text} if text else {}
        return {**content, key: entities} if entities else content

    def markup(self) -> Json:
        """Return the inline keyboard, checked."""
        markup = self.nested("reply_markup")
        if markup is None:
            return {}
        if not isinstance(markup, dict):
            raise bad("object expected as reply markup")
        rows = markup.get("inline_keyboard")
        if rows is None:
            return {}
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise bad(
                'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
            )
        kept = [[self._button(b) for b in row if b.get("text")] for row in rows]
        kept = [row for row in kept if row]
        if sum(len(row) for row in kept) > 100:
            raise bad("reply markup is too long")
        return {"reply_markup": {"inline_keyboard": kept}} if kept else {}

    def _button(self, button: Json) -> Json:
        data = button.get("callback_data")
        if data is not None and len(str(data).encode()) > 64:
            raise bad("BUTTON_DATA_INVALID")
        if not data and not any(button.get(key) for key in ("url", "copy_text", "web_app")):
            raise bad(
                "can't parse inline keyboard button: Text buttons are unallowed in the inline "
                "keyboard"
            )
        return {key: value for key, value in button.items() if value is not None}

    def message(self, what: str) -> tuple[Person, Json]:
        """Return one of the bot's own messages."""
        person = self.person()
        message = person.messages.get(self.integer("message_id"))
        if message is None or message.get("_deleted"):
            raise bad(f"message to {what} not found")
        if what == "edit" and not message["from"]["is_bot"]:
            raise bad("message can't be edited")
        return person, message

    def upload(self, name: str) -> Blob:
        """Return the file of a parameter: uploaded now, or known already."""
        value = self.text(name)
        if value.startswith("attach://"):
            value = value.removeprefix("attach://")
            if value not in self.uploads:
                raise bad(f"there is no {name} in the request")
            return self.world.keep(*self.uploads[value])
        if name in self.uploads:
            return self.world.keep(*self.uploads[name])
        if not value:
            raise bad(f"there is no {name} in the request")
        if value not in self.world.blobs:
            raise bad("wrong file identifier/HTTP URL specified")
        return self.world.blobs[value]

    def options(self) -> Json:
        """Return what else is kept on a message."""
        kept: Json = {}
        if self.flag("protect_content"):
            kept["has_protected_content"] = True
        preview = self.nested("link_preview_options")
        if preview:
            kept["link_preview_options"] = preview
        reply = self.nested("reply_parameters")
        if isinstance(reply, dict) and not reply.get("allow_sending_without_reply"):
            person = self.person()
            if reply.get("message_id") not in person.messages:
                raise bad("message to be replied not found")
        return kept


def get_me(call: Call) -> Any:
    return {
        **call.world.bot_user(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def send_message(call: Call) -> Any:
    person = call.person()
    content = call.words("text", TEXT_LIMIT, needed=True)
    return _sent(call, person, content)


def _sent(call: Call, person: Person, content: Json) -> Json:
    world = call.world
    return world.public(world.from_bot(person, {**content, **call.markup(), **call.options()}))


def _send_file(kind: str) -> Callable[[Call], Any]:
    def send(call: Call) -> Any:
        person = call.person()
        caption = call.words("caption", CAPTION_LIMIT, needed=False)
        return _sent(call, person, {**media(kind, call.upload(kind)), **caption})

    return send


def send_location(call: Call) -> Any:
    return _sent(call, call.person(), {"location": _point(call)})


def send_venue(call: Call) -> Any:
    venue = {
        "location": _point(call),
        "title": call.text("title"),
        "address": call.text("address"),
    }
    return _sent(call, call.person(), {"location": venue["location"], "venue": venue})


def _point(call: Call) -> Json:
    try:
        latitude, longitude = float(call.text("latitude")), float(call.text("longitude"))
    except ValueError:
        raise bad("wrong location") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad("wrong location")
    return {"latitude": latitude, "longitude": longitude}


def edit_text(call: Call) -> Any:
    return _edited(call, call.words("text", TEXT_LIMIT, needed=True), ("text", "entities"))


def edit_caption(call: Call) -> Any:
    content = call.words("caption", CAPTION_LIMIT, needed=False)
    return _edited(call, content, ("caption", "caption_entities"))


def edit_markup(call: Call) -> Any:
    return _edited(call, {}, ())


def edit_media(call: Call) -> Any:
    value = call.nested("media") or {}
    call.params.update({value.get("type", "document"): value.get("media")})
    call.params.update({key: value.get(key) for key in ("caption", "parse_mode")})
    kind = value.get("type", "document")
    content = {
        **media(kind, call.upload(kind)),
        **call.words("caption", CAPTION_LIMIT, needed=False),
    }
    return _edited(call, content, ("photo", "document", "voice", "caption", "caption_entities"))


def _edited(call: Call, content: Json, replaced: tuple[str, ...]) -> Json:
    person, message = call.message("edit")
    if "text" in content and "text" not in message:
        raise bad("there is no text in the message to edit")
    markup = call.markup()
    before = {k: v for k, v in message.items() if k in (*replaced, "reply_markup")}
    if before == {**content, **markup}:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    for key in (*replaced, "reply_markup"):
        message.pop(key, None)
    message.update({**content, **markup})
    message["edit_date"] = int(call.world.clock.now().timestamp())
    call.world.changed_by_bot(person, message)
    return call.world.public(message)


def delete_message(call: Call) -> Any:
    person, message = call.message("delete")
    call.world.deleted_by_bot(person, message["message_id"])
    return True


def delete_messages(call: Call) -> Any:
    person, numbers = call.person(), call.nested("message_ids")
    if not isinstance(numbers, list):
        raise bad("can't parse message_ids JSON object")
    for number in numbers:
        if number in person.messages:
            call.world.deleted_by_bot(person, number)
    return True


def copy_message(call: Call) -> Any:
    source = call.world.people.get(call.integer("from_chat_id"))
    original = source.messages.get(call.integer("message_id")) if source else None
    if original is None:
        raise bad("message to copy not found")
    content: Json = {
        key: original[key]
        for key in ("text", "entities", "photo", "document", "voice", "caption", "location")
        if key in original
    }
    return {"message_id": _sent(call, call.person(), content)["message_id"]}


def pin(call: Call) -> Any:
    person, message = call.message("pin")
    message["_pinned"] = True
    call.world.changed_by_bot(person, message)
    return True


def unpin(call: Call) -> Any:
    person, message = call.message("unpin")
    message.pop("_pinned", None)
    call.world.changed_by_bot(person, message)
    return True


def answer_callback(call: Call) -> Any:
    world = call.world
    query = world.queries.pop(call.text("callback_query_id"), None)
    now = world.clock.now().timestamp()
    if query is None or now - query["at"] > CALLBACK_LIVES:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(call.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    person = world.people.get(query["person"])
    if person is not None and call.text("text"):
        world.toast(person, call.text("text"), alert=call.flag("show_alert"))
    return True


def chat_action(call: Call) -> Any:
    call.world.action(call.person(), call.text("action"))
    return True


def get_file(call: Call) -> Any:
    number = call.text("file_id")
    if not number:
        raise bad("file_id not specified")
    blob = call.world.blobs.get(number)
    if blob is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(blob.content) > 20 * 2**20:
        raise bad("file is too big")
    return {
        "file_id": blob.file_id,
        "file_unique_id": blob.unique_id,
        "file_size": len(blob.content),
        "file_path": blob.path,
    }


def get_chat(call: Call) -> Any:
    person = call.world.people.get(call.integer("chat_id"))
    if person is None:
        raise bad("chat not found")
    return {
        **person.chat(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def get_chat_member(call: Call) -> Any:
    person = call.world.people.get(call.integer("chat_id"))
    if person is None:
        raise bad("chat not found")
    status = "kicked" if person.blocked else "member"
    extra = {"until_date": 0} if person.blocked else {}
    return {"user": person.user(), "status": status, **extra}


# What the bot says about itself


def _language(call: Call) -> str:
    code = call.text("language_code")
    if code and not re.fullmatch("[a-z]{2}", code):
        raise bad("invalid language code specified")
    return code


def _scope(call: Call) -> str:
    scope = call.nested("scope") or {"type": "default"}
    return f"{scope['type']}:{scope.get('chat_id', '')}:{_language(call)}"


def set_commands(call: Call) -> Any:
    commands = call.nested("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands JSON object")
    for command in commands:
        name, description = command.get("command", ""), command.get("description")
        if description is None:
            raise bad("can't parse BotCommand: Can't find field \"description\"")
        if len(name) > 32:
            raise bad("command length must not exceed 32")
        if not COMMAND.fullmatch(name):
            raise bad("BOT_COMMAND_INVALID")
        if not description:
            raise bad("command description must be non-empty")
        if len(description) > 256:
            raise bad("command description length must not exceed 256")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    call.world.commands[_scope(call)] = commands
    return True


def get_commands(call: Call) -> Any:
    return call.world.commands.get(_scope(call), [])


def delete_commands(call: Call) -> Any:
    call.world.commands.pop(_scope(call), None)
    return True


def commands_for(world: World, person: Person) -> list[Json]:
    """Return the commands a person sees: the narrowest scope first, their language before none."""
    for scope in (f"chat:{person.id}", "all_private_chats:", "default:"):
        for language in (person.language_code[:2], ""):
            found = world.commands.get(f"{scope}:{language}")
            if found:
                return found
    return []


def _set_profile(field: str, limit: int) -> Callable[[Call], Any]:
    def set_text(call: Call) -> Any:
        language, text = _language(call), call.text(field)
        if len(text) > limit:
            raise bad(f"bot {field.replace('_', ' ')} is too long")
        call.world.profile.setdefault(field, {})[language] = text
        return True

    return set_text


def _get_profile(field: str) -> Callable[[Call], Any]:
    def get_text(call: Call) -> Any:
        texts = call.world.profile.get(field, {})
        return {field: texts.get(_language(call)) or texts.get("", "")}

    return get_text


# Webhooks


def set_webhook(call: Call) -> Any:
    url, secret = call.text("url"), call.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch("[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    if url and not re.match(r"https://|http://127\.0\.0\.1", url):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    allow_updates(call)
    if call.flag("drop_pending_updates"):
        call.world.updates.clear()
    call.world.webhook = {"url": url, "secret": secret}
    call.world.arrived.set()
    return True


def delete_webhook(call: Call) -> Any:
    if call.flag("drop_pending_updates"):
        call.world.updates.clear()
    call.world.webhook = {"url": ""}
    return True


def webhook_info(call: Call) -> Any:
    webhook = call.world.webhook
    return {
        "url": webhook["url"],
        "has_custom_certificate": False,
        "pending_update_count": call.world.pending,
        **{k: v for k, v in webhook.items() if k.startswith("last_")},
    }


def allow_updates(call: Call) -> None:
    """Keep which kinds of updates the bot wants; the setting stays."""
    allowed = call.nested("allowed_updates")
    if isinstance(allowed, list):
        call.world.allowed = frozenset(allowed) or DEFAULT_UPDATES


def _yes(_call: Call) -> Any:
    return True


METHODS: dict[str, Callable[[Call], Any]] = {
    "getme": get_me,
    "sendmessage": send_message,
    "senddocument": _send_file("document"),
    "sendphoto": _send_file("photo"),
    "sendvoice": _send_file("voice"),
    "sendlocation": send_location,
    "sendvenue": send_venue,
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagereplymarkup": edit_markup,
    "editmessagemedia": edit_media,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "copymessage": copy_message,
    "pinchatmessage": pin,
    "unpinchatmessage": unpin,
    "answercallbackquery": answer_callback,
    "sendchataction": chat_action,
    "getfile": get_file,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "setmycommands": set_commands,
    "getmycommands": get_commands,
    "deletemycommands": delete_commands,
    "setmyname": _set_profile("name", 64),
    "getmyname": _get_profile("name"),
    "setmydescription": _set_profile("description", 512),
    "getmydescription": _get_profile("description"),
    "setmyshortdescription": _set_profile("short_description", 120),
    "getmyshortdescription": _get_profile("short_description"),
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": webhook_info,
    "logout": _yes,
    "close": _yes,
}
"""Everything but getUpdates, which waits and therefore stands in ``server.py``."""
