"""A coordinator keeps the register of networks one can join, and of mainstream programmes."""

from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers
from community.base import find
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Person, Profile
from community.portions import Portion
from community.providers import Kind, Organization, Service, facts, networks
from handlers import entry_words, words
from handlers.content import block_for
from handlers.directory_words import read_description, read_name
from handlers.entry_ways import name_of
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.register_coding import OneNetwork, registered
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.service_form import area_question, make, need_question, read_area, read_need
from handlers.setup_ways import (
    NewNetwork,
    OneOrganization,
    OneService,
    Register,
    SetUp,
    require_coordinator,
)
from handlers.staff import COORDINATORS, router_for, turning_of
from handlers.words import SPOKEN
from locales import Html, Translator, join, language_name
from reports.workbook import Sheet, of_words

PER_PAGE = 8
IN_A_WORKBOOK = 10_000
KINDS = {"": None, Kind.NETWORK.value: Kind.NETWORK, Kind.PROGRAMME.value: Kind.PROGRAMME}


# Asking


async def _ask_kind(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    choices = [(entry_words.kind_name(kind, _), kind.value) for kind in networks.REGISTERED]
    return Question(_("What is it?"), choices)


async def _kind(answering: Answering, text: str) -> str:
    if not answering.chosen or text not in [*networks.REGISTERED]:
        raise NotUnderstoodError("choice")
    return text


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is it called?"))


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    return need_question(page, page._("What does it help with most?"))


async def _ask_gets(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What does somebody get there? Write it as a member would read it."))


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    return await area_question(page, page._("Where does it meet?"))


async def _made(answering: Answering) -> Replies:
    service = await make(answering, kind=Kind(answering.answers["kind"]))
    return [say("networks.one", ref=service.ref)]


NETWORK = Form(
    "networks.new",
    [
        Field("kind", _ask_kind, _kind),
        Field("name", _ask_name, read_name),
        Field("need", _ask_need, read_need),
        Field("description", _ask_gets, read_description),
        Field("area", _ask_area, read_area),
    ],
    _made,
    home=lambda about: say("setup.organization", ref=about["ref"]),
)

# Handlers


async def opened(query: Any, callback_data: Register) -> Replies:
    """Show the register, choose a filter, or hand it over as a workbook."""
    chosen = callback_data
    if chosen.kind not in KINDS or chosen.need not in ["", *Need]:
        return [toast("old_button")]
    filters = {"of": chosen.kind, "code": chosen.code, "need": chosen.need}
    if chosen.pick == "xlsx":
        return [say("networks.workbook", **filters)]
    if chosen.pick in ("code", "need"):
        return [edit("networks.filter", **filters, pick=chosen.pick)]
    return [edit("networks", **filters, at=chosen.at)]


async def new_network(
    query: Any, callback_data: NewNetwork, session: AsyncSession, state: FSMContext
) -> Replies:
    """Begin a network or a programme."""
    await find(session, Organization, callback_data.ref)
    return await begin(NETWORK, state, ref=callback_data.ref)


async def network_touched(
    query: Any,
    callback_data: OneNetwork,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show one, or turn a network into a programme and back."""
    ref, act = callback_data.ref, callback_data.act
    service = await registered(session, ref)
    if act == "kind":
        other = Kind.PROGRAMME if service.kind == Kind.NETWORK else Kind.NETWORK
        await providers.edit_service(session, person, ref, now, kind=other)
    elif act in ("strengths", "profiles", "adequacy"):
        return [edit(f"networks.{act}", ref=ref)]
    return [edit("networks.one", ref=ref)]


# Cards


async def _found(
    page: Page, kind: str, code: str, need: str, at: int = 0, size: int = IN_A_WORKBOOK
) -> Portion[Service]:
    return await networks.register(
        page.session,
        page.reader,
        page.now,
        kind=KINDS.get(kind),
        language=code,
        need=Need(need) if need else None,
        at=at,
        size=size,
    )


async def register_card(
    page: Page, of: str = "", code: str = "", need: str = "", at: int = 0
) -> Message:
    """List networks and programmes, by the filters that are chosen."""
    _ = page._
    shown = await _found(page, of, code, need, at, PER_PAGE)
    chosen = Register(kind=of, code=code, need=need)

    def turn(to: int) -> Register:
        return chosen.model_copy(update={"at": to})

    rows = [
        [Button(await name_of(page, "service", one.id), OneNetwork(ref=one.ref))]
        for one in shown.rows
    ]
    after = {"": Kind.NETWORK.value, Kind.NETWORK.value: Kind.PROGRAMME.value}.get(of, "")
    filters = [
        Button(
            entry_words.kind_name(Kind(of), _) if of else _.label("button", "Both kinds"),
            chosen.model_copy(update={"kind": after}),
        ),
        Button(
            language_name(code, _) if code else _.label("button", "All languages"),
            chosen.model_copy(update={"pick": "code"}),
        ),
        Button(
            words.need(Need(need), _) if need else _.label("button", "All needs"),
            chosen.model_copy(update={"pick": "need"}),
        ),
    ]
    text = lines(
        _("🌐 <b>Networks and programmes</b>"),
        _.ngettext("{n} is in the register.", "{n} are in the register.", shown.total),
        _("A new one is added at the organisation that runs it.") if not shown.total else None,
    )
    export = chosen.model_copy(update={"pick": "xlsx"})
    rows += [turning_of(shown, turn, _), filters]
    rows += [[Button(_.label("button", "📄 As a workbook"), export)]] if shown.total else []
    return Message(text, [*rows, [Button(_.label("button", "Back"), SetUp())]])


async def filter_card(page: Page, of: str, code: str, need: str, pick: str) -> Message:
    """Choose a language or a need to filter by."""
    _ = page._
    await require_coordinator(page)
    chosen = Register(kind=of, code=code, need=need)
    if pick == "code":
        question = _("In which language?")
        offered = [(code, language_name(code, _)) for code in SPOKEN]
        every = _.label("button", "All languages")
    else:
        question = _("For which need?")
        offered = [(code.value, words.need(code, _)) for code in Need]
        every = _.label("button", "All needs")
    buttons = [Button(label, chosen.model_copy(update={pick: value})) for value, label in offered]
    all_of_them = Button(every, chosen.model_copy(update={pick: ""}))
    return Message(question, [*in_rows(buttons, 2), [all_of_them]])


async def network_card(page: Page, ref: str) -> Message:
    """Show one network or programme: who runs it, for whom, what one gets, and how good it is."""
    _ = page._
    await require_coordinator(page)
    service = await registered(page.session, ref)
    organization = await page.session.get_one(Organization, service.organization_id)
    block = await block_for(page, "service", service.id)
    told = await _told(page, service)
    text = lines(
        _("🌐 <b>{name}</b>", name=block.get("name") if block else "?"),
        *[
            _("{field}: {value}", field=head, value=value)
            for head, value in zip(_heads(_)[1:], told[1:], strict=True)
            if head != entry_words.field_name("description", _)
        ],
        blockquote(block.get("description")) if block and block.get("description") else None,
    )
    other = (
        _.label("button", "It is a programme")
        if service.kind == Kind.NETWORK
        else _.label("button", "It is a network")
    )
    strengths = _.label("button", "⚖️ Strengths and weaknesses")
    said = _.label("button", "⭐ What members say")
    facts_and_words = _.label("button", "✏️ Languages, place and words")
    return Message(
        text,
        [
            [Button(strengths, OneNetwork(ref=ref, act="strengths"))],
            [Button(_.label("button", "👤 For whom"), OneNetwork(ref=ref, act="profiles"))],
            [Button(said, OneNetwork(ref=ref, act="adequacy"))],
            [Button(facts_and_words, OneService(ref=ref))],
            [Button(other, OneNetwork(ref=ref, act="kind"))],
            [
                Button(
                    await name_of(page, "organization", organization.id),
                    OneOrganization(ref=organization.ref),
                )
            ],
            [Button(_.label("button", "All networks and programmes"), Register())],
        ],
    )


def _heads(_: Translator) -> list[str]:
    return [
        entry_words.field_name("name", _),
        entry_words.field_name("kind", _),
        _.label("entry", "Run by"),
        entry_words.field_name("languages", _),
        entry_words.field_name("profiles", _),
        _.label("entry", "Format"),
        entry_words.field_name("need", _),
        entry_words.field_name("description", _),
        _.label("entry", "Strengths"),
        _.label("entry", "Weaknesses"),
    ]


async def _told(page: Page, service: Service) -> list[str]:
    """Return what the register says of one, in the order of its headings."""
    _ = page._
    block = await block_for(page, "service", service.id)
    coded = (await networks.strengths(page.session, [service.id]))[service.id]
    strong, weak = (
        join([words.need(need, _) for need, is_strong in coded.items() if is_strong is wanted], _)
        for wanted in (True, False)
    )
    area = await facts.value(page.session, service, "area")
    place = await entry_words.shown(page, "area", area) if area else None
    everybody = _.label("entry", "everybody")
    unknown = _.label("entry", "not known")
    profiles = [words.profile(Profile(code), _) for code in service.profiles]
    return [
        block.get("name") if block else "?",
        entry_words.kind_name(Kind(service.kind), _),
        await name_of(page, "organization", service.organization_id),
        str(join([language_name(code, _) for code in service.languages], _)) or unknown,
        ", ".join(profiles) or everybody,
        _.label("entry", "Face to face: {area}", area=place)
        if place
        else _.label("entry", "Online, or everywhere"),
        words.need(Need(service.need), _),
        block.get("description") if block else "",
        str(strong) or unknown,
        str(weak) or unknown,
    ]


async def workbook_card(page: Page, of: str, code: str, need: str) -> Message:
    """Hand the register over, as it is filtered."""
    _ = page._
    every = await _found(page, of, code, need)
    rows = [await _told(page, one) for one in every.rows]
    title = _.label("entry", "Networks and programmes")
    content = partial(of_words, title, [Sheet(title, _heads(_), rows)], _, page.now)
    name = f"{_.label('file', 'networks')}.xlsx"
    failed: Html = _("It could not be made, and whoever runs this bot finds out why in its log.")
    return Message(
        _("The register as a workbook for your computer."),
        file=File(name, content, otherwise=failed),
    )


CARDS = {
    "networks": register_card,
    "networks.filter": filter_card,
    "networks.one": network_card,
    "networks.workbook": workbook_card,
}
FORMS = (NETWORK,)


def setup() -> Router:
    """Take the buttons of the register, from coordinators only."""
    router = router_for("register", COORDINATORS)
    router.callback_query.register(opened, Register.filter())
    router.callback_query.register(new_network, NewNetwork.filter())
    router.callback_query.register(network_touched, OneNetwork.filter())
    return router
