"""Our entry: an organisation's own people see it as members do, and say that it is right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, roles
from community.errors import NotAllowedError
from community.people import Person
from community.providers import Organization, entries, facts
from community.roles import RoleName
from handlers import entry_words, support, unsaved
from handlers.capacity import Places, room_lines
from handlers.content import block_for
from handlers.entry_changes import change_buttons
from handlers.entry_preview import fact_line, preview_languages
from handlers.entry_ways import ChangeField, OurEntry, OurService, Unsaved, name_of
from handlers.forms import end
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    blockquote,
    edit,
    in_rows,
    lines,
    toast,
)
from handlers.staff import PROVIDERS, language_rows, router_for, turning_of
from handlers.words import SPOKEN
from locales import Html, Translator, day, join, language_name

PER_PAGE = 8


NAMED = 5
"""So many services are named where it is asked whether all is right; the rest is counted."""


class OurServices(CallbackData, prefix="ox"):
    """The own organisation with another page of its services."""

    ref: str
    at: int = 0


class Speak(CallbackData, prefix="oc"):
    """A language in which the reader serves people: on or off."""

    ref: str
    code: str


# Handlers


async def opened(
    query: Any,
    callback_data: OurEntry,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show the own entry, or say that it is right."""
    await end(state)
    ref, act = callback_data.ref, callback_data.act
    if not ref:
        own = await entries.own(session, person, now)
        if len(own) != 1:
            return [edit("entry.which")]
        ref = own[0].ref
    if act == "confirm":
        await providers.confirm(session, person, ref, now)
        return [edit("entry.confirmed", ref=ref)]
    if act == "speak":
        return [edit("entry.speak", ref=ref)]
    return [edit("entry", ref=ref, changed=[*await unsaved.every(state)])]


async def services_turned(query: Any, callback_data: OurServices, state: FSMContext) -> Replies:
    """Show the own organisation with a page of its services."""
    kept = [*await unsaved.every(state)]
    return [edit("entry", ref=callback_data.ref, at=callback_data.at, changed=kept)]


async def service_opened(query: Any, callback_data: OurService, state: FSMContext) -> Replies:
    """Show one service of the own entry; what is not saved is kept."""
    await end(state)
    kept = [*await unsaved.every(state)]
    return [edit("entry.service", ref=callback_data.ref, changed=kept)]


async def spoken(
    query: Any, callback_data: Speak, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn one of the reader's own languages on or off."""
    if callback_data.code not in SPOKEN:
        return [toast("old_button")]
    organization = await entries.opened(session, person, callback_data.ref, now)
    await roles.speak(session, person, organization.id, callback_data.code, now)
    return [edit("entry.speak", ref=callback_data.ref)]


# Cards


async def which_card(page: Page) -> Message:
    """Choose the organisation, for whoever is of several."""
    own = await entries.own(page.session, page.reader, page.now)
    if not own:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    rows = [
        [Button(await name_of(page, "organization", one.id), OurEntry(ref=one.ref))] for one in own
    ]
    return Message(page._("Which organisation?"), rows)


async def entry_card(page: Page, ref: str, at: int = 0, *, changed: Sequence[str] = ()) -> Message:
    """Show the own organisation: what it says, who serves in which languages, its services.

    ``changed``: of what there are changes that are not saved yet.
    """
    _ = page._
    organization = await entries.opened(page.session, page.reader, ref, page.now)
    block = await block_for(page, "organization", organization.id)
    services = await providers.services_on(page.session, organization, at, PER_PAGE)
    rows = []
    for one in services.rows:
        name = await name_of(page, "service", one.id)
        label = _.label("button", "💾 {name}", name=name) if one.ref in changed else name
        rows.append([Button(label, OurService(ref=one.ref))])
    rows.append(turning_of(services, lambda to: OurServices(ref=ref, at=to), _))
    source = await facts.source_of(page.session, organization)
    fields = ["name", "description", "phone", "email", "website"]
    changing = [
        Button(
            _.label("button", "✏️ {field}", field=entry_words.field_name(field, _)),
            ChangeField(
                ref=ref, field=field, language=source if field in entry_words.TEXTS else ""
            ),
        )
        for field in fields
    ]
    text = lines(
        _("🏢 <b>{name}</b>", name=block.get("name") if block else "?"),
        blockquote(block.get("description")) if block and block.get("description") else None,
        *[await fact_line(page, organization, field) for field in fields[2:]],
        "",
        freshness_line(page, organization),
        "",
        *await _colleagues(page, organization),
    )
    return Message(
        text,
        [
            _unsaved(_, Unsaved(ref=ref, act="see")) if ref in changed else [],
            *rows,
            *in_rows(changing, 2),
            [Button(_.label("button", "✅ All of it is still right"), _confirm(ref))],
            [Button(_.label("button", "🗣 My languages"), OurEntry(ref=ref, act="speak"))],
        ],
    )


def _unsaved(_: Translator, see: CallbackData) -> list[Button]:
    return [Button(_.label("button", "💾 What is not saved yet"), see)]


def _confirm(ref: str) -> OurEntry:
    return OurEntry(ref=ref, act="confirm")


def freshness_line(page: Page, organization: Organization) -> Html:
    """Say when somebody last said that an entry is right, and whether it can be believed."""
    _ = page._
    since = providers.right_since(organization).astimezone(page.zone).date()
    when = day(since, _, year=page.now.year)
    if providers.seems_stale(organization, page.now):
        return _(
            "⏳ Nobody has confirmed this since {when}. Members read that it may be out of date, "
            "and it comes last.",
            when=when,
        )
    if organization.confirmed_at is None:
        return _("Made on {when}, and not confirmed since.", when=when)
    return _("Confirmed as right: {when}", when=when)


async def _colleagues(page: Page, organization: Organization) -> list[Html]:
    _ = page._
    told = [_("<b>Who of you serves people in which languages</b>")]
    for role, person in await roles.colleagues(page.session, organization.id, page.now):
        spoken = join([language_name(code, _) for code in role.languages], _)
        told.append(
            _("{name}: {languages}", name=person.name or "?", languages=spoken)
            if role.languages
            else _("{name}: not said yet", name=person.name or "?")
        )
    return told


async def speak_card(page: Page, ref: str) -> Message:
    """Choose one's own languages."""
    _ = page._
    organization = await entries.opened(page.session, page.reader, ref, page.now)
    mine = next(
        role
        for role, person in await roles.colleagues(page.session, organization.id, page.now)
        if person.id == page.reader.id
    )
    buttons = language_rows(SPOKEN, mine.languages, lambda code: Speak(ref=ref, code=code), _)
    text = lines(
        _("In which languages do you serve people yourself?"),
        _(
            "Your colleagues see it. Of a new referral everybody is told; who speaks the person's "
            "language is told first."
        ),
    )
    return Message(text, [*buttons, [Button(_.label("button", "Done"), OurEntry(ref=ref))]])


async def confirmed_card(page: Page, ref: str) -> Message:
    """Thank whoever has said that the entry is right."""
    _ = page._
    await entries.opened(page.session, page.reader, ref, page.now)
    text = _("✅ Thank you! Members read that it was confirmed today. We ask again in 60 days.")
    return Message(text, [_to_entry(_, ref)])


async def service_card(page: Page, ref: str, *, changed: Sequence[str] = ()) -> Message:
    """Show a service of the own entry as members see it, and all that can be changed."""
    _ = page._
    service = await entries.opened_service(page.session, page.reader, ref, page.now)
    organization = await page.session.get_one(Organization, service.organization_id)
    card = await support.service_card(page, ref)
    text = lines(
        _("👁 <b>This is what members see</b>"),
        "",
        card.text,
        "",
        *await room_lines(page, service),
    )
    return Message(
        text,
        [
            _unsaved(_, Unsaved(ref=ref, act="see")) if ref in changed else [],
            preview_languages(ref),
            [Button(_.label("button", "👥 Places and pauses"), Places(ref=ref))],
            *in_rows(await change_buttons(page, service), 2),
            [Button(_.label("button", "Back"), OurEntry(ref=organization.ref))],
        ],
    )


# What leaves by itself


async def check_notice(page: Page, ref: str) -> Message | None:
    """Ask whether the entry is still right; nothing if somebody has said so by now."""
    _ = page._
    try:
        organization = await entries.opened(page.session, page.reader, ref, page.now)
    except NotAllowedError:
        return None
    if page.now < providers.right_since(organization) + providers.CONFIRMED_EVERY:
        return None
    services = await providers.services_on(page.session, organization, 0, NAMED)
    names = [await name_of(page, "service", one.id) for one in services.rows]
    more = services.total - len(names)
    text = lines(
        _(
            "🕘 Is what members read about you still right? {name}",
            name=await name_of(page, "organization", organization.id),
        ),
        _("Your services: {names}", names=join(names, _)) if names and not more else None,
        _.ngettext(
            "Some of your services: {names}. And {n} more.",
            "Some of your services: {names}. And {n} more.",
            more,
            names=join(names, _),
        )
        if more
        else None,
        _(
            "Prices, hours, languages and phone numbers change. One tap, and members can rely "
            "on it."
        ),
    )
    return Message(
        text,
        [
            [Button(_.label("button", "✅ All of it is still right"), _confirm(ref))],
            [Button(_.label("button", "✏️ Look at it"), OurEntry(ref=ref))],
        ],
    )


def _to_entry(_: Translator, ref: str) -> list[Button]:
    return [Button(_.label("button", "Our entry"), OurEntry(ref=ref))]


CARDS = {
    "entry": entry_card,
    "entry.which": which_card,
    "entry.speak": speak_card,
    "entry.confirmed": confirmed_card,
    "entry.service": service_card,
    "entry_check": check_notice,
}


def setup() -> Router:
    """Take the buttons of the own entry, from provider staff only."""
    router = router_for("our entry", PROVIDERS)
    router.callback_query.register(opened, OurEntry.filter())
    router.callback_query.register(services_turned, OurServices.filter())
    router.callback_query.register(service_opened, OurService.filter())
    router.callback_query.register(spoken, Speak.filter())
    return router
