"""What is known of a service, field by field; what is not known is said to be so."""

from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers
from community.base import find
from community.people import Profile
from community.providers import (
    Contact,
    Kind,
    Location,
    Organization,
    Service,
    ServiceAtLocation,
    Strength,
    hours,
)
from community.translations import Block
from handlers import menu, words
from handlers.content import authored, block_for
from handlers.directory import cost_line
from handlers.looking import OpenService
from handlers.replies import Button, Message, Page, Replies, edit, lines
from locales import Html, Translator, day, join, language_name, weekly_hours


class More(CallbackData, prefix="fm"):
    """Everything that is known of a service."""

    ref: str


async def essential(page: Page, service: Service, block: Block | None) -> list[Html | None]:
    """Return the lines that come first: languages, cost, where, how to get in touch."""
    _ = page._
    session, now = page.session, page.now
    organization = await session.get_one(Organization, service.organization_id)
    places = await _places(page, service)
    phone = service.phone or organization.phone
    fees = block.get("fees") if block else ""
    return [
        *await _takes_nobody(page, service),
        _(
            "🗣 Given in: {languages}",
            languages=join([language_name(code, _) for code in service.languages], _),
        )
        if service.languages
        else _("🗣 Languages: not known"),
        _("An interpreter can be asked for.") if service.interpretation else None,
        cost_line(service, _),
        authored(page, block, fees) if fees else None,
        *[_("📍 {place}", place=place) for place in places[:2]],
        _("📍 Place: not known") if not places and not service.online else None,
        _("💻 Online") if service.online else None,
        _("📞 {phone}", phone=phone) if phone else None,
        _("🕓 This has not been confirmed lately. Ask before you go.")
        if providers.seems_stale(organization, now)
        else None,
    ]


async def _takes_nobody(page: Page, service: Service) -> list[Html]:
    _ = page._
    if await providers.has_room(page.session, service, page.now):
        return []
    until = service.full_until
    if until is not None and until > page.now and not service.is_paused:
        local = until.astimezone(page.zone).date()
        return [_("⏸ It is full until: {day}", day=day(local, _, year=page.now.year))]
    return [_("⏸ It takes nobody at the moment.")]


async def _places(page: Page, service: Service) -> list[str]:
    """Return where it is given: addresses, else areas; both if they are known.

    An entry without a place may be given everywhere, or nobody has said where: it says neither.
    """
    found = []
    for location in await _locations(page.session, service):
        area = await _area(page, location.area_id or service.area_id)
        found.append(", ".join(part for part in (location.address, area) if part))
    if not any(found) and (area := await _area(page, service.area_id)):
        return [area]
    return [place for place in found if place]


async def _area(page: Page, area_id: int | None) -> str | None:
    if area_id is None:
        return None
    block = await block_for(page, "area", area_id)
    return block.get("name") if block else None


async def _locations(session: AsyncSession, service: Service) -> Sequence[Location]:
    rows = await session.scalars(
        select(Location)
        .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
        .where(ServiceAtLocation.service_id == service.id)
        .order_by(Location.id)
    )
    return rows.all()


# Everything


async def more_asked(query: Any, callback_data: More, session: AsyncSession) -> Replies:
    """Show everything that is known of a service."""
    await find(session, Service, callback_data.ref)
    return [edit("support.more", ref=callback_data.ref)]


async def more_card(page: Page, ref: str) -> Message:
    """Show the fields that are not on the card, each with what is known of it."""
    _ = page._
    service = await find(page.session, Service, ref)
    organization = await page.session.get_one(Organization, service.organization_id)
    block = await block_for(page, "service", service.id)
    named = (
        ("eligibility", _("<b>For whom</b>")),
        ("documents", _("<b>What to bring</b>")),
        ("wait", _("<b>How long one waits</b>")),
        ("application", _("<b>How to begin</b>")),
    )
    told: list[str | None] = [_("<b>{name}</b>", name=block.get("name") if block else "?")]
    has_steps = bool(await providers.steps(page.session, service))
    for field, title in named:
        text = block.get(field) if block else ""
        if field == "application" and has_steps and not text:
            continue  # its steps say how to begin
        told += ["", title, authored(page, block, text) if text else _("Not known")]
    told += ["", _("<b>Getting in</b>"), *await _getting_in(page, service, block)]
    told += ["", _("<b>Opening hours</b>"), *await _hours(page, service)]
    told += ["", _("<b>Contact</b>"), *await _contact(page, service, organization)]
    since = organization.confirmed_at
    told += [
        "",
        _("Last confirmed: {day}", day=day(since.astimezone(page.zone).date(), _))
        if since
        else _("Nobody has confirmed this yet."),
    ]
    back = Button(_.label("button", "Back"), OpenService(ref=ref))
    return Message(lines(*told), [[back], [menu.button(_)]])


async def _getting_in(page: Page, service: Service, block: Block | None) -> list[Html]:
    _ = page._
    text = block.get("accessibility") if block else ""
    known = {location.step_free for location in await _locations(page.session, service)}
    steps = (
        _("♿ Without steps")
        if known == {True}
        else _("There are steps.")
        if known == {False}
        else _("Some places have steps, some have none.")
        if known >= {True, False}
        else _("Steps at the entrance: not known")
    )
    return [authored(page, block, text), steps] if text else [steps]


async def _hours(page: Page, service: Service) -> list[Html]:
    _ = page._
    rows = (await hours.schedules(page.session, [service.id])).get(service.id, [])
    today = page.now.astimezone(page.zone).date()
    valid = [
        row
        for row in rows
        if (row.valid_from is None or row.valid_from <= today)
        and (row.valid_to is None or row.valid_to >= today)
    ]
    told = weekly_hours({(row.byday, row.opens_at, row.closes_at) for row in valid}, _)
    # NOTE: {days} are days of the week, {times} from when until when.
    return [_("{days}: {times}", days=days, times=times) for days, times in told] or [
        _("Not known")
    ]


async def _contact(page: Page, service: Service, organization: Organization) -> list[Html]:
    _ = page._
    rows = await page.session.scalars(
        select(Contact).where(Contact.service_id == service.id).order_by(Contact.id)
    )
    told = reached_by(service, organization, _)
    website = service.url or organization.website
    if website:
        told.append(_("🌐 {website}", website=website))
    for contact in rows:
        who = ", ".join(part for part in (contact.name, contact.title) if part)
        ways = ", ".join(part for part in (contact.phone, contact.email) if part)
        if who and ways:
            # NOTE: {who} is a person or a desk, {ways} a phone number and an e-mail address.
            told.append(_("👤 {who}: {ways}", who=who, ways=ways))
        elif who or ways:
            told.append(_("👤 {who}", who=who or ways))
    return told or [_("Not known")]


def reached_by(service: Service, organization: Organization, _: Translator) -> list[Html]:
    """Return an organisation's phone and e-mail: the service's own, while it is still theirs."""
    its_own = service if service.organization_id == organization.id else organization
    phone, email = its_own.phone or organization.phone, its_own.email or organization.email
    told = [_("📞 {phone}", phone=phone)] if phone else []
    return [*told, _("✉️ {email}", email=email)] if email else told


# Networks and programmes


async def about_network(page: Page, service: Service) -> list[Html | None]:
    """Return what a network or a programme is: for whom, and what it is good at, or weak in."""
    if service.kind == Kind.SERVICE:
        return []
    _ = page._
    rows = (
        await page.session.scalars(select(Strength).where(Strength.service_id == service.id))
    ).all()
    good = [words.need(row.need, _) for row in rows if row.is_strength]
    weak = [words.need(row.need, _) for row in rows if not row.is_strength]
    known = [Profile(code) for code in service.profiles if code in [*Profile]]
    return [
        _("👥 A network that one can join")
        if service.kind == Kind.NETWORK
        else _("👥 A programme for all who start a business"),
        _("For: {whom}", whom=join([words.profile(code, _) for code in known], _))
        if known
        else _("For everybody"),
        _("Good at: {needs}", needs=join(good, _)) if good else None,
        _("Less good at: {needs}", needs=join(weak, _)) if weak else None,
    ]


CARDS = {"support.more": more_card}


def setup() -> Router:
    """Take the button that shows everything."""
    router = Router(name="facts")
    router.callback_query.register(more_asked, More.filter())
    return router
