"""What an author wrote in another language, by a machine, for whoever has opened it.

Never by itself: a tap asks for it, it says that it is a machine's, and the original is one tap
away. Facts (when, where, what it costs) stand on the card they belong to, and come from fields.
"""

from functools import partial
from typing import Any

from aiogram import Router

from community import attendance, corrections, providers, sends
from community.base import find
from community.errors import NotFoundError
from community.sends import Send
from community.translations import Block, Fallback
from handlers import reading
from handlers.content import ByMachine, block_for
from handlers.replies import Message, Page, Replies, edit, lines, say


async def opened(query: Any, callback_data: ByMachine) -> Replies:
    """Show it under the words, which stay as they are; from then on in its own place."""
    how = say if callback_data.first else edit
    return [
        how(
            "by_machine",
            subject=callback_data.subject,
            ref=callback_data.ref,
            original=callback_data.original,
        )
    ]


async def card(page: Page, subject: str, ref: str, *, original: bool = False) -> Message | None:
    """Show every field by a machine, or as it was written."""
    block = await _block(page, subject, ref)
    if block is None:
        return None
    return await reading.in_one(partial(_card_of, page, subject, ref, block), original=original)


async def _card_of(page: Page, subject: str, ref: str, block: Block, original: bool) -> Message:
    shown = [
        await reading.read(page, words, block.language, original=original, private=False)
        for words in block.fields.values()
        if words
    ]
    notices = list(dict.fromkeys(one.notice for one in shown))
    # One notice for all of it; where fields differ, each says what it is.
    told = (
        [notices[0], *(one.quoted for one in shown)]
        if len(notices) == 1
        else [one.text for one in shown]
    )
    turned = ByMachine(subject=subject, ref=ref, original=not original, first=False)
    row = reading.switch(shown, turned, page._, original=original)
    return Message(lines(*told), [row], live=any(one.is_awaited for one in shown))


async def _block(page: Page, subject: str, ref: str) -> Block | None:
    """Return the words as this reader gets them; None where they are not theirs to open."""
    session = page.session
    if subject == "event":
        event = await attendance.visible(session, page.reader, ref, page.now)
        return await block_for(page, "event", event.id)
    if subject == "service":
        service = await find(session, providers.Service, ref)
        return await block_for(page, "service", service.id)
    if subject != "newsletter":
        raise NotFoundError(subject)
    send = await find(session, Send, ref)
    if not await corrections.may_open(session, page.reader, send, page.now):
        raise NotFoundError(subject)
    current = await sends.current(session, send)
    if current is None:
        return None
    shelf = await sends.shelf(session, current)
    return shelf.choose(page.reads, page.network.language, Fallback.NETWORK)


CARDS = {"by_machine": card}


def setup() -> Router:
    """Take the button under what is in another language."""
    router = Router(name="by machine")
    router.callback_query.register(opened, ByMachine.filter())
    return router
