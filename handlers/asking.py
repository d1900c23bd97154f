"""Asking the translators for a text, and the message that says that it is there."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import asking, sends, translations
from community.asking import Came
from community.attendance import visible
from community.base import find
from community.people import Person
from community.posts import Post
from community.providers import Service, steps
from community.sends import Send
from community.translations import Block, Fallback
from handlers import attendance, news, post_notices, support
from handlers.content import Please, block_for
from handlers.replies import Message, Page, Replies, lines, toast
from locales import Translator, language_name


async def asked(
    query: Any,
    callback_data: Please,
    session: AsyncSession,
    person: Person,
    now: datetime,
    _: Translator,
) -> Replies:
    """Keep that this person asks for it; the button goes."""
    subject, ref = callback_data.subject, callback_data.ref
    came = await asking.ask(session, person, subject, ref, _.language, now)
    said = toast("asking.said", came=came)
    if subject == "newsletter" and (await find(session, Send, ref)).picture is not None:
        return [said]  # under a picture, words cannot be changed into others
    return [callback_data.card(), said]


async def said_card(page: Page, came: str) -> Message:
    """Say what came of it, in a few words."""
    _ = page._
    return Message(
        {
            Came.ASKED: _.label("toast", "Thank you. We have asked the translators."),
            Came.ALREADY: _.label("toast", "You have asked for this already. Thank you!"),
            Came.THERE: _.label("toast", "This is there in your language now."),
        }[Came(came)]
    )


async def translated(page: Page, subject: str, ref: str) -> Message | None:
    """Tell whoever asked that it is there: the thing itself, in their language.

    Nothing, if it is over or out of date by now, or they read another language.
    """
    shown = await _shown(page, subject, ref)
    if shown is None:
        return None
    _ = page._
    language = language_name(_.language, _)
    told = _("🌐 You asked for this in your language ({language}): here it is.", language=language)
    return replace(shown, text=lines(told, "", shown.text))


async def _shown(page: Page, subject: str, ref: str) -> Message | None:
    session = page.session
    if subject == "event":
        event = await visible(session, page.reader, ref, page.now)
        if not asking.takes_requests(event, page.now):
            return None
        if not _are_own(await block_for(page, "event", event.id)):
            return None
        return await attendance.event_card(page, ref)
    if subject == "service":
        service = await find(session, Service, ref)
        ids = [step.id for step in await steps(session, service)]
        told = await translations.blocks(session, "step", ids, page.reads, page.network.language)
        if not service.is_open or not _are_own(
            await block_for(page, "service", service.id), *told.values()
        ):
            return None
        return await support.service_card(page, ref)
    if subject == "post":
        post = await find(session, Post, ref)
        if not _are_own(await block_for(page, "post", post.id)):
            return None
        return await post_notices.announced(page, ref)
    send = await sends.current(session, await find(session, Send, ref))
    if send is None or send.state == sends.State.CANCELLED:
        return None
    shelf = await sends.shelf(session, send)
    if not _are_own(shelf.choose(page.reads, page.network.language, Fallback.NETWORK)):
        return None
    return await news.as_written(page, send, Fallback.NETWORK)


def _are_own(*blocks: Block | None) -> bool:
    return all(block is not None and block.is_own for block in blocks)


CARDS = {"asking.said": said_card, asking.TOLD: translated}


def setup() -> Router:
    """Take the button that asks the translators."""
    router = Router(name="asking")
    router.callback_query.register(asked, Please.filter())
    return router
