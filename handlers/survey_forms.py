"""Under /report: the surveys as XLSForm files, to read them, or to ask the same elsewhere."""

from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData

from community.errors import NotFoundError
from community.surveys import SHIPPED
from handlers.own_surveys import OwnForms
from handlers.replies import Button, File, Message, Page, Replies, edit, say
from handlers.setup_ways import require_coordinator
from handlers.staff import COORDINATORS, Months, SurveyForms, router_for
from locales import OFFERED
from reports import survey_words, xlsform


class TakeForm(CallbackData, prefix="rc"):
    """One survey as a file."""

    template: str


async def listed(query: Any) -> Replies:
    """Show which surveys there are."""
    return [edit("survey_forms")]


async def taken(query: Any, callback_data: TakeForm) -> Replies:
    """Hand out one as a file.

    Raises:
        NotFoundError: there is no such survey.
    """
    if all(template.code != callback_data.template for template in SHIPPED):
        raise NotFoundError("Template")
    return [say("survey_forms.file", template=callback_data.template)]


async def list_card(page: Page) -> Message:
    """List the surveys by their titles."""
    _ = page._
    await require_coordinator(page)
    rows = [
        [Button(survey_words.title(one.code, _), TakeForm(template=one.code))] for one in SHIPPED
    ]
    rows.append([Button(_.label("button", "🗂 Our own surveys"), OwnForms())])
    rows.append([Button(_.label("button", "Back"), Months())])
    text = _(
        "Which survey would you like as a file? It is an XLSForm in all languages of the bot: "
        "Excel opens it, and so do KoboToolbox and ODK."
    )
    return Message(text, rows)


async def file_card(page: Page, template: str) -> Message:
    """Hand out the newest version of a survey, in the reader's language first."""
    _ = page._
    await require_coordinator(page)
    found = next(one for one in SHIPPED if one.code == template)
    languages = dict.fromkeys([_.language, *OFFERED])
    make = partial(xlsform.form, found, [*languages], page.network.currency)
    name = f"{found.code}-{found.version}.xlsx"
    return Message(survey_words.title(found.code, _), file=File(name, make))


CARDS = {"survey_forms": list_card, "survey_forms.file": file_card}


def setup() -> Router:
    """Take the buttons of coordinators."""
    router = router_for("survey_forms", COORDINATORS)
    router.callback_query.register(listed, SurveyForms.filter())
    router.callback_query.register(taken, TakeForm.filter())
    return router
