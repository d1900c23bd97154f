"""A measure, for whom it concerns: what the team has decided, why, and the answer to it."""

from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import moderation
from community.errors import NotFoundError
from community.measures import Measure, Why
from community.people import Person
from handlers import menu, post_words, reading
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.posting import MyMeasure
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    lines,
    say,
)
from locales import Html, day


async def my_measure(
    query: Any,
    callback_data: MyMeasure,
    session: AsyncSession,
    person: Person,
    state: FSMContext,
) -> Replies:
    """Read a measure about oneself, or begin to answer it."""
    ref = callback_data.ref
    row = await moderation.about_me(session, person, ref)
    if callback_data.act == "answer" and row.answered_at is None and row.lifted_at is None:
        return await begin(ANSWER, state, ref=ref)
    return [edit("measure.mine", ref=ref)]


async def mine_card(page: Page, ref: str) -> Message:
    """Show a measure to whom it concerns: what, why, until when, and how to answer."""
    _ = page._
    row = await moderation.about_me(page.session, page.reader, ref)
    text: list[Html | str | None] = [
        post_words.taken(Measure(row.measure), _),
        _("Why: {reason}", reason=post_words.why(Why(row.why), _)),
    ]
    if row.until is not None and row.lifted_at is None:
        until = row.until.astimezone(page.zone).date()
        text.append(_("Until {day}. Then all is as before.", day=day(until, _)))
    if row.words:
        text += ["", (await reading.read(page, row.words, row.language or "")).text]
    rows = []
    if row.lifted_at is not None:
        text += ["", _("✅ The team has lifted it.")]
    elif row.reviewed_at is not None:
        text += ["", _("The team has read your answer. It stays as it is.")]
    elif row.answered_at is not None:
        text += ["", _("✉️ You have answered. Somebody else of the team reads it.")]
    else:
        text += ["", _("You can answer once. Where there is one, somebody else reads it.")]
        rows.append([Button(_.label("button", "✏️ Answer"), MyMeasure(ref=ref, act="answer"))])
    return Message(lines(*text), [*rows, [menu.button(_)]])


async def _ask_answer(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What would you like to say to it? Write it in your own language."))


async def _answered(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await moderation.answer(
        answering.session,
        answering.person,
        ref,
        answering.answers["text"],
        answering._.language,
        answering.now,
    )
    return [say("measure.mine", ref=ref)]


ANSWER = Form(
    "measure.answer",
    [Field("text", _ask_answer)],
    _answered,
    home=lambda about: say("measure.mine", ref=about["ref"]),
)


async def measure_notice(page: Page, ref: str) -> Message | None:
    """Tell that the team has decided something; what, on tap: phones are shared."""
    _ = page._
    try:
        await moderation.about_me(page.session, page.reader, ref)
    except NotFoundError:
        return None
    return Message(
        _("🔔 You have a message from the team of the network."),
        [[Button(_.label("button", "Read it"), MyMeasure(ref=ref))]],
    )


FORMS = (ANSWER,)


CARDS = {
    "measure.mine": mine_card,
    "measure_notice": measure_notice,
}


def setup() -> Router:
    """Take the buttons of whom a measure concerns."""
    router = Router(name="measures")
    router.callback_query.register(my_measure, MyMeasure.filter())
    return router
