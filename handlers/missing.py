"""Asking kindly, once, why somebody could not come; any answer will do, and so will none."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, missing
from community.attendance import State
from community.missing import Why
from community.people import Person
from handlers import words
from handlers.content import block_for
from handlers.replies import Button, Message, Page, Replies, Reply, edit, in_rows, lines, toast
from locales import Html


class Missed(CallbackData, prefix="hm"):
    """Why somebody could not come."""

    ref: str
    why: str

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


async def answered(
    query: Any, callback_data: Missed, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note why, and say thanks."""
    if callback_data.why not in [*Why]:
        return [toast("old_button")]
    await missing.say_why(session, person, callback_data.ref, Why(callback_data.why), now)
    return [edit("missed.thanks")]


async def question(page: Page, ref: str) -> Message | None:
    """Ask why, unless the person was there after all, or has said it."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    if mine is None or mine.state != State.MISSED or mine.missed_because is not None:
        return None
    _ = page._
    block = await block_for(page, "event", event.id)
    title = Html("<b>") + (block.get("title") if block else "") + Html("</b>")
    text = lines(
        _("We missed you at this event:"),
        title,
        "",
        _("What kept you? It helps us to make it easier to come. The team reads only numbers."),
    )
    buttons = [
        Button(words.why(one, _), Missed(ref=ref, why=one.value))
        for one in Why
        if one is not Why.RATHER_NOT_SAY
    ]
    skip = Button(words.why(Why.RATHER_NOT_SAY, _), Missed(ref=ref, why=Why.RATHER_NOT_SAY.value))
    return Message(text, [*in_rows(buttons, 2), [skip]])


async def thanks(page: Page) -> Message:
    """Say thanks."""
    return Message(page._("Thank you. We hope to see you next time."))


CARDS = {"missed_question": question, "missed.thanks": thanks}


def setup() -> Router:
    """Take the answers."""
    router = Router(name="missing")
    router.callback_query.register(answered, Missed.filter())
    return router
