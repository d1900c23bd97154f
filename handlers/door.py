"""Being there: the code at the door, shown by hosts and read by who comes; and online."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, roles
from community.attendance import Attendance, State
from community.base import find
from community.events import Event
from community.people import Person
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import OpenEvent
from handlers.replies import Button, File, Message, Page, Replies, Reply, edit, lines, say
from handlers.staff import PlannedEvent
from locales import Html, Translator, fold_digits, moment
from reports.qr import qr_picture

NUMBER = re.compile(r"[0-9]{6}")
"""As ``attendance.open_door`` makes them."""


class Door(CallbackData, prefix="hq"):
    """The code at the door: what it is, or ("!") a new one."""

    ref: str
    act: str = ""


class Here(CallbackData, prefix="hd"):
    """I am here, and have read the code."""

    ref: str

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


class Join(CallbackData, prefix="hj"):
    """Go to an event online."""

    ref: str

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


# Handlers


async def door(
    query: Any, callback_data: Door, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Explain the code, or show a new one, which is shown this once."""
    event = await find(session, Event, callback_data.ref)
    await roles.require_host(session, person, event, now)
    if callback_data.act != "!":
        return [edit("door.about", ref=callback_data.ref)]
    token, code = await attendance.open_door(session, person, callback_data.ref, now)
    return [say("door.code", ref=callback_data.ref, token=token, code=code)]


async def here(query: Any, callback_data: Here, state: FSMContext) -> Replies:
    """Ask for the code at the door."""
    return await begin(CODE, state, ref=callback_data.ref)


async def join(
    query: Any, callback_data: Join, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Lead to an event online; from a quarter of an hour before, that is being there."""
    event = await attendance.go_online(session, person, callback_data.ref, now)
    return [edit("door.online", ref=event.ref)]


async def _ask_code(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Which number stands at the door? Write it here."))


async def _checked_in(answering: Answering) -> Replies:
    digits = fold_digits(answering.answers["code"]).replace(" ", "")
    event = await attendance.check_in_by_code(
        answering.session, answering.person, answering.about["ref"], digits, answering.now
    )
    return [say("door.welcome", ref=event.ref)]


CODE = Form(
    "door.code",
    [Field("code", _ask_code)],
    _checked_in,
    home=lambda about: say("event.card", ref=about["ref"]),
)


async def is_number(message: Incoming) -> bool | Mapping[str, Any]:
    """Say whether a message is nothing but a number as it stands at a door."""
    digits = fold_digits(message.text or "").replace(" ", "")
    return {"digits": digits} if NUMBER.fullmatch(digits) else False


async def typed(
    message: Incoming, digits: str, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note somebody as there who only types the number; elsewhere it is words like any other.

    Raises:
        NotUnderstoodError: there is another number at that door.
        DoorRefusedError: too many others have been tried, and none is for a while.
    """
    if not person.is_member:
        raise SkipHandler
    event = await attendance.expected_at(session, person, digits, now)
    if event is None:
        raise SkipHandler
    await attendance.check_in_by_code(session, person, event.ref, digits, now)
    return [say("door.welcome", ref=event.ref)]


# Cards


def rows(
    event: Event, mine: Attendance | None, now: datetime, _: Translator
) -> list[list[Button]]:
    """Return the ways to be there now, or online."""
    said = mine.state if mine is not None else State.NONE
    if event.is_online:
        label = _.label("button", "💻 Join online")
        return [[Button(label, Join(ref=event.ref))]] if said in attendance.COMES else []
    is_expected = event.code_hash is not None and said != State.ATTENDED
    if not is_expected or not attendance.is_at_the_door(event, now):
        return []
    return [[Button(_.label("button", "📍 I am here"), Here(ref=event.ref))]]


async def about(page: Page, ref: str) -> Message:
    """Say what the code at the door is for, before there is one."""
    _ = page._
    event = await find(page.session, Event, ref)
    text = lines(
        _("<b>The code at the door</b>"),
        _(
            "Show the picture, or print it. Whoever points a phone at it, or types the number, is "
            "noted as there, also without having answered."
        ),
        _("There is a code already. A new one ends it.") if event.code_hash else None,
    )
    make = _.label("button", "🔁 A new code") if event.code_hash else _.label("button", "Show it")
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [[Button(make, Door(ref=ref, act="!"))], [back]])


async def code_card(page: Page, ref: str, token: str, code: str) -> Message:
    """Show the code as a picture, a link and a number."""
    _ = page._
    event = await find(page.session, Event, ref)
    link = page.network.link(f"c-{token}")
    text = lines(
        await _title(page, event),
        _("🚪 Who is there opens this link: {link}", link=link),
        _("Or presses “I am here” under the event and types: {code}", code=code),
        _("It ends with the event."),
    )
    return Message(text, file=File("diwan.png", qr_picture(link), is_picture=True))


async def welcome(page: Page, ref: str) -> Message:
    """Say kindly that somebody is noted as there."""
    _ = page._
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    text = lines(
        _("🌿 Welcome! It is good that you are here."),
        await _title(page, event),
    )
    return Message(text, [[Button(_.label("button", "To the event"), OpenEvent(ref=ref))]])


async def join_first(page: Page) -> Message:
    """Ask somebody whom nobody knows yet to join first."""
    return Message(
        page._(
            "🌿 Welcome! Please join first: send /start. Then open the code at the door once more."
        )
    )


async def online(page: Page, ref: str) -> Message:
    """Show the link of an event to whoever goes."""
    _ = page._
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    if mine is None or mine.state not in attendance.COMES or not event.link:
        return Message(_("You get the link when you say that you are going."))
    is_there = mine.state == State.ATTENDED
    text = lines(
        await _title(page, event),
        _("🌿 Welcome! You are noted as there.")
        if is_there
        else _(
            "It begins: {when}. Please press “Join online” again then, so that you are noted as "
            "there.",
            when=moment(event.starts_at, page.zone, _, year=page.now.year),
        ),
        _("💻 The link: {link}", link=event.link),
    )
    go = Button(_.label("button", "💻 Open it"), url=event.link)
    again = Button(_.label("button", "💻 Join online"), Join(ref=ref))
    back = Button(_.label("button", "To the event"), OpenEvent(ref=ref))
    return Message(text, [[go], [] if is_there else [again], [back]])


async def _title(page: Page, event: Event) -> Html:
    block = await block_for(page, "event", event.id)
    return Html("<b>") + (block.get("title") if block else "") + Html("</b>")


FORMS = (CODE,)
CARDS = {
    "door.about": about,
    "door.code": code_card,
    "door.welcome": welcome,
    "door.join_first": join_first,
    "door.online": online,
}


def setup() -> Router:
    """Take the buttons of being there; what needs a right, the verb decides."""
    router = Router(name="door")
    router.message.register(typed, StateFilter(None), is_number)
    router.callback_query.register(door, Door.filter())
    router.callback_query.register(here, Here.filter())
    router.callback_query.register(join, Join.filter())
    return router
