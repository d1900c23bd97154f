"""What people answered to an event, and who came."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, missing, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.base import find
from community.events import Event, details_of
from community.lifecycle import Who
from community.people import Person
from community.provisions import Provision, lacking
from handlers import words
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.staff import HostedEvent, PlannedEvent, page_of
from locales import Html, Translator, join, number

PER_PAGE = 8
MOST_NAMES = 40
"""Of those who need something: what fits into one message; the ticks show the rest."""


class Answers(CallbackData, prefix="pg"):
    """How many gave which answer."""

    ref: str


class Ticks(CallbackData, prefix="pk"):
    """A page of the list of who came."""

    ref: str
    at: int = 0


class Tick(CallbackData, prefix="px"):
    """Somebody came, or did not."""

    ref: str
    person: str
    at: int


class NobodyElse(CallbackData, prefix="ho"):
    """Whoever said yes and is not ticked did not come."""

    ref: str


# Handlers


async def closed(
    query: Any, callback_data: NobodyElse, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note that nobody else came."""
    await attendance.nobody_else(session, person, callback_data.ref, now)
    return [edit("guests.ticks", ref=callback_data.ref, at=0)]


async def answers_opened(query: Any, callback_data: Answers) -> Replies:
    """Show the answers."""
    return [edit("guests.answers", ref=callback_data.ref)]


async def ticks_opened(query: Any, callback_data: Ticks) -> Replies:
    """Show a page of the people to tick."""
    return [edit("guests.ticks", ref=callback_data.ref, at=callback_data.at)]


async def ticked(
    query: Any, callback_data: Tick, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn "came" into "did not come" and back."""
    event = await find(session, Event, callback_data.ref)
    guest = await find(session, Person, callback_data.person)
    mine = await attendance.of(session, event, guest)
    came = mine is None or mine.state != Attending.ATTENDED
    await attendance.tick(session, person, event.ref, guest.ref, now, came=came)
    return [edit("guests.ticks", ref=event.ref, at=callback_data.at)]


# Cards


async def answers(page: Page, ref: str) -> Message:
    """Count the answers, state by state."""
    _ = page._
    event = await find(page.session, Event, ref)
    await roles.require_host(page.session, page.reader, event, page.now)
    counts = await attendance.counts(page.session, event)
    told = [
        _("{state}: {n}", state=words.attending(state, _), n=number(counts[state], _))
        for state in Attending
        if counts.get(state) and state is not Attending.NONE
    ]
    left = await attendance.places_left(page.session, event)
    count, who = await attendance.needed(page.session, page.reader, ref, page.now)
    coming = counts.get(Attending.GOING, 0) + counts.get(Attending.ATTENDED, 0)
    guests = await attendance.guests_of(page.session, event)
    text = lines(
        _("<b>Answers</b>"),
        *(told or [_("Nobody has answered yet.")]),
        _("With those whom they bring: {n}", n=number(coming + guests, _)) if guests else None,
        _("Places left: {n}", n=number(left, _)) if left is not None else None,
        *_needed(page, event, count, who),
        *(await _why_not(page, event) if counts.get(Attending.MISSED) else ()),
    )
    back = await _way_back(page, event)
    return Message(text, [[back]])


def _needed(
    page: Page,
    event: Event,
    count: Mapping[Provision, int],
    who: Sequence[tuple[Attendance, Person]],
) -> list[str | None]:
    """Return how many need what, then who; what there is not is marked."""
    if not who:
        return []
    _ = page._
    return [
        "",
        _("<b>What people need who go or may go</b>"),
        *(
            _("{need}: {n}", need=words.provision(one, _), n=number(count[one], _))
            for one in Provision
            if count[one]
        ),
        "",
        *(_who_needs(page, event, answer, guest) for answer, guest in who[:MOST_NAMES]),
        _.ngettext("… and {n} more", "… and {n} more", len(who) - MOST_NAMES)
        if len(who) > MOST_NAMES
        else None,
    ]


async def _why_not(page: Page, event: Event) -> list[str | None]:
    """Return why people could not come, as counts that show nobody."""
    _ = page._
    table = await missing.reasons(page.session, page.reader, event.ref, page.now)
    told = [
        _("{why}: {n}", why=words.why(why, _), n=number(count, _))
        for why, count in table.cells.items()
        if why is not None and isinstance(count, int) and count
    ]
    return [
        "",
        _("<b>Why people could not come</b>"),
        *(told or [_("Fewer than five people have given the same reason.")]),
    ]


def _who_needs(page: Page, event: Event, answer: Attendance, guest: Person) -> Html:
    _ = page._
    missing = lacking(details_of(event), answer.needs, guest)
    needs = join([words.provision(Provision(one), _) for one in answer.needs], _)
    name = guest.name or "?"
    if missing:
        return _("⚠️ {name}: {needs}", name=name, needs=needs)
    return _("{name}: {needs}", name=name, needs=needs)


async def ticks(page: Page, ref: str, at: int) -> Message:
    """Show a page of everybody who answered, each with a button to tick."""
    _ = page._
    event = await find(page.session, Event, ref)
    guests = await attendance.guest_list(page.session, page.reader, ref, page.now)
    shown, turning = page_of(guests, at, PER_PAGE, lambda to: Ticks(ref=ref, at=to), _)
    rows = [
        [Button(_guest_label(answer, guest, _), Tick(ref=ref, person=guest.ref, at=at))]
        for answer, guest in shown
    ]
    came = sum(answer.state == Attending.ATTENDED for answer, _guest in guests)
    text = lines(
        _("<b>Who came?</b>"),
        _("Tap a name: the person came. Tap it again: the person did not come."),
        _("Came: {came} of {all}", came=number(came, _), all=number(len(guests), _))
        if guests
        else _("Nobody has answered yet."),
    )
    back = await _way_back(page, event)
    others = []
    are_open = any(answer.state == Attending.GOING for answer, _guest in guests)
    if are_open and event.is_over(page.now):
        others.append(Button(_.label("button", "❌ Nobody else came"), NobodyElse(ref=ref)))
    return Message(text, [*rows, turning, others, [back]])


async def _way_back(page: Page, event: Event) -> Button:
    """Return the way to the event as the reader looks after it."""
    by = await roles.host(page.session, page.reader, event, page.now)
    to = HostedEvent(ref=event.ref) if by is Who.HOST else PlannedEvent(ref=event.ref)
    return Button(page._.label("button", "Back to the event"), to)


def _guest_label(answer: Attendance, guest: Person, _: Translator) -> str:
    name = guest.name or "?"
    if answer.guests:
        name = _.label("guest", "{name} +{n}", name=name, n=answer.guests)
    if answer.state == Attending.ATTENDED:
        return _.label("guest", "✅ {name}", name=name)
    if answer.state == Attending.MISSED:
        return _.label("guest", "❌ {name}", name=name)
    said = words.attending(answer.state, _)
    if answer.by_phone:
        return _.label("guest", "☎️ {name} ({said})", name=name, said=said)
    return _.label("guest", "▫️ {name} ({said})", name=name, said=said)


CARDS = {"guests.answers": answers, "guests.ticks": ticks}


def setup() -> Router:
    """Take the buttons of answers and ticks; whose they are is asked with each."""
    router = Router(name="guests")
    router.callback_query.register(answers_opened, Answers.filter())
    router.callback_query.register(ticks_opened, Ticks.filter())
    router.callback_query.register(ticked, Tick.filter())
    router.callback_query.register(closed, NobodyElse.filter())
    return router
