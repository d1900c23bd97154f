"""What the member and the animator are told of a hand-over plan."""

from zoneinfo import ZoneInfo

from aiogram import Router
from sqlalchemy import select

from community import roles, transfers
from community.base import find
from community.errors import RefusalError
from community.people import Person
from community.roles import Role, RoleName
from community.transfers import State, Transfer, TransferStep
from handlers.replies import (
    Button,
    Message,
    Page,
    lines,
)
from handlers.staff import Desk, OneStep
from handlers.team import role_name, role_way_in
from handlers.transfers import OnePlan, step_name
from locales import day


async def notice(page: Page, what: str, ref: str) -> Message | None:
    """Tell the member: they are asked, a step is due, it has ended, it is theirs."""
    _ = page._
    if what == "step":
        return await _step_notice(page, ref)
    try:
        transfer = await transfers.opened(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    look = [[Button(_.label("button", "Look at the plan"), OnePlan(ref=ref))]]
    role = await role_name(page, transfer)
    if what == "offered":
        if not transfer.is_offered(page.now):
            return None
        return Message(
            lines(
                _("🌱 Would you like to learn this, step by step: {role}?", role=role),
                _("We help you. Nothing begins before you say yes, and you can end it any time."),
            ),
            look,
        )
    if what == "done":
        way_in, named = role_way_in(RoleName(transfer.name), _), (transfer.name, transfer.scope)
        mine = await roles.held(page.session, page.reader, page.now)
        held = next((one for one in mine if (one.name, one.scope) == named), None)
        if held is None:
            return None
        if held.until is None:
            return Message(lines(_("✅ You are now: {role}.", role=role), way_in), look)
        until = held.until.astimezone(ZoneInfo(page.network.zone)).date()
        text = _("✅ You are now: {role}, until {day}.", role=role, day=day(until, _))
        return Message(lines(text, way_in), look)
    return Message(_("The hand-over plan has been ended: {role}.", role=role), look)


async def _step_notice(page: Page, ref: str) -> Message | None:
    """Remind the member of a step of theirs; nothing once it is done, or the plan is over."""
    _ = page._
    step = await page.session.scalar(select(TransferStep).where(TransferStep.ref == ref))
    if step is None or step.done_at is not None:
        return None
    transfer = await page.session.get_one(Transfer, step.transfer_id)
    if transfer.state != State.AGREED:
        return None
    text = _("🌱 Until today, in your hand-over plan: {what}", what=step_name(step, _))
    return Message(text, [[Button(_.label("button", "Look at it"), OneStep(ref=ref))]])


async def team_told(page: Page, ref: str, became: str) -> Message | None:
    """Tell the animator what has become of a plan; nothing once they animate no more."""
    _ = page._
    try:
        transfer = await transfers.opened(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    member = await page.session.get_one(Person, transfer.person_id)
    facts = {"name": member.name or "?", "role": await role_name(page, transfer)}
    text = {
        "agreed": _("🌱 {name} has said yes to the hand-over plan: {role}.", **facts),
        "declined": _("{name} has said no to the hand-over plan: {role}.", **facts),
        "ended": _("{name} has ended the hand-over plan: {role}.", **facts),
        "yours": _("🌱 You teach from now on: {name}, {role}.", **facts),
    }[became]
    return Message(text, [[Button(_.label("button", "Look at the plan"), OnePlan(ref=ref))]])


async def role_left(page: Page, ref: str) -> Message | None:
    """Tell an animator whose role has ended because they left; nothing to whom it is nothing."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    role = await find(page.session, Role, ref)
    member = await page.session.get_one(Person, role.person_id)
    if member.is_member:
        return None
    text = lines(
        _(
            "{name} has left the network. This role has ended with it: {role}.",
            name=member.name or "?",
            role=await role_name(page, role),
        ),
        _("If somebody should take it over, you find the team under /animate."),
    )
    return Message(text, [[Button(_.label("button", "👥 Team"), Desk(to="team"))]])


CARDS = {
    "team_notice.role_left": role_left,
    "transfer_notice": notice,
    "transfer_result": notice,
    "team_notice.transfer": team_told,
}


def setup() -> Router:
    """Take nothing: what these say leads to the plan."""
    return Router(name="transfer_notices")
