"""Disputes: a member and a support organisation disagree, and the team settles it."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import referrals
from community.errors import RefusalError
from community.people import Person
from community.providers import Organization, Service
from community.referrals import Reason, State
from handlers import reading, words
from handlers.answers import closed
from handlers.facts import reached_by
from handlers.referrals import VIEW_LASTS
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say
from handlers.requests import field_lines, resolution
from handlers.staff import ANIMATORS, Inbox, router_for
from handlers.support import organization_name
from locales import Html, day


class Dispute(CallbackData, prefix="di"):
    """A dispute, for the team: look at it, settle it ("!" does it)."""

    ref: str
    act: str = "open"


# Handlers


async def touched(
    query: Any, callback_data: Dispute, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Open a dispute, or settle it after a second tap."""
    ref, act = callback_data.ref, callback_data.act
    opened = now.isoformat()
    if (await referrals.stands(session, person, ref, now)).state == State.RESOLVED:
        return [edit("support.dispute", ref=ref, opened=opened)]
    await referrals.disputed(session, person, ref, now)
    if act in {"yes", "no"}:
        return [edit("support.settle", ref=ref, act=act)]
    if act in {"yes!", "no!"}:
        await referrals.resolve(session, person, ref, now, delivered=act == "yes!")
    if act != "open":
        return [edit("support.dispute", ref=ref, opened=opened)]
    # A message of its own: it is protected, and nothing of it stays in an older one.
    return [say("support.dispute", ref=ref, opened=opened)]


# Cards


async def card(page: Page, ref: str, opened: str) -> Message:
    """Show a dispute to the team: who, which organisation, and what was shared with it.

    Once it is settled, it shows how, and nothing else.
    It keeps itself current: what the member shares no longer disappears, and after some minutes
    all of it does.
    """
    _ = page._
    to_inbox = [Button(_.label("button", "Inbox"), Inbox())]
    if page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        look = Button(_.label("button", "Look at it"), Dispute(ref=ref))
        return Message(closed(_), [[look], to_inbox])
    settled = await referrals.stands(page.session, page.reader, ref, page.now)
    if settled.state == State.RESOLVED:
        found = lines(_("⚖️ <b>They disagree</b>"), resolution(settled, _))
        return Message(found, [to_inbox])
    referral, member = await referrals.disputed(page.session, page.reader, ref, page.now)
    shared = await referrals.shared(page.session, referral)
    service = await page.session.get_one(Service, referral.service_id)
    organization = await page.session.get_one(Organization, referral.organization_id)
    account = member.username if member else None
    so_far = await referrals.steps_so_far(page.session, referral)
    about = lines(
        _("⚖️ <b>They disagree</b>"),
        _("Member: {name}", name=member.name if member else "?"),
        _("Telegram: @{username}", username=account) if account else None,
        "",
        _("Organisation: {name}", name=await organization_name(page, referral)),
        *reached_by(service, organization, _),
        "",
        *[_dated(page, at, state) for at, state in so_far],
        _("Reason: {reason}", reason=words.reason(Reason(referral.reason), _))
        if referral.reason
        else None,
    )
    rows = in_rows(
        [
            Button(_.label("button", "The help was given"), Dispute(ref=ref, act="yes")),
            Button(_.label("button", "The help was not given"), Dispute(ref=ref, act="no")),
        ]
    )

    async def show(original: bool) -> Message:
        told = await field_lines(page, shared, referral.written_in, by_machine=not original)
        return Message(lines(about, "", *told), [*rows, to_inbox], protect=True, live=True)

    return await reading.in_one(show, original=False)


def _dated(page: Page, at: datetime, state: State) -> Html:
    _ = page._
    date = day(at.astimezone(page.zone).date(), _)
    # NOTE: One line of what has happened so far, for example "Monday 2 November: Accepted".
    return _("{date}: {state}", date=date, state=words.referral_for_team(state, _))


async def settle_card(page: Page, ref: str, act: str) -> Message:
    """Ask for a second tap before a dispute is settled for good."""
    _ = page._
    await referrals.disputed(page.session, page.reader, ref, page.now)
    found = (
        _("Settle it: the help was given?")
        if act == "yes"
        else _("Settle it: the help was not given?")
    )
    yes = Button(_.label("button", "Yes, settle it"), Dispute(ref=ref, act=f"{act}!"))
    back = Button(_.label("button", "Back"), Dispute(ref=ref, act="back"))
    told = _("Both sides are told. This cannot be changed afterwards.")
    return Message(lines(found, told), [[yes], [back]])


async def notice(page: Page, ref: str) -> Message | None:
    """Tell the team that a member and a provider disagree; nothing once it is settled."""
    _ = page._
    try:
        referral, _member = await referrals.disputed(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    return Message(
        _("⚖️ A member says that a support organisation did not help as it says.")
        if referral.completed_at
        else _("⚖️ A member does not agree that it could not be done, as an organisation says."),
        [[Button(_.label("button", "Look at it"), Dispute(ref=ref))]],
    )


CARDS = {"support.dispute": card, "support.settle": settle_card, "team_notice.dispute": notice}


def setup() -> Router:
    """Take the buttons of disputes, from animators only."""
    router = router_for("disputes", ANIMATORS)
    router.callback_query.register(touched, Dispute.filter())
    return router
