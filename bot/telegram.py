"""The way to Telegram: one call, paced, and what its answer means.

Telegram has no idempotency key. A call ends in one of a few fates, and the caller's crash policy
says what follows from each.
"""

import asyncio
import json
import logging
import math
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import ClientConnectorError, ClientError, ClientTimeout, ConnectionTimeoutError

from bot.limiter import Limiter
from community.policy import Lane
from handlers.replies import File

logger = logging.getLogger("diwan.telegram")

CALL_TIMEOUT = 35.0
"""Seconds for one call."""
PATIENCE = ClientTimeout(total=CALL_TIMEOUT, connect=10, sock_connect=5)
"""A connection that takes longer than five seconds, or a name longer than ten, is none."""
LARGE = 2**19
"""Bytes from which on a file leaves piece by piece, so that nobody else waits for it meanwhile."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds of silence after a 429 that does not say how long: doubled each time in a row."""

SEVERAL, SEVERAL_WITHIN = 3, 10.0
"""Answers in so many chats that meet a 429 within so many seconds are a 429 for all of us."""
FILES = 2
"""How many files that go from one side to another are in our hands at a time."""
TOO_LATE = "turn_came_late"
MIGRATED = "migrated"
"""Why nothing arrives in a group that has become a supergroup; the answer's result is which."""
JSON, PARTS = "application/json", "multipart/form-data"
OUT_OF_REACH = frozenset({"no_connection", "connection_lost", "server_error", "bad_answer"})
"""Reasons that say: that was not Telegram, or Telegram is down."""

PERMANENT = {
    "bot was blocked by the user": "blocked",
    "user is deactivated": "deactivated",
    "bot can't initiate conversation with a user": "never_started",
    "chat not found": "not_found",
    "private chat not found": "not_found",
    "can't send messages to the bot": "is_a_bot",
    "bot was kicked": "kicked",
    "bot is not a member": "kicked",
    "the group chat was deleted": "deleted",
}
"""Telegram's words for "this person cannot be reached", and our reason codes."""


class Fate(StrEnum):
    """What became of a call."""

    DONE = "done"
    UNREACHABLE = "unreachable"
    """Nothing will ever reach this person, until they come back."""
    REJECTED = "rejected"
    """This request is wrong and will stay wrong."""
    UNPARSABLE = "unparsable"
    """Telegram cannot read the HTML; plain text may pass."""
    BUSY = "busy"
    """Nothing was sent: Telegram wants a pause."""
    NOT_SENT = "not_sent"
    """Nothing was sent: no connection, or Telegram is down."""
    UNSURE = "unsure"
    """The connection broke after the request left: it may have arrived."""


@dataclass(frozen=True)
class Answer:
    """A fate, and what goes with it."""

    fate: Fate
    reason: str = ""
    retry_after: float = 0.0
    result: Any = None


NOT_TELEGRAM = Answer(Fate.NOT_SENT, "bad_answer")


class TokenRefusedError(Exception):
    """Telegram does not accept the token (any more)."""


@dataclass(frozen=True)
class Call:
    """What is asked of Telegram: a method and its fields, but for the chat that it is about.

    aiogram's methods check each field again for every reader, and look through the many that were
    not given: to build them and their answers costs twice what posting does
    (``docs/performance.md``).
    """

    method: str
    fields: Mapping[str, object] = field(default_factory=dict)
    """What is None is left out."""
    file: tuple[str, File] | None = None
    """The field that brings a file, and the file."""

    @cached_property
    def _inside(self) -> str:
        """What is posted, without its braces, written out once however many get it."""
        return json.dumps(self._given)[1:-1]

    @property
    def _given(self) -> dict[str, object]:
        return {name: value for name, value in self.fields.items() if value is not None}

    def written(self, more: Mapping[str, int]) -> tuple[bytes, str]:
        """Return what is posted, with these fields besides, and what kind of content that is."""
        if self.file is not None:
            return _in_parts({**self._given, **more}, *self.file)
        inside = filter(None, (self._inside, json.dumps(more)[1:-1]))
        return f"{{{', '.join(inside)}}}".encode(), JSON


def _in_parts(fields: Mapping[str, object], name: str, file: File) -> tuple[bytes, str]:
    """Return a form that brings a file."""
    assert isinstance(file.content, bytes)
    mark = secrets.token_hex(16)
    begin = f"--{mark}\r\nContent-Disposition: form-data; name="
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in fields.items()}
    parts = [f'{begin}"{key}"\r\n\r\n{text}\r\n'.encode() for key, text in texts.items()]
    shown = file.name.replace('"', "'")
    parts += [f'{begin}"{name}"; filename="{shown}"\r\n'.encode()]
    parts += [b"Content-Type: application/octet-stream\r\n\r\n", file.content]
    return b"".join([*parts, f"\r\n--{mark}--\r\n".encode()]), f"{PARTS}; boundary={mark}"


class Session(AiohttpSession):
    """aiogram's session: it knows where Telegram is, and keeps the connections."""

    def __init__(self, base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base), timeout=CALL_TIMEOUT)

    async def close(self) -> None:
        """Close the connections; only those with TLS need a moment to say goodbye."""
        if self.api.base.startswith("https:"):
            await super().close()
        elif self._session is not None:
            await self._session.close()


class Telegram:
    """The bot's mouth: every call goes through here, and through the limiter."""

    def __init__(self, bot: Bot, limiter: Limiter) -> None:
        self.bot, self.limiter = bot, limiter
        self._hushed: dict[int, float] = {}
        """In which chats an answer met a 429 of late, and when."""
        self._guess, self._guess_ends = 0.0, 0.0
        """How long the last pause was whose length we had to guess, and when it is over."""
        self.refused = asyncio.Event()
        """Set when Telegram refuses the token: nothing more can be said."""
        self.reachable = True
        """Whether the last call arrived anywhere."""
        self.fates: Counter[Fate] = Counter()
        self.floods = 0
        """How often Telegram has answered 429."""
        self.files = asyncio.Semaphore(FILES)
        """Room for files that go from one side to another, so that memory has a bound."""
        self.waited = 0.0
        """Seconds that calls have waited for their turn."""

    async def call(
        self,
        call: Call,
        *,
        chat_id: int | None = None,
        lane: Lane = Lane.REPLY,
        patience: float = math.inf,
        its_turn: bool = False,
        before: float = math.inf,
    ) -> Answer:
        """Make one attempt, in its lane; calls without a chat are not paced and pause nobody.

        Telegram may want an hour between two changes of a menu text: people are answered all
        the same. A pause longer than ``patience`` seconds is an answer, too: nothing is tried.
        Nor is anything when its turn comes after ``before`` (by the loop's clock): somebody else
        may have taken it over by then. ``its_turn`` says that it has waited for its turn already.
        """
        asked_at = monotonic()
        if chat_id is not None and not its_turn and not await self.turn(chat_id, lane, patience):
            return Answer(Fate.BUSY, "429", self.limiter.paused_for)
        self.waited += monotonic() - asked_at
        if its_turn and chat_id is not None and self.limiter.paused_for > patience:
            return Answer(Fate.BUSY, "429", self.limiter.paused_for)  # since it had its turn
        if asyncio.get_running_loop().time() > before:
            return Answer(Fate.BUSY, TOO_LATE)
        paid = self._is_paid(lane) and call.method.startswith("send")
        more = {} if chat_id is None else {"chat_id": chat_id}
        if paid:
            more["allow_paid_broadcast"] = True
        answer = await self._attempt(call, more)
        self.fates[answer.fate] += 1
        self.reachable = answer.reason not in OUT_OF_REACH
        if answer.fate == Fate.DONE and chat_id is not None:
            self._guess = 0.0
        if answer.fate == Fate.BUSY:
            if not answer.retry_after:
                answer = replace(answer, retry_after=self._guessed())
            self.floods += 1
            if chat_id is not None:
                self._hush(chat_id, lane, answer.retry_after, paid=paid)
        return answer

    async def _attempt(self, call: Call, more: Mapping[str, int]) -> Answer:
        session = cast("Session", self.bot.session)
        address = session.api.api_url(self.bot.token, call.method)
        content, kind = call.written(more)
        http = await session.create_session()
        try:
            async with http.post(
                address,
                data=BytesIO(content) if len(content) > LARGE else content,
                headers={"Content-Type": kind},
                timeout=PATIENCE,
                allow_redirects=False,  # nobody else is told what was meant for Telegram
            ) as response:
                status, told = response.status, await response.read()
        except (ClientConnectorError, ConnectionTimeoutError):
            return Answer(Fate.NOT_SENT, "no_connection")
        except (ClientError, TimeoutError):
            return Answer(Fate.UNSURE, "connection_lost")
        answer = _read(status, told)
        if status == HTTPStatus.UNAUTHORIZED and answer.fate == Fate.REJECTED:
            self.refused.set()
            raise TokenRefusedError
        return answer

    async def turn(self, chat_id: int, lane: Lane, patience: float = math.inf) -> bool:
        """Wait for the turn to say one message; False if Telegram wants a longer pause."""
        return await self.limiter.acquire(chat_id, lane, patience, paid=self._is_paid(lane))

    def _is_paid(self, lane: Lane) -> bool:
        """Say whether the operator pays for speed here: for what goes to many."""
        return self.limiter.is_paid and lane > Lane.SERVICE

    def _hush(self, chat_id: int, lane: Lane, seconds: float, *, paid: bool) -> None:
        """Be silent as Telegram wishes: in one chat, or everywhere.

        A group takes so much a minute, and that is about this group. A single person who presses
        too fast gets a 429 on an answer, and that is about their chat. What leaves by itself,
        or answers to several people at once, is about all of them.
        """
        if chat_id < 0:
            logger.warning("Telegram wants silence in one group for %.0f seconds", seconds)
            self.limiter.pause_chat(chat_id, seconds)
            return
        now = asyncio.get_running_loop().time()
        self._hushed[chat_id] = now
        self._hushed = {chat: at for chat, at in self._hushed.items() if now - at < SEVERAL_WITHIN}
        if lane > Lane.REPLY or len(self._hushed) >= SEVERAL:
            logger.warning("Telegram wants silence for %.0f seconds", seconds)
            self.limiter.pause(seconds, paid=paid)
        else:
            logger.warning("Telegram wants silence in one chat for %.0f seconds", seconds)
            self.limiter.pause_chat(chat_id, seconds)

    def _guessed(self) -> float:
        """Return how long to be silent if Telegram does not say; several 429s at once are one."""
        now = asyncio.get_running_loop().time()
        if now >= self._guess_ends:
            self._guess = min(self._guess * 2 or FIRST_PAUSE, LONGEST_PAUSE)
            self._guess_ends = now + self._guess
        return self._guess


def _read(status: int, content: bytes) -> Answer:
    """Say what an answer means: Telegram's, or that of whatever stands between it and us."""
    text = content.decode(errors="replace")  # a gateway's page may be in any charset
    try:
        told = json.loads(text)
    except ValueError:
        # Half an answer that began well means the message is there; an error page means not.
        is_begun = text.lstrip().startswith('{"ok":true')
        return Answer(Fate.UNSURE, "truncated") if is_begun else NOT_TELEGRAM
    if not isinstance(told, dict) or not isinstance(told.get("ok"), bool):
        return NOT_TELEGRAM
    if told["ok"] and HTTPStatus.OK <= status <= HTTPStatus.IM_USED:
        return Answer(Fate.DONE, result=told.get("result"))
    more = told.get("parameters")
    return _refusal(status, told.get("description"), more if isinstance(more, dict) else {})


def _refusal(status: int, words: object, more: Mapping[str, Any]) -> Answer:
    """Read a refusal by Telegram's words; the status alone says too little."""
    seconds = more.get("retry_after")
    if seconds and isinstance(seconds, int | float):
        return Answer(Fate.BUSY, "429", float(seconds))
    if isinstance(to := more.get("migrate_to_chat_id"), int):
        return Answer(Fate.REJECTED, MIGRATED, result=to)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Answer(Fate.REJECTED, "too_large")
    if not isinstance(words, str):  # Telegram always says why
        return Answer(Fate.UNSURE, "bad_answer")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(Fate.NOT_SENT, "server_error")
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        for telegrams_words, reason in PERMANENT.items():
            if telegrams_words in words:
                return Answer(Fate.UNREACHABLE, reason)
        if "can't parse entities" in words:
            return Answer(Fate.UNPARSABLE, "markup")
    elif status == HTTPStatus.TOO_MANY_REQUESTS or "Too Many Requests" in words:
        told = re.search(r"retry after (\d+)", words)
        return Answer(Fate.BUSY, "429", float(told[1]) if told else 0.0)
    return Answer(Fate.REJECTED, _short(words))


def _short(words: str) -> str:
    """Return Telegram's description, which names no person, cut to fit a reason."""
    return words.removeprefix("Bad Request: ").removeprefix("Forbidden: ")[:60]
