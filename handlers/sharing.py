"""What members and the team pass on: the network, an event, a lesson; as a card, or on paper.

A card is forwarded as it is, so it carries a link and no buttons of ours, and nothing about
anybody: of an event neither its address nor who goes or speaks.
"""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, lessons
from community.errors import NotFoundError
from community.lessons import SUBJECT, TITLE
from community.people import Person
from handlers import menu
from handlers.attendance import facts, heading
from handlers.content import authored, block_for
from handlers.menu import Share
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from locales import Html, plain
from reports import sheet
from reports.qr import qr_picture
from reports.sheet import Sheet


async def asked(
    query: Any, callback_data: Share, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Offer what can be passed on, or make the card."""
    what, ref = callback_data.what, callback_data.ref
    match what:
        case "open":
            return [edit("share")]
        case "network" | "paper":
            return [say(f"share.{what}")]
        case "event":
            await attendance.for_everybody(session, person, ref, now)
        case "lesson":
            lesson = await lessons.open_to(session, person, ref, now)
            if lesson.for_team or lesson.state != lessons.State.PUBLISHED:
                raise NotFoundError("Lesson")
        case _:
            return [toast("old_button")]
    return [say(f"share.{what}", ref=ref)]


# Cards


async def choice_card(page: Page) -> Message:
    """Offer the network as a card, and a page to print."""
    _ = page._
    text = lines(
        _("📤 <b>Tell others about the network</b>"),
        _("You get a card that you can forward to whomever you like. Nothing about you is in it."),
    )
    rows = [
        [Button(_.label("button", "📤 A card to forward"), Share(what="network"))],
        [Button(_.label("button", "🖨 A page to print"), Share(what="paper"))],
        [menu.button(_)],
    ]
    return Message(text, rows)


def _of_network(page: Page) -> Sheet:
    _ = page._
    return Sheet(
        plain(_("A network for people who build a business in a new country")),
        plain(_("It is free, in your own language, and on your phone.")),
        [plain(point).removeprefix("• ") for point in menu.what_you_get(_)],
        plain(_("Point the camera of your phone here.")),
        _address(page),
        plain(_("You may look round without saying who you are.")),
    )


def _address(page: Page, payload: str = "") -> str:
    return page.network.link(payload) if payload else f"https://t.me/{page.network.bot_username}"


async def network_card(page: Page) -> Message:
    """Make the card of the network: a picture, and the same in words."""
    _ = page._
    shown = _of_network(page)
    text = lines(
        Html("<b>") + shown.title + Html("</b>"),
        _("It is free, in your own language, and on your phone."),
        "",
        *menu.what_you_get(_),
        "",
        _("You may look round without saying who you are."),
        _("Open it here: {link}", link=shown.link),
    )
    return _card(page, text, shown)


async def paper(page: Page) -> Message:
    """Make the page to print, and say in words what stands on it."""
    _ = page._
    shown = _of_network(page)
    make = sheet.page(shown, _)
    told = [
        _("🖨 One page to print and to hang up. The square leads to this bot."),
        "",
        _("On it:"),
        shown.title,
        *menu.what_you_get(_),
    ]
    if make is None:
        image = File("diwan.png", qr_picture(shown.link), is_picture=True)
        said = _("There is no font here for your language, so this is the square alone.")
        return Message(lines(said, *told[1:]), file=image)
    sorry = _("The page could not be made. Please try again later.")
    return Message(lines(*told), file=File("diwan.pdf", make, otherwise=sorry))


async def event_card(page: Page, ref: str) -> Message:
    """Make the card of an event: what, when, and the link where one answers."""
    _ = page._
    event = await attendance.for_everybody(page.session, page.reader, ref, page.now)
    block = await block_for(page, "event", event.id)
    when, *_where = facts(page, event, None)
    link = _address(page, f"e-{event.ref}")
    text = lines(
        heading(page, event, block, in_public=True),
        "",
        when,
        _("You find the address and your place here: {link}", link=link),
    )
    title = block.get("title") if block else ""
    shown = Sheet(
        title, plain(when or ""), [], plain(_("Point the camera of your phone here.")), link
    )
    return _card(page, text, shown)


async def lesson_card(page: Page, ref: str) -> Message:
    """Make the card of a lesson: its title, its beginning, and the link that opens it."""
    _ = page._
    lesson = await lessons.open_to(page.session, page.reader, ref, page.now)
    block = await block_for(page, SUBJECT, lesson.id)
    if block is None:
        raise NotFoundError("Lesson")
    link = _address(page, f"l-{lesson.ref}")
    title = Html("<b>") + block.get(TITLE) + Html("</b>")
    text = lines(
        authored(page, block, lines(title, "", block.get(lessons.SCREENS[0]))),
        "",
        _("A short lesson, free of charge: {link}", link=link),
    )
    shown = Sheet(
        block.get(TITLE),
        plain(_("A short lesson of two minutes")),
        [],
        plain(_("Point the camera of your phone here.")),
        link,
    )
    return _card(page, text, shown)


def _card(page: Page, text: Html, shown: Sheet) -> Message:
    """Return a picture with the same in words; only a link is under it, which goes along."""
    _ = page._
    content = sheet.card(shown, _) or qr_picture(shown.link)
    rows = [[Button(_.label("button", "👉 Open the bot"), url=shown.link)]]
    file = File("diwan.png", content, is_picture=True)
    return Message(text, rows, file)


CARDS = {
    "share": choice_card,
    "share.network": network_card,
    "share.paper": paper,
    "share.event": event_card,
    "share.lesson": lesson_card,
}


def setup() -> Router:
    """Take the buttons that pass something on."""
    router = Router(name="sharing")
    router.callback_query.register(asked, Share.filter())
    return router
