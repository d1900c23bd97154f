"""/report: a coordinator reads the figures of a month, the support of a quarter, and sets up."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import figures, moderation, translations
from community.errors import NotFoundError
from community.figures import Group, Quarter, Support
from community.roles import RoleName
from handlers import drafts, words
from handlers.replies import (
    Button,
    Card,
    File,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    say,
)
from handlers.setup_ways import SetUp
from handlers.staff import (
    Consulting,
    GapMapOf,
    LessonFigures,
    Months,
    OneCohort,
    OpenEvidence,
    OpenJudged,
    PartnerLinks,
    Reaching,
    RunByMembers,
    SurveyForms,
    router_for,
)
from locales import Html, Translator
from reports import chart, support
from reports.figures import language_title, month_name, report
from reports.support import Names, quarter_name, shortened
from reports.tables import Report, as_text
from reports.workbook import workbook

MONTHS_OFFERED = 12


class OpenMonth(CallbackData, prefix="rm"):
    """The figures of one month."""

    year: int
    month: int


class OpenQuarter(CallbackData, prefix="rq"):
    """The support of one quarter; without one, the choice."""

    year: int = 0
    number: int = 0


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /report."""
    await state.clear()
    return [say("report")]


async def back(query: Any, state: FSMContext) -> Replies:
    """Show the choice in place."""
    await state.clear()
    return [edit("report")]


async def opened(
    query: Any,
    callback_data: OpenMonth,
    session: AsyncSession,
    now: datetime,
    network: Network,
) -> Replies:
    """Show a month: text, picture, workbook.

    Raises:
        NotFoundError: the network was not there yet, or the month has not begun.
    """
    year, month = callback_data.year, callback_data.month
    if (year, month) not in await months(session, network, now):
        raise NotFoundError("Month")
    return [
        edit("report.text", year=year, month=month),
        say("report.picture", year=year, month=month),
        say("report.workbook", year=year, month=month),
    ]


async def opened_quarter(
    query: Any,
    callback_data: OpenQuarter,
    session: AsyncSession,
    now: datetime,
    network: Network,
) -> Replies:
    """Show the support of a quarter: text, picture, workbook.

    Raises:
        NotFoundError: the network was not there yet, or the quarter has not begun.
    """
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("report.support")]
    if Quarter(year, number) not in await quarters(session, network, now):
        raise NotFoundError("Quarter")
    return [
        edit("report.support.text", year=year, number=number),
        say("report.support.picture", year=year, number=number),
        say("report.support.workbook", year=year, number=number),
    ]


async def quarters(session: AsyncSession, network: Network, now: datetime) -> Sequence[Quarter]:
    """Return the quarters that can be read, the running one first."""
    found = await months(session, network, now)
    return list(dict.fromkeys(Quarter.of_month(year, month) for year, month in found))


async def months(
    session: AsyncSession, network: Network, now: datetime
) -> Sequence[tuple[int, int]]:
    """Return year and month of what can be read, the running month first."""
    zone = ZoneInfo(network.zone)
    first = await figures.first_month(session, zone, now)
    local = now.astimezone(zone)
    year, month = local.year, local.month
    found: list[tuple[int, int]] = []
    while (year, month) >= first and len(found) < MONTHS_OFFERED:
        found.append((year, month))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found


async def report_card(page: Page) -> Message:
    """Offer the months, and the set-up."""
    _ = page._
    (running, *closed) = await months(page.session, page.network, page.now)
    rows = [
        [
            Button(
                _.label("button", "{month}, still running", month=month_name(*running, _)),
                OpenMonth(year=running[0], month=running[1]),
            )
        ],
        *in_rows(
            [
                Button(month_name(year, month, _), OpenMonth(year=year, month=month))
                for year, month in closed
            ],
            per_row=2,
        ),
        [Button(_.label("button", "🤝 Support by quarter"), OpenQuarter())],
        [Button(_.label("button", "📐 Evidence"), OpenEvidence())],
        [Button(_.label("button", "🧩 Gap map"), GapMapOf())],
        [Button(_.label("button", "🧭 Whom we reach"), Reaching())],
        [Button(_.label("button", "🏛 Ask stakeholders"), Consulting())],
        [Button(_.label("button", "💬 What members think"), OpenJudged())],
        [Button(_.label("button", "📝 Surveys as files"), SurveyForms())],
        [Button(_.label("button", "🎓 Lessons in figures"), LessonFigures())],
        [Button(_.label("button", "🎒 Courses in figures"), OneCohort(act="figures"))],
        [Button(_.label("button", "🌱 Run by members"), RunByMembers())],
        [Button(_.label("button", "📣 Partners who promote"), PartnerLinks(act="figures"))],
        [await drafts.button(page)],
        [Button(_.label("button", "⚙️ Set up the network"), SetUp())],
    ]
    return Message(_("<b>Figures</b>\nWhich month would you like to see?"), rows)


async def support_card(page: Page) -> Message:
    """Offer the quarters."""
    _ = page._
    (running, *closed) = await quarters(page.session, page.network, page.now)
    rows = [
        [
            Button(
                _.label("button", "{quarter}, still running", quarter=quarter_name(running, _)),
                OpenQuarter(year=running.year, number=running.number),
            )
        ],
        *in_rows(
            [
                Button(quarter_name(one, _), OpenQuarter(year=one.year, number=one.number))
                for one in closed
            ],
            per_row=2,
        ),
        [Button(_.label("button", "Back"), Months())],
    ]
    return Message(
        _(
            "<b>Support</b>\nWhat was asked of providers and what became of it, by need, "
            "language, area and provider; what could not be met; entries that may be out of "
            "date.\nWhich quarter would you like to see?"
        ),
        rows,
    )


@dataclass(frozen=True)
class Told:
    """One report, and how it is handed over."""

    report: Report
    name: str
    """Of the file, without its ending."""
    others: Button


async def _month(page: Page, year: int, month: int) -> Told:
    zone, _ = ZoneInfo(page.network.zone), page._
    found = await figures.read(page.session, page.reader, year, month, zone, page.now)
    reported = await moderation.of_month(page.session, year, month, zone, page.now)
    return Told(
        report(found, reported, await _names(page, found.support), _),
        f"{_.label('file', 'figures')}-{year}-{month:02}",
        Button(_.label("button", "Other months"), Months()),
    )


async def _quarter(page: Page, year: int, number: int) -> Told:
    zone, _ = ZoneInfo(page.network.zone), page._
    quarter = Quarter(year, number)
    found = await figures.read_support(page.session, page.reader, quarter, zone, page.now)
    return Told(
        support.report(found, await _names(page, found), zone, _),
        f"{_.label('file', 'support')}-{year}-{number}",
        Button(_.label("button", "Other quarters"), OpenQuarter()),
    )


async def _names(page: Page, found: Support) -> Names:
    """Return what everything is called that a report of this support may name."""
    _ = page._

    async def named(subject: str, ids: Iterable[int]) -> Mapping[int, str]:
        network = page.network.language
        found = await translations.blocks(page.session, subject, list(ids), page.reads, network)
        return {number: block.get("name") for number, block in found.items()}

    entries = [*(entry for entry, _at in found.stale), *found.unattended]
    providers = await named(
        "organization",
        {*_keys(found, Group.PROVIDER), *(entry.id for entry in entries), *found.without},
    )
    areas = await named("area", _keys(found, Group.AREA))
    nowhere = _.label("figure", "No area told")
    return Names(
        {
            Group.NEED: lambda code: words.need(code, _),
            Group.LANGUAGE: lambda code: language_title(code, _),
            Group.AREA: lambda number: areas.get(number, "?") if number else nowhere,
            Group.PROVIDER: lambda number: providers.get(number, "?"),
        },
        lambda code: words.reason(code, _),
    )


def _keys(found: Support, group: Group) -> set[int]:
    """Return whose names may be needed: of the groups of which something is shown."""
    tables = list(found.by.get(group, {}).values())
    outlines = [outline for outline in (found.unmet, found.missed) if outline is not None]
    while outlines:
        outline = outlines.pop()
        outlines += outline.below.values()
        if group is Group.AREA and not outline.below:
            tables.append(outline.parts)
    return {
        key
        for table in tables
        for key, cell in table.cells.items()
        if isinstance(cell, int) and cell and isinstance(key, int)
    }


ON_A_PHONE, IN_A_PICTURE = 12, 6
"""Lines of one table; all of them are in the workbook."""


def text_card(read: Callable[..., Awaitable[Told]]) -> Card:
    """Return the card that shows figures as text."""

    async def card(page: Page, **which: int) -> Message:
        """Show figures as text."""
        told = await read(page, **which)
        short = shortened(told.report, page._, ON_A_PHONE)
        return Message(as_text(short, page._), [[told.others]])

    return card


def picture_card(read: Callable[..., Awaitable[Told]]) -> Card:
    """Return the card that shows them as a picture."""

    async def card(page: Page, **which: int) -> Message:
        """Show them as a picture, or say why there is none."""
        _ = page._
        told = shortened((await read(page, **which)).report, _, IN_A_PICTURE)
        return as_picture(chart.picture(told, _), told.title, _)

    return card


def as_picture(image: Callable[[], bytes] | None, title: str, _: Translator) -> Message:
    """Return a picture of figures, or why there is none."""
    if image is None:
        return Message(
            _(
                "There is no picture in this language, because the server lacks a font for it. "
                "Whoever runs it finds the remedy in docs/operators.md."
            )
        )
    file = File("figures.png", image, is_picture=True, otherwise=not_made(_))
    return Message(Html("") + title, file=file)


def workbook_card(read: Callable[..., Awaitable[Told]]) -> Card:
    """Return the card that hands them over as a workbook."""

    async def card(page: Page, **which: int) -> Message:
        """Hand them over as a workbook."""
        told = await read(page, **which)
        content = partial(workbook, told.report, page._, page.now)
        text = page._("The same figures as a workbook for your computer.")
        return Message(text, file=File(f"{told.name}.xlsx", content, otherwise=not_made(page._)))

    return card


def not_made(_: Translator) -> Html:
    """Say that a file could not be made."""
    return _("It could not be made, and whoever runs this bot finds out why in its log.")


CARDS = {
    "report": report_card,
    "report.text": text_card(_month),
    "report.picture": picture_card(_month),
    "report.workbook": workbook_card(_month),
    "report.support": support_card,
    "report.support.text": text_card(_quarter),
    "report.support.picture": picture_card(_quarter),
    "report.support.workbook": workbook_card(_quarter),
}


def setup() -> Router:
    """Take /report and its buttons, from coordinators only."""
    router = router_for("report", frozenset({RoleName.COORDINATOR}))
    router.message.register(command, Command("report"))
    router.callback_query.register(back, Months.filter())
    router.callback_query.register(opened, OpenMonth.filter())
    router.callback_query.register(opened_quarter, OpenQuarter.filter())
    return router
