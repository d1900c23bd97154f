"""The gap map: what members look for and too little helps with, and what is done about it."""

from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import gaps
from community.errors import NotFoundError
from community.figures import Hidden, Quarter, quarter_of
from community.gaps import Dimension, Gap, GapMap, Place, actions
from community.gaps.actions import Way
from community.people import Person
from handlers import gap_words
from handlers.audience import told
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.report import as_picture, not_made
from handlers.staff import COORDINATORS, GapMapOf, Months, OneAction, router_for
from locales import Html, Translator, day, number, plain
from reports import gaps as report
from reports import heatmap
from reports.quarter import named_by_months
from reports.support import quarter_name
from reports.workbook import of_words

SHOWN = 12
"""Gaps in the text; the workbook has them all."""
PAST_SHOWN = 6
DRAWN = {one.value: one for one in (Dimension.LANGUAGE, Dimension.AREA, Dimension.PROFILE)}


class OneGap(CallbackData, prefix="nb"):
    """One gap of a map; ``act`` begins what can be done about it."""

    ref: str
    act: str = "open"


# Handlers


async def opened(
    query: Any,
    callback_data: GapMapOf,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show a map: text, picture, workbook; or the choice of quarters; or it drawn otherwise."""
    year, of, by = callback_data.year, callback_data.number, callback_data.by
    made = await gaps.quarters(session, person, now)
    if callback_data.act == "choose":
        return [edit("gaps.choice")]
    if not made and not year:
        return [edit("gaps.none")]
    quarter = Quarter(year, of) if year else made[0]
    if quarter not in made:
        raise NotFoundError("GapWave")
    which = {"year": quarter.year, "number": quarter.number}
    if by:
        return [say("gaps.picture", **which, by=by)] if by in DRAWN else [toast("old_button")]
    return [
        edit("gaps.text", **which),
        say("gaps.picture", **which),
        say("gaps.workbook", **which),
    ]


async def touched(
    query: Any,
    callback_data: OneGap,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a gap, or begin to do something about it."""
    await state.clear()
    ref, act = callback_data.ref, callback_data.act
    cell, _quarter = await gaps.opened(session, person, ref, now)
    ways = [way.value for way in ways_for(cell.place)]
    if act == "open":
        return [edit("gaps.one", ref=ref)]
    if act not in ways:
        return [toast("old_button")]
    action = await actions.begin(session, person, ref, Way(act), now)
    return [edit("gaps.action", ref=action.ref)]


def ways_for(place: Place) -> list[Way]:
    """Return what can be done about a gap; texts are asked for in one language."""
    is_spoken = place.dimension is Dimension.LANGUAGE and bool(place.key)
    return [Way.PARTNER, Way.EVENT, *([Way.TRANSLATION] if is_spoken else [])]


# Cards


async def _map(page: Page, year: int, number: int) -> GapMap:
    return await gaps.read(page.session, page.reader, page.now, Quarter(year, number))


async def text_card(page: Page, year: int, number: int) -> Message:
    """Tell the largest gaps, and what has become of those of the map before."""
    _ = page._
    found = await _map(page, year, number)
    places = [*found.cells, *(one.place for one in found.past)]
    names = await gap_words.names(page, places)
    more = len(found.gaps) - SHOWN
    text = lines(
        Html("<b>") + report.title(found, _) + Html("</b>"),
        _("How many members look for something, beside what helps with it."),
        "",
        *(report.line(found, cell, names, _) for cell in found.gaps[:SHOWN]),
        _.ngettext("{n} more gap is in the workbook.", "{n} more gaps are in the workbook.", more)
        if more > 0
        else None,
        None if found.gaps else _("No gap: whatever five members look for, something helps with."),
        *(["", _("<b>Since the map before</b>")] if found.past else []),
        *(report.past_line(one, names, _) for one in found.past[:PAST_SHOWN]),
        "",
        _("Numbers of people below five are not told, nor what would give them away."),
    )
    which = {"year": year, "number": number}
    rows = [
        [
            Button(
                _.label(
                    "button",
                    "{need} · {group}",
                    need=names.of(cell.place),
                    group=names.group(cell.place),
                ),
                OneGap(ref=cell.ref),
            )
        ]
        for cell in found.gaps[:SHOWN]
    ]
    rows += in_rows(
        [
            Button(_.label("button", "🖼 By area"), GapMapOf(**which, by=Dimension.AREA)),
            Button(_.label("button", "🖼 By profile"), GapMapOf(**which, by=Dimension.PROFILE)),
        ],
        2,
    )
    rows.append([Button(_.label("button", "📋 Planned actions"), OneAction())])
    rows.append([Button(_.label("button", "Other quarters"), GapMapOf(act="choose"))])
    rows.append([Button(_.label("button", "Back"), Months())])
    return Message(text, rows)


async def choice_card(page: Page) -> Message:
    """Offer the quarters of which there is a map."""
    _ = page._
    made = await gaps.quarters(page.session, page.reader, page.now)
    rows = in_rows(
        [Button(quarter_name(one, _), GapMapOf(year=one.year, number=one.number)) for one in made],
        2,
    )
    return Message(
        _("<b>Gap map</b>\nWhich quarter would you like to see?"),
        [*rows, [Button(_.label("button", "Back"), Months())]],
    )


async def none_card(page: Page) -> Message:
    """Say when the first map is made."""
    _ = page._
    zone = ZoneInfo(page.network.zone)
    first = quarter_of(page.now, zone).following.start(zone)
    text = lines(
        _("<b>Gap map</b>"),
        _(
            "It shows what members look for beside what helps with it, and is made once a quarter "
            "is over."
        ),
        _("The first one is here on {day}.", day=day(first.astimezone(zone).date(), _)),
    )
    rows = [
        [Button(_.label("button", "📋 Planned actions"), OneAction())],
        [Button(_.label("button", "Back"), Months())],
    ]
    return Message(text, rows)


async def picture_card(
    page: Page, year: int, number: int, by: str = Dimension.LANGUAGE
) -> Message:
    """Draw the map by one dimension."""
    found = await _map(page, year, number)
    names = await gap_words.names(page, found.cells)
    shown = report.heat_map(found, DRAWN[by], names, page._)
    return as_picture(heatmap.picture(shown, page._), shown.title, page._)


async def workbook_card(page: Page, year: int, number: int) -> Message:
    """Hand the whole map over as a workbook."""
    _ = page._
    found = await _map(page, year, number)
    names = await gap_words.names(page, [*found.cells, *(one.place for one in found.past)])
    every = await actions.every(page.session, page.reader, page.now)
    planned = Counter(one.action.place for one in every if one.action.place is not None)
    sheets = report.sheets(found, names, planned, _)
    content = partial(of_words, report.title(found, _), sheets, _, page.now)
    name = f"{plain(_.label('file', 'gaps'))}-{year}-{number}.xlsx"
    text = _("The whole map as a workbook.")
    return Message(text, file=File(name, content, otherwise=not_made(_)))


async def gap_card(page: Page, ref: str) -> Message:
    """Show one gap: its numbers, what has become of it, and what can be done."""
    _ = page._
    cell, quarter = await gaps.opened(page.session, page.reader, ref, page.now)
    found = await gaps.read(page.session, page.reader, page.now, quarter)
    names = await gap_words.names(page, [cell.place])
    planned = await actions.about(page.session, page.reader, cell.place, page.now)
    trend = report.trend_name(found, cell.place, _)
    text = lines(
        _("🧩 <b>{need}: {group}</b>", need=names.of(cell.place), group=names.group(cell.place)),
        _("Gap map of {quarter}", quarter=named_by_months(quarter, _)),
        "",
        _("Look for it: {n}", n=told(cell.people, _)),
        _("Members who can help: {n}", n=told(cell.helpers, _))
        if cell.helpers is not None
        else None,
        _("Services: {n}", n=number(cell.services, _)),
        _("Events in this quarter and the next: {n}", n=number(cell.events, _)),
        _("Networks and programmes: {n}", n=number(cell.networks, _)),
        _("Networks that are weak in it, or do not suit members: {n}", n=number(n, _))
        if (n := cell.weak_networks)
        else None,
        "",
        _state(Gap(cell.gap) if cell.gap else None, cell.people, trend, _),
    )
    rows = []
    if cell.gap is not None:
        icons = {
            Way.PARTNER: _.label("button", "🤝 Find a partner"),
            Way.EVENT: _.label("button", "📅 Plan an event"),
            Way.TRANSLATION: _.label("button", "🌐 Ask for translations"),
        }
        rows = [
            [Button(icons[way], OneGap(ref=ref, act=way.value))] for way in ways_for(cell.place)
        ]
    rows += [
        [
            Button(
                _.label("button", "📋 {what}", what=gap_words.way(Way(one.way), _)),
                OneAction(ref=one.ref),
            )
        ]
        for one in planned
    ]
    back = GapMapOf(year=quarter.year, number=quarter.number)
    return Message(text, [*rows, [Button(_.label("button", "The whole map"), back)]])


def _state(gap: Gap | None, people: int | Hidden, trend: str, _: Translator) -> Html:
    if gap is None:
        return _("This is no gap.") if isinstance(people, int) else _("This is not told.")
    name = report.gap_name(gap, _)
    if trend:
        return _("Gap: {what} ({trend})", what=name, trend=trend)
    return _("Gap: {what}", what=name)


CARDS = {
    "gaps.text": text_card,
    "gaps.choice": choice_card,
    "gaps.none": none_card,
    "gaps.picture": picture_card,
    "gaps.workbook": workbook_card,
    "gaps.one": gap_card,
}


def setup() -> Router:
    """Take the buttons of the map, from coordinators only."""
    router = router_for("gaps", COORDINATORS)
    router.callback_query.register(opened, GapMapOf.filter())
    router.callback_query.register(touched, OneGap.filter())
    return router
