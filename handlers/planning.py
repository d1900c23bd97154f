"""The animator's side of events: the list, and everything that can be done with one of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, events, sends, series, translations
from community.activities import Kind
from community.attendance import State as Attending
from community.audiences import EVERYBODY, audience_of
from community.base import find
from community.events import Event, State
from community.people import Person
from handlers import attendance as members_view
from handlers import decisions, reactions, repeating, staff, wording
from handlers.audience import in_words
from handlers.calendar_in import FromFile
from handlers.content import block_for
from handlers.door import Door
from handlers.drafting import CHANGES, NEW_BY_A_CLOCK, NEW_EVENT, new_event, who_is_told
from handlers.event_facts import Fact, change, provided, who_speaks
from handlers.event_support import AtEvent
from handlers.forms import begin
from handlers.guests import Answers, Ticks
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    EventFor,
    Hosts,
    InArea,
    InGroups,
    PlannedEvent,
    VenuesFor,
    WhoCanCome,
    language_rows,
    router_for,
)
from locales import (
    OFFERED,
    Html,
    Translator,
    city,
    event_time,
    language_name,
    number,
    short_day,
)

PER_PAGE = 10


class Events(CallbackData, prefix="pl"):
    """A page of the list of events, as the team sees it."""

    at: int = 0


class New(CallbackData, prefix="pn"):
    """Plan an event."""


class Ask(CallbackData, prefix="pq"):
    """Fill in or change one thing."""

    ref: str
    what: str


class Speaks(CallbackData, prefix="pz"):
    """A language spoken at the event: on or off."""

    ref: str
    language: str


class Do(CallbackData, prefix="pd"):
    """Publish, discard, cancel, announce; child care on or off."""

    ref: str
    what: str


# Handlers


async def list_opened(query: Any, callback_data: Events) -> Replies:
    """Show a page of the events of the desk."""
    return [edit("plan.events", at=callback_data.at)]


async def begun(query: Any, session: AsyncSession, state: FSMContext) -> Replies:
    """Ask for the three things an event needs; and for its time zone, where there are several."""
    return await begin(await new_event(session), state)


PARTS = {"event": "plan.event", "words": "plan.words", "spoken": "plan.spoken"}


async def opened(query: Any, callback_data: PlannedEvent) -> Replies:
    """Show one page of an event's desk."""
    kind = PARTS.get(callback_data.part)
    return [edit(kind, ref=callback_data.ref)] if kind else [toast("old_button")]


async def asked(
    query: Any, callback_data: Ask, session: AsyncSession, state: FSMContext
) -> Replies:
    """Ask for one thing."""
    event = await find(session, Event, callback_data.ref)
    form = CHANGES.get(callback_data.what)
    if form is None:
        return [toast("old_button")]
    if event.series_id is not None:
        return [edit("series.scope", ref=event.ref, what=callback_data.what)]
    source, _found = await translations.standings(session, "event", event.id)
    about = {"desk": "e", "ref": event.ref, "language": source}
    return await begin(form, state, what=callback_data.what, **about)


async def toggled(
    query: Any,
    callback_data: Speaks,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Note that a language is spoken there, or is not."""
    return await change(
        session, person, callback_data.ref, "languages", callback_data.language, now, network
    )


async def done(
    query: Any,
    callback_data: Do,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Do the one thing that the button says."""
    ref, what = callback_data.ref, callback_data.what
    if what == "publish":
        await events.publish(session, person, ref, now)
        return [edit("plan.event", ref=ref), toast("plan.published")]
    if what == "discard":
        await events.discard(session, person, ref, now)
        return [edit("plan.events")]
    if what == "cancel":
        return [edit("plan.cancel", ref=ref)]
    if what == "cancel!":
        told = await sends.cancel_event(session, person, ref, now)
        return [edit("plan.event", ref=ref, told=told)]
    if what == "announce":
        send = await sends.announce(session, person, ref, now)
        return [edit("send.card", ref=send.ref)]
    if what == "care":
        return await change(session, person, ref, "child_care", "", now, network)
    return [toast("old_button")]


# Cards


def state_sentence(event: Event, _: Translator) -> Html:
    """Return how far an event is."""
    return {
        State.PROPOSED: _("Proposed; nobody has decided about it yet."),
        State.REFUSED: _("Refused."),
        State.DRAFT: _("📝 A draft: members do not see it yet."),
        State.DISCARDED: _("Dropped."),
        State.PUBLISHED: _("✅ Published: members can see it and answer."),
        State.HELD: _("It has taken place."),
        State.CANCELLED: _("❌ This event has been cancelled."),
    }[event.state]


async def event_list(page: Page, at: int = 0) -> Message:
    """List what the team works on, with how many are coming; what is to come stands first."""
    _ = page._
    found = await events.of_animator(page.session, page.now, at=at, size=PER_PAGE)
    turning = staff.turning_of(found, lambda to: Events(at=to), _)
    numbers = [event.id for event in found.rows]
    titles = await translations.blocks(
        page.session, "event", numbers, page.reads, page.network.language
    )
    counts = await attendance.counts_of(page.session, found.rows)
    rows = []
    for event in found.rows:
        title = titles[event.id].get("title") if event.id in titles else ""
        label = _label_in_list(event, title, counts[event.id], _)
        rows.append([Button(label, PlannedEvent(ref=event.ref))])
    text = _("<b>Events</b>") if found.total else _("There is no event yet.")
    rows.append([Button(_.label("button", "➕ New event"), New())])
    rows.append([Button(_.label("button", "📥 From a calendar file"), FromFile())])
    return Message(text, [*rows, turning, [staff.back(_)]])


def _label_in_list(
    event: Event, title: str, counts: Mapping[Attending, int], _: Translator
) -> str:
    day = short_day(event.starts_at.astimezone(events.zone_of(event)).date(), _)
    if event.state == State.DRAFT:
        return _.label("event in a list", "📝 {day}: {title}", day=day, title=title)
    if event.state == State.CANCELLED:
        return _.label("event in a list", "❌ {day}: {title}", day=day, title=title)
    if event.state == State.HELD:
        return _.label(
            "event in a list",
            "{day}: {title} ({came} came)",
            day=day,
            title=title,
            came=number(counts.get(Attending.ATTENDED, 0), _),
        )
    return _.label(
        "event in a list",
        "{day}: {title} ({going} going)",
        day=day,
        title=title,
        going=number(counts.get(Attending.GOING, 0), _),
    )


def facts(page: Page, event: Event) -> list[Html | None]:
    """Return every fact, the address included."""
    _ = page._
    zone = events.zone_of(event)
    when = event_time(
        event.starts_at,
        event.ends_at,
        zone,
        page.zone,
        event.is_online,
        _,
        year=page.now.year,
    )
    return [
        _("📅 {when}", when=when),
        _("🕓 By the clock of: {city}", city=city(zone, _))
        if event.zone != page.network.zone
        else None,
        _("💻 Online: {link}", link=event.link or "")
        if event.is_online
        else _("📍 {place}", place=event.place or ""),
        _("👥 Places: {n}", n=number(event.capacity, _))
        if event.capacity
        else _("👥 There is no limit of places."),
        *provided(event, _),
    ]


async def event_desk(page: Page, ref: str, told: int | None = None) -> Message:
    """Show an event with everything that can be done with it now."""
    _ = page._
    event = await find(page.session, Event, ref)
    block = await block_for(page, "event", event.id)
    counts = await attendance.counts(page.session, event)
    answered = None
    if counts:
        answered = _(
            "Going: {going}. Maybe: {maybe}. Waiting: {waiting}. Not going: {declined}.",
            going=number(counts.get(Attending.GOING, 0), _),
            maybe=number(counts.get(Attending.MAYBE, 0), _),
            waiting=number(counts.get(Attending.WAITING, 0) + counts.get(Attending.OFFERED, 0), _),
            declined=number(counts.get(Attending.DECLINED, 0), _),
        )
    text = lines(
        members_view.heading(page, event, block),
        "",
        *facts(page, event),
        await repeating.line(page, event),
        "",
        await _area(page, event),
        await _for_whom(page, event),
        await who_speaks(page, event),
        state_sentence(event, _),
        answered,
        *await reactions.counted(page, event),
        who_is_told(event, told, _),
    )
    *rows, last = _desk_rows(page, event)
    about = await series.of_event(page.session, event)
    why = (
        await decisions.way(page, Kind.SERIES, about.ref)
        if about
        else await decisions.way(page, Kind.EVENT, ref)
    )
    return Message(text, [*rows, why, last])


async def _area(page: Page, event: Event) -> Html | None:
    block = await block_for(page, "area", event.area_id) if event.area_id else None
    return page._("🗺 Area: {area}", area=block.get("name")) if block else None


async def _for_whom(page: Page, event: Event) -> Html | None:
    if not event.is_for_some:
        return None
    return await in_words(page, await audience_of(page.session, event, EVERYBODY))


def _desk_rows(page: Page, event: Event) -> list[list[Button]]:
    _, ref = page._, event.ref
    rows: list[list[Button]] = []
    is_open = event.state == State.PUBLISHED and not event.is_over(page.now)
    has_begun = event.starts_at <= page.now
    if event.state == State.DRAFT and not has_begun:
        rows.append([Button(_.label("button", "✅ Publish"), Do(ref=ref, what="publish"))])
    if is_open and not has_begun:
        rows.append(
            [Button(_.label("button", "📣 Tell the members"), Do(ref=ref, what="announce"))]
        )
        rows.append([Button(_.label("button", "📌 Post it in groups"), InGroups(ref=ref))])
    if event.state == State.DRAFT or is_open:
        rows.append(
            [
                Button(_.label("button", "👪 For whom"), EventFor(ref=ref)),
                Button(_.label("button", "🧭 Who can come"), WhoCanCome(ref=ref)),
            ]
        )
        rows += in_rows(_changing(event, _, moves=not (is_open and has_begun)), per_row=2)
    if event.state in (State.PUBLISHED, State.HELD):
        if event.place and attendance.is_at_the_door(event, page.now):
            rows.append([Button(_.label("button", "🚪 Code at the door"), Door(ref=ref))])
        answers = [Button(_.label("button", "📋 Answers"), Answers(ref=ref))]
        if page.now >= event.starts_at - attendance.DOOR_OPENS:
            answers.append(Button(_.label("button", "✔️ Who came"), Ticks(ref=ref)))
        rows.append(answers)
        rows.append([Button(_.label("button", "🏢 Support organisations"), AtEvent(ref=ref))])
    rows.append(
        [
            Button(_.label("button", "🤝 Who hosts it"), Hosts(ref=ref)),
            Button(_.label("button", "🗺 Area"), InArea(ref=ref)),
        ]
    )
    if event.state == State.DRAFT:
        rows.append([Button(_.label("button", "🗑 Drop this draft"), Do(ref=ref, what="discard"))])
    if is_open:
        rows.append([Button(_.label("button", "❌ Cancel the event"), Do(ref=ref, what="cancel"))])
    rows.append(repeating.rows(page, event))
    rows.append([Button(_.label("button", "All events"), Events())])
    return rows


def _changing(event: Event, _: Translator, *, moves: bool) -> list[Button]:
    """Return what can be changed; ``moves``: when and where, too."""
    ref = event.ref
    care = _.label("button", "🧸 No child care") if event.child_care else None
    when_and_where = [
        Button(_.label("button", "📅 Time"), Ask(ref=ref, what="when")),
        Button(_.label("button", "📍 Place"), Ask(ref=ref, what="where")),
        Button(_.label("button", "🏠 Venues"), VenuesFor(ref=ref)),
    ]
    return [
        Button(_.label("button", "🌐 Languages and preview"), PlannedEvent(ref=ref, part="words")),
        Button(_.label("button", "📝 Description"), Ask(ref=ref, what="description")),
        Button(_.label("button", "✏️ Title"), Ask(ref=ref, what="title")),
        *(when_and_where if moves else ()),
        Button(_.label("button", "⏱ Duration"), Ask(ref=ref, what="duration")),
        Button(_.label("button", "👥 Places"), Ask(ref=ref, what="capacity")),
        Button(_.label("button", "🗣 Spoken there"), PlannedEvent(ref=ref, part="spoken")),
        Button(care or _.label("button", "🧸 Child care"), Do(ref=ref, what="care")),
        Button(_.label("button", "➕ What else there is"), Fact(ref=ref)),
    ]


async def event_words(page: Page, ref: str) -> Message:
    """Show how far each language is; write one, or see the event as its readers do."""
    _ = page._
    event = await find(page.session, Event, ref)
    source, found = await translations.standings(page.session, "event", event.id)
    shelf = (await translations.shelves(page.session, "event", [event.id]))[event.id]
    text = lines(
        _("<b>Languages of this event</b>"),
        _(
            "Whoever reads a language that is not ready sees this one, with a notice in their "
            "own: {language}",
            language=language_name(shelf.instead(page.network.language), _),
        ),
    )
    rows = wording.language_rows(page, "e", ref, source, found)
    rows.append(wording.read_aloud(page, "event", ref))
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [*rows, [back]])


async def preview(page: Page, ref: str, language: str) -> Message:
    """Show the card exactly as a reader of this language gets it who has not answered yet."""
    event = await find(page.session, Event, ref)
    theirs = wording.as_reader_of(page, language)
    shown = await members_view.card_of(theirs, event, None)
    return wording.inert(shown, language)


async def spoken(page: Page, ref: str, told: int | None = None) -> Message:
    """Choose the languages spoken there."""
    _ = page._
    event = await find(page.session, Event, ref)
    rows = language_rows(OFFERED, event.languages, lambda code: Speaks(ref=ref, language=code), _)
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    text = lines(_("Which languages are spoken there?"), who_is_told(event, told, _))
    return Message(text, [*rows, [back]])


async def cancel_sure(page: Page, ref: str) -> Message:
    """Ask once more before an event is called off."""
    _ = page._
    event = await find(page.session, Event, ref)
    concerned = await attendance.concerned(page.session, event, page.now)
    text = lines(
        _("Cancel this event for good?"),
        _.ngettext("{n} person will be told now.", "{n} people will be told now.", len(concerned)),
    )
    yes = Button(_.label("button", "Yes, cancel it"), Do(ref=ref, what="cancel!"))
    no = Button(_.label("button", "No, keep it"), PlannedEvent(ref=ref))
    if event.series_id is None:
        return Message(text, [[yes], [no]])
    text = lines(
        text,
        "",
        _("It repeats. Whoever comes to several dates is told once."),
    )
    one = Button(_.label("button", "Only this one"), Do(ref=ref, what="cancel!"))
    return Message(text, [[one], [repeating.cancelling(page, event)], [no]])


async def published(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Published. Now you can tell the members."))


FORMS = (NEW_EVENT, NEW_BY_A_CLOCK, *CHANGES.values())
CARDS = {
    "plan.events": event_list,
    "plan.event": event_desk,
    "plan.words": event_words,
    "plan.preview": preview,
    "plan.spoken": spoken,
    "plan.cancel": cancel_sure,
    "plan.published": published,
}


def setup() -> Router:
    """Take every button of the events' desk; only animators reach it."""
    router = router_for("planning", ANIMATORS)
    router.callback_query.register(list_opened, Events.filter())
    router.callback_query.register(begun, New.filter())
    router.callback_query.register(opened, PlannedEvent.filter())
    router.callback_query.register(asked, Ask.filter())
    router.callback_query.register(toggled, Speaks.filter())
    router.callback_query.register(done, Do.filter())
    return router
