"""What people answered to an event, and who came."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance
from community.attendance import Attendance
from community.attendance import State as Attending
from community.base import find
from community.events import Event
from community.people import Person
from handlers import words
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.staff import ANIMATORS, PlannedEvent, page_of, router_for
from locales import Translator, number

PER_PAGE = 8


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


# Handlers


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
    counts = await attendance.counts(page.session, event)
    told = [
        _("{state}: {n}", state=words.attending(state, _), n=number(counts[state], _))
        for state in Attending
        if counts.get(state) and state is not Attending.NONE
    ]
    left = await attendance.places_left(page.session, event)
    text = lines(
        _("<b>Answers</b>"),
        *(told or [_("Nobody has answered yet.")]),
        _("Places left: {n}", n=number(left, _)) if left is not None else None,
    )
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [[back]])


async def ticks(page: Page, ref: str, at: int) -> Message:
    """Show a page of everybody who answered, each with a button to tick."""
    _ = page._
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
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [*rows, turning, [back]])


def _guest_label(answer: Attendance, guest: Person, _: Translator) -> str:
    name = guest.name or "?"
    if answer.state == Attending.ATTENDED:
        return _.label("guest", "✅ {name}", name=name)
    if answer.state == Attending.MISSED:
        return _.label("guest", "❌ {name}", name=name)
    said = words.attending(answer.state, _)
    return _.label("guest", "▫️ {name} ({said})", name=name, said=said)


CARDS = {"guests.answers": answers, "guests.ticks": ticks}


def setup() -> Router:
    """Take the buttons of answers and ticks; only animators reach them."""
    router = router_for("guests", ANIMATORS)
    router.callback_query.register(answers_opened, Answers.filter())
    router.callback_query.register(ticks_opened, Ticks.filter())
    router.callback_query.register(ticked, Tick.filter())
    return router
