"""After a provider has turned somebody away: what happened, and where they can go on to."""

from sqlalchemy import select

from community import agreements, providers, referrals
from community.base import find
from community.history import Step
from community.providers import Fit, Service
from community.referrals import REFERRAL, Onward, Referral, State
from handlers import menu
from handlers.content import block_for
from handlers.looking import OpenService
from handlers.replies import Button, Message, Page, lines
from handlers.support import Refer, Requests, organization_name
from locales import Html


async def told(page: Page, referral: Referral) -> Html | None:
    """Return what has happened to a request that was turned away, and what is left of it."""
    _ = page._
    nothing_left = _("They can open nothing of your request any more.")
    if referral.state == State.DECLINED:
        return lines(_("They cannot help you with this."), nothing_left)
    if referral.state == State.REROUTED:
        return lines(_("They think that somebody else can help you better."), nothing_left)
    if referral.state == State.EXPIRED:
        was_asked = await _before(page, referral) == State.NEEDS_INFORMATION
        why = (
            _("They had asked you something, and it was not answered in time.")
            if was_asked
            else _("They have not answered in time. That is not your fault.")
        )
        return lines(why, nothing_left)
    return None


async def _before(page: Page, referral: Referral) -> str | None:
    found: str | None = await page.session.scalar(
        select(Step.before)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
        .order_by(Step.id.desc())
        .limit(1)
    )
    return found


async def ways_on(page: Page, referral: Referral) -> tuple[Html, list[list[Button]]]:
    """Return the next step for whoever was turned away, one tap each; nothing is sent by it."""
    found = await referrals.onward(page.session, referral, page.now, languages=page.reads.every)
    return await _ways(page, found, referral)


async def _ways(
    page: Page, found: Onward, after: Referral | None = None
) -> tuple[Html, list[list[Button]]]:
    hint, steps = await _suggested(page, found)
    text, rows = await _elsewhere(page, found, after)
    return lines(hint, "", text) if hint else text, [*steps, *rows]


async def _suggested(page: Page, found: Onward) -> tuple[Html | None, list[list[Button]]]:
    """Return what somebody suggests that takes no requests here."""
    _ = page._
    if found.suggested is None:
        return None, []
    name, organization = await _names(page, found.suggested)
    text = lines(
        _("They suggest: {service}, {organization}", service=name, organization=organization),
        _("No request can be sent there from here now. You can go there yourself."),
    )
    to = OpenService(ref=found.suggested.ref)
    return text, [[Button(_.label("button", "👣 Go yourself: the steps"), to)]]


async def _elsewhere(
    page: Page, found: Onward, after: Referral | None
) -> tuple[Html, list[list[Button]]]:
    _ = page._
    if found.to is None:
        return await _nowhere(page, found)
    service = found.to.service
    name, organization = await _names(page, service)
    is_suggested = after is not None and service.id == after.suggested_id
    text = lines(
        _("They suggest: {service}, {organization}", service=name, organization=organization)
        if is_suggested
        else _(
            "This fits, too: {service}, {organization}", service=name, organization=organization
        ),
        _language_line(page, found.to),
        _("Nothing goes there before you have looked at it and agreed."),
    )
    look = [Button(_.label("button", "🔎 Look at it first"), OpenService(ref=service.ref))]
    if after is None:
        return text, [look]
    ask = Refer(ref=service.ref, act="next", after=after.ref)
    return text, [[Button(_.label("button", "➡️ Ask there"), ask)], look]


async def obstacle(page: Page, service: Service) -> Html | None:
    """Return why no request can be sent to a service now, or None if one can."""
    _ = page._
    organization_id = service.organization_id
    if not service.is_open:
        return _("This service is closed: nobody is taken there any more.")
    if not await agreements.is_active(page.session, organization_id, page.now):
        return _(
            "There is no agreement with this organisation now, so nothing about you is passed on "
            "to it. You can go there yourself."
        )
    if not await referrals.is_read(page.session, organization_id, page.now):
        return _("Nobody of this organisation reads requests here now. You can go there yourself.")
    if not await providers.has_room(page.session, service, page.now):
        organization = await organization_name(page, service)
        return _("⏳ They take nobody at the moment: {organization}", organization=organization)
    return None


async def instead_card(page: Page, ref: str, after: str = "") -> Message:
    """Show why nothing can be sent to a service now, and what there is instead.

    ``after`` an earlier request, nobody is offered whom the member has asked already. What the
    team has prepared for it can be put away here.
    """
    _ = page._
    service = await find(page.session, Service, ref)
    prepared = await referrals.prepared_for(page.session, page.reader, service)
    if after:
        text, rows = await ways_on(page, await referrals.mine(page.session, page.reader, after))
    else:
        found = await referrals.instead_of(
            page.session, page.reader, service, page.now, languages=page.reads.every
        )
        text, rows = await _ways(page, found)
    told = lines(
        _("🤝 The team has prepared a request for you that cannot be sent now.")
        if prepared
        else None,
        _("Nothing has been sent.") if prepared else None,
        await obstacle(page, service),
    )
    if service.is_open:
        name, _organization = await _names(page, service)
        steps = _.label("button", "👣 {service}: the steps", service=name)
        rows.append([Button(steps, OpenService(ref=ref))])
    if prepared:
        rows.append([Button(_.label("button", "🗑 Put it away"), Refer(ref=ref, act="no"))])
        rows.append([Button(_.label("button", "📨 My requests"), Requests())])
    return Message(lines(told, "", text), rows)


async def _nowhere(page: Page, found: Onward) -> tuple[Html, list[list[Button]]]:
    _ = page._
    rows = []
    yourself = None
    if found.by_oneself not in (None, found.suggested):
        name, organization = await _names(page, found.by_oneself)
        yourself = _(
            "You can go there yourself, the steps are listed: {service}, {organization}",
            service=name,
            organization=organization,
        )
        steps = OpenService(ref=found.by_oneself.ref)
        rows.append([Button(_.label("button", "👣 Go yourself: the steps"), steps)])
    rows.append([Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())])
    why = _("We know nobody else who takes requests for this now.")
    return lines(why, yourself, _("The team can help you to find a way.")), rows


async def _names(page: Page, service: Service) -> tuple[str, str]:
    block = await block_for(page, "service", service.id)
    return block.get("name") if block else "?", await organization_name(page, service)


def _language_line(page: Page, fit: Fit) -> Html | None:
    _ = page._
    if fit.given:
        return _("It is given in your language.")
    if fit.by_interpreter:
        return _("An interpreter can be asked for.")
    return _("It is given in other languages only.")
