"""Events out of a calendar file: the animator sends it, sees what is in it, and gets drafts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext

from community import events, series
from community.errors import FileRefusedError, NotUnderstoodError, TooLateError
from community.events import Details, wall_to_utc
from community.series import Every
from handlers import repeating
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Cards, Page, Replies, lines, say
from handlers.staff import ANIMATORS, router_for
from locales import Html, Translator, duration, moment
from reports import calendar_in
from reports.calendar_in import Found


class FromFile(CallbackData, prefix="zi"):
    """Take events out of a calendar file."""


async def pressed(query: Any, callback_data: FromFile, state: FSMContext) -> Replies:
    """Ask for the file."""
    return await begin(BRING, state)


async def _ask_file(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send a calendar file now: its name ends in .ics."),
            _("You see first what is in it; nothing is written before you say so."),
        )
    )


async def _read_file(answering: Answering, text: str) -> list[dict[str, Any]]:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    found = calendar_in.read(attached.content, answering.now, answering.network.zone)
    return [asdict(each) for each in found]


def _kept(answers: Mapping[str, Any]) -> list[Found]:
    return [Found(**{**each, "lost": tuple(each["lost"])}) for each in answers["file"]]


async def _ask_sure(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _ = page._
    found = _kept(answers)
    good = [each for each in found if not each.problem]
    told: list[str] = []
    for each in found:
        told += ["", *_told(each, page)]
    if not good:
        told += ["", _("None of it can become an event here. Send another file, or cancel.")]
        return Question(lines(*told[1:]))
    count = _.nlabel("button", "✅ Make {n} draft", "✅ Make {n} drafts", len(good))
    return Question(lines(*told[1:]), [(count, "yes")])


def _told(found: Found, page: Page) -> list[str]:
    _ = page._
    title = Html("<b>") + (found.title[:SHOWN] or "…") + Html("</b>")
    if found.problem:
        return [title, problem(found.problem, _)]
    starts = wall_to_utc(datetime.fromisoformat(found.starts_wall), found.zone)
    details = found.details()
    zone = ZoneInfo(found.zone)
    where = (found.link or "") if found.place is None else found.place
    parts: list[str] = [
        title,
        _("📅 {when}", when=moment(starts, zone, _, year=page.now.year)),
        _("⏱ {duration}", duration=duration(timedelta(minutes=details.minutes), _)),
        _("📍 {place}", place=where[:SHOWN]),
    ]
    if found.every:
        parts.append(repeating.often(Every(found.every), _))
    return [*parts, *(lost(what, _) for what in found.lost)]


SHOWN = 60
"""Of a title or a place so many characters are shown: twenty events go into one message."""


def problem(code: str, _: Translator) -> Html:
    """Say why an event of a file cannot become one here."""
    return {
        "past": _("⚠️ Left out: it is past."),
        "all_day": _("⚠️ Left out: it names a day and no time."),
        "zone": _("⚠️ Left out: its time zone is not known here."),
        "where": _("⚠️ Left out: it names no place and no link, or one that is too long."),
        "link": _("⚠️ Left out: it names no place and no link, or one that is too long."),
        "title": _("⚠️ Left out: it has no title, or one that is too long."),
        "duration": _("⚠️ Left out: it is shorter than five minutes or longer than a week."),
        "cancelled": _("⚠️ Left out: it has been cancelled."),
        "other_date": _("⚠️ Left out: one date of a repeated event that was changed alone."),
    }.get(code, _("⚠️ Left out: it cannot be read."))


def lost(code: str, _: Translator) -> Html:
    """Say what of an event is not taken along."""
    return {
        "rule": _("⚠️ It repeats in a way that we do not have: only the first date is taken."),
        "days": _("⚠️ Some of its days are left out or added. Please look at each date."),
    }.get(code, _("⚠️ Its description is too long and is left out."))


async def _sure(answering: Answering, text: str) -> str:
    if not any(not each.problem for each in _kept(answering.answers)):
        raise NotUnderstoodError("choice")
    return "yes"


async def _make(answering: Answering) -> Replies:
    """Make the drafts; what has become past meanwhile is left out."""
    for each in _kept(answering.answers):
        if each.problem:
            continue
        texts = {"title": each.title}
        if each.description:
            texts["description"] = each.description
        details: Details = each.details()
        language = each.language or answering._.language
        session, person, now = answering.session, answering.person, answering.now
        try:
            event = await events.create(session, person, details, texts, language, now)
        except TooLateError:
            continue
        if each.every:
            until = date.fromisoformat(each.until) if each.until else None
            await series.repeat(session, person, event.ref, Every(each.every), now, until=until)
    return [say("plan.events")]


BRING = Form(
    "event.file",
    [
        Field("file", _ask_file, _read_file, takes_file=True),
        Field("sure", _ask_sure, _sure, by_button=True),
    ],
    _make,
    home=lambda _about: say("plan.events"),
)
FORMS = (BRING,)
CARDS: Cards = {}


def setup() -> Router:
    """Take the way to the file; only animators reach it."""
    router = router_for("calendar_in", ANIMATORS)
    router.callback_query.register(pressed, FromFile.filter())
    return router
