"""A coordinator writes the directory: services, their languages, cost, area, steps, and words."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, providers, translations
from community.base import find
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service
from handlers import words
from handlers.content import area_choices
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say, toast
from handlers.setup import OneOrganization, require_coordinator
from handlers.staff import COORDINATORS, router_for
from locales import OFFERED, Html, Translator, fold_digits, join, language_name, money, native_name

SPOKEN = tuple(
    dict.fromkeys(
        (*OFFERED, "de", "es", "it", "nl", "pl", "pt", "ro", "ru", "tr", "fa", "ps", "ti", "so")
    )
)
"""The languages a service may be given in; more than the bot itself speaks."""
STEPS_AT_MOST = 12
AMOUNT = re.compile(r"(\d{1,6})(?:[.,٫](\d{1,2}))?")
"""One separator, before the cents: what might be thousands ("1,000") is asked for again."""
ENUMERATED = re.compile(r"^\s*(?:[-•*–—]\s*|\d{1,2}[.):](?!\d)\s*|\d{1,2}\s*[-–—]\s+)")
"""What a list is numbered with; a number that belongs to the step ("2 photos") stays."""


class NewService(CallbackData, prefix="sn"):
    """Add a service to an organisation."""

    ref: str


class OneService(CallbackData, prefix="ss"):
    """One service; ``act`` changes one thing about it."""

    ref: str
    act: str = "open"


class Given(CallbackData, prefix="sg"):
    """A language in which the service is given: on or off."""

    ref: str
    code: str


class WordsOf(CallbackData, prefix="sw"):
    """Write a service's words in one language."""

    ref: str
    language: str


# Reading answers


async def _name(answering: Answering, text: str) -> str:
    return translations.clean("service", "name", text)


async def _description(answering: Answering, text: str) -> str:
    return translations.clean("service", "description", text)


async def _need(answering: Answering, text: str) -> str:
    if not answering.chosen or text not in [*Need]:
        raise NotUnderstoodError("choice")
    return text


async def _cost(answering: Answering, text: str) -> str | None:
    if answering.chosen and text == UNKNOWN:
        return None
    amount = AMOUNT.fullmatch(re.sub(r"[\s€]", "", fold_digits(text)))
    if amount is None:
        raise NotUnderstoodError("amount")
    return f"{amount[1]}.{amount[2] or 0}"


async def _steps(answering: Answering, text: str) -> list[str]:
    found = [ENUMERATED.sub("", line).strip() for line in text.splitlines()]
    kept = [translations.clean("step", "text", line) for line in found if line]
    if not 0 < len(kept) <= STEPS_AT_MOST:
        raise NotUnderstoodError("steps")
    return kept


async def _area(answering: Answering, text: str) -> str:
    if not answering.chosen:
        raise NotUnderstoodError("choice")
    if text != EVERYWHERE:
        await areas.by_ref(answering.session, text)
    return text


UNKNOWN, EVERYWHERE = "?", "*"

# Asking


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the service called?"))


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("What does it help with?"), [(words.need(code, _), code.value) for code in Need]
    )


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    everywhere = (_.label("button", "Everywhere, or online"), EVERYWHERE)
    return Question(_("Where is it given?"), [everywhere, *await area_choices(page)])


async def _ask_cost(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("What does it cost, in euros?"),
        [(_.label("button", "Free of charge"), "0"), (_.label("button", "Not known"), UNKNOWN)],
    )


async def _ask_description(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Describe the service in a few sentences."))


async def _ask_steps(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Which steps does a person take to get it? Write one on each line."),
            _("For example: make an appointment, bring the rental contract."),
        )
    )


async def _ask_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    shelf = (await translations.shelves(page.session, "service", [about["id"]]))[about["id"]]
    source = shelf.choose(shelf.source, page.network.language)
    return Question(
        lines(
            _("The name in {language}:", language=native_name(about["language"])),
            _quote(source.get("name") if source else ""),
        )
    )


async def _ask_description_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    shelf = (await translations.shelves(page.session, "service", [about["id"]]))[about["id"]]
    source = shelf.choose(shelf.source, page.network.language)
    return Question(
        lines(
            _("The description in {language}:", language=native_name(about["language"])),
            _quote(source.get("description") if source else ""),
        )
    )


async def _ask_step_words(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    service = await find(page.session, Service, about["ref"])
    told = await step_texts(page, service, None)
    return Question(
        lines(
            _(
                "The steps in {language}, one on each line, in the same order:",
                language=native_name(about["language"]),
            ),
            _quote("\n".join(told)),
        )
    )


def _quote(text: str) -> Html:
    return Html("<blockquote>") + text + Html("</blockquote>") if text else Html("")


# Finishing


async def _made(answering: Answering) -> Replies:
    answers = answering.answers
    texts = {"name": answers["name"]}
    if answers.get("description"):
        texts["description"] = answers["description"]
    area = answers.get("area", EVERYWHERE)
    service = await providers.create_service(
        answering.session,
        answering.person,
        answering.about["ref"],
        Need(answers["need"]),
        [answering._.language],
        texts,
        answering._.language,
        answering.now,
        area_ref=None if area == EVERYWHERE else area,
        online=area == EVERYWHERE,
        cost=Decimal(answers["cost"]) if answers.get("cost") else None,
        steps=answers.get("steps") or (),
    )
    return [say("setup.service", ref=service.ref)]


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


SERVICE = Form(
    "setup.service",
    [
        Field("name", _ask_name, _name),
        Field("need", _ask_need, _need),
        Field("area", _ask_area, _area),
        Field("cost", _ask_cost, _cost),
        Field("description", _ask_description, _description, optional=True),
        Field("steps", _ask_steps, _steps, optional=True),
    ],
    _made,
)
_NAME = Field("name", _ask_words, _name)
_DESCRIPTION = Field("description", _ask_description_words, _description)
_STEPS = Field("steps", _ask_step_words, _steps)
WORDINGS = {
    (False, False): Form("setup.words", [_NAME], _worded),
    (True, False): Form("setup.words.d", [_NAME, _DESCRIPTION], _worded),
    (False, True): Form("setup.words.s", [_NAME, _STEPS], _worded),
    (True, True): Form("setup.words.ds", [_NAME, _DESCRIPTION, _STEPS], _worded),
}
"""By whether there is a description and whether there are steps: nothing else is asked."""


# Handlers


async def new_service(
    query: Any, callback_data: NewService, session: AsyncSession, state: FSMContext
) -> Replies:
    """Begin a service."""
    await find(session, Organization, callback_data.ref)
    return await begin(SERVICE, state, ref=callback_data.ref)


async def service_touched(
    query: Any,
    callback_data: OneService,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show a service, or turn one of its switches."""
    ref, act = callback_data.ref, callback_data.act
    service = await find(session, Service, ref)
    if act == "interpretation":
        await providers.edit_service(
            session, person, ref, now, interpretation=not service.interpretation
        )
    elif act == "is_open":
        await providers.edit_service(session, person, ref, now, is_open=not service.is_open)
    elif act == "languages":
        return [edit("setup.spoken", ref=ref)]
    return [edit("setup.service", ref=ref)]


async def given_turned(
    query: Any, callback_data: Given, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn one language of a service on or off."""
    ref, code = callback_data.ref, callback_data.code
    if code not in SPOKEN:
        return [toast("old_button")]
    service = await find(session, Service, ref)
    kept = [c for c in SPOKEN if (c in service.languages) != (c == code)]
    await providers.edit_service(session, person, ref, now, languages=kept)
    return [edit("setup.spoken", ref=ref)]


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


# Cards


async def step_texts(page: Page, service: Service, language: str | None) -> Sequence[str]:
    """Return the steps' words, in the reader's language or as they were written."""
    every = await providers.steps(page.session, service)
    shelves = await translations.shelves(page.session, "step", [step.id for step in every])
    told = []
    for step in every:
        shelf = shelves[step.id]
        block = shelf.choose(language or shelf.source, page.network.language)
        told.append(block.get("text") if block else "")
    return told


async def service_card(page: Page, ref: str) -> Message:
    """Show one service as the coordinator keeps it."""
    await require_coordinator(page)
    _ = page._
    service = await find(page.session, Service, ref)
    organization = await page.session.get_one(Organization, service.organization_id)
    shelf = (await translations.shelves(page.session, "service", [service.id]))[service.id]
    block = shelf.choose(_.language, page.network.language)
    told = await step_texts(page, service, _.language)
    text = lines(
        _("🛟 <b>{name}</b>", name=block.get("name") if block else ""),
        _("Helps with: {need}", need=words.need(Need(service.need), _)),
        _(
            "Given in: {languages}",
            languages=join([language_name(code, _) for code in service.languages], _),
        )
        if service.languages
        else _("No language is chosen yet."),
        _("An interpreter can be asked for.") if service.interpretation else None,
        cost_line(service, _),
        await _area_line(page, service),
        _("Closed for now: nobody is shown it.") if not service.is_open else None,
        Html("<blockquote>") + block.get("description") + Html("</blockquote>")
        if block and block.get("description")
        else None,
        *[
            _("{number}. {step}", number=number, step=step)
            for number, step in enumerate(told, start=1)
        ],
    )
    languages = Button(_.label("button", "🗣 Languages"), OneService(ref=ref, act="languages"))
    interpreter = (
        _.label("button", "No interpreter")
        if service.interpretation
        else _.label("button", "Interpreter on request")
    )
    opening = _.label("button", "Close it") if service.is_open else _.label("button", "Open it")
    rows = [
        [languages],
        [
            Button(interpreter, OneService(ref=ref, act="interpretation")),
            Button(opening, OneService(ref=ref, act="is_open")),
        ],
        *in_rows(_word_buttons(_, ref, set(shelf.complete)), 2),
        [Button(_.label("button", "Back"), OneOrganization(ref=organization.ref))],
    ]
    return Message(text, rows)


def _word_buttons(_: Translator, ref: str, written: set[str]) -> list[Button]:
    return [
        Button(
            _.label("button", "✅ {language}", language=native_name(code))
            if code in written
            else _.label("button", "➕ {language}", language=native_name(code)),
            WordsOf(ref=ref, language=code),
        )
        for code in OFFERED
    ]


def cost_line(service: Service, _: Translator) -> Html:
    """Return what a service costs, or that it is not known."""
    if service.cost is None:
        return _("Cost: not known")
    if service.cost == 0:
        return _("Free of charge")
    return _("Cost: {amount}", amount=money(service.cost, service.currency, _))


async def _area_line(page: Page, service: Service) -> Html:
    _ = page._
    if service.area_id is None:
        return _("Everywhere, or online")
    block = await translations.block(
        page.session, "area", service.area_id, _.language, page.network.language
    )
    return _("In {area}", area=block.get("name") if block else "?")


async def spoken_card(page: Page, ref: str) -> Message:
    """Choose the languages in which a service is given."""
    await require_coordinator(page)
    _ = page._
    service = await find(page.session, Service, ref)
    buttons = [
        Button(
            _.label("button", "✅ {language}", language=language_name(code, _))
            if code in service.languages
            else language_name(code, _),
            Given(ref=ref, code=code),
        )
        for code in SPOKEN
    ]
    back = Button(_.label("button", "Done"), OneService(ref=ref))
    return Message(
        _("In which languages is it given? Not with an interpreter: by its own people."),
        [*in_rows(buttons, 2), [back]],
    )


CARDS = {"setup.service": service_card, "setup.spoken": spoken_card}
FORMS = (SERVICE, *WORDINGS.values())


def setup() -> Router:
    """Take every button of the directory's set up, from coordinators only."""
    router = router_for("directory", COORDINATORS)
    router.callback_query.register(new_service, NewService.filter())
    router.callback_query.register(service_touched, OneService.filter())
    router.callback_query.register(given_turned, Given.filter())
    router.callback_query.register(words_asked, WordsOf.filter())
    return router
