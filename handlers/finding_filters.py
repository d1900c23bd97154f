"""The filters that narrow a list of support, each with what is chosen."""

from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.areas import Area
from community.base import find
from community.errors import NotFoundError
from community.needs import Need
from community.providers import Format, Kind, Look
from community.translations import Reads
from handlers.content import area_choices
from handlers.looking import ANYWHERE, FACE, FREE, ONLINE, OPEN, OfNeed
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.words import SPOKEN
from locales import Translator, language_name


class Choose(CallbackData, prefix="fc"):
    """Choose the language or the place (``what``: l, p) of a list."""

    what: str
    need: str = ""
    language: str = ""
    place: str = ANYWHERE
    has: str = ""


async def choosing(query: Any, callback_data: Choose) -> Replies:
    """Offer languages or places to choose from."""
    if callback_data.what not in ("l", "p"):
        return [toast("old_button")]
    return [edit("support.choose", chosen=callback_data.pack())]


async def look_of(page: Page, asked: OfNeed, said: str) -> Look:
    """Return what is looked for. Words may name a network or a programme as well."""
    return Look(
        need=Need(asked.need) if asked.need else None,
        words=said,
        kinds=tuple(Kind) if said else (Kind.SERVICE,),
        language=asked.language or None,
        area_id=await area_id(page, asked),
        is_free=FREE in asked.has,
        format=Format.FACE
        if FACE in asked.has
        else Format.ONLINE
        if ONLINE in asked.has
        else None,
        is_open_now=OPEN in asked.has,
        is_open_first=asked.need == Need.INTERNET,
        point=asked.point,
    )


async def area_id(page: Page, asked: OfNeed) -> int | None:
    """Return the area that is chosen, if it is one."""
    return None if asked.point else await area_of(page.session, asked.place)


async def area_of(session: AsyncSession, ref: str) -> int | None:
    """Return the area of this reference, if there is one."""
    if not ref:
        return None
    try:
        return (await find(session, Area, ref)).id
    except NotFoundError:
        return None


async def rows(page: Page, asked: OfNeed) -> list[list[Button]]:
    """Return the filters; each shows what is chosen."""
    _ = page._
    same = {"need": asked.need, "language": asked.language, "place": asked.place, "has": asked.has}
    buttons = [
        Button(
            _.label("filter", "☑️ {filter}", filter=label)
            if letter in asked.has
            else _.label("filter", "⬜ {filter}", filter=label),
            asked.turned(letter, *instead),
        )
        for letter, instead, label in _switches(_)
    ]
    place = Button(await _place(page, asked), Choose(what="p", **same))
    language = Button(_language(asked, _), Choose(what="l", **same))
    return [[language, place], *in_rows(buttons, 2)]


async def kept(page: Page, asked: OfNeed) -> list[str]:
    """Return what is chosen, in words."""
    _ = page._
    return [
        *([_language(asked, _)] if asked.language else []),
        *([await _place(page, asked)] if asked.place else []),
        *(label for letter, _instead, label in _switches(_) if letter in asked.has),
    ]


def _switches(_: Translator) -> Sequence[tuple[str, tuple[str, ...], str]]:
    """Return each demand's letter, those that cannot stand beside it, and its name."""
    return (
        (FREE, (), _.label("filter", "Free of charge")),
        (FACE, (ONLINE,), _.label("filter", "Face to face")),
        (ONLINE, (FACE,), _.label("filter", "Only online")),
        (OPEN, (), _.label("filter", "Open now")),
    )


def _language(asked: OfNeed, _: Translator) -> str:
    if asked.language:
        return _.label("filter", "🗣 In {language}", language=language_name(asked.language, _))
    return _.label("filter", "🗣 Any language")


async def _place(page: Page, asked: OfNeed) -> str:
    _ = page._
    if asked.point:
        return _.label("filter", "📍 Nearest to me")
    chosen = await area_id(page, asked)
    if chosen is None:
        return _.label("filter", "📍 Anywhere")
    block = await translations.block(
        page.session, "area", chosen, page.reads, page.network.language
    )
    name = block.get("name") if block else "?"
    if FACE in asked.has:
        return _.label("filter", "📍 {area}", area=name)
    return _.label("filter", "📍 {area}, or online", area=name)


async def choose_card(page: Page, chosen: str) -> Message:
    """Offer the languages, the reader's own first; or the areas."""
    _ = page._
    of = Choose.unpack(chosen)
    asked = OfNeed(need=of.need, language=of.language, place=of.place, has=of.has)
    if of.what == "l":
        own = [*reversed(Reads(_.language).own), *([page.second] if page.second else [])]
        codes = dict.fromkeys([*own, *SPOKEN])
        named = [
            Button(language_name(code, _), asked.but(language=code))
            for code in codes
            if not code.endswith(translations.EASY)
        ]
        anything = Button(_.label("filter", "🗣 Any language"), asked.but(language=""))
        text = _("In which language should it be given? Not with an interpreter.")
        return Message(text, [[anything], *in_rows(named, 2)])
    places = [Button(name, asked.but(place=ref)) for name, ref in await area_choices(page)]
    anywhere = Button(_.label("filter", "📍 Anywhere"), asked.but(place=ANYWHERE))
    text = lines(
        _("Where should it be? What is online fits everywhere."),
        _("Or share a location with the paper clip: then the nearest comes first."),
    )
    return Message(text, [[anywhere], *in_rows(places, 2)])


CARDS = {"support.choose": choose_card}


def setup() -> Router:
    """Take the buttons that choose a language or a place."""
    router = Router(name="finding filters")
    router.callback_query.register(choosing, Choose.filter())
    return router
