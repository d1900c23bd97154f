"""Partners who promote: links for each place or campaign, posters, and what came of them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import promoting
from community.figures import quarter_of
from community.people import Person
from community.promoting import Promoted
from community.providers import Organization
from handlers import menu
from handlers.audience import told
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, File, Message, Page, Replies, edit, in_rows, lines, say
from handlers.staff import (
    ANIMATORS,
    COORDINATORS,
    PROVIDERS,
    Months,
    PartnerLinks,
    back,
    router_for,
)
from handlers.supporters import name_of
from locales import (
    OFFERED,
    Html,
    Translator,
    day,
    native_name,
    plain,
    sorted_for,
    translator_for,
)
from reports import sheet
from reports.qr import qr_picture
from reports.quarter import named_by_months
from reports.sheet import Sheet as Poster
from reports.workbook import Sheet, of_words

SHOWN = 40
"""So many partners are listed."""
QUARTERS = 4
"""So many quarters a partner reads on its page; the workbook has them all."""


async def _ask_label(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Where is the link used, or for what? For example: town library"))


async def _read_label(answering: Answering, text: str) -> str:
    return promoting.clean(text)


async def _made(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    link = await promoting.make(
        answering.session, answering.person, ref, answering.answers["label"], answering.now
    )
    return [say("promoting.link", ref=ref, link=link.ref)]


NEW = Form(
    "promoting.new",
    [Field("label", _ask_label, _read_label)],
    _made,
    home=lambda about: say("promoting", ref=about["ref"]),
)
FORMS = (NEW,)


async def touched(
    query: Any,
    callback_data: PartnerLinks,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show the links of a partner, make one, withdraw one, or hand out what is printed."""
    ref, act, link = callback_data.ref, callback_data.act, callback_data.link
    if act == "figures":
        return [edit("promoting.figures"), say("promoting.workbook")]
    if not ref:
        return [edit("promoting.partners")]
    if act == "workbook":
        return [say("promoting.workbook", ref=ref)]
    if act == "new":
        await promoting.links(session, person, ref, now)
        return await begin(NEW, state, ref=ref)
    if not link:
        return [edit("promoting", ref=ref)]
    if act == "withdraw":
        await promoting.withdraw(session, person, ref, link, now)
        return [edit("promoting", ref=ref)]
    if act == "posters":
        return [say("promoting.posters", ref=ref, link=link)]
    if act in OFFERED:
        return [say("promoting.poster", ref=ref, link=link, language=act)]
    return [say("promoting.link", ref=ref, link=link)]


async def partners_card(page: Page) -> Message:
    """List the organisations, each with the way to its links."""
    _ = page._
    found = await page.session.scalars(select(Organization).order_by(Organization.id).limit(SHOWN))
    rows = [
        [Button(await name_of(page, one.id), PartnerLinks(ref=one.ref))] for one in found.all()
    ]
    text = lines(
        _("📣 <b>Partners who promote the network</b>"),
        _("Each has links and posters of its own.")
        if rows
        else _("There is no organisation here yet."),
    )
    return Message(text, [*rows, [back(_)]])


async def links_card(page: Page, ref: str) -> Message:
    """Show the links of a partner, and what came of them quarter by quarter."""
    _ = page._
    links = await promoting.links(page.session, page.reader, ref, page.now)
    organization, every = await promoting.promoted(page.session, page.reader, ref, page.now)
    quarters = every[:QUARTERS]
    rows = [
        [
            Button(
                _.label("button", "🔗 {label}", label=link.label)
                if link.label
                else _.label("button", "🔗 The first link"),
                PartnerLinks(ref=ref, link=link.ref),
            )
        ]
        for link in links
    ]
    rows.append([Button(_.label("button", "➕ New link"), PartnerLinks(ref=ref, act="new"))])
    if quarters:
        workbook = _.label("button", "📊 As a workbook")
        rows.append([Button(workbook, PartnerLinks(ref=ref, act="workbook"))])
    text = lines(
        _("📣 <b>Links of {name}</b>", name=await name_of(page, organization.id)),
        _("They work many times, and give no right to anything."),
        "",
        _("A quarter stands here a week after it is over, and does not change any more."),
        *(
            line
            for one in quarters
            for line in ("", _bold(named_by_months(one.quarter, _)), *_told(one, page))
        ),
        *([] if quarters else ["", _first(page)]),
    )
    return Message(text, [*rows, [menu.button(_)]])


def _bold(text: str) -> Html:
    return Html("<b>") + text + Html("</b>")


def _first(page: Page) -> Html:
    """Say when the quarter that runs, or is just over, stands there."""
    zone = ZoneInfo(page.network.zone)
    quarter = quarter_of(page.now, zone)
    if promoting.told_from(quarter.before, zone) > page.now:
        quarter = quarter.before
    return page._(
        "The first figures, of {quarter}, stand here from {day}.",
        quarter=named_by_months(quarter, page._),
        day=_day(promoting.told_from(quarter, zone), page),
    )


def _day(moment: datetime, page: Page) -> str:
    return day(moment.astimezone(ZoneInfo(page.network.zone)).date(), page._)


def _told(figures: Promoted, page: Page) -> list[Html]:
    _ = page._
    told_lines = [
        _("Joined by a link: {n}", n=told(figures.joined, _)),
        _("Did something within a week: {n}", n=told(figures.activated, _)),
    ]
    if figures.stayed is not None:
        return [
            *told_lines,
            _("Still there three months later: {n}", n=told(figures.stayed, _)),
        ]
    known = promoting.stayed_from(figures.quarter, ZoneInfo(page.network.zone))
    return [
        *told_lines,
        _("Still there three months later: told from {day}", day=_day(known, page)),
    ]


async def link_card(page: Page, ref: str, link: str) -> Message:
    """Show one link, as text and as a picture."""
    _ = page._
    found, organization = await promoting.link_of(page.session, page.reader, ref, link, page.now)
    address = page.network.link(f"j-{found.ref}")
    text = lines(
        _("🔗 <b>{label}</b>", label=found.label or await name_of(page, organization.id)),
        Html("") + address,
    )
    rows = [
        [
            Button(
                _.label("button", "🖨 A poster to print"),
                PartnerLinks(ref=ref, link=link, act="posters"),
            )
        ],
        [
            Button(
                _.label("button", "Withdraw this link"),
                PartnerLinks(ref=ref, link=link, act="withdraw"),
            )
        ],
        [Button(_.label("button", "All links"), PartnerLinks(ref=ref))],
    ]
    return Message(text, rows, File("link.png", qr_picture(address), is_picture=True))


async def posters_card(page: Page, ref: str, link: str) -> Message:
    """Ask for the language of the poster."""
    await promoting.link_of(page.session, page.reader, ref, link, page.now)
    buttons = [
        Button(native_name(code), PartnerLinks(ref=ref, link=link, act=code))
        for code in sorted_for(None)
    ]
    return Message(page._("In which language is the poster?"), in_rows(buttons, 2))


async def poster(page: Page, ref: str, link: str, language: str) -> Message:
    """Make a page to print, in a language, with the link of the partner."""
    _ = page._
    theirs = translator_for(language if language in OFFERED else _.language)
    found, organization = await promoting.link_of(page.session, page.reader, ref, link, page.now)
    address = page.network.link(f"j-{found.ref}")
    shown = _sheet(await name_of(page, organization.id), address, theirs)
    make = sheet.page(shown, theirs)
    if make is None:
        said = _("There is no font here for your language, so this is the square alone.")
        return Message(said, file=File("diwan.png", qr_picture(address), is_picture=True))
    sorry = _("The page could not be made. Please try again later.")
    text = _("🖨 One page to print and to hang up. The square leads to this bot.")
    return Message(text, file=File("diwan.pdf", make, otherwise=sorry))


def _sheet(name: str, address: str, _: Translator) -> Poster:
    return Poster(
        plain(_("A network for people who build a business in a new country")),
        plain(_("It is free, in your own language, and on your phone.")),
        [plain(point).removeprefix("• ") for point in menu.what_you_get(_)],
        plain(_("Point the camera of your phone here.")),
        address,
        plain(_("Recommended by {organization}", organization=name)),
    )


async def figures_card(page: Page) -> Message:
    """Show a coordinator what came of the links of each partner in the last closed quarter."""
    _ = page._
    found = await promoting.every_promoted(page.session, page.reader, page.now)
    last = [one for one in found if one.quarter == found[0].quarter]
    parts: list[Html | str] = []
    for one in last[:SHOWN]:
        parts += ["", _bold(await name_of(page, one.organization.id)), *_told(one, page)]
    text = lines(
        _("📣 <b>Partners who promote the network</b>"),
        _bold(named_by_months(found[0].quarter, _)) if found else _first(page),
        *parts,
    )
    return Message(text, [[Button(_.label("button", "Back"), Months())]])


async def workbook_card(page: Page, ref: str = "") -> Message:
    """Hand every quarter over as a workbook: of one partner, or to a coordinator of all."""
    _ = page._
    if ref:
        _partner, found = await promoting.promoted(page.session, page.reader, ref, page.now)
    else:
        found = await promoting.every_promoted(page.session, page.reader, page.now)
    rows = [
        [
            plain(await name_of(page, one.organization.id)),
            named_by_months(one.quarter, _),
            *(plain(told(cell, _)) for cell in (one.joined, one.activated)),
            _.label("figure", "not yet") if one.stayed is None else plain(told(one.stayed, _)),
        ]
        for one in found
    ]
    title = plain(_("Partners who promote the network"))
    headings = [
        _.label("column", "Partner"),
        _.label("column", "Quarter"),
        _.label("column", "Joined by a link"),
        _.label("column", "Did something within a week"),
        _.label("column", "Still there three months later"),
    ]
    content = of_words(title, [Sheet(title, headings, rows)], _, page.now)
    return Message(
        _("Every quarter as a workbook."),
        file=File(f"{_.label('file', 'partners')}.xlsx", content),
    )


CARDS = {
    "promoting": links_card,
    "promoting.partners": partners_card,
    "promoting.link": link_card,
    "promoting.posters": posters_card,
    "promoting.poster": poster,
    "promoting.figures": figures_card,
    "promoting.workbook": workbook_card,
}


def setup() -> Router:
    """Take the buttons, from the team and from organisations' staff."""
    router = router_for("promoting", ANIMATORS | COORDINATORS | PROVIDERS)
    router.callback_query.register(touched, PartnerLinks.filter())
    return router
