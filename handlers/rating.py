"""Whether a network suits: a member says so on its card; coordinators read it by quarters."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community.base import find
from community.gaps import adequacy
from community.gaps.adequacy import Adequacy, Misfit, NetworkRating, Use
from community.people import Person
from community.providers import Kind, Service
from handlers import gap_words
from handlers.audience import told
from handlers.content import block_for
from handlers.looking import OpenService
from handlers.register_coding import OneNetwork
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from locales import Html, Translator, percent
from reports.quarter import named_by_months

SUITS, SUITS_NOT, BACK = "suits", "suits_not", "forget"
QUARTERS = 4


class Rating(CallbackData, prefix="ne"):
    """What somebody says of a network: how well they know it, whether it suits, why not."""

    ref: str
    act: str = "open"


async def touched(
    query: Any, callback_data: Rating, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask what somebody thinks of a network, or note it."""
    ref, act = callback_data.ref, callback_data.act
    if act == BACK:
        await adequacy.take_back(session, person, ref)
    elif act in [*Use]:
        await adequacy.rate(session, person, ref, now, use=Use(act))
    elif act != "open":
        row = await adequacy.rated(session, person, await find(session, Service, ref))
        if row is None or row.use == Use.UNKNOWN:
            return [toast("old_button")]
        return await _more(row, ref, act, session, person, now)
    return [edit("networks.rating", ref=ref)]


async def _more(
    row: NetworkRating, ref: str, act: str, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note whether it suits, or turn a reason on or off."""
    reasons = {Misfit(one) for one in row.reasons}
    if act in (SUITS, SUITS_NOT):
        suits = act == SUITS
    elif act in [*Misfit] and row.suits is False:
        suits, reasons = False, reasons ^ {Misfit(act)}
    else:
        return [toast("old_button")]
    await adequacy.rate(session, person, ref, now, use=Use(row.use), suits=suits, reasons=reasons)
    return [edit("networks.rating", ref=ref)]


def rating_rows(page: Page, service: Service) -> list[list[Button]]:
    """Return the button with which a member says what they think of a network."""
    if service.kind == Kind.SERVICE or not service.is_open or not page.reader.is_member:
        return []
    return [[Button(page._.label("button", "⭐ Does it suit you?"), Rating(ref=service.ref))]]


async def rating_card(page: Page, ref: str) -> Message:
    """Ask one thing after the other; what was said stands above."""
    _ = page._
    service = await find(page.session, Service, ref)
    block = await block_for(page, "service", service.id)
    row = await adequacy.rated(page.session, page.reader, service)
    text = lines(
        Html("<b>") + (block.get("name") if block else "?") + Html("</b>"),
        *_said(row, _),
        "",
        _question(row, _),
        _(
            "Nobody reads your answer. The team reads numbers once a quarter, of five people or "
            "more."
        ),
    )
    rows = [*_answers(row, ref, _)]
    if row is not None:
        rows.append([Button(_.label("button", "↩️ Forget my answer"), Rating(ref=ref, act=BACK))])
    rows.append([Button(_.label("button", "Back"), OpenService(ref=ref))])
    return Message(text, rows)


def use_name(code: Use, _: Translator) -> str:
    """Return how well somebody knows a network."""
    return {
        Use.UNKNOWN: _.label("network", "I did not know it"),
        Use.KNEW: _.label("network", "I know it"),
        Use.USED: _.label("network", "I have been there"),
    }[code]


def _said(row: NetworkRating | None, _: Translator) -> list[Html]:
    if row is None:
        return []
    said = [_("✅ You say: {what}", what=use_name(Use(row.use), _))]
    if row.suits is not None:
        said.append(_("✅ It suits you.") if row.suits else _("✅ It does not suit you."))
    return said


def _question(row: NetworkRating | None, _: Translator) -> Html | None:
    if row is None:
        return _("Do you know it?")
    if row.use == Use.UNKNOWN:
        return None
    if row.suits is None:
        return _("Does it suit you?")
    return None if row.suits else _("Why not? You can tick several.")


def _answers(row: NetworkRating | None, ref: str, _: Translator) -> list[list[Button]]:
    if row is None:
        return in_rows(
            [Button(use_name(code, _), Rating(ref=ref, act=code.value)) for code in Use]
        )
    if row.use == Use.UNKNOWN or row.suits:
        return []
    if row.suits is None:
        return [
            [
                Button(_.label("button", "👍 It suits me"), Rating(ref=ref, act=SUITS)),
                Button(_.label("button", "👎 It does not"), Rating(ref=ref, act=SUITS_NOT)),
            ]
        ]
    reasons = []
    for code in Misfit:
        name = gap_words.misfit(code, _)
        is_on = code in row.reasons
        label = _.label("button", "✅ {name}", name=name) if is_on else name
        reasons.append(Button(label, Rating(ref=ref, act=code.value)))
    return in_rows(reasons)


# What coordinators read


async def adequacy_card(page: Page, ref: str) -> Message:
    """Tell a coordinator what members said of a network, quarter by quarter."""
    _ = page._
    found = await adequacy.of_network(page.session, page.reader, ref, page.now)
    service = await find(page.session, Service, ref)
    block = await block_for(page, "service", service.id)
    text = lines(
        _("⭐ <b>What members say of {name}</b>", name=block.get("name") if block else "?"),
        *(line for one in found[:QUARTERS] for line in _quarter(one, _)),
        None
        if found
        else _(
            "Nothing yet. A quarter stands here once it is over, and does not change any more."
        ),
        "",
        _("Numbers of people below five are not told, nor what would give them away."),
    )
    return Message(text, [[Button(_.label("button", "Back"), OneNetwork(ref=ref))]])


def _quarter(one: Adequacy, _: Translator) -> list[Html | str | None]:
    """Return one quarter; what is not there is not told at all."""
    figures = one.figures
    labelled = {
        "n": _.label("figure", "Have answered"),
        "known": _.label("figure", "Know it"),
        "used": _.label("figure", "Have been there"),
        "suits": _.label("figure", "It suits"),
        "suits_not": _.label("figure", "It does not suit"),
    }
    told_lines = [
        _("{label}: {value}", label=label, value=told(figures[what], _))
        for what, label in labelled.items()
        if what in figures
    ]
    share = one.share
    reasons = {code: cell for code, cell in one.reasons.items() if cell != 0}
    return [
        "",
        Html("<b>") + named_by_months(one.quarter, _) + Html("</b>"),
        *told_lines,
        _("It suits {share} of those who said so.", share=percent(share, _))
        if share is not None
        else None,
        _("Why it does not:") if reasons else None,
        *(
            _("• {reason}: {n}", reason=gap_words.misfit(code, _), n=told(cell, _))
            for code, cell in reasons.items()
        ),
    ]


CARDS = {"networks.rating": rating_card, "networks.adequacy": adequacy_card}


def setup() -> Router:
    """Take the buttons of members; coordinators come by the register."""
    router = Router(name="rating")
    router.callback_query.register(touched, Rating.filter())
    return router
