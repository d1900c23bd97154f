"""Venues: where the team can meet, kept in chat, and which of them suit whom an event invites."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import venues
from community.errors import NotUnderstoodError
from community.people import Person
from community.venues import AGAINST, Reason, Suited, Venue, Why
from handlers import event_facts, planner
from handlers.areas import point
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.planner import told
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    OneVenue,
    PlannedEvent,
    Venues,
    VenuesFor,
    WhoCanCome,
    back,
    language_rows,
    router_for,
    turning_of,
)
from handlers.words import SPOKEN
from locales import Html, Translator, fold_digits, join, language_name, number

PER_PAGE = 10
SHOWN = 5
"""So many of the venues that suit an event are shown."""


class SpokenAt(CallbackData, prefix="hl"):
    """A language that is spoken at a venue: on or off."""

    ref: str
    language: str


class TakeVenue(CallbackData, prefix="hw"):
    """Let an event take place at this venue."""

    ref: str
    venue: str


# The forms


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the venue called, and where is it? Name and address."))


async def _ask_lent_by(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Who lends it? An organisation or a role, no name of a person."))


async def _ask_seats(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("How many seats does it have?"))


async def _ask_travel(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("How does one get there by bus or train, also in the evening?"))


async def _ask_safe_for(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("For whom is it a safe place? Write it as you would tell a colleague."))


async def _ask_pin(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("Where is it on the map? Share a location, or write: 48.2, 16.37"),
    )


async def _name(answering: Answering, text: str) -> Any:
    return venues.clean("name", text)


async def _lent_by(answering: Answering, text: str) -> Any:
    return venues.clean("lent_by", text)


async def _travel(answering: Answering, text: str) -> Any:
    return venues.clean("travel", text)


async def _safe_for(answering: Answering, text: str) -> Any:
    return venues.clean("safe_for", text)


async def _seats(answering: Answering, text: str) -> Any:
    digits = fold_digits(text).strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        raise NotUnderstoodError("capacity")
    return venues.clean("seats", int(digits))


FIELDS = {
    "name": Field("name", _ask_name, _name),
    "lent_by": Field("lent_by", _ask_lent_by, _lent_by, optional=True),
    "seats": Field("seats", _ask_seats, _seats, optional=True),
    "travel": Field("travel", _ask_travel, _travel, optional=True),
    "safe_for": Field("safe_for", _ask_safe_for, _safe_for, optional=True),
    "pin": Field("pin", _ask_pin, point, optional=True, takes_location=True),
}


async def _added(answering: Answering) -> Replies:
    facts = dict(answering.answers)
    name = facts.pop("name")
    venue = await venues.add(answering.session, answering.person, name, answering.now, **facts)
    return [say("venue", ref=venue.ref)]


async def _changed(answering: Answering) -> Replies:
    """Keep the one fact that was asked for; what is skipped is not said any more."""
    what, answers = answering.about["what"], answering.answers
    facts: dict[str, Any] = {what: answers.get(what)}
    if what == "pin":
        latitude, longitude = answers.get("pin") or (None, None)
        facts = {"latitude": latitude, "longitude": longitude}
    ref = answering.about["ref"]
    await venues.change(answering.session, answering.person, ref, answering.now, **facts)
    return [say("venue", ref=ref)]


NEW = Form(
    "venue.new",
    [FIELDS["name"], FIELDS["lent_by"], FIELDS["seats"]],
    _added,
    home=lambda _about: say("venues"),
)
CHANGES = {
    name: Form(
        f"venue.{name}", [field], _changed, home=lambda about: say("venue", ref=about["ref"])
    )
    for name, field in FIELDS.items()
}
FORMS = (NEW, *CHANGES.values())


# Handlers


async def list_opened(query: Any, callback_data: Venues, state: FSMContext) -> Replies:
    """Show a page of the venues, or begin a new one."""
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("venues", at=callback_data.at)]


TURNED = ("step_free", "child_care")


async def touched(
    query: Any,
    callback_data: OneVenue,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a venue, put one thing right, or forget it."""
    ref, act = callback_data.ref, callback_data.act
    venue = await venues.opened(session, person, ref, now)
    if act in CHANGES:
        return await begin(CHANGES[act], state, ref=ref, what=act)
    if act in TURNED:
        await venues.change(session, person, ref, now, **{act: not getattr(venue, act)})
    if act == "speaks":
        return [edit("venue.speaks", ref=ref)]
    if act == "remove!":
        await venues.remove(session, person, ref, now)
        return [edit("venues"), toast("venue.gone")]
    return [edit("venue", ref=ref, asked=act == "remove")]


async def spoken(
    query: Any, callback_data: SpokenAt, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note that a language is spoken at a venue, or is not."""
    ref, language = callback_data.ref, callback_data.language
    if language not in SPOKEN:
        return [toast("old_button")]
    venue = await venues.opened(session, person, ref, now)
    turned = sorted({*venue.languages} ^ {language})
    await venues.change(session, person, ref, now, languages=turned)
    return [edit("venue.speaks", ref=ref)]


async def ranked_opened(query: Any, callback_data: VenuesFor) -> Replies:
    """Show which venues suit whom an event invites."""
    return [edit("venues.for", ref=callback_data.ref, of=callback_data.of)]


async def taken(
    query: Any,
    callback_data: TakeVenue,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Let an event be there; of one date of several it is asked for which."""
    ref, venue = callback_data.ref, callback_data.venue
    return await event_facts.change(session, person, ref, event_facts.VENUE, venue, now, network)


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List a page of the venues."""
    _ = page._
    shown = await venues.every(page.session, page.reader, page.now, at, size=PER_PAGE)
    rows = [
        [
            Button(
                _.label("venue in a list", "🏠 {name}", name=_short(one.name)),
                OneVenue(ref=one.ref),
            )
        ]
        for one in shown.rows
    ]
    text = lines(
        _("🏠 <b>Venues</b>"),
        _("Where you can meet. When you plan an event, those come first that suit the invited."),
        None if shown.total else _("There is no venue yet."),
    )
    rows.append(turning_of(shown, lambda to: Venues(at=to), _))
    rows.append([Button(_.label("button", "➕ New venue"), Venues(act="new"))])
    return Message(text, [*rows, [back(_)]])


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def facts(venue: Venue, _: Translator) -> list[Html | None]:
    """Return what is known of a venue, each a line."""
    spoken_there = join([language_name(code, _) for code in venue.languages], _)
    return [
        _("🤝 Lent by: {name}", name=venue.lent_by) if venue.lent_by else None,
        _("💺 Seats: {n}", n=number(venue.seats, _)) if venue.seats else None,
        _("♿ You get in without steps.") if venue.step_free else _("🪜 There are steps."),
        _("🧸 There is child care there, or near.") if venue.child_care else None,
        _("🚌 Getting there: {travel}", travel=venue.travel) if venue.travel else None,
        _("🗣 Spoken there: {languages}", languages=spoken_there) if venue.languages else None,
        _("🛡 Safe for: {whom}", whom=venue.safe_for) if venue.safe_for else None,
        _("🗺 The place is on the map.") if venue.latitude is not None else None,
    ]


async def card(page: Page, ref: str, *, asked: bool = False) -> Message:
    """Show a venue; each thing about it is a tap away."""
    _ = page._
    venue = await venues.opened(page.session, page.reader, ref, page.now)
    text = lines(_("🏠 <b>{name}</b>", name=venue.name), *facts(venue, _))
    if asked:
        yes = Button(_.label("button", "🗑 Yes, forget it"), OneVenue(ref=ref, act="remove!"))
        no = Button(_.label("button", "Back"), OneVenue(ref=ref))
        question = _("Forget this venue? Events that are planned there stay as they are.")
        return Message(lines(text, "", question), [[yes], [no]])
    steps = (
        _.label("button", "♿ With steps")
        if venue.step_free
        else _.label("button", "♿ Without steps")
    )
    care = (
        _.label("button", "🧸 No child care")
        if venue.child_care
        else _.label("button", "🧸 Child care")
    )
    acts = [
        (_.label("button", "✏️ Name and address"), "name"),
        (_.label("button", "🤝 Who lends it"), "lent_by"),
        (_.label("button", "💺 Seats"), "seats"),
        (_.label("button", "🗺 On the map"), "pin"),
        (steps, "step_free"),
        (care, "child_care"),
        (_.label("button", "🚌 Getting there"), "travel"),
        (_.label("button", "🗣 Spoken there"), "speaks"),
        (_.label("button", "🛡 Safe for whom"), "safe_for"),
        (_.label("button", "🗑 Forget it"), "remove"),
    ]
    rows = in_rows([Button(label, OneVenue(ref=ref, act=act)) for label, act in acts], 2)
    return Message(text, [*rows, [Button(_.label("button", "All venues"), Venues())]])


async def speaks_card(page: Page, ref: str) -> Message:
    """Let the reader choose which languages are spoken at a venue."""
    _ = page._
    venue = await venues.opened(page.session, page.reader, ref, page.now)
    buttons = language_rows(
        SPOKEN, venue.languages, lambda one: SpokenAt(ref=ref, language=one), _
    )
    leaves = [Button(_.label("button", "Back"), OneVenue(ref=ref))]
    return Message(_("Which languages are spoken there?"), [*buttons, leaves])


async def ranked_card(page: Page, ref: str, of: str = planner.EVENT) -> Message:
    """Show the venues that suit whom an event invites, each with its reasons."""
    _ = page._
    event, audience = await planner.planned(page, ref, of)
    found = await venues.suited(
        page.session, page.reader, event, audience, page.now, page.network.language
    )
    shown = found[:SHOWN]
    parts: list[Html | str] = []
    for at, one in enumerate(shown, 1):
        parts += ["", _("{n}. <b>{name}</b>", n=number(at, _), name=one.venue.name)]
        parts += _reasons(one, _)
    none = _("There is no venue yet. Write one down, and you see here whom it suits.")
    text = lines(
        _("🏠 <b>Which venue suits whom you invite</b>"),
        *(parts or [none]),
        "" if shown else None,
        _("Choosing one sets the place, the map and whether there are steps.") if shown else None,
    )
    rows = [
        [
            Button(
                _.label("venue in a list", "🏠 {name}", name=_short(one.venue.name)),
                TakeVenue(ref=event.ref, venue=one.venue.ref),
            )
        ]
        for one in shown
    ]
    rows.append(
        [
            Button(_.label("button", "🧭 Who can come"), WhoCanCome(ref=ref, of=of)),
            Button(_.label("button", "All venues"), Venues()),
        ]
    )
    leaves = Button(_.label("button", "Back to the event"), PlannedEvent(ref=event.ref))
    return Message(text, [*rows, [leaves]])


def _reasons(one: Suited, _: Translator) -> list[Html | str]:
    found: list[Html | str] = [
        _("➖ {why}", why=_reason(each, _))
        if each.why in AGAINST
        else _("➕ {why}", why=_reason(each, _))
        for each in one.reasons
    ]
    if one.venue.safe_for:
        found.append(_("🛡 Safe for: {whom}", whom=one.venue.safe_for))
    return found or [_("Nothing that the invited have said speaks for it or against it.")]


def _reason(reason: Reason, _: Translator) -> Html:
    n = told(reason.people, _)
    words: Mapping[Why, Html] = {
        Why.STEP_FREE: _("There are no steps; {n} of the invited cannot climb any.", n=n),
        Why.STEPS: _("There are steps; {n} of the invited cannot climb any.", n=n),
        Why.CHILD_CARE: _("Child care is near; {n} of the invited have children with them.", n=n),
        Why.NO_CHILD_CARE: _(
            "There is no child care; {n} of the invited have children with them.", n=n
        ),
        Why.NEAR: _("Near enough for those who cannot travel far: {n}.", n=n),
        Why.FAR: _("Too far for some of the invited: {n}.", n=n),
        Why.SPOKEN: _(
            "Spoken there: {language}, the language of {n} of the invited.",
            language=language_name(reason.language, _) if reason.language else "",
            n=n,
        ),
        Why.SEATS: _("Its {n} seats are enough.", n=n),
        Why.TOO_SMALL: _("It has only {n} seats.", n=n),
    }
    return words[reason.why]


async def gone(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The venue is forgotten."))


CARDS = {
    "venues": list_card,
    "venue": card,
    "venue.speaks": speaks_card,
    "venue.gone": gone,
    "venues.for": ranked_card,
}


def setup() -> Router:
    """Take the buttons of venues, from animators only."""
    router = router_for("venues", ANIMATORS)
    router.callback_query.register(list_opened, Venues.filter())
    router.callback_query.register(touched, OneVenue.filter())
    router.callback_query.register(spoken, SpokenAt.filter())
    router.callback_query.register(ranked_opened, VenuesFor.filter())
    router.callback_query.register(taken, TakeVenue.filter())
    return router
