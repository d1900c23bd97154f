"""Newsletters as members get them, put right or taken back; the latest for whoever asks."""

from dataclasses import replace
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext

from community import corrections, sends
from community.base import find
from community.events import Event
from community.sends import Send
from community.topics import Topic
from community.translations import Block, Fallback
from handlers import menu, topics
from handlers.attendance import event_card
from handlers.content import authored, block_for
from handlers.replies import Message, Page, Replies, alike, lines, say
from locales import Html


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /news."""
    await state.clear()
    return [say("news.latest")]


def words_of(page: Page, block: Block) -> Html:
    """Return title and text, as the author wrote them."""
    title = Html("<b>") + block.get("title") + Html("</b>")
    return authored(page, block, lines(title, "", block.get("body")))


@alike
async def newsletter(page: Page, ref: str) -> Message | None:
    """Bring a newsletter, in the language its author's rule gives this reader."""
    send = await corrections.current(page.session, await find(page.session, Send, ref))
    if send is None or send.state == sends.State.CANCELLED:
        return None
    return await as_written(page, send)


async def as_written(page: Page, send: Send) -> Message | None:
    """Return a newsletter's words, or its correction's, as this reader gets them."""
    shelf = await sends.shelf(page.session, send)
    block = shelf.choose(page._.language, page.network.language, Fallback(send.fallback))
    if block is None:
        return None
    notice = page._("✏️ Corrected:") if send.of_id is not None else None
    text = lines(notice, words_of(page, block))
    return Message(text, [[topics.button(Topic.NEWSLETTERS, page._)]])


@alike
async def recalled(page: Page, ref: str) -> Message:
    """Stand in the place of what has been taken back."""
    return Message(page._("↩️ The team has taken this message back. Please take no notice of it."))


async def corrected(page: Page, ref: str) -> Message | None:
    """Stand in the place of what was not right: the words, or the event, as they are now."""
    send = await find(page.session, Send, ref)
    first = await page.session.get_one(Send, send.of_id)
    if await corrections.current(page.session, first) is None:
        return None  # taken back meanwhile
    if send.event_id is None:
        return await as_written(page, send)
    event = await page.session.get_one(Event, send.event_id)
    shown = await event_card(page, event.ref)
    if shown is None:
        return None
    return replace(shown, text=lines(page._("✏️ Corrected:"), shown.text))


async def latest(page: Page) -> Message:
    """Show the newest newsletter to somebody who asks for it."""
    _ = page._
    send = await corrections.latest_newsletter(page.session)
    block = await block_for(page, "newsletter", send.id) if send else None
    if block is None:
        return Message(_("There is no newsletter yet."), [[menu.button(_)]])
    return Message(words_of(page, block), [[menu.button(_)]])


CARDS = {
    "newsletter": newsletter,
    "correction": corrected,
    "recall": recalled,
    "news.latest": latest,
}


def setup() -> Router:
    """Take /news."""
    router = Router(name="news")
    router.message.register(command, Command("news"))
    return router
