"""What members think of the team and the network, quarter by quarter: read by the team."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import facilitation, roles
from community.errors import NotFoundError
from community.figures import Quarter
from community.people import Person
from community.roles import RoleName
from handlers import staff
from handlers.audience import told
from handlers.replies import Button, Message, Network, Page, Replies, edit, in_rows, lines, say
from handlers.report import Told, picture_card, text_card, workbook_card
from handlers.staff import ANIMATORS, COORDINATORS, Months, OpenJudged, router_for
from locales import Html, join, language_name
from reports.facilitation import report
from reports.support import quarter_name


async def opened(
    query: Any,
    callback_data: OpenJudged,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show a quarter: text, picture, workbook.

    Raises:
        NotFoundError: there is nothing of that quarter, or it is not over.
    """
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("judged")]
    zone = ZoneInfo(network.zone)
    if Quarter(year, number) not in await facilitation.told_of(session, now, zone):
        raise NotFoundError("Quarter")
    about = {"year": year, "number": number}
    return [
        edit("judged.text", **about),
        say("judged.picture", **about),
        say("judged.workbook", **about),
    ]


async def choice(page: Page) -> Message:
    """Offer the quarters that are over."""
    _ = page._
    found = await facilitation.told_of(page.session, page.now, ZoneInfo(page.network.zone))
    rows = in_rows(
        [
            Button(quarter_name(one, _), OpenJudged(year=one.year, number=one.number))
            for one in found
        ],
        per_row=2,
    )
    text = lines(
        _("<b>What members think</b>"),
        _(
            "In the last month of each quarter members are asked what they think of the team and "
            "the network. You can read it once the quarter is over; nobody learns who has "
            "answered what."
        ),
        _("Which quarter would you like to see?") if found else _("Nothing yet."),
    )
    return Message(lines(text, *await _languages(page)), [*rows, [await _back(page)]])


async def _languages(page: Page) -> list[Html]:
    """Say who of the team speaks what, and how many members nobody can talk with."""
    _ = page._
    found = await facilitation.coverage(
        page.session, page.reader, page.now, network_language=page.network.language
    )
    spoken = [
        _(
            "{name}: {languages}",
            name=one.name or "?",
            languages=join([language_name(code, _) for code in sorted(languages)], _),
        )
        for one, languages in found.spoken
    ]
    return [
        Html(""),
        _("🗣 <b>The languages of the team</b>"),
        *spoken,
        _("Members in whose language nobody of the team writes: {n}", n=told(found.uncovered, _)),
    ]


async def _back(page: Page) -> Button:
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return staff.back(page._)
    return Button(page._.label("button", "Back"), Months())


async def _judged(page: Page, year: int, number: int) -> Told:
    zone, _ = ZoneInfo(page.network.zone), page._
    found = await facilitation.read(
        page.session, page.reader, Quarter(year, number), zone, page.now
    )
    return Told(
        report(found, _),
        f"{_.label('file', 'members')}-{year}-{number}",
        Button(_.label("button", "Other quarters"), OpenJudged()),
    )


CARDS = {
    "judged": choice,
    "judged.text": text_card(_judged),
    "judged.picture": picture_card(_judged),
    "judged.workbook": workbook_card(_judged),
}


def setup() -> Router:
    """Take its buttons from those who animate or coordinate."""
    router = router_for("judged", ANIMATORS | COORDINATORS)
    router.callback_query.register(opened, OpenJudged.filter())
    return router
