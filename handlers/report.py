"""/report: a coordinator reads the figures of a month, and sets the network up."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import figures
from community.errors import NotFoundError
from community.roles import RoleName
from handlers import drafts
from handlers.replies import Button, File, Message, Network, Page, Replies, edit, in_rows, say
from handlers.setup import SetUp
from handlers.staff import Months, router_for
from locales import Html, Translator
from reports import chart
from reports.figures import Report, as_text, month_name, report
from reports.workbook import workbook

MONTHS_OFFERED = 12


class OpenMonth(CallbackData, prefix="rm"):
    """The figures of one month."""

    year: int
    month: int


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
        [await drafts.button(page)],
        [Button(_.label("button", "⚙️ Set up the network"), SetUp())],
    ]
    return Message(_("<b>Figures</b>\nWhich month would you like to see?"), rows)


async def _read(page: Page, year: int, month: int) -> Report:
    zone = ZoneInfo(page.network.zone)
    found = await figures.read(page.session, page.reader, year, month, zone, page.now)
    return report(found, page._)


async def text_card(page: Page, year: int, month: int) -> Message:
    """Show the figures of a month as text."""
    told = as_text(await _read(page, year, month), page._)
    return Message(told, [[Button(page._.label("button", "Other months"), Months())]])


async def picture_card(page: Page, year: int, month: int) -> Message:
    """Show them as a picture, or say why there is none."""
    _ = page._
    told = await _read(page, year, month)
    image = chart.picture(told, _)
    if image is None:
        return Message(
            _(
                "There is no picture in this language, because the server lacks a font for it. "
                "Whoever runs it finds the remedy in docs/operators.md."
            )
        )
    file = File("figures.png", image, is_picture=True, otherwise=_not_made(_))
    return Message(Html("") + told.title, file=file)


async def workbook_card(page: Page, year: int, month: int) -> Message:
    """Hand them over as a workbook."""
    told = await _read(page, year, month)
    content = partial(workbook, told, page._, page.now)
    text = page._("The same figures as a workbook for your computer.")
    name = f"{page._.label('file', 'figures')}-{year}-{month:02}.xlsx"
    return Message(text, file=File(name, content, otherwise=_not_made(page._)))


def _not_made(_: Translator) -> Html:
    return _("It could not be made, and whoever runs this bot finds out why in its log.")


CARDS = {
    "report": report_card,
    "report.text": text_card,
    "report.picture": picture_card,
    "report.workbook": workbook_card,
}


def setup() -> Router:
    """Take /report and its buttons, from coordinators only."""
    router = router_for("report", frozenset({RoleName.COORDINATOR}))
    router.message.register(command, Command("report"))
    router.callback_query.register(back, Months.filter())
    router.callback_query.register(opened, OpenMonth.filter())
    return router
