"""The methods of the Bot API that send, change and answer, with Telegram's limits and words."""

from collections.abc import Callable
from typing import Any

from emulator.call import CAPTION_LIMIT, TEXT_LIMIT, ApiError, Call, bad
from emulator.files import Blob, is_picture, media, picture_size
from emulator.group import INSIDE, Group
from emulator.groups import Groups
from emulator.profile import PROFILE_METHODS
from emulator.updates import CALLBACK_LIVES, Json
from emulator.world import Chat, is_by_bot, public

DELETABLE = 48 * 3600
DOWNLOAD_LIMIT, PHOTO_LIMIT = 20 * 2**20, 10 * 2**20
TOAST_LIMIT = 200
MEDIA = ("photo", "document", "voice")
COPIED = (*MEDIA, "text", "entities", "caption", "caption_entities", "location", "venue")
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def get_me(call: Call) -> Any:
    return {
        **call.world.bot_user(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


# Sending


def send_message(call: Call) -> Any:
    person = call.reader()
    return _sent(call, person, call.words("text", TEXT_LIMIT, needed=True))


def _sent(call: Call, person: Chat, content: Json) -> Json:
    content = {**content, **call.markup(), **call.options(person)}
    return public(call.world.from_bot(person, content))


def _send_file(kind: str) -> Callable[[Call], Any]:
    def send(call: Call) -> Any:
        person = call.reader()
        caption = call.words("caption", CAPTION_LIMIT, needed=False)
        return _sent(call, person, {**_media(kind, call.upload(kind)), **caption})

    return send


def _media(kind: str, blob: Blob) -> Json:
    if blob.kind not in {"", kind}:
        raise bad(f"can't use file of type {blob.kind.capitalize()} as {kind.capitalize()}")
    size = len(blob.content)
    if kind == "photo":
        if size > PHOTO_LIMIT:
            raise bad(
                f"file of size {size} bytes is too big for a photo; the maximum size is "
                f"{PHOTO_LIMIT} bytes"
            )
        if not is_picture(blob.content):
            raise bad("IMAGE_PROCESS_FAILED")
        width, height = picture_size(blob.content)
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise bad("PHOTO_INVALID_DIMENSIONS")
    return media(kind, blob)


def send_location(call: Call) -> Any:
    return _sent(call, call.reader(), {"location": _point(call)})


def send_venue(call: Call) -> Any:
    point = _point(call)
    venue = {"location": point, "title": call.text("title"), "address": call.text("address")}
    return _sent(call, call.reader(), {"location": point, "venue": venue})


def _point(call: Call) -> Json:
    try:
        latitude, longitude = float(call.text("latitude")), float(call.text("longitude"))
    except ValueError:
        raise bad("wrong location specified") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad("wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


def copy_message(call: Call) -> Any:
    person, source = call.reader(), call.chat("from_chat_id")
    original = source.messages.get(call.integer("message_id"))
    if original is None or original.get("_deleted"):
        raise bad("message to copy not found")
    content = {key: original[key] for key in COPIED if key in original}
    if call.text("caption") and any(kind in content for kind in MEDIA):
        content.pop("caption_entities", None)
        content |= call.words("caption", CAPTION_LIMIT, needed=False)
    return {"message_id": _sent(call, person, content)["message_id"]}


def chat_action(call: Call) -> Any:
    person, action = call.reader(), call.text("action")
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    call.world.tell("action", person, lambda: {"action": action})
    return True


# Changing what was sent


def edit_text(call: Call) -> Any:
    content = call.words("text", TEXT_LIMIT, needed=True)
    return _edited(call, content, ("text", "entities"), "text")


def edit_caption(call: Call) -> Any:
    content = call.words("caption", CAPTION_LIMIT, needed=False)
    return _edited(call, content, ("caption", "caption_entities"), "caption")


def edit_media(call: Call) -> Any:
    """Put a file in the place of another, or of a text; its caption comes with it."""
    given = call.nested("media")
    if given is None:
        raise bad('parameter "media" is required')
    if not isinstance(given, dict):
        raise bad("can't parse InputMedia: expected an Object")
    kind = given.get("type")
    if kind not in {"photo", "document"}:
        raise bad(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    inner = Call(call.world, given, call.uploads)
    if not inner.text("media"):
        raise bad("can't parse InputMedia: media not found")
    content = _media(kind, inner.upload(kind, inner.text("media")))
    content |= inner.words("caption", CAPTION_LIMIT, needed=False)
    return _edited(call, content, COPIED, "media")


def edit_markup(call: Call) -> Any:
    return _edited(call, {}, (), "")


def _edited(call: Call, content: Json, replaced: tuple[str, ...], what: str) -> Json:
    """Replace the named parts of a message; a keyboard that is not given again vanishes."""
    person, message = call.message("edit")
    if not is_by_bot(message):
        raise bad("message can't be edited")
    if what == "text" and "text" not in message:
        raise bad("there is no text in the message to edit")
    if what == "caption" and not any(kind in message for kind in MEDIA):
        raise bad("there is no caption in the message to edit")
    if what == "media" and "voice" in message:
        raise bad("there is no media in the message to edit")
    if what == "media" and not any(kind in message for kind in ("photo", "document", "text")):
        raise bad("message can't be edited")
    content = {**content, **call.markup()}
    replaced = (*replaced, "reply_markup")
    if {key: message[key] for key in replaced if key in message} == content:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    for key in replaced:
        message.pop(key, None)
    message.update(content, edit_date=call.world.date())
    call.world.changed_by_bot(person, message)
    return public(message)


def delete_message(call: Call) -> Any:
    person, message = call.message("delete")
    if call.world.date() - message["date"] > DELETABLE:
        raise bad("message can't be deleted")
    call.world.deleted_by_bot(person, message)
    return True


def delete_messages(call: Call) -> Any:
    """Delete those that are there; the others are passed over."""
    person, numbers = call.chat(), call.nested("message_ids")
    if not isinstance(numbers, list):
        raise bad("can't parse message_ids JSON object")
    if not 1 <= len(numbers) <= 100:
        raise bad("too many messages to delete" if numbers else "message identifiers are empty")
    for number in numbers:
        message = person.messages.get(number) if isinstance(number, int) else None
        if message is not None and call.world.date() - message["date"] <= DELETABLE:
            call.world.deleted_by_bot(person, message)
    return True


def pin(call: Call) -> Any:
    person, message = call.message("pin")
    message["_pinned"] = True
    call.world.changed_by_bot(person, message)
    return True


# Answering, looking up


def answer_callback(call: Call) -> Any:
    world, text = call.world, call.text("text")
    if len(text) > TOAST_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    query = world.queries.pop(call.text("callback_query_id"), None)
    if query is None or world.clock.now().timestamp() - query["at"] > CALLBACK_LIVES:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    person = world.people.get(query["person"])
    if person is not None and text:
        toast = {"text": text, "show_alert": call.flag("show_alert")}
        world.tell("toast", person, lambda: toast)
    return True


def get_file(call: Call) -> Any:
    number = call.text("file_id")
    if not number:
        raise bad("file_id not specified")
    blob = call.world.blobs.get(number)
    if blob is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(blob.content) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return {
        "file_id": blob.file_id,
        "file_unique_id": blob.unique_id,
        "file_size": len(blob.content),
        "file_path": blob.path,
    }


def get_chat(call: Call) -> Any:
    chat = call.chat()
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    return {
        **chat.chat(),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


def get_chat_member(call: Call) -> Any:
    chat, world = call.chat(), call.world
    if call.integer("user_id") == world.bot_id:
        if isinstance(chat, Group):
            return chat.member(world.bot_user(), chat.bot, chat.rights)
        return {"user": world.bot_user(), "status": "member"}
    person = call.user()
    if isinstance(chat, Group):
        return chat.member(person.user(), chat.members.get(person.id, "left"))
    return {"user": person.user(), "status": "member"}


def get_chat_administrators(call: Call) -> Any:
    group, world = call.group(), call.world
    found = [
        group.member(world.people[number].user(), status)
        for number, status in group.members.items()
        if status in {"creator", "administrator"} and number in world.people
    ]
    if group.bot == "administrator":
        found.append(group.member(world.bot_user(), group.bot, group.rights))
    return found


def leave_chat(call: Call) -> Any:
    Groups(call.world).bot_leaves(call.group())
    return True


def _answer_request(*, let_in: bool) -> Callable[[Call], Any]:
    def answer(call: Call) -> Any:
        group, person = call.group(), call.user()
        if not group.has_right("can_invite_users"):
            raise bad("not enough rights to manage chat invite link")
        if group.members.get(person.id) in INSIDE:
            raise bad("USER_ALREADY_PARTICIPANT")
        if person.id not in group.requests:
            raise bad("HIDE_REQUESTER_MISSING")
        Groups(call.world).answer_request(group, person, let_in=let_in)
        return True

    return answer


def _yes(_call: Call) -> Any:
    return True


METHODS: dict[str, Callable[[Call], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendDocument": _send_file("document"),
    "sendPhoto": _send_file("photo"),
    "sendVoice": _send_file("voice"),
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendChatAction": chat_action,
    "copyMessage": copy_message,
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "pinChatMessage": pin,
    "answerCallbackQuery": answer_callback,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    "approveChatJoinRequest": _answer_request(let_in=True),
    "declineChatJoinRequest": _answer_request(let_in=False),
    "logOut": _yes,
    "close": _yes,
    **PROFILE_METHODS,
}
"""Everything but getUpdates, which waits and therefore stands in ``server.py``."""

SPELLINGS = {name.lower(): name for name in (*METHODS, "getUpdates")}
"""Methods may be written in any case."""

__all__ = ["METHODS", "SPELLINGS", "ApiError", "Call"]
