"""☀️ Today: what is due, what is stuck, who has joined; each line opens the thing."""

from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext

from community import absences, events, today
from community.figures import protect
from community.figures.protecting import Hidden
from community.today import Today as Morning
from handlers import agreement_facts, cohorts, tasks, transfers
from handlers.by_team import AllByTeam
from handlers.content import block_for
from handlers.deciding import Waiting
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.staff import (
    ANIMATORS,
    AllSends,
    Calls,
    Digests,
    Guides,
    HandOver,
    Inbox,
    Introduction,
    Late,
    PlannedEvent,
    Today,
    Unsure,
    back,
    router_for,
)
from locales import OFFERED, Html, clock_time, day, language_name

SHOWN = 22


async def opened(query: Any, callback_data: Today, state: FSMContext) -> Replies:
    """Show it."""
    await state.clear()
    return [edit("today")]


async def card(page: Page) -> Message:
    """Show what is there today."""
    _ = page._
    date = agreement_facts.today(page.now, page.network.zone)
    midnight = agreement_facts.end_of(date, page.network.zone)
    morning = await today.look(
        page.session, page.reader, midnight, page.now, network_language=page.network.language
    )
    rows = [*await _events(page, morning), *tasks.buttons(page, morning.tasks)]
    rows += await transfers.step_buttons(page, morning.steps)
    rows += await cohorts.over_buttons(page, morning.cohorts)
    rows += [[button] for button in _counted(page, morning)]
    away = (await absences.away(page.session, page.now)).get(page.reader.id)
    until = agreement_facts.last_day(away, page.network.zone) if away else None
    text = lines(
        _("☀️ <b>Today</b>, {day}", day=day(date, _)),
        _("🏖 You are away until {day}.", day=day(until, _)) if until else None,
        _("Due and stuck; tap what you would like to look at:")
        if rows
        else _("Nothing is due and nothing is stuck. 🎉"),
        *_joined(page, morning),
    )
    rows.append([Button(_.label("button", "🏖 Leave and hand over"), HandOver())])
    return Message(text, [*rows, [back(_)]])


async def _events(page: Page, morning: Morning) -> list[list[Button]]:
    _ = page._
    rows = []
    for event in morning.events:
        block = await block_for(page, "event", event.id)
        title = block.get("title") if block else "?"
        label = _.label(
            "event in a list",
            "📅 {time} {title}",
            time=clock_time(event.starts_at, events.zone_of(event), _),
            title=title if len(title) <= SHOWN else f"{title[: SHOWN - 1]}…",
        )
        rows.append([Button(label, PlannedEvent(ref=event.ref))])
    return rows


def _counted(page: Page, morning: Morning) -> list[Button]:
    """Return one button for each thing that there is any of."""
    _ = page._
    today_alone = morning.to_answer - morning.overdue
    found = [
        (
            morning.overdue,
            _.label("button", "🔴 Overdue answers: {n}", n=morning.overdue),
            Inbox(),
        ),
        (today_alone, _.label("button", "✉️ Answers due today: {n}", n=today_alone), Inbox()),
        (morning.disputed, _.label("button", "⚖️ They disagree: {n}", n=morning.disputed), Inbox()),
        (morning.to_call, _.label("button", "📞 People to call: {n}", n=morning.to_call), Calls()),
        (
            morning.to_pass_on,
            _.label("button", "📞 To pass on: {n}", n=morning.to_pass_on),
            AllByTeam(),
        ),
        (morning.late, _.label("button", "⏰ Late requests: {n}", n=morning.late), Late()),
        (
            morning.guides,
            _.label("button", "🤝 Would help others: {n}", n=morning.guides),
            Guides(),
        ),
        (
            morning.to_introduce,
            _.label("button", "🤝 To introduce: {n}", n=morning.to_introduce),
            Introduction(),
        ),
        (
            morning.to_review,
            _.label("button", "👀 To look at: {n}", n=morning.to_review),
            AllSends(),
        ),
        (
            morning.digests,
            _.label("button", "🗞 Digest to look at: {n}", n=morning.digests),
            Digests(),
        ),
        (morning.proposed, _.label("button", "💡 Proposed: {n}", n=morning.proposed), Waiting()),
        (morning.held, _.label("button", "⏸ Stopped: {n}", n=morning.held), AllSends()),
        (morning.unsure, _.label("button", "❓ Unsure: {n}", n=morning.unsure), Unsure()),
    ]
    return [Button(label, to) for count, label, to in found if count]


def _joined(page: Page, morning: Morning) -> list[Html]:
    """Say how many have joined, and by language as far as no few can be told."""
    _ = page._
    total = sum(morning.joined.values())
    told = [_("👋 Joined in the last 7 days: {n}", n=total)]
    cells = {one: morning.joined.get(one, 0) for one in {*OFFERED, *morning.joined}}
    table = protect(cells)
    if isinstance(table.total, Hidden):
        return told
    seen = [(one, count) for one, count in table.cells.items() if not isinstance(count, Hidden)]
    return told + [
        _("{language}: {n}", language=language_name(one, _), n=count)
        for one, count in sorted(seen)
        if count
    ]


CARDS = {"today": card}


def setup() -> Router:
    """Take the button, from animators only."""
    router = router_for("today", ANIMATORS)
    router.callback_query.register(opened, Today.filter())
    return router
