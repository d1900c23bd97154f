"""Saying something of a newsletter or an event with one press, in words beside the picture."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import reactions
from community.events import Event
from community.figures import Hidden
from community.people import Person
from community.reactions import Meaning
from community.sends import Send
from handlers.audience import told
from handlers.menu import AskTeam
from handlers.replies import Button, Message, Page, Replies, Reply, edit, toast
from locales import Html, Translator


class What(StrEnum):
    """Of what something is said."""

    NEWSLETTER = "n"
    EVENT = "e"


class React(CallbackData, prefix="kr"):
    """Say something of a text; "" takes back what was said."""

    what: What
    ref: str
    meaning: str = ""

    def card(self) -> Reply:
        """Return the text as it is now."""
        kind = "news.again" if self.what == What.NEWSLETTER else "event.card"
        return edit(kind, ref=self.ref)


async def reacted(
    query: Any, callback_data: React, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep it, and show it under the text."""
    said = callback_data.meaning
    if said not in {"", *Meaning}:
        return [toast("old_button")]
    is_letter = callback_data.what == What.NEWSLETTER
    react = reactions.react_to_letter if is_letter else reactions.react_to_event
    await react(session, person, callback_data.ref, Meaning(said) if said else None, now)
    return [callback_data.card(), toast("reaction.said", is_back=not said)]


async def rows(page: Page, about: Send | Event, *, for_all: bool = False) -> list[list[Button]]:
    """Return the buttons under a text: those of what the reader has said takes it back.

    ``for_all``: the same for all who read alike, whatever one of them has said.
    """
    _ = page._
    if not for_all and not page.reader.is_member:
        return []
    mine = None if for_all else await reactions.said_by(page.session, page.reader, about)
    what = What.EVENT if isinstance(about, Event) else What.NEWSLETTER
    useful, more, not_for_me = (
        Button(
            _chosen(meaning, _) if meaning == mine else _offered(meaning, _),
            React(what=what, ref=about.ref, meaning="" if meaning == mine else meaning),
        )
        for meaning in Meaning
    )
    found = [[useful, not_for_me], [more]]
    if mine == Meaning.MORE:
        found.append([Button(_.label("button", "✉️ Write to the team"), AskTeam())])
    return found


def _offered(meaning: Meaning, _: Translator) -> str:
    match meaning:
        case Meaning.USEFUL:
            return _.label("reaction", "👍 Useful")
        case Meaning.MORE:
            return _.label("reaction", "🙋 I want to hear more")
        case Meaning.NOT_FOR_ME:
            return _.label("reaction", "🤷 Not for me")


def _chosen(meaning: Meaning, _: Translator) -> str:
    match meaning:
        case Meaning.USEFUL:
            return _.label("reaction", "✅ Useful")
        case Meaning.MORE:
            return _.label("reaction", "✅ I want to hear more")
        case Meaning.NOT_FOR_ME:
            return _.label("reaction", "✅ Not for me")


async def counted(page: Page, about: Send | Event) -> list[Html]:
    """Say to the team how many say what of a text, once anybody does."""
    _ = page._
    cells = (await reactions.counts(page.session, page.reader, about, page.now)).cells
    if not any(cell for cell in cells.values()):
        return []
    return [
        _("{meaning}: {n}", meaning=_offered(meaning, _), n=told(cell, _))
        for meaning, cell in cells.items()
        if cell or isinstance(cell, Hidden)
    ]


async def said(page: Page, *, is_back: bool) -> Message:
    """Confirm in a few words."""
    _ = page._
    if is_back:
        return Message(_.label("toast", "Taken back."))
    return Message(
        _.label("toast", "Noted. The team sees only how many. Press it once more to take it back.")
    )


CARDS = {"reaction.said": said}


def setup() -> Router:
    """Take the buttons."""
    router = Router(name="reactions")
    router.callback_query.register(reacted, React.filter())
    return router
