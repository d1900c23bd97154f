"""What somebody says beside "going": whom they bring, and what they need in order to come."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, events
from community.attendance import Attendance
from community.events import Event
from community.people import Person
from community.provisions import Provision, lacking
from handlers import words
from handlers.menu import OpenEvent
from handlers.replies import Button, Message, Network, Page, Replies, Reply, edit, lines, toast
from locales import Html, Translator, join


class Bring(CallbackData, prefix="hb"):
    """So many come along; without a number it asks how many."""

    ref: str
    guests: int = -1

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


class Need(CallbackData, prefix="hn"):
    """Something is needed, or not any more; without one it shows what there is to tick."""

    ref: str
    what: str = ""

    def card(self) -> Reply:
        """Return the event as it is now."""
        return edit("event.card", ref=self.ref)


# Handlers


async def bring(
    query: Any,
    callback_data: Bring,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Ask how many come along, or note it."""
    if callback_data.guests < 0:
        return [edit("event.bring", ref=callback_data.ref)]
    await attendance.bring(
        session,
        person,
        callback_data.ref,
        callback_data.guests,
        now,
        default_zone=network.zone,
    )
    return [callback_data.card()]


async def need(
    query: Any, callback_data: Need, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Tick what is needed."""
    if callback_data.what:
        if callback_data.what not in [*Provision]:
            return [toast("old_button")]
        what = Provision(callback_data.what)
        await attendance.need(session, person, callback_data.ref, what, now)
    return [edit("event.needs", ref=callback_data.ref)]


# Cards


def told(page: Page, event: Event, mine: Attendance | None) -> list[Html | None]:
    """Return what the person has said beside "going", each a line."""
    if mine is None or mine.state not in attendance.CONCERNED:
        return []
    _ = page._
    needs = join([words.provision(Provision(one), _) for one in mine.needs], _)
    return [
        _.ngettext("👥 You bring {n} person.", "👥 You bring {n} people.", mine.guests)
        if mine.guests
        else None,
        _("🤝 You need: {needs}", needs=needs) if mine.needs else None,
        *lacks(page, event, mine),
    ]


def lacks(page: Page, event: Event, mine: Attendance | None) -> list[Html]:
    """Say what the person needs and this event does not have, each a line."""
    _ = page._
    needs = mine.needs if mine is not None else []
    if not needs:
        return []
    sentences = {
        Provision.CHILD_CARE: _("⚠️ There is no child care, and you need it."),
        Provision.INTERPRETATION: _("⚠️ Nobody interprets into your language, and you need it."),
        Provision.STEP_FREE: _("⚠️ You do not get in without steps, and you need that."),
        Provision.TRAVEL: _("⚠️ There is no help with the way there, and you need it."),
    }
    return [sentences[one] for one in lacking(events.details_of(event), needs, page.reader)]


def rows(event: Event, mine: Attendance | None, _: Translator) -> list[list[Button]]:
    """Return the ways to say more, for whoever comes or may come."""
    if mine is None or mine.state not in attendance.CONCERNED:
        return []
    more = [Button(_.label("button", "🤝 What I need"), Need(ref=event.ref))]
    if mine.state in attendance.BRINGS:
        more.insert(0, Button(_.label("button", "👥 I bring someone"), Bring(ref=event.ref)))
    return [more]


async def how_many(page: Page, ref: str) -> Message:
    """Ask how many come along."""
    _ = page._
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    choices = [
        Button(
            _.label("button", "I come alone")
            if guests == 0
            else _.nlabel("button", "{n} person", "{n} people", guests),
            Bring(ref=event.ref, guests=guests),
        )
        for guests in range(attendance.MOST_GUESTS + 1)
    ]
    text = lines(
        _("How many people come with you?"),
        _("Each of them gets a place. You need not say who they are."),
    )
    return Message(text, [[choices[0]], choices[1:], [_to_event(ref, _)]])


async def needs(page: Page, ref: str) -> Message:
    """Show what can be needed, with what is ticked."""
    _ = page._
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    ticked = mine.needs if mine is not None else []
    buttons = [
        Button(
            _.label("button", "✅ {need}", need=words.provision(one, _))
            if one in ticked
            else words.provision(one, _),
            Need(ref=ref, what=one.value),
        )
        for one in Provision
    ]
    text = lines(
        _("What do you need in order to come? Tap it; tap it again if you do not need it."),
        _("Only the organisers of this event see it, and it is deleted 30 days after."),
        *lacks(page, event, mine),
    )
    return Message(text, [*([button] for button in buttons), [_to_event(ref, _)]])


def _to_event(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "To the event"), OpenEvent(ref=ref))


CARDS = {"event.bring": how_many, "event.needs": needs}


def setup() -> Router:
    """Take what somebody says beside "going"."""
    router = Router(name="coming")
    router.callback_query.register(bring, Bring.filter())
    router.callback_query.register(need, Need.filter())
    return router
