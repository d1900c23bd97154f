"""The bridge: two sides write to each other through the bot, each in their own language.

No name and no account is passed on: the sides are called the member, the organisation, the
organisers, the translator, the author.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, exchanges, moderation, roles
from community.bridge import Rest, Side, View
from community.errors import NoAgreementError, NotFoundError, RefusalError, TooLateError
from community.exchanges import KEPT, Exchange, ExchangeMessage, Kind, State
from community.measures import Why
from community.people import Person
from community.providers import Service
from community.roles import RoleName
from handlers import attachments, bridge_texts, owning, reading, referrals
from handlers.answers import closed
from handlers.brought import kind_of
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin, end_if
from handlers.menu import OpenEvent, WriteTo
from handlers.pairing import OneMatch
from handlers.posting import OfPost
from handlers.reading import Shown, read
from handlers.referrals import VIEW_LASTS
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    alert,
    edit,
    lines,
    say,
    toast,
)
from handlers.requests import OneRequest
from handlers.staff import HostedEvent, Inbox, OpenQuestion, Reports
from handlers.support import organization_name
from locales import Html, Translator


class Exchanging(CallbackData, prefix="xc"):
    """One exchange: read it, write, close it, report it ("!" does it). ``back`` counts pages."""

    ref: str
    act: str = "open"
    back: int = 0


class Attached(CallbackData, prefix="xf"):
    """What was sent in an exchange beside words, by its number."""

    ref: str
    number: int


# Handlers


async def writes_to(
    query: Any,
    callback_data: WriteTo,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Open what was written about a request or an event; if that is nothing yet, ask for it."""
    if callback_data.kind not in (Kind.REFERRAL, Kind.EVENT, Kind.MATCH, Kind.POST):
        return [toast("old_button")]
    try:
        kind = Kind(callback_data.kind)
        exchange = await bridge.begin(session, person, kind, callback_data.ref, now)
    except TooLateError:
        return [alert("bridge.too_late")]
    except NoAgreementError:
        return [alert("referrals.no_agreement")]
    return await enter(session, person, exchange.ref, now, state)


async def enter(
    session: AsyncSession, person: Person, ref: str, now: datetime, state: FSMContext
) -> Replies:
    """Open what was written in an exchange; if that is nothing yet, ask for it."""
    view = await bridge.look(session, person, ref, now)
    if view.may_write and not await bridge.messages(session, view):
        return await begin(WRITE, state, ref=ref, opened=now.isoformat())
    return [_card(ref, now)]


async def touched(
    query: Any,
    callback_data: Exchanging,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Read, turn a page, see the original, write, close or report."""
    ref, act = callback_data.ref, callback_data.act
    view = await bridge.look(session, person, ref, now)
    if act == "write" and view.may_write:
        return await begin(WRITE, state, ref=ref, opened=now.isoformat())
    if act in ("report", "report!", "close"):
        await end_if(WRITE, state, ref)  # or the next words would go to whom one turns away from
    if act == "report" and (view.post is not None or view.match is not None):
        return [edit("report.what", of="exchange", ref=ref)]
    if act == "report":
        return [edit("bridge.report", ref=ref)]
    if act == "report!":
        zone, country = network.zone, network.country
        await moderation.report(
            session, person, "message", ref, Why.OTHER, now, zone=zone, country=country
        )
    elif act == "close":
        await bridge.close(session, person, ref, now)
    elif act == "forward":
        zone, country = network.zone, network.country
        await bridge.forward(session, person, ref, now, zone=zone, country=country)
    elif act == "settle":
        await moderation.settle_exchange(session, person, ref, now)
        return [say("hosting.reports")]  # what stood open closes itself
    elif act == "open":
        # A message of its own: it may be protected, and nothing of it stays in an older one.
        return [_card(ref, now)]
    original = act == "original"
    opened = now.isoformat()
    return [
        edit("bridge.card", ref=ref, opened=opened, back=callback_data.back, original=original)
    ]


async def attached(
    query: Any, callback_data: Attached, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what was sent beside words, to whom may read the exchange."""
    ref, number = callback_data.ref, callback_data.number
    await bridge.attached(session, person, ref, number, now)
    return [say("bridge.attached", ref=ref, number=number, opened=now.isoformat())]


def _card(ref: str, now: datetime) -> Any:
    return say("bridge.card", ref=ref, opened=now.isoformat())


async def _write_what(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    view = await bridge.look(page.session, page.reader, about["ref"], page.now)
    return Question(
        lines(
            await _title(page, view),  # another exchange may have been looked at meanwhile
            _("Write your message in your own language. It is passed on without your name.")
            if view.match is None
            else _("Write your message in your own language. It is passed on to them."),
            bridge_texts.readers(view, _),
            attachments.can_be_sent(_),
            attachments.never(_),
        )
    )


async def _written(answering: Answering) -> Replies:
    ref, said = answering.about["ref"], answering.answers["said"]
    await bridge.write(
        answering.session,
        answering.person,
        ref,
        said["text"],
        answering.now,
        language=answering._.language,
        attachment=attachments.of(said),
        zone=answering.network.zone,
        country=answering.network.country,
    )
    return [_card(ref, answering.now)]


WRITE = Form(
    "bridge.write",
    [Field("said", _write_what, attachments.sent, relays=True), attachments.WARNED],
    _written,
    home=lambda about: say("bridge.card", ref=about["ref"], opened=about["opened"]),
)


# Cards


async def card(
    page: Page, ref: str, opened: str, back: int = 0, *, original: bool = False
) -> Message:
    """Show an exchange, its newest page first, and what can be done with it now.

    On another screen than the member's own it is protected, keeps itself current, and is closed
    again after some minutes.
    """
    show = partial(_card_of, page, ref, opened, back)
    return await reading.in_one(show, original=original)


async def _card_of(page: Page, ref: str, opened: str, back: int, original: bool) -> Message:
    _ = page._
    try:
        view = await bridge.look(page.session, page.reader, ref, page.now)
    except NotFoundError:  # it was theirs to see until now: their role has ended, or it is settled
        return Message(closed(_))
    is_own = view.is_private
    again = Button(_.label("button", "Read it"), Exchanging(ref=ref))
    if not is_own and page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return Message(closed(_), [[again]])
    every = await bridge.messages(page.session, view)
    cut = reading.pages([len(message.text) for message in every]) or [range(0)]
    back = min(max(back, 0), len(cut) - 1)
    numbers, on_page = exchanges.numbered(every), [every[at] for at in cut[-1 - back]]
    told, shown = [], []
    for message in on_page:
        told += ["", await _who(page, view, message)]
        if message.id in numbers:
            told.append(attachments.line(message, numbers[message.id], _))
        if message.text:
            shown.append(await read(page, message.text, message.language, original=original))
            told.append(shown[-1].text)
    whose, handing = await _whose(page, view)
    text = lines(
        await _title(page, view),
        *(told or ["", _("There is nothing to read here.")]),
        "",
        *whose,
        *_standing(view, _),
    )
    rows = [
        *attachments.buttons(on_page, numbers, lambda n: Attached(ref=ref, number=n), _),
        *_rows(view, shown, back, len(cut), _, original=original, is_empty=not every),
        handing,
        *await _settling(page, view),
        await _forwarding(page, view),
        [await _way_back(page, view)],
    ]
    is_live = not is_own or any(one.is_awaited for one in shown)
    return Message(text, rows, protect=not is_own, live=is_live)


async def _whose(page: Page, view: View) -> tuple[list[Html], list[Button]]:
    """Return who of the team takes care of it, if it is the team's to answer."""
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        if view.side is not Side.TEAM or view.exchange.due_at is None:
            return [], []
        told, _ways = await owning.whose(page, view.exchange)
        return [page._("↪️ It was forwarded to the team."), *told], []
    if not await bridge.is_for(page.session, page.reader, view.exchange, page.now):
        return [], []
    return await owning.whose(page, view.exchange)


async def attached_card(page: Page, ref: str, number: int, opened: str) -> Message:
    """Show what was sent beside words; not for long on another screen than the member's own."""
    gone = Message(closed(page._), gone=True)
    try:
        view, message = await bridge.attached(page.session, page.reader, ref, number, page.now)
    except NotFoundError:
        return gone
    is_own = view.is_private
    if not is_own and page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return gone
    who = await _who(page, view, message)
    shown = attachments.shown(page, message, number, who, is_own=is_own)
    return replace(shown, live=not is_own)


async def _title(page: Page, view: View) -> Html:
    _ = page._
    if view.referral is not None:
        if view.side is Side.MEMBER:
            name = await organization_name(page, view.referral)
            return _("💬 <b>{organization}</b>", organization=name)
        service = await page.session.get_one(Service, view.referral.service_id)
        block = await block_for(page, "service", service.id)
        about = block.get("name") if block else "?"
        if view.side is Side.TEAM:
            return lines(
                _("🚩 <b>Reported messages about: {service}</b>", service=about),
                _("The member has reported them.")
                if view.exchange.reported_by_member
                else _("The organisation has reported them."),
            )
        return _("💬 <b>You and a member about: {service}</b>", service=about)
    if view.is_about_text:
        return bridge_texts.title(page, view)
    if view.post is not None:
        return (
            _("💬 <b>You and the member who asks or offers something</b>")
            if view.side is Side.MEMBER
            else _("💬 <b>You and a member who answers what you wrote</b>")
        )
    if view.match is not None:
        return bridge_texts.title_of_match(view, _)
    assert view.event is not None
    title = await event_title(page, view.event.id)
    if view.side is Side.MEMBER:
        return _("💬 <b>You and the organisers of: {title}</b>", title=title)
    return lines(
        _("💬 <b>A member and the organisers of: {title}</b>", title=title),
        _("🚩 These messages have been reported.") if view.exchange.reported_at else None,
    )


async def event_title(page: Page, event_id: int) -> str:
    """Return what an event is called."""
    block = await block_for(page, "event", event_id)
    return block.get("title") if block else "?"


async def _who(page: Page, view: View, message: ExchangeMessage) -> Html:
    _ = page._
    if message.written_by_id == page.reader.id:
        return _("You:")
    if view.is_about_text:
        return bridge_texts.who(view, message, _)
    if view.match is not None:
        return bridge_texts.who_of_match(view, _)
    if message.by_member or view.post is not None:
        return _("The member:")
    if view.referral is None:
        return _("The organisers:")
    name = await organization_name(page, view.referral)
    return _("The organisation {name}:", name=name)


def _standing(view: View, _: Translator) -> Sequence[Html | None]:
    """Return what holds for all that is written here, and why nothing more can be."""
    exchange, own = view.exchange, view.side is Side.MEMBER
    days = KEPT.days
    return [
        bridge_texts.readers(view, _),
        attachments.never(_),
        _.ngettext(
            "🗑 It is deleted {n} day after the last message.",
            "🗑 It is deleted {n} days after the last message.",
            days,
        ),
        _("🚩 It was reported: the team can read it now.") if exchange.reported_at else None,
        _("🔒 You have closed this. If you write again, it is open again.")
        if view.rest is None
        and exchange.state == State.CLOSED
        and exchange.closed_by_member == own
        and view.side is not Side.TEAM
        else None,
        _why(view, _),
    ]


def _why(view: View, _: Translator) -> Html | None:
    if view.rest is None or view.side is Side.TEAM:
        return None
    if view.rest is Rest.ENDED and view.post is not None:
        return _("🔒 The ask or offer is over: nothing more can be written here.")
    if view.rest is Rest.ENDED and view.event is not None:
        return _("🔒 The event is over: nothing more can be written here.")
    if view.rest is Rest.ENDED and view.is_about_text:
        return _("🔒 This text is not translated any more: nothing more can be written here.")
    if view.match is not None and view.rest is Rest.ENDED:
        return _("🔒 This has ended: nothing more can be written here.")
    return {
        Rest.NOT_YET: _("⏳ You can write again when the organisation has answered the request."),
        Rest.ENDED: _("🔒 The request is over: nothing more can be written here."),
        Rest.WITHDRAWN: _("🔒 The request was withdrawn: nothing more can be written here."),
        Rest.NO_AGREEMENT: _(
            "🔒 There is no agreement with the organisation any more: nothing more can be "
            "written here."
        ),
        Rest.SEALED: _(
            "🔒 The agreement under which this was written has ended: the organisation cannot "
            "read it any more, and nothing more can be written here."
        ),
        Rest.CLOSED: _("🔒 The other side has closed this: nothing more can be written here."),
    }[view.rest]


def _rows(
    view: View,
    shown: Sequence[Shown],
    back: int,
    pages: int,
    _: Translator,
    *,
    original: bool,
    is_empty: bool,
) -> list[list[Button]]:
    exchange, ref = view.exchange, view.exchange.ref
    turned = Exchanging(ref=ref, act="read" if original else "original", back=back)
    rows = [reading.switch(shown, turned, _, original=original)]
    turning = []
    if back + 1 < pages:
        earlier = Exchanging(ref=ref, act="read", back=back + 1)
        turning.append(Button(_.label("button", "Previous page"), earlier))
    if back:
        later = Exchanging(ref=ref, act="read", back=back - 1)
        turning.append(Button(_.label("button", "Next page"), later))
    rows.append(turning)
    if view.may_write:
        label = _.label("button", "✏️ Write") if is_empty else _.label("button", "✏️ Write back")
        rows.append([Button(label, Exchanging(ref=ref, act="write"))])
    ways_out = []
    if view.may_write and exchange.state != State.CLOSED and not is_empty:
        ways_out.append(Button(_.label("button", "Close it"), Exchanging(ref=ref, act="close")))
    if exchange.reported_at is None and view.side is not Side.TEAM and not is_empty:
        ways_out.append(
            Button(_.label("button", "🚩 Report it"), Exchanging(ref=ref, act="report"))
        )
    return [*rows, ways_out]


async def _settling(page: Page, view: View) -> list[list[Button]]:
    if not await bridge.may_settle(page.session, page.reader, view.exchange, page.now):
        return []
    settled = Exchanging(ref=view.exchange.ref, act="settle")
    return [[Button(page._.label("button", "Settled"), settled)]]


async def _forwarding(page: Page, view: View) -> list[Button]:
    """Return a moderator's way to let the animators settle it."""
    if view.side is not Side.TEAM or view.exchange.due_at is not None:
        return []
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return []
    forward = Exchanging(ref=view.exchange.ref, act="forward")
    return [Button(page._.label("button", "↪️ Forward to the team"), forward)]


async def _way_back(page: Page, view: View) -> Button:
    _ = page._
    if view.is_about_text and view.side is not Side.TEAM:
        return bridge_texts.way_back(view, _)
    if view.match is not None and view.side is not Side.TEAM:
        return Button(_.label("button", "Back"), OneMatch(ref=view.match.ref))
    if view.side is Side.TEAM or (view.side is Side.OTHER and view.event is not None):
        if view.exchange.reported_at is not None:
            return Button(_.label("button", "What was reported"), Reports())
        if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
            return Button(_.label("button", "Inbox"), Inbox())
        if view.side is Side.TEAM or view.event is None:
            return Button(_.label("button", "What was reported"), Reports())
        return Button(_.label("button", "Back to the event"), HostedEvent(ref=view.event.ref))
    if view.post is not None:
        return Button(_.label("button", "To the ask or offer"), OfPost(ref=view.post.ref))
    if view.event is not None:
        return Button(_.label("button", "To the event"), OpenEvent(ref=view.event.ref))
    assert view.referral is not None
    if view.side is Side.MEMBER:
        return Button(_.label("button", "To the request"), OneRequest(ref=view.referral.ref))
    return Button(
        _.label("button", "Show what was shared"), referrals.Answer(ref=view.referral.ref)
    )


async def report_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before the team is called in."""
    _ = page._
    await bridge.look(page.session, page.reader, ref, page.now)
    text = lines(
        _("Report these messages to the team?"),
        _(
            "Then the team reads all that was written here, and the other side cannot write "
            "any more."
        ),
    )
    tell = Button(_.label("button", "Yes, report it"), Exchanging(ref=ref, act="report!"))
    return Message(text, [[tell], [Button(_.label("button", "No"), Exchanging(ref=ref))]])


async def too_late(page: Page) -> Message:
    """Say why nothing can be begun."""
    return Message(
        page._.label("toast", "It is too early or too late to write to each other about this.")
    )


async def label_in_inbox(page: Page, exchange: Exchange, owner: Person | None) -> Button:
    """Return the button by which an exchange is opened from the team's inbox."""
    _ = page._
    label = await _name_in_inbox(page, exchange)
    if owner is not None:
        name = owning.name_of(page, owner)
        label = _.label("question in a list", "{name} ({owner})", name=label, owner=name)
    if exchanges.is_overdue(exchange, page.now):
        label = _.label("button", "🔴 {name}", name=label)
    return Button(label, Exchanging(ref=exchange.ref))


async def _name_in_inbox(page: Page, exchange: Exchange) -> str:
    _ = page._
    if exchange.kind == Kind.TEXT:
        what = kind_of(exchange.subject or "", _)
        return _.label("button", "❓ Text: {what}", what=what)
    assert exchange.event_id is not None
    title = await event_title(page, exchange.event_id)
    return _.label("button", "❓ {title}", title=title)


# What leaves by itself


async def notice(page: Page, ref: str) -> Message | None:
    """Tell that there is something new, and nothing more: phones are shared."""
    _ = page._
    try:
        view = await bridge.look(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    if not view.may_read:
        return None
    await _prepare(page, view)
    told = _("🔔 You have a new message.")
    if view.is_about_text:
        told = bridge_texts.notice(view, _)
    return Message(
        told,
        [[Button(_.label("button", "Read it"), Exchanging(ref=ref))]],
    )


async def _prepare(page: Page, view: View) -> None:
    for message in (await bridge.messages(page.session, view))[-1:]:
        await reading.prepare(page, message.text, message.language)


async def event_question(page: Page, ref: str) -> Message | None:
    """Tell the organisers that somebody asks about an event."""
    _ = page._
    return await _question(page, ref, _("❓ A member asks something about an event."))


async def text_question(page: Page, ref: str) -> Message | None:
    """Tell animators that a translator asks about a text whose author is gone."""
    _ = page._
    return await _question(page, ref, _("❓ A translator has a question about a text."))


async def _question(page: Page, ref: str, told: Html) -> Message | None:
    _ = page._
    try:
        view = await bridge.look(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    await _prepare(page, view)
    return Message(told, [[Button(_.label("button", "Read it"), Exchanging(ref=ref))]])


async def overdue(page: Page, ref: str) -> Message | None:
    """Tell that an answer is late, to whom can give it; nothing if it has been given."""
    _ = page._
    exchange = await page.session.scalar(select(Exchange).where(Exchange.ref == ref))
    if exchange is None or not exchanges.is_overdue(exchange, page.now):
        return None
    to: CallbackData = Exchanging(ref=ref)
    if exchange.kind == Kind.TEAM:
        to = OpenQuestion(ref=ref)
        if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
            return None
    else:
        try:
            await bridge.look(page.session, page.reader, ref, page.now)
        except RefusalError:  # it is not theirs any more
            return None
    return Message(
        _("🔴 A question waits for longer than it should. Could you look at it?"),
        [[Button(_.label("button", "Read it"), to)]],
    )


async def reported(page: Page, ref: str) -> Message | None:
    """Tell the team that messages have been reported; what and by whom, on tap."""
    _ = page._
    with suppress(RefusalError):
        view = await bridge.look(page.session, page.reader, ref, page.now)
        if view.exchange.reported_at is not None:
            return Message(
                _("🚩 Somebody has reported messages that were written through the bot."),
                [[Button(_.label("button", "Look at it"), Exchanging(ref=ref))]],
            )
    return None


async def forwarded(page: Page, ref: str) -> Message | None:
    """Tell animators that a moderator leaves a report to them; nothing if it is settled."""
    _ = page._
    with suppress(RefusalError):
        view = await bridge.look(page.session, page.reader, ref, page.now)
        if view.exchange.reported_at is not None:
            return Message(
                _("🚩 A moderator asks the team to settle messages that were reported."),
                [[Button(_.label("button", "Look at it"), Exchanging(ref=ref))]],
            )
    return None


async def report_settled(page: Page) -> Message:
    """Tell moderators what became of a report that was forwarded."""
    _ = page._
    return Message(
        _("✅ The team has settled messages that were reported and forwarded to it."),
        [[Button(_.label("button", "What was reported"), Reports())]],
    )


CARDS = {
    "bridge.card": card,
    "bridge.attached": attached_card,
    "bridge.report": report_card,
    "bridge.too_late": too_late,
    "bridge_message": notice,
    "question_overdue": overdue,
    "team_notice.event_question": event_question,
    "team_notice.text_question": text_question,
    "team_notice.reported": reported,
    "team_notice.forwarded": forwarded,
    "team_notice.report_settled": report_settled,
}
FORMS = (WRITE,)


def setup() -> Router:
    """Take the buttons by which two sides write to each other."""
    router = Router(name="bridge")
    router.callback_query.register(writes_to, WriteTo.filter())
    router.callback_query.register(touched, Exchanging.filter())
    router.callback_query.register(attached, Attached.filter())
    return router
