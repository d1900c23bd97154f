"""Who is reminded of a request that waits, and what the team hears of it.

None of it says anything personal; it is not sent any more once somebody has acted.
"""

from aiogram import Router

from community import agreements, referrals, roles
from community.base import find
from community.errors import NotFoundError
from community.providers import Service
from community.referrals import CLOCKS, Awaited, Referral, State
from community.roles import RoleName
from handlers.clocks import if_nothing_happens
from handlers.content import block_for
from handlers.disputes import Dispute
from handlers.referrals import Answer
from handlers.replies import Button, Message, Page, lines
from handlers.requests import OneRequest
from handlers.staff import Inbox
from handlers.support import organization_name
from locales import Html, Translator


async def referral_reminder(page: Page, ref: str, at: str) -> Message | None:
    """Remind a member of what a provider has asked, without saying about what."""
    _ = page._
    try:
        referral = await referrals.mine(page.session, page.reader, ref)
    except NotFoundError:
        return None
    if referral.state != at:
        return None
    return Message(
        _("🔔 A message here still waits for your answer."),
        [[Button(_.label("button", "Read it"), OneRequest(ref=ref))]],
    )


async def provider_reminder(page: Page, ref: str, at: str) -> Message | None:
    """Remind staff of a request that is their turn; nothing where they can open nothing."""
    _ = page._
    try:
        referral = await referrals.for_provider(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if referral.state != at or not await agreements.is_active(
        page.session, referral.organization_id, page.now
    ):
        return None
    text = (
        _("🔔 A referral to you still waits for an answer.")
        if at == State.PENDING
        else _("🔔 Somebody was referred to you. Where does it stand? A tap is enough.")
    )
    return Message(text, [[Button(_.label("button", "Show what was shared"), Answer(ref=ref))]])


async def team_notice(page: Page, ref: str, at: str) -> Message | None:
    """Tell the team which organisation lets a request wait: its state and its clock, no more."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    referral = await find(page.session, Referral, ref)
    if referral.state != at:
        return None
    service = await page.session.get_one(Service, referral.service_id)
    block = await block_for(page, "service", service.id)
    text = lines(
        _waits(CLOCKS[State(at)].awaited, _),
        _("🏢 {organization}", organization=await organization_name(page, service)),
        _("Service: {service}", service=block.get("name") if block else "?"),
        if_nothing_happens(page, referral),
    )
    to = Dispute(ref=ref) if at == State.DISPUTED else Inbox()
    label = _.label("button", "Look at it") if at == State.DISPUTED else _.label("button", "Inbox")
    return Message(text, [[Button(label, to)]])


def _waits(awaited: Awaited, _: Translator) -> Html:
    if awaited == Awaited.SETTLE:
        return _("⏰ A disagreement still waits to be settled.")
    if awaited == Awaited.ANSWER:
        return _("⏰ A member's request has had no answer yet. Please ask the organisation.")
    return _("⏰ We do not hear how a member's request goes on. Please ask the organisation.")


CARDS = {
    "referral_reminder": referral_reminder,
    "provider_reminder": provider_reminder,
    "team_notice.waiting": team_notice,
}


def setup() -> Router:
    """Take nothing: the buttons belong to others."""
    return Router(name="waiting")
