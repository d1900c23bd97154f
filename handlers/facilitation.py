"""The anonymous survey in the chat: one message, a tap per question, nothing written down.

What has been tapped so far travels in the buttons. It is forgotten with each press and goes to
the next card unwritten; only the last tap, after everything has been shown once more, counts it.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import facilitation
from community.facilitation import BEST, FACETS, SKIPPED
from community.people import Person
from handlers import menu
from handlers.replies import Button, How, Message, Network, Page, Replies, Reply, lines
from locales import Html, Translator
from reports import words

NOTHING_MORE = "."
"""Behind the marks: ask nothing more, and show them."""


class Rate(CallbackData, prefix="wr"):
    """Show the next question; ``marks`` are the answers so far, one letter each."""

    ref: str
    marks: str = ""


class SendRatings(CallbackData, prefix="ws"):
    """Count these answers."""

    ref: str
    marks: str


class NoRatings(CallbackData, prefix="wn"):
    """Answer nothing."""

    ref: str


CONFIDENTIAL = (Rate, SendRatings, NoRatings)
"""What a press of these says is forgotten in the transaction that carries it out.

Whoever declines at the end has their answers in the message that they press under.
"""


async def rated(query: Any, callback_data: Rate, session: AsyncSession, person: Person) -> Replies:
    """Go to the next question."""
    await facilitation.asked(session, person, callback_data.ref)
    marks = callback_data.marks.removesuffix(NOTHING_MORE)
    facilitation.marks_of(marks)
    return [_card(callback_data.ref, marks=callback_data.marks)]


async def sent(
    query: Any,
    callback_data: SendRatings,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Count the answers, once."""
    ref, zone = callback_data.ref, ZoneInfo(network.zone)
    await facilitation.answer(
        session, person, ref, callback_data.marks, now, zone, network.language
    )
    return [_card(ref, is_over=True)]


async def declined(
    query: Any, callback_data: NoRatings, session: AsyncSession, person: Person
) -> Replies:
    """Ask nothing more."""
    await facilitation.asked(session, person, callback_data.ref)
    return [_card(callback_data.ref, is_over=True)]


def _card(ref: str, **unwritten: Any) -> Reply:
    """Return the one card of all this: its kind, which is kept with the message, tells nothing."""
    return Reply("facilitation", {"ref": ref}, How.EDIT, unwritten)


async def card(
    page: Page, ref: str, marks: str | None = None, *, is_over: bool = False
) -> Message | None:
    """Show what there is to answer, the next question, all answers so far, or thanks.

    What is owed, and what a crash has left without its answers, begins at the beginning.
    """
    _ = page._
    found = await facilitation.asked(page.session, page.reader, ref)
    is_pressed = is_over or marks is not None
    if found.answered:
        text = _("Thank you! What you think helps to make this network better.")
        return Message(text, [[menu.button(_)]]) if is_pressed else None
    if not facilitation.is_open(found, page.now, ZoneInfo(page.network.zone)):
        text = _("These questions are closed now. Thank you all the same.")
        return Message(text) if is_pressed else None
    if is_over:
        text = _("All right, no questions. You can turn them off for good under /me.")
        return Message(text, [[menu.button(_)]])
    if marks is None:
        return _notice(ref, _)
    is_enough = marks.endswith(NOTHING_MORE)
    marks = marks.removesuffix(NOTHING_MORE)
    if is_enough or len(marks) == len(FACETS):
        return _all_of_it(ref, marks, _)
    return _question(ref, marks, _)


def _notice(ref: str, _: Translator) -> Message:
    """Say that there is something to answer; whoever else holds the phone learns no more."""
    count = len(FACETS)
    text = lines(
        _.ngettext(
            "You have a new message: {n} short question about this network.",
            "You have a new message: {n} short questions about this network.",
            count,
        ),
        _("Nobody learns who has answered what."),
    )
    rows = [
        [Button(_.label("button", "See the questions"), Rate(ref=ref))],
        [Button(_.label("button", "No, thank you"), NoRatings(ref=ref))],
    ]
    return Message(text, rows)


def _question(ref: str, marks: str, _: Translator) -> Message:
    asked = FACETS[len(marks)]
    text = lines(
        _("Question {number} of {count}", number=len(marks) + 1, count=len(FACETS)),
        "",
        Html("<b>") + words.facet_question(asked, _) + Html("</b>"),
        "",
        _(
            "🔒 Your answers are counted at the end, all at once and without your name. The team "
            "reads them once this quarter is over, if at least five people have answered."
        ),
    )
    rows = [
        [Button(words.mark(mark, _), Rate(ref=ref, marks=f"{marks}{mark}"))]
        for mark in range(BEST, 0, -1)
    ]
    rows.append([Button(_.label("button", "I cannot say"), Rate(ref=ref, marks=marks + SKIPPED))])
    if marks:
        back = Button(_.label("button", "One back"), Rate(ref=ref, marks=marks[:-1]))
        enough = Rate(ref=ref, marks=marks + NOTHING_MORE)
        rows.append([back, Button(_.label("button", "That is enough"), enough)])
    return Message(text, rows)


def _all_of_it(ref: str, marks: str, _: Translator) -> Message:
    """Show everything once more before it is counted: afterwards nobody can find it any more."""
    given = facilitation.marks_of(marks)
    no = Button(_.label("button", "No, thank you"), NoRatings(ref=ref))
    said = [
        _("{label}: {value}", label=words.facet(facet, _), value=words.mark(mark, _))
        for facet, mark in given.items()
    ]
    if not said:
        text = _("You have not answered anything yet.")
        begin = Button(_.label("button", "See the questions"), Rate(ref=ref))
        return Message(text, [[begin], [no]])
    text = lines(
        _("<b>These are your answers</b>"),
        *said,
        "",
        _("Once they are counted nobody can see or change them any more, you neither."),
    )
    rows = [
        [Button(_.label("button", "✅ Count my answers"), SendRatings(ref=ref, marks=marks))],
        [
            Button(_.label("button", "One back"), Rate(ref=ref, marks=marks[:-1])),
            no,
        ],
    ]
    return Message(text, rows)


CARDS = {"facilitation": card}


def setup() -> Router:
    """Take the buttons of the anonymous survey."""
    router = Router(name="facilitation")
    router.callback_query.register(rated, Rate.filter())
    router.callback_query.register(sent, SendRatings.filter())
    router.callback_query.register(declined, NoRatings.filter())
    return router
