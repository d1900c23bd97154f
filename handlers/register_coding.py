"""A coordinator says what a network is good at, in what it is weak, and for whom it is meant."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers
from community.base import find
from community.errors import NotFoundError
from community.needs import Need
from community.people import Person, Profile
from community.providers import Service, networks
from handlers import words
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.setup_ways import require_coordinator
from handlers.staff import COORDINATORS, router_for

FOR_WHOM = tuple(code for code in Profile if code != Profile.RATHER_NOT_SAY)


class OneNetwork(CallbackData, prefix="np"):
    """One network or programme; ``act`` opens a part of it."""

    ref: str
    act: str = "open"


class CodedBy(CallbackData, prefix="nf"):
    """Something a network is good at, is weak in, or is meant for: turned on or off."""

    ref: str
    value: str


# Handlers


async def coded(
    query: Any, callback_data: CodedBy, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn a need to strong, to weak, and off; or a profile on and off."""
    ref, value = callback_data.ref, callback_data.value
    service = await registered(session, ref)
    if value in [*Need]:
        stands = (await networks.strengths(session, [service.id]))[service.id]
        following = {None: True, True: False, False: None}[stands.pop(Need(value), None)]
        marks = [("+" if strong else "-") + need for need, strong in stands.items()]
        marks += [] if following is None else [("+" if following else "-") + value]
        await providers.edit_service(session, person, ref, now, strengths=marks)
        return [edit("networks.strengths", ref=ref)]
    if value not in FOR_WHOM:
        return [toast("old_button")]
    kept = [code for code in FOR_WHOM if (code in service.profiles) != (code == value)]
    await providers.edit_service(session, person, ref, now, profiles=kept)
    return [edit("networks.profiles", ref=ref)]


async def registered(session: AsyncSession, ref: str) -> Service:
    """Return a network or a programme.

    Raises:
        NotFoundError: it is help, or nothing.
    """
    service = await find(session, Service, ref)
    if service.kind not in networks.REGISTERED:
        raise NotFoundError("Service")
    return service


# Cards


async def strengths_card(page: Page, ref: str) -> Message:
    """Say in which needs it is strong or weak."""
    _ = page._
    await require_coordinator(page)
    service = await registered(page.session, ref)
    coded = (await networks.strengths(page.session, [service.id]))[service.id]
    buttons = []
    for code in Need:
        need = words.need(code, _)
        label = {
            None: need,
            True: _.label("button", "💪 {need}", need=need),
            False: _.label("button", "🔻 {need}", need=need),
        }[coded.get(code)]
        buttons.append(Button(label, CodedBy(ref=ref, value=code.value)))
    text = lines(
        _("Where is it strong, and where is it weak?"),
        _("Tap once for 💪 strong, twice for 🔻 weak, three times for neither."),
    )
    done = Button(_.label("button", "Done"), OneNetwork(ref=ref))
    return Message(text, [*in_rows(buttons, 2), [done]])


async def profiles_card(page: Page, ref: str) -> Message:
    """Say for whom it is meant."""
    _ = page._
    await require_coordinator(page)
    service = await registered(page.session, ref)
    buttons = []
    for code in FOR_WHOM:
        name = words.profile(code, _)
        label = _.label("button", "✅ {name}", name=name) if code in service.profiles else name
        buttons.append(Button(label, CodedBy(ref=ref, value=code.value)))
    text = _("For whom is it meant? If nothing is ticked, it is for everybody.")
    done = Button(_.label("button", "Done"), OneNetwork(ref=ref))
    return Message(text, [*in_rows(buttons, 2), [done]])


CARDS = {"networks.strengths": strengths_card, "networks.profiles": profiles_card}


def setup() -> Router:
    """Take the taps that code a network, from coordinators only."""
    router = router_for("register coding", COORDINATORS)
    router.callback_query.register(coded, CodedBy.filter())
    return router
