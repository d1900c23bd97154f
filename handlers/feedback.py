"""A partner's link: made by a coordinator, told to who comes by it, and what they let it hear."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import feedback, people, roles
from community.base import find
from community.errors import ChangedError, NoAgreementError, NotFoundError
from community.feedback_consents import Fact
from community.people import Person
from community.providers import Organization
from handlers import menu
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from handlers.setup_ways import OneOrganization
from handlers.staff import (
    COORDINATORS,
    PROVIDERS,
    PartnerLink,
    PartnerLinks,
    Received,
    router_for,
    turning,
)
from handlers.supporters import name_of
from locales import Html, Translator
from reports.qr import qr_picture

VERSION = "2026-11"
"""The version of what the card asks; kept with every yes."""
VIEW_LASTS = timedelta(minutes=15)
"""So long what a partner hears stays on a phone after the tap; then it is edited away."""


class Allow(CallbackData, prefix="fb"):
    """What the partner may hear: ``mask`` has one bit per fact; ``seen`` is what is shown."""

    mask: int = 0
    act: str = "see"
    seen: str = ""


OPENS = -1
"""In place of a page: it opens in a message of its own."""
PAGE = 8
"""So many of them stand on one page, each with all that they allow."""


class Hear(CallbackData, prefix="fh"):
    """What an organisation's staff hear of those who came by its link: a page, or its message."""

    ref: str
    at: int = OPENS


def mask_of(facts: Collection[Fact]) -> int:
    """Return the facts as bits, so that a button can carry them."""
    return sum(1 << at for at, fact in enumerate(Fact) if fact in facts)


def facts_of(mask: int) -> set[Fact]:
    """Return the facts of such bits; what does not exist is left out."""
    return {fact for at, fact in enumerate(Fact) if mask >> at & 1}


def fact_name(fact: Fact, _: Translator) -> str:
    """Return what a fact is called."""
    return {
        Fact.NAME: _.label("fact", "My name"),
        Fact.JOINED: _.label("fact", "That I have joined"),
        Fact.TAKES_PART: _.label("fact", "Whether I come to events"),
        Fact.STARTED: _.label("fact", "Whether my business is running"),
    }[fact]


def fact_line(fact: Fact, value: str, _: Translator) -> Html:
    """Return what exactly is told, in the reader's words."""
    if fact == Fact.NAME:
        return _("Name: {name}", name=value)
    return {
        (Fact.JOINED, True): _("Has joined the network"),
        (Fact.JOINED, False): _("Has not joined the network"),
        (Fact.TAKES_PART, True): _("Has come to an event"),
        (Fact.TAKES_PART, False): _("Has not come to an event yet"),
        (Fact.STARTED, True): _("The business is running"),
        (Fact.STARTED, False): _("The business is not running yet"),
    }[fact, bool(value)]


# Handlers


async def link_touched(
    query: Any, callback_data: PartnerLink, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show an organisation's link, or make it lead nowhere."""
    ref = callback_data.ref
    if callback_data.act == "withdraw":
        await feedback.withdraw_link(session, person, ref, now)
        return [say("feedback.withdrawn", ref=ref)]
    link = await feedback.link_of(session, person, ref, now)
    return [say("feedback.link", ref=ref, link=link.ref)]


async def allowed(
    query: Any,
    callback_data: Allow,
    session: AsyncSession,
    person: Person,
    now: datetime,
    _: Translator,
) -> Replies:
    """Show what the partner would hear, flip a fact, or agree to what is shown."""
    people.require_member(person)
    mask, act = callback_data.mask, callback_data.act
    if act == "see":
        mask = mask_of(await feedback.allowed(session, person))
    elif act == "agree":
        try:
            await feedback.allow(
                session,
                person,
                facts_of(mask),
                callback_data.seen,
                now,
                version=VERSION,
                language=_.language,
            )
        except ChangedError:
            return [toast("support.changed"), edit("feedback.allow", mask=mask)]
        return [edit("feedback.agreed")]
    return [edit("feedback.allow", mask=mask)]


async def heard(query: Any, callback_data: Hear, now: datetime) -> Replies:
    """Show it in a message of its own: it is protected, and nothing stays in an older one."""
    ref, at, opened = callback_data.ref, callback_data.at, now.isoformat()
    if at == OPENS:
        return [say("feedback.heard", ref=ref, opened=opened)]
    return [edit("feedback.heard", ref=ref, opened=opened, at=at)]


# Cards: the coordinator


async def link_card(page: Page, ref: str, link: str) -> Message:
    """Show the link that an organisation hands out, as text and as a picture to print."""
    _ = page._
    organization = await find(page.session, Organization, ref)
    address = page.network.link(f"j-{link}")
    text = lines(
        _(
            "🔗 The link of {organization} into the network. It works many times, and gives no "
            "right to anything:",
            organization=await name_of(page, organization.id),
        ),
        Html("") + address,
        "",
        _(
            "Whoever comes by it is told whose link it is, and decides what the organisation may "
            "hear. At first that is nothing."
        ),
    )
    off = Button(_.label("button", "Withdraw this link"), PartnerLink(ref=ref, act="withdraw"))
    file = File("link.png", qr_picture(address), is_picture=True)
    more = Button(_.label("button", "🔗 Links by place, and figures"), PartnerLinks(ref=ref))
    return Message(text, [[more], [off], _to_organization(page, ref)], file=file)


async def withdrawn(page: Page, ref: str) -> Message:
    """Confirm that a link leads nowhere any more."""
    _ = page._
    text = _("The link leads nowhere from now on. Who has come by it stays.")
    return Message(text, [_to_organization(page, ref)])


def _to_organization(page: Page, ref: str) -> list[Button]:
    return [Button(page._.label("button", "Organisation"), OneOrganization(ref=ref))]


# Cards: the member


async def by_whom(page: Page) -> Html | None:
    """Say to a newcomer whose link they have followed, if it is an organisation's."""
    organization = await feedback.came_by(page.session, page.reader)
    if organization is None:
        return None
    return page._(
        "🔗 You come by a link of {organization}. It hears nothing about you unless you allow it.",
        organization=await name_of(page, organization.id),
    )


async def after_joining(session: AsyncSession, person: Person) -> Replies:
    """Return the question what the partner may hear, for who came by a partner's link."""
    if await feedback.came_by(session, person) is None:
        return []
    return [say("feedback.allow", mask=mask_of(await feedback.allowed(session, person)))]


async def allow_card(page: Page, mask: int) -> Message:
    """Show fact by fact what the partner would hear, each with a switch; all are off at first."""
    _ = page._
    organization = await feedback.came_by(page.session, page.reader)
    if organization is None:
        raise NotFoundError("Organization")
    name = await name_of(page, organization.id)
    now_told = await feedback.as_it_stands(page.session, page.reader)
    chosen = facts_of(mask)
    shown = [fact_line(fact, now_told[fact], _) for fact in Fact if fact in chosen]
    text = lines(
        _("<b>May {organization} hear how you get on?</b>", organization=name),
        _("You came by its link. This is your choice, and everything works without it."),
        "",
        _("<b>It hears this, and nothing else:</b>"),
        *(shown or [_("Nothing.")]),
        "",
        _("It hears of it when it changes, too, until you end it: at any time, under /me."),
    )
    rows = [
        [
            Button(
                _.label("button", "✅ {fact}", fact=fact_name(fact, _))
                if fact in chosen
                else _.label("button", "⬜ {fact}", fact=fact_name(fact, _)),
                Allow(mask=mask_of(chosen ^ {fact}), act="flip"),
            )
        ]
        for fact in Fact
    ]
    seen = feedback.fingerprint(chosen, now_told)
    agree = (
        _.label("button", "I agree to exactly this")
        if chosen
        else _.label("button", "It hears nothing")
    )
    rows.append([Button(agree, Allow(mask=mask, act="agree", seen=seen))])
    return Message(text, rows)


async def agreed_card(page: Page) -> Message:
    """Confirm what the partner hears from now on."""
    _ = page._
    organization = await feedback.came_by(page.session, page.reader)
    if organization is None:
        raise NotFoundError("Organization")
    name = await name_of(page, organization.id)
    facts = await feedback.allowed(page.session, page.reader)
    text = (
        _("✅ {organization} hears what you have allowed, until you end it.", organization=name)
        if facts
        else _("🔕 {organization} hears nothing about you.", organization=name)
    )
    change = Button(_.label("button", "Change what it hears"), Allow())
    return Message(text, [[change], [menu.button(_)]])


async def me_button(page: Page) -> list[Button]:
    """Return the way to what the partner hears, for who came by a partner's link."""
    if await feedback.came_by(page.session, page.reader) is None:
        return []
    return [Button(page._.label("button", "Who hears how I get on"), Allow())]


# Cards: the partner


async def staff_rows(page: Page) -> list[list[Button]]:
    """Return the way to who came by each organisation's link, of which one is staff."""
    _ = page._
    rows = []
    for number in await roles.staffed(page.session, page.reader, page.now):
        organization = await page.session.get_one(Organization, number)
        label = _.label(
            "button",
            "🔗 Who came by the link of {organization}",
            organization=await name_of(page, number),
        )
        rows.append([Button(label, Hear(ref=organization.ref))])
        links = _.label("button", "📣 Links and posters")
        rows.append([Button(links, PartnerLinks(ref=organization.ref))])
    return rows


async def heard_card(page: Page, ref: str, opened: str, at: int = 0) -> Message:
    """Show what those who came by the link allow, and no more; it closes by itself.

    It is one message: what is cut into several closes in its last part alone.
    """
    _ = page._
    back = [Button(_.label("button", "All referrals"), Received())]
    again = [[Button(_.label("button", "Show it again"), Hear(ref=ref))], back]
    if page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return Message(_("🔒 Closed again, so that nobody else reads it on this phone."), again)
    try:
        found = await feedback.hear(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return Message(_("🔒 Closed again, so that nobody else reads it on this phone."), [back])
    except NoAgreementError:
        return Message(
            _(
                "There is no active agreement with your organisation, so nothing can be shown. "
                "Please ask the network's coordinator."
            ),
            [back],
        )
    at = max(min(at, (len(found) - 1) // PAGE), 0)
    parts: list[Html | str] = []
    for each in found[at * PAGE : (at + 1) * PAGE]:
        parts += ["", *(fact_line(fact, value, _) for fact, value in each.facts.items())]
    text = lines(
        _("<b>Who came by your link</b>"),
        *(parts or ["", _("Nobody has allowed you to hear more yet.")]),
        "",
        _("You read this because each of them allows it. It ends as soon as they end it."),
    )
    links = [Button(_.label("button", "📣 Links and posters"), PartnerLinks(ref=ref))]
    turning_them = turning(at, PAGE, len(found), lambda to: Hear(ref=ref, at=to), _)
    return Message(text, [turning_them, links, back], protect=True, live=True)


CARDS = {
    "feedback.link": link_card,
    "feedback.withdrawn": withdrawn,
    "feedback.allow": allow_card,
    "feedback.agreed": agreed_card,
    "feedback.heard": heard_card,
}


def setup() -> Router:
    """Take the buttons of a partner's link, each from those whom it is for."""
    router = Router(name="feedback")
    router.callback_query.register(allowed, Allow.filter())
    coordinators = router_for("feedback coordinators", COORDINATORS)
    coordinators.callback_query.register(link_touched, PartnerLink.filter())
    staff = router_for("feedback staff", PROVIDERS)
    staff.callback_query.register(heard, Hear.filter())
    router.include_routers(coordinators, staff)
    return router
