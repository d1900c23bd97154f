"""The emulated Telegram: people, groups, one bot, their chats and files.

Everything a person can do is a method here; the control plane and in-process tests call the same.
No locks: everything runs in one event loop.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.clock import Clock
from emulator.files import Blob, keep, media
from emulator.group import Group
from emulator.parsing import clean, find_entities, trim
from emulator.rendering import to_html
from emulator.updates import CALLBACK_LIVES, Json, Updates

MESSAGE_LIMIT = 4096
ASKING = 300
"""Seconds for which a bot may write to whoever has asked to join a group."""


class UnknownError(KeyError):
    """No such person, message or button."""


@dataclass
class Person:
    """Somebody with Telegram. Their private chat with the bot has the same number."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    blocked: bool = False
    deactivated: bool = False
    started: bool = False
    note: str = ""
    """Who this is, for those who play; the bot does not see it."""
    messages: dict[int, Json] = field(default_factory=dict)
    """Bot API messages; keys that begin with an underscore are our own notes."""
    next_message: int = 1

    def user(self) -> Json:
        """Return the person as a Bot API User."""
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for key in ("last_name", "username", "language_code"):
            if getattr(self, key):
                user[key] = getattr(self, key)
        return user

    def chat(self) -> Json:
        """Return the private chat as a Bot API Chat."""
        chat = {k: v for k, v in self.user().items() if k not in {"is_bot", "language_code"}}
        return {**chat, "type": "private"}

    def brief(self) -> Json:
        """Return what the chat page lists."""
        return {
            "id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
            "blocked": self.blocked,
            "deactivated": self.deactivated,
            "note": self.note,
        }


Chat = Person | Group
"""Where messages are: between a person and the bot, or among several."""


class World:
    """All of it. ``listeners`` hear of everything that a chat page would show."""

    def __init__(self, clock: Clock, token: str | None) -> None:
        self.clock = clock
        self.token = token
        self.bot_id = int(token.partition(":")[0]) if token else 100_000_001
        self.bot: Json = {"first_name": "Diwan", "username": "diwan_demo_bot"}
        self.profile: dict[str, dict[str, str]] = {}
        """What the bot says about itself: field, language, text."""
        self.commands: dict[str, list[Json]] = {}
        """Lists of commands by ``scope:chat:language``."""
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.blobs: dict[str, Blob] = {}
        self.updates = Updates(clock)
        self.queries: dict[str, Json] = {}
        """Button presses that have not been answered."""
        self.webhook: Json = {"url": ""}
        self.listeners: set[Callable[[Json], None]] = set()
        self.changed = True
        """Whether anything has happened since it was last saved."""
        self.bot_seen = float("-inf")
        """When the bot last asked for updates or took one, by the event loop's clock."""

    @property
    def pending(self) -> int:
        """Return how many updates the bot has not acknowledged."""
        return len(self.updates)

    def tell(self, kind: str, chat: Chat | None, make: Callable[[], Json] = dict) -> None:
        """Tell the listeners, if there are any; only then is the event made.

        A group stands where a person stands: the numbers of groups are below zero.
        """
        self.changed = True
        if self.listeners:
            event = {"type": kind, "person": chat.id if chat else None, **make()}
            for listener in self.listeners:
                listener(event)

    # People

    def new_person(
        self,
        first_name: str,
        language_code: str = "",
        *,
        id: int | None = None,
        last_name: str = "",
        username: str = "",
        note: str = "",
    ) -> Person:
        """Let somebody appear. Half of the numbers are larger than 32 bits hold, as in life.

        Raises:
            ValueError: no name, or a number that is somebody's already.
        """
        if not first_name:
            raise ValueError("a person needs a first name")
        if id is not None and (id in self.people or not 0 < id < 2**52):
            raise ValueError(f"{id} cannot be a new person's number")
        while id is None or id in self.people:
            id = random.choice([10**9, 5 * 10**9]) + random.randrange(10**9)  # noqa: S311
        person = Person(id, first_name, last_name, username, language_code, note=note)
        self.people[id] = person
        self.tell("people", person)
        return person

    def person(self, person_id: int) -> Person:
        """Return somebody.

        Raises:
            UnknownError: nobody has this number.
        """
        try:
            return self.people[person_id]
        except KeyError:
            raise UnknownError(f"nobody has the number {person_id}") from None

    def remove_person(self, person_id: int) -> None:
        """Take somebody away, with the chat; the bot will find no such chat."""
        person = self.person(person_id)
        del self.people[person_id]
        self.tell("people", person)

    def block(self, person_id: int) -> None:
        """Block the bot."""
        self._set_blocked(self.person(person_id), blocked=True)

    def unblock(self, person_id: int) -> None:
        """Let the bot write again."""
        self._set_blocked(self.person(person_id), blocked=False)

    def deactivate(self, person_id: int) -> None:
        """Delete the account. Telegram tells the bot nothing; it finds out by writing."""
        person = self.person(person_id)
        person.deactivated = True
        self.tell("people", person)

    def _set_blocked(self, person: Person, *, blocked: bool) -> None:
        if person.blocked == blocked:
            return
        person.blocked = blocked
        bot = self.bot_user()
        member = {"user": bot, "status": "member"}
        kicked = {"user": bot, "status": "kicked", "until_date": 0}
        self.updates.push(
            "my_chat_member",
            {
                "chat": person.chat(),
                "from": person.user(),
                "date": self.date(),
                "old_chat_member": member if blocked else kicked,
                "new_chat_member": kicked if blocked else member,
            },
        )
        self.tell("people", person)

    # What people do

    def say(self, person_id: int, text: str) -> Json:
        """Write to the bot; what is too long for one message goes in several, the last returned.

        Raises:
            ValueError: nothing is left to say, or this person cannot write.
        """
        text, _ = trim(*clean(text, []))
        if not text:
            raise ValueError("there is nothing to say")
        parts = [text[at : at + MESSAGE_LIMIT] for at in range(0, len(text), MESSAGE_LIMIT)]
        return [self._from_person(person_id, written(part)) for part in parts][-1]

    def start(self, person_id: int, payload: str = "") -> Json:
        """Open the bot, perhaps by a deep link; who had blocked it unblocks it so."""
        self.unblock(person_id)
        return self.say(person_id, f"/start {payload}".strip())

    def edit(self, person_id: int, message_id: int, text: str) -> Json:
        """Change one of one's own messages."""
        person, message = self._find(person_id, message_id)
        if is_by_bot(message) or "text" not in message:
            raise ValueError("only one's own texts can be changed")
        message.pop("entities", None)
        message.update({**written(text), "edit_date": self.date()})
        self.updates.push("edited_message", public(message))
        self.tell("edit", person, lambda: {"message": self.shown(message)})
        return message

    def location(self, person_id: int, latitude: float, longitude: float) -> Json:
        """Share a place.

        Raises:
            ValueError: there is no such place.
        """
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise ValueError("there is no such place")
        place = {"latitude": latitude, "longitude": longitude}
        return self._from_person(person_id, {"location": place})

    def contact(
        self, person_id: int, phone_number: str = "+33600000000", user_id: int | None = None
    ) -> Json:
        """Share a phone number, one's own or somebody else's."""
        contact = {
            "phone_number": phone_number,
            "first_name": self.person(user_id or person_id).first_name,
            "user_id": user_id or person_id,
        }
        return self._from_person(person_id, {"contact": contact})

    def file(
        self,
        person_id: int,
        kind: str,
        name: str,
        mime: str,
        content: bytes,
        caption: str = "",
        *,
        seconds: int = 1,
    ) -> Json:
        """Send a document, a photo or a voice message, which lasts so many seconds.

        Raises:
            ValueError: no such kind, or an empty file.
        """
        if kind not in {"document", "photo", "voice"} or not content:
            raise ValueError(f"{name} cannot be sent as a {kind}")
        words = {"caption": caption} if caption else {}
        blob = self.keep(name, mime, content)
        blob.seconds = seconds
        return self._from_person(person_id, {**media(kind, blob), **words})

    def _from_person(self, person_id: int, content: Json) -> Json:
        person = self.person(person_id)
        if person.blocked or person.deactivated:
            raise ValueError(f"{person.first_name} cannot write: blocked or deleted")
        person.started = True
        message = self.new_message(person, {"from": person.user(), **content})
        self.updates.push("message", public(message))
        self.tell("message", person, lambda: {"message": self.shown(message)})
        return message

    def press(self, person_id: int, message_id: int, data: str, *, forged: bool = False) -> str:
        """Press an inline button; return the number of the query.

        Forged data need be on no button, and a forged message may be gone.

        Raises:
            UnknownError: no such message, or no such button on it (unless forged).
        """
        person = self.person(person_id)
        message = person.messages.get(message_id)
        if message is None or message.get("_deleted"):
            if not forged:
                raise UnknownError(f"there is no message {message_id}")
            shown: Json = {"chat": person.chat(), "message_id": message_id, "date": 0}
        else:
            shown = public(message)
            if not forged and all(b.get("callback_data") != data for b in buttons(message)):
                raise UnknownError(f"there is no button {data!r} on message {message_id}")
        number = self.new_query(person)
        self.updates.push(
            "callback_query",
            {
                "id": number,
                "from": person.user(),
                "message": shown,
                "chat_instance": str(person.id * 7919),
                "data": data,
            },
            lives=CALLBACK_LIVES,
        )
        self.changed = True
        return number

    def new_query(self, person: Person) -> str:
        """Note that somebody has pressed a button and waits for an answer; return its number."""
        number = str(random.randrange(10**17, 10**18))  # noqa: S311 - no secret
        self.queries[number] = {"at": self.clock.now().timestamp(), "person": person.id}
        return number

    def press_label(self, person_id: int, message_id: int, label: str) -> str:
        """Press the button that reads exactly so; return the number of the query."""
        _, message = self._find(person_id, message_id)
        for button in buttons(message):
            if button["text"] == label and "callback_data" in button:
                return self.press(person_id, message_id, button["callback_data"])
        raise UnknownError(f"no button reads {label!r} on message {message_id}")

    def _find(self, person_id: int, message_id: int) -> tuple[Person, Json]:
        person = self.person(person_id)
        message = person.messages.get(message_id)
        if message is None or message.get("_deleted"):
            raise UnknownError(f"there is no message {message_id}")
        return person, message

    # What the bot does

    def bot_user(self) -> Json:
        """Return the bot as a Bot API User."""
        return {"id": self.bot_id, "is_bot": True, **self.bot}

    def date(self) -> int:
        """Return the emulator's moment as the Bot API writes it."""
        return int(self.clock.now().timestamp())

    def may_write_first(self, person: Person) -> bool:
        """Say whether they have asked to join a group just now: then a bot may write to them."""
        since = self.clock.now().timestamp() - ASKING
        return any(group.requests.get(person.id, 0.0) > since for group in self.groups.values())

    def from_bot(self, chat: Chat, content: Json) -> Json:
        """Let the bot's message arrive."""
        is_post = isinstance(chat, Group) and chat.kind == "channel"
        by: Json = {"sender_chat": chat.chat()} if is_post else {"from": self.bot_user()}
        message = self.new_message(chat, {**by, **content, "_by_bot": True})
        self.tell("message", chat, lambda: {"message": self.shown(message)})
        return message

    def changed_by_bot(self, chat: Chat, message: Json) -> None:
        """Let an edited message show."""
        self.tell("edit", chat, lambda: {"message": self.shown(message)})

    def deleted_by_bot(self, chat: Chat, message: Json) -> None:
        """Let a message vanish."""
        message["_deleted"] = True
        self.tell("delete", chat, lambda: {"message_id": message["message_id"]})

    def new_message(self, chat: Chat, content: Json) -> Json:
        """Put a message at the end of a chat."""
        message = {
            "message_id": chat.next_message,
            "date": self.date(),
            "chat": chat.chat(),
            **content,
        }
        chat.messages[chat.next_message] = message
        chat.next_message += 1
        return message

    # What people see

    def messages(self, chat_id: int, after: int = 0) -> list[Json]:
        """Return a chat as its people see it, oldest first; deleted messages are marked."""
        group = self.groups.get(chat_id)
        messages = group.messages if group else self.person(chat_id).messages
        return [self.shown(message) for number, message in messages.items() if number > after]

    def shown(self, message: Json) -> Json:
        """Return one message as the chat page shows it."""
        text: str = message.get("text") or message.get("caption") or ""
        entities: list[Json] = message.get("entities") or message.get("caption_entities") or []
        rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
        return {
            "message_id": message["message_id"],
            "date": message["date"],
            "edited": "edit_date" in message,
            "from": "bot" if is_by_bot(message) else "person",
            **_in_company(message),
            "text": text,
            "html": to_html(text, entities),
            "entities": entities,
            "buttons": [[_button(button) for button in row] for row in rows],
            "keyboard": message.get("_keyboard"),
            "attachment": self._attachment(message),
            "reply_to": (message.get("reply_to_message") or {}).get("message_id"),
            "protected": bool(message.get("has_protected_content")),
            "silent": bool(message.get("_silent")),
            "deleted": bool(message.get("_deleted")),
            "pinned": bool(message.get("_pinned")),
        }

    def _attachment(self, message: Json) -> Json | None:
        for kind in ("photo", "document", "voice"):
            if kind in message:
                content = message[kind][-1] if kind == "photo" else message[kind]
                blob = self.blobs[content["file_id"]]
                return {
                    "kind": kind,
                    "file_name": blob.name,
                    "url": f"/control/files/{blob.file_id}",
                    "size": len(blob.content),
                }
        if "venue" in message:
            venue = message["venue"]
            names = {key: venue[key] for key in ("title", "address")}
            return {"kind": "venue", **venue["location"], **names}
        if "location" in message:
            return {"kind": "location", **message["location"]}
        return None

    def keep(self, name: str, mime: str, content: bytes) -> Blob:
        """Keep a file's content and give it a number."""
        blob = keep(name, mime, content)
        self.blobs[blob.file_id] = blob
        return blob


def public(message: Json) -> Json:
    """Return a message as the Bot API shows it: without our own notes."""
    return {key: value for key, value in message.items() if key[0] != "_"}


def is_by_bot(message: Json) -> bool:
    """Say whether the bot has sent it; what is posted in a channel names nobody."""
    return bool((message.get("from") or {}).get("is_bot")) or bool(message.get("_by_bot"))


def buttons(message: Json) -> list[Json]:
    """Return all buttons of a message."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _in_company(message: Json) -> Json:
    """Return what is shown besides where several write: who it is, or what has happened."""
    if message["chat"]["type"] == "private":
        return {}
    author = (message.get("from") or {}).get("first_name") or message["chat"]["title"]
    return {"author": author, "service": message.get("_service")}


def _button(button: Json) -> Json:
    return {
        "text": button["text"],
        "data": button.get("callback_data"),
        "url": button.get("url"),
        "copy_text": (button.get("copy_text") or {}).get("text"),
    }


def written(text: str) -> Json:
    """Return a text as it is in a message, with what Telegram finds in it."""
    found = find_entities(text)
    return {"text": text, "entities": found} if found else {"text": text}
