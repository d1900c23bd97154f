"""The support organisations that members find at an event, and the one tap to be referred."""

from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData

from community import event_support, providers
from community.attendance import Attendance, State
from community.event_support import Way
from community.events import Event
from community.providers import Organization, Service
from handlers.content import block_for
from handlers.looking import OpenService
from handlers.menu import OpenEvent
from handlers.replies import Button, Message, Page, Replies, edit
from handlers.support import Refer
from locales import Html, join


class TalkTo(CallbackData, prefix="et"):
    """An organisation that was at an event: which of its services it shall be about."""

    ref: str


async def asked(query: Any, callback_data: TalkTo) -> Replies:
    """Ask about which of its services the member wants to talk."""
    return [edit("supporters.talk", ref=callback_data.ref)]


async def name_of(page: Page, organization_id: int) -> str:
    """Return what an organisation is called, for this reader."""
    block = await block_for(page, "organization", organization_id)
    return block.get("name") if block else "?"


async def service_name(page: Page, service: Service) -> str:
    """Return what a service is called, for this reader."""
    block = await block_for(page, "service", service.id)
    return block.get("name") if block else "?"


async def told(page: Page, event: Event) -> list[Html | None]:
    """Return a line for each organisation that members find at the event."""
    _ = page._
    found = await event_support.present(page.session, event, page.now)
    if not found:
        return []
    parts: list[Html | None] = [Html(""), _("🏢 From the support organisations:")]
    for each in found:
        brought = await event_support.brought(page.session, each)
        name = await name_of(page, each.organization_id)
        if brought:
            names = join([await service_name(page, service) for service in brought], _)
            parts.append(_("{organization} ({services})", organization=name, services=names))
        else:
            parts.append(Html("") + name)
    return parts


async def talk_rows(page: Page, event: Event, mine: Attendance | None) -> list[list[Button]]:
    """Return a button for each organisation with which this reader can go on talking."""
    said = State(mine.state) if mine else None
    if not event_support.can_be_talked_to(event, said, page.now):
        return []
    rows = []
    for each in await event_support.present(page.session, event, page.now):
        services = await event_support.brought(page.session, each)
        name = await name_of(page, each.organization_id)
        label = page._.label("button", "💬 Talk to {organization}", organization=name)
        if len(services) == 1:
            rows.append([await _way(page, services[0], label)])
        elif services:
            rows.append([Button(label, TalkTo(ref=each.ref))])
    return rows


async def _way(page: Page, service: Service, label: str) -> Button:
    """Return the button that opens what would be shared, or what the service's card says."""
    way = await event_support.way_to(page.session, service, page.now)
    if way is Way.REFER:
        return Button(label, Refer(ref=service.ref))
    return Button(label, OpenService(ref=service.ref))


async def talk(page: Page, ref: str) -> Message:
    """Show the services that an organisation has brought, each one tap from its preview."""
    _ = page._
    invitation = await event_support.met(page.session, page.reader, ref, page.now)
    rows = [
        [await _way(page, service, await service_name(page, service))]
        for service in await event_support.brought(page.session, invitation)
    ]
    name = await name_of(page, invitation.organization_id)
    event = await page.session.get_one(Event, invitation.event_id)
    back = Button(_.label("button", "To the event"), OpenEvent(ref=event.ref))
    text = (
        _("What would you like to talk about with {organization}?", organization=name)
        if rows
        else _("{organization} offers nothing of what it has brought any more.", organization=name)
    )
    return Message(text, [*rows, [back]])


async def of_organization(page: Page, organization_id: int, need: str) -> list[list[Button]]:
    """Return the way to an organisation's services for a need: of an offer."""
    _ = page._
    organization = await page.session.get_one(Organization, organization_id)
    fitting = [
        service
        for service in await providers.services_of(page.session, organization)
        if service.is_open and service.need == need
    ]
    label = _.label(
        "button", "💬 Talk to {organization}", organization=await name_of(page, organization_id)
    )
    return [[await _way(page, fitting[0], label)]] if fitting else []


CARDS = {"supporters.talk": talk}


def setup() -> Router:
    """Take the tap on an organisation that brings several services."""
    router = Router(name="supporters")
    router.callback_query.register(asked, TalkTo.filter())
    return router
