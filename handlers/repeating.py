"""Events that repeat: how often, until when, their dates; "only this one" or "from here on"."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, events, series, translations
from community.base import find
from community.errors import NotUnderstoodError
from community.events import Event
from community.people import Person
from community.series import FOR_EVER, Every, Rule
from handlers import event_facts
from handlers.drafting import CHANGES
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import OpenEvent
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
from handlers.staff import ANIMATORS, PlannedEvent, router_for
from locales import Html, Translator, clock_time, day, join, parse_day, short_day

SHOWN = 8
"""So many dates of a rule are named before it is saved."""
TIMES = (4, 8, 12)


class Repeat(CallbackData, prefix="zr"):
    """Let an event repeat: choose how often, see the dates, save; ``until`` is a day."""

    ref: str
    every: str = ""
    times: int = 0
    until: str = ""
    act: str = ""


class Scope(CallbackData, prefix="zs"):
    """Change or cancel one date alone, or with all that follow.

    ``what`` is a form of ``CHANGES``, or a fact and what was chosen of it ("kind.training").
    """

    ref: str
    what: str
    onward: bool = False


class Dates(CallbackData, prefix="zd"):
    """The dates of the series that an event belongs to; ``act`` gives its words to the others."""

    ref: str
    act: str = ""


class Copy(CallbackData, prefix="zc"):
    """Make a draft like this event."""

    ref: str


# Handlers


async def repeat_pressed(
    query: Any,
    callback_data: Repeat,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask how often, show the dates, or save."""
    ref, chosen = callback_data.ref, callback_data.every
    if chosen not in [*Every]:
        return [edit("series.often", ref=ref)]
    every, times, until = Every(chosen), callback_data.times, callback_data.until
    if callback_data.act == "until":
        return await begin(UNTIL, state, ref=ref, every=chosen)
    if callback_data.act != "save":
        return [edit("series.preview", ref=ref, every=chosen, times=times, until=until)]
    last = _day_of(until)
    await series.repeat(session, person, ref, every, now, until=last, times=times or None)
    return [edit("series.dates", ref=ref)]


async def scoped(
    query: Any,
    callback_data: Scope,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
) -> Replies:
    """Go on with what is to change, change what was chosen, or cancel from here on."""
    ref, what, onward = callback_data.ref, callback_data.what, callback_data.onward
    if what == "cancel" and onward:
        told = await series.cancel_from(session, person, ref, now)
        return [edit("plan.event", ref=ref, told=told)]
    if what not in CHANGES:
        fact, _dot, value = what.partition(".")
        return await event_facts.change(
            session, person, ref, fact, value, now, network, onward=onward
        )
    event = await find(session, Event, ref)
    source, _found = await translations.standings(session, "event", event.id)
    about = {"desk": "e", "ref": ref, "language": source, "onward": onward}
    return await begin(CHANGES[what], state, what=what, **about)


async def dates_pressed(
    query: Any,
    callback_data: Dates,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show the dates, or make the later ones like this one."""
    ref = callback_data.ref
    if callback_data.act == "share":
        await series.share(session, person, ref, now, default_zone=network.zone)
        return [edit("series.dates", ref=ref), toast("series.shared")]
    return [edit("series.dates", ref=ref)]


async def copied(
    query: Any, callback_data: Copy, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Make a draft like this event, and open it."""
    draft = await series.copy(session, person, callback_data.ref, now)
    return [edit("plan.event", ref=draft.ref)]


# The form


async def _ask_until(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("On which day is the last one at the latest? For example: 24.12."))


async def _until(answering: Answering, text: str) -> str:
    today = answering.now.date()
    found = parse_day(text, today, answering._.language)
    if found is None or found <= today:
        raise NotUnderstoodError("ends_at")
    return found.strftime("%Y%m%d")


async def _until_known(answering: Answering) -> Replies:
    about, until = answering.about, answering.answers["until"]
    return [say("series.preview", ref=about["ref"], every=about["every"], until=until)]


UNTIL = Form(
    "event.until",
    [Field("until", _ask_until, _until)],
    _until_known,
    home=lambda about: say("series.often", ref=about["ref"]),
)


# Cards


def often(every: Every, _: Translator) -> Html:
    """Say how often."""
    return {
        Every.WEEK: _("🔁 Every week"),
        Every.TWO_WEEKS: _("🔁 Every two weeks"),
        Every.MONTH: _("🔁 Every month, on the same weekday of the month"),
    }[every]


async def line(page: Page, event: Event) -> Html | None:
    """Say on an event's desk that it repeats, if it does."""
    found = await series.of_event(page.session, event)
    return often(Every(found.every), page._) if found else None


def rows(page: Page, event: Event) -> list[Button]:
    """Return the ways from an event's desk to its dates, or to repeating it, and to a copy."""
    _ = page._
    found = []
    may_repeat = event.state in (events.State.DRAFT, events.State.PUBLISHED)
    if event.series_id is not None:
        found.append(Button(_.label("button", "🔁 All dates"), Dates(ref=event.ref)))
    elif may_repeat and event.starts_at > page.now:
        found.append(Button(_.label("button", "🔁 Repeat"), Repeat(ref=event.ref)))
    return [*found, Button(_.label("button", "📄 Copy it"), Copy(ref=event.ref))]


async def often_card(page: Page, ref: str) -> Message:
    """Ask how often an event repeats."""
    _ = page._
    event = await find(page.session, Event, ref)
    choices = [
        Button(_.label("button", "Every week"), Repeat(ref=ref, every=Every.WEEK)),
        Button(_.label("button", "Every two weeks"), Repeat(ref=ref, every=Every.TWO_WEEKS)),
        Button(_.label("button", "Every month"), Repeat(ref=ref, every=Every.MONTH)),
    ]
    text = _("How often does it take place?")
    return Message(text, [*([each] for each in choices), [_to_event(event, _)]])


async def preview(page: Page, ref: str, every: str, times: int = 0, until: str = "") -> Message:
    """Show the dates before anything is saved."""
    _ = page._
    event = await find(page.session, Event, ref)
    rule = Rule(Every(every), event.starts_wall, _day_of(until))
    if times:
        rule = rule.lasting(times)
    days = rule.days(FOR_EVER, SHOWN + 1)
    at = clock_time(event.starts_at, events.zone_of(event), _)
    named = join([short_day(each, _) for each in days[:SHOWN]], _)
    text = lines(
        often(Every(every), _),
        _("🕕 Always at {time}", time=at),
        "",
        named,
        _("… and so on.") if len(days) > SHOWN else None,
        _("That would be one date only. Please choose a later day.") if len(days) < 2 else None,
        _ends(rule.until, _),
        "",
        _("Each date is an event of its own: members answer each, and you can change each."),
        _("The other dates appear when you publish this draft.")
        if event.state == events.State.DRAFT
        else None,
    )
    chosen = Repeat(ref=ref, every=every)
    lasting = [
        Button(
            _.nlabel("button", "{n} time", "{n} times", n),
            chosen.model_copy(update={"times": n}),
        )
        for n in TIMES
        if n != times
    ]
    if times or until:
        lasting.append(Button(_.label("button", "Without an end"), chosen))
    day_asked = chosen.model_copy(update={"act": "until"})
    lasting.append(Button(_.label("button", "📅 Until a day"), day_asked))
    save = Repeat(ref=ref, every=every, times=times, until=until, act="save")
    shown = [[Button(_.label("button", "✅ Save these dates"), save)]] if len(days) > 1 else []
    back = Button(_.label("button", "Back"), Repeat(ref=ref))
    return Message(text, [*shown, *in_rows(lasting, per_row=2), [back]])


def _ends(until: date | None, _: Translator) -> Html:
    if until is None:
        return _("It goes on until you cancel it.")
    return _("The last day is {day}.", day=day(until, _))


def _day_of(until: str) -> date | None:
    """Return the day that a button names.

    Raises:
        NotUnderstoodError: none; somebody has forged it.
    """
    if not until:
        return None
    try:
        return datetime.strptime(until, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise NotUnderstoodError("ends_at") from None


async def dates_card(page: Page, ref: str) -> Message:
    """Show the dates that are to come; each leads to its own desk."""
    _ = page._
    event = await find(page.session, Event, ref)
    found = await series.of_event(page.session, event)
    if found is None:
        return await often_card(page, ref)
    dates = await series.dates(page.session, found, page.now)
    counts = await attendance.counts_of(page.session, dates)
    shown = [
        Button(_date_label(each, counts[each.id].get(attendance.State.GOING, 0), _), desk(each))
        for each in dates
    ]
    may_share = any(each.starts_at > event.starts_at for each in dates)
    text = lines(
        often(Every(found.every), _),
        _ends(found.until, _),
        "",
        _("These dates are open now; later ones follow, each eight weeks ahead."),
        _("To leave out a day, open it and cancel only this one."),
        _(
            "“Later ones like this one” gives the words and details of the date you came from to "
            "all that follow."
        )
        if may_share
        else None,
    )
    share = Button(
        _.label("button", "📝 Later ones like this one"),
        Dates(ref=ref, act="share"),
    )
    return Message(
        text,
        [*in_rows(shown, per_row=2), [share] if may_share else [], [_to_event(event, _)]],
    )


def desk(event: Event) -> PlannedEvent:
    """Return the way to an event's desk."""
    return PlannedEvent(ref=event.ref)


def _date_label(event: Event, going: int, _: Translator) -> str:
    on = short_day(event.starts_at.astimezone(events.zone_of(event)).date(), _)
    if event.state == events.State.CANCELLED:
        return _.label("date in a list", "❌ {day}", day=on)
    if event.state == events.State.DRAFT:
        return _.label("date in a list", "📝 {day}", day=on)
    return _.nlabel("date in a list", "{day} ({n} going)", "{day} ({n} going)", going, day=on)


async def shared(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Done. The later dates are as this one."))


async def scope_card(page: Page, ref: str, what: str) -> Message:
    """Ask whether a change is of this date alone, or of all that follow."""
    _ = page._
    event = await find(page.session, Event, ref)
    text = lines(
        await line(page, event), "", _("Does this change concern only this date, or from here on?")
    )
    one = Scope(ref=ref, what=what)
    on = Scope(ref=ref, what=what, onward=True)
    choices = [
        [Button(_.label("button", "Only this one"), one)],
        [Button(_.label("button", "This one and all later ones"), on)],
    ]
    return Message(text, [*choices, [_to_event(event, _)]])


def cancelling(page: Page, event: Event) -> Button:
    """Return the button that cancels a date and all that follow."""
    label = page._.label("button", "This one and all later ones")
    return Button(label, Scope(ref=event.ref, what="cancel", onward=True))


def _to_event(event: Event, _: Translator) -> Button:
    return Button(_.label("button", "Back to the event"), desk(event))


# The member's side


def also_changed(
    page: Page, found: Sequence[Event]
) -> tuple[list[str | None], list[list[Button]]]:
    """Return what a notice says of later dates that changed as well, and the ways to them."""
    _ = page._
    if not found:
        return [], []
    told = _("The same goes for these later dates. Please look at each:")
    buttons = [Button(_day_and_time(page, each), OpenEvent(ref=each.ref)) for each in found]
    return ["", told], in_rows(buttons, per_row=2)


def also_off(page: Page, found: Sequence[Event]) -> list[str | None]:
    """Return what a notice says of later dates that do not take place either."""
    _ = page._
    if not found:
        return []
    named = join([_day_of_event(each, _) for each in found], _)
    return ["", _("These dates do not take place either: {days}", days=named)]


def _day_of_event(event: Event, _: Translator) -> str:
    return short_day(event.starts_at.astimezone(events.zone_of(event)).date(), _)


def _day_and_time(page: Page, event: Event) -> str:
    zone = page.zone if event.is_online else events.zone_of(event)
    at = clock_time(event.starts_at, zone, page._)
    on = short_day(event.starts_at.astimezone(zone).date(), page._)
    return page._.label("date in a list", "{day}, {time}", day=on, time=at)


FORMS = (UNTIL,)
CARDS = {
    "series.often": often_card,
    "series.preview": preview,
    "series.dates": dates_card,
    "series.shared": shared,
    "series.scope": scope_card,
}


def setup() -> Router:
    """Take every button of series; only animators reach it."""
    router = router_for("repeating", ANIMATORS)
    router.callback_query.register(repeat_pressed, Repeat.filter())
    router.callback_query.register(scoped, Scope.filter())
    router.callback_query.register(dates_pressed, Dates.filter())
    router.callback_query.register(copied, Copy.filter())
    return router
