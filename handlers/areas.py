"""A coordinator writes the list of areas: their names, zone and centre; some go, some close."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, providers, translations
from community.areas import Area
from community.base import find
from community.errors import NotUnderstoodError
from community.lifecycle import Who
from community.people import Person
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, Reply, edit, in_rows, lines, say
from handlers.setup_ways import SetUp, language_buttons, require_coordinator
from handlers.staff import COORDINATORS, router_for
from locales.folding import fold

NUMBER = r"[-+]?\d{1,3}(?:[.,]\d+)?"
POINT = re.compile(rf"\s*({NUMBER})(?:\s*[,;]\s*|\s+)({NUMBER})\s*")
"""Latitude and longitude, as people write them: with a decimal point or comma, in any digits."""
SIGNS = str.maketrans({"٫": ".", "،": ",", "−": "-"})


class NewArea(CallbackData, prefix="sj"):
    """Add an area."""


class OneArea(CallbackData, prefix="sa"):
    """One area; ``act`` changes one thing about it, or removes it ("!" does it)."""

    ref: str
    act: str = "open"


# Reading answers


async def _name(answering: Answering, text: str) -> str:
    return translations.clean("area", "name", text)


async def _zone(answering: Answering, text: str) -> str:
    return areas.known_zone(text)


async def point(answering: Answering, text: str) -> list[float]:
    """Return latitude and longitude, shared or typed.

    Raises:
        NotUnderstoodError: it is no point on the map.
    """
    found = POINT.fullmatch(fold(text).translate(SIGNS))
    if found is None:
        raise NotUnderstoodError("location")
    latitude, longitude = (float(part.replace(",", ".")) for part in found.groups())
    areas.place(latitude, longitude)
    return [latitude, longitude]


# Asking


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the area called? A town or a district."))


async def _ask_zone(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    here = page.network.zone
    return Question(
        _("Which time zone is it in?"),
        [(_.label("button", "{zone}, like the network", zone=here), here)],
    )


async def _ask_point(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._(
            "Where is its centre? Share a location with the paper clip, or type two numbers, for "
            "example {example}.",
            example="48.85, 2.35",
        )
    )


# Finishing


async def _made(answering: Answering) -> Replies:
    session, actor, now = answering.session, answering.person, answering.now
    latitude, longitude = answering.answers.get("point") or (None, None)
    zone = answering.answers["zone"]
    area = await areas.create(session, actor, zone, now, latitude=latitude, longitude=longitude)
    name = {"name": answering.answers["name"]}
    language, by = answering._.language, Who.COORDINATOR
    await translations.write(session, actor, "area", area.id, language, name, now, by=by)
    return [say("setup.area", ref=area.ref)]


async def _corrected(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await areas.change(
        answering.session, answering.person, ref, answering.now, **answering.answers
    )
    return [say("setup.area", ref=ref)]


def _to_area(about: Mapping[str, Any]) -> Reply:
    return say("setup.area", ref=about["ref"])


AREA = Form(
    "setup.area",
    [
        Field("name", _ask_name, _name),
        Field("zone", _ask_zone, _zone),
        Field("point", _ask_point, point, optional=True, takes_location=True),
    ],
    _made,
    home=lambda _about: say("setup.areas"),
)
CORRECTIONS = {
    "zone": Form("setup.zone", [Field("zone", _ask_zone, _zone)], _corrected, _to_area),
    "point": Form(
        "setup.point",
        [Field("point", _ask_point, point, takes_location=True)],
        _corrected,
        _to_area,
    ),
}


# Handlers


async def new_area(query: Any, state: FSMContext) -> Replies:
    """Begin an area."""
    return await begin(AREA, state)


async def touched(
    query: Any,
    callback_data: OneArea,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show one area, correct it, close or open it, or remove it after a second tap."""
    ref, act = callback_data.ref, callback_data.act
    area = await find(session, Area, ref)
    if act in CORRECTIONS:
        return await begin(CORRECTIONS[act], state, ref=ref)
    if act == "remove":
        return [edit("setup.area_removal", ref=ref)]
    if act == "remove!":
        await providers.remove_area(session, person, ref, now)
        return [edit("setup.areas")]
    if act == "is_open":
        await areas.change(session, person, ref, now, is_open=not area.is_open)
    return [edit("setup.area", ref=ref)]


# Cards


async def list_card(page: Page) -> Message:
    """List the areas."""
    await require_coordinator(page)
    _ = page._
    every = await areas.every(page.session)
    names = await translations.blocks(
        page.session, "area", [area.id for area in every], page.reads, page.network.language
    )
    rows = [
        [Button(names[area.id].get("name"), OneArea(ref=area.ref))]
        for area in every
        if area.id in names
    ]
    rows.append([Button(_.label("button", "➕ New area"), NewArea())])
    rows.append([Button(_.label("button", "Back"), SetUp())])
    return Message(_.ngettext("There is {n} area.", "There are {n} areas.", len(every)), rows)


async def area_card(page: Page, ref: str) -> Message:
    """Show one area with its names."""
    await require_coordinator(page)
    _ = page._
    area = await find(page.session, Area, ref)
    shelf = (await translations.shelves(page.session, "area", [area.id]))[area.id]
    block = shelf.choose(page.reads, page.network.language)
    text = lines(
        _("📍 <b>{name}</b>", name=block.get("name") if block else ""),
        _("Time zone: {zone}", zone=area.zone),
        _(
            "Centre: {latitude}, {longitude}",
            latitude=str(area.latitude),
            longitude=str(area.longitude),
        )
        if area.latitude is not None
        else _("The centre is not set."),
        _("Closed: nobody can choose it. Who lives there stays.") if not area.is_open else None,
        _("The name in each language:"),
    )
    rows = [
        [
            Button(_.label("button", "🕐 Time zone"), OneArea(ref=ref, act="zone")),
            Button(_.label("button", "📍 Centre"), OneArea(ref=ref, act="point")),
        ],
        [await _ending(page, area)],
    ]
    rows += in_rows(language_buttons(_, "area", ref, set(shelf.complete)), 2)
    return Message(text, [*rows, [Button(_.label("button", "All areas"), SetUp(to="areas"))]])


async def _ending(page: Page, area: Area) -> Button:
    """Return how this area can be taken from the list, or put back."""
    _, ref = page._, area.ref
    if not await providers.area_is_used(page.session, area):
        return Button(_.label("button", "🗑 Remove it"), OneArea(ref=ref, act="remove"))
    label = _.label("button", "Close it") if area.is_open else _.label("button", "Open it")
    return Button(label, OneArea(ref=ref, act="is_open"))


async def removal_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before an area is removed."""
    await require_coordinator(page)
    _ = page._
    await find(page.session, Area, ref)
    yes = Button(_.label("button", "Yes, remove it"), OneArea(ref=ref, act="remove!"))
    no = Button(_.label("button", "No"), OneArea(ref=ref))
    return Message(_("Remove this area, with its names?"), [[yes], [no]])


CARDS = {
    "setup.areas": list_card,
    "setup.area": area_card,
    "setup.area_removal": removal_card,
}
FORMS = (AREA, *CORRECTIONS.values())


def setup() -> Router:
    """Take every button of the list of areas, from coordinators only."""
    router = router_for("areas", COORDINATORS)
    router.callback_query.register(new_area, NewArea.filter())
    router.callback_query.register(touched, OneArea.filter())
    return router
