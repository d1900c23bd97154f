"""Whom an event is for: everybody, or who looks for, lives in, or belongs to one thing."""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import sends
from community.audiences import EVERYBODY, audience_of
from community.base import find
from community.cohorts import Cohort
from community.events import Event
from community.needs import Need
from community.people import Person
from handlers import cohorts, wording, words
from handlers.audience import in_words
from handlers.hosting import area_rows
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.staff import ANIMATORS, EventFor, PlannedEvent, WhoCanCome, page_of, router_for
from locales import Translator

NEED, AREA, COHORT, ALL = "need", "area", "cohort", "all"


async def pressed(
    query: Any, callback_data: EventFor, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show whom it is for, what there is to choose, or take a choice."""
    ref, part, value = callback_data.ref, callback_data.part, callback_data.value
    if not part:
        return [edit("plan.whom", ref=ref)]
    if part == NEED and not value:
        return [edit("plan.whom.needs", ref=ref)]
    if part == AREA and (not value or value.isdecimal()):
        return [edit("plan.whom.areas", ref=ref, at=int(value or 0))]
    if part == COHORT and (not value or value.isdecimal()):
        return [edit("plan.whom.cohorts", ref=ref, at=int(value or 0))]
    if part == COHORT and (await find(session, Cohort, value)).goes_on is False:
        return [edit("plan.whom.cohorts", ref=ref), toast("cohort.ended")]
    if part == NEED and value in [*Need]:
        drafted = await sends.mean_for(session, person, ref, now, need=Need(value))
    elif part == AREA:
        drafted = await sends.mean_for(session, person, ref, now, area=value)
    elif part == COHORT:
        drafted = await sends.mean_for(session, person, ref, now, cohort=value)
    elif part == ALL:
        drafted = await sends.mean_for(session, person, ref, now)
    else:
        return [toast("old_button")]
    return [edit("plan.whom", ref=ref), *wording.unapproved(drafted)]


async def whom(page: Page, ref: str) -> Message:
    """Show whom an event is for, and the ways to say it."""
    _ = page._
    event = await find(page.session, Event, ref)
    audience = await audience_of(page.session, event, EVERYBODY)
    text = lines(
        _("<b>For whom is it?</b>"),
        await in_words(page, audience),
        "",
        _(
            "Others do not see it: neither in their list, nor in a group or the digest, nor by a "
            "link. Whoever has answered already keeps seeing it."
        ),
        _("It repeats: this counts for this date and all that follow.")
        if event.series_id is not None
        else None,
    )
    rows = [
        [Button(_.label("button", "🔎 What they look for"), EventFor(ref=ref, part=NEED))],
        [Button(_.label("button", "🏘 Where they live"), EventFor(ref=ref, part=AREA))],
        [Button(_.label("button", "🎒 A course"), EventFor(ref=ref, part=COHORT))],
    ]
    if event.is_for_some:
        rows.append([Button(_.label("button", "Everybody"), EventFor(ref=ref, part=ALL))])
    rows.append([Button(_.label("button", "🧭 Who can come"), WhoCanCome(ref=ref))])
    back = Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))
    return Message(text, [*rows, [back]])


async def needs(page: Page, ref: str) -> Message:
    """Choose what those look for whom it is for."""
    _ = page._
    buttons = [
        Button(words.need(need, _), EventFor(ref=ref, part=NEED, value=need.value))
        for need in Need
    ]
    return Message(_("For members who look for what?"), [*in_rows(buttons, 2), [_back(ref, _)]])


async def areas(page: Page, ref: str, at: int = 0) -> Message:
    """Choose where those live whom it is for."""
    _ = page._
    rows, turning = await area_rows(
        page, at, lambda area, to: EventFor(ref=ref, part=AREA, value=area or str(to))
    )
    text = _("For members who live where?") if rows else _("There is nothing to choose from yet.")
    return Message(text, [*rows, turning, [_back(ref, _)]])


async def of_cohorts(page: Page, ref: str, at: int = 0) -> Message:
    """Choose the cohort that it is for."""
    _ = page._
    shown, turning = page_of(
        await cohorts.choices(page),
        at,
        cohorts.MOST,
        lambda to: EventFor(ref=ref, part=COHORT, value=str(to)),
        _,
    )
    rows = [[Button(name, EventFor(ref=ref, part=COHORT, value=value))] for name, value in shown]
    text = _("For members of which course?") if rows else _("There is nothing to choose from yet.")
    return Message(text, [*rows, turning, [_back(ref, _)]])


def _back(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back"), EventFor(ref=ref))


CARDS = {
    "plan.whom": whom,
    "plan.whom.needs": needs,
    "plan.whom.areas": areas,
    "plan.whom.cohorts": of_cohorts,
}


def setup() -> Router:
    """Take the buttons that say whom an event is for; only animators reach them."""
    router = router_for("event_audience", ANIMATORS)
    router.callback_query.register(pressed, EventFor.filter())
    return router
