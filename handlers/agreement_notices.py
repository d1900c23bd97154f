"""Coordinators hear that an agreement ends soon, or has ended."""

from aiogram import Router

from community import agreements, roles
from community.agreements import Agreement, State
from community.base import find
from community.roles import RoleName
from handlers.agreement_facts import last_day
from handlers.agreements import OneAgreement
from handlers.replies import Button, Message, Page, lines
from handlers.supporters import name_of
from locales import day


async def ends_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that an agreement ends soon; nothing once that is not so any more."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    agreement = await find(page.session, Agreement, ref)
    is_near = agreement.ends_at is not None and (
        page.now < agreement.ends_at <= page.now + agreements.BEFORE[0]
    )
    if agreement.state != State.ACTIVE or agreement.ends_at is None or not is_near:
        return None
    name = await name_of(page, agreement.organization_id)
    last = last_day(agreement.ends_at, page.network.zone)
    text = lines(
        _("⏳ An agreement ends soon: {name}", name=name),
        _("Its last day: {day}", day=day(last, _, year=page.now.year)),
        _("After it nobody can be referred there. If you renew it, write a new last day."),
    )
    renew = OneAgreement(ref=ref, act="edit", what="ends_at")
    return Message(
        text,
        [
            [Button(_.label("button", "✏️ A new last day"), renew)],
            [Button(_.label("button", "Look at it"), OneAgreement(ref=ref, act="open"))],
        ],
    )


async def ended_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that an agreement has ended by its date."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    agreement = await find(page.session, Agreement, ref)
    if await agreements.is_active(page.session, agreement.organization_id, page.now):
        return None
    name = await name_of(page, agreement.organization_id)
    return Message(
        lines(
            _("⌛ The agreement with {name} has ended: its last day is over.", name=name),
            _("Nobody can be referred there now. Whoever waits for an answer has been told."),
        ),
        [[Button(_.label("button", "Look at it"), OneAgreement(ref=ref, act="open"))]],
    )


CARDS = {
    "team_notice.agreement_ends": ends_notice,
    "team_notice.agreement_ended": ended_notice,
}


def setup() -> Router:
    """Take nothing: the buttons belong to others."""
    return Router(name="agreement_notices")
