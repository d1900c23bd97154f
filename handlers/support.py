"""Support as members find it: a need, the services that fit, and the steps to tick off."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, needs, providers, referrals, translations
from community.base import find
from community.needs import Need
from community.people import Person
from community.providers import Kind, Service, ServiceStep
from community.referrals import Referral
from community.topics import Topic
from community.translations import Block
from handlers import listening, menu, networks, rating, stuck, topics, words
from handlers.content import authored, block_for, by_machine, please
from handlers.facts import More, about_network, essential
from handlers.looking import Needs, Networks, OfNeed, OpenService, look_around
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    edit,
    in_rows,
    lines,
    say,
)
from locales import Html


class TickStep(CallbackData, prefix="sk"):
    """Tick a step off, or take the tick back."""

    ref: str
    done: bool


class Refer(CallbackData, prefix="sf"):
    """What would be shared: ``mask`` has one bit per field; ``act`` flips, notes or sends.

    ``seen`` is the fingerprint of what the card shows: nothing else is agreed to. ``after`` is the
    request that was turned away before.
    """

    ref: str
    mask: int = 0
    act: str = "see"
    seen: str = ""
    after: str = ""

    def card(self) -> Reply:
        """Return the service as it is now."""
        return edit("support.service", ref=self.ref)


class Requests(CallbackData, prefix="sr"):
    """A page of the person's own requests."""

    at: int = 0


# Handlers


async def command(message: Any, state: FSMContext, now: datetime) -> Replies:
    """Answer /support."""
    await look_around(state, now, OfNeed())
    return [say("support.needs")]


async def needs_opened(query: Any, state: FSMContext, now: datetime) -> Replies:
    """Show the needs in place."""
    await look_around(state, now, OfNeed())
    return [edit("support.needs")]


async def service_opened(query: Any, callback_data: OpenService, session: AsyncSession) -> Replies:
    """Show one service."""
    await find(session, Service, callback_data.ref)
    return [edit("support.service", ref=callback_data.ref)]


async def step_ticked(
    query: Any, callback_data: TickStep, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Tick a step off, or take the tick back."""
    service = await providers.tick(
        session, person, callback_data.ref, now, done=callback_data.done
    )
    return [edit("support.service", ref=service.ref)]


# Cards


async def needs_card(page: Page, place: str = "") -> Message:
    """Show the needs, the person's own first; ``place`` has been shared and goes along."""
    _ = page._
    own = await needs.of(page.session, page.reader)
    ordered = [*own, *(code for code in Need if code not in own)]
    buttons = [
        Button(words.need(code, _), OfNeed(need=code.value, place=place)) for code in ordered
    ]
    rows = in_rows(buttons, 2)
    if await referrals.of_member(page.session, page.reader):
        rows.append([Button(_.label("button", "📨 My requests"), Requests())])
    rows.append([Button(_.label("button", "👥 Networks you can join"), Networks())])
    text = lines(
        _("<b>What do you need help with?</b>"),
        _(
            "Choose, or write it in your own words. If you share where you are, the nearest "
            "comes first."
        ),
    )
    return Message(text, [*rows, [menu.button(_)]])


async def service_card(page: Page, ref: str) -> Message:
    """Show one service: what, who, languages, cost, where, and the steps to tick off."""
    _ = page._
    service = await find(page.session, Service, ref)
    block = await block_for(page, "service", service.id)
    name = Html("<b>") + (block.get("name") if block else "?") + Html("</b>")
    description = block.get("description") if block else ""
    steps = await providers.steps(page.session, service)
    blocks = await translations.blocks(
        page.session, "step", [step.id for step in steps], page.reads, page.network.language
    )
    told = await _step_lines(page, service, steps, blocks)
    joined, joining = await networks.joining_rows(page, service)
    text = lines(
        authored(page, block, lines(name, "", description) if description else name),
        "",
        _("🏢 {organization}", organization=await organization_name(page, service)),
        *await about_network(page, service),
        joined,
        *await essential(page, service, block),
        *(
            [
                "",
                _("<b>How to join</b>")
                if service.kind != Kind.SERVICE
                else _("<b>Step by step</b>"),
                *told,
            ]
            if told
            else []
        ),
    )
    rows = [
        await listening.of_service(page, service, steps, block),
        by_machine(page, "service", ref, block),
        await please(page, "service", ref, service.id, block, *blocks.values())
        if service.is_open
        else [],
        *await _step_buttons(page, service, steps),
        *joining,
        *rating.rating_rows(page, service),
    ]
    agreed = await agreements.is_active(page.session, service.organization_id, page.now)
    if service.is_open and not agreed:
        text = lines(
            text,
            "",
            _("🚶 You can go there yourself: the steps are above. Nothing about you is passed on.")
            if told
            else _("🚶 You can go there yourself. Nothing about you is passed on."),
        )
    elif service.is_open:
        if not await providers.has_room(page.session, service, page.now):
            text = lines(text, "", _("⏳ They take nobody at the moment."))
            other = _.label("button", "➡️ What fits instead")
            rows.append([Button(other, Refer(ref=ref, act="instead"))])
        elif await referrals.is_read(page.session, service.organization_id, page.now):
            rows.append([Button(_.label("button", "🤝 Refer me"), Refer(ref=ref))])
        else:
            text = lines(
                text,
                "",
                _("This organisation does not read requests here yet. The team can help you."),
            )
            rows.append([Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())])
    if told:
        rows.append([stuck.button(ref, _)])
    more_like = (
        Button(_.label("button", "👥 Networks you can join"), Networks())
        if service.kind != Kind.SERVICE
        else Button(_.label("button", "More like this"), OfNeed(need=service.need))
    )
    rows.append([Button(_.label("button", "ℹ️ More about it"), More(ref=ref)), more_like])
    return Message(text, [*rows, [menu.button(_)]])


async def organization_name(page: Page, of: Service | Referral) -> str:
    """Return the name of the organisation that gives a service, or to which a request was sent.

    A service can have moved to another one since.
    """
    block = await block_for(page, "organization", of.organization_id)
    return block.get("name") if block else "?"


async def _step_lines(
    page: Page, service: Service, steps: Collection[ServiceStep], blocks: Mapping[int, Block]
) -> list[Html]:
    _ = page._
    done = await providers.ticked(page.session, page.reader, service)
    told = []
    for step in steps:
        block = blocks.get(step.id)
        text = block.get("text") if block else "?"
        told.append(
            _("✅ {number}. {step}", number=step.position, step=text)
            if step.id in done
            else _("⬜ {number}. {step}", number=step.position, step=text)
        )
        if block and block.get("documents"):
            told.append(_("📄 {documents}", documents=block.get("documents")))
    return told


async def _step_buttons(
    page: Page, service: Service, steps: Collection[ServiceStep]
) -> list[list[Button]]:
    _ = page._
    done = await providers.ticked(page.session, page.reader, service)
    buttons = [
        Button(
            _.label("button", "✅ {number}", number=step.position)
            if step.id in done
            else _.label("button", "⬜ {number}", number=step.position),
            TickStep(ref=step.ref, done=step.id not in done),
        )
        for step in steps
    ]
    return in_rows(buttons, 4)


# What leaves by itself


async def step_nudge(page: Page, ref: str) -> Message | None:
    """Tell that a step waits, and nothing more: phones are shared. Nothing if all are done."""
    _ = page._
    service = await find(page.session, Service, ref)
    steps = await providers.steps(page.session, service)
    done = await providers.ticked(page.session, page.reader, service)
    if all(step.id in done for step in steps):
        return None
    look = Button(_.label("button", "Look at the steps"), OpenService(ref=ref))
    help_me = stuck.button(ref, _)
    return Message(
        _("👣 Your next step is waiting."), [[look], [help_me], [topics.button(Topic.STEPS, _)]]
    )


CARDS = {
    "support.needs": needs_card,
    "support.service": service_card,
    "step_nudge": step_nudge,
}


def setup() -> Router:
    """Take /support and every button of it."""
    router = Router(name="support")
    router.message.register(command, Command("support"))
    router.callback_query.register(needs_opened, Needs.filter())
    router.callback_query.register(service_opened, OpenService.filter())
    router.callback_query.register(step_ticked, TickStep.filter())
    return router
