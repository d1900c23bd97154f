"""A coordinator keeps an agreement: how far it is, what it says, and until when it holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements
from community.activities import Kind
from community.agreements import AGREEMENT, OVER, Agreement, State
from community.base import find
from community.errors import NotFoundError
from community.exchanges import FileKind
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from handlers import decisions
from handlers.agreement_facts import (
    ALL,
    CORRECTIONS,
    SHOWN,
    SIGNED,
    fact_line,
    field_name,
    standing,
)
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
from handlers.setup_ways import OneOrganization, require_coordinator
from handlers.staff import COORDINATORS, AgreementOf, Agreements, language_rows, router_for
from handlers.supporters import name_of
from handlers.words import SPOKEN
from locales import Translator


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


async def none_card(page: Page, ref: str) -> Message:
    """Show that there has been none yet."""
    await require_coordinator(page)
    _ = page._
    found = await find(page.session, Organization, ref)
    name = await name_of(page, found.id)
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
    organization = await page.session.get_one(Organization, agreement.organization_id)
    name = await name_of(page, organization.id)
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
    rows.append(await decisions.way(page, Kind.AGREEMENT, ref))
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
    buttons = language_rows(SPOKEN, chosen, lambda code: WorksIn(ref=ref, code=code), _)
    done = Button(_.label("button", "Done"), OneAgreement(ref=ref, act="open"))
    return Message(_("In which languages does the organisation work?"), [*buttons, [done]])


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
    name = await name_of(page, agreement.organization_id)
    file = File(
        "",
        found.file_id,
        is_picture=found.kind == FileKind.PHOTO,
        otherwise=_("Telegram does not let this through to you, or does not have it any more."),
    )
    return Message(_("📎 The agreement with {name}", name=name), file=file, protect=True)


CARDS = {
    "agreement.none": none_card,
    "agreement.one": one_card,
    "agreement.drop": drop_card,
    "agreement.languages": languages_card,
    "agreement.document": document_card,
}
FORMS = (SIGNED, ALL, *CORRECTIONS.values())


def setup() -> Router:
    """Take every button of one agreement, from coordinators only."""
    router = router_for("agreements", COORDINATORS)
    router.callback_query.register(of_organization, AgreementOf.filter())
    router.callback_query.register(touched, OneAgreement.filter())
    router.callback_query.register(language_turned, WorksIn.filter())
    return router
