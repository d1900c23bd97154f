"""The emulated Telegram: people, one bot, their chats, files, and the queue of updates.

Everything a person can do is a method here; the control plane and in-process tests call the same.
"""

import asyncio
import base64
import itertools
import json
import random
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from emulator.clock import Clock
from emulator.parsing import find_entities, to_html, utf16_length

CALLBACK_LIVES = 150
UPDATE_LIVES = 24 * 3600
DEFAULT_UPDATES = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "inline_query",
        "callback_query",
        "my_chat_member",
        "poll",
        "poll_answer",
        "chat_join_request",
    }
)

Json = dict[str, Any]


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
    hidden: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
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
        chat = {k: v for k, v in self.user().items() if k not in ("is_bot", "language_code")}
        return {**chat, "type": "private"}

    def brief(self) -> Json:
        """Return what the chat page lists."""
        keys = (
            "id",
            "first_name",
            "last_name",
            "username",
            "language_code",
            "blocked",
            "deactivated",
        )
        return {key: getattr(self, key) for key in keys}


@dataclass
class Blob:
    """A file that somebody has sent."""

    file_id: str
    unique_id: str
    name: str
    mime: str
    content: bytes

    @property
    def path(self) -> str:
        """Return where it can be fetched, below the file address."""
        return f"documents/{self.unique_id}"


class World:
    """All of it. No locks: everything runs in one event loop."""

    def __init__(self, clock: Clock, token: str | None) -> None:
        self.clock = clock
        self.token = token
        self.bot_id = int(token.partition(":")[0]) if token else 100_000_001
        self.bot: Json = {"first_name": "Diwan", "username": "diwan_demo_bot"}
        self.profile: dict[str, dict[str, str]] = {}
        self.commands: dict[str, list[Json]] = {}
        self.people: dict[int, Person] = {}
        self.blobs: dict[str, Blob] = {}
        self.updates: deque[Json] = deque()
        """{"update_id", "expires", "body"}: not acknowledged yet, oldest first."""
        self.next_update = random.randint(2_000_001, 2**30)  # noqa: S311 - no secret
        self.queries: dict[str, Json] = {}
        self.webhook: Json = {"url": ""}
        self.allowed = DEFAULT_UPDATES
        self.arrived = asyncio.Event()
        self.changed = True
        self.last_poll = 0.0
        self.on_event: Callable[[Json], None] = lambda _event: None
        self._numbers = itertools.count(1)

    # The queue of updates

    @property
    def pending(self) -> int:
        """Return how many updates the bot has not acknowledged."""
        return len(self.updates)

    def push(self, kind: str, body: Any, *, lives: int = UPDATE_LIVES) -> int:
        """Queue an update and return its number."""
        return self.push_raw({kind: body}, lives=lives)

    def push_raw(self, body: Json, *, lives: int = UPDATE_LIVES) -> int:
        """Queue an update as it is, poison included."""
        known = set(body) & DEFAULT_UPDATES
        if known and not known <= self.allowed:
            return 0
        number = body.get("update_id") or self.next_update
        if "update_id" not in body:
            self.next_update += 1
        expires = self.clock.now().timestamp() + lives
        self.updates.append(
            {"update_id": number, "expires": expires, "body": {**body, "update_id": number}}
        )
        self._touch()
        self.arrived.set()
        self.arrived = asyncio.Event()
        return int(number)

    def forget_before(self, offset: int) -> None:
        """Acknowledge everything below the offset, as Telegram's queue does."""
        if not self.updates:
            return
        head, tail = self.updates[0]["update_id"], self.updates[-1]["update_id"]
        if offset < 0:
            while len(self.updates) > -offset:
                self.updates.popleft()
        elif head - 100_000 <= offset <= tail + 11:
            while self.updates and self.updates[0]["update_id"] < offset:
                self.updates.popleft()
        self._touch()

    def fetch(self, limit: int) -> list[Json]:
        """Return the oldest updates that have not expired."""
        now = self.clock.now().timestamp()
        while self.updates and self.updates[0]["expires"] < now:
            self.updates.popleft()
        return [entry["body"] for entry in itertools.islice(self.updates, limit)]

    def _touch(self) -> None:
        self.changed = True

    # People

    def new_person(
        self,
        first_name: str,
        language_code: str = "",
        *,
        id: int | None = None,
        last_name: str = "",
        username: str = "",
    ) -> Person:
        """Let somebody appear. Half of the numbers are larger than 32 bits hold, as in life."""
        while id is None or id in self.people:
            id = random.choice([10**9, 5 * 10**9]) + random.randrange(10**9)  # noqa: S311
        person = Person(id, first_name, last_name, username, language_code)
        self.people[id] = person
        self._tell("people", person)
        return person

    def remove_person(self, person_id: int) -> None:
        """Take somebody off the page."""
        person = self.people.pop(person_id)
        self._tell("people", person)

    def _tell(self, kind: str, person: Person | None, **payload: Any) -> None:
        self._touch()
        self.on_event({"type": kind, "person": person.id if person else None, **payload})

    def say(self, person_id: int, text: str) -> Json:
        """Write a message to the bot."""
        return self._from_person(person_id, {"text": text, **_entities(text)})

    def start(self, person_id: int, payload: str = "") -> Json:
        """Open the bot, perhaps by a deep link."""
        person = self.people[person_id]
        if person.blocked:
            self.unblock(person_id)
        return self.say(person_id, f"/start {payload}".strip())

    def edit(self, person_id: int, message_id: int, text: str) -> Json:
        """Change one of one's own messages."""
        message = self.people[person_id].messages[message_id]
        message.update({"text": text, "edit_date": self._date(), **_entities(text)})
        self.push("edited_message", self.public(message))
        self._tell("edit", self.people[person_id], message=self.shown(message))
        return message

    def location(self, person_id: int, latitude: float, longitude: float) -> Json:
        """Share a place."""
        place = {"latitude": latitude, "longitude": longitude}
        return self._from_person(person_id, {"location": place})

    def contact(self, person_id: int, phone_number: str, user_id: int | None = None) -> Json:
        """Share a phone number, one's own or somebody else's."""
        contact = {
            "phone_number": phone_number,
            "first_name": self.people[person_id].first_name,
            "user_id": user_id or person_id,
        }
        return self._from_person(person_id, {"contact": contact})

    def file(self, person_id: int, kind: str, name: str, mime: str, content: bytes) -> Json:
        """Send a document, a photo or a voice message."""
        blob = self.keep(name, mime, content)
        return self._from_person(person_id, media(kind, blob))

    def _from_person(self, person_id: int, content: Json) -> Json:
        person = self.people[person_id]
        person.started = True
        message = self._new_message(person, {"from": person.user(), **content})
        self.push("message", self.public(message))
        self._tell("message", person, message=self.shown(message))
        return message

    def press(self, person_id: int, message_id: int, data: str, *, forged: bool = False) -> str:
        """Press an inline button; return the number of the query.

        Raises:
            KeyError: no such message, or no such button on it (unless forged).
        """
        person = self.people[person_id]
        message = person.messages[message_id]
        rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
        found = any(b.get("callback_data") == data for row in rows for b in row)
        if not found and not forged:
            raise KeyError(data)
        number = str(random.randrange(10**17, 10**18))  # noqa: S311 - no secret
        query = {
            "id": number,
            "from": person.user(),
            "message": self.public(message),
            "chat_instance": str(abs(person.id) * 7919),
            "data": data,
        }
        self.queries[number] = {"at": self.clock.now().timestamp(), "person": person_id}
        self.push("callback_query", query, lives=CALLBACK_LIVES)
        return number

    def block(self, person_id: int) -> None:
        """Block the bot."""
        self._member(person_id, "member", "kicked")
        self.people[person_id].blocked = True
        self._tell("people", self.people[person_id])

    def unblock(self, person_id: int) -> None:
        """Let the bot write again."""
        self.people[person_id].blocked = False
        self._member(person_id, "kicked", "member")
        self._tell("people", self.people[person_id])

    def deactivate(self, person_id: int) -> None:
        """Delete the account."""
        self.people[person_id].deactivated = True
        self._tell("people", self.people[person_id])

    def _member(self, person_id: int, before: str, after: str) -> None:
        person = self.people[person_id]
        bot = self.bot_user()

        def member(status: str) -> Json:
            extra = {"until_date": 0} if status == "kicked" else {}
            return {"user": bot, "status": status, **extra}

        self.push(
            "my_chat_member",
            {
                "chat": person.chat(),
                "from": person.user(),
                "date": self._date(),
                "old_chat_member": member(before),
                "new_chat_member": member(after),
            },
        )

    # Messages

    def bot_user(self) -> Json:
        """Return the bot as a Bot API User."""
        return {"id": self.bot_id, "is_bot": True, **self.bot}

    def _date(self) -> int:
        return int(self.clock.now().timestamp())

    def _new_message(self, person: Person, content: Json) -> Json:
        message = {
            "message_id": person.next_message,
            "date": self._date(),
            "chat": person.chat(),
            **content,
        }
        person.messages[person.next_message] = message
        person.next_message += 1
        self._touch()
        return message

    def from_bot(self, person: Person, content: Json) -> Json:
        """Let the bot's message arrive."""
        message = self._new_message(person, {"from": self.bot_user(), **content})
        self._tell("message", person, message=self.shown(message))
        return message

    def changed_by_bot(self, person: Person, message: Json) -> None:
        """Tell the page that the bot has edited a message."""
        self._tell("edit", person, message=self.shown(message))

    def deleted_by_bot(self, person: Person, message_id: int) -> None:
        """Let a message vanish."""
        person.messages[message_id]["_deleted"] = True
        self._tell("delete", person, message_id=message_id)

    def toast(self, person: Person, text: str, *, alert: bool) -> None:
        """Show the answer to a button press."""
        self._tell("toast", person, text=text, show_alert=alert)

    def action(self, person: Person, action: str) -> None:
        """Show that the bot is typing."""
        self._tell("action", person, action=action)

    def public(self, message: Json) -> Json:
        """Return a message as the Bot API shows it: without our own notes."""
        return {key: value for key, value in message.items() if not key.startswith("_")}

    def messages(self, person_id: int, after: int = 0) -> list[Json]:
        """Return a chat as its person sees it, oldest first."""
        person = self.people[person_id]
        return [self.shown(m) for number, m in person.messages.items() if number > after]

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
            "buttons": [
                [
                    {
                        "text": b["text"],
                        "data": b.get("callback_data"),
                        "url": b.get("url"),
                        "copy_text": (b.get("copy_text") or {}).get("text"),
                    }
                    for b in row
                ]
                for row in rows
            ],
            "attachment": self._attachment(message),
            "protected": bool(message.get("has_protected_content")),
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
        for kind in ("venue", "location"):
            if kind in message:
                place = message[kind]
                point = place.get("location", place)
                return {"kind": kind, **point, **{k: place.get(k) for k in ("title", "address")}}
        return None

    # Files

    def keep(self, name: str, mime: str, content: bytes) -> Blob:
        """Keep a file's content and give it a number."""
        blob = Blob(
            f"BQAC{secrets.token_urlsafe(30)}", secrets.token_urlsafe(9), name, mime, content
        )
        self.blobs[blob.file_id] = blob
        return blob

    # What survives a restart

    def save(self, path: Path) -> None:
        """Write everything beside the file, then put it in its place."""
        state = {
            "bot": self.bot,
            "profile": self.profile,
            "commands": self.commands,
            "offset": self.clock.offset.total_seconds(),
            "next_update": self.next_update,
            "updates": list(self.updates),
            "allowed": sorted(self.allowed),
            "webhook": self.webhook,
            "people": [asdict(person) for person in self.people.values()],
            "blobs": [
                {**asdict(blob), "content": base64.b64encode(blob.content).decode()}
                for blob in self.blobs.values()
            ],
        }
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
        self.changed = False

    def load(self, path: Path) -> None:
        """Go on where a saved state stopped."""
        state = json.loads(path.read_text(encoding="utf-8"))
        self.bot, self.profile, self.commands = state["bot"], state["profile"], state["commands"]
        self.next_update, self.webhook = state["next_update"], state["webhook"]
        self.updates, self.allowed = deque(state["updates"]), frozenset(state["allowed"])
        for entry in state["people"]:
            entry["messages"] = {int(key): value for key, value in entry["messages"].items()}
            person = Person(**entry)
            self.people[person.id] = person
        for entry in state["blobs"]:
            entry["content"] = base64.b64decode(entry["content"])
            self.blobs[entry["file_id"]] = Blob(**entry)
        if state["offset"]:
            self.clock.jump(state["offset"])


def media(kind: str, blob: Blob) -> Json:
    """Return a file as the Bot API's message content."""
    common = {"file_id": blob.file_id, "file_unique_id": blob.unique_id}
    size = len(blob.content)
    if kind == "photo":
        width, height = _picture_size(blob.content)
        return {"photo": [{**common, "width": width, "height": height, "file_size": size}]}
    if kind == "voice":
        return {"voice": {**common, "duration": 1, "mime_type": blob.mime, "file_size": size}}
    return {
        "document": {
            **common,
            "file_name": blob.name,
            "mime_type": blob.mime,
            "file_size": size,
        }
    }


def _picture_size(content: bytes) -> tuple[int, int]:
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    return 512, 512


def _entities(text: str) -> Json:
    found = find_entities(text)
    return {"entities": found} if found else {}


__all__ = ["Blob", "Person", "World", "media", "utf16_length"]
