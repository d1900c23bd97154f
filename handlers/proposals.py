"""What one has proposed to the network: the list, each as it stands, and what the team says."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import proposals, roles, sends
from community.errors import NotFoundError
from community.events import Event
from community.events import State as Planned
from community.needs import Need
from community.people import Person
from community.providers import Organization
from community.sends import Send
from community.sends import State as Sending
from handlers import attendance, menu, offers, words
from handlers.content import block_for
from handlers.forms import begin
from handlers.menu import Propose
from handlers.proposing import AGAIN
from handlers.replies import Button, Message, Page, Replies, Reply, blockquote, edit, lines
from handlers.staff import Received, page_of
from handlers.supporters import name_of
from locales import Html, Translator

PER_PAGE = 20


class Proposed(CallbackData, prefix="po"):
    """Something that one has proposed: an event ("e") or an offer ("s")."""

    what: str
    ref: str
    act: str = "open"

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("propose.one", what=self.what, ref=self.ref)


# Handlers


async def one_touched(
    query: Any,
    callback_data: Proposed,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what one has proposed; of an offer: write it anew, or take it back."""
    what, ref, act = callback_data.what, callback_data.ref, callback_data.act
    if what == "s" and act == "again":
        send = await sends.own_offer(session, person, ref, now)
        if send.state not in (Sending.DRAFT, Sending.IN_REVIEW):
            return [callback_data.card()]
        return await begin(AGAIN, state, kind="again", organization="-", ref=send.ref)
    if what == "s" and act == "withdraw":
        await sends.withdraw_offer(session, person, ref, now)
    return [callback_data.card()]


# Cards


async def menu_card(page: Page, at: int = 0) -> Message:
    """Show staff what they can propose, and page by page what has become of what they have."""
    _ = page._
    own = await roles.staffed(page.session, page.reader, page.now)
    rows: list[list[Button]] = []
    for number in own:
        organization = await page.session.get_one(Organization, number)
        name = await name_of(page, number)
        offer = _.label("button", "🤝 An offer of {organization}", organization=name)
        event = _.label("button", "📅 An event of {organization}", organization=name)
        rows += [
            [Button(offer, Propose(what="offer", organization=organization.ref))],
            [Button(event, Propose(what="event", organization=organization.ref))],
        ]
    offered = await sends.offers_of(page.session, page.reader, page.now)
    proposed = await proposals.proposed_by(page.session, page.reader, page.now)
    every: list[Send | Event] = [*offered, *proposed]
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Propose(at=to), _)
    rows += [[await _in_list(page, one)] for one in shown]
    rows += [turning, [Button(_.label("button", "All referrals"), Received())]]
    text = lines(
        _("<b>Propose something to the network</b>"),
        _("The team reads it first. It then goes to members who look for what it is about."),
    )
    return Message(text, rows)


async def _in_list(page: Page, one: Send | Event) -> Button:
    """Return the way to one proposal, with how far it is."""
    _ = page._
    if isinstance(one, Send):
        title, state = await _title_of(page, "newsletter", one.id), _offer_state(one, _)
        label = _.label("proposal in a list", "🤝 {title}: {state}", title=title, state=state)
        return Button(label, Proposed(what="s", ref=one.ref))
    title, state = await _title_of(page, "event", one.id), _event_state(one, _)
    label = _.label("proposal in a list", "📅 {title}: {state}", title=title, state=state)
    return Button(label, Proposed(what="e", ref=one.ref))


async def _title_of(page: Page, subject: str, number: int) -> str:
    block = await block_for(page, subject, number)
    return block.get("title") if block else "?"


def _offer_state(send: Send, _: Translator) -> str:
    if send.state == Sending.DRAFT:
        return _.label("proposal", "came back")
    if send.state == Sending.IN_REVIEW:
        return _.label("proposal", "waits for the team")
    if send.state == Sending.CANCELLED:
        return _.label("proposal", "withdrawn")
    return _.label("proposal", "accepted")


def _event_state(event: Event, _: Translator) -> str:
    if event.state == Planned.PROPOSED:
        return _.label("proposal", "waits for the team")
    if event.state == Planned.REFUSED:
        return _.label("proposal", "refused")
    return _.label("proposal", "accepted")


async def one(page: Page, what: str, ref: str) -> Message:
    """Show what one has proposed as it stands now, and what the team says."""
    _ = page._
    rows: list[list[Button]] = []
    if what == "s":
        send = await sends.own_offer(page.session, page.reader, ref, page.now)
        shown, state = (await offers.as_written(page, send)).text, _offer_sentence(send, _)
        why = send.refused_because if send.state == Sending.DRAFT else None
        if send.state in (Sending.DRAFT, Sending.IN_REVIEW):
            anew, drop = Proposed(what="s", ref=ref, act="again"), "withdraw"
            rows = [
                [Button(_.label("button", "✏️ Write it anew"), anew)],
                [
                    Button(
                        _.label("button", "🗑 Take it back"), Proposed(what="s", ref=ref, act=drop)
                    )
                ],
            ]
        is_staff = True
    else:
        event = await proposals.own_event(page.session, page.reader, ref, page.now)
        shown, state = await event_text(page, event), _event_sentence(event, _)
        why = event.refused_because if event.state == Planned.REFUSED else None
        is_staff = event.organization_id is not None
    back = Button(_.label("button", "All proposals"), Propose()) if is_staff else menu.button(_)
    reason = [_("The team says:"), blockquote(why)] if why else []
    return Message(lines(shown, "", state, *reason), [*rows, [back]])


async def event_text(page: Page, event: Event) -> Html:
    """Return an event as it stands, the place included."""
    block = await block_for(page, "event", event.id)
    _ = page._
    return lines(
        attendance.heading(page, event, block),
        "",
        attendance.facts(page, event, None)[0],
        _("💻 Online: {link}", link=event.link or "")
        if event.is_online
        else _("📍 {place}", place=event.place or ""),
        _("About: {need}", need=words.need(Need(event.need), _)) if event.need else None,
    )


def _offer_sentence(send: Send, _: Translator) -> Html:
    return {
        Sending.DRAFT: _("↩️ It came back from the team, and has reached nobody."),
        Sending.IN_REVIEW: _("👀 The team reads it. It has reached nobody yet."),
        Sending.CANCELLED: _("✋ It does not go out."),
        Sending.SENT: _("✅ It has gone out."),
    }.get(send.state) or _("✅ The team has approved it as it is, and sends it.")


def _event_sentence(event: Event, _: Translator) -> Html:
    return {
        Planned.PROPOSED: _("👀 The team reads it. It has reached nobody yet."),
        Planned.REFUSED: _("The team does not take it up."),
    }.get(event.state) or _(
        "✅ The team takes it up. From now on it is an event of the network, as it stands here."
    )


# Notices


async def offer_notice(page: Page, ref: str) -> Message | None:
    """Tell staff what the team says about their offer."""
    return await _now(page, "s", ref)


async def event_notice(page: Page, ref: str) -> Message | None:
    """Tell who has proposed an event what the team says."""
    return await _now(page, "e", ref)


async def _now(page: Page, what: str, ref: str) -> Message | None:
    try:
        return await one(page, what, ref)
    except NotFoundError:
        return None


def staff_button(_: Translator) -> Button:
    """Return the way in for staff."""
    return Button(_.label("button", "💡 Propose something"), Propose())


CARDS = {
    "propose.menu": menu_card,
    "propose.one": one,
    "staff_notice.offer": offer_notice,
    "staff_notice.proposal": event_notice,
}


def setup() -> Router:
    """Take the buttons of whoever has proposed something; the verbs say who may."""
    router = Router(name="proposals")
    router.callback_query.register(one_touched, Proposed.filter())
    return router
