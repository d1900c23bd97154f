"""Somebody does not get on with a step: one tap tells the team, and words may follow."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import exchanges, inbox, providers
from community.base import find
from community.exchanges import ExchangeMessage
from community.people import Person
from community.providers import Service, ServiceStep
from handlers import menu
from handlers.content import block_for
from handlers.looking import OpenService
from handlers.replies import Button, Message, Network, Page, Replies, say
from locales import Html, Translator


class Stuck(CallbackData, prefix="fs"):
    """I am stuck on the way to this service."""

    ref: str


def button(ref: str, _: Translator) -> Button:
    """Return the button that tells the team."""
    return Button(_.label("button", "🆘 I am stuck, I need help"), Stuck(ref=ref))


async def told(
    query: Any,
    callback_data: Stuck,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Tell the team at which step somebody is stuck: the first that is not done."""
    service = await find(session, Service, callback_data.ref)
    done = await providers.ticked(session, person, service)
    steps = await providers.steps(session, service)
    waiting = next((step.id for step in steps if step.id not in done), None)
    where = exchanges.Stuck(service.id, waiting)
    await inbox.stuck(
        session,
        person,
        where,
        now,
        language=_.language,
        zone=network.zone,
        country=network.country,
    )
    return [say("support.stuck")]


async def stuck_card(page: Page) -> Message:
    """Say that the team knows, and that words may follow."""
    _ = page._
    return Message(
        _("🆘 The team knows now where you are stuck. The answer comes here."),
        [
            [Button(_.label("button", "✏️ Add some words"), menu.AskTeam())],
            [menu.button(_)],
        ],
    )


async def line(page: Page, message: ExchangeMessage) -> Html | None:
    """Return where the writer of this message is stuck, for the team; None if nowhere."""
    if message.service_id is None:
        return None
    _ = page._
    block = await block_for(page, "service", message.service_id)
    service = block.get("name") if block else "?"
    if message.step_id is None:
        return _("🆘 Stuck on the way to: {service}", service=service)
    step = await page.session.get_one(ServiceStep, message.step_id)
    block = await block_for(page, "step", step.id)
    return _(
        "🆘 Stuck on the way to: {service}. Step {number}: {step}",
        service=service,
        number=step.position,
        step=block.get("text") if block else "?",
    )


async def look(page: Page, message: ExchangeMessage) -> list[Button]:
    """Return the button to the service that somebody is stuck with."""
    if message.service_id is None:
        return []
    service = await page.session.get_one(Service, message.service_id)
    return [Button(page._.label("button", "Look at the steps"), OpenService(ref=service.ref))]


CARDS = {"support.stuck": stuck_card}


def setup() -> Router:
    """Take the button that tells the team."""
    router = Router(name="stuck")
    router.callback_query.register(told, Stuck.filter())
    return router
