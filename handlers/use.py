"""How the platform was used, quarter by quarter: read by coordinators once a quarter is told."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import evidence
from community.errors import NotFoundError
from community.evidence import Period
from community.people import Person
from handlers import words
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say
from handlers.report import Told, picture_card, text_card, workbook_card
from handlers.staff import COORDINATORS, Months, UseOfPlatform, router_for
from reports.support import quarter_name
from reports.use import report

MOST = 12


async def _quarters(session: AsyncSession, reader: Person, now: datetime) -> Sequence[Period]:
    found = await evidence.periods(session, reader, now)
    return [period for period in found if period.number][:MOST]


async def opened(
    query: Any, callback_data: UseOfPlatform, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show a quarter: text, picture, workbook.

    Raises:
        NotFoundError: it is not over, or not told yet.
    """
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("use")]
    if Period(year, number) not in await _quarters(session, person, now):
        raise NotFoundError("Quarter")
    about = {"year": year, "number": number}
    return [edit("use.text", **about), say("use.picture", **about), say("use.workbook", **about)]


async def choice(page: Page) -> Message:
    """Offer the quarters that are told."""
    _ = page._
    found = await _quarters(page.session, page.reader, page.now)
    rows = in_rows(
        [
            Button(quarter_name(one.quarter, _), UseOfPlatform(year=one.year, number=one.number))
            for one in found
        ],
        per_row=2,
    )
    text = lines(
        _("<b>Use of the platform</b>"),
        _(
            "Who the members are, how many did something, what they used, who answered, and who "
            "met somebody of another language: from what happens anyway, and nothing is tracked "
            "for it."
        ),
        _("Which quarter would you like to see?")
        if found
        else _("No quarter is told yet: the first is told a week after its end."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Months())]])


async def _told(page: Page, year: int, number: int) -> Told:
    zone, _ = ZoneInfo(page.network.zone), page._
    period = Period(year, number)
    found = await evidence.read(page.session, page.reader, period, zone, page.now)
    counted = found.frozen_at.astimezone(zone).date()
    return Told(
        report(found, partial(words.profile, _=_), counted, _),
        f"{_.label('file', 'use')}-{year}-{number}",
        Button(_.label("button", "Other quarters"), UseOfPlatform()),
    )


CARDS = {
    "use": choice,
    "use.text": text_card(_told),
    "use.picture": picture_card(_told),
    "use.workbook": workbook_card(_told),
}


def setup() -> Router:
    """Take its buttons, from coordinators only."""
    router = router_for("use", COORDINATORS)
    router.callback_query.register(opened, UseOfPlatform.filter())
    return router
