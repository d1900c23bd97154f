"""Files that people send to a conversation that waits for one, fetched outside any transaction.

Nothing else is ever fetched: pictures go on by Telegram's name for them.
"""

import asyncio
import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import quote

from aiohttp import ClientError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.telegram import PATIENCE, Call, Fate, Session, Telegram
from community import conversations
from community.arrivals import Arrival, Arriving
from handlers import FORMS
from handlers.forms import Attached, waits_for_file

logger = logging.getLogger("diwan.fetching")

MOST = 2**20
"""Bytes of the largest file that is fetched: two thousand long texts."""
TRIES, PAUSE = 3, 2.0
"""How often it is tried, and the seconds between: whoever has sent it waits for the answer."""
WITHIN = 45.0
"""Seconds for all of it."""


@dataclass(frozen=True)
class Wanted:
    """A file that has to be there before an update can be carried out."""

    file_id: str
    size: int


async def wanted(session: AsyncSession, arrival: Arrival) -> Wanted | None:
    """Return which file an update brings, if its sender's conversation waits for one."""
    is_new = arrival.state == Arriving.WAITING and arrival.body is not None
    if not is_new or arrival.sender is None or '"document"' not in (arrival.body or ""):
        return None
    message = json.loads(arrival.body or "{}").get("message")
    file = message.get("document") if isinstance(message, dict) else None
    if not isinstance(file, dict) or not isinstance(number := file.get("file_id"), str):
        return None
    conversation = await conversations.of(session, arrival.sender)
    if conversation is None or conversation.state is None:
        return None
    if not waits_for_file(FORMS, conversation.data):
        return None
    size = file.get("file_size")
    return Wanted(number, size if isinstance(size, int) else 0)


async def fetch(telegram: Telegram, file: Wanted) -> Attached:
    """Fetch a file, or say why not. What is too big is not even begun.

    Raises:
        TokenRefusedError: Telegram does not accept the token any more.
    """
    if file.size > MOST:
        return Attached(None, "too_big")
    try:
        async with asyncio.timeout(WITHIN):
            return await _fetch(telegram, file)
    except TimeoutError:
        return Attached(None, "away")


async def _fetch(telegram: Telegram, file: Wanted) -> Attached:
    for number in range(TRIES):
        if number:
            await asyncio.sleep(PAUSE)
        answer = await telegram.call(Call("getFile", {"file_id": file.file_id}))
        if answer.fate == Fate.REJECTED:
            break
        path = answer.result.get("file_path") if isinstance(answer.result, dict) else None
        if answer.fate != Fate.DONE or not isinstance(path, str):
            continue
        try:
            content = await _download(telegram, path)
        except (ClientError, TimeoutError) as error:
            # Never the error itself: the address in it has the token.
            logger.warning("a file could not be fetched: %s", type(error).__name__)
            continue
        if content is None or (file.size and len(content) < file.size):
            continue
        return Attached(None, "too_big") if len(content) > MOST else Attached(content)
    return Attached(None, "away")


async def _download(telegram: Telegram, path: str) -> bytes | None:
    """Return what is at this path, no more than one byte too much; None if nothing is."""
    session = cast("Session", telegram.bot.session)
    address = session.api.file_url(telegram.bot.token, quote(path))
    http = await session.create_session()
    content = b""
    async with http.get(address, timeout=PATIENCE, allow_redirects=False) as response:
        if response.status != HTTPStatus.OK:
            return None
        while len(content) <= MOST and (more := await response.content.read(MOST)):
            content += more
    return content
