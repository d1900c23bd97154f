"""A coordinator writes the directory: services, their languages, cost, area, steps, and words."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, translations
from community.activities import Kind
from community.base import find
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service
from handlers import decisions, words
from handlers.directory_words import (
    read_description,
    read_name,
    read_steps,
    step_texts,
    word_buttons,
)
from handlers.entry_words import EUROS, cost_question
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.service_form import (
    EVERYWHERE,
    UNKNOWN,
    area_question,
    make,
    need_question,
    place_of,
    read_area,
    read_need,
)
from handlers.setup_ways import NewService, OneOrganization, OneService, require_coordinator
from handlers.staff import COORDINATORS, language_rows, router_for
from handlers.words import SPOKEN
from locales import (
    Html,
    Translator,
    fold_digits,
    join,
    language_name,
    money,
)

AMOUNT = re.compile(r"(\d{1,6})(?:[.,٫](\d{1,2}))?")
"""One separator, before the cents: what might be thousands ("1,000") is asked for again."""


class Given(CallbackData, prefix="sg"):
    """A language in which the service is given: on or off."""

    ref: str
    code: str


# Reading answers


async def _cost(answering: Answering, text: str) -> str | None:
    if answering.chosen and text == UNKNOWN:
        return None
    amount = AMOUNT.fullmatch(re.sub(r"[\s€]", "", fold_digits(text)))
    if amount is None:
        raise NotUnderstoodError("amount")
    return f"{amount[1]}.{amount[2] or 0}"


# Asking


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the service called?"))


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    return need_question(page, page._("What does it help with?"))


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    return await area_question(page, page._("Where is it given?"))


async def _ask_cost(page: Page, about: Any, answers: Any) -> Question:
    return _cost_asked(EUROS, page._)


async def _ask_cost_again(page: Page, about: Any, answers: Any) -> Question:
    service = await find(page.session, Service, about["ref"])
    return _cost_asked(service.currency, page._)


def _cost_asked(currency: str, _: Translator) -> Question:
    return Question(
        cost_question(currency, _),
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


# Finishing


async def _made(answering: Answering) -> Replies:
    answers = answering.answers
    service = await make(
        answering, cost=_amount(answers["cost"]), steps=answers.get("steps") or ()
    )
    return [say("setup.service", ref=service.ref)]


def _moved(area: str) -> Mapping[str, Any]:
    """Return what changes if it is given elsewhere: in an area, it is online as it was."""
    return place_of(area) if area == EVERYWHERE else {"area_ref": area}


def _amount(cost: str | None) -> Decimal | None:
    return Decimal(cost) if cost else None


SERVICE = Form(
    "setup.service",
    [
        Field("name", _ask_name, read_name),
        Field("need", _ask_need, read_need),
        Field("area", _ask_area, read_area),
        Field("cost", _ask_cost, _cost),
        Field("description", _ask_description, read_description, optional=True),
        Field("steps", _ask_steps, read_steps, optional=True),
    ],
    _made,
    home=lambda about: say("setup.organization", ref=about["ref"]),
)


def _to_service(about: Mapping[str, Any]) -> Reply:
    return say("setup.service", ref=about["ref"])


def _correction(field: Field, changes: Callable[[Any], Mapping[str, Any]]) -> Form:
    """Return the form that asks for one fact again; ``changes`` says what an answer sets."""

    async def finish(answering: Answering) -> Replies:
        ref, answer = answering.about["ref"], answering.answers[field.name]
        await providers.edit_service(
            answering.session, answering.person, ref, answering.now, **changes(answer)
        )
        return [say("setup.service", ref=ref)]

    return Form(f"setup.service.{field.name}", [field], finish, home=_to_service)


CORRECTIONS = {
    "need": _correction(Field("need", _ask_need, read_need), lambda need: {"need": Need(need)}),
    "area": _correction(Field("area", _ask_area, read_area), _moved),
    "cost": _correction(
        Field("cost", _ask_cost_again, _cost), lambda cost: {"cost": _amount(cost)}
    ),
}


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
    state: FSMContext,
) -> Replies:
    """Show a service, turn one of its switches, or correct one of its facts."""
    ref, act = callback_data.ref, callback_data.act
    service = await find(session, Service, ref)
    if act == "interpretation":
        await providers.edit_service(
            session, person, ref, now, interpretation=not service.interpretation
        )
    elif act == "online":
        await providers.edit_service(session, person, ref, now, online=not service.online)
    elif act == "is_open":
        await providers.edit_service(session, person, ref, now, is_open=not service.is_open)
    elif act in CORRECTIONS:
        return await begin(CORRECTIONS[act], state, ref=ref)
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


# Cards


async def service_card(page: Page, ref: str) -> Message:
    """Show one service as the coordinator keeps it."""
    await require_coordinator(page)
    _ = page._
    service = await find(page.session, Service, ref)
    organization = await page.session.get_one(Organization, service.organization_id)
    shelf = (await translations.shelves(page.session, "service", [service.id]))[service.id]
    block = shelf.choose(page.reads, page.network.language)
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
        _("💻 Online") if service.online and service.area_id is not None else None,
        _("Closed for now: nobody is shown it.") if not service.is_open else None,
        blockquote(block.get("description")) if block and block.get("description") else None,
        *[
            _("{number}. {step}", number=number, step=step)
            for number, step in enumerate(told, start=1)
        ],
    )
    facts = [
        Button(_.label("button", "🗣 Languages"), OneService(ref=ref, act="languages")),
        Button(_.label("button", "🛟 What it helps with"), OneService(ref=ref, act="need")),
        Button(_.label("button", "📍 Where"), OneService(ref=ref, act="area")),
        Button(_.label("button", "💶 Cost"), OneService(ref=ref, act="cost")),
    ]
    interpreter = (
        _.label("button", "No interpreter")
        if service.interpretation
        else _.label("button", "Interpreter on request")
    )
    online = (
        _.label("button", "💻 Not online")
        if service.online
        else _.label("button", "💻 Online as well")
    )
    opening = _.label("button", "Close it") if service.is_open else _.label("button", "Open it")
    rows = [
        *in_rows(facts, 2),
        [
            Button(interpreter, OneService(ref=ref, act="interpretation")),
            Button(online, OneService(ref=ref, act="online")),
        ],
        [Button(opening, OneService(ref=ref, act="is_open"))],
        *in_rows(word_buttons(_, ref, set(shelf.complete)), 2),
        await decisions.way(page, Kind.SERVICE, ref),
        [Button(_.label("button", "Back"), OneOrganization(ref=organization.ref))],
    ]
    return Message(text, rows)


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
        return _("Everywhere, or online") if service.online else _("📍 Place: not known")
    block = await translations.block(
        page.session, "area", service.area_id, page.reads, page.network.language
    )
    return _("In {area}", area=block.get("name") if block else "?")


async def spoken_card(page: Page, ref: str) -> Message:
    """Choose the languages in which a service is given."""
    await require_coordinator(page)
    _ = page._
    service = await find(page.session, Service, ref)
    buttons = language_rows(SPOKEN, service.languages, lambda code: Given(ref=ref, code=code), _)
    back = Button(_.label("button", "Done"), OneService(ref=ref))
    return Message(
        _("In which languages is it given? Not with an interpreter: by its own people."),
        [*buttons, [back]],
    )


CARDS = {"setup.service": service_card, "setup.spoken": spoken_card}
FORMS = (SERVICE, *CORRECTIONS.values())


def setup() -> Router:
    """Take every button of the directory's set up, from coordinators only."""
    router = router_for("directory", COORDINATORS)
    router.callback_query.register(new_service, NewService.filter())
    router.callback_query.register(service_touched, OneService.filter())
    router.callback_query.register(given_turned, Given.filter())
    return router
