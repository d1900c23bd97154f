"""A word to members who have not been here for long, and the question how they would go on."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, silences
from community.people import Person
from community.silences import Answer
from handlers import menu
from handlers.replies import Button, Message, Network, Page, Replies, edit, lines, toast
from handlers.resting import Stop, last_day
from locales import Translator


class GoOn(CallbackData, prefix="ke"):
    """How somebody goes on who was not here for long; "undo" takes the answer back."""

    act: str


UNDO = "undo"


async def answered(
    query: Any,
    callback_data: GoOn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Do it at once, and say how it can be taken back."""
    act, zone = callback_data.act, person.local_zone(network.zone)
    if act == UNDO:
        await silences.take_back(session, person, now, zone)
        await attendance.welcome_back(session, person, now, default_zone=network.zone)
        return [edit("silence.question")]
    if act not in [*Answer]:
        return [toast("old_button")]
    await silences.answer(session, person, Answer(act), now, zone)
    return [edit("silence.said")]


async def silence(page: Page, *, asks: bool) -> Message | None:
    """Say what there is, or ask; nothing to whoever has been here meanwhile."""
    found = await silences.of(page.session, page.reader)
    seen_at = page.reader.seen_at
    if seen_at is not None and seen_at > found.nudged_at:
        return None
    return await question(page) if asks else _what_there_is(page._)


def _what_there_is(_: Translator) -> Message:
    text = lines(
        _("👋 We have not seen you for a while. You are welcome any time."),
        _("Here is what there is. If one message a month is enough for you, say so under /me."),
    )
    rows = [
        [
            Button(_.label("button", "📅 Events"), menu.Menu(to="events")),
            Button(_.label("button", "🤝 Support"), menu.Menu(to="support")),
        ],
        [Button(_.label("button", "👤 About me"), menu.Menu(to="me"))],
    ]
    return Message(text, rows)


async def question(page: Page) -> Message:
    """Ask how they would like to go on."""
    _ = page._
    text = lines(
        _("How would you like to go on with us? Every answer is fine."),
        _("If you do not answer, nothing changes, and we do not ask again."),
    )
    rows = [
        [Button(_.label("button", "🙂 I stay as I am"), GoOn(act=Answer.STAY))],
        [Button(_.label("button", "🗞 One message a month"), GoOn(act=Answer.DIGEST))],
        [Button(_.label("button", "🌙 A break of 8 weeks"), GoOn(act=Answer.PAUSE))],
        [Button(_.label("button", "Leave the network"), Stop(act="leave"))],
    ]
    return Message(text, rows)


async def said(page: Page) -> Message:
    """Confirm what is so now, with the way back."""
    _ = page._
    found = await silences.of(page.session, page.reader)
    if found.answer is None:
        return await question(page)
    told = _("🙂 Good that you stay. Everything is as it was.")
    if found.answer == Answer.DIGEST:
        told = _("🗞 From now on news comes gathered, in one message a month.")
    if found.answer == Answer.PAUSE and page.reader.paused_until:
        told = _("🌙 You have a break until {day}.", day=last_day(page))
    undo = Button(_.label("button", "↩️ Take it back"), GoOn(act=UNDO))
    return Message(told, [[undo], [menu.button(_)]])


CARDS = {
    silences.KIND: silence,
    "silence.question": question,
    "silence.said": said,
}


def setup() -> Router:
    """Take the answers."""
    router = Router(name="silences")
    router.callback_query.register(answered, GoOn.filter())
    return router
