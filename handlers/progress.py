"""The one message that shows a send on its way: how far it is, and what became of it.

It keeps itself current while anything still moves; at the end its figures add up to the audience.
"""

from collections import Counter
from datetime import timedelta

from aiogram.filters.callback_data import CallbackData

from community import roles, sends
from community.deliveries import OPEN
from community.deliveries import State as Row
from community.figures import FEW
from community.roles import RoleName
from community.sends import Held, Kind, Send, State
from handlers import reactions, votes
from handlers.content import block_for
from handlers.replies import Button, Message, Page, Reply, edit, lines
from handlers.staff import AllSends
from locales import Html, Translator, duration, language_name, moment, number

BAR = 10
Outcomes = dict[str, Counter[Row]]


class Do(CallbackData, prefix="sd"):
    """One step of a send."""

    ref: str
    what: str
    seen: int = 0
    """Of a yes: which submission was read; what was handed in later is shown first."""

    def card(self) -> Reply:
        """Return the send as it is now."""
        return edit("send.card", ref=self.ref)


async def card_of(page: Page, send: Send) -> Message:
    """Return the progress of a send that is scheduled, under way, held or over."""
    _ = page._
    held = {role.name for role in await roles.held(page.session, page.reader, page.now)}
    if not held & {RoleName.ANIMATOR, RoleName.ADMINISTRATOR}:
        return Message(_("This is for the team of the network."))
    animates = RoleName.ANIMATOR in held
    by_language = await sends.outcomes_by_language(page.session, send)
    rows = sum(by_language.values(), Counter[Row]())
    still_open = sum(rows[state] for state in OPEN)
    block = await block_for(page, *send.subject)
    title = Html("<b>") + (block.get("title") if block else "") + Html("</b>")
    phoned = await sends.by_phone(page.session, send)
    later, first = await sends.deferred(page.session, send)
    text = lines(
        title,
        state_sentence(page, send),
        *(_figures(send, rows, still_open, phoned, _) if send.audience else ()),
        *(_languages(by_language, _) if send.audience else ()),
        _time_left(page, send, send.audience or 0, still_open, later + rows[Row.WAITING]),
        _.ngettext(
            "🌙 {n} person gets it later, from {when}: it is night there, or they have just had "
            "another message.",
            "🌙 {n} people get it later, from {when}: it is night there, or they have just had "
            "another message.",
            later,
            when=moment(first, page.zone, _, year=page.now.year),
        )
        if first is not None
        else None,
        _unsure(send, rows, _),
        *(await votes.asked(page, send) if animates else ()),
        *(await reactions.counted(page, send) if animates and send.of_id is None else ()),
    )
    buttons = _buttons(send, rows, _, animates=animates)
    is_live = send.state in (State.SCHEDULED, State.SENDING) or still_open > 0
    return Message(text, buttons, live=is_live)


def state_sentence(page: Page, send: Send) -> Html:
    """Say how far a send is that has been approved, from what is true now."""
    _ = page._
    if send.state == State.SCHEDULED and send.starts_at is not None:
        if send.starts_at - page.now <= timedelta(seconds=30):
            return _("⏳ It goes out in a few seconds. You can still undo it.")
        return _(
            "📅 It goes out on {when}. Until then you can undo it.",
            when=moment(send.starts_at, page.zone, _, year=page.now.year),
        )
    if send.state == State.SENT and not send.audience:
        return _("There was nobody to send it to.")
    return {
        State.SENDING: _("📤 It is going out."),
        State.SENT: _("✅ It has gone out."),
        State.CANCELLED: _("✋ Cancelled. Whatever had not left yet stays here."),
    }.get(send.state) or _why_held(send, _)


def _why_held(send: Send, _: Translator) -> Html:
    return {
        Held.BY_HAND: _("⏸ It is held. Nothing more leaves until you go on."),
        Held.NOT_OPEN: _("⏸ It is held: the event had begun, or was not open any more."),
        Held.LATE: _(
            "⏸ It is held: the bot was away when its time came, and that is long ago. "
            "Go on if it is still of use."
        ),
        Held.CHANGED: _(
            "⏸ It is held: the event has changed since it was approved. Look at it once more "
            "before you go on."
        ),
        Held.GROWN: _(
            "⏸ It is held: it would go to many more people than when it was approved. "
            "A second person of the team must look at it."
        ),
        Held.RESTORED: _(
            "⏸ It is held: the database comes from a backup, so it is not known who has got it "
            "already."
        ),
    }[Held(send.held_because or Held.BY_HAND)]


def _figures(
    send: Send, rows: Counter[Row], still_open: int, phoned: tuple[int, int], _: Translator
) -> list[Html]:
    audience = send.audience or 0
    settled, to_go = max(0, audience - still_open), still_open - rows[Row.WAITING]
    unwanted = rows[Row.SUPPRESSED] - sum(phoned)
    filled = BAR * settled // audience if audience else BAR
    told = [
        (
            _("✅ Sent: {n}", n=number(rows[Row.SENT], _))
            if send.of_id is None
            else _("✅ Copies changed: {n}", n=number(rows[Row.SENT], _)),
            rows[Row.SENT],
        ),
        (_("⏳ Still to go: {n}", n=number(to_go, _)), to_go),
        (
            _("🌐 Wait for their language: {n}", n=number(rows[Row.WAITING], _)),
            rows[Row.WAITING],
        ),
        (_("🚫 Cannot be reached: {n}", n=number(rows[Row.REFUSED], _)), rows[Row.REFUSED]),
        (_("☎️ Told by phone: {n}", n=number(phoned[0], _)), phoned[0]),
        (_("📞 To be told by phone: {n}", n=number(phoned[1], _)), phoned[1]),
        (_("🔕 Not wanted any more: {n}", n=number(unwanted, _)), unwanted),
        (_("⌛ Too late: {n}", n=number(rows[Row.EXPIRED], _)), rows[Row.EXPIRED]),
        (
            _("⚠️ Failed: {n}", n=number(rows[Row.FAILED], _))
            if send.of_id is None
            else _("⚠️ Cannot be changed any more: {n}", n=number(rows[Row.FAILED], _)),
            rows[Row.FAILED],
        ),
        (
            _("❓ Not sure it arrived: {n}", n=number(rows[Row.UNCERTAIN], _)),
            rows[Row.UNCERTAIN],
        ),
        (_("✋ Stopped in time: {n}", n=number(rows[Row.CANCELLED], _)), rows[Row.CANCELLED]),
        (_("↩️ Called back: {n}", n=number(rows[Row.RECALLED], _)), rows[Row.RECALLED]),
    ]
    return [
        Html("▓" * filled + "░" * (BAR - filled)),
        _("{done} of {all}", done=number(settled, _), all=number(audience, _)),
        Html(""),
        *(sentence for sentence, count in told if count),
        _("Together: {n}", n=number(audience, _)),
    ]


def _languages(by_language: Outcomes, _: Translator) -> list[Html]:
    """Say per language how many have got it; languages of few readers are told together."""
    counted = sorted(
        (
            (rows.total(), rows[Row.SENT] + rows[Row.RECALLED], language)
            for language, rows in by_language.items()
        ),
        reverse=True,
    )
    together = [entry for entry in counted if entry[0] < FEW]
    named = counted[: len(counted) - len(together)]
    while together and sum(entry[0] for entry in together) < FEW and named:
        together.append(named.pop())
    told = [
        _(
            "{language}: {sent} of {all}",
            language=language_name(language, _),
            sent=number(sent, _),
            all=number(every, _),
        )
        for every, sent, language in named
    ]
    if together and named:
        told.append(
            _(
                "Other languages: {sent} of {all}",
                sent=number(sum(entry[1] for entry in together), _),
                all=number(sum(entry[0] for entry in together), _),
            )
        )
    return [Html(""), *told] if len(told) > 1 else []


def _time_left(page: Page, send: Send, audience: int, still_open: int, later: int) -> Html | None:
    """Say how long the rest takes at the pace so far, once that can be told."""
    settled, now_open = audience - still_open, still_open - later
    if send.state != State.SENDING or send.started_at is None or settled < 10 or now_open <= 0:
        return None
    left = (page.now - send.started_at) * now_open / settled
    _ = page._
    if left < timedelta(minutes=1):
        return _("Less than a minute left.")
    return _("About {time} left.", time=duration(left, _))


def _is_unsure(send: Send, rows: Counter[Row]) -> bool:
    """Say whether somebody has to decide what becomes of uncertain copies."""
    return rows[Row.UNCERTAIN] > send.unsure_left


def _unsure(send: Send, rows: Counter[Row], _: Translator) -> Html | None:
    if not rows[Row.UNCERTAIN]:
        return None
    if not _is_unsure(send, rows):
        return _("Those of whom it is not sure are left as they are.")
    return _(
        "The connection broke while these were on their way. Sending again may give somebody the "
        "same message twice; leaving it may leave somebody without."
    )


def _buttons(
    send: Send, rows: Counter[Row], _: Translator, *, animates: bool
) -> list[list[Button]]:
    ref = send.ref
    steps: list[tuple[str, str]] = []
    if animates:
        if send.state == State.SCHEDULED:
            steps.append(
                (_.label("button", "⏸ Hold it"), "hold")
                if send.kind == Kind.OFFER
                else (_.label("button", "↩️ Undo"), "undo")
            )
        if send.state == State.SENDING:
            steps.append((_.label("button", "⏸ Hold it"), "hold"))
        if send.state == State.HELD:
            steps.append((_.label("button", "▶️ Go on"), "resume"))
        if send.state in (State.SCHEDULED, State.SENDING, State.HELD):
            steps.append((_.label("button", "✋ Stop it for good"), "cancel"))
        if _is_unsure(send, rows) and send.state in (State.SENDING, State.SENT):
            again = _.nlabel(
                "button",
                "Send again to {n} unsure person",
                "Send again to {n} unsure people",
                rows[Row.UNCERTAIN],
            )
            steps += [(again, "resend"), (_.label("button", "Leave it as it is"), "leave")]
        if rows[Row.WAITING]:
            steps.append((_.label("button", "🌐 Translate it"), "words"))
        if rows[Row.SENT] and send.of_id is None:
            if send.kind != Kind.OFFER:  # of which the team changes nothing
                steps.append((_.label("button", "✏️ Correct it"), "correct"))
            steps.append((_.label("button", "↩️ Take it back"), "recall"))
    buttons = [[Button(label, Do(ref=ref, what=what))] for label, what in steps]
    return [*buttons, [Button(_.label("button", "All newsletters"), AllSends())]]
