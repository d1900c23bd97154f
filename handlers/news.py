"""Newsletters as members get them, and the latest one for whoever asks."""

from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext

from community import sends
from community.base import find
from community.sends import Send
from community.topics import Topic
from community.translations import Block, Fallback
from handlers import menu, topics
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
    send = await find(page.session, Send, ref)
    if send.state == sends.State.CANCELLED:
        return None
    shelf = await sends.shelf(page.session, send)
    block = shelf.choose(page._.language, page.network.language, Fallback(send.fallback))
    if block is None:
        return None
    return Message(words_of(page, block), [[topics.button(Topic.NEWSLETTERS, page._)]])


async def latest(page: Page) -> Message:
    """Show the newest newsletter to somebody who asks for it."""
    _ = page._
    send = await sends.latest_newsletter(page.session)
    block = await block_for(page, "newsletter", send.id) if send else None
    if block is None:
        return Message(_("There is no newsletter yet."), [[menu.button(_)]])
    return Message(words_of(page, block), [[menu.button(_)]])


CARDS = {"newsletter": newsletter, "news.latest": latest}


def setup() -> Router:
    """Take /news."""
    router = Router(name="news")
    router.message.register(command, Command("news"))
    return router
