"""Whom the network reaches: members beside who lives there, and statistics brought as a file."""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.areas import every as every_area
from community.errors import FileRefusedError
from community.gaps import Dimension, Place, statistics
from community.gaps.statistics import Line, Reach
from community.people import Person
from handlers import gap_words
from handlers.audience import told
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say
from handlers.report import not_made
from handlers.staff import COORDINATORS, Months, Reaching, router_for
from locales import Html, Translator, number, percent, plain
from locales.folding import fold
from reports import statistics_in
from reports.quarter import named_by_months
from reports.workbook import Sheet, of_words

SHOWN = 12


# Bringing a file


async def read(session: AsyncSession, content: bytes, now: datetime) -> list[Line]:
    """Return the lines of a file: areas are known by their names in every language.

    Raises:
        FileRefusedError: it is no table, or one of its lines has a mistake.
    """
    rows = await every_area(session)
    texts = await translations.texts(session, "area", [row.id for row in rows])
    areas = {fold(text.text): row.id for row in rows for text in texts.get(row.id, ())}
    return statistics_in.read(content, areas, now)


async def _ask_file(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send the file now: a table as CSV or XLSX."),
            _(
                "Its first line names the columns: {columns}.",
                columns=", ".join(statistics_in.COLUMNS),
            ),
            _(
                "What a source says of a year takes the place of what it said before. A file with "
                "a mistake changes nothing."
            ),
        )
    )


async def _read_file(answering: Answering, text: str) -> int:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    session, person, now = answering.session, answering.person, answering.now
    return await statistics.bring(session, person, await read(session, attached.content, now), now)


async def _brought(answering: Answering) -> Replies:
    return [say("reach.brought", count=answering.answers["file"]), say("reach")]


FILE = Form(
    "reach.file",
    [Field("file", _ask_file, _read_file, takes_file=True)],
    _brought,
    home=lambda _about: say("reach"),
)
FORMS = (FILE,)


# Handlers


async def opened(
    query: Any,
    callback_data: Reaching,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show whom the network reaches, hand it over, or ask for a file."""
    await state.clear()
    if callback_data.act == "bring":
        return await begin(FILE, state)
    if callback_data.act == "workbook":
        return [say("reach.workbook")]
    return [edit("reach")]


# Cards


async def _reach(page: Page) -> Reach | None:
    """Return whom the network reached in the newest quarter that is told, if one is."""
    zone = ZoneInfo(page.network.zone)
    return await statistics.reach(page.session, page.reader, zone, page.now)


def _titles(_: Translator) -> dict[Dimension, str]:
    return {
        Dimension.AREA: _.label("figure", "By area"),
        Dimension.LANGUAGE: _.label("figure", "By language"),
        Dimension.PROFILE: _.label("figure", "By profile"),
    }


async def reach_card(page: Page) -> Message:
    """Tell how many of those who live there are members, group by group."""
    _ = page._
    found = await _reach(page)
    told_lines: list[Html | str] = []
    if found is not None:
        names = await gap_words.names(
            page, [Place("", one, row.key) for one in found.by for row in found.by[one]]
        )
        for dimension, title in _titles(_).items():
            rows = sorted(found.by[dimension], key=lambda one: -one.population.count)
            if rows:
                told_lines += ["", Html("<b>") + title + Html("</b>")]
            for one in rows[:SHOWN]:
                about = {
                    "group": names.group(Place("", dimension, one.key)),
                    "n": told(one.members, _),
                    "population": number(one.population.count, _),
                }
                told_lines.append(
                    _("{group}: {n} of {population}", **about)
                    if one.share is None
                    else _(
                        "{group}: {n} of {population} ({share})",
                        **about,
                        share=percent(one.share, _),
                    )
                )
    text = lines(
        _("<b>Whom we reach</b>"),
        _("Members, of those who live there by others' count."),
        _("Members at the end of {quarter}.", quarter=named_by_months(found.quarter, _))
        if found
        else _("Numbers of members stand here once the first quarter is over."),
        *told_lines,
        None
        if told_lines
        else _("There are no statistics yet for any group of members. Bring a file."),
        "",
        _("Numbers of people below five are not told, nor what would give them away."),
    )
    rows_of_buttons = [
        [Button(_.label("button", "📥 Bring statistics"), Reaching(act="bring"))],
        [Button(_.label("button", "📊 As a workbook"), Reaching(act="workbook"))],
        [Button(_.label("button", "Back"), Months())],
    ]
    return Message(text, rows_of_buttons)


async def workbook_card(page: Page) -> Message:
    """Hand it over as a workbook, each number with its source."""
    _ = page._
    found = await _reach(page)
    headings = [
        _.label("column", "Group"),
        _.label("column", "Members"),
        _.label("column", "Population"),
        _.label("column", "Share"),
        _.label("column", "Source"),
        _.label("column", "Year"),
    ]
    sheets = []
    by = found.by if found else {}
    names = await gap_words.names(
        page, [Place("", dimension, one.key) for dimension in by for one in by[dimension]]
    )
    for dimension, title in _titles(_).items():
        rows = [
            [
                names.group(Place("", dimension, one.key)),
                one.members if isinstance(one.members, int) else told(one.members, _),
                one.population.count,
                "" if one.share is None else percent(one.share, _),
                one.population.source,
                str(one.population.year),
            ]
            for one in by.get(dimension, ())
        ]
        sheets.append(Sheet(title, headings, rows))
    content = partial(of_words, plain(_("Whom we reach")), sheets, _, page.now)
    file = File(f"{_.label('file', 'reach')}.xlsx", content, otherwise=not_made(_))
    return Message(_("The same figures as a workbook for your computer."), file=file)


async def brought_card(page: Page, count: int) -> Message:
    """Say how much has been written."""
    _ = page._
    return Message(
        _.ngettext("✅ {n} line has been written.", "✅ {n} lines have been written.", count)
    )


CARDS = {"reach": reach_card, "reach.workbook": workbook_card, "reach.brought": brought_card}


def setup() -> Router:
    """Take its buttons, from coordinators only."""
    router = router_for("reach", COORDINATORS)
    router.callback_query.register(opened, Reaching.filter())
    return router
