"""What makes it hard to come: ticked under /me, with the reason why it is asked, or taken back."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import limits
from community.limits import CHOICES, NO_VALUE, Limit
from community.people import Person
from handlers import menu, words
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from locales import Translator, clock_time, distance

UTC = ZoneInfo("UTC")
ALL_GONE = "none!"


class HardToCome(CallbackData, prefix="ht"):
    """One limit of one's own, on or off; of some, first how far or until when. "" looks at all."""

    limit: str = ""
    value: int = -1


async def ticked(
    query: Any, callback_data: HardToCome, session: AsyncSession, person: Person
) -> Replies:
    """Tick or untick a limit, ask how far or until when, or forget all of them."""
    code, value = callback_data.limit, callback_data.value
    if not code:
        return [edit("limits")]
    if code == ALL_GONE:
        await limits.forget(session, person)
        return [edit("limits"), toast("limits.gone")]
    if code not in [*Limit]:
        return [toast("old_button")]
    limit = Limit(code)
    on = value >= 0 or limit not in await limits.of(session, person)  # tapped twice it stays
    if limit in CHOICES and value < 0 and on:
        return [edit("limits.value", code=code)]
    await limits.tick(session, person, limit, max(value, NO_VALUE), on=on)
    return [edit("limits")]


# Cards


def hour(minutes: int, _: Translator) -> str:
    """Return a time of day."""
    at = time(minutes // 60, minutes % 60)
    return clock_time(datetime.combine(date(2026, 1, 1), at, UTC), UTC, _)


def _said(page: Page, code: Limit, value: int | None) -> str:
    """Return a limit as a member says it, with how far or until when if that is known."""
    _ = page._
    if value and code is Limit.DISTANCE:
        far = distance(value, page.zone, _)
        return _.label("limit", "Not further than {distance}", distance=far)
    if value and code is Limit.LATE:
        return _.label("limit", "No way home after {time}", time=hour(value, _))
    return words.limit(code, _)


async def card(page: Page) -> Message:
    """Show every limit with its switch, and why it is asked."""
    _ = page._
    mine = await limits.of(page.session, page.reader)
    buttons = []
    for code in Limit:
        told = _said(page, code, mine.get(code))
        label = (
            _.label("button", "✅ {choice}", choice=told)
            if code in mine
            else _.label("button", "⬜ {choice}", choice=told)
        )
        buttons.append(Button(label, HardToCome(limit=code.value)))
    rows = in_rows(buttons)
    if mine:
        rows.append(
            [Button(_.label("button", "🗑 Forget all of this"), HardToCome(limit=ALL_GONE))]
        )
    rows.append([Button(_.label("button", "Back"), menu.Menu(to="me"))])
    text = lines(
        _("<b>What makes it hard to come?</b>"),
        _("Tick what is so for you, or nothing. Then the team can plan events you can come to."),
        _(
            "🔒 Nobody reads what you tick. The team sees only how many members say the same; "
            "of fewer than five, not even how many. In a small network, somebody who counts "
            "before and after may still guess."
        ),
        _("You can take each of them back here, whenever you like."),
    )
    return Message(text, rows)


async def value_card(page: Page, code: str) -> Message:
    """Ask how far one can travel, or until when."""
    _ = page._
    limit = Limit(code)
    question = {
        Limit.DISTANCE: _("How far can you travel at most?"),
        Limit.LATE: _("Until what time can you still get home?"),
    }[limit]
    buttons = [
        Button(
            distance(value, page.zone, _) if limit is Limit.DISTANCE else hour(value, _),
            HardToCome(limit=code, value=value),
        )
        for value in CHOICES[limit]
    ]
    return Message(
        question, [*in_rows(buttons, 2), [Button(_.label("button", "Back"), HardToCome())]]
    )


async def gone(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "All of it is forgotten."))


CARDS = {"limits": card, "limits.value": value_card, "limits.gone": gone}


def setup() -> Router:
    """Take the switches under /me."""
    router = Router(name="limits")
    router.callback_query.register(ticked, HardToCome.filter())
    return router
