"""A coordinator keeps the agreements: how far each is, what it says, and until when it holds."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, plans, roles, translations
from community.agreements import AGREEMENT, OVER, Agreement, State
from community.base import find
from community.errors import NotFoundError
from community.exchanges import FileKind
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from community.roles import RoleName
from handlers import plans as plan_cards
from handlers.agreement_facts import (
    ALL,
    CORRECTIONS,
    SHOWN,
    SIGNED,
    fact_line,
    field_name,
    last_day,
    state_name,
    value_of,
)
from handlers.content import block_for
from handlers.forms import begin
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    Reply,
    edit,
    in_rows,
    lines,
    say,
)
from handlers.setup_ways import OneOrganization, SetUp, require_coordinator
from handlers.staff import COORDINATORS, AgreementOf, Agreements, router_for, turning_of
from handlers.words import SPOKEN
from locales import Html, Translator, day, language_name
from reports.workbook import Sheet, of_words

PER_PAGE = 20


class OneAgreement(CallbackData, prefix="ag"):
    """One agreement: take a step, write one of its facts, see its document."""

    ref: str
    act: str
    what: str = ""

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("agreement.one", ref=self.ref)


class WorksIn(CallbackData, prefix="al"):
    """A language in which an organisation works: on or off."""

    ref: str
    code: str


# Handlers


async def list_opened(query: Any, callback_data: Agreements, state: FSMContext) -> Replies:
    """Show a page of all agreements, or the workbook."""
    await state.clear()
    if callback_data.to == "workbook":
        return [say("agreement.workbook")]
    return [edit("agreement.list", at=callback_data.at)]


async def of_organization(
    query: Any,
    callback_data: AgreementOf,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show the agreement with an organisation, begin one, or ask what is signed."""
    ref, act = callback_data.ref, callback_data.act
    organization = await find(session, Organization, ref)
    if act == "sign":
        return await begin(SIGNED, state, ref=ref)
    if act == "begin":
        await agreements.begin(session, person, ref, now)
    found = await agreements.current(session, organization.id)
    if found is None:
        return [edit("agreement.none", ref=ref)]
    return [edit("agreement.one", ref=found.ref)]


async def touched(
    query: Any,
    callback_data: OneAgreement,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Take a step, begin to write a fact, or show the document."""
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    await agreements.opened(session, person, ref, now)
    if act == "edit" and what == "languages":
        return [edit("agreement.languages", ref=ref)]
    if act == "edit" and what in CORRECTIONS:
        return await begin(CORRECTIONS[what], state, ref=ref)
    if act == "edit" and what == "all":
        return await begin(ALL, state, ref=ref)
    if act == "drop":
        return [edit("agreement.drop", ref=ref)]
    if act == "document":
        return [say("agreement.document", ref=ref)]
    if act == "to" and what in [*State] and what != State.ENDED:
        await agreements.advance(session, person, ref, State(what), now)
    return [edit("agreement.one", ref=ref)]


async def language_turned(
    query: Any, callback_data: WorksIn, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn one of the languages on or off."""
    ref, code = callback_data.ref, callback_data.code
    agreement = await agreements.opened(session, person, ref, now, lock=True)
    chosen = agreement.languages or []
    kept = [c for c in SPOKEN if (c in chosen) != (c == code)]
    await agreements.change(session, person, ref, now, languages=kept)
    return [edit("agreement.languages", ref=ref)]


# Cards


async def _organization(page: Page, organization_id: int) -> tuple[Organization, str]:
    organization = await page.session.get_one(Organization, organization_id)
    block = await block_for(page, "organization", organization_id)
    return organization, block.get("name") if block else "?"


def standing(agreement: Agreement, page: Page) -> str:
    """Return how far an agreement is now: what is past its date is over, whatever its row says."""
    is_past = agreement.state == State.ACTIVE and agreement.has_ended(page.now)
    return state_name(State.ENDED if is_past else State(agreement.state), page._)


async def list_card(page: Page, at: int = 0) -> Message:
    """List a page of the organisations with their agreements; what ends first is first."""
    _ = page._
    shown = await agreements.listed(page.session, page.reader, page.now, at=at, size=PER_PAGE)
    numbers = [organization.id for organization, _agreement in shown.rows]
    names = await translations.blocks(
        page.session, "organization", numbers, page.reads, page.network.language
    )
    rows, told = [], []
    for organization, agreement in shown.rows:
        name = names[organization.id].get("name") if organization.id in names else "?"
        told.append(_line(page, name, agreement))
        rows.append([Button(name, AgreementOf(ref=organization.ref))])
    rows.append(turning_of(shown, lambda to: Agreements(at=to), _))
    if shown.rows:
        as_file = Agreements(to="workbook")
        rows.append([Button(_.label("button", "📊 As a workbook"), as_file)])
    rows.append([Button(_.label("button", "Back"), SetUp())])
    text = lines(_("<b>Agreements</b>"), *(told or [_("There is no organisation yet.")]))
    return Message(text, rows)


def _line(page: Page, name: str, agreement: Agreement | None) -> Html:
    _ = page._
    if agreement is None:
        return _("▫️ {name}: no agreement yet", name=name)
    state = standing(agreement, page)
    if agreement.ends_at is None or agreement.state in OVER:
        return _("▫️ {name}: {state}", name=name, state=state)
    until = day(last_day(agreement.ends_at, page.network.zone), _, year=page.now.year)
    return _("▫️ {name}: {state}, until {day}", name=name, state=state, day=until)


async def none_card(page: Page, ref: str) -> Message:
    """Show that there has been none yet."""
    await require_coordinator(page)
    _ = page._
    found = await find(page.session, Organization, ref)
    _organization_row, name = await _organization(page, found.id)
    return Message(
        lines(
            _("🤝 <b>{name}</b>", name=name),
            _("There is no agreement with this organisation yet."),
        ),
        [
            [Button(_.label("button", "➕ Begin one"), AgreementOf(ref=ref, act="begin"))],
            [Button(_.label("button", "Back"), OneOrganization(ref=ref))],
        ],
    )


async def one_card(page: Page, ref: str) -> Message:
    """Show one agreement: how far it is, what it says, and what can be done now."""
    _ = page._
    agreement = await agreements.opened(page.session, page.reader, ref, page.now)
    organization, name = await _organization(page, agreement.organization_id)
    state, zone = State(agreement.state), page.network.zone
    is_past = state == State.ACTIVE and agreement.has_ended(page.now)
    is_over = state in OVER or is_past
    active = await agreements.is_active(page.session, organization.id, page.now)
    text = lines(
        _("🤝 <b>{name}</b>", name=name),
        _("{state}.", state=standing(agreement, page)),
        _("People can be referred there.")
        if active
        else _("Nobody can be referred there: nothing personal goes to this organisation."),
        "",
        *(fact_line(agreement, field, zone, _) for field in SHOWN),
    )
    rows = [] if is_over else _steps(agreement, _)
    if not is_over:
        if state == State.ACTIVE:
            rows.append(
                [
                    Button(
                        _.label("button", "The agreement has ended"),
                        OneOrganization(ref=organization.ref, act="end"),
                    )
                ]
            )
        facts = [
            Button(
                _.label("button", "✏️ {what}", what=field_name(field, _)),
                OneAgreement(ref=ref, act="edit", what=field),
            )
            for field in SHOWN
        ]
        in_turn = Button(
            _.label("button", "✏️ One after the other"),
            OneAgreement(ref=ref, act="edit", what="all"),
        )
        rows += [[in_turn], *in_rows(facts, 2)]
    elif state in OVER and await _is_last(page, agreement):
        again = AgreementOf(ref=organization.ref, act="begin")
        rows.append([Button(_.label("button", "➕ A new agreement"), again)])
    if agreement.document:
        look = OneAgreement(ref=ref, act="document")
        rows.append([Button(_.label("button", "📎 Show the document"), look)])
    rows.append(
        [
            Button(_.label("button", "Organisation"), OneOrganization(ref=organization.ref)),
            Button(_.label("button", "All agreements"), Agreements()),
        ]
    )
    return Message(text, rows)


async def _is_last(page: Page, agreement: Agreement) -> bool:
    found = await agreements.current(page.session, agreement.organization_id)
    return found is not None and found.id == agreement.id


def _steps(agreement: Agreement, _: Translator) -> list[list[Button]]:
    at = State(agreement.state)
    labels = {
        State.CONTACTED: _.label("button", "➡️ We have contacted them"),
        State.NEGOTIATING: _.label("button", "➡️ We negotiate"),
        State.SIGNED: _.label("button", "➡️ It is signed"),
        State.ACTIVE: _.label("button", "✅ It is active from now on"),
    }
    buttons = [
        Button(label, OneAgreement(ref=agreement.ref, act="to", what=to.value))
        for to, label in labels.items()
        if AGREEMENT.allows(at, to, Who.COORDINATOR)
    ]
    if AGREEMENT.allows(at, State.DROPPED, Who.COORDINATOR):
        drop = OneAgreement(ref=agreement.ref, act="drop")
        buttons.append(Button(_.label("button", "❌ Nothing comes of it"), drop))
    return in_rows(buttons)


async def drop_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before it is dropped."""
    await require_coordinator(page)
    _ = page._
    yes = OneAgreement(ref=ref, act="to", what=State.DROPPED.value)
    return Message(
        _("Does nothing come of this agreement? What you have written about it stays."),
        [
            [
                Button(_.label("button", "Yes"), yes),
                Button(_.label("button", "No"), OneAgreement(ref=ref, act="open")),
            ]
        ],
    )


async def languages_card(page: Page, ref: str) -> Message:
    """Choose the languages in which the organisation works."""
    _ = page._
    agreement = await agreements.opened(page.session, page.reader, ref, page.now)
    chosen: Sequence[str] = agreement.languages or ()
    buttons = [
        Button(
            _.label("button", "✅ {language}", language=language_name(code, _))
            if code in chosen
            else language_name(code, _),
            WorksIn(ref=ref, code=code),
        )
        for code in SPOKEN
    ]
    done = Button(_.label("button", "Done"), OneAgreement(ref=ref, act="open"))
    return Message(
        _("In which languages does the organisation work?"), [*in_rows(buttons, 2), [done]]
    )


async def document_card(page: Page, ref: str) -> Message:
    """Show the document, to coordinators only.

    Raises:
        NotFoundError: there is none.
    """
    _ = page._
    agreement = await agreements.opened(page.session, page.reader, ref, page.now)
    found = agreement.document
    if found is None:
        raise NotFoundError("Document")
    _organization_row, name = await _organization(page, agreement.organization_id)
    file = File(
        "",
        found.file_id,
        is_picture=found.kind == FileKind.PHOTO,
        otherwise=_("Telegram does not let this through to you, or does not have it any more."),
    )
    return Message(_("📎 The agreement with {name}", name=name), file=file, protect=True)


# What leaves by itself


async def ends_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that an agreement ends soon; nothing once that is not so any more."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    agreement = await find(page.session, Agreement, ref)
    is_near = agreement.ends_at is not None and (
        page.now < agreement.ends_at <= page.now + agreements.BEFORE[0]
    )
    if agreement.state != State.ACTIVE or agreement.ends_at is None or not is_near:
        return None
    _organization_row, name = await _organization(page, agreement.organization_id)
    last = last_day(agreement.ends_at, page.network.zone)
    text = lines(
        _("⏳ An agreement ends soon: {name}", name=name),
        _("Its last day: {day}", day=day(last, _, year=page.now.year)),
        _("After it nobody can be referred there. If you renew it, write a new last day."),
    )
    renew = OneAgreement(ref=ref, act="edit", what="ends_at")
    return Message(
        text,
        [
            [Button(_.label("button", "✏️ A new last day"), renew)],
            [Button(_.label("button", "Look at it"), OneAgreement(ref=ref, act="open"))],
        ],
    )


async def ended_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that an agreement has ended by its date."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    agreement = await find(page.session, Agreement, ref)
    if await agreements.is_active(page.session, agreement.organization_id, page.now):
        return None
    _organization_row, name = await _organization(page, agreement.organization_id)
    return Message(
        lines(
            _("⌛ The agreement with {name} has ended: its last day is over.", name=name),
            _("Nobody can be referred there now. Whoever waits for an answer has been told."),
        ),
        [[Button(_.label("button", "Look at it"), OneAgreement(ref=ref, act="open"))]],
    )


async def workbook_card(page: Page) -> Message:
    """Hand over all agreements and the plan as a workbook; documents are not in it."""
    _, zone = page._, page.network.zone
    every = await agreements.every(page.session, page.reader, page.now)
    names = await translations.blocks(
        page.session, "organization", [o.id for o, _a in every], page.reads, page.network.language
    )
    called = {o.id: names[o.id].get("name") if o.id in names else "?" for o, _agreement in every}
    agreed = Sheet(
        _.label("sheet", "Agreements"),
        [
            _.label("sheet", "Organisation"),
            _.label("sheet", "How far"),
            *(field_name(name, _) for name in SHOWN),
        ],
        [
            [
                called[organization.id],
                standing(agreement, page),
                *(value_of(agreement, name, zone, _) for name in SHOWN),
            ]
            for organization, agreement in every
            if agreement is not None
        ],
    )
    tasks = await plans.tasks(page.session, page.reader, page.now)
    planned = Sheet(
        _.label("sheet", "The plan"),
        [
            _.label("sheet", "Organisation"),
            _.label("sheet", "What"),
            _.label("sheet", "How far"),
            _.label("sheet", "It matters"),
            _.label("sheet", "Who does it"),
            _.label("sheet", "Until"),
        ],
        [
            [
                called[task.organization_id],
                task.what,
                plan_cards.state_name(plans.State(task.state), _),
                plan_cards.priority_name(plans.Priority(task.priority), _),
                plan_cards.owner_name(task, page.reader, _),
                plan_cards.due_words(task, zone, _),
            ]
            for task in tasks
        ],
    )
    content = partial(of_words, _("Agreements and plan"), [agreed, planned], _, page.now)
    otherwise = _("It could not be made, and whoever runs this bot finds out why in its log.")
    return Message(
        _("The agreements and the plan as a workbook for your computer."),
        file=File(f"{_.label('file', 'agreements')}.xlsx", content, otherwise=otherwise),
    )


CARDS = {
    "agreement.workbook": workbook_card,
    "agreement.list": list_card,
    "agreement.none": none_card,
    "agreement.one": one_card,
    "agreement.drop": drop_card,
    "agreement.languages": languages_card,
    "agreement.document": document_card,
    "team_notice.agreement_ends": ends_notice,
    "team_notice.agreement_ended": ended_notice,
}
FORMS = (SIGNED, ALL, *CORRECTIONS.values())


def setup() -> Router:
    """Take every button of the agreements, from coordinators only."""
    router = router_for("agreements", COORDINATORS)
    router.callback_query.register(list_opened, Agreements.filter())
    router.callback_query.register(of_organization, AgreementOf.filter())
    router.callback_query.register(touched, OneAgreement.filter())
    router.callback_query.register(language_turned, WorksIn.filter())
    return router
