"""The lists of events: what is coming up, and what one was at."""

from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext

from community import attendance, consents, events, translations
from community.consents import Purpose
from community.events import Event
from handlers import menu
from handlers.attendance import List
from handlers.menu import OpenEvent
from handlers.replies import Button, Message, Page, Replies, edit, lines, say
from handlers.staff import turning_of
from locales import short_day

PER_PAGE = 8


class ToCome(CallbackData, prefix="zl"):
    """Show a page of what is coming up."""

    at: int = 0


class BeenAt(CallbackData, prefix="evp"):
    """Show a page of what one was at."""

    at: int = 0


# Handlers


async def list_command(message: Any, state: FSMContext) -> Replies:
    """Answer /events."""
    await state.clear()
    return [say("event.list")]


async def list_button(query: Any) -> Replies:
    """Show the list in place."""
    return [edit("event.list")]


async def turned(query: Any, callback_data: ToCome) -> Replies:
    """Show another page of what is coming up."""
    return [edit("event.list", at=callback_data.at)]


async def past_opened(query: Any, callback_data: BeenAt) -> Replies:
    """Show the events that one was at."""
    return [edit("event.past", at=callback_data.at)]


# Cards


async def event_list(page: Page, at: int = 0) -> Message:
    """Show what is coming up, the next first."""
    _ = page._
    shown = await attendance.upcoming(page.session, page.reader, page.now, at=at, size=PER_PAGE)
    if not shown.rows:
        text = _("There is no event planned at the moment.")
        if Purpose.NEWS in await consents.given(page.session, page.reader):
            text = _(
                "There is no event planned at the moment. We will tell you when there is one."
            )
        return Message(text, await _below_the_list(page))
    rows = await _event_rows(page, shown.rows)
    rows.append(turning_of(shown, lambda to: ToCome(at=to), _))
    return Message(_("<b>Events you can go to</b>"), [*rows, *await _below_the_list(page)])


async def _event_rows(page: Page, found: Sequence[Event]) -> list[list[Button]]:
    _ = page._
    titles = await translations.blocks(
        page.session, "event", [event.id for event in found], page.reads, page.network.language
    )
    return [
        [
            Button(
                _.label(
                    "event in a list",
                    "{day}: {title}",
                    day=_short_day(page, event),
                    title=titles[event.id].get("title"),
                ),
                OpenEvent(ref=event.ref),
            )
        ]
        for event in found
    ]


async def _below_the_list(page: Page) -> list[list[Button]]:
    """Return the ways to what one was at, if there is any, to a proposal, and to the menu."""
    _ = page._
    has_been = await attendance.has_been_anywhere(page.session, page.reader, page.now)
    been = [Button(_.label("button", "🕘 Events I was at"), BeenAt())] if has_been else []
    return [been, _proposing(page), [menu.button(_)]]


async def past_list(page: Page, at: int = 0) -> Message:
    """Show what one was at; each card leads to the organisations that one has met there."""
    _ = page._
    shown = await attendance.been_at(page.session, page.reader, page.now, at=at, size=PER_PAGE)
    rows = await _event_rows(page, shown.rows)
    rows.append(turning_of(shown, lambda to: BeenAt(at=to), _))
    rows.append([Button(_.label("button", "All events"), List())])
    text = lines(
        _("<b>Events you were at</b>"),
        _("Open one to talk to a support organisation that you have met there."),
    )
    return Message(text, rows)


def _proposing(page: Page) -> list[Button]:
    """Return the way for a member to propose an event."""
    label = page._.label("button", "💡 Propose an event")
    return [Button(label, menu.Propose(what="event"))] if page.reader.is_member else []


def _short_day(page: Page, event: Event) -> str:
    zone = page.zone if event.is_online else events.zone_of(event)
    return short_day(event.starts_at.astimezone(zone).date(), page._)


CARDS = {"event.list": event_list, "event.past": past_list}


def setup() -> Router:
    """Take /events, and the way to what is past."""
    router = Router(name="event_lists")
    router.message.register(list_command, Command("events"))
    router.callback_query.register(list_button, List.filter())
    router.callback_query.register(turned, ToCome.filter())
    router.callback_query.register(past_opened, BeenAt.filter())
    return router
