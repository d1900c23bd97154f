"""Our entry: an organisation's own people see it as members do, and say that it is right."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import memory, providers, roles
from community.errors import NotAllowedError
from community.people import Person
from community.providers import Organization, Service, entries, facts
from community.roles import RoleName
from handlers import entry_words, support, unsaved
from handlers.content import block_for
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
    say,
    toast,
)
from handlers.staff import PROVIDERS, router_for, turning_of
from handlers.wording import inert
from handlers.words import SPOKEN
from locales import (
    OFFERED,
    Html,
    Translator,
    day,
    join,
    language_name,
    native_name,
    translator_for,
)

PER_PAGE = 8
NAMED = 5
"""So many services are named where it is asked whether all is right; the rest is counted."""


class OurEntry(CallbackData, prefix="oe"):
    """The entry of an organisation; ``act`` says that it is right, or opens a part."""

    ref: str = ""
    act: str = "open"


class OurServices(CallbackData, prefix="ox"):
    """The own organisation with another page of its services."""

    ref: str
    at: int = 0


class OurService(CallbackData, prefix="ov"):
    """One service of the own entry, with everything that can be changed about it."""

    ref: str


class AsMembers(CallbackData, prefix="ow"):
    """The entry as members see it who read this language."""

    ref: str
    language: str


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


async def as_members(query: Any, callback_data: AsMembers, state: FSMContext) -> Replies:
    """Show it as members see it, with what has been changed and not saved."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    ref = callback_data.ref
    changes = await unsaved.of(state, ref)
    return [say("entry.as_members", ref=ref, language=callback_data.language, changes=changes)]


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


async def name_of(page: Page, subject: str, row_id: int) -> str:
    """Return what something of the directory is called."""
    block = await block_for(page, subject, row_id)
    return block.get("name") if block else "?"


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
    from handlers.entry_changes import ChangeField, Unsaved  # noqa: PLC0415 - they point at each other

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
        *[await _fact(page, organization, field) for field in fields[2:]],
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


async def _fact(page: Page, row: facts.Entry, field: str) -> Html:
    text, currency = await facts.value(page.session, row, field), entry_words.currency_of(row)
    told = await entry_words.shown(page, field, text, currency)
    name = entry_words.field_name(field, page._)
    return page._("{field}: {value}", field=name, value=told)


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
    buttons = [
        Button(
            _.label("button", "✅ {language}", language=language_name(code, _))
            if code in mine.languages
            else language_name(code, _),
            Speak(ref=ref, code=code),
        )
        for code in SPOKEN
    ]
    text = lines(
        _("In which languages do you serve people yourself?"),
        _(
            "Your colleagues see it. Of a new referral everybody is told; who speaks the person's "
            "language is told first."
        ),
    )
    return Message(
        text, [*in_rows(buttons, 2), [Button(_.label("button", "Done"), OurEntry(ref=ref))]]
    )


async def confirmed_card(page: Page, ref: str) -> Message:
    """Thank whoever has said that the entry is right."""
    _ = page._
    await entries.opened(page.session, page.reader, ref, page.now)
    text = _("✅ Thank you! Members read that it was confirmed today. We ask again in 60 days.")
    return Message(text, [_to_entry(_, ref)])


async def service_card(page: Page, ref: str, *, changed: Sequence[str] = ()) -> Message:
    """Show a service of the own entry as members see it, and all that can be changed."""
    from handlers.capacity import Places, room_lines  # noqa: PLC0415 - the pages point at each other
    from handlers.entry_changes import Unsaved, change_buttons  # noqa: PLC0415 - the same

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


def preview_languages(ref: str) -> list[Button]:
    """Return a button for each language in which members read."""
    return [
        Button(native_name(code), AsMembers(ref=ref, language=code))
        for code in OFFERED
        if "-" not in code
    ]


async def with_changes(page: Page, ref: str, changes: Mapping[str, str], language: str) -> Message:
    """Return the member's card as it would be with these changes, which are taken back again.

    Raises:
        RefusalError: the changes cannot be made.
    """
    theirs = replace(page, _=translator_for(language), second=None)
    async with memory.undone(page.session):
        row = await entries.change(page.session, page.reader, ref, changes, page.now)
        return await _members_card(theirs, row)


async def _members_card(page: Page, row: facts.Entry) -> Message:
    if isinstance(row, Service):
        return await support.service_card(page, row.ref)
    block = await block_for(page, "organization", row.id)
    told = [await _fact(page, row, field) for field in ("phone", "email", "website")]
    return Message(
        lines(
            page._("🏢 <b>{name}</b>", name=block.get("name") if block else "?"),
            blockquote(block.get("description")) if block and block.get("description") else None,
            *told,
        )
    )


async def as_members_card(
    page: Page, ref: str, language: str, changes: Mapping[str, str]
) -> Message:
    """Show the card as members read it in a language; its buttons do nothing."""
    return inert(await with_changes(page, ref, changes, language), language)


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
    "entry.as_members": as_members_card,
    "entry_check": check_notice,
}


def setup() -> Router:
    """Take the buttons of the own entry, from provider staff only."""
    router = router_for("our entry", PROVIDERS)
    router.callback_query.register(opened, OurEntry.filter())
    router.callback_query.register(services_turned, OurServices.filter())
    router.callback_query.register(service_opened, OurService.filter())
    router.callback_query.register(as_members, AsMembers.filter())
    router.callback_query.register(spoken, Speak.filter())
    return router
