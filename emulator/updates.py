"""The queue of updates, with Telegram's offsets: what is not acknowledged is given out again."""

import asyncio
import itertools
import json
import random
from collections import deque
from dataclasses import dataclass
from typing import Any

from emulator.clock import Clock

Json = dict[str, Any]

CALLBACK_LIVES = 150
UPDATE_LIVES = 24 * 3600
QUEUE_LIMIT = 100_000
ANSWER_LIMIT = 4 * 2**20
"""Characters in one answer to getUpdates; what is beyond waits for the next."""

BY_DEFAULT = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_join_request",
    }
)
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True, eq=False)
class Update:
    """One entry of the queue, written out once."""

    number: int
    expires: float
    lane: int
    """Whose update it is: a webhook gets the updates of one chat in their order."""
    text: str
    is_raw: bool = False
    """Bytes that are no update and cannot be acknowledged: they are given out once."""


class Updates:
    """Updates that the bot has not acknowledged, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.entries: deque[Update] = deque()
        self.next_number = random.randint(2_000_001, 2**30)  # noqa: S311 - no secret
        self.allowed = BY_DEFAULT
        self.arrived = asyncio.Event()
        """Set, and replaced by a new one, whenever those who wait should look again."""

    def __len__(self) -> int:
        return len(self.entries)

    def wake(self) -> None:
        """Let everybody who waits for updates look again."""
        self.arrived.set()
        self.arrived = asyncio.Event()

    def allow(self, kinds: list[Any]) -> None:
        """Keep which kinds the bot wants; unknown names are ignored, none means the usual."""
        self.allowed = (BY_DEFAULT | ON_REQUEST) & {str(kind) for kind in kinds} or BY_DEFAULT

    def push(self, kind: str, body: Json, *, lives: int = UPDATE_LIVES) -> None:
        """Queue an update, if the bot wants its kind."""
        if kind in self.allowed:
            self.inject({kind: body}, lives=lives)

    def inject(self, body: Json, *, lives: int = UPDATE_LIVES) -> int:
        """Queue an update as it is, poison included, and return its number.

        A number that is given is kept; otherwise it is the next.
        """
        number = body.get("update_id")
        if not isinstance(number, int):
            number = self.next_number
            self.next_number += 1
        text = json.dumps({"update_id": number, **body}, ensure_ascii=False)
        self._add(Update(number, self._expiry(lives), _lane(body), text))
        return number

    def inject_text(self, text: str) -> int:
        """Let the bot be given bytes that are no update, once."""
        self.next_number += 1
        self._add(Update(self.next_number - 1, self._expiry(UPDATE_LIVES), 0, text, is_raw=True))
        return self.next_number - 1

    def _expiry(self, lives: int) -> float:
        return self.clock.now().timestamp() + lives

    def _add(self, update: Update) -> None:
        self.entries.append(update)
        if len(self.entries) > QUEUE_LIMIT:
            self.entries.popleft()
        self.wake()

    def acknowledge(self, offset: int) -> None:
        """Forget everything below the offset; a negative one keeps only so many of the last.

        An offset that is far off is taken for the head of the queue, as Telegram does.
        """
        if not self.entries:
            return
        if offset < 0:
            while len(self.entries) > -offset:
                self.entries.popleft()
            return
        head, tail = self.entries[0].number, self.entries[-1].number + 1
        if head - 100_000 <= offset <= tail + 10:
            while self.entries and self.entries[0].number < offset:
                self.entries.popleft()

    def expire(self) -> None:
        """Drop what is too old: button presses after minutes, the rest after a day."""
        now = self.clock.now().timestamp()
        if any(entry.expires < now for entry in self.entries):
            self.entries = deque(entry for entry in self.entries if entry.expires >= now)

    def fetch(self, limit: int) -> str:
        """Return the oldest updates as the members of a JSON array; empty if there is none."""
        now = self.clock.now().timestamp()
        found = list(itertools.islice(self.entries, limit))
        if any(entry.expires < now for entry in found):
            self.expire()
            found = list(itertools.islice(self.entries, limit))
        texts: list[str] = []
        room = ANSWER_LIMIT
        for entry in found:
            room -= len(entry.text)
            if texts and room < 0:
                break
            texts.append(entry.text)
            if entry.is_raw:
                self.entries.remove(entry)
        return ",".join(texts)

    def remove(self, update: Update) -> None:
        """Take out what has been delivered, wherever it stands."""
        if update in self.entries:
            self.entries.remove(update)

    def clear(self) -> None:
        """Drop everything."""
        self.entries.clear()


def _lane(body: Json) -> int:
    """Return the number of the chat, or of the person, that an update is about."""
    for content in body.values():
        if isinstance(content, dict):
            about = content.get("chat") or content.get("from") or content.get("user")
            if isinstance(about, dict) and isinstance(about.get("id"), int):
                return int(about["id"])
    return 0
