"""/report for an evaluator: which periods were told, and the data set. Nothing else."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import evaluating
from community.people import Person
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say
from handlers.staff import EVALUATORS, router_for
from locales import day
from reports.support import quarter_name

SHOWN = 40


class Evaluating(CallbackData, prefix="ed"):
    """What an evaluator reads; ``act`` takes the data set."""

    act: str = "open"


async def touched(
    query: Any, callback_data: Evaluating, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what there is, or hand over the data set, which is noted.

    Raises:
        NotAllowedError: no evaluator, or the agreement is not active.
    """
    if callback_data.act != "take":
        return [edit("evaluating")]
    await evaluating.take(session, person, now)
    return [say("evaluating.begun"), say("evaluating.data_set")]


async def card(page: Page) -> Message:
    """List the periods that were told, or say that the agreement is not active."""
    _ = page._
    title = _("<b>For evaluators</b>")
    if not await evaluating.may_read(page.session, page.reader, page.now):
        return Message(
            lines(
                title,
                _(
                    "There is no active agreement with your organisation, so nothing is shown "
                    "here. The coordinators of the network can tell you more."
                ),
            )
        )
    found = await evaluating.periods(page.session, page.reader, page.now)
    told = [
        _(
            "▫️ {period}, told on {day}",
            period=quarter_name(one.period.quarter, _)
            if one.period.number
            else str(one.period.year),
            day=day(one.frozen_at.astimezone(page.zone).date(), _, year=page.now.year),
        )
        for one in found[:SHOWN]
    ]
    text = lines(
        title,
        *(told or [_("No period has been told yet. Each is told a week after its end.")]),
        "",
        _(
            "The data set has a line for each person under a pseudonym, and all that it takes to "
            "compute these periods again. Each time you take it is written down."
        ),
    )
    take = Button(_.label("button", "📦 Data set"), Evaluating(act="take"))
    return Message(text, [[take]])


async def begun_card(page: Page) -> Message:
    """Say that it takes a while."""
    return Message(page._("⏳ The data set is being made. It comes here in a few minutes."))


async def data_set_card(page: Page) -> Message | None:
    """Hand the data set over; it cannot be passed on. Nothing to who may not have it any more."""
    _ = page._
    if not await evaluating.may_read(page.session, page.reader, page.now):
        return None
    make, on = page.network.data_set, page.now.date()
    name = f"{_.label('file', 'data-set')}-{on}.zip"
    file = File(
        name,
        lambda: make(_),
        otherwise=_("It could not be made, and whoever runs this bot finds out why in its log."),
    )
    text = _("The data set, with codebook.csv, which says what each file is. It is for you alone.")
    return Message(text, file=file, protect=True)


CARDS = {
    "evaluating": card,
    "evaluating.begun": begun_card,
    "evaluating.data_set": data_set_card,
}


def setup() -> Router:
    """Take the buttons of evaluators; the verbs look at the agreement."""
    router = router_for("evaluating", EVALUATORS)
    router.callback_query.register(touched, Evaluating.filter())
    return router
