"""A coordinator writes a service's words: name, description and steps, language by language."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, translations
from community.base import find
from community.errors import NotUnderstoodError
from community.providers import Service
from community.translations import Reads
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Page, Replies, Reply, blockquote, lines, say, toast
from handlers.staff import COORDINATORS, router_for
from locales import OFFERED, Html, Translator, language_name, native_name

STEPS_AT_MOST = 12
ENUMERATED = re.compile(r"^\s*(?:[-•*–—]\s*|\d{1,2}[.):](?!\d)\s*|\d{1,2}\s*[-–—]\s+)")
"""What a list is numbered with; a number that belongs to the step ("2 photos") stays."""


class WordsOf(CallbackData, prefix="sw"):
    """Write a service's words in one language."""

    ref: str
    language: str


# Reading answers


async def read_name(answering: Answering, text: str) -> str:
    """Take the name of a service."""
    return translations.clean("service", "name", text)


async def read_description(answering: Answering, text: str) -> str:
    """Take its description."""
    return translations.clean("service", "description", text)


async def read_steps(answering: Answering, text: str) -> list[str]:
    """Take its steps, one on each line, without the numbers of a list."""
    found = [ENUMERATED.sub("", line).strip() for line in text.splitlines()]
    kept = [translations.clean("step", "text", line) for line in found if line]
    if not 0 < len(kept) <= STEPS_AT_MOST:
        raise NotUnderstoodError("steps")
    return kept


# Asking


def _language_of(about: Mapping[str, Any], _: Translator) -> str:
    return language_name(about["language"], _)


async def _as_it_stands(page: Page, about: Mapping[str, Any], field: str) -> str:
    shelf = (await translations.shelves(page.session, "service", [about["id"]]))[about["id"]]
    source = shelf.choose(Reads(shelf.source), page.network.language)
    return source.get(field) if source else ""


async def _ask_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Write the name. Language: {language}", language=_language_of(about, _)),
            _quote(await _as_it_stands(page, about, "name")),
        )
    )


def _quote(text: str) -> Html | None:
    return blockquote(text) if text else None


async def _ask_description_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Write the description. Language: {language}", language=_language_of(about, _)),
            _quote(await _as_it_stands(page, about, "description")),
        )
    )


async def _ask_step_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    service = await find(page.session, Service, about["ref"])
    told = await step_texts(page, service, None)
    return Question(
        lines(
            _(
                "Write the steps, one on each line, in the same order. Language: {language}",
                language=_language_of(about, _),
            ),
            _quote("\n".join(told)),
        )
    )


# Finishing


async def _worded(answering: Answering) -> Replies:
    about, answers = answering.about, answering.answers
    session, actor, now = answering.session, answering.person, answering.now
    texts = {key: answers[key] for key in ("name", "description") if answers.get(key)}
    await providers.translate(
        session, actor, "service", about["ref"], about["language"], texts, now
    )
    given = answers.get("steps")
    if given:
        service = await find(session, Service, about["ref"])
        every = await providers.steps(session, service)
        if len(given) != len(every):
            raise NotUnderstoodError("steps", count=len(every))
        for step, text in zip(every, given, strict=True):
            await providers.translate(
                session, actor, "step", step.ref, about["language"], {"text": text}, now
            )
    return [say("setup.service", ref=about["ref"])]


def _to_service(about: Mapping[str, Any]) -> Reply:
    return say("setup.service", ref=about["ref"])


def _wording(name: str, *fields: Field) -> Form:
    return Form(name, fields, _worded, home=_to_service)


_NAME = Field("name", _ask_words, read_name)
_DESCRIPTION = Field("description", _ask_description_words, read_description)
_STEPS = Field("steps", _ask_step_words, read_steps)
WORDINGS = {
    (False, False): _wording("setup.words", _NAME),
    (True, False): _wording("setup.words.d", _NAME, _DESCRIPTION),
    (False, True): _wording("setup.words.s", _NAME, _STEPS),
    (True, True): _wording("setup.words.ds", _NAME, _DESCRIPTION, _STEPS),
}
"""By whether there is a description and whether there are steps: nothing else is asked."""


# Handlers


async def words_asked(
    query: Any, callback_data: WordsOf, session: AsyncSession, state: FSMContext
) -> Replies:
    """Ask for a service's words in one language: just what the source has."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    service = await find(session, Service, callback_data.ref)
    shelf = (await translations.shelves(session, "service", [service.id]))[service.id]
    source = shelf.complete.get(shelf.source, {})
    form = WORDINGS["description" in source, bool(await providers.steps(session, service))]
    return await begin(
        form,
        state,
        ref=service.ref,
        id=service.id,
        language=callback_data.language,
    )


# For the card of a service


async def step_texts(page: Page, service: Service, language: str | None) -> Sequence[str]:
    """Return the steps' words, in the reader's language or as they were written."""
    every = await providers.steps(page.session, service)
    shelves = await translations.shelves(page.session, "step", [step.id for step in every])
    told = []
    for step in every:
        shelf = shelves[step.id]
        block = shelf.choose(Reads(language or shelf.source), page.network.language)
        told.append(block.get("text") if block else "")
    return told


def word_buttons(_: Translator, ref: str, written: set[str]) -> list[Button]:
    """Return a button per offered language: what is there, and what is missing."""
    return [
        Button(
            _.label("button", "✅ {language}", language=native_name(code))
            if code in written
            else _.label("button", "➕ {language}", language=native_name(code)),
            WordsOf(ref=ref, language=code),
        )
        for code in OFFERED
    ]


CARDS: Mapping[str, Any] = {}
FORMS = tuple(WORDINGS.values())


def setup() -> Router:
    """Take the buttons that write a service's words, from coordinators only."""
    router = router_for("directory words", COORDINATORS)
    router.callback_query.register(words_asked, WordsOf.filter())
    return router
