"""The one message that shows a send on its way: how far it is, and what became of it.

It keeps itself current while anything still moves; at the end its figures add up to the audience.
"""

from datetime import timedelta

from aiogram.filters.callback_data import CallbackData

from community import roles, sends
from community.deliveries import OPEN
from community.deliveries import State as Row
from community.roles import RoleName
from community.sends import Send, State
from handlers.content import block_for
from handlers.replies import Button, Message, Page, lines
from handlers.staff import AllSends
from locales import Html, Translator, moment, number

BAR = 10


class Do(CallbackData, prefix="sd"):
    """One step of a send."""

    ref: str
    what: str


async def card_of(page: Page, send: Send) -> Message:
    """Return the progress of a send that is scheduled, under way or over."""
    _ = page._
    rows = await sends.outcomes(page.session, send)
    still_open = sum(rows[state] for state in OPEN)
    block = await block_for(page, *send.subject)
    title = Html("<b>") + (block.get("title") if block else "") + Html("</b>")
    text = lines(
        title,
        _state_sentence(page, send),
        *(_figures(send, rows, still_open, _) if send.audience is not None else ()),
        await _why_later(page, send),
    )
    buttons = await _buttons(page, send, rows)
    is_live = send.state in (State.SCHEDULED, State.SENDING) or still_open > 0
    return Message(text, buttons, live=is_live)


async def _why_later(page: Page, send: Send) -> Html | None:
    """Say why some wait: nobody should think that it is broken, and press again."""
    count, first = await sends.deferred(page.session, send)
    if not count or first is None:
        return None
    _ = page._
    return _.ngettext(
        "🌙 {n} person gets it later, from {when}: it is night there, or they have just had "
        "another message.",
        "🌙 {n} people get it later, from {when}: it is night there, or they have just had "
        "another message.",
        count,
        when=moment(first, page.zone, _, year=page.now.year),
    )


def _state_sentence(page: Page, send: Send) -> Html:
    _ = page._
    if send.state == State.SCHEDULED and send.starts_at is not None:
        if send.starts_at - page.now <= timedelta(seconds=30):
            return _("⏳ It goes out in a few seconds. You can still undo it.")
        return _(
            "📅 It goes out on {when}. Until then you can undo it.",
            when=moment(send.starts_at, page.zone, _, year=page.now.year),
        )
    return {
        State.SENDING: _("📤 It is going out."),
        State.SENT: _("✅ It has gone out."),
        State.CANCELLED: _("✋ Cancelled. Whatever had not left yet stays here."),
    }.get(send.state, _("✋ It is held: the event is not open any more."))


def _figures(send: Send, rows: dict[Row, int], still_open: int, _: Translator) -> list[Html]:
    audience = send.audience or 0
    settled = max(0, audience - still_open)
    filled = BAR * settled // audience if audience else BAR
    told = [
        (_("✅ Sent: {n}", n=number(rows[Row.SENT], _)), rows[Row.SENT]),
        (_("⏳ Still to go: {n}", n=number(still_open, _)), still_open),
        (_("🚫 Cannot be reached: {n}", n=number(rows[Row.REFUSED], _)), rows[Row.REFUSED]),
        (
            _("🔕 Not wanted any more: {n}", n=number(rows[Row.SUPPRESSED], _)),
            rows[Row.SUPPRESSED],
        ),
        (_("⌛ Too late: {n}", n=number(rows[Row.EXPIRED], _)), rows[Row.EXPIRED]),
        (_("⚠️ Failed: {n}", n=number(rows[Row.FAILED], _)), rows[Row.FAILED]),
        (
            _("❓ Not sure it arrived: {n}", n=number(rows[Row.UNCERTAIN], _)),
            rows[Row.UNCERTAIN],
        ),
        (_("✋ Stopped in time: {n}", n=number(rows[Row.CANCELLED], _)), rows[Row.CANCELLED]),
        (_("↩️ Called back: {n}", n=number(rows[Row.RECALLED], _)), rows[Row.RECALLED]),
    ]
    erased = audience - sum(rows.values())
    return [
        Html("▓" * filled + "░" * (BAR - filled)),
        _("{done} of {all}", done=number(settled, _), all=number(audience, _)),
        Html(""),
        *(sentence for sentence, count in told if count),
        *([_("Not in the network any more: {n}", n=number(erased, _))] if erased > 0 else ()),
        _("Together: {n}", n=number(audience, _)),
    ]


async def _buttons(page: Page, send: Send, rows: dict[Row, int]) -> list[list[Button]]:
    _, ref = page._, send.ref
    buttons: list[list[Button]] = []
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        if send.state == State.SCHEDULED:
            buttons.append([Button(_.label("button", "↩️ Undo"), Do(ref=ref, what="undo"))])
        if send.state in (State.SCHEDULED, State.SENDING, State.HELD):
            stop = _.label("button", "✋ Stop it for good")
            buttons.append([Button(stop, Do(ref=ref, what="cancel"))])
        if rows[Row.UNCERTAIN] and send.state != State.CANCELLED:
            again = _.nlabel(
                "button",
                "Send again to {n} unsure person",
                "Send again to {n} unsure people",
                rows[Row.UNCERTAIN],
            )
            buttons.append([Button(again, Do(ref=ref, what="resend"))])
    buttons.append([Button(_.label("button", "All newsletters"), AllSends())])
    return buttons
