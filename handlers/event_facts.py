"""What else there is at an event: its kind, interpretation, the way in and there, the map."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import sends, series, speakers, translations, venues
from community.base import find
from community.events import Details, Event, Kind, details_of
from community.people import Person
from handlers import drafting, wording, words
from handlers.forms import begin
from handlers.replies import Button, Message, Network, Page, Replies, edit, in_rows, lines, toast
from handlers.staff import ANIMATORS, PlannedEvent, Speakers, language_rows, router_for
from locales import OFFERED, Html, Translator, day, join, language_name


class Fact(CallbackData, prefix="hf"):
    """One fact of an event: the page of all, its choices, or one of them taken."""

    ref: str
    fact: str = ""
    value: str = ""


# Handlers


async def pressed(
    query: Any,
    callback_data: Fact,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
) -> Replies:
    """Turn a fact on or off, take a choice, or show what there is to choose."""
    ref, fact, value = callback_data.ref, callback_data.fact, callback_data.value
    if fact == "pin":
        event = await find(session, Event, ref)
        if event.series_id is not None:
            return [edit("series.scope", ref=ref, what="pin")]
        return await begin(drafting.CHANGES["pin"], state, what="pin", ref=ref)
    if not value and fact in PAGES:
        return [edit(PAGES[fact], ref=ref)]
    return await change(session, person, ref, fact, value, now, network)


async def change(
    session: AsyncSession,
    person: Person,
    ref: str,
    fact: str,
    value: str,
    now: datetime,
    network: Network,
    *,
    onward: bool | None = None,
) -> Replies:
    """Turn a fact on or off, or take a choice.

    Of one date of several it is asked first whether of this one alone, or ``onward`` as well.
    """
    event = await find(session, Event, ref)
    before = details_of(event)
    details = CHANGED[fact](before, fact, value) if fact in CHANGED else None
    if fact == VENUE:
        details = await _at(session, person, value, before, now)
    if details is None:
        return [toast("old_button")]
    if onward is None and event.series_id is not None:
        return [edit("series.scope", ref=ref, what=f"{fact}.{_plainly(details, fact, value)}")]
    change_it = series.change_from if onward else sends.change_event
    told, send = await change_it(session, person, ref, details, now, default_zone=network.zone)
    return [edit(SHOWN_ON.get(fact, "plan.facts"), ref=ref, told=told), *wording.unapproved(send)]


def _plainly(details: Details, fact: str, value: str) -> str:
    """Return a choice so that whoever takes it twice does not take it back."""
    if fact in LISTS:
        return f"{'+' if value in getattr(details, fact) else '-'}{value}"
    return value if fact in ("kind", VENUE) else "+" if getattr(details, fact) else "-"


async def _at(
    session: AsyncSession, person: Person, venue_ref: str, details: Details, now: datetime
) -> Details:
    """Let it be at a venue: place, point on the map, and whether one gets in without steps."""
    venue = await venues.opened(session, person, venue_ref, now)
    return replace(
        details,
        place=venue.name,
        latitude=venue.latitude,
        longitude=venue.longitude,
        step_free=venue.step_free,
    )


def _kind(details: Details, fact: str, value: str) -> Details | None:
    return replace(details, kind=Kind(value)) if value in [*Kind] else None


def _in_list(details: Details, fact: str, value: str) -> Details | None:
    there, language = {*getattr(details, fact)}, value.lstrip("+-")
    if language not in OFFERED:
        return None
    is_on = ON.get(value[:1], language not in there)
    chosen: dict[str, Any] = {fact: sorted(there | {language} if is_on else there - {language})}
    return replace(details, **chosen)


def _switch(details: Details, fact: str, value: str) -> Details | None:
    chosen: dict[str, Any] = {fact: ON.get(value, not getattr(details, fact))}
    return replace(details, **chosen)


ON = {"+": True, "-": False}
"""What a choice says plainly; without it, it is the other of what holds now."""
LISTS = ("interpretation", "languages")
VENUE = "venue"
"""Where it is, as one of the venues says: several facts at once, taken in the planner."""
PAGES = {"": "plan.facts", "kind": "plan.kinds", "interpretation": "plan.interpreted"}
SHOWN_ON = {
    "interpretation": "plan.interpreted",
    "languages": "plan.spoken",
    "child_care": "plan.event",
    VENUE: "plan.event",
}
CHANGED: dict[str, Callable[[Details, str, str], Details | None]] = {
    "kind": _kind,
    **dict.fromkeys(LISTS, _in_list),
    **dict.fromkeys(("child_care", "step_free", "travel_help"), _switch),
}

# Cards


def provided(event: Event, _: Translator) -> list[Html | None]:
    """Return what sort of event it is and what it provides, each a line."""
    spoken, heard = (
        join([language_name(code, _) for code in codes], _)
        for codes in (event.languages, event.interpretation)
    )
    return [
        _("🏷 {kind}", kind=words.event_kind(event.kind, _))
        if event.kind != Kind.MEETING
        else None,
        _("🗣 Spoken there: {languages}", languages=spoken) if event.languages else None,
        _("👂 Interpreted into: {languages}", languages=heard) if event.interpretation else None,
        _("🧸 There is child care.") if event.child_care else None,
        _("♿ You get in without steps.") if event.step_free else None,
        _("🚌 There is help with the way there.") if event.travel_help else None,
    ]


async def facts_page(page: Page, ref: str, told: int | None = None) -> Message:
    """Show what else there is; each thing is a tap away."""
    _ = page._
    event = await find(page.session, Event, ref)
    there = [line for line in provided(event, _) if line is not None]
    pinned = _("🗺 The place is on the map.") if event.latitude is not None else None
    text = lines(
        _("<b>What else there is</b>"),
        *(there or [_("Nothing has been said yet.")]),
        pinned,
        drafting.who_is_told(event, told, _),
    )
    steps = (
        _.label("button", "♿ With steps")
        if event.step_free
        else _.label("button", "♿ Without steps")
    )
    travel = (
        _.label("button", "🚌 No help with the way")
        if event.travel_help
        else _.label("button", "🚌 Help with the way")
    )
    buttons = [
        Button(_.label("button", "🏷 Kind of event"), Fact(ref=ref, fact="kind")),
        Button(_.label("button", "👂 Interpretation"), Fact(ref=ref, fact="interpretation")),
        Button(steps, Fact(ref=ref, fact="step_free")),
        Button(travel, Fact(ref=ref, fact="travel_help")),
        Button(_.label("button", "🎤 Who speaks"), Speakers(ref=ref)),
    ]
    if event.place:
        buttons.append(Button(_.label("button", "🗺 On the map"), Fact(ref=ref, fact="pin")))
    return Message(text, [*in_rows(buttons, 2), [_to_event(ref, _)]])


async def who_speaks(page: Page, event: Event) -> Html | None:
    """Say whether those who are named as speakers have agreed, who has noted it, and when."""
    _ = page._
    source, found = await translations.standings(page.session, "event", event.id)
    if source not in found or not found[source].fields.get(speakers.FIELD):
        return None
    agreed = await speakers.agreement(page.session, event)
    if agreed is None:
        return _("🎤 ⚠️ Speakers are named, and nobody has noted that they agreed.")
    noted = day(agreed.at.astimezone(page.zone).date(), _)
    if agreed.by is None or not agreed.by.name:
        return _("🎤 ✅ The speakers have agreed. The team noted it on {day}.", day=noted)
    return _(
        "🎤 ✅ The speakers have agreed. {name} noted it on {day}.",
        name=agreed.by.name,
        day=noted,
    )


async def kinds(page: Page, ref: str) -> Message:
    """Choose what sort of occasion it is."""
    _ = page._
    event = await find(page.session, Event, ref)
    buttons = [
        Button(
            _chosen(words.event_kind(kind, _), kind == event.kind, _),
            Fact(ref=ref, fact="kind", value=kind.value),
        )
        for kind in Kind
    ]
    return Message(_("What kind of event is it?"), [*in_rows(buttons, 2), [_back(ref, _)]])


async def interpreted(page: Page, ref: str, told: int | None = None) -> Message:
    """Choose the languages into which is interpreted."""
    _ = page._
    event = await find(page.session, Event, ref)
    buttons = language_rows(
        OFFERED,
        event.interpretation,
        lambda code: Fact(ref=ref, fact="interpretation", value=code),
        _,
    )
    text = lines(
        _("Into which languages does somebody interpret there?"),
        drafting.who_is_told(event, told, _),
    )
    return Message(text, [*buttons, [_back(ref, _)]])


def _chosen(label: str, is_chosen: bool, _: Translator) -> str:
    return _.label("button", "✅ {language}", language=label) if is_chosen else label


def _back(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back"), Fact(ref=ref))


def _to_event(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))


CARDS: dict[str, Callable[..., Awaitable[Message | None]]] = {
    "plan.facts": facts_page,
    "plan.kinds": kinds,
    "plan.interpreted": interpreted,
}


def setup() -> Router:
    """Take the buttons of an event's further facts; only animators reach them."""
    router = router_for("event_facts", ANIMATORS)
    router.callback_query.register(pressed, Fact.filter())
    return router
