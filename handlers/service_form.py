"""What a coordinator is asked about something new in the directory: help, or a network."""

from collections.abc import Mapping
from typing import Any

from community import areas, providers
from community.errors import NotUnderstoodError
from community.needs import Need
from community.providers import Service
from handlers import words
from handlers.content import area_choices
from handlers.forms import Answering, Question
from handlers.replies import Page
from locales import Html

UNKNOWN, EVERYWHERE = "?", "*"


def need_question(page: Page, text: Html) -> Question:
    """Return a question that a need answers."""
    return Question(text, [(words.need(code, page._), code.value) for code in Need])


async def read_need(answering: Answering, text: str) -> str:
    """Take a need that was chosen.

    Raises:
        NotUnderstoodError: it is none, or was typed.
    """
    if not answering.chosen or text not in [*Need]:
        raise NotUnderstoodError("choice")
    return text


async def area_question(page: Page, text: Html) -> Question:
    """Return a question that an area answers, or "everywhere"."""
    everywhere = (page._.label("button", "Everywhere, or online"), EVERYWHERE)
    return Question(text, [everywhere, *await area_choices(page)])


async def read_area(answering: Answering, text: str) -> str:
    """Take an area that was chosen.

    Raises:
        NotUnderstoodError: it was typed.
        NotFoundError: there is no such area any more.
    """
    if not answering.chosen:
        raise NotUnderstoodError("choice")
    if text != EVERYWHERE:
        await areas.by_ref(answering.session, text)
    return text


def place_of(area: str) -> Mapping[str, Any]:
    """Return the facts that an answer to where says of something new."""
    everywhere = area == EVERYWHERE
    return {"area_ref": None if everywhere else area, "online": everywhere}


async def make(answering: Answering, **facts: Any) -> Service:
    """Make what has been asked about, in the language of whoever has answered."""
    answers, language = answering.answers, answering._.language
    return await providers.create_service(
        answering.session,
        answering.person,
        answering.about["ref"],
        Need(answers["need"]),
        [language],
        {field: answers[field] for field in ("name", "description") if answers.get(field)},
        language,
        answering.now,
        **place_of(answers["area"]),
        **facts,
    )
