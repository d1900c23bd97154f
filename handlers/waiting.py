"""Who is reminded of a request that waits, what the team hears of it, and what is late.

None of it says anything personal; it is not sent any more once somebody has acted.
"""

from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData

from community import agreements, referrals, roles
from community.base import find
from community.errors import NotFoundError
from community.providers import Organization, Service
from community.referrals import CLOCKS, Awaited, Referral, State
from community.roles import RoleName
from handlers import words
from handlers.by_team import ByTeam, ended_notice
from handlers.clocks import if_nothing_happens, next_lines
from handlers.content import block_for
from handlers.disputes import Dispute
from handlers.facts import reached_by
from handlers.referrals import Answer
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.requests import OneRequest
from handlers.staff import ANIMATORS, Inbox, Late, Received, router_for, turning_of
from handlers.support import organization_name
from locales import Html, Translator, day

PER_PAGE = 10


class OneLate(CallbackData, prefix="lt"):
    """Where one request stands, for the team."""

    ref: str


# What is late


async def list_opened(query: Any, callback_data: Late) -> Replies:
    """Show a page of the late requests in place."""
    return [edit("late", at=callback_data.at)]


async def one_opened(query: Any, callback_data: OneLate) -> Replies:
    """Show where one stands."""
    return [edit("late.one", ref=callback_data.ref)]


async def list_card(page: Page, at: int = 0) -> Message:
    """List what is late, the oldest first: organisation, state, since when."""
    _ = page._
    found = await referrals.late(page.session, page.reader, page.now, at, size=PER_PAGE)
    rows = []
    for referral in found.rows:
        label = _.label(
            "request in a list",
            "{organization}: {state}, since {date}",
            organization=await organization_name(page, referral),
            state=words.referral_for_team(State(referral.state), _),
            date=_since(page, referral),
        )
        rows.append([Button(label, OneLate(ref=referral.ref))])
    text = (
        lines(
            _.ngettext("<b>{n} late request</b>", "<b>{n} late requests</b>", found.total),
            _("Time has run out, or does so within two days. Please ask whose turn it is."),
        )
        if found.total
        else _("No request is late. 🎉")
    )
    turning = turning_of(found, lambda to: Late(at=to), _)
    return Message(text, [*rows, turning, [Button(_.label("button", "Inbox"), Inbox())]])


async def one_card(page: Page, ref: str) -> Message:
    """Show where a request stands: state and clock, and the way to what the team can do."""
    _ = page._
    referral = await referrals.stands(page.session, page.reader, ref, page.now)
    service = await page.session.get_one(Service, referral.service_id)
    organization = await page.session.get_one(Organization, referral.organization_id)
    block = await block_for(page, "service", service.id)
    text = lines(
        _("🏢 {organization}", organization=await organization_name(page, referral)),
        *reached_by(service, organization, _),
        _("Service: {service}", service=block.get("name") if block else "?"),
        _("<b>{state}</b>", state=words.referral_for_team(State(referral.state), _)),
        _("Since {date}.", date=_since(page, referral)),
        next_lines(page, referral, for_team=True),
    )
    rows = []
    if referral.state == State.DISPUTED:
        rows.append([Button(_.label("button", "Look at it"), Dispute(ref=ref))])
    elif referral.state in referrals.OPEN and await referrals.is_for_team(
        page.session, page.reader, referral, page.now
    ):
        label = (
            _.label("button", "Show what was shared")
            if referral.by_team
            else _.label("button", "✏️ Record what became of it")
        )
        rows.append([Button(label, ByTeam(ref=ref))])
    rows.append([Button(_.label("button", "⏰ Late requests"), Late())])
    return Message(text, rows)


def _since(page: Page, referral: Referral) -> str:
    return day(referral.changed_at.astimezone(page.zone).date(), page._)


# What leaves by itself


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
    """Remind staff of a request that is their turn."""
    _ = page._
    try:
        referral = await referrals.for_provider(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if referral.state != at:
        return None
    is_agreed = await agreements.is_active(page.session, referral.organization_id, page.now)
    text = (
        _("🔔 A referral to you still waits for an answer.")
        if at == State.PENDING
        else _("🔔 Somebody was referred to you. Where does it stand? A tap is enough.")
    )
    show = (
        _.label("button", "Show what was shared") if is_agreed else _.label("button", "Look at it")
    )
    return Message(text, [[Button(show, Answer(ref=ref))]])


async def access_ended(page: Page, ref: str) -> Message | None:
    """Tell staff, or the team, that nothing of an organisation's requests opens any more."""
    _ = page._
    organization = await find(page.session, Organization, ref)
    if await agreements.is_active(page.session, organization.id, page.now):
        return None
    if organization.id not in await roles.staffed(page.session, page.reader, page.now):
        is_team = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
        return await ended_notice(page, organization.id) if is_team else None
    text = _(
        "🔒 The agreement with your organisation has ended: nothing that members share can be "
        "opened any more. You can still say what becomes of the requests that are open with you."
    )
    return Message(text, [[Button(_.label("button", "All referrals"), Received())]])


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
    is_agreed = await agreements.is_active(page.session, referral.organization_id, page.now)
    text = lines(
        _waits(CLOCKS[State(at)].awaited, _)
        if is_agreed or at == State.DISPUTED
        else _(
            "⏰ A member's request does not go on: the agreement with the organisation has ended."
        ),
        _("🏢 {organization}", organization=await organization_name(page, referral)),
        _("Service: {service}", service=block.get("name") if block else "?"),
        if_nothing_happens(page, referral),
    )
    to = Dispute(ref=ref) if at == State.DISPUTED else OneLate(ref=ref)
    return Message(text, [[Button(_.label("button", "Look at it"), to)]])


def _waits(awaited: Awaited, _: Translator) -> Html:
    if awaited == Awaited.SETTLE:
        return _("⏰ A disagreement still waits to be settled.")
    if awaited == Awaited.ANSWER:
        return _("⏰ A member's request has had no answer yet. Please ask the organisation.")
    return _("⏰ We do not hear how a member's request goes on. Please ask the organisation.")


CARDS = {
    "late": list_card,
    "late.one": one_card,
    "referral_reminder": referral_reminder,
    "provider_reminder": provider_reminder,
    "team_notice.access_ended": access_ended,
    "team_notice.waiting": team_notice,
}


def setup() -> Router:
    """Take the buttons of what is late, from animators only."""
    router = router_for("waiting", ANIMATORS)
    router.callback_query.register(list_opened, Late.filter())
    router.callback_query.register(one_opened, OneLate.filter())
    return router
