"""Finding support: the list for a need or for typed words, and the filters that narrow it.

What is chosen stands in the buttons themselves, a shared place too (to about a hundred metres): so
it is used, and kept nowhere. Typed words are kept in the conversation, like any half-filled form.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aiogram import F, Router
from aiogram.filters import Filter, StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, translations
from community.areas import Area
from community.base import find
from community.errors import NotFoundError
from community.needs import Need
from community.people import Person
from community.providers import Fit, Format, Found, Look, Miss, Point, Reader, spelling
from community.translations import Reads
from handlers import menu, words
from handlers.content import area_choices
from handlers.filters import Fits
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.words import SPOKEN
from locales import OFFERED, Html, Translator, distance, language_name, translator_for

FREE, FACE, ONLINE, OPEN = "f", "p", "o", "n"
"""What is asked of a service, in one letter each."""
ANYWHERE = ""


class Looking(StatesGroup):
    """Words and places that somebody sends now are what they look for."""

    around = State()


LASTS = timedelta(hours=1)
"""After so long, words that somebody sends are no search any more."""


class OfNeed(CallbackData, prefix="sq"):
    """The services for a need, or for the words that were typed if it is empty; and filters."""

    need: str = ""
    language: str = ""
    place: str = ANYWHERE
    """An area's reference, or a point (``at``)."""
    has: str = ""
    page: int = 0

    @property
    def point(self) -> Point | None:
        """Return the point that was shared."""
        if not self.place.startswith("@"):
            return None
        north, _, east = self.place[1:].partition(".")
        if not (north.isdecimal() and east.isdecimal()):
            return None
        point = int(north) / 1000 - 90, int(east) / 1000 - 180
        return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None

    def but(self, **changes: Any) -> "OfNeed":
        """Return the same with other filters, from the first page on."""
        return self.model_copy(update={"page": 0, **changes})

    def turned(self, letter: str, *instead_of: str) -> "OfNeed":
        """Return the same with one demand more, or less."""
        kept = [each for each in self.has if each != letter and each not in instead_of]
        more = [] if letter in self.has else [letter]
        return self.but(has="".join(sorted({*kept, *more})))


def at(latitude: float, longitude: float) -> str:
    """Return a point as a button carries it, to about a hundred metres."""
    return f"@{round((latitude + 90) * 1000)}.{round((longitude + 180) * 1000)}"


class Choose(CallbackData, prefix="fc"):
    """Choose the language or the place (``what``: l, p) of a list."""

    what: str
    need: str = ""
    language: str = ""
    place: str = ANYWHERE
    has: str = ""


class OpenService(CallbackData, prefix="sv"):
    """One service."""

    ref: str


class Networks(CallbackData, prefix="fn"):
    """Networks and programmes that one can join."""

    page: int = 0


class Wish(CallbackData, prefix="fi"):
    """Tell me when there is a service for this need; or do not, any more."""

    need: str
    on: bool


# Handlers


class Recently(Filter):
    """Whether somebody has been looking for support within the last hour."""

    async def __call__(self, _event: Any, state: FSMContext, now: datetime) -> bool:
        """Say whether it is so."""
        since = (await state.get_data()).get("since")
        return since is not None and now - datetime.fromisoformat(since) <= LASTS


async def look_around(state: FSMContext, now: datetime, look: OfNeed, said: str = "") -> None:
    """Take words and places that are sent from now on as what somebody looks for."""
    kept = look.but(place=ANYWHERE) if look.point else look.but()
    await state.set_state(Looking.around)
    await state.set_data({"since": now.isoformat(), "look": kept.pack(), "said": said})


async def need_chosen(
    query: Any, callback_data: OfNeed, state: FSMContext, now: datetime
) -> Replies:
    """Show the services for a need, or for the words that were typed."""
    look = callback_data
    said = "" if look.need else (await state.get_data()).get("said", "")
    if look.need not in [*Need] and not said:
        return [edit("support.needs") if look.point and not look.need else toast("old_button")]
    await look_around(state, now, look, said)
    return [edit("support.services", look=look.pack(), said=said)]


async def choosing(query: Any, callback_data: Choose) -> Replies:
    """Offer languages or places to choose from."""
    if callback_data.what not in ("l", "p"):
        return [toast("old_button")]
    return [edit("support.choose", chosen=callback_data.pack())]


async def typed(message: Incoming, state: FSMContext, now: datetime) -> Replies:
    """Look for what somebody has typed."""
    said = (message.text or "").strip()[:200]
    before = OfNeed.unpack((await state.get_data())["look"])
    look = before.but(need="")
    await look_around(state, now, look, said)
    return [say("support.services", look=look.pack(), said=said)]


async def shared(message: Incoming, state: FSMContext, now: datetime) -> Replies:
    """Put what is nearest to a shared place first. The place is not kept."""
    assert message.location is not None
    data = await state.get_data()
    place = at(message.location.latitude, message.location.longitude)
    look, said = OfNeed.unpack(data["look"]).but(place=place), data.get("said", "")
    await look_around(state, now, look, said)
    if not look.need and not said:
        return [say("support.needs", place=place)]
    return [say("support.services", look=look.pack(), said=said)]


async def wished(
    query: Any,
    callback_data: Wish,
    session: AsyncSession,
    person: Person,
    now: datetime,
    _: Translator,
) -> Replies:
    """Keep that somebody wants to hear of a service, or forget it."""
    if callback_data.need not in [*Need]:
        return [toast("old_button")]
    need = Need(callback_data.need)
    if callback_data.on:
        await providers.wish(session, person, need, _.language, now)
    else:
        await providers.unwish(session, person, need)
    return [edit("support.wish", need=need.value)]


# The list


async def services_card(page: Page, look: str, said: str = "") -> Message:
    """Show the services that fit: those in the reader's language first, honestly named."""
    _ = page._
    asked = OfNeed.unpack(look)
    scores = await providers.search(page.session, said) if said else None
    found = await _find(page, asked, scores)
    if asked.page and not found.fits:
        asked = asked.but()
        found = await _find(page, asked, scores)
    is_plain = not (asked.language or asked.place or asked.has)
    heading = (
        _("<b>{need}</b>", need=words.need(Need(asked.need), _))
        if asked.need
        else _("<b>You look for: {words}</b>", words=said)
    )
    meant = _meant(said) if said and not asked.page else []
    told = await _told(page, asked, found, said, is_plain=is_plain, meant=bool(meant))
    rows = [[Button(words.need(need, _), OfNeed(need=need.value))] for need in meant]
    rows += await _services(page, found)
    rows += [_turning(asked, found.total, _)]
    if not is_plain and not found.fits:
        rows.append([Button(_.label("button", "Show all"), OfNeed(need=asked.need))])
    if found.fits or not is_plain:
        rows += await _filters(page, asked)
    if asked.need and is_plain and providers.miss_of(found):
        rows += await _wish(page, Need(asked.need))
    if not found.fits:
        rows.append([Button(_.label("button", "👥 Networks you can join"), Networks())])
        if said:
            rows.append([Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())])
    rows.append([Button(_.label("button", "Other needs"), Needs())])
    return Message(lines(heading, "", *told), [*rows, [menu.button(_)]])


class Needs(CallbackData, prefix="sy"):
    """The list of needs."""


async def _find(page: Page, asked: OfNeed, scores: Mapping[int, float] | None) -> Found:
    wanted = Look(
        need=Need(asked.need) if asked.need else None,
        language=asked.language or None,
        area_id=await _area_id(page, asked),
        is_free=FREE in asked.has,
        format=Format.FACE
        if FACE in asked.has
        else Format.ONLINE
        if ONLINE in asked.has
        else None,
        is_open_now=OPEN in asked.has,
        point=asked.point,
    )
    return await providers.find_services(
        page.session,
        wanted,
        reader_of(page),
        page.now,
        zone=page.network.zone,
        page=max(asked.page, 0),
        scores=scores,
    )


def reader_of(page: Page) -> Reader:
    """Return for whom services are ranked."""
    return Reader(page.reads.own, page.reader.area_id)


async def _area_id(page: Page, asked: OfNeed) -> int | None:
    if not asked.place or asked.point:
        return None
    try:
        return (await find(page.session, Area, asked.place)).id
    except NotFoundError:
        return None


async def _told(
    page: Page, asked: OfNeed, found: Found, said: str, *, is_plain: bool, meant: bool
) -> list[Html | None]:
    """Return what the list says about itself; of what was not found, what is nearest to it."""
    _ = page._
    language = language_name(_.language, _)
    if not found.fits and said:
        if not meant:
            await _note(page, Need.OTHER, Miss.NOTHING)
            return [_("I found nothing for these words. Try others, or ask the team: /ask")]
        return [_("Perhaps you mean one of these:")]
    if not found.fits and not is_plain:
        return [_("Nothing fits all that you have chosen. Take one thing away and look again.")]
    miss = providers.miss_of(found) if asked.need and is_plain else None
    if miss:
        await _note(page, Need(asked.need), miss)
    near = await _elsewhere(page, Need(asked.need)) if miss is Miss.AREA else None
    shown = found.fits
    return [
        _("We know no service for this yet. You can write to the team: /ask")
        if not shown
        else _("✅ is given in your language: {language}", language=language)
        if found.given
        else _("Nothing is given in your language yet: {language}", language=language),
        near,
        _("What is given in your language near you takes nobody at the moment.")
        if miss is Miss.FULL
        else None,
        _("🗣 has an interpreter if you ask for one.")
        if any(fit.by_interpreter and not fit.given for fit in shown)
        else None,
        _("▫️ is in other languages only.")
        if any(not fit.given and not fit.by_interpreter for fit in shown)
        else None,
        _("💻 is online.") if any(fit.service.online for fit in shown) else None,
        _("⏸ takes nobody at the moment.") if any(fit.is_full for fit in shown) else None,
        _("🕓 has not been confirmed lately.") if any(fit.is_stale for fit in shown) else None,
        _("The nearest comes first. Where you are is not kept.") if asked.point else None,
        lines(
            "", _("You can also write in your own words what you need, or share where you are.")
        ),
    ]


async def _note(page: Page, need: Need, miss: Miss) -> None:
    await providers.note_miss(page.session, page.reader, need, page._.language, miss, page.now)


async def _elsewhere(page: Page, need: Need) -> Html:
    _ = page._
    fit = await providers.nearest(
        page.session, need, reader_of(page), page.now, zone=page.network.zone
    )
    if fit is None or fit.km is None:
        return _("What is given in your language is in another area.")
    return _(
        "What is given in your language is in another area; the nearest is {distance} away.",
        distance=distance(fit.km, page.zone, _),
    )


async def _services(page: Page, found: Found) -> list[list[Button]]:
    names = await translations.blocks(
        page.session,
        "service",
        [fit.service.id for fit in found.fits],
        page.reads,
        page.network.language,
    )
    rows = []
    for fit in found.fits:
        block = names.get(fit.service.id)
        label = _service_label(page, fit, block.get("name") if block else "?")
        rows.append([Button(label, OpenService(ref=fit.service.ref))])
    return rows


def _service_label(page: Page, fit: Fit, name: str) -> str:
    """Return a service's button: in which language, its name, how far, and what keeps it back."""
    _ = page._
    if fit.km is not None:
        far = distance(fit.km, page.zone, _)
        name = _.label("service", "{name} · {distance}", name=name, distance=far)
    marks = (("💻", fit.service.online), ("⏸", fit.is_full), ("🕓", fit.is_stale))
    name = " ".join([name, *(mark for mark, holds in marks if holds)])
    if fit.given:
        return _.label("service", "✅ {name}", name=name)
    if fit.by_interpreter:
        return _.label("service", "🗣 {name}", name=name)
    return _.label("service", "▫️ {name}", name=name)


def _turning(asked: OfNeed, total: int, _: Translator) -> list[Button]:
    turning = []
    if asked.page:
        before = asked.but(page=asked.page - 1)
        turning.append(Button(_.label("button", "Previous page"), before))
    if (asked.page + 1) * providers.PAGE < total:
        after = asked.but(page=asked.page + 1)
        turning.append(Button(_.label("button", "Next page"), after))
    return turning


async def _filters(page: Page, asked: OfNeed) -> list[list[Button]]:
    """Return the filters; each shows what is chosen."""
    _ = page._
    same = {"need": asked.need, "language": asked.language, "place": asked.place, "has": asked.has}
    language = (
        _.label("filter", "🗣 In {language}", language=language_name(asked.language, _))
        if asked.language
        else _.label("filter", "🗣 Any language")
    )
    switches = (
        (FREE, (), _.label("filter", "Free of charge")),
        (FACE, (ONLINE,), _.label("filter", "Face to face")),
        (ONLINE, (FACE,), _.label("filter", "Online")),
        (OPEN, (), _.label("filter", "Open now")),
    )
    buttons = [
        Button(
            _.label("filter", "☑️ {filter}", filter=label)
            if letter in asked.has
            else _.label("filter", "⬜ {filter}", filter=label),
            asked.turned(letter, *instead),
        )
        for letter, instead, label in switches
    ]
    place = Button(await _place(page, asked), Choose(what="p", **same))
    return [[Button(language, Choose(what="l", **same)), place], *in_rows(buttons, 2)]


async def _place(page: Page, asked: OfNeed) -> str:
    _ = page._
    if asked.point:
        return _.label("filter", "📍 Nearest to me")
    area_id = await _area_id(page, asked)
    if area_id is None:
        return _.label("filter", "📍 Anywhere")
    block = await translations.block(
        page.session, "area", area_id, page.reads, page.network.language
    )
    return _.label("filter", "📍 {area}", area=block.get("name") if block else "?")


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


# Words that mean a need


def _meant(said: str) -> list[Need]:
    """Return the needs whose names, in any language, are like these words; at most three."""
    best: dict[Need, float] = {}
    for typed in spelling.words(said):
        for word in {word for key in spelling.slips(typed) for word in _keyed().get(key, ())}:
            its_needs, likeness = _named()[word], spelling.likeness(typed, word)
            if likeness >= 0.7:
                for need in its_needs:
                    best[need] = max(best.get(need, 0), likeness / len(its_needs))
    return sorted(best, key=lambda need: -best[need])[:3]


@cache
def _keyed() -> Mapping[str, set[str]]:
    """Return the words of the needs' names by their keys."""
    keyed: dict[str, set[str]] = {}
    for word in _named():
        for key in spelling.keys(word):
            keyed.setdefault(key, set()).add(word)
    return keyed


@cache
def _named() -> Mapping[str, set[Need]]:
    """Return the words of the needs' names, in every language, each with its needs."""
    named: dict[str, set[Need]] = {}
    for language in OFFERED:
        for need in Need:
            if need is not Need.OTHER:
                for word in spelling.words(words.need(need, translator_for(language))):
                    if len(word) >= 3:
                        named.setdefault(word, set()).add(need)
    return {word: needs for word, needs in named.items() if len(needs) < 3}


# Tell me when there is something


async def _wish(page: Page, need: Need) -> list[list[Button]]:
    if not page.reader.is_member:
        return []
    _ = page._
    if await providers.wish_of(page.session, page.reader, need):
        label = _.label("button", "🔕 Do not tell me any more")
        return [[Button(label, Wish(need=need.value, on=False))]]
    label = _.label("button", "🔔 Tell me when it is there")
    return [[Button(label, Wish(need=need.value, on=True))]]


async def wish_card(page: Page, need: str) -> Message:
    """Confirm that somebody will hear of a service, or will not."""
    _ = page._
    named = words.need(Need(need), _)
    if await providers.wish_of(page.session, page.reader, Need(need)):
        text = lines(
            _(
                "🔔 We tell you once, as soon as there is help in your language near you or "
                "online: {need}",
                need=named,
            ),
            _("If nothing comes within a year, we stop looking."),
        )
    else:
        text = _("🔕 We do not look for this any more: {need}", need=named)
    rows = await _wish(page, Need(need))
    back = Button(_.label("button", "Back"), OfNeed(need=need))
    return Message(text, [*rows, [back], [menu.button(_)]])


async def found_card(page: Page, ref: str, need: str) -> Message | None:
    """Tell who waited for it that there is a service; nothing, if it is closed again."""
    _ = page._
    service = await find(page.session, providers.Service, ref)
    if not service.is_open:
        return None
    block = await translations.block(
        page.session, "service", service.id, page.reads, page.network.language
    )
    text = lines(
        _("🔔 You wanted to hear of help: {need}", need=words.need(Need(need), _)),
        _("There is something now: {name}", name=block.get("name") if block else "?"),
    )
    look = Button(_.label("button", "Look at it"), OpenService(ref=ref))
    more = Button(_.label("button", "More like this"), OfNeed(need=need))
    return Message(text, [[look], [more]])


CARDS = {
    "support.services": services_card,
    "support.choose": choose_card,
    "support.wish": wish_card,
    "service_found": found_card,
}


def setup() -> Router:
    """Take the list's buttons, and what is typed or shared while somebody looks for support."""
    router = Router(name="finding")
    looking = StateFilter(Looking.around)
    is_words = Fits(F.text & ~F.text.startswith("/"))
    router.message.register(typed, looking, is_words, Recently())
    router.message.register(shared, looking, Fits(F.location), Recently())
    router.callback_query.register(need_chosen, OfNeed.filter())
    router.callback_query.register(choosing, Choose.filter())
    router.callback_query.register(wished, Wish.filter())
    return router
