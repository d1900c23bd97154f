"""The emulated Telegram: people, one bot, their chats and files.

Everything a person can do is a method here; the control plane and in-process tests call the same.
No locks: everything runs in one event loop.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.clock import Clock
from emulator.files import Blob, keep, media
from emulator.parsing import clean, find_entities, trim
from emulator.rendering import to_html
from emulator.updates import CALLBACK_LIVES, Json, Updates

MESSAGE_LIMIT = 4096


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

    def tell(self, kind: str, person: Person | None, make: Callable[[], Json] = dict) -> None:
        """Tell the listeners, if there are any; only then is the event made."""
        self.changed = True
        if self.listeners:
            event = {"type": kind, "person": person.id if person else None, **make()}
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
        return [self._from_person(person_id, _written(part)) for part in parts][-1]

    def start(self, person_id: int, payload: str = "") -> Json:
        """Open the bot, perhaps by a deep link; who had blocked it unblocks it so."""
        self.unblock(person_id)
        return self.say(person_id, f"/start {payload}".strip())

    def edit(self, person_id: int, message_id: int, text: str) -> Json:
        """Change one of one's own messages."""
        person, message = self._find(person_id, message_id)
        if message["from"]["is_bot"] or "text" not in message:
            raise ValueError("only one's own texts can be changed")
        message.pop("entities", None)
        message.update({**_written(text), "edit_date": self.date()})
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
        message = self._new_message(person, {"from": person.user(), **content})
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
            if not forged and all(b.get("callback_data") != data for b in _buttons(message)):
                raise UnknownError(f"there is no button {data!r} on message {message_id}")
        number = str(random.randrange(10**17, 10**18))  # noqa: S311 - no secret
        self.queries[number] = {"at": self.clock.now().timestamp(), "person": person_id}
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

    def press_label(self, person_id: int, message_id: int, label: str) -> str:
        """Press the button that reads exactly so; return the number of the query."""
        _, message = self._find(person_id, message_id)
        for button in _buttons(message):
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

    def from_bot(self, person: Person, content: Json) -> Json:
        """Let the bot's message arrive."""
        message = self._new_message(person, {"from": self.bot_user(), **content})
        self.tell("message", person, lambda: {"message": self.shown(message)})
        return message

    def changed_by_bot(self, person: Person, message: Json) -> None:
        """Let an edited message show."""
        self.tell("edit", person, lambda: {"message": self.shown(message)})

    def deleted_by_bot(self, person: Person, message: Json) -> None:
        """Let a message vanish."""
        message["_deleted"] = True
        self.tell("delete", person, lambda: {"message_id": message["message_id"]})

    def _new_message(self, person: Person, content: Json) -> Json:
        message = {
            "message_id": person.next_message,
            "date": self.date(),
            "chat": person.chat(),
            **content,
        }
        person.messages[person.next_message] = message
        person.next_message += 1
        return message

    # What people see

    def messages(self, person_id: int, after: int = 0) -> list[Json]:
        """Return a chat as its person sees it, oldest first; deleted messages are marked."""
        messages = self.person(person_id).messages
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
            "from": "bot" if message["from"]["is_bot"] else "person",
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


def _buttons(message: Json) -> list[Json]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _button(button: Json) -> Json:
    return {
        "text": button["text"],
        "data": button.get("callback_data"),
        "url": button.get("url"),
        "copy_text": (button.get("copy_text") or {}).get("text"),
    }


def _written(text: str) -> Json:
    found = find_entities(text)
    return {"text": text, "entities": found} if found else {"text": text}
