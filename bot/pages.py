"""Pages for those without Telegram, on the webhook's server: what stakeholders are asked.

They carry no cookie and no script, and are in any language of the catalogue. Whoever sends a lot
in a short time is asked to come back later; how much a link takes a day, the link says itself.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from time import monotonic

from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.database import Database
from community import consulting
from community.errors import LinkRefusedError, NotUnderstoodError
from locales import OFFERED, Translator, translator_for
from reports import consulting_page

logger = logging.getLogger("diwan.pages")

PATH = "/ask/{ref:[A-Za-z0-9_-]{1,16}}"
MOST, WITHIN = 30, 60.0
"""So many requests from one address in so many seconds; behind a proxy that is not named in
TRUSTED_PROXY all have one."""
REMEMBERED = 10_000
"""Addresses at most; then all are forgotten."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


Answer = Callable[[web.Request, str], Awaitable[web.Response]]


class Pages:
    """What is answered to a browser."""

    def __init__(
        self, database: Database, clock: Clock, address: Callable[[web.Request], str]
    ) -> None:
        self.database, self.clock, self._address = database, clock, address
        self._lately: dict[str, deque[float]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        return [web.get(PATH, self.show), web.post(PATH, self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """Show the form in the language that is asked for, else the link's."""
        return await self._answered(request, self._shown)

    async def take(self, request: web.Request) -> web.Response:
        """Keep what was filled in."""
        return await self._answered(request, self._taken)

    async def _answered(self, request: web.Request, answer: Answer) -> web.Response:
        asked = request.query.get("lang", "")
        _ = translator_for(asked if asked in OFFERED else "en")
        if self._is_too_often(request):
            return _html(consulting_page.gone(_), _, HTTPStatus.TOO_MANY_REQUESTS)
        try:
            return await answer(request, asked)
        except LinkRefusedError:
            return _html(consulting_page.gone(_), _, HTTPStatus.NOT_FOUND)
        except DBAPIError as error:
            logger.error("a page could not be shown: %s", type(error.orig).__name__)
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)

    async def _language(self, ref: str, asked: str) -> Translator:
        async with self.database.transaction() as session:
            link = await consulting.leading(session, ref)
        return translator_for(asked if asked in OFFERED else link.language)

    async def _shown(self, request: web.Request, asked: str) -> web.Response:
        _ = await self._language(request.match_info["ref"], asked)
        return _html(consulting_page.form(request.path, _), _)

    async def _taken(self, request: web.Request, asked: str) -> web.Response:
        ref = request.match_info["ref"]
        _ = await self._language(ref, asked)
        filled = await request.post()
        said: dict[str, list[str]] = {}
        for name, value in filled.items():
            if isinstance(value, str):
                said.setdefault(name, []).append(value)
        now = self.clock.now()
        try:
            async with self.database.transaction() as session:
                await consulting.take(session, ref, said, _.language, now)
        except NotUnderstoodError:
            page = consulting_page.form(request.path, _, is_empty=True)
            return _html(page, _, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _html(consulting_page.thanks(_), _)

    def _is_too_often(self, request: web.Request) -> bool:
        now, address = monotonic(), self._address(request)
        if len(self._lately) >= REMEMBERED:
            self._lately.clear()
        times = self._lately.setdefault(address, deque(maxlen=MOST))
        is_full = len(times) == MOST and now - times[0] < WITHIN
        if not is_full:
            times.append(now)
        return is_full


def _html(page: str, _: Translator, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    headers = {**HEADERS, "Content-Language": _.language}
    return web.Response(
        text=page, content_type="text/html", charset="utf-8", status=status, headers=headers
    )
