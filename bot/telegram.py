"""The way to Telegram: one call, paced, and what its answer means.

Telegram has no idempotency key. A call ends in one of a few fates, and the caller's crash policy
says what follows from each.
"""

import asyncio
import logging
import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from time import monotonic
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.types import InputFile
from aiohttp import ClientConnectorError, ClientTimeout, ConnectionTimeoutError, FormData

from bot.limiter import Limiter
from community.policy import Lane

logger = logging.getLogger("diwan.telegram")

CALL_TIMEOUT = ClientTimeout(total=35, sock_connect=5)
"""Seconds for one call. A connection that takes longer than five is none: nothing was sent."""
DEFAULT_PAUSE = 5.0
"""Seconds of silence after a 429 that does not say how long."""

SEVERAL, SEVERAL_WITHIN = 3, 10.0
"""Answers in so many chats that meet a 429 within so many seconds are a 429 for all of us."""
TOO_LATE = "turn_came_late"
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


class TokenRefusedError(Exception):
    """Telegram does not accept the token (any more)."""


class Session(AiohttpSession):
    """aiogram's session; a good answer's result stays the JSON that it is.

    Of a message that has been sent only the number is read: to build the whole of it again costs
    a third of sending it (``docs/performance.md``).
    """

    def __init__(self, base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base))
        self.timeout = CALL_TIMEOUT  # type: ignore[assignment]  # aiohttp takes it as it is

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> FormData:
        """Return what is posted: the fields that were given, and none of the many that were not.

        aiogram looks at each of them for every message, which is a fifth of sending one.
        """
        form = FormData(quote_fields=False)
        files: dict[str, InputFile] = {}
        for field in method.model_fields_set:
            value = self.prepare_value(getattr(method, field), bot=bot, files=files)
            if value is not None:
                form.add_field(field, value)
        for name, file in files.items():
            form.add_field(name, file.read(bot), filename=file.filename or name)
        return form

    async def close(self) -> None:
        """Close the connections; only those with TLS need a moment to say goodbye."""
        if self.api.base.startswith("https:"):
            await super().close()
        elif self._session is not None:
            await self._session.close()

    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        """Return the result as it came, or raise what aiogram raises."""
        if status_code == HTTPStatus.OK:
            try:
                answer = self.json_loads(content)
            except ValueError as error:
                raise ClientDecodeError("Failed to decode object", error, content) from error
            if isinstance(answer, dict) and answer.get("ok") is True and "result" in answer:
                return Response[Any].model_construct(ok=True, result=answer["result"])
        return super().check_response(bot, method, status_code, content)


class Telegram:
    """The bot's mouth: every call goes through here, and through the limiter."""

    def __init__(self, bot: Bot, limiter: Limiter) -> None:
        self.bot, self.limiter = bot, limiter
        self._hushed: dict[int, float] = {}
        """In which chats an answer met a 429 of late, and when."""
        self.refused = asyncio.Event()
        """Set when Telegram refuses the token: nothing more can be said."""
        self.reachable = True
        """Whether the last call arrived anywhere."""
        self.fates: Counter[Fate] = Counter()
        self.floods = 0
        """How often Telegram has answered 429."""
        self.waited = 0.0
        """Seconds that calls have waited for their turn."""

    async def call(
        self,
        method: TelegramMethod[Any],
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
        if asyncio.get_running_loop().time() > before:
            return Answer(Fate.BUSY, TOO_LATE)
        paid = self._is_paid(lane) and "allow_paid_broadcast" in type(method).model_fields
        if paid:
            method = method.model_copy(update={"allow_paid_broadcast": True})
        answer = await self._attempt(method)
        self.fates[answer.fate] += 1
        self.reachable = answer.reason not in OUT_OF_REACH
        if answer.fate == Fate.BUSY:
            self.floods += 1
            if chat_id is not None:
                self._hush(chat_id, lane, answer.retry_after, paid=paid)
        return answer

    async def _attempt(self, method: TelegramMethod[Any]) -> Answer:
        try:
            return Answer(Fate.DONE, result=await self.bot(method))
        except TelegramAPIError as error:
            return self._read(error)
        except UnicodeDecodeError:  # what stands between Telegram and us has answered
            return Answer(Fate.UNSURE, "bad_answer")
        except ClientDecodeError as error:
            # Half an answer that began well means the message is there; an error page means not.
            if str(error.data).lstrip().startswith('{"ok":true'):
                return Answer(Fate.UNSURE, "truncated")
            return Answer(Fate.NOT_SENT, "bad_answer")

    async def turn(self, chat_id: int, lane: Lane, patience: float = math.inf) -> bool:
        """Wait for the turn to say one message; False if Telegram wants a longer pause."""
        return await self.limiter.acquire(chat_id, lane, patience, paid=self._is_paid(lane))

    def _is_paid(self, lane: Lane) -> bool:
        """Say whether the operator pays for speed here: for what goes to many."""
        return self.limiter.is_paid and lane > Lane.SERVICE

    def _hush(self, chat_id: int, lane: Lane, seconds: float, *, paid: bool) -> None:
        """Be silent as Telegram wishes: in one chat, or everywhere.

        A single person who presses too fast gets a 429 on an answer, and that is about their
        chat. What leaves by itself, or answers to several people at once, is about all of them.
        """
        now = asyncio.get_running_loop().time()
        self._hushed[chat_id] = now
        self._hushed = {chat: at for chat, at in self._hushed.items() if now - at < SEVERAL_WITHIN}
        if lane > Lane.REPLY or len(self._hushed) >= SEVERAL:
            logger.warning("Telegram wants silence for %.0f seconds", seconds)
            self.limiter.pause(seconds, paid=paid)
        else:
            logger.warning("Telegram wants silence in one chat for %.0f seconds", seconds)
            self.limiter.pause_chat(chat_id, seconds)

    def _read(self, error: TelegramAPIError) -> Answer:
        if isinstance(error, TelegramRetryAfter):
            return Answer(Fate.BUSY, "429", float(error.retry_after))
        if isinstance(error, TelegramUnauthorizedError):
            self.refused.set()
            raise TokenRefusedError from None
        if isinstance(error, TelegramEntityTooLarge):  # to aiogram a kind of network error
            return Answer(Fate.REJECTED, "too_large")
        if isinstance(error, TelegramNetworkError):
            if isinstance(error.__cause__, ClientConnectorError | ConnectionTimeoutError):
                return Answer(Fate.NOT_SENT, "no_connection")
            return Answer(Fate.UNSURE, "connection_lost")
        if isinstance(error, TelegramServerError):
            return Answer(Fate.NOT_SENT, "server_error")
        if isinstance(error, TelegramMigrateToChat):  # a group: we write to none
            return Answer(Fate.REJECTED, "migrated")
        return _refusal(error)


def _refusal(error: TelegramAPIError) -> Answer:
    """Read a refusal by Telegram's words; the status alone says too little."""
    words = error.message or ""
    if isinstance(error, TelegramForbiddenError | TelegramBadRequest | TelegramNotFound):
        for telegrams_words, reason in PERMANENT.items():
            if telegrams_words in words:
                return Answer(Fate.UNREACHABLE, reason)
        if "can't parse entities" in words:
            return Answer(Fate.UNPARSABLE, "markup")
    elif "Too Many Requests" in words:
        return Answer(Fate.BUSY, "429", DEFAULT_PAUSE)
    return Answer(Fate.REJECTED, _short(words))


def _short(words: str) -> str:
    """Return Telegram's description, which names no person, cut to fit a reason."""
    return words.removeprefix("Bad Request: ").removeprefix("Forbidden: ")[:60]
