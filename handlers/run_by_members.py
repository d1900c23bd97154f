"""How much members run themselves, quarter by quarter: read by coordinators."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import figures
from community.errors import NotFoundError
from community.figures import Quarter
from handlers.replies import Button, Message, Network, Page, Replies, edit, in_rows, lines, say
from handlers.report import Told, picture_card, quarters, text_card, workbook_card
from handlers.staff import COORDINATORS, Months, RunByMembers, router_for
from reports.activity import report
from reports.support import quarter_name


async def opened(
    query: Any, callback_data: RunByMembers, session: AsyncSession, now: datetime, network: Network
) -> Replies:
    """Show a quarter: text, picture, workbook.

    Raises:
        NotFoundError: the network was not there yet, or the quarter has not begun.
    """
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("activity")]
    if Quarter(year, number) not in await quarters(session, network, now):
        raise NotFoundError("Quarter")
    about = {"year": year, "number": number}
    return [
        edit("activity.text", **about),
        say("activity.picture", **about),
        say("activity.workbook", **about),
    ]


async def choice(page: Page) -> Message:
    """Offer the quarters."""
    _ = page._
    found = await quarters(page.session, page.network, page.now)
    rows = in_rows(
        [
            Button(quarter_name(one, _), RunByMembers(year=one.year, number=one.number))
            for one in found
        ],
        per_row=2,
    )
    text = lines(
        _("<b>Run by members</b>"),
        _(
            "Events that members have hosted, questions they have answered as hosts, texts they "
            "have translated, and events that were their idea, beside those of the team."
        ),
        _("Which quarter would you like to see?"),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Months())]])


async def _told(page: Page, year: int, number: int) -> Told:
    zone, _ = ZoneInfo(page.network.zone), page._
    found = await figures.read_activity(
        page.session, page.reader, Quarter(year, number), zone, page.now
    )
    return Told(
        report(*found, _),
        f"{_.label('file', 'run-by-members')}-{year}-{number}",
        Button(_.label("button", "Other quarters"), RunByMembers()),
    )


CARDS = {
    "activity": choice,
    "activity.text": text_card(_told),
    "activity.picture": picture_card(_told),
    "activity.workbook": workbook_card(_told),
}


def setup() -> Router:
    """Take its buttons, from coordinators only."""
    router = router_for("run_by_members", COORDINATORS)
    router.callback_query.register(opened, RunByMembers.filter())
    return router
