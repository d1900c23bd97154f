"""Newsletters as members get them, put right or taken back; the latest for whoever asks."""

from dataclasses import replace
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext

from community import corrections, sends
from community.base import find
from community.errors import NotFoundError
from community.events import Event
from community.sends import Send
from community.topics import Topic
from community.translations import Block, Fallback
from handlers import listening, menu, offers, pictures, reactions, told_back, topics, votes
from handlers.attendance import event_card
from handlers.content import by_machine, lettered, please
from handlers.replies import Button, Message, NotYetError, Page, Replies, alike, lines, say
from locales import Html


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /news."""
    await state.clear()
    return [say("news.latest")]


@alike
async def newsletter(page: Page, ref: str) -> Message | None:
    """Bring a newsletter, in the language its author's rule gives this reader."""
    send = await sends.current(page.session, await find(page.session, Send, ref))
    if send is None or send.state == sends.State.CANCELLED:
        return None
    message = await as_written(page, send, for_all=True)
    if message is None and send.fallback == Fallback.WAIT:
        raise NotYetError
    return message


async def as_written(
    page: Page, send: Send, rule: Fallback | None = None, *, for_all: bool = False
) -> Message | None:
    """Return a newsletter's words, its correction's, or an offer, as this reader gets them.

    ``rule`` stands in for the author's. ``for_all``: it says the same to all who read alike, so
    that the translators can be asked by those, too, who have asked already.
    """
    if send.kind == sends.Kind.OFFER:
        return await offers.as_written(page, send)
    shelf = await sends.shelf(page.session, send)
    rule = rule or Fallback(send.fallback)
    block = shelf.choose(page.reads, page.network.language, rule)
    if block is None:
        return None
    notice = page._("✏️ Corrected:") if send.of_id is not None else None
    return await _lettered(page, send, block, notice, for_all=for_all)


async def _lettered(
    page: Page, send: Send, block: Block, notice: Html | None = None, *, for_all: bool = False
) -> Message:
    """Return a newsletter in these words, with its vote and what can be said of it."""
    asked, answers = await votes.part(page, send, block, for_all=for_all)
    text = lines(notice, lettered(page, block), *pictures.in_words(page, block), *asked)
    rows = [
        *answers,
        *await reactions.rows(page, send, for_all=for_all),
        await listening.of_send(page, send, block),
        by_machine(page, "newsletter", send.ref, block),
        await _please(page, send, block, for_all=for_all),
        [topics.button(Topic.NEWSLETTERS, page._)],
    ]
    return Message(text, rows, file=pictures.file_of(send, page))


async def _please(page: Page, send: Send, block: Block, *, for_all: bool) -> list[Button]:
    first = await sends.first_of(page.session, send)
    if first.kind != sends.Kind.NEWSLETTER:
        return []
    return await please(page, "newsletter", send.ref, first.id, block, for_all=for_all)


async def again(page: Page, ref: str) -> Message | None:
    """Show a newsletter in its place, as it is for this reader now."""
    send = await find(page.session, Send, ref)
    if not await corrections.may_open(page.session, page.reader, send, page.now):
        raise NotFoundError("Send")
    current = await sends.current(page.session, await sends.first_of(page.session, send))
    if current is None:
        return await recalled(page, ref)
    return await as_written(page, current, Fallback.NETWORK)


@alike
async def recalled(page: Page, ref: str) -> Message:
    """Stand in the place of what has been taken back."""
    return Message(page._("↩️ The team has taken this message back. Please take no notice of it."))


async def corrected(page: Page, ref: str) -> Message | None:
    """Stand in the place of what was not right: the words, or the event, as they are now."""
    send = await find(page.session, Send, ref)
    first = await page.session.get_one(Send, send.of_id)
    if await sends.current(page.session, first) is None:
        return None  # taken back meanwhile
    if send.event_id is None:
        # A copy that is wrong stands nowhere, whatever the rule for a missing language.
        return await as_written(page, send, Fallback.NETWORK)
    event = await page.session.get_one(Event, send.event_id)
    shown = await event_card(page, event.ref)
    if shown is None:
        return None
    shelf = await sends.shelf(page.session, send)
    block = shelf.choose(page.reads, page.network.language)
    text = lines(page._("✏️ Corrected:"), shown.text, *pictures.in_words(page, block))
    return replace(shown, text=text, file=pictures.file_of(send))


async def latest(page: Page) -> Message:
    """Show the newest newsletter to somebody who asks for it."""
    _ = page._
    send = await corrections.latest_newsletter(page.session)
    shelf = await sends.shelf(page.session, send) if send else None
    block = shelf.choose(page.reads, page.network.language) if shelf else None
    back = await told_back.way(page)
    if send is None or block is None:
        return Message(_("There is no newsletter yet."), [back, [menu.button(_)]])
    shown = await _lettered(page, send, block)
    return replace(shown, rows=[*shown.rows[:-1], back, [menu.button(_)]])


CARDS = {
    "newsletter": newsletter,
    "correction": corrected,
    "recall": recalled,
    "news.latest": latest,
    "news.again": again,
}


def setup() -> Router:
    """Take /news."""
    router = Router(name="news")
    router.message.register(command, Command("news"))
    return router
