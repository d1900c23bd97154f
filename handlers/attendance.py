"""An event as members meet it: the card, the answer, the calendar file."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import asking, attendance, bridge, events, series
from community.attendance import Attendance, State, Wish
from community.events import Event
from community.people import Membership, Person
from community.reactions import expect as expect_reactions
from community.translations import Block
from handlers import coming, door, listening, menu, reactions, repeating, resting, supporters
from handlers.content import authored, block_for, by_machine, please
from handlers.event_facts import provided
from handlers.menu import OpenEvent
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Place,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from locales import Html, Translator, event_time, moment, plain
from reports.calendar import event_file, series_file

MAP = "https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}&zoom=17"
"""Where a point on the map is opened, on a tap of somebody who goes."""


COMMA = re.compile(r"\s*[,،]\s*")


class Answer(CallbackData, prefix="an"):
    """One of the three buttons under an event."""

    ref: str
    wish: Wish

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


class Calendar(CallbackData, prefix="ics"):
    """Send the calendar file."""

    ref: str


class SeriesCalendar(CallbackData, prefix="hr"):
    """Send the calendar file of all dates of what repeats."""

    ref: str


class WhereItIs(CallbackData, prefix="hy"):
    """Send the place as Telegram shows it on its map."""

    ref: str


class List(CallbackData, prefix="evs"):
    """Show what is coming up."""


# Handlers


async def opened(query: Any, callback_data: OpenEvent) -> Replies:
    """Show one event."""
    return [edit("event.card", ref=callback_data.ref)]


async def answered(
    query: Any,
    callback_data: Answer,
    session: AsyncSession,
    person: Person,
    now: Any,
    network: Network,
) -> Replies:
    """Take an answer and show where it leaves the person."""
    got, changed = await attendance.answer(
        session, person, callback_data.ref, callback_data.wish, now, default_zone=network.zone
    )
    return [
        callback_data.card(),
        toast("event.said", state=got.state, changed=changed),
    ]


async def expect(session: AsyncSession, pressed: Mapping[int, str]) -> None:
    """Read at once what the answers need that several people have just pressed."""
    of_event: dict[str, list[int]] = {}
    for telegram_id, data in pressed.items():
        if data.startswith(f"{Answer.__prefix__}:"):
            with suppress(TypeError, ValueError):  # forged: refused when its turn comes
                of_event.setdefault(Answer.unpack(data).ref, []).append(telegram_id)
    if of_event:
        await attendance.expect(session, of_event)
        await expect_reactions(session, of_event)


async def calendar_asked(query: Any, callback_data: Calendar) -> Replies:
    """Send the calendar file."""
    return [say("event.calendar", ref=callback_data.ref)]


async def series_asked(query: Any, callback_data: SeriesCalendar) -> Replies:
    """Send the calendar file of all dates."""
    return [say("event.calendar", ref=callback_data.ref, of_all=True)]


async def map_asked(query: Any, callback_data: WhereItIs) -> Replies:
    """Send the place."""
    return [say("event.map", ref=callback_data.ref)]


# Cards


async def event_card(page: Page, ref: str) -> Message | None:
    """Show one event with the person's answer and what they can answer."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    return await card_of(page, event, await attendance.of(page.session, event, page.reader))


async def card_of(page: Page, event: Event, mine: Attendance | None) -> Message:
    """Return the card of an event for somebody who gave this answer; previews use it too."""
    block = await block_for(page, "event", event.id)
    silence = _silence(page, event, mine)
    text = lines(
        heading(page, event, block),
        "",
        *facts(page, event, mine),
        await repeating.line(page, event),
        "",
        await standing(page, event, mine),
        *(coming.told(page, event, mine) if is_open(page, event) else ()),
        silence,
        *await supporters.told(page, event),
    )
    rows = await answer_rows(page, event, mine)
    rows.insert(-1, await listening.of_event(page, event, block))
    rows.insert(-1, by_machine(page, "event", event.ref, block))
    if asking.takes_requests(event, page.now):
        rows.insert(-1, await please(page, "event", event.ref, event.id, block))
    if event.state != events.State.CANCELLED:
        rows[-1:-1] = await reactions.rows(page, event)
    rows = [*await supporters.talk_rows(page, event, mine), *rows]
    return Message(text, [*resting.rows(page), *rows] if silence else rows)


def is_open(page: Page, event: Event) -> bool:
    """Say whether one can still answer. A draft is shown in previews only, as it will be."""
    has_a_future = event.state in (events.State.DRAFT, events.State.PUBLISHED)
    return has_a_future and not event.is_over(page.now)


def _silence(page: Page, event: Event, mine: Attendance | None) -> Html | None:
    """Say to whoever has stopped what they will not hear about an event they have answered."""
    _ = page._
    if mine is None or page.reader.state != Membership.STOPPED or not is_open(page, event):
        return None
    if mine.state in (State.GOING, State.MAYBE):
        return _("🔕 Your messages are off: no reminder will come.")
    if mine.state == State.WAITING:
        return _("🔕 Your messages are off: no free place can be offered to you.")
    return None


def heading(page: Page, event: Event, block: Block | None, *, in_public: bool = False) -> Html:
    """Return title, description and who speaks, as the author wrote them.

    ``in_public`` nobody is named: who speaks has agreed that members read it.
    """
    words = block.get("title") if block else ""
    title = _bold(words)
    description = block.get("description") if block else ""
    speakers = block.get("speakers") if block and not in_public else ""
    parts: list[str] = [title]
    parts += ["", description] if description else []
    parts += ["", Html("🎤 ") + speakers] if speakers else []
    return authored(page, block, lines(*parts))


def _bold(words: str) -> Html:
    return Html("<b>") + words + Html("</b>")


def facts(page: Page, event: Event, mine: Attendance | None) -> list[str | None]:
    """Return the facts of an event, each a line; the address only for those who are going."""
    _ = page._
    told: list[str | None] = [
        _(
            "📅 {when}",
            when=event_time(
                event.starts_at,
                event.ends_at,
                events.zone_of(event),
                page.zone,
                event.is_online,
                _,
                year=page.now.year,
            ),
        )
    ]
    told.append(_where(page, event, mine))
    return [*told, *provided(event, _)]


def _where(page: Page, event: Event, mine: Attendance | None) -> Html | None:
    """Return the address, or how to get it; nothing once it can no longer be had."""
    _ = page._
    if knows_address(mine):
        if event.is_online and is_open(page, event):
            return _("💻 Online. The button “Join online” leads there.")
        if event.is_online:
            return _("💻 Online: {link}", link=event.link or "")
        return _("📍 {place}", place=event.place or "")
    if not is_open(page, event):
        return None
    if event.is_online:
        return _("💻 Online. You get the link when you say that you are going.")
    return _("📍 You get the address when you say that you are going.")


def knows_address(mine: Attendance | None) -> bool:
    """Say whether the address, or the link, is for this person: who is going, or was there."""
    return mine is not None and mine.state in attendance.COMES


async def standing(page: Page, event: Event, mine: Attendance | None) -> Html:
    """Return where the person stands, and how many places there are."""
    _ = page._
    if event.state == events.State.CANCELLED:
        return _("❌ This event has been cancelled.")
    if event.is_over(page.now):
        return _("This event is over.")
    said = mine.state if mine else State.NONE
    if mine and said == State.WAITING:
        if await _takes_the_place(page, event, mine):
            return _("🎟 A place is free now. It goes to whoever takes it first.")
        number = await attendance.place_in_line(page.session, mine)
        return lines(
            _.ngettext(
                "⏳ You are number {n} on the waiting list.",
                "⏳ You are number {n} on the waiting list.",
                number,
            ),
            None if _silence(page, event, mine) else _("We tell you when a place is free."),
        )
    if mine and said == State.OFFERED and mine.offered_until:
        return _(
            "🎟 A place is free for you. Please answer before {deadline}; "
            "after that it goes to the next person.",
            deadline=moment(mine.offered_until, page.zone, _, year=page.now.year),
        )
    if mine and mine.asked_again and said in (State.GOING, State.MAYBE, State.WAITING):
        return _("Something has changed. Can you still come?")
    if sentence := _said(said, _):
        return sentence
    left = await attendance.places_left(page.session, event)
    if left == 0:
        return _("All places are taken. “Going” puts you on the waiting list.")
    if left is not None:
        return _.ngettext(
            "There is {n} place left. Are you coming?",
            "There are {n} places left. Are you coming?",
            left,
        )
    return _("Are you coming?")


def _said(said: State, _: Translator) -> Html | None:
    """Return what follows from an answer alone."""
    match said:
        case State.GOING:
            return _("✅ You are going.")
        case State.MAYBE:
            return _("🤔 You may come.")
        case State.DECLINED:
            return _("You are not going.")
        case State.LAPSED:
            return _("The place was free for you; that time is over. You can ask for one again.")
        case State.ATTENDED:
            return _("✅ You were there.")
        case State.MISSED:
            return _("You could not be there.")
    return None


async def answer_rows(page: Page, event: Event, mine: Attendance | None) -> list[list[Button]]:
    """Return the buttons that make sense now."""
    _ = page._
    rows: list[list[Button]] = []
    if is_open(page, event):
        said = mine.state if mine else State.NONE
        takes = await _takes_the_place(page, event, mine)
        going = _.label("button", "✅ Take the place") if takes else _.label("button", "✅ Going")
        buttons = [
            (
                Wish.GOING,
                going,
                takes or said not in (State.GOING, State.WAITING, State.ATTENDED),
            ),
            (
                Wish.MAYBE,
                _.label("button", "🤔 Maybe"),
                said not in (State.MAYBE, State.WAITING, State.OFFERED, State.ATTENDED),
            ),
            (
                Wish.DECLINED,
                _.label("button", "❌ Not going"),
                said not in (State.DECLINED, State.ATTENDED),
            ),
        ]
        asked_again = mine is not None and mine.asked_again
        rows += [
            [Button(label, Answer(ref=event.ref, wish=wish))]
            for wish, label, useful in buttons
            if useful or asked_again
        ]
        rows += door.rows(event, mine, page.now, _)
        if event.latitude is not None and knows_address(mine):
            point = MAP.format(latitude=event.latitude, longitude=event.longitude)
            rows.append(
                [
                    Button(_.label("button", "🗺 Map"), WhereItIs(ref=event.ref)),
                    Button(_.label("button", "🌐 In the browser"), url=point),
                ]
            )
        rows += coming.rows(event, mine, _)
        if said in (State.GOING, State.MAYBE):
            rows.append(
                [Button(_.label("button", "📅 Put it in my calendar"), Calendar(ref=event.ref))]
            )
        if said in (State.GOING, State.MAYBE) and event.series_id is not None:
            whole = SeriesCalendar(ref=event.ref)
            rows.append([Button(_.label("button", "📅 All dates in my calendar"), whole)])
    is_preview = event.state == events.State.DRAFT
    if is_preview or bridge.takes_questions(event, page.now):
        ask = menu.WriteTo(kind="event", ref=event.ref)
        rows.append([Button(_.label("button", "❓ Ask the organisers"), ask)])
    if not event.is_for_some and is_open(page, event):
        share = menu.Share(what="event", ref=event.ref)
        rows.append([Button(_.label("button", "📤 Pass it on"), share)])
    rows.append([Button(_.label("button", "All events"), List())])
    return rows


async def _takes_the_place(page: Page, event: Event, mine: Attendance | None) -> bool:
    """Say whether somebody in line has a place for the taking: offered, or free for anybody."""
    if mine is None or mine.state not in (State.WAITING, State.OFFERED):
        return False
    return mine.state == State.OFFERED or await attendance.is_free_for(
        page.session, event, page.reader, page.now, default_zone=page.network.zone
    )


async def event_said(page: Page, state: str, changed: bool) -> Message:
    """Confirm an answer in a few words."""
    _ = page._
    if not changed:
        return Message(_.label("toast", "That is what you had said already."))
    if state == State.GOING and page.reader.state == Membership.STOPPED:
        return Message(
            _.label("toast", "You are going. Your messages are off: no reminder will come.")
        )
    match State(state):
        case State.GOING:
            return Message(_.label("toast", "You are going. See you there!"))
        case State.MAYBE:
            return Message(_.label("toast", "Noted: maybe."))
        case State.WAITING:
            return Message(_.label("toast", "You are on the waiting list."))
        case State.DECLINED:
            return Message(_.label("toast", "Noted: you are not going."))
    return Message(_.label("toast", "Noted."))


async def event_calendar(page: Page, ref: str, *, of_all: bool = False) -> Message:
    """Send the calendar file, in the reader's language; ``of_all``: of all dates of a series."""
    _ = page._
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    repeated = await series.of_event(page.session, event) if of_all else None
    if repeated is not None:
        event = await series.pattern(page.session, repeated) or event
    block = await block_for(page, "event", event.id)
    words = (
        block.get("title") if block else "",
        block.get("description") if block else "",
        block.language if block else _.language,
    )
    if repeated is not None:
        rule, dates = series.rule_of(repeated), await series.every_date(page.session, repeated)
        comes_to = await attendance.comes_to(page.session, page.reader, dates)
        content = series_file(event, repeated.ref, rule, dates, words, page.now, comes_to=comes_to)
    else:
        mine = await attendance.of(page.session, event, page.reader)
        content = event_file(event, *words, page.now, with_address=knows_address(mine))
    text = _("Open this file to put the event into the calendar of your phone.")
    return Message(text, file=File(_.label("file", "event") + ".ics", content))


async def event_map(page: Page, ref: str) -> Message:
    """Send where it is to somebody who goes there, as the card says it to them now."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    where = _where(page, event, mine) or await standing(page, event, mine)
    to_event = [[Button(page._.label("button", "Back to the event"), OpenEvent(ref=ref))]]
    point = event.latitude, event.longitude
    if not (knows_address(mine) and event.place) or point[0] is None or point[1] is None:
        return Message(where, to_event)
    block = await block_for(page, "event", event.id)
    name, address = _named(event.place, block.get("title") if block else "")
    return Message(where, to_event, place=Place(name, address, point[0], point[1]))


def _named(place: str, title: str) -> tuple[str, str]:
    """Return the name of a place and its address; without a name, what takes place there."""
    name, *address = COMMA.split(place, maxsplit=1)
    return (name, address[0]) if address and address[0] else (plain(Html(title)) or place, place)


CARDS = {
    "event.map": event_map,
    "event.card": event_card,
    "event.said": event_said,
    "event.calendar": event_calendar,
}


def setup() -> Router:
    """Take every button of an event."""
    router = Router(name="attendance")
    router.callback_query.register(answered, Answer.filter())  # what is pressed most
    router.callback_query.register(opened, OpenEvent.filter())
    router.callback_query.register(map_asked, WhereItIs.filter())
    router.callback_query.register(calendar_asked, Calendar.filter())
    router.callback_query.register(series_asked, SeriesCalendar.filter())
    return router
