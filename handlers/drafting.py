"""The forms that plan an event and change one thing about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, events, gaps, hosting, sends, series, translations
from community.areas import Area
from community.base import find
from community.errors import NotUnderstoodError
from community.events import Details, Event, Kind, details_of
from community.gaps import Dimension, Place
from community.needs import Need
from handlers.areas import point
from handlers.forms import Answering, Field, Finish, Form, Question
from handlers.replies import Network, Page, Replies, Reply, lines, say
from handlers.wording import unapproved, words_field
from locales import Html, Translator, city, duration, fold_digits, moment, parse_when

# Reading answers


def understood(answering: Answering, text: str, zone: str) -> datetime:
    """Return the moment that somebody typed, in UTC.

    Raises:
        NotUnderstoodError: no date can be read, or it is past.
    """
    found = parse_when(text, answering.now, ZoneInfo(zone), answering._.language)
    if found is None:
        raise NotUnderstoodError("when")
    return found


async def _title(answering: Answering, text: str) -> str:
    return translations.clean("event", "title", text)


async def _zone(answering: Answering, text: str) -> str:
    return areas.known_zone(text)


async def _when(answering: Answering, text: str) -> str:
    event = await _event_of(answering.session, answering.about)
    zone = event.zone if event else _new_in(answering.answers, answering.network)
    return understood(answering, text, zone).isoformat()


def _new_in(answers: Mapping[str, Any], network: Network) -> str:
    """Return the zone of a new event: the one that was chosen, else the network's."""
    return str(answers.get("zone", network.zone))


async def _where(answering: Answering, text: str) -> dict[str, str | None]:
    if answering.chosen:
        return {"place": await events.last_place(answering.session), "link": None}
    text = " ".join(text.split())
    is_link = text.lower().startswith(("https://", "http://"))
    place, link = (None, text) if is_link else (text, None)
    Details(answering.now.replace(tzinfo=None), "UTC", place=place, link=link).check()
    return {"place": place, "link": link}


def _whole(field: str) -> Callable[[Answering, str], Awaitable[int]]:
    async def read(answering: Answering, text: str) -> int:
        digits = fold_digits(text).strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > 6:
            raise NotUnderstoodError(field)
        return int(digits)

    return read


async def _event_of(session: AsyncSession, about: Mapping[str, Any]) -> Event | None:
    return await find(session, Event, about["ref"]) if "ref" in about else None


# Asking


async def _ask_title(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the event called? Write it in your own language."))


async def _ask_zone(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    found = await areas.zones(page.session)
    here = page.network.zone
    return Question(
        _("By which clock? Your areas have different ones."),
        [
            (_.label("button", "{city} time", city=city(ZoneInfo(zone), _)), zone)
            for zone in [*([] if here in found else [here]), *found]
        ],
    )


async def _ask_when(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    return Question(page._("When does it begin? For example: Tue 18:00, or 24.11. 18:00."))


async def _ask_where(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _ = page._
    read = None
    if "when" in answers:
        when = datetime.fromisoformat(answers["when"])
        zone = ZoneInfo(_new_in(answers, page.network))
        shown = moment(when, zone, _, year=page.now.year)
        read = (
            _("I understood: {when} ({city} time).", when=shown, city=city(zone, _))
            if "zone" in answers
            else _("I understood: {when}.", when=shown)
        )
    last = await events.last_place(page.session)
    return Question(
        lines(read, _("Where is it? Write an address, or a link that begins with https://")),
        [(last if len(last) <= 60 else last[:59] + "…", "last")] if last else [],
    )


async def _ask_capacity(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("How many people have a place? Write a number."),
            _("“Skip” means that there is no limit."),
        )
    )


async def _ask_duration(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("How long does it last? Choose, or write the minutes."),
        [
            (duration(timedelta(minutes=minutes), _), str(minutes))
            for minutes in (60, 90, 120, 180)
        ],
    )


async def _ask_pin(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Where is it on the map? Share a location, or write: 48.2, 16.37"),
            _("“Skip” takes it off the map."),
        )
    )


# Finishing


async def _create(answering: Answering) -> Replies:
    answers, network = answering.answers, answering.network
    zone = _new_in(answers, network)
    when = datetime.fromisoformat(answers["when"]).astimezone(ZoneInfo(zone))
    details = new_details(when.replace(tzinfo=None), zone, answers["where"])
    place = await _gap(answering)
    if place is not None and place.dimension is Dimension.LANGUAGE and place.key:
        details = replace(details, languages=[place.key])
    event = await events.create(
        answering.session,
        answering.person,
        details,
        {"title": answers["title"]},
        answering._.language,
        answering.now,
        source_message=answering.incoming.message_id if answering.incoming else None,
    )
    if place is not None:
        await _for_gap(answering, place, event)
    return [say("plan.event", ref=event.ref)]


async def _gap(answering: Answering) -> Place | None:
    """Return the gap for which the event is planned, if it is for one."""
    if (ref := answering.about.get("action")) is None:
        return None
    session, person, now = answering.session, answering.person, answering.now
    return (await gaps.actions.opened(session, person, ref, now)).place


async def _for_gap(answering: Answering, place: Place, event: Event) -> None:
    """Let a new event be for the need that its gap is about, in its area; note that it is it."""
    session, person, now = answering.session, answering.person, answering.now
    await gaps.actions.with_event(session, person, answering.about["action"], event, now)
    await sends.mean_for(session, person, event.ref, now, need=Need(place.need))
    if place.dimension is Dimension.AREA and (area := await session.get(Area, int(place.key))):
        await hosting.place_in(session, person, event.ref, area.ref, now)


def new_details(wall: datetime, zone: str, where: Mapping[str, str | None]) -> Details:
    """Return the facts of a new event; where there is only a link, it is one online."""
    kind = Kind.ONLINE if where["link"] else Kind.MEETING
    return Details(wall, zone, place=where["place"], link=where["link"], kind=kind)


async def _describe(answering: Answering) -> Replies:
    """Write words in the language that the animator was asked for: the event's own."""
    about = answering.about
    send = await sends.translate_event(
        answering.session,
        answering.person,
        about["ref"],
        about["language"],
        dict(answering.answers),
        answering.now,
    )
    if about.get("onward"):
        await series.share(
            answering.session,
            answering.person,
            about["ref"],
            answering.now,
            default_zone=answering.network.zone,
        )
    return [say("plan.event", ref=about["ref"]), *unapproved(send)]


async def _change(answering: Answering) -> Replies:
    """Change the one fact that was asked for; "onward" in the later dates of a series, too."""
    event = await find(answering.session, Event, answering.about["ref"])
    details, answers = details_of(event), answering.answers
    if "when" in answers:
        wall = datetime.fromisoformat(answers["when"]).astimezone(ZoneInfo(event.zone))
        details = replace(details, starts_wall=wall.replace(tzinfo=None))
    if "where" in answers:
        details = replace(details, **answers["where"], latitude=None, longitude=None)
    if answering.about["what"] == "capacity":
        details = replace(details, capacity=answers.get("capacity"))
    if answering.about["what"] == "pin":
        latitude, longitude = answers.get("pin") or (None, None)
        details = replace(details, latitude=latitude, longitude=longitude)
    if "duration" in answers:
        details = replace(details, minutes=answers["duration"])
    change = series.change_from if answering.about.get("onward") else sends.change_event
    told, send = await change(
        answering.session,
        answering.person,
        event.ref,
        details,
        answering.now,
        default_zone=answering.network.zone,
    )
    return [say("plan.event", ref=event.ref, told=told), *unapproved(send)]


def who_is_told(event: Event, told: int | None, _: Translator) -> Html | None:
    """Say how many are told of what has just been changed, and when."""
    if not told:
        return None
    if event.state == events.State.CANCELLED:
        return _.ngettext("{n} person is told.", "{n} people are told.", told)
    return _.ngettext(
        "{n} person is told in 3 minutes. Until then you can still correct it.",
        "{n} people are told in 3 minutes. Until then you can still correct it.",
        told,
    )


_TITLE, _WHEN = Field("title", _ask_title, _title), Field("when", _ask_when, _when)
_WHERE = Field("where", _ask_where, _where)


def _new(name: str, *fields: Field) -> Form:
    return Form(name, fields, _create, home=lambda _about: say("plan.events"))


NEW_EVENT = _new("event.new", _TITLE, _WHEN, _WHERE)
NEW_BY_A_CLOCK = _new("event.clock", _TITLE, Field("zone", _ask_zone, _zone), _WHEN, _WHERE)
"""Where the network's areas have different zones, it is asked which is the event's."""


async def new_event(session: AsyncSession) -> Form:
    """Return the form that plans an event in this network."""
    return NEW_BY_A_CLOCK if len(await areas.zones(session)) > 1 else NEW_EVENT


def _to_event(about: Mapping[str, Any]) -> Reply:
    return say("plan.event", ref=about["ref"])


def _one(name: str, field: Field, finish: Finish = _change) -> Form:
    """Return the form that changes one thing about an event."""
    return Form(f"event.{name}", [field], finish, home=_to_event)


CHANGES = {
    "title": _one("title", words_field("title"), _describe),
    "description": _one("text", words_field("description"), _describe),
    "when": _one("when", Field("when", _ask_when, _when)),
    "where": _one("where", Field("where", _ask_where, _where)),
    "capacity": _one(
        "places", Field("capacity", _ask_capacity, _whole("capacity"), optional=True)
    ),
    "pin": _one("pin", Field("pin", _ask_pin, point, optional=True, takes_location=True)),
    "duration": _one("long", Field("duration", _ask_duration, _whole("duration"))),
}
