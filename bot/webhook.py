"""Telegram brings the updates: a server that takes nothing without the secret.

An update is answered with 200 once it is in the inbox, and with 503 while the database is away:
Telegram keeps it and brings it again. Any number of processes may listen behind one address.
"""

import asyncio
import hmac
import json
import logging
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.database import Database
from bot.listening import listen
from bot.pages import Pages
from bot.receiving import ALLOWED, Receiver, has_number
from bot.settings import Settings
from bot.telegram import Call, Fate, Telegram

logger = logging.getLogger("diwan.webhook")

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LIMIT = 2**20
"""Bytes of the largest update that is read; Telegram's are far smaller."""
CONNECTIONS = 40
LOOK_EVERY = 60.0
FAILS_FOR = timedelta(seconds=150)
"""Telegram tries again after two minutes at most: an error that old is over."""
BACKLOG = 100
"""So many updates that Telegram could not bring yet are worth a word."""
COMPLAIN_EVERY = 60.0
"""Seconds between two lines about requests without the secret: they may come in thousands."""


class WebhookSetError(Exception):
    """A webhook is set, and nobody has said that it may be taken away."""


class Webhook:
    """The server, and what Telegram says about how it fares."""

    def __init__(
        self,
        settings: Settings,
        receiver: Receiver,
        telegram: Telegram,
        clock: Clock,
        database: Database,
    ) -> None:
        assert settings.webhook_url is not None
        assert settings.webhook_secret is not None
        self.settings, self.receiver, self.telegram, self.clock = (
            settings,
            receiver,
            telegram,
            clock,
        )
        self.url = settings.webhook_url
        self._secret = settings.webhook_secret.get_secret_value()
        self._proxy = ip_network(settings.trusted_proxy) if settings.trusted_proxy else None
        self._pages = Pages(database, clock, self._from)
        self._runner: web.AppRunner | None = None
        # The inbox is read on by number: a row that commits late must not be passed over.
        self._one_by_one = asyncio.Lock()
        self._is_set = False
        self._complained = -COMPLAIN_EVERY
        self.answers: Counter[int] = Counter()
        """How many requests were answered with which status."""
        self.pending = 0
        """How many updates Telegram still keeps for us, at the last look."""
        self.problem = ""
        """What was wrong at the last look: ``not_set`` ``taken_away`` ``failing`` ``backlog``."""

    async def start(self) -> None:
        """Listen; only then tell Telegram where.

        Raises:
            CannotListenError: the port is taken.
        """
        application = web.Application(client_max_size=LIMIT, middlewares=[self._counted])
        application.router.add_post(urlsplit(self.url).path, self._take)
        application.router.add_routes(self._pages.routes())
        settings = self.settings
        self._runner = await listen(application, settings.web_host, settings.web_port, "WEB_PORT")

    async def stop(self) -> None:
        """Take nothing more; answer what has begun. Telegram keeps the rest for the next start."""
        if self._runner is not None:
            await self._runner.cleanup()

    # Taking

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as answer:
            self.answers[answer.status] += 1
            raise
        self.answers[response.status] += 1
        return response

    async def _take(self, request: web.Request) -> web.Response:
        if not self._knows_the_secret(request):
            self._complain(request)
            return _answer(HTTPStatus.FORBIDDEN)
        update = await _read(request)
        if update is None:
            return _answer(HTTPStatus.BAD_REQUEST)
        try:
            async with self._one_by_one:
                await self.receiver.take_in([update])
        except DBAPIError as error:
            self.receiver.takes_in = False
            logger.error("the inbox takes nothing: %s", type(error.orig).__name__)
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
        self.receiver.takes_in = True
        return _answer(HTTPStatus.OK)

    def _knows_the_secret(self, request: web.Request) -> bool:
        shown = request.headers.get(HEADER, "")
        return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), self._secret.encode())

    def _complain(self, request: web.Request) -> None:
        if monotonic() - self._complained >= COMPLAIN_EVERY:
            self._complained = monotonic()
            logger.warning(
                "a request without the secret was refused; from %s", self._from(request)
            )

    def _from(self, request: web.Request) -> str:
        """Return who asks: the peer, or whom the trusted proxy names last.

        Nobody else is believed: anybody can write that header.
        """
        address = request.remote or "?"
        named = request.headers.get("X-Forwarded-For", "").split(",")
        while named and self._is_proxy(address):
            address = named.pop().strip()
        return address if _is_address(address) else "?"

    def _is_proxy(self, address: str) -> bool:
        return (
            self._proxy is not None and _is_address(address) and ip_address(address) in self._proxy
        )

    # Looking after it

    async def watch(self) -> None:
        """Tell Telegram where we listen, and look every minute whether that holds."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY if self._is_set else 1.0)

    async def look(self) -> None:
        """Ask Telegram how the webhook fares; set it again if somebody has changed it."""
        if not self._is_set:
            self._is_set = await self._set()
            return
        answer = await self.telegram.call(Call("getWebhookInfo"))
        if answer.fate != Fate.DONE:
            return  # that Telegram cannot be asked is another matter, and seen elsewhere
        told = answer.result
        self.pending = int(told.get("pending_update_count", 0))
        before, self.problem = self.problem, self._judge(told, self.clock.now())
        if self.problem and self.problem != before:
            logger.error("webhook: %s (%d updates wait)", self.problem, self.pending)
        if self.problem == "taken_away":
            await self._set()

    def _judge(self, told: dict[str, Any], now: datetime) -> str:
        if told.get("url") != self.url:
            return "taken_away"
        failed_at = told.get("last_error_date", 0)
        if self.pending and now.timestamp() - failed_at < FAILS_FOR.total_seconds():
            return "failing"
        return "backlog" if self.pending >= BACKLOG else ""

    async def _set(self) -> bool:
        fields = {
            "url": self.url,
            "secret_token": self._secret,
            "allowed_updates": ALLOWED,
            "max_connections": CONNECTIONS,
            "drop_pending_updates": False,  # never: what people said meanwhile waits there
        }
        answer = await self.telegram.call(Call("setWebhook", fields))
        if answer.fate != Fate.DONE:
            self.problem = "not_set"
            logger.error("the webhook could not be set: %s", answer.reason)
            return False
        self.problem = "" if self.problem == "not_set" else self.problem
        return True


async def do_without(telegram: Telegram, *, on_purpose: bool) -> None:
    """Take a webhook away that would keep us from polling; what waits there is kept.

    Raises:
        WebhookSetError: there is one, and nobody has said that it may go: perhaps it is in use.
    """
    info = await telegram.call(Call("getWebhookInfo"))
    if not isinstance(info.result, dict) or not info.result.get("url"):
        return
    if not on_purpose:
        raise WebhookSetError
    answer = await telegram.call(Call("deleteWebhook", {"drop_pending_updates": False}))
    logger.warning("a webhook was set; taken away, to poll: %s", answer.fate)


def _answer(status: HTTPStatus) -> web.Response:
    return web.Response(status=status)


async def _read(request: web.Request) -> dict[str, Any] | None:
    """Return the update in a request; None if there is none in it."""
    if request.content_type != "application/json":
        return None
    try:
        update = json.loads((await request.read()).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return update if has_number(update) else None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
