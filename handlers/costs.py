"""What activities cost: coordinators write it down, put it right, and see what it adds up to."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import activities, costs
from community.costs import ABOUT, Cost, State, What
from community.errors import NotFoundError, NotUnderstoodError
from community.figures import Quarter, quarter_of
from community.people import Person
from handlers.activities import choices, name_of
from handlers.agreement_facts import today
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
)
from handlers.staff import COORDINATORS, Costs, Months, router_for, turning_of
from locales import Html, Translator, day, money, parse_amount, parse_day, short_day
from reports.costs import title
from reports.support import quarter_name

PER_PAGE = 8
ONWARD = 60
"""A day further ahead than so many days was last year's, if its year was not written."""
NO_THING = "?"
BETWEEN = re.compile(r"\s+-\s+|\s*[–—\n]\s*")


class OneCost(CallbackData, prefix="cb"):
    """One cost: see it, put it right, let it count or not, or see what was changed."""

    ref: str
    act: str = "open"
    what: str = ""

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("costs.one", ref=self.ref)


# Reading answers


async def _what(answering: Answering, text: str) -> str:
    if text not in {*What}:
        raise NotUnderstoodError("choice")
    return text


async def _about(answering: Answering, text: str) -> str:
    if text == NO_THING:
        return ""
    kind = ABOUT[What(answering.answers["what"])]
    try:
        return (await activities.find_one(answering.session, kind, text)).ref
    except NotFoundError:
        raise NotUnderstoodError("choice") from None


async def _amount(answering: Answering, text: str) -> str:
    amount = parse_amount(text)
    if amount is None:
        raise NotUnderstoodError("cost")
    return str(costs.clean(amount))


async def _days(answering: Answering, text: str) -> list[str]:
    now = today(answering.now, answering.network.zone)
    if text == "today":
        return [now.isoformat()] * 2
    if text == "quarter":
        first, last = Quarter.of_month(now.year, now.month).days
        return [first.isoformat(), last.isoformat()]
    parts = BETWEEN.split(text.strip())
    days = [_one_day(part, now, answering._.language) for part in parts]
    if not 1 <= len(days) <= 2 or days[0] > days[-1]:
        raise NotUnderstoodError("days")
    return [days[0].isoformat(), days[-1].isoformat()]


def _one_day(text: str, now: date, language: str) -> date:
    found = parse_day(text, now, language)
    if found is None:
        raise NotUnderstoodError("days")
    if found > now + timedelta(days=ONWARD):
        earlier = parse_day(text, now - timedelta(days=365 - ONWARD), language)
        found = earlier if earlier is not None and earlier < found else found
    return found


async def _note(answering: Answering, text: str) -> str:
    if len(text.strip()) > costs.NOTE_LIMIT:
        raise NotUnderstoodError("text", limit=costs.NOTE_LIMIT)
    return text.strip()


# Asking


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("What was the money spent on?"), [(title(one, _), one) for one in What])


async def _ask_about(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _ = page._
    offered = await choices(page, ABOUT[What(answers["what"])])
    none = (_.label("button", "None of these, or several"), NO_THING)
    return Question(_("Which one was it for?"), [*offered, none])


def _has_thing(answers: Mapping[str, Any]) -> bool:
    return answers.get("what") in ABOUT


async def _ask_amount(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _(
            "How much was it? The amounts here are in this currency: {currency}.",
            currency=page.network.currency,
        )
    )


async def _ask_days(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("On which day? Or over which period: 1.10.2026 – 31.12.2026"),
            _("What covers a period is shared out by its days."),
        ),
        [
            (_.label("button", "Today"), "today"),
            (_.label("button", "This quarter"), "quarter"),
        ],
    )


async def _ask_note(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What for, in a few words? Please write no names of people."))


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("what", _ask_what, _what, by_button=True),
        Field("about", _ask_about, _about, by_button=True, applies=_has_thing),
        Field("amount", _ask_amount, _amount),
        Field("days", _ask_days, _days),
        Field("note", _ask_note, _note, optional=True),
    )
}


def _facts(answers: Mapping[str, Any], currency: str) -> dict[str, Any]:
    facts = dict(answers)
    if "amount" in facts:
        facts["amount"], facts["currency"] = Decimal(facts["amount"]), currency
    if "days" in facts:
        facts["first_day"], facts["last_day"] = map(date.fromisoformat, facts.pop("days"))
    return facts


async def _added(answering: Answering) -> Replies:
    facts = _facts(answering.answers, answering.network.currency)
    cost = await costs.add(answering.session, answering.person, answering.now, **facts)
    return [say("costs.one", ref=cost.ref)]


async def _changed(answering: Answering) -> Replies:
    ref, facts = answering.about["ref"], _facts(answering.answers, answering.network.currency)
    await costs.change(answering.session, answering.person, ref, answering.now, **facts)
    return [say("costs.one", ref=ref)]


NEW = Form("cost.new", [*FIELDS.values()], _added, home=lambda _about: say("costs"))
CORRECTIONS = {
    name: Form(
        f"cost.{name}",
        [FIELDS[field] for field in fields],
        _changed,
        home=lambda about: say("costs.one", ref=about["ref"]),
    )
    for name, fields in {
        "what": ("what", "about"),
        "amount": ("amount",),
        "days": ("days",),
        "note": ("note",),
    }.items()
}
FORMS = (NEW, *CORRECTIONS.values())


# Handlers


async def listed(query: Any, callback_data: Costs, state: FSMContext) -> Replies:
    """Show a page of a quarter's costs, or begin one."""
    await state.clear()
    if callback_data.act == "new":
        return await begin(NEW, state)
    about = {"year": callback_data.year, "number": callback_data.number}
    return [edit("costs", **about, at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneCost,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a cost, put it right, or let it count or not."""
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    await costs.opened(session, person, ref, now)
    if act == "edit" and what in CORRECTIONS:
        return await begin(CORRECTIONS[what], state, ref=ref)
    if act == "withdraw":
        await costs.withdraw(session, person, ref, now)
    elif act == "back":
        await costs.put_back(session, person, ref, now)
    elif act == "steps":
        return [edit("costs.steps", ref=ref)]
    return [edit("costs.one", ref=ref)]


# Cards


def quarter_named(year: int, number: int, network: Network, now: datetime) -> Quarter:
    """Return the quarter that a button names; without one, and of nonsense, the running one."""
    is_one = 2000 <= year <= 2200 and 1 <= number <= 4
    return Quarter(year, number) if is_one else quarter_of(now, ZoneInfo(network.zone))


async def list_card(page: Page, year: int = 0, number: int = 0, at: int = 0) -> Message:
    """Show what a quarter cost, and its costs page by page."""
    _ = page._
    quarter = quarter_named(year, number, page.network, page.now)
    session, reader, now, currency = page.session, page.reader, page.now, page.network.currency
    sums = await costs.totals(session, reader, quarter.days, currency, now)
    shown = await costs.listed(session, reader, quarter.days, now, at=at, size=PER_PAGE)
    text = lines(
        _("💶 <b>Costs: {quarter}</b>", quarter=quarter_name(quarter, _)),
        *(
            _("{label}: {value}", label=title(what, _), value=money(amount, currency, _))
            for what, amount in sums.by_what.items()
        ),
        _("<b>Total: {amount}</b>", amount=money(sums.total, currency, _))
        if sums.by_what
        else _("Nothing is written down yet."),
        _(
            "Costs in other currencies are in no total: {currencies}",
            currencies=", ".join(sums.others),
        )
        if sums.others
        else None,
    )

    def turn(to: int) -> Costs:
        return Costs(year=quarter.year, number=quarter.number, at=to)

    rows = [[Button(_line(cost, _), OneCost(ref=cost.ref))] for cost in shown.rows]
    rows.append(turning_of(shown, turn, _))
    neighbours = (quarter.before, quarter.following)
    rows.append(
        [
            Button(quarter_name(one, _), Costs(year=one.year, number=one.number))
            for one in neighbours
        ]
    )
    rows.append([Button(_.label("button", "➕ New cost"), Costs(act="new"))])
    files = {
        "bring": _.label("button", "📥 Bring a file"),
        "take": _.label("button", "📤 Take it along"),
    }
    rows.append([Button(label, Costs(act=act)) for act, label in files.items()])
    rows.append([Button(_.label("button", "📊 What it came to"), Costs(act="figures"))])
    rows.append([Button(_.label("button", "Back"), Months())])
    return Message(text, rows)


def _line(cost: Cost, _: Translator) -> str:
    fields = {
        "day": short_day(cost.first_day, _),
        "what": title(What(cost.what), _),
        "amount": money(cost.amount, cost.currency, _),
    }
    if cost.state == State.WITHDRAWN:
        return _.label("cost", "🚫 {day}: {what}, {amount}", **fields)
    return _.label("cost", "{day}: {what}, {amount}", **fields)


def days_of(cost: Cost, _: Translator) -> Html:
    """Return when a cost was."""
    first, last = day(cost.first_day, _), day(cost.last_day, _)
    if first == last:
        return _("Day: {day}", day=first)
    return _("From {first} to {last}", first=first, last=last)


async def one_card(page: Page, ref: str) -> Message:
    """Show one cost, and what can be done about it."""
    _ = page._
    cost = await costs.opened(page.session, page.reader, ref, page.now)
    what, counts = What(cost.what), cost.state == State.STANDS
    kind = ABOUT.get(what)
    row = await activities.one(page.session, kind, cost.about_id) if kind else None
    text = lines(
        _("💶 <b>{what}</b>", what=title(what, _)),
        _("For: {name}", name=await name_of(page, kind, row)) if kind and row else None,
        _("Amount: {amount}", amount=money(cost.amount, cost.currency, _)),
        days_of(cost, _),
        blockquote(cost.note) if cost.note else None,
        None if counts else _("🚫 It was withdrawn, and counts no more."),
    )
    edits = [
        Button(label, OneCost(ref=ref, act="edit", what=name))
        for name, label in {
            "amount": _.label("button", "✏️ Amount"),
            "days": _.label("button", "✏️ Days"),
            "what": _.label("button", "✏️ What it was for"),
            "note": _.label("button", "✏️ Note"),
        }.items()
    ]
    turn = (
        Button(_.label("button", "🚫 Withdraw it"), OneCost(ref=ref, act="withdraw"))
        if counts
        else Button(_.label("button", "↩️ Let it count again"), OneCost(ref=ref, act="back"))
    )
    quarter = Quarter.of_month(cost.first_day.year, cost.first_day.month)
    ways = [
        Button(_.label("button", "🕓 What was changed"), OneCost(ref=ref, act="steps")),
        Button(_.label("button", "All costs"), Costs(year=quarter.year, number=quarter.number)),
    ]
    return Message(text, [*in_rows(edits, 2), [turn], ways])


async def steps_card(page: Page, ref: str) -> Message:
    """Show what was changed about a cost, and when."""
    _ = page._
    cost, steps = await costs.steps(page.session, page.reader, ref, page.now)
    zone = ZoneInfo(page.network.zone)
    told = [_("Written down: {day}", day=day(cost.made_at.astimezone(zone).date(), _))]
    for step in steps:
        when = day(step.at.astimezone(zone).date(), _)
        if step.reason is None:
            told.append(
                _("{day}: withdrawn", day=when)
                if step.after == State.WITHDRAWN
                else _("{day}: counts again", day=when)
            )
        elif step.before or step.after:
            fields = {"day": when, "what": _fact(step.reason, _)}
            fields |= {"before": _value(step.before, _), "after": _value(step.after, _)}
            told.append(_("{day}, {what}: {before} → {after}", **fields))
        else:
            told.append(_("{day}: {what}", day=when, what=_fact(step.reason, _)))
    back = Button(_.label("button", "Back"), OneCost(ref=ref))
    return Message(lines(_("🕓 <b>What was changed</b>"), *told), [[back]])


def _fact(name: str, _: Translator) -> str:
    return {
        "what": _.label("cost", "what it was for"),
        "about_id": _.label("cost", "which one it was for"),
        "amount": _.label("cost", "amount"),
        "currency": _.label("cost", "currency"),
        "first_day": _.label("cost", "first day"),
        "last_day": _.label("cost", "last day"),
        "note": _.label("cost", "note"),
    }[name]


def _value(text: str, _: Translator) -> str:
    return title(What(text), _) if text in {*What} else text or "–"


CARDS = {"costs": list_card, "costs.one": one_card, "costs.steps": steps_card}


def setup() -> Router:
    """Take every button of the costs but those of files and figures, from coordinators only."""
    router = router_for("costs", COORDINATORS)
    router.callback_query.register(listed, Costs.filter())
    router.callback_query.register(touched, OneCost.filter())
    return router
