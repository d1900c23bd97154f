"""The needs interview: what it is for, before it begins; its questions are those of a survey."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import interviewing, people
from community.people import Person
from handlers import menu, survey_cards, surveys
from handlers.profile import Interview
from handlers.replies import Button, Message, Page, Replies, edit, lines, toast
from locales import day


async def opened(
    query: Any,
    callback_data: Interview,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Say what it is for, or begin or go on."""
    people.require_member(person)
    if callback_data.act == "open":
        return [edit("interview")]
    if callback_data.act != "begin":
        return [toast("old_button")]
    found = await interviewing.begin(session, person, now)
    return await surveys.shown(state, found, now, edit)


async def interview_card(page: Page) -> Message:
    """Say what is asked, what becomes of it, and that one can stop at any time."""
    _ = page._
    found = await interviewing.last(page.session, page.reader)
    text = lines(
        _("🗣 <b>What you need</b>"),
        _(
            "A few questions by buttons: what you want to reach, what gets in your way, what you "
            "look for and could offer. You can leave out any of them, stop, and go on later."
        ),
        _(
            "What you look for and offer, how far your business is and what makes it hard for you "
            "to come go into your profile, as under /me. The other answers are only counted."
        ),
    )
    if found is not None and interviewing.is_fresh(found, page.now):
        finished = found.response.finished_at
        assert finished is not None
        on = day(finished.astimezone(page.zone).date(), _)
        text = lines(
            text,
            "",
            _("You answered on {day}. We ask again a year later.", day=on),
        )
        return Message(text, [*survey_cards.interview_rows(_), [menu.button(_)]])
    is_begun = found is not None and not found.is_closed and bool(found.answered)
    label = _.label("button", "▶️ Go on") if is_begun else _.label("button", "▶️ Begin")
    return Message(text, [[Button(label, Interview(act="begin"))], [menu.button(_)]])


CARDS = {"interview": interview_card}


def setup() -> Router:
    """Take its buttons."""
    router = Router(name="interview")
    router.callback_query.register(opened, Interview.filter())
    return router
