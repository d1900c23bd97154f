"""Places and pauses of a service: its own people say by a tap whether it takes anybody now."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community.errors import NotUnderstoodError
from community.people import Person
from community.providers import Service, entries, facts
from handlers.entry_ways import OurService, name_of
from handlers.forms import Answering, Field, Form, Question, begin, end
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
from handlers.staff import PROVIDERS, router_for
from locales import Html, Translator, day, fold_digits, number, parse_when

WEEK, MONTH = 7, 30
NO_LIMIT = "?"


class Places(CallbackData, prefix="op"):
    """The places of one service; ``act`` changes one thing about them at once."""

    ref: str
    act: str = "open"


# Asking


async def _ask_number(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("How many people can be on the way with you at the same time?"),
        [(_.label("button", "No limit"), NO_LIMIT)],
    )


async def _number(answering: Answering, text: str) -> str:
    if answering.chosen and text == NO_LIMIT:
        return ""
    count = fold_digits(text).strip()
    if not count.isascii() or not count.isdigit() or int(count) > facts.MOST_AT_ONCE:
        raise NotUnderstoodError("number")
    return count


async def _ask_day(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("From which day on do you take people again? For example: 24.11."))


async def _day(answering: Answering, text: str) -> str:
    zone = ZoneInfo(answering.network.zone)
    noon = parse_when(f"{text} 12:00", answering.now, zone, answering._.language)
    if noon is None:
        raise NotUnderstoodError("day")
    return _from_day(noon, zone)


def _from_day(moment: datetime, zone: ZoneInfo) -> str:
    """Return the beginning of a day: from then on the service takes people again."""
    return facts.told(datetime.combine(moment.astimezone(zone).date(), time(), zone))


def _form(name: str, ask: Any, read: Any, field: str) -> Form:
    async def finish(answering: Answering) -> Replies:
        ref = answering.about["ref"]
        changes = {field: answering.answers["value"]}
        await entries.change(answering.session, answering.person, ref, changes, answering.now)
        return [say("entry.places", ref=ref)]

    return Form(
        f"entry.{name}",
        [Field("value", ask, read)],
        finish,
        home=lambda about: say("entry.places", ref=about["ref"]),
    )


NUMBER = _form("capacity", _ask_number, _number, "capacity")
DAY = _form("full_until", _ask_day, _day, "full_until")

# Handlers


async def touched(
    query: Any,
    callback_data: Places,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Show the places, or change something about them, which counts at once."""
    ref, act = callback_data.ref, callback_data.act
    await end(state)
    await entries.opened_service(session, person, ref, now)
    if act == "number":
        return await begin(NUMBER, state, ref=ref)
    if act == "day":
        return await begin(DAY, state, ref=ref)
    zone = ZoneInfo(network.zone)
    changes = {
        "pause": {"is_paused": "true"},
        "resume": {"is_paused": "false"},
        "free": {"full_until": ""},
        "week": {"full_until": _from_day(now + timedelta(days=WEEK), zone)},
        "month": {"full_until": _from_day(now + timedelta(days=MONTH), zone)},
    }
    if act in changes:
        await entries.change(session, person, ref, changes[act], now)
    elif act != "open":
        return [toast("old_button")]
    return [edit("entry.places", ref=ref)]


# Cards


async def room_lines(page: Page, service: Service) -> list[Html]:
    """Say how many places are taken, and why nobody is taken, if so."""
    _ = page._
    taken = await entries.taken(page.session, service)
    told = [
        _("👥 Taken: {taken} of {all} places", taken=number(taken, _), all=_all(service, _))
        if service.capacity is not None
        else _.ngettext(
            "👥 {n} person is on the way with you; there is no limit.",
            "👥 {n} people are on the way with you; there is no limit.",
            taken,
        )
    ]
    if service.is_paused:
        told.append(_("⏸ Paused: members read that nobody is taken for now."))
    if service.full_until is not None and service.full_until > page.now:
        until = service.full_until.astimezone(ZoneInfo(page.network.zone)).date()
        told.append(
            _(
                "🚫 Full: members read that people are taken again from {day}.",
                day=day(until, _, year=page.now.year),
            )
        )
    if service.capacity is not None and taken >= service.capacity:
        told.append(_("🚫 All places are taken, so nobody new can be referred."))
    return told


def _all(service: Service, _: Translator) -> str:
    return number(service.capacity or 0, _)


async def places_card(page: Page, ref: str) -> Message:
    """Show the places of a service, with everything that can be changed by a tap."""
    _ = page._
    service = await entries.opened_service(page.session, page.reader, ref, page.now)
    name = await name_of(page, "service", service.id)
    pause = (
        Button(_.label("button", "▶️ Take people again"), Places(ref=ref, act="resume"))
        if service.is_paused
        else Button(_.label("button", "⏸ Pause"), Places(ref=ref, act="pause"))
    )
    full = [
        Button(_.label("button", "🚫 Full for a week"), Places(ref=ref, act="week")),
        Button(_.label("button", "🚫 Full for a month"), Places(ref=ref, act="month")),
        Button(_.label("button", "🚫 Full until a day"), Places(ref=ref, act="day")),
    ]
    if service.full_until is not None and service.full_until > page.now:
        full.append(Button(_.label("button", "▶️ Not full any more"), Places(ref=ref, act="free")))
    return Message(
        lines(
            Html("<b>") + name + Html("</b>"),
            *await room_lines(page, service),
            "",
            _("What you tap here counts at once."),
        ),
        [
            [Button(_.label("button", "👥 How many at once"), Places(ref=ref, act="number"))],
            [pause],
            *in_rows(full, 2),
            [Button(_.label("button", "Back"), OurService(ref=ref))],
        ],
    )


CARDS = {"entry.places": places_card}
FORMS = (NUMBER, DAY)


def setup() -> Router:
    """Take the buttons about places, from provider staff only."""
    router = router_for("places of our entry", PROVIDERS)
    router.callback_query.register(touched, Places.filter())
    return router
