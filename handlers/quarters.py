"""An organisation's quarter: its own people read it, and are told when it is over."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import quarters, roles
from community.base import find
from community.errors import NotFoundError
from community.figures import Quarter, quarter_of
from community.people import Person
from community.providers import Organization
from handlers import words
from handlers.replies import Button, File, Message, Network, Page, Replies, say
from handlers.staff import PROVIDERS, Received, router_for
from handlers.supporters import name_of
from locales import Html
from reports import chart
from reports.quarter import named_by_months, report
from reports.tables import Report, as_text

PER_PAGE = 10


class OfProvider(CallbackData, prefix="qo"):
    """The quarter of one organisation."""

    ref: str
    year: int
    number: int


# Handlers


async def opened(
    query: Any,
    callback_data: OfProvider,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show a quarter: text and picture.

    Raises:
        NotFoundError: it is not for this reader, or there is no such quarter.
    """
    ref, year, number = callback_data.ref, callback_data.year, callback_data.number
    if not (1 <= number <= 4 and 2000 <= year <= 9000):
        raise NotFoundError("Quarter")
    zone = ZoneInfo(network.zone)
    await quarters.read(session, person, ref, Quarter(year, number), zone, now)
    about = {"ref": ref, "year": year, "number": number}
    return [say("quarter.text", **about), say("quarter.picture", **about)]


# Cards


def button(page: Page, label: str, ref: str, quarter: Quarter) -> Button:
    """Return the way to a quarter."""
    return Button(label, OfProvider(ref=ref, year=quarter.year, number=quarter.number))


def _running(page: Page) -> Quarter:
    return quarter_of(page.now, ZoneInfo(page.network.zone))


async def ready(page: Page, ref: str) -> Message | None:
    """Tell staff that their quarter can be read; nothing once they are staff no more."""
    _ = page._
    organization = await find(page.session, Organization, ref)
    own = await roles.staffed(page.session, page.reader, page.now)
    if organization.id not in own:
        return None
    over = _running(page).before
    quarter = named_by_months(over, _)
    text = (
        _("📊 Your quarter is ready: {quarter}", quarter=quarter)
        if len(own) == 1
        else _(
            "📊 The quarter of {organization} is ready: {quarter}",
            organization=await name_of(page, organization.id),
            quarter=quarter,
        )
    )
    return Message(text, [[button(page, _.label("button", "See it"), ref, over)]])


async def staff_rows(page: Page) -> list[list[Button]]:
    """Return the way to the last quarter of each organisation of whose staff one is."""
    _ = page._
    over, rows = _running(page).before, []
    for number in await roles.staffed(page.session, page.reader, page.now):
        organization = await page.session.get_one(Organization, number)
        label = _.label(
            "button", "📊 The quarter of {organization}", organization=await name_of(page, number)
        )
        rows.append([button(page, label, organization.ref, over)])
    return rows


async def _read(page: Page, ref: str, year: int, number: int) -> Report:
    zone = ZoneInfo(page.network.zone)
    found = await quarters.read(
        page.session, page.reader, ref, Quarter(year, number), zone, page.now
    )
    organization = await find(page.session, Organization, ref)
    return report(
        await name_of(page, organization.id), found, words.state_for_staff, words.reason, page._
    )


async def text_card(page: Page, ref: str, year: int, number: int) -> Message:
    """Show a quarter as text, and the way to those beside it."""
    told = await _read(page, ref, year, number)
    quarter, running, _ = Quarter(year, number), _running(page), page._
    turning = [button(page, named_by_months(quarter.before, _), ref, quarter.before)]
    if quarter < running:
        turning.append(button(page, named_by_months(quarter.following, _), ref, quarter.following))
    back = [Button(_.label("button", "All referrals"), Received())]
    return Message(as_text(told, _), [turning, back])


async def picture_card(page: Page, ref: str, year: int, number: int) -> Message | None:
    """Show it as a picture, where there is a font for the reader's language."""
    _ = page._
    told = await _read(page, ref, year, number)
    image = chart.picture(told, _)
    if image is None:
        return Message(
            _(
                "There is no picture in this language, because the server lacks a font for it. "
                "Whoever runs it finds the remedy in docs/operators.md."
            )
        )
    otherwise = _("It could not be made, and whoever runs this bot finds out why in its log.")
    file = File("quarter.png", image, is_picture=True, otherwise=otherwise)
    return Message(Html("") + told.title, file=file)


CARDS = {
    "quarter.text": text_card,
    "quarter.picture": picture_card,
    "staff_notice.quarter": ready,
}


def setup() -> Router:
    """Take the buttons of quarters, from staff only."""
    router = router_for("quarters", PROVIDERS)
    router.callback_query.register(opened, OfProvider.filter())
    return router
