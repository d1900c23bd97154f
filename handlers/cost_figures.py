"""What the money came to: costs for each outcome, net benefit, and what that assumes."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import F, Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import costs, evidence
from community.costs import Name, Outcomes, Per
from community.errors import NotFoundError, NotUnderstoodError
from community.evidence import Period, Published
from community.evidence.telling import ALL, Told
from community.figures import Cell, Hidden
from community.people import Person
from handlers.decisions import period_name
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say
from handlers.report import Told as Report
from handlers.report import text_card, workbook_card
from handlers.staff import COORDINATORS, Costs, router_for
from locales import parse_amount
from reports.costs import Effectiveness, assumed_name, assumed_value, report

MOST = 12
DENOMINATORS: Mapping[Per, tuple[str, str]] = {
    Per.CONTACT: ("members", "came"),
    Per.REFERRAL: ("requests", "completed"),
    Per.BUSINESS: ("business", "new"),
}
"""Of which fact the number is, and which of its numbers; jobs are a sum."""


class Assume(CallbackData, prefix="cj"):
    """Say what is assumed of one thing, or assume it no longer."""

    name: str
    act: str = "open"


# Reading


def jobs(told: Mapping[str, Told]) -> Cell:
    """Return how many jobs were added in a year, where that is told."""
    found = told.get("staff_change", Told()).amounts.get(ALL, {}).get(ALL)
    return Hidden.COVERED if found is None else int(found.sum)


def denominators(published: Published) -> Mapping[Per, Cell]:
    """Return what the costs of a period can be divided by: numbers that are told anyway."""
    pers = (Per.BUSINESS,) if not published.period.number else (Per.CONTACT, Per.REFERRAL)
    found: dict[Per, Cell] = {}
    for per in pers:
        fact, node = DENOMINATORS[per]
        found[per] = published.facts.get(fact, Told()).number(node)
    if not published.period.number:
        found[Per.JOB] = jobs(published.facts)
    return found


def _days(period: Period) -> tuple[date, date]:
    if period.number:
        return period.quarter.days
    return date(period.year, 1, 1), date(period.year, 12, 31)


async def _told(page: Page, year: int, number: int) -> Report:
    _, period, zone = page._, Period(year, number), ZoneInfo(page.network.zone)
    session, reader, now, currency = page.session, page.reader, page.now, page.network.currency
    published = await evidence.read(session, reader, period, zone, now)
    sums = await costs.totals(session, reader, _days(period), currency, now)
    ratios = [costs.ratio(per, sums.total, of) for per, of in denominators(published).items()]
    assumed, benefit = None, None
    if not number:
        assumed = await costs.assumptions(session, reader, now)
        go_on = published.facts.get("business", Told()).number("same")
        outcomes = Outcomes(jobs(published.facts), go_on)
        values = {
            name: one.value for name, one in assumed.items() if one.currency in (None, currency)
        }
        benefit = costs.net_benefit(outcomes, sums.total, values)
    name = period_name(year, number, _)
    found = Effectiveness(name, sums, ratios, assumed, benefit)
    return Report(
        report(found, currency, _),
        f"{_.label('file', 'costs')}-{period.code}",
        Button(_.label("button", "Other periods"), Costs(act="figures")),
    )


# What is assumed


async def _value(answering: Answering, text: str) -> str:
    amount = parse_amount(text.replace("%", ""))
    if amount is None:
        raise NotUnderstoodError("number")
    return str(costs.assumable(Name(answering.about["name"]), amount))


async def _source(answering: Answering, text: str) -> str:
    if not 0 < len(text.strip()) <= costs.SOURCE_LIMIT:
        raise NotUnderstoodError("text", limit=costs.SOURCE_LIMIT)
    return text.strip()


async def _ask_value(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _, name = page._, Name(about["name"])
    asked = _("{what}: which number do you assume?", what=assumed_name(name, _))
    unit = (
        _("In percent, from 0 to 100.")
        if name in costs.PERCENT
        else _("A whole number of years.")
        if name is Name.JOB_YEARS
        else _("In this currency: {currency}.", currency=page.network.currency)
    )
    return Question(lines(asked, unit))


async def _ask_source(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Where does it come from? It is printed beside the result."))


async def _assumed(answering: Answering) -> Replies:
    given, name = answering.answers, Name(answering.about["name"])
    value, currency = Decimal(given["value"]), answering.network.currency
    session, person, now = answering.session, answering.person, answering.now
    await costs.assume(session, person, name, value, given["source"], currency, now)
    return [say("costs.assumed")]


FORM = Form(
    "cost.assumed",
    [Field("value", _ask_value, _value), Field("source", _ask_source, _source)],
    _assumed,
    home=lambda _about: say("costs.assumed"),
)
FORMS = (FORM,)


# Handlers


async def opened(
    query: Any,
    callback_data: Costs,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what is assumed, the choice of periods, or what one of them came to.

    Raises:
        NotFoundError: it is not over, or not told yet.
    """
    await state.clear()
    if callback_data.act == "assumed":
        return [edit("costs.assumed")]
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("costs.figures")]
    if Period(year, number) not in await evidence.periods(session, person, now):
        raise NotFoundError("Period")
    about = {"year": year, "number": number}
    return [edit("costs.text", **about), say("costs.workbook", **about)]


async def touched(
    query: Any,
    callback_data: Assume,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for what is assumed of one thing, or forget it."""
    if callback_data.name not in {*Name}:
        raise NotFoundError("Name")
    if callback_data.act == "forget":
        await costs.forget(session, person, Name(callback_data.name), now)
        return [edit("costs.assumed")]
    return await begin(FORM, state, name=callback_data.name)


# Cards


async def choice(page: Page) -> Message:
    """Offer the quarters and years that are told."""
    _ = page._
    found = (await evidence.periods(page.session, page.reader, page.now))[:MOST]
    rows = in_rows(
        [
            Button(
                period_name(one.year, one.number, _),
                Costs(year=one.year, number=one.number, act="figures"),
            )
            for one in found
        ],
        2,
    )
    text = lines(
        _("📊 <b>What it came to</b>"),
        _(
            "A quarter tells costs for each member who came and each completed request; a year "
            "those for each new business and job, and the net benefit."
        ),
        None if found else _("No quarter is told yet: the first is told a week after its end."),
    )
    rows.append([Button(_.label("button", "🧮 What is assumed"), Costs(act="assumed"))])
    return Message(text, [*rows, [Button(_.label("button", "Back"), Costs())]])


async def assumed_card(page: Page) -> Message:
    """Show what net benefit assumes, line by line."""
    _ = page._
    found = await costs.assumptions(page.session, page.reader, page.now)
    told = [
        _(
            "• {what}: {value} (source: {source})",
            what=assumed_name(name, _),
            value=assumed_value(name, one.value, one.currency, _),
            source=one.source,
        )
        for name, one in found.items()
    ]
    missing = [assumed_name(name, _) for name in Name if name not in found]
    text = lines(
        _("🧮 <b>What is assumed</b>"),
        _(
            "Net benefit is told only if each of these is said, and all of them are printed with "
            "it."
        ),
        *told,
        _("Not said yet: {names}", names="; ".join(missing)) if missing else None,
    )
    rows = [[Button(assumed_name(name, _), Assume(name=name.value))] for name in Name]
    rows += [
        [
            Button(
                _.label("button", "✖️ {name}", name=assumed_name(name, _)),
                Assume(name=name.value, act="forget"),
            )
        ]
        for name in found
    ]
    return Message(text, [*rows, [Button(_.label("button", "Back"), Costs(act="figures"))]])


CARDS: Mapping[str, Any] = {
    "costs.figures": choice,
    "costs.text": text_card(_told),
    "costs.workbook": workbook_card(_told),
    "costs.assumed": assumed_card,
}


def setup() -> Router:
    """Take the way to the figures, and what they assume; only coordinators reach it."""
    router = router_for("cost_figures", COORDINATORS)
    router.callback_query.register(opened, Costs.filter(F.act.in_({"figures", "assumed"})))
    router.callback_query.register(touched, Assume.filter())
    return router
