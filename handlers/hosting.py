"""Events in the hands of members: an animator offers one, its host looks after it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, bridge, hosting, roles, translations
from community.base import find
from community.events import Event
from community.people import Person
from community.roles import Role, RoleName
from handlers import menu, words
from handlers.bridge import Exchanging
from handlers.content import block_for
from handlers.guests import Answers, Ticks
from handlers.planning import facts
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import (
    ANIMATORS,
    TEAM,
    Desk,
    Entrust,
    Hosted,
    HostedEvent,
    Hosts,
    InArea,
    NewPlan,
    PlannedEvent,
    Reports,
    page_of,
    router_for,
)
from handlers.team import Offered, Revoke
from locales import Html, Translator, day, short_day
from reports.qr import qr_picture

PER_PAGE = 8
MONTHS = (1, 3, 6, 12)
"""How long members are entrusted with something."""


class AskToHost(CallbackData, prefix="yo"):
    """Ask somebody by name to host an event."""

    ref: str
    person: str


NOWHERE = "-"
"""What a button says of an event that is in no area."""


# Handlers


async def hosts_opened(
    query: Any, callback_data: Hosts, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show who hosts an event, offer it by a link, or choose whom to ask."""
    ref, act = callback_data.ref, callback_data.act
    if act == "link":
        token = await hosting.invite(session, person, ref, now)
        return [say("hosting.invitation", ref=ref, token=token)]
    if act == "names":
        return [edit("hosting.names", ref=ref, at=callback_data.at)]
    return [edit("hosting.hosts", ref=ref)]


async def entrusted(
    query: Any, callback_data: Entrust, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask for which area and how long, then make the link."""
    role, area, months = callback_data.role, callback_data.area, callback_data.months
    if role not in (RoleName.COMMUNITY_LEAD, RoleName.MODERATOR):
        return [toast("old_button")]
    if role == RoleName.COMMUNITY_LEAD and not area:
        return [edit("hosting.where", role=role, at=callback_data.at)]
    if months not in MONTHS:
        return [edit("hosting.how_long", role=role, area=area)]
    token = await hosting.entrust(session, person, role, area, months, now)
    return [say("hosting.entrusted", role=role, area=area, months=months, token=token)]


async def asked(
    query: Any, callback_data: AskToHost, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask somebody by name."""
    await hosting.ask(session, person, callback_data.ref, callback_data.person, now)
    return [edit("hosting.hosts", ref=callback_data.ref), toast("hosting.asked")]


async def area_chosen(
    query: Any, callback_data: InArea, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Say in which area the event is."""
    ref, area = callback_data.ref, callback_data.area
    if not area:
        return [edit("hosting.areas", ref=ref, at=callback_data.at)]
    await hosting.place_in(session, person, ref, "" if area == NOWHERE else area, now)
    return [edit("plan.event", ref=ref)]


async def offer_answered(
    query: Any, callback_data: Offered, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Take it, or turn it down."""
    ref, takes = callback_data.ref, callback_data.takes
    await hosting.answer(session, person, ref, now, takes=takes)
    return [edit("team.opened", ref=ref)]


async def list_turned(query: Any, callback_data: Hosted) -> Replies:
    """Show a page of what the reader hosts."""
    return [edit("hosting.list", at=callback_data.at)]


async def event_opened(query: Any, callback_data: HostedEvent) -> Replies:
    """Show one event that the reader hosts."""
    return [edit("hosting.event", ref=callback_data.ref)]


async def reports_turned(query: Any, callback_data: Reports) -> Replies:
    """Show a page of what was reported."""
    return [edit("hosting.reports", at=callback_data.at)]


# Cards of the team


def _hosts_line(page: Page, role: Role, host: Person) -> Html:
    _, name = page._, host.name or "?"
    if role.series_id is None or role.until is None:
        return _("🤝 {name} hosts this event.", name=name)
    until = role.until.astimezone(ZoneInfo(page.network.zone)).date()
    return _("🤝 {name} hosts all dates of this event, until {day}.", name=name, day=day(until, _))


def _no_more(role: Role, host: Person, _: Translator) -> Button:
    name = host.name or "?"
    label = (
        _.label("button", "✖️ No co-host any more: {name}", name=name)
        if role.series_id is None
        else _.label("button", "✖️ No more, all dates: {name}", name=name)
    )
    return Button(label, Revoke(ref=role.ref))


async def hosts(page: Page, ref: str) -> Message:
    """Show who hosts an event; ask somebody, or take it back."""
    _ = page._
    event, co_hosts, asked_of = await hosting.standing(page.session, page.reader, ref, page.now)
    told = [
        *(_hosts_line(page, role, one) for role, one in co_hosts),
        *(_("⏳ {name} has been asked.", name=one.name or "?") for _offer, one in asked_of),
    ]
    text = lines(
        _("<b>Who hosts this event</b>"),
        *(told or [_("Nobody but the team.")]),
        "",
        _(
            "A co-host sees the answers to this event, says who came, and answers what is asked "
            "about it; nothing else. Who hosts this date alone does so until a week after it; "
            "who hosts all dates, until the day that is named here."
        )
        if any(role.series_id is not None for role, _one in co_hosts)
        else _(
            "A co-host sees the answers to this event, says who came, and answers what is asked "
            "about it; nothing else. It ends by itself a week after the event."
        ),
    )
    rows = [[_no_more(role, one, _)] for role, one in co_hosts]
    if event.is_hosted(page.now):
        rows = [
            [Button(_.label("button", "🙋 Ask a member"), Hosts(ref=ref, act="names"))],
            [Button(_.label("button", "🔗 Offer it by a link"), Hosts(ref=ref, act="link"))],
            [
                Button(
                    _.label("button", "🌱 Hand it over step by step"),
                    NewPlan(role=RoleName.CO_HOST, ref=ref),
                )
            ],
            *rows,
        ]
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [*rows, [back]])


async def names(page: Page, ref: str, at: int = 0) -> Message:
    """Choose whom to ask: who has proposed the event, and who goes there."""
    _ = page._
    found = await hosting.candidates(page.session, page.reader, ref, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: Hosts(ref=ref, act="names", at=to), _)
    rows = [[Button(one.name or "?", AskToHost(ref=ref, person=one.ref))] for one in shown]
    text = (
        _("Whom do you ask to host this event? They can say no.")
        if found
        else _("Nobody goes there yet whom you could ask. You can offer it by a link.")
    )
    back = Button(_.label("button", "Back"), Hosts(ref=ref))
    return Message(text, [*rows, turning, [back]])


async def invitation_card(page: Page, ref: str, token: str = "") -> Message | None:
    """Show an invitation once, as a link and as a picture."""
    if not token:
        return None
    _ = page._
    event = await find(page.session, Event, ref)
    block = await block_for(page, "event", event.id)
    link = page.network.link(f"i-{token}")
    text = lines(
        _("Give this link to one person: {link}", link=link),
        "",
        _("With it they host: {title}", title=block.get("title") if block else "?"),
        _("It works once, within 72 hours. Then I ask you whether it is the right person."),
    )
    return Message(text, file=File("diwan.png", qr_picture(link), is_picture=True))


async def where(page: Page, role: RoleName, at: int = 0) -> Message:
    """Choose which area somebody leads."""
    _ = page._
    rows, turning = await area_rows(
        page, at, lambda area, to: Entrust(role=RoleName(role), area=area, at=to)
    )
    text = (
        _("Which area do they lead? They look after every event there, as a co-host does.")
        if rows
        else _("There is no area yet. A coordinator sets them up with /report.")
    )
    return Message(text, [*rows, turning, [Button(_.label("button", "Back"), Desk(to="team"))]])


async def how_long(page: Page, role: RoleName, area: str) -> Message:
    """Choose when a right ends by itself."""
    _ = page._
    rows = [
        [
            Button(
                _.nlabel("button", "{n} month", "{n} months", months),
                Entrust(role=RoleName(role), area=area, months=months),
            )
        ]
        for months in MONTHS
    ]
    text = lines(
        _("How long? It ends by itself then; you can take it back at any time."),
        _(
            "A moderator reads what members have reported and says when it is settled; nothing "
            "else."
        )
        if role == RoleName.MODERATOR
        else None,
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Desk(to="team"))]])


async def entrusted_card(
    page: Page, role: RoleName, area: str, months: int, token: str = ""
) -> Message | None:
    """Show an invitation with an end once, as a link and as a picture."""
    if not token:
        return None
    _ = page._
    link = page.network.link(f"i-{token}")
    text = lines(
        _("Give this link to one person: {link}", link=link),
        "",
        _("Role: {role}", role=words.role(RoleName(role), _)),
        _.ngettext("It ends after {n} month.", "It ends after {n} months.", months),
        _("It works once, within 72 hours. Then I ask you whether it is the right person."),
    )
    return Message(text, file=File("diwan.png", qr_picture(link), is_picture=True))


async def area_rows(
    page: Page, at: int, button: Callable[[str, int], CallbackData]
) -> tuple[list[list[Button]], list[Button]]:
    """Return a page of the areas that can be chosen, and the buttons that turn it."""
    every = await areas.offered(page.session)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: button("", to), page._)
    called = await translations.blocks(
        page.session, "area", [area.id for area in shown], page.reads, page.network.language
    )
    rows = [
        [
            Button(
                called[area.id].get("name") if area.id in called else "?",
                button(area.ref, 0),
            )
        ]
        for area in shown
    ]
    return rows, turning


async def area_list(page: Page, ref: str, at: int = 0) -> Message:
    """Choose in which area an event is."""
    _ = page._
    rows, turning = await area_rows(page, at, lambda area, to: InArea(ref=ref, area=area, at=to))
    rows.append([Button(_.label("button", "In none of them"), InArea(ref=ref, area=NOWHERE))])
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    text = _("In which area is this event? Whoever leads it looks after it, too.")
    return Message(text, [*rows, turning, [back]])


async def asked_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "They are asked now."))


# Cards of hosts


async def hosted_list(page: Page, at: int = 0) -> Message:
    """List what the reader hosts."""
    _ = page._
    found = await hosting.hosted(page.session, page.reader, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: Hosted(at=to), _)
    called = await translations.blocks(
        page.session, "event", [event.id for event in shown], page.reads, page.network.language
    )
    rows = []
    for event in shown:
        title = called[event.id].get("title") if event.id in called else "?"
        day = short_day(event.starts_wall.date(), _)
        label = _.label("event in a list", "{day}: {title}", day=day, title=title)
        rows.append([Button(label, HostedEvent(ref=event.ref))])
    text = _("<b>Events I host</b>") if found else _("You host no event at the moment.")
    return Message(text, [*rows, turning, [menu.button(_)]])


async def hosted_event(page: Page, ref: str) -> Message:
    """Show an event to its host, with what a host can do."""
    _ = page._
    event = await find(page.session, Event, ref)
    await roles.require_host(page.session, page.reader, event, page.now)
    block = await block_for(page, "event", event.id)
    text = lines(
        _("<b>You host: {title}</b>", title=block.get("title") if block else "?"),
        "",
        *facts(page, event),
        "",
        _("Your part ends by itself a week after the event. Questions? Write to the team: /ask"),
    )
    rows = [
        [
            Button(_.label("button", "📋 Answers"), Answers(ref=ref)),
            Button(_.label("button", "✔️ Who came"), Ticks(ref=ref)),
        ]
    ]
    waiting = await bridge.asked_of_hosts(page.session, page.reader, ref, page.now)
    rows += [
        [Button(_.label("button", "💬 A question about it"), Exchanging(ref=one.ref))]
        for one in waiting[:PER_PAGE]
    ]
    back = Button(_.label("button", "Events I host"), Hosted())
    return Message(text, [*rows, [back]])


CARDS = {
    "hosting.where": where,
    "hosting.how_long": how_long,
    "hosting.entrusted": entrusted_card,
    "hosting.hosts": hosts,
    "hosting.names": names,
    "hosting.invitation": invitation_card,
    "hosting.areas": area_list,
    "hosting.asked": asked_toast,
    "hosting.list": hosted_list,
    "hosting.event": hosted_event,
}


def setup() -> Router:
    """Take the buttons of hosts and of who makes them; the verbs say whose an event is."""
    router = Router(name="hosting")
    router.callback_query.register(offer_answered, Offered.filter())
    router.callback_query.register(list_turned, Hosted.filter())
    router.callback_query.register(event_opened, HostedEvent.filter())
    router.callback_query.register(reports_turned, Reports.filter())
    team = router_for("hosting team", ANIMATORS)
    team.callback_query.register(hosts_opened, Hosts.filter())
    team.callback_query.register(asked, AskToHost.filter())
    team.callback_query.register(area_chosen, InArea.filter())
    router.include_router(team)
    whole = router_for("hosting whole team", TEAM)
    whole.callback_query.register(entrusted, Entrust.filter())
    router.include_router(whole)
    return router
