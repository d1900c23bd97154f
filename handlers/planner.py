"""The planner: whom an event invites, what makes it hard for them, what else there is that day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiogram import Router

from community import events, invitees, translations
from community.audiences import EVERYBODY, Audience, audience_of
from community.base import find
from community.errors import NotFoundError
from community.events import Event
from community.figures import Cell, Hidden
from community.invitees import Invited, Said
from community.limits import Limit
from community.sends import Send
from community.workdays import is_holiday
from handlers import audience as for_whom
from handlers.content import authored, block_for
from handlers.limits import hour
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.staff import ANIMATORS, OpenSend, PlannedEvent, VenuesFor, WhoCanCome, router_for
from locales import Html, Translator, clock_time, day, language_name, number

EVENT, SEND = "e", "s"


async def opened(query: Any, callback_data: WhoCanCome) -> Replies:
    """Show who can come to an event, or to the one that a send announces."""
    return [edit("planner", ref=callback_data.ref, of=callback_data.of)]


async def planned(page: Page, ref: str, of: str) -> tuple[Event, Audience]:
    """Return the event that this is about, and whom it invites.

    Raises:
        NotFoundError: there is none.
    """
    if of == EVENT:
        event = await find(page.session, Event, ref)
        return event, await audience_of(page.session, event, EVERYBODY)
    send = await find(page.session, Send, ref)
    if send.event_id is None:
        raise NotFoundError("Event")
    return await page.session.get_one(Event, send.event_id), send.is_for


# Words


def told(cell: Cell, _: Translator) -> str:
    """Return a count of people, or what may be said of it."""
    if cell is Hidden.FEW:
        return _.label("count", "fewer than 5")
    if isinstance(cell, Hidden):
        return _.label("count", "nearly all")
    return number(cell, _)


def sentence(said: Said, total: Cell, _: Translator) -> Html:
    """Say how many of those invited say one thing."""
    n, of = told(said.people, _), told(total, _)
    if said.limit is Limit.LATE and said.value:
        return _(
            "{n} of {total} invited cannot travel after {time}.",
            n=n,
            total=of,
            time=hour(said.value, _),
        )
    return {
        Limit.DISTANCE: _("{n} of {total} invited cannot travel that far.", n=n, total=of)
        if said.met is False
        else _("{n} of {total} invited cannot travel far.", n=n, total=of),
        Limit.LATE: _("{n} of {total} invited cannot travel late.", n=n, total=of),
        Limit.MORNINGS: _("{n} of {total} invited have no time in the morning.", n=n, total=of),
        Limit.AFTERNOONS: _(
            "{n} of {total} invited have no time in the afternoon.", n=n, total=of
        ),
        Limit.EVENINGS: _("{n} of {total} invited have no time in the evening.", n=n, total=of),
        Limit.WEEKENDS: _("{n} of {total} invited have no time at weekends.", n=n, total=of),
        Limit.CHILD_CARE: _("{n} of {total} invited have children to look after.", n=n, total=of),
        Limit.STEPS: _("{n} of {total} invited cannot climb steps.", n=n, total=of),
        Limit.PHONE_ONLY: _("{n} of {total} invited have only a phone.", n=n, total=of),
        Limit.NO_DATA: _("{n} of {total} invited have little mobile data.", n=n, total=of),
        Limit.READING: _("For {n} of {total} invited, reading is hard.", n=n, total=of),
        Limit.SIGHT: _("{n} of {total} invited do not see well.", n=n, total=of),
    }[said.limit]


def remedy(limit: Limit, _: Translator) -> Html:
    """Say what would help those for whom an event does not fit."""
    return {
        Limit.DISTANCE: _("A nearer place helps, or help with the way."),
        Limit.LATE: _("It would have to end earlier."),
        Limit.MORNINGS: _("Another time of day helps."),
        Limit.AFTERNOONS: _("Another time of day helps."),
        Limit.EVENINGS: _("Another time of day helps."),
        Limit.WEEKENDS: _("A day in the week helps."),
        Limit.CHILD_CARE: _("Child care helps."),
        Limit.STEPS: _("A place without steps helps."),
        Limit.PHONE_ONLY: _("Lending computers helps."),
        Limit.NO_DATA: _("Meeting in a place helps."),
        Limit.READING: _("Reading the invitation aloud helps (“Languages and preview”)."),
        Limit.SIGHT: _("Somebody who goes there with them helps."),
    }[limit]


# The card


async def card(page: Page, ref: str, of: str = EVENT) -> Message:
    """Show whom an event invites, what it meets of their limits, and what else is on that day."""
    _ = page._
    event, audience = await planned(page, ref, of)
    invited = await invitees.look(
        page.session, page.reader, event, audience, page.now, page.network.language
    )
    heading = await block_for(page, "event", event.id)
    text = lines(
        _("<b>Who can come</b>"),
        authored(page, heading, heading.get("title")) if heading else None,
        await for_whom.in_words(page, audience),
        _("Invited: {n}", n=told(invited.total, _)),
        *await _groups(page, invited),
        "",
        *_suits(invited, _),
        *await _on_that_day(page, event),
        *_how_told(invited, _),
    )
    ways = [[Button(_.label("button", "🏠 Which venue suits them"), VenuesFor(ref=ref, of=of))]]
    if event.is_online:
        ways = []
    leaves = (
        Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
        if of == EVENT
        else Button(_.label("button", "Back to the message"), OpenSend(ref=ref))
    )
    return Message(text, [*ways, [leaves]])


async def _groups(page: Page, invited: Invited) -> list[Html]:
    _ = page._
    blocks = await translations.blocks(
        page.session,
        "area",
        [number for number in invited.areas if number is not None],
        page.reads,
        page.network.language,
    )
    names: Mapping[int | None, str] = {
        number: block.get("name") for number, block in blocks.items()
    }
    return [
        *(
            _("🗣 {language}: {n}", language=language_name(code, _), n=told(cell, _))
            for code, cell in invited.languages.items()
        ),
        *(
            _("🏘 {area}: {n}", area=names[area], n=told(cell, _))
            if area in names
            else _("🏘 Have not said where they live: {n}", n=told(cell, _))
            for area, cell in invited.areas.items()
        ),
    ]


def _suits(invited: Invited, _: Translator) -> list[Html | str]:
    """Say one sentence for each limit: first what the event does not meet."""
    if not invited.limits:
        if isinstance(invited.total, Hidden):
            return [_("They are so few that nothing is shown of what makes it hard for them.")]
        return [_("So far no difficulty has been named by five of them or more.")]
    found: list[Html | str] = []
    lacking = [said for said in invited.limits if said.met is False]
    open_ones = [said for said in invited.limits if said.met is None]
    met = [said for said in invited.limits if said.met]
    if lacking:
        found.append(_("<b>What does not fit yet</b>"))
    for said in lacking:
        found.append(_("⚠️ {what}", what=sentence(said, invited.total, _)))
        found.append(remedy(said.limit, _))
    for said in open_ones:
        found.append(_("❔ {what}", what=sentence(said, invited.total, _)))
        found.append(
            _(
                "With the place and their areas on the map you see for how many it is too far, "
                "if they are five or more."
            )
        )
    if met:
        found.append(_("<b>What this event takes care of</b>"))
    found += [_("✅ {what}", what=sentence(said, invited.total, _)) for said in met]
    return found


async def _on_that_day(page: Page, event: Event) -> list[Html | str]:
    """Warn of a public holiday, and of what else is for the same people; it stops nothing."""
    _ = page._
    found: list[Html | str] = []
    zone = events.zone_of(event)
    last = (event.ends_at - timedelta(minutes=1)).astimezone(zone).date()
    on = event.starts_wall.date()
    while on <= last:
        if is_holiday(on, page.network.country):
            holiday = day(on, _, year=page.now.year)
            found.append(_("🎌 {day} is a public holiday.", day=holiday))
        on += timedelta(days=1)
    for other in await invitees.clashes(page.session, event):
        block = await block_for(page, "event", other.id)
        found.append(
            _(
                "📅 The same people are invited that day to: {title}, {time}",
                title=block.get("title") if block else "",
                time=clock_time(other.starts_at, events.zone_of(other), _),
            )
        )
    return ["", *found] if found else []


def _how_told(invited: Invited, _: Translator) -> list[Html | str]:
    in_steps = invited.in_steps or any(said.limit is Limit.DISTANCE for said in invited.limits)
    if not in_steps:
        return []
    return ["", _("Where a number could tell who it is, it is shown in steps of five.")]


CARDS = {"planner": card}


def setup() -> Router:
    """Take the button that opens the planner; only animators reach it."""
    router = router_for("planner", ANIMATORS)
    router.callback_query.register(opened, WhoCanCome.filter())
    return router
