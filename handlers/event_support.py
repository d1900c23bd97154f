"""Support organisations are invited to an event; their people say whether they come."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import event_support, events, providers, roles
from community.attendance import State as Attending
from community.base import find
from community.errors import NotFoundError
from community.event_support import EventOrganization, Invited
from community.events import Event
from community.people import Person
from community.roles import RoleName
from handlers.attendance import heading
from handlers.audience import told
from handlers.content import block_for
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.staff import ANIMATORS, PROVIDERS, PlannedEvent, router_for, turning_of
from handlers.supporters import name_of, service_name
from locales import Html, Translator, event_time, join

PER_PAGE = 10


class AtEvent(CallbackData, prefix="eo"):
    """The support organisations of an event, as the team sees them."""

    ref: str
    at: int = 0


class Ask(CallbackData, prefix="ei"):
    """Invite an organisation to an event."""

    event: str
    organization: str


class Asked(CallbackData, prefix="eg"):
    """An organisation that is invited: look at it, or take it off."""

    ref: str
    act: str = "open"


class Coming(CallbackData, prefix="es"):
    """An invitation to one's organisation: look at it, say yes or no."""

    ref: str
    act: str = "open"


class Bring(CallbackData, prefix="eb"):
    """A service that is brought along, or left out."""

    ref: str
    service: str


# Handlers


async def desk_opened(query: Any, callback_data: AtEvent) -> Replies:
    """Show who is invited and who could be."""
    return [edit("event_support.desk", ref=callback_data.ref, at=callback_data.at)]


async def invited(
    query: Any, callback_data: Ask, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Invite an organisation."""
    event, organization = callback_data.event, callback_data.organization
    invitation = await event_support.invite(session, person, event, organization, now)
    return [edit("event_support.one", ref=invitation.ref)]


async def one_touched(
    query: Any, callback_data: Asked, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show an invited organisation, or take it off."""
    if callback_data.act == "off":
        event = await event_support.take_off(session, person, callback_data.ref, now)
        return [edit("event_support.desk", ref=event.ref)]
    return [edit("event_support.one", ref=callback_data.ref)]


async def answered(
    query: Any, callback_data: Coming, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Take the answer of one of the staff, or show the invitation."""
    ref, act = callback_data.ref, callback_data.act
    if act in ("yes", "no"):
        await event_support.answer(session, person, ref, now, comes=act == "yes")
    elif act != "open":
        return [toast("old_button")]
    return [edit("event_support.mine", ref=ref)]


async def brought(
    query: Any, callback_data: Bring, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Bring a service along, or leave it out."""
    ref = callback_data.ref
    invitation = await event_support.bring(session, person, ref, callback_data.service, now)
    is_staff = invitation.organization_id in await roles.staffed(session, person, now)
    return [edit("event_support.mine" if is_staff else "event_support.one", ref=ref)]


# Cards


async def desk(page: Page, ref: str, at: int = 0) -> Message:
    """Show which organisations are invited to an event, and which could be."""
    _ = page._
    await roles.require(page.session, page.reader, RoleName.ANIMATOR, page.now)
    event = await find(page.session, Event, ref)
    asked = await event_support.of_event(page.session, event, page.now)
    lines_told, rows = [], []
    for each in asked:
        name = await name_of(page, each.invitation.organization_id)
        lines_told.append(_state(each, name, _))
        rows.append([Button(name, Asked(ref=each.invitation.ref))])
    known = {each.invitation.organization_id for each in asked}
    turning: list[Button] = []
    if event.state == events.State.PUBLISHED and not event.is_over(page.now):
        others = await providers.organizations(page.session, at, PER_PAGE, but=known)
        turning = turning_of(others, lambda to: AtEvent(ref=ref, at=to), _)
        for organization in others.rows:
            name = await name_of(page, organization.id)
            label = _.label("button", "➕ {name}", name=name)
            rows.append([Button(label, Ask(event=ref, organization=organization.ref))])
    text = lines(
        _("<b>Support organisations at this event</b>"),
        *(lines_told or [_("None is invited yet.")]),
        "",
        _(
            "Whoever of their staff is here gets an invitation and answers it. An organisation "
            "without anybody here is listed at once."
        ),
    )
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [*rows, turning, [back]])


def _state(each: Invited, name: str, _: Translator) -> Html:
    if each.invitation.is_listed:
        return _("✅ {organization}: listed by the team", organization=name)
    if each.coming:
        who = join([person.name or "?" for person in each.coming], _)
        return _("✅ {organization}: {people}", organization=name, people=who)
    if each.staying:
        return _("❌ {organization}: does not come", organization=name)
    return _("✉️ {organization}: invited, no answer yet", organization=name)


async def one(page: Page, ref: str) -> Message:
    """Show one invited organisation to the team, and what it brings."""
    _ = page._
    await roles.require(page.session, page.reader, RoleName.ANIMATOR, page.now)
    invitation = await find(page.session, EventOrganization, ref)
    event = await page.session.get_one(Event, invitation.event_id)
    asked = await event_support.of_event(page.session, event, page.now)
    each = next(each for each in asked if each.invitation.id == invitation.id)
    name = await name_of(page, invitation.organization_id)
    rows = await _services(page, invitation)
    off = Button(_.label("button", "🗑 Take it off the event"), Asked(ref=ref, act="off"))
    back = Button(_.label("button", "Back"), AtEvent(ref=event.ref))
    return Message(lines(_state(each, name, _), _what_it_brings(rows, _)), [*rows, [off], [back]])


def _what_it_brings(rows: list[list[Button]], _: Translator) -> Html | None:
    return _("✅ stands before what it brings along.") if rows else None


async def _services(page: Page, invitation: EventOrganization) -> list[list[Button]]:
    _ = page._
    buttons = []
    for service in await event_support.could_bring(page.session, invitation):
        name = await service_name(page, service)
        label = (
            _.label("button", "✅ {name}", name=name)
            if service.ref in invitation.services
            else _.label("button", "⬜ {name}", name=name)
        )
        buttons.append(Button(label, Bring(ref=invitation.ref, service=service.ref)))
    return in_rows(buttons)


async def mine(page: Page, ref: str) -> Message:
    """Show staff the event they are invited to, what they have said, and how many go."""
    _ = page._
    invitation, event = await event_support.for_staff(page.session, page.reader, ref, page.now)
    block = await block_for(page, "event", event.id)
    said = await event_support.said(page.session, page.reader, invitation)
    is_open = event.state == events.State.PUBLISHED and not event.is_over(page.now)
    rows: list[list[Button]] = []
    services: list[list[Button]] = []
    if is_open:
        if said is not True:
            rows.append([Button(_.label("button", "✅ I am coming"), Coming(ref=ref, act="yes"))])
        if said is not False:
            rows.append(
                [Button(_.label("button", "❌ I am not coming"), Coming(ref=ref, act="no"))]
            )
        services = await _services(page, invitation)
    answer = {
        True: _("✅ You are coming."),
        False: _("You are not coming."),
        None: _("The network invites your organisation. Are you coming?"),
    }[said]
    text = lines(
        heading(page, event, block),
        "",
        *_where_and_when(page, event, comes=said is True, is_open=is_open),
        "",
        _("❌ This event has been cancelled.")
        if event.state == events.State.CANCELLED
        else answer
        if is_open
        else _("This event is over."),
        await _guests(page, ref, event),
        _what_it_brings(services, _),
    )
    return Message(text, [*rows, *services])


def _where_and_when(page: Page, event: Event, *, comes: bool, is_open: bool) -> list[Html | None]:
    """Say when it is, and where; the address, or the link, is for who comes alone."""
    _ = page._
    when = event_time(
        event.starts_at,
        event.ends_at,
        events.zone_of(event),
        page.zone,
        event.is_online,
        _,
        year=page.now.year,
    )
    where = None
    if comes and event.is_online:
        where = _("💻 Online: {link}", link=event.link or "")
    elif comes:
        where = _("📍 {place}", place=event.place or "")
    elif is_open and event.is_online:
        where = _("💻 Online. You get the link when you say that you are going.")
    elif is_open:
        where = _("📍 You get the address when you say that you are going.")
    return [_("📅 {when}", when=when), where]


async def _guests(page: Page, ref: str, event: Event) -> Html:
    """Say how many go, or came; fewer than five are told as that, and nobody is named."""
    _ = page._
    table = await event_support.number_of_guests(page.session, page.reader, ref, page.now)
    if Attending.ATTENDED in table.cells:
        return _("👥 Came: {n}", n=told(table.cells[Attending.ATTENDED], _))
    return _("👥 Going: {n}", n=told(table.cells[Attending.GOING], _))


async def event_notice(page: Page, ref: str) -> Message | None:
    """Bring the invitation, or what has changed about it; nothing once it is over."""
    try:
        _invitation, event = await event_support.for_staff(
            page.session, page.reader, ref, page.now
        )
    except NotFoundError:
        return None
    if event.state != events.State.PUBLISHED or event.is_over(page.now):
        return None
    return await mine(page, ref)


async def off_notice(page: Page, ref: str) -> Message | None:
    """Tell staff who wanted to come that they are not needed there."""
    _ = page._
    event = await find(page.session, Event, ref)
    block = await block_for(page, "event", event.id)
    return Message(
        lines(
            _("❌ This event does not take place, or not with your organisation. We are sorry."),
            "",
            heading(page, event, block),
        )
    )


CARDS = {
    "event_support.desk": desk,
    "event_support.one": one,
    "event_support.mine": mine,
    "staff_notice.event": event_notice,
    "staff_notice.event_off": off_notice,
}


def setup() -> Router:
    """Take the buttons of invitations to organisations, from animators and from staff."""
    router = Router(name="event_support")
    team = router_for("event_support team", ANIMATORS)
    team.callback_query.register(desk_opened, AtEvent.filter())
    team.callback_query.register(invited, Ask.filter())
    team.callback_query.register(one_touched, Asked.filter())
    own = router_for("event_support staff", PROVIDERS)
    own.callback_query.register(answered, Coming.filter())
    both = router_for("event_support both", ANIMATORS | PROVIDERS)
    both.callback_query.register(brought, Bring.filter())
    router.include_routers(team, own, both)
    return router
