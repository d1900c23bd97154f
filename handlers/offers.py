"""What support organisations offer, as members get it; one tap ends those about one need."""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import sends, topics
from community.base import find
from community.needs import Need
from community.people import Person
from community.sends import Send
from community.topics import Topic
from handlers import words
from handlers.content import by_machine, lettered, please
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.supporters import name_of, of_organization
from handlers.topics import AboutNeed, Turn
from handlers.topics import button as no_more
from locales import Html


async def turned(
    query: Any, callback_data: AboutNeed, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn offers about one need off or on."""
    if callback_data.need not in [*Need]:
        return [toast("old_button")]
    need, on = Need(callback_data.need), callback_data.on
    await topics.turn_offers(session, person, need, now, on=on)
    if on:
        return [edit("topics")]
    return [toast("topic.ended"), say("offer.ended", need=need)]


def heading(page: Page, organization: str) -> Html:
    """Say whose offer it is."""
    return page._("🤝 {organization} offers:", organization=organization)


async def offer(page: Page, ref: str) -> Message | None:
    """Bring an offer that the team has approved, to who still looks for what it is about."""
    send = await find(page.session, Send, ref)
    if sends.need_of(send) in await topics.muted_offers(page.session, page.reader):
        return None
    if await sends.current(page.session, send) is None or send.approved_by_id is None:
        return None
    return await as_written(page, send)


async def as_written(page: Page, send: Send) -> Message:
    """Return an offer as its readers get it."""
    _ = page._
    assert send.organization_id is not None
    block = (await sends.shelf(page.session, send)).choose(page.reads, page.network.language)
    assert block is not None, "the author's own language is always there"
    need = sends.need_of(send)
    name = await name_of(page, send.organization_id)
    about = words.need(need, _)
    rows = [
        *await of_organization(page, send.organization_id, need),
        by_machine(page, "newsletter", send.ref, block),
        await please(page, "newsletter", send.ref, send.id, block),
        [
            Button(
                _.label("button", "🔕 No offers about: {need}", need=about), AboutNeed(need=need)
            )
        ],
        [no_more(Topic.OFFERS, _)],
    ]
    return Message(lines(heading(page, name), "", lettered(page, block)), rows)


async def ended(page: Page, need: str) -> Message:
    """Confirm, so that it can be taken back."""
    _ = page._
    told = _("You get no more offers about this: {need}", need=words.need(Need(need), _))
    return Message(told, [[Button(_.label("button", "What reaches me"), Turn())]])


CARDS = {"offer": offer, "offer.ended": ended}


def setup() -> Router:
    """Take the taps that end offers about one need, and bring them back."""
    router = Router(name="offers")
    router.callback_query.register(turned, AboutNeed.filter())
    return router
