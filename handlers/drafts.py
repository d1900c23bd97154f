"""Drafts that wait for a second reader: counted on the way to the desk, and told of once a day."""

from aiogram import Router

from community import second_reading
from community.second_reading import Draft
from handlers.replies import Button, Message, Page, lines
from handlers.staff import Untranslated, translations_button
from locales import number


async def waiting(page: Page) -> list[Draft]:
    """Return what the reader may approve."""
    return await second_reading.waiting_for(
        page.session, page.reader, page.network.language, page.now
    )


async def button(page: Page) -> Button:
    """Return the way to the translation desk, with how many drafts wait there for the reader."""
    _ = page._
    count = len(await waiting(page))
    if not count:
        return translations_button(_)
    label = _.label("button", "🌐 Translations: {n} to read", n=number(count, _))
    return Button(label, Untranslated())


async def notice(page: Page) -> Message | None:
    """Tell whoever may approve them that drafts wait; nothing once none does any more."""
    _ = page._
    count = len(await waiting(page))
    if not count:
        return None
    text = lines(
        _("👀 Translators' drafts that wait for a second reader: {n}", n=number(count, _)),
        _("Members get it once somebody else has read it, or heard it."),
    )
    return Message(text, [[await button(page)]])


CARDS = {"team_notice.drafts": notice}


def setup() -> Router:
    """Take nothing: the button leads to the translation desk."""
    return Router(name="drafts")
