"""A coordinator sets the network up, in chat and from nothing: organisations and agreements.

Areas and services have pages of their own (``areas``, ``directory``). Verbs and cards check the
role; the router does before either, so that a forged or old button is answered with a refusal.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, providers, referrals, translations
from community.base import find
from community.people import Person
from community.providers import Organization
from handlers.entry import freshness_line
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.setup_ways import (
    Log,
    NewNetwork,
    NewService,
    OfDirectory,
    OneOrganization,
    OneService,
    Register,
    SetUp,
    Translate,
    Unconfirmed,
    language_buttons,
    require_coordinator,
)
from handlers.staff import (
    COORDINATORS,
    AgreementOf,
    Agreements,
    Months,
    PartnerLink,
    PlanOf,
    router_for,
    turning_of,
)
from locales import OFFERED, Translator, language_name

PER_PAGE = 8


class Organizations(CallbackData, prefix="sb"):
    """A page of the organisations."""

    at: int = 0


class ServicesOf(CallbackData, prefix="sc"):
    """An organisation with another page of its services."""

    ref: str
    at: int = 0


# Reading answers


async def _organization_name(answering: Answering, text: str) -> str:
    return translations.clean("organization", "name", text)


# Asking


async def _ask_organization(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the organisation called?"))


async def _ask_translation(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    language = language_name(about["language"], _)
    return Question(_("Write the name. Language: {language}", language=language))


# Finishing


async def _organization_made(answering: Answering) -> Replies:
    made = await providers.create_organization(
        answering.session,
        answering.person,
        answering.answers["name"],
        answering._.language,
        answering.now,
    )
    return [say("setup.organization", ref=made.ref)]


async def _translated(answering: Answering) -> Replies:
    about = answering.about
    await providers.translate(
        answering.session,
        answering.person,
        about["subject"],
        about["ref"],
        about["language"],
        {"name": answering.answers["name"]},
        answering.now,
    )
    return [say(f"setup.{about['subject']}", ref=about["ref"])]


ORGANIZATION = Form(
    "setup.organization",
    [Field("name", _ask_organization, _organization_name)],
    _organization_made,
    home=lambda _about: say("setup.organizations"),
)
TRANSLATION = Form(
    "setup.translation",
    [Field("name", _ask_translation, _organization_name)],
    _translated,
    home=lambda about: say(f"setup.{about['subject']}", ref=about["ref"]),
)


# Handlers


async def pressed(query: Any, callback_data: SetUp, state: FSMContext) -> Replies:
    """Go to a part of the set up, or begin something new."""
    await state.clear()
    if callback_data.to == "new_organization":
        return await begin(ORGANIZATION, state)
    kinds = {"menu": "setup", "areas": "setup.areas", "organizations": "setup.organizations"}
    kind = kinds.get(callback_data.to)
    return [edit(kind)] if kind else [toast("old_button")]


async def organization_touched(
    query: Any,
    callback_data: OneOrganization,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show an organisation, or end its agreement after a second tap."""
    ref, act = callback_data.ref, callback_data.act
    await find(session, Organization, ref)
    if act == "end!":
        await referrals.end_agreement(session, person, ref, now)
    elif act == "end":
        return [edit("setup.agreement", ref=ref)]
    elif act in {"pass_on", "no_pass_on"}:
        await referrals.let_team_pass_on(session, person, ref, now, on=act == "pass_on")
    return [edit("setup.organization", ref=ref)]


async def organizations_turned(query: Any, callback_data: Organizations) -> Replies:
    """Show a page of the organisations."""
    return [edit("setup.organizations", at=callback_data.at)]


async def services_turned(query: Any, callback_data: ServicesOf, session: AsyncSession) -> Replies:
    """Show an organisation with a page of its services."""
    await find(session, Organization, callback_data.ref)
    return [edit("setup.organization", ref=callback_data.ref, at=callback_data.at)]


async def translate_asked(query: Any, callback_data: Translate, state: FSMContext) -> Replies:
    """Ask for a name in one language."""
    if callback_data.language not in OFFERED or callback_data.subject not in NAMED:
        return [toast("old_button")]
    return await begin(
        TRANSLATION,
        state,
        subject=callback_data.subject,
        ref=callback_data.ref,
        language=callback_data.language,
    )


NAMED = ("area", "organization")


# Cards


async def menu_card(page: Page) -> Message:
    """Show the parts of the set up."""
    await require_coordinator(page)
    _ = page._
    rows = in_rows(
        [
            Button(_.label("button", "📍 Areas"), SetUp(to="areas")),
            Button(_.label("button", "🏢 Organisations"), SetUp(to="organizations")),
            Button(_.label("button", "🤝 Agreements"), Agreements()),
            Button(_.label("button", "🗂 The plan"), PlanOf()),
            Button(_.label("button", "📇 Directory as a file"), OfDirectory()),
            Button(_.label("button", "🌐 Networks and programmes"), Register()),
            Button(_.label("button", "🕘 Entries to confirm"), Unconfirmed()),
            Button(_.label("button", "Back"), Months()),
        ]
    )
    return Message(
        lines(
            _("<b>Set up the network</b>"),
            _("Areas come first: members choose one, and it gives them their time zone."),
        ),
        rows,
    )


async def organizations_card(page: Page, at: int = 0) -> Message:
    """List the organisations, and which of them may get personal data."""
    await require_coordinator(page)
    _ = page._
    shown = await providers.organizations(page.session, at, PER_PAGE)
    numbers = [organization.id for organization in shown.rows]
    names = await translations.blocks(
        page.session, "organization", numbers, page.reads, page.network.language
    )
    active = await agreements.active_among(page.session, numbers, page.now)
    rows = []
    for organization in shown.rows:
        name = names[organization.id].get("name") if organization.id in names else "?"
        label = (
            _.label("button", "🤝 {name}", name=name)
            if organization.id in active
            else _.label("button", "▫️ {name}", name=name)
        )
        rows.append([Button(label, OneOrganization(ref=organization.ref))])
    rows.append(turning_of(shown, lambda to: Organizations(at=to), _))
    rows.append([Button(_.label("button", "➕ New organisation"), SetUp(to="new_organization"))])
    rows.append([Button(_.label("button", "Back"), SetUp())])
    return Message(
        lines(
            _.ngettext("There is {n} organisation.", "There are {n} organisations.", shown.total),
            _("🤝 stands where an agreement is active: only there people can be referred."),
        ),
        rows,
    )


async def organization_card(page: Page, ref: str, at: int = 0) -> Message:
    """Show one organisation: its agreement, its services, its name in each language."""
    await require_coordinator(page)
    _ = page._
    organization = await find(page.session, Organization, ref)
    shelf = (await translations.shelves(page.session, "organization", [organization.id]))[
        organization.id
    ]
    block = shelf.choose(page.reads, page.network.language)
    active = await agreements.is_active(page.session, organization.id, page.now)
    passes_on = await referrals.is_switched_on(page.session, organization.id)
    services = await providers.services_on(page.session, organization, at, PER_PAGE)
    names = await translations.blocks(
        page.session,
        "service",
        [service.id for service in services.rows],
        page.reads,
        page.network.language,
    )
    text = lines(
        _("🏢 <b>{name}</b>", name=block.get("name") if block else ""),
        _("🤝 The agreement is active: people can be referred.")
        if active
        else _("There is no active agreement: nobody can be referred yet."),
        _(
            "📞 While nobody of them is here, the team passes requests on by phone or e-mail, and "
            "records the answers."
        )
        if passes_on
        else None,
        _.ngettext("{n} service", "{n} services", services.total),
        freshness_line(page, organization),
    )
    rows = [
        [
            Button(
                names[service.id].get("name") if service.id in names else "?",
                OneService(ref=service.ref),
            )
        ]
        for service in services.rows
    ]
    rows.append(turning_of(services, lambda to: ServicesOf(ref=ref, at=to), _))
    rows.append([Button(_.label("button", "➕ New service"), NewService(ref=ref))])
    label = _.label("button", "➕ New network or programme")
    rows.append([Button(label, NewNetwork(ref=ref))])
    agreement = (
        Button(_.label("button", "The agreement has ended"), OneOrganization(ref=ref, act="end"))
        if active
        else Button(_.label("button", "The agreement is signed"), AgreementOf(ref=ref, act="sign"))
    )
    everything_of_it = Button(
        _.label("button", "🤝 All about the agreement"), AgreementOf(ref=ref)
    )
    plan = Button(_.label("button", "🗂 The plan with them"), PlanOf(ref=ref))
    rows += [[agreement], [everything_of_it], [plan]]
    by_team = (
        Button(
            _.label("button", "Not through the team"), OneOrganization(ref=ref, act="no_pass_on")
        )
        if passes_on
        else Button(
            _.label("button", "📞 The team passes it on"), OneOrganization(ref=ref, act="pass_on")
        )
    )
    rows.append([by_team])
    link = _.label("button", "🔗 Its link into the network")
    rows.append([Button(link, PartnerLink(ref=ref))])
    rows += in_rows(language_buttons(_, "organization", ref, set(shelf.complete)), 2)
    rows += _entry_rows(_, ref)
    everything = Button(_.label("button", "All organisations"), SetUp(to="organizations"))
    return Message(text, [*rows, [everything]])


def _entry_rows(_: Translator, ref: str) -> list[list[Button]]:
    """Return the buttons about an entry's age and its log, for the card of an organisation."""
    return [
        [Button(_.label("button", "✅ All of it is still right"), Unconfirmed(ref=ref))],
        [Button(_.label("button", "🕘 What has changed"), Log(ref=ref))],
    ]


async def agreement_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before an agreement ends."""
    await require_coordinator(page)
    _ = page._
    return Message(
        _("Has the agreement ended? From then on nobody can be referred there."),
        [
            [
                Button(_.label("button", "Yes"), OneOrganization(ref=ref, act="end!")),
                Button(_.label("button", "No"), OneOrganization(ref=ref)),
            ]
        ],
    )


CARDS = {
    "setup": menu_card,
    "setup.organizations": organizations_card,
    "setup.organization": organization_card,
    "setup.agreement": agreement_card,
}
FORMS = (ORGANIZATION, TRANSLATION)


def setup() -> Router:
    """Take every button of the set up, from coordinators only."""
    router = router_for("setup", COORDINATORS)
    router.callback_query.register(pressed, SetUp.filter())
    router.callback_query.register(organization_touched, OneOrganization.filter())
    router.callback_query.register(organizations_turned, Organizations.filter())
    router.callback_query.register(services_turned, ServicesOf.filter())
    router.callback_query.register(translate_asked, Translate.filter())
    return router
