"""What leaves by itself about an event: the announcement, reminders, changes, a freed place."""

from collections.abc import Sequence

from aiogram import Router

from community import attendance, events, sends
from community.attendance import Attendance, State
from community.base import find
from community.events import Event
from community.sends import Send
from community.topics import Topic
from community.translations import Fallback
from handlers import coming, listening, pictures, reactions, repeating, topics
from handlers.attendance import (
    Calendar,
    List,
    SeriesCalendar,
    answer_rows,
    event_card,
    facts,
    heading,
    is_open,
    standing,
)
from handlers.content import block_for, by_machine, please
from handlers.replies import Button, Message, NotYetError, Page, in_rows, lines


async def invitation(page: Page, ref: str, send: str) -> Message | None:
    """Announce an event to somebody who has not answered yet."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    if mine is not None and mine.state not in attendance.UNANSWERED:
        return None
    announced = await find(page.session, Send, send)
    standing_now = await sends.current(page.session, announced)
    if standing_now is None:
        return None  # taken back meanwhile
    message = await announcement(page, event, standing_now)
    if message is None and is_open(page, event) and standing_now.fallback == Fallback.WAIT:
        raise NotYetError
    return message


async def announcement(page: Page, event: Event, announced: Send) -> Message | None:
    """Return what an announcement says, in the language its author's rule gives this reader."""
    if event.state != events.State.PUBLISHED or event.starts_at <= page.now:
        return None
    shelf = await sends.shelf(page.session, announced)
    block = shelf.choose(page.reads, page.network.language, Fallback(announced.fallback))
    if block is None:
        return None
    _ = page._
    text = lines(
        _("📣 A new event in your network"),
        "",
        heading(page, event, block),
        "",
        *facts(page, event, None),
        "",
        await standing(page, event, None),
        *pictures.in_words(page, block),
    )
    rows = [
        *await answer_rows(page, event, None),
        *await reactions.rows(page, event, for_all=True),
        await listening.of_send(page, announced, block),
        by_machine(page, "event", event.ref, block),
        await please(page, "event", event.ref, event.id, block),
        [topics.button(Topic.EVENTS, _)],
    ]
    return Message(text, rows, file=pictures.file_of(announced, page))


async def reminder(page: Page, ref: str, which: str) -> Message | None:
    """Remind of an event the person still wants to go to."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    wanted = mine is not None and mine.state in (State.GOING, State.MAYBE)
    if event.state != events.State.PUBLISHED or event.starts_at <= page.now or not wanted:
        return None
    block = await block_for(page, "event", event.id)
    _ = page._
    text = lines(
        _("⏰ A reminder: you wanted to come."),
        "",
        heading(page, event, block),
        "",
        *facts(page, event, mine),
    )
    hear = await listening.of_event(page, event, block)
    return Message(text, [*await answer_rows(page, event, mine), hear])


async def changed(
    page: Page, ref: str, lacking: bool = False, also: Sequence[str] = ()
) -> Message | None:
    """Tell that something has changed, and ask "still?".

    ``lacking``: it is about what the person needs, and nothing if that is there after all.
    ``also`` are later dates of a series that have changed with it. Of those that concern the
    person now, the first is shown and the others are named.
    """
    first = await _still_to_come(page, ref)
    missing = coming.lacks(page, *first) if first else []
    found = [first] if first and (missing or not lacking) else []
    others = [await _still_to_come(page, other) for other in also]
    found += [
        other for other in others if other and (other[1].asked_again or coming.lacks(page, *other))
    ]
    if not found:
        return None
    found.sort(key=lambda one: one[0].starts_at)
    event, mine = found[0]
    is_moved = not lacking if event.ref == ref else mine.asked_again
    named, ways = repeating.also_changed(page, [other for other, _mine in found[1:]])
    block = await block_for(page, "event", event.id)
    _ = page._
    text = lines(
        _("✏️ The time or the place of this event has changed.")
        if is_moved
        else _("✏️ This event has changed."),
        *coming.lacks(page, event, mine),
        "",
        heading(page, event, block),
        "",
        *facts(page, event, mine),
        "",
        await standing(page, event, mine),
        *named,
    )
    return Message(text, [*await answer_rows(page, event, mine), *ways])


async def _still_to_come(page: Page, ref: str) -> tuple[Event, Attendance] | None:
    """Return an event and what the reader has said, if it is to come and they may come to it."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    is_open = event.state == events.State.PUBLISHED and event.starts_at > page.now
    if mine is None or not is_open or not attendance.is_concerned(mine, event, page.now):
        return None
    return event, mine


async def cancelled(page: Page, ref: str, also: Sequence[str] = ()) -> Message | None:
    """Tell that the event does not take place, nor ``also`` these dates of the same series."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    others = [await find(page.session, Event, other) for other in also]
    block = await block_for(page, "event", event.id)
    _ = page._
    text = lines(
        _("❌ This event does not take place. We are sorry."),
        "",
        heading(page, event, block),
        "",
        facts(page, event, None)[0],
        *repeating.also_off(page, others),
    )
    calendar = Button(_.label("button", "📅 Remove it from my calendar"), Calendar(ref=event.ref))
    buttons = in_rows([calendar, Button(_.label("button", "All events"), List())])
    if event.series_id is not None:  # whoever put all dates there has them under another name
        every = _.label("button", "📅 Update my calendar")
        buttons.insert(1, [Button(every, SeriesCalendar(ref=event.ref))])
    return Message(text, buttons)


async def place_offered(page: Page, ref: str) -> Message | None:
    """Offer a freed place, with its deadline."""
    event = await attendance.visible(page.session, page.reader, ref, page.now)
    mine = await attendance.of(page.session, event, page.reader)
    if mine is None or mine.state != State.OFFERED or event.state != events.State.PUBLISHED:
        return None
    return await event_card(page, ref)


CARDS = {
    "event_invitation": invitation,
    "event_reminder": reminder,
    "event_changed": changed,
    "event_cancelled": cancelled,
    "place_offered": place_offered,
}


def setup() -> Router:
    """Take nothing: the buttons lead to the event itself."""
    return Router(name="event_notices")
