"""Pulses in the chat: a notice that tells nothing, a tap that opens it, a tap per question."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, surveys
from community.events import Event
from community.people import Person
from community.surveys import Progress
from handlers import menu, supporters
from handlers.content import authored, block_for
from handlers.replies import Button, Message, Page, Replies, edit, lines
from locales import Html
from reports import words


class OpenPulse(CallbackData, prefix="pu"):
    """Show the questions."""

    ref: str


class Tap(CallbackData, prefix="pt"):
    """One answer."""

    ref: str
    question: str
    value: str


class SkipPulse(CallbackData, prefix="ps"):
    """Answer nothing (more)."""

    ref: str


async def opened(
    query: Any, callback_data: OpenPulse, session: AsyncSession, person: Person
) -> Replies:
    """Show where the person stands."""
    await surveys.progress(session, person, callback_data.ref)
    return [edit("pulse.question", ref=callback_data.ref)]


async def tapped(
    query: Any, callback_data: Tap, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Take one answer and show the next question; an old button shows where the person stands."""
    ref = callback_data.ref
    await surveys.answer(session, person, ref, callback_data.question, callback_data.value, now)
    return [edit("pulse.question", ref=ref)]


async def skipped(
    query: Any, callback_data: SkipPulse, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask nothing more."""
    await surveys.skip(session, person, callback_data.ref, now)
    return [edit("pulse.question", ref=callback_data.ref)]


async def notice(page: Page, ref: str) -> Message | None:
    """Say that there is something to answer; whoever else holds the phone learns no more."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    if not await surveys.still_applies(page.session, found, page.now):
        return None
    count = len(found.template.questions)
    taps = count + 1  # the first shows the questions
    text = lines(
        _.ngettext(
            "You have a new message: {n} short question.",
            "You have a new message: {n} short questions.",
            count,
        ),
        _.ngettext("It takes {n} tap.", "It takes {n} taps.", taps),
    )
    rows = [
        [Button(_.label("button", "See the questions"), OpenPulse(ref=ref))],
        [Button(_.label("button", "No, thank you"), SkipPulse(ref=ref))],
    ]
    return Message(text, rows)


async def question(page: Page, ref: str) -> Message:
    """Show the next question, or thank the person."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    asked = found.next_question
    if asked is None:
        return await _ending(page, found)
    if page.now >= found.survey.closes_at:
        return Message(_("These questions are closed now. Thank you all the same."))
    text = lines(
        _(
            "Question {number} of {count}",
            number=found.number,
            count=len(found.template.questions),
        ),
        await _about(page, found),
        "",
        Html("<b>") + words.survey_question(found.template.code, asked.code, _) + Html("</b>"),
        "",
        _(
            "🔒 Nobody sees what you answer, the team neither. It is only counted together with "
            "the answers of at least four others."
        ),
    )
    rows = [
        [
            Button(
                words.survey_answer(found.template.code, asked.code, value, _),
                Tap(ref=ref, question=asked.code, value=value),
            )
        ]
        for value in asked.values
    ]
    return Message(text, [*rows, [Button(_.label("button", "Skip"), SkipPulse(ref=ref))]])


async def _about(page: Page, found: Progress) -> Html | None:
    if found.survey.event_id is None:
        return None
    block = await block_for(page, "event", found.survey.event_id)
    return authored(page, block, block.get("title")) if block else None


async def _ending(page: Page, found: Progress) -> Message:
    """Thank them, and offer to go on talking with whoever they have met there."""
    _ = page._
    if found.response.skipped_at is None:
        text = _("Thank you! Your answers help to make the next events better.")
    elif found.answered:
        text = _("All right. Thank you for what you have answered.")
    else:
        text = _("All right, no questions. You can turn them off for good under /me.")
    rows: list[list[Button]] = []
    if found.survey.event_id is not None:
        event = await page.session.get_one(Event, found.survey.event_id)
        mine = await attendance.of(page.session, event, page.reader)
        rows = await supporters.talk_rows(page, event, mine)
    return Message(text, [*rows, [menu.button(_)]])


CARDS = {"pulse": notice, "pulse.question": question}


def setup() -> Router:
    """Take the buttons under a pulse."""
    router = Router(name="pulses")
    router.callback_query.register(opened, OpenPulse.filter())
    router.callback_query.register(tapped, Tap.filter())
    router.callback_query.register(skipped, SkipPulse.filter())
    return router
