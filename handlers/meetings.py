"""Two who have been introduced: who it is, what to talk about, and what came of it."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import matches
from community.errors import NotFoundError
from community.matches import GUIDES, Outcome, Partner, Reasons, View
from community.people import Person
from handlers import words
from handlers.menu import WriteTo
from handlers.pairing import OneMatch, People
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines
from locales import Html, Translator, language_name
from locales import join as listed

THINGS = 3
"""So many things to talk about stand on the card."""


class Met(CallbackData, prefix="ge"):
    """What came of a match, tap by tap: "" asks whether they met; then useful; then what."""

    ref: str
    met: str = ""
    useful: str = ""
    outcome: str = ""


async def told(
    query: Any, callback_data: Met, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep what came of it, and ask the next; each tap can be taken back by another."""
    ref = callback_data.ref
    await matches.look(session, person, ref, now)
    met, useful = _ANSWERS.get(callback_data.met), _ANSWERS.get(callback_data.useful)
    if met is None:
        return [edit("match.met", ref=ref)]
    is_known = callback_data.outcome in [*Outcome]
    outcome = Outcome(callback_data.outcome) if is_known else None
    await matches.say(session, person, ref, now, met=met, useful=useful, outcome=outcome)
    if not met or outcome is not None:
        return [edit("match.thanks", ref=ref)]
    if useful is None:
        return [edit("match.useful", ref=ref)]
    return [edit("match.outcome", ref=ref, useful=callback_data.useful)]


_ANSWERS = {"y": True, "n": False}


# Cards


async def introduced_card(page: Page, view: View) -> Message:
    """Say who the other is, what to talk about, and how to reach them."""
    _ = page._
    ref = view.match.ref
    back = [Button(_.label("button", "👥 People"), People())]
    tell = [Button(_.label("button", "📝 What came of it"), Met(ref=ref))]
    if view.is_barred:
        return Message(_("This has ended."), [back])
    report = Button(_.label("button", "🚩 Report"), OneMatch(ref=ref, act="report"))
    if view.is_gone:
        is_outside = view.match.partner == Partner.MAINSTREAM
        return gone(page, [tell, *([] if is_outside else [[report]]), back])
    if view.other is None:
        return await _outside(page, view, [tell, back])
    other = view.other
    name = _("👋 <b>{name}</b>", name=other.name)
    block = Button(_.label("button", "🚫 Block"), OneMatch(ref=ref, act="block"))
    if view.match.ended_at is not None:  # whoever has ended it, and however
        text = lines(name, _("This has ended."))
        return Message(text, [tell, [block, report], back])
    reasons = await matches.reasons(page.session, page.reader, view)
    text = lines(
        name,
        _("You have both said yes."),
        "",
        _account(other, _),
        _("They read your name, too, and your account: @{account}", account=page.reader.username)
        if page.reader.username
        else _("They read your name, too. You have no account by which they could write to you."),
        None
        if reasons.languages
        else _("You share no language: write through the bot, each in your own."),
        "",
        *_things(reasons, _),
    )
    label = (
        _.label("button", "💬 Write through the bot")
        if reasons.languages
        else _.label("button", "💬 Write, and be translated")
    )
    write = Button(label, WriteTo(kind="match", ref=ref))
    end = Button(_.label("button", "End it"), OneMatch(ref=ref, act="end"))
    return Message(text, [[write], tell, [end, block, report], back])


def gone(page: Page, rows: list[list[Button]]) -> Message:
    """Say that somebody is not here any more, in the same words whyever."""
    return Message(page._("They are not here any more."), rows)


def _account(other: Person, _: Translator) -> Html:
    if not other.username:
        return _("They have no account that can be shown: write to them through the bot.")
    link = Html(f'<a href="https://t.me/{other.username}">@{other.username}</a>')
    return _("Their account: {account}", account=link)


async def _outside(page: Page, view: View, rows: list[list[Button]]) -> Message:
    """Say whom the team has introduced."""
    _ = page._
    contact = await matches.contact_of(page.session, view)
    if contact is None:
        return gone(page, rows)
    spoken = [language_name(one, _) for one in contact.languages]
    text = lines(
        _("👋 <b>{name}</b>", name=contact.title),
        _("Organisation or role: {name}", name=contact.organisation) if contact.name else None,
        _("How to reach: {reach}", reach=contact.reach) if contact.reach else None,
        _("Languages: {languages}", languages=listed(spoken, _)) if spoken else None,
        _("The team has told them your name and that you would like to talk."),
    )
    return Message(text, rows)


def _things(reasons: Reasons, _: Translator) -> list[Html]:
    """Return three things to talk about: an answered need, the trade, the stage; then others."""
    found: list[Html] = []
    if reasons.answered:
        need = words.need(reasons.answered[0], _)
        found.append(_("• Ask what they would do in your place: {need}", need=need))
    if reasons.answering:
        need = words.need(reasons.answering[0], _)
        found.append(_("• Ask where they are stuck: {need}", need=need))
    if reasons.sector:
        trade = words.sector(reasons.sector, _)
        found.append(_("• What works in your trade here, and what does not: {trade}", trade=trade))
    elif reasons.their_sector:
        trade = words.sector(reasons.their_sector, _)
        found.append(_("• What a day in their trade is like: {trade}", trade=trade))
    if reasons.stage:
        found.append(_("• How they began, and what they would do otherwise today"))
    found += [
        _("• What each of you wants to have done in three months"),
        _("• Which people and places here each of you would not do without"),
        _("• What surprised you about running a business here"),
    ]
    return [_("💡 Three things to talk about:"), *found[:THINGS]]


async def met_card(page: Page, ref: str) -> Message:
    """Ask whether they met."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    return await _asked(page, view)


async def _asked(page: Page, view: View) -> Message:
    _ = page._
    ref = view.match.ref
    rows = in_rows(
        [
            Button(_.label("button", "Yes, we met"), Met(ref=ref, met="y")),
            Button(_.label("button", "No"), Met(ref=ref, met="n")),
        ],
        2,
    )
    text = lines(
        _("<b>You were introduced to somebody. Have you met, or talked?</b>"),
        _("Only numbers are told of it, and nobody's name."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Who was it?"), OneMatch(ref=ref))]])


async def useful_card(page: Page, ref: str) -> Message:
    """Ask whether it was useful."""
    _ = page._
    rows = in_rows(
        [
            Button(_.label("button", "👍 Yes"), Met(ref=ref, met="y", useful="y")),
            Button(_.label("button", "👎 No"), Met(ref=ref, met="y", useful="n")),
        ],
        2,
    )
    return Message(_("<b>Was it useful?</b>"), rows)


async def outcome_card(page: Page, ref: str, useful: str) -> Message:
    """Ask what came of it."""
    _ = page._
    buttons = [
        Button(words.outcome(one, _), Met(ref=ref, met="y", useful=useful, outcome=one.value))
        for one in Outcome
    ]
    return Message(_("<b>What came of it?</b>"), in_rows(buttons, 2))


async def thanks_card(page: Page, ref: str) -> Message:
    """Thank, and let it be changed."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    rows = [[Button(_.label("button", "✏️ Change it"), Met(ref=ref))]]
    if view.match.partner in GUIDES and view.match.ended_at is None:
        rows.append([Button(_.label("button", "End it"), OneMatch(ref=ref, act="end"))])
    rows.append([Button(_.label("button", "👥 People"), People())])
    return Message(_("🙏 Thank you. It helps us to find people who fit."), rows)


# What leaves by itself


async def introduced(page: Page, ref: str) -> Message | None:
    """Tell that both have said yes; who it is stands one tap away, for phones are shared."""
    _ = page._
    view = await _still(page, ref)
    if view is None or view.match.ended_at is not None:
        return None
    see = Button(_.label("button", "👋 See who it is"), OneMatch(ref=ref, act="see"))
    return Message(_("🎉 You have both said yes: you can meet now."), [[see]])


async def followup(page: Page, ref: str) -> Message | None:
    """Ask what came of it, unless it has been said, or the reader wants nothing to do with it."""
    view = await _still(page, ref)
    if view is None or view.mine.met is not None:
        return None
    return await _asked(page, view)


async def _still(page: Page, ref: str) -> View | None:
    """Return a match that has come about, if the other is here and the reader wants them."""
    try:
        view = await matches.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    return view if view.is_known and not (view.is_gone or view.is_barred) else None


CARDS = {
    "match.met": met_card,
    "match.useful": useful_card,
    "match.outcome": outcome_card,
    "match.thanks": thanks_card,
    "match_introduced": introduced,
    "match_followup": followup,
}


def setup() -> Router:
    """Take the taps of what came of it."""
    router = Router(name="meetings")
    router.callback_query.register(told, Met.filter())
    return router
