"""What is tapped of the own entry: the languages of a service, and the days of its week."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community.people import Person
from community.providers import entries, hours
from handlers import entry_words, unsaved
from handlers.entry_form import CHANGE, about_field
from handlers.entry_ways import OurService
from handlers.forms import begin
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.staff import PROVIDERS, language_rows, router_for
from handlers.words import SPOKEN


class GivenIn(CallbackData, prefix="ol"):
    """A language in which the service is given, on or off, until it is saved."""

    ref: str
    code: str


class OneDay(CallbackData, prefix="od"):
    """The hours of one day."""

    ref: str
    day: str


# Handlers


async def given_turned(
    query: Any,
    callback_data: GivenIn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Turn one language of the service on or off; nothing is saved yet."""
    ref, code = callback_data.ref, callback_data.code
    row = await entries.opened_service(session, person, ref, now)
    codes = await unsaved.codes(session, state, row)
    if code == "done":
        changes = await unsaved.of(state, ref)
        if not changes:
            return [edit("entry.service", ref=ref)]
        return [edit("entry.preview", ref=ref, changes=changes)]
    if code not in SPOKEN:
        return [toast("old_button")]
    kept = [one for one in (*SPOKEN, *codes) if (one in codes) != (one == code)]
    codes = list(dict.fromkeys(kept))
    await unsaved.keep(state, ref, {**await unsaved.of(state, ref), "languages": ",".join(codes)})
    return [edit("entry.given", ref=ref, codes=codes)]


async def day_chosen(
    query: Any,
    callback_data: OneDay,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for the hours of one day."""
    row = await entries.opened_service(session, person, callback_data.ref, now)
    if callback_data.day not in hours.DAYS:
        return [toast("old_button")]
    about = await about_field(session, state, row, "hours", "")
    return await begin(CHANGE, state, **{**about, "stands": "", "day": callback_data.day})


# Cards


async def given_card(page: Page, ref: str, codes: list[str]) -> Message:
    """Choose the languages in which a service is given."""
    _ = page._
    await entries.opened_service(page.session, page.reader, ref, page.now)
    buttons = language_rows(SPOKEN, codes, lambda code: GivenIn(ref=ref, code=code), _)
    text = _("In which languages is it given? Not with an interpreter: by its own people.")
    done = Button(_.label("button", "Done"), GivenIn(ref=ref, code="done"))
    return Message(text, [*buttons, [done]])


async def hours_card(page: Page, ref: str, week: str) -> Message:
    """Choose a day, to say from when to when."""
    _ = page._
    await entries.opened_service(page.session, page.reader, ref, page.now)
    buttons = [Button(entry_words.weekday(day, _), OneDay(ref=ref, day=day)) for day in hours.DAYS]
    text = lines(
        _("<b>Hours</b>"),
        entry_words.hours(week, _) or _("Not known yet."),
        _("Which day should change?"),
    )
    return Message(
        text, [*in_rows(buttons, 2), [Button(_.label("button", "Back"), OurService(ref=ref))]]
    )


CARDS = {"entry.given": given_card, "entry.hours": hours_card}


def setup() -> Router:
    """Take the taps on languages and days, from provider staff only."""
    router = router_for("tapping our entry", PROVIDERS)
    router.callback_query.register(given_turned, GivenIn.filter())
    router.callback_query.register(day_chosen, OneDay.filter())
    return router
