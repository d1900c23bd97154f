"""Telegram to community: one module per conversation.

``routes`` lists the conversations in the order in which they are asked; the last takes what no
other wanted. ``CARDS`` is how each kind of message is rendered, replies and deliveries alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from aiogram import Dispatcher
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from handlers import (
    agreement_list,
    agreement_notices,
    agreements,
    alerts,
    animate,
    areas,
    asking,
    assisting,
    attendance,
    audience,
    bridge,
    by_machine,
    by_team,
    calendar_in,
    calls,
    capacity,
    cohorts,
    coming,
    consulting,
    contacts,
    cost_figures,
    cost_files,
    costs,
    deciding,
    decisions,
    desk,
    desk_files,
    digest_desk,
    digests,
    directory,
    directory_log,
    directory_words,
    disputes,
    door,
    drafts,
    earlier,
    entry,
    entry_changes,
    entry_form,
    entry_preview,
    entry_taps,
    evaluating,
    event_audience,
    event_facts,
    event_lists,
    event_notices,
    event_support,
    evidence,
    facilitation,
    facts,
    feedback,
    finding,
    finding_filters,
    forms,
    funder,
    gap_actions,
    gaps,
    group_cards,
    groups,
    guests,
    handed_over,
    handing_over,
    hosting,
    hsds,
    inbox,
    interview,
    introducing,
    joining,
    judged,
    learn,
    lesson_changes,
    limits,
    listening,
    match_notices,
    matching,
    me,
    measures,
    meetings,
    menu,
    missing,
    moderating,
    my_cohorts,
    networks,
    news,
    offers,
    onboarding,
    own_surveys,
    owning,
    pairing,
    pictures,
    planner,
    planning,
    plans,
    post_answers,
    post_notices,
    post_writing,
    posts,
    preparing,
    profile,
    promoting,
    proposals,
    proposing,
    quarters,
    rating,
    reach,
    reactions,
    recording,
    referrals,
    referring,
    register,
    register_coding,
    repeating,
    report,
    reporting,
    requests,
    restores,
    run_by_members,
    sends,
    setup,
    sharing,
    silences,
    skills,
    sounding,
    speaking,
    standing,
    stopping,
    stuck,
    support,
    supporters,
    survey_forms,
    surveys,
    taking_part,
    tasks,
    teaching,
    team,
    templates,
    today,
    told_back,
    topics,
    transfer_new,
    transfer_notices,
    transfers,
    use,
    venues,
    votes,
    waiting,
    wishes,
    wording,
    wrong_texts,
)
from handlers.forms import Form
from handlers.replies import ALIKE, Button, Card, Cards, Message, Page, show_now
from handlers.routing import Routing
from locales import Html, translator_for
from locales.direction import pointed

MODULES = (
    stopping,
    attendance,  # so early because whole crowds press its buttons: each filter asked before costs
    onboarding,
    profile,
    menu,
    pairing,
    taking_part,
    matching,
    match_notices,
    meetings,
    learn,
    skills,
    sharing,
    event_lists,
    finding,
    event_notices,
    coming,
    door,
    missing,
    news,
    reactions,
    votes,
    digests,
    offers,
    support,
    finding_filters,
    wishes,
    facts,
    networks,
    rating,
    stuck,
    supporters,
    event_support,
    proposals,
    proposing,
    deciding,
    feedback,
    promoting,
    quarters,
    referring,
    requests,
    preparing,
    by_team,
    disputes,
    waiting,
    bridge,
    posts,
    post_answers,
    post_writing,
    post_notices,
    reporting,
    moderating,
    measures,
    by_machine,
    asking,
    listening,
    inbox,
    owning,
    templates,
    teaching,
    cohorts,
    my_cohorts,
    lesson_changes,
    today,
    tasks,
    contacts,
    introducing,
    handing_over,
    calls,
    assisting,
    sounding,
    handed_over,
    me,
    limits,
    funder,
    topics,
    surveys,
    interview,
    own_surveys,
    facilitation,
    silences,
    judged,
    animate,
    digest_desk,
    planning,
    planner,
    venues,
    repeating,
    calendar_in,
    event_audience,
    event_facts,
    speaking,
    guests,
    hosting,
    groups,
    group_cards,
    joining,
    transfers,
    transfer_new,
    transfer_notices,
    wording,
    sends,
    pictures,
    audience,
    team,
    restores,
    referrals,
    entry,
    entry_changes,
    entry_form,
    entry_preview,
    entry_taps,
    capacity,
    report,
    evaluating,
    evidence,
    run_by_members,
    survey_forms,
    gaps,
    gap_actions,
    reach,
    consulting,
    use,
    cost_figures,
    cost_files,
    costs,
    told_back,
    decisions,
    setup,
    agreements,
    agreement_list,
    agreement_notices,
    plans,
    areas,
    directory,
    directory_words,
    hsds,
    directory_log,
    register,
    register_coding,
    desk,
    desk_files,
    standing,
    wrong_texts,
    recording,
    drafts,
    earlier,
    alerts,
    forms,
)
"""The conversations, in the order in which their routers are asked."""


@cache
def routes() -> Dispatcher:
    """Return the dispatcher to which every conversation is attached.

    It keeps nothing of what passes through it, so that one serves everybody in a process.
    """
    dispatcher = Dispatcher(disable_fsm=True)
    for module in MODULES:
        dispatcher.include_router(module.setup())
    dispatcher.include_router(inbox.last())
    dispatcher.callback_query.outer_middleware(forms.still_open)
    for kind in ("callback_query", "message"):
        dispatcher.observers[kind].outer_middleware(Routing(dispatcher, kind))
    dispatcher.callback_query.middleware(show_now)
    return dispatcher


async def expect(session: AsyncSession, pressed: Mapping[int, str]) -> None:
    """Read at once what several people's presses need (Telegram id to button); each may come."""
    if len(pressed) > 1:
        await attendance.expect(session, pressed)
        await surveys.expect(session, pressed)


async def team_notice(page: Page, what: str, **args: object) -> Message | None:
    """Tell the team something; the conversation it belongs to renders ``team_notice.<what>``."""
    return await CARDS[f"team_notice.{what}"](page, **args)


async def staff_notice(page: Page, what: str, **args: object) -> Message | None:
    """Tell a provider's staff something; its conversation renders ``staff_notice.<what>``."""
    return await CARDS[f"staff_notice.{what}"](page, **args)


CARDS: Cards = {
    "team_notice": team_notice,
    "staff_notice": staff_notice,
    **{kind: card for module in MODULES for kind, card in module.CARDS.items()},
}
FORMS: dict[str, Form] = {
    form.name: form for module in MODULES for form in getattr(module, "FORMS", ())
}

CONFIDENTIAL = tuple(
    f"{button.__prefix__}{button.__separator__}"
    for module in MODULES
    for button in getattr(module, "CONFIDENTIAL", ())
)


def is_confidential(data: str) -> bool:
    """Say whether what this button says is forgotten with its press: it is an anonymous answer."""
    return data.startswith(CONFIDENTIAL)


__all__ = [
    "CARDS",
    "FORMS",
    "MODULES",
    "Card",
    "Message",
    "Page",
    "expect",
    "is_confidential",
    "render",
    "routes",
    "said_already",
]


async def render(page: Page, kind: str, **args: object) -> Message | None:
    """Say what this kind of message says now, or None if it no longer applies.

    Where the reader's language runs from right to left, rows of buttons are mirrored (Telegram has
    no direction for keyboards) and lines without letters of their own are told theirs. What the
    buttons carry is written out here, inside the transaction: a card whose buttons Telegram would
    not take undoes what it came from.
    """
    message = await CARDS[kind](page, **args)
    if message is None:
        return None
    message = _laid_out(page, message)
    if key := _shared(page, kind, args):
        page.memo[key] = message
    return message


def said_already(page: Page, kind: str, args: Mapping[str, object]) -> Message | None:
    """Return what this card has said in this transaction to another reader like this one."""
    key = _shared(page, kind, args)
    return page.memo.get(key) if key else None


def _shared(page: Page, kind: str, args: Mapping[str, object]) -> tuple[object, ...] | None:
    if CARDS[kind] not in ALIKE:
        return None
    return (
        kind,
        page._.language,
        page.second,
        page.zone.key,
        page.saves_data,
        *sorted(args.items()),
    )


def _laid_out(page: Page, message: Message) -> Message:
    rows = [[_written(button) for button in row] for row in message.rows if row]
    language = message.language or page._.language
    if not translator_for(language).is_rtl:
        return replace(message, rows=rows, language=language)
    rows = [
        [replace(button, text=pointed(button.text)) for button in reversed(row)] for row in rows
    ]
    return replace(message, text=Html(pointed(message.text)), rows=rows, language=language)


def _written(button: Button) -> Button:
    if isinstance(button.data, CallbackData):
        return replace(button, data=button.data.pack())
    return button
