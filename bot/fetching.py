"""Files that people send, fetched outside any transaction because a conversation waits for one.

What is to go to somebody else is also made fit for that (``bot/passing.py``), and shown to its
sender as the other side will get it. So Telegram has a name for it, and nothing of it is kept
here. Whatever crashes before that name is written down begins again: then its sender is shown it
twice, and nothing is lost. Nothing else is ever fetched: pictures that were sent as such go on by
Telegram's name for them.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

from aiohttp import ClientError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import passing
from bot.passing import Fit
from bot.speaking import calls_of, name_in
from bot.telegram import PATIENCE, Call, Fate, Session, Telegram
from community import conversations, people
from community.arrivals import Arrival, Arriving
from community.errors import UnfitFileError
from community.exchanges import Attachment, FileKind
from handlers import FORMS, attachments
from handlers.forms import Attached, open_field
from handlers.replies import File, Message
from locales import negotiate, translator_for

logger = logging.getLogger("diwan.fetching")

MOST = 2**20
"""Bytes of the largest file that is fetched to be read: two thousand long texts."""
MOST_PASSED_ON = passing.MOST_BYTES
TRIES, PAUSE = 3, 2.0
"""How often it is tried, and the seconds between: whoever has sent it waits for the answer."""
WITHIN = 45.0
"""Seconds for all of it; as many again to show it to its sender."""


@dataclass(frozen=True)
class ToPassOn:
    """What else has to be known of a file that is to go to somebody else."""

    sender: int
    extension: str | None
    """What it is by its name; None if nothing of that kind is passed on."""
    shown: Message
    """What is said to its sender under the file as it will be passed on."""


@dataclass(frozen=True)
class Wanted:
    """A file that has to be there before an update can be carried out."""

    file_id: str
    size: int
    to_pass_on: ToPassOn | None = None


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
    asked = open_field(FORMS, conversation.data)
    size = file.get("file_size")
    wanted = Wanted(number, size if isinstance(size, int) else 0)
    if asked is not None and asked.relays and "animation" not in message:
        to_pass_on = await _to_pass_on(session, arrival.sender, file)
        return replace(wanted, to_pass_on=to_pass_on) if to_pass_on else None
    return wanted if asked is not None and asked.takes_file else None


async def _to_pass_on(session: AsyncSession, sender: int, file: dict[str, Any]) -> ToPassOn | None:
    person = await people.by_telegram_id(session, sender)
    if person is None:
        return None
    extension = passing.extension_of(*(str(file.get(k, "")) for k in ("file_name", "mime_type")))
    is_picture = extension in passing.PICTURES
    # Nobody is kept from it who has not chosen yet: then Telegram's word for it decides.
    _ = translator_for(person.language or negotiate(person.telegram_language))
    shown = attachments.copy(_, is_picture=is_picture)
    return ToPassOn(sender, extension, shown)


async def fetch(telegram: Telegram, file: Wanted) -> Attached:
    """Fetch a file, or say why not. What is too big is not even begun.

    Raises:
        TokenRefusedError: Telegram does not accept the token any more.
    """
    if file.to_pass_on is None:
        return await _content(telegram, file, MOST)
    if file.to_pass_on.extension is None:
        return Attached(problem="kind")
    async with telegram.files:
        return await _fit(telegram, file, file.to_pass_on, file.to_pass_on.extension)


async def _fit(telegram: Telegram, file: Wanted, to_pass_on: ToPassOn, extension: str) -> Attached:
    """Fetch a file that is to be passed on, make it fit, and show it to its sender."""
    attached = await _content(telegram, file, MOST_PASSED_ON)
    if attached.content is None:
        return attached
    try:
        fit = await asyncio.to_thread(passing.made_fit, extension, attached.content)
    except UnfitFileError as error:
        return Attached(problem=error.why)
    try:
        async with asyncio.timeout(WITHIN):
            return await _shown(telegram, fit, to_pass_on)
    except TimeoutError:
        return Attached(problem="away")


async def _shown(telegram: Telegram, fit: Fit, to_pass_on: ToPassOn) -> Attached:
    """Show a file to its sender as it will be passed on; return Telegram's name for it."""
    is_picture = fit.kind == FileKind.PHOTO
    file = File(f"file.{fit.extension}", fit.content, is_picture=is_picture)
    (call,) = calls_of(replace(to_pass_on.shown, file=file))
    for number in range(TRIES):
        if number:
            await asyncio.sleep(PAUSE)
        answer = await telegram.call(call, chat_id=to_pass_on.sender)
        if answer.fate == Fate.DONE and (file_id := name_in(answer, fit.kind)):
            extension = None if is_picture else fit.extension
            return Attached(fit=Attachment(fit.kind, file_id, extension=extension))
        if answer.fate in (Fate.REJECTED, Fate.UNREACHABLE):
            return Attached(problem="picture" if is_picture else "other")
    return Attached(problem="away")


async def _content(telegram: Telegram, file: Wanted, most: int) -> Attached:
    if file.size > most:
        return Attached(problem="too_big")
    try:
        async with asyncio.timeout(WITHIN):
            return await _fetch(telegram, file, most)
    except TimeoutError:
        return Attached(problem="away")


async def _fetch(telegram: Telegram, file: Wanted, most: int) -> Attached:
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
            content = await _download(telegram, path, most)
        except (ClientError, TimeoutError) as error:
            # Never the error itself: the address in it has the token.
            logger.warning("a file could not be fetched: %s", type(error).__name__)
            continue
        if content is None or (file.size and len(content) < file.size):
            continue
        return Attached(problem="too_big") if len(content) > most else Attached(content)
    return Attached(problem="away")


async def _download(telegram: Telegram, path: str, most: int) -> bytes | None:
    """Return what is at this path, no more than one byte too much; None if nothing is."""
    session = cast("Session", telegram.bot.session)
    address = session.api.file_url(telegram.bot.token, quote(path))
    http = await session.create_session()
    content = bytearray()
    async with http.get(address, timeout=PATIENCE, allow_redirects=False) as response:
        if response.status != HTTPStatus.OK:
            return None
        while len(content) <= most and (more := await response.content.read(most)):
            content += more
    return bytes(content)
