"""Finding support: the list for a need or for typed words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import Message as Incoming

from community import providers, translations
from community.needs import Need
from community.providers import Fit, Found, Kind, Miss
from handlers import finding_filters, menu, networks, wishes, words
from handlers.filters import Fits
from handlers.looking import (
    Looking,
    Needs,
    Networks,
    OfNeed,
    OpenService,
    Recently,
    at,
    look_around,
    reader_of,
)
from handlers.meaning import meant
from handlers.nearly import Near, button, find, missed, nearly
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import turning
from locales import Html, distance, join, language_name

# Handlers


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


# The list


NEAREST = 3
"""Of what comes nearest to what was not found, so many are named."""


async def services_card(page: Page, look: str, said: str = "") -> Message:
    """Show the services that fit: those in the reader's language first, honestly named."""
    _ = page._
    asked = OfNeed.unpack(look)
    found = await find(page, asked, said)
    if asked.page and not found.fits:
        asked = asked.but()
        found = await find(page, asked, said)
    heading = (
        _("<b>{need}</b>", need=words.need(Need(asked.need), _))
        if asked.need
        else _("<b>You look for: {words}</b>", words=said)
    )
    needs = meant(said) if said and not asked.page else []
    rows = [[Button(words.need(need, _), OfNeed(need=need.value))] for need in needs]
    if asked.narrows and not found.fits:
        near = await nearly(page, asked, said)
        told = await _told_nearly(page, asked, said, needs, near)
        if near:
            rows += await _services(page, near[0].found.fits[:NEAREST])
            rows += [[await button(page, one)] for one in near if one.asked.narrows]
        about = _about(asked, needs, near)
        if about is not Need.OTHER:
            rows += await wishes.rows_about(page, about, asked)
        rows.append([Button(_.label("button", "Show all"), OfNeed(need=asked.need))])
    else:
        told = await _told(page, asked, found, said, means_a_need=bool(needs))
        rows += await _services(page, found.fits)
        turns = turning(asked.page, providers.PAGE, found.total, lambda to: asked.but(page=to), _)
        rows.append(turns)
    if asked.narrows or found.fits:
        rows += await finding_filters.rows(page, asked)
    if asked.need and not asked.narrows and providers.miss_of(found):
        rows += await wishes.rows_about(page, Need(asked.need))
    if not found.fits:
        if not asked.narrows:
            for need in needs:
                rows += await wishes.rows_about(page, need, is_named=True)
        rows.append([Button(_.label("button", "👥 Networks you can join"), Networks())])
        if said:
            rows.append([Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())])
    rows.append([Button(_.label("button", "Other needs"), Needs())])
    return Message(lines(heading, "", *told), [*rows, [menu.button(_)]])


def _about(asked: OfNeed, needs: Sequence[Need], near: Sequence[Near]) -> Need:
    """Return the need that a choice is about: the chosen one, or what the words mean or find."""
    if asked.need:
        return Need(asked.need)
    if needs:
        return needs[0]
    return Need(near[0].found.fits[0].service.need) if near else Need.OTHER


async def _told_nearly(
    page: Page, asked: OfNeed, said: str, needs: Sequence[Need], near: Sequence[Near]
) -> list[Html | None]:
    """Return that nothing fits all that was chosen, and what is nearest to it."""
    _ = page._
    where = await finding_filters.area_id(page, asked)
    language = asked.language if asked.language in words.SPOKEN else _.language
    miss = await missed(page, asked, said)
    await _note(page, _about(asked, needs, near), miss, language, where)
    if near:
        return [
            _("Nothing fits all that you have chosen. This is nearest to it:"),
            *_marks(page, near[0].found.fits[:NEAREST]),
        ]
    if needs:
        return [_("Perhaps you mean one of these:")]
    if said:
        return [_("I found nothing for these words. Try others, or ask the team: /ask")]
    return [_("We know no service for this yet. You can write to the team: /ask")]


async def _told(
    page: Page, asked: OfNeed, found: Found, said: str, *, means_a_need: bool
) -> list[Html | None]:
    """Return what the list says about itself; of what was not found, what is nearest to it."""
    _ = page._
    if not found.fits and said:
        if means_a_need:
            return [_("Perhaps you mean one of these:")]
        await _note(page, Need.OTHER, Miss.NOTHING, _.language)
        return [_("I found nothing for these words. Try others, or ask the team: /ask")]
    miss = providers.miss_of(found) if asked.need and not asked.narrows else None
    if miss:
        await _note(page, Need(asked.need), miss, _.language)
    return [
        _("We know no service for this yet. You can write to the team: /ask")
        if not found.fits
        else _given(page, found),
        await _elsewhere(page, Need(asked.need)) if miss is Miss.AREA else None,
        _("What is given in your language near you takes nobody at the moment.")
        if miss is Miss.FULL
        else None,
        *_marks(page, found.fits),
        _near_first(page, asked) if asked.point else None,
        lines(
            "", _("You can also write in your own words what you need, or share where you are.")
        ),
    ]


def _near_first(page: Page, asked: OfNeed) -> Html:
    _ = page._
    if asked.need == Need.INTERNET:
        return _("What is open now comes first, then the nearest. Where you are is not kept.")
    return _("The nearest comes first. Where you are is not kept.")


def _given(page: Page, found: Found) -> Html:
    """Return what stands for what is given in a language of the reader's, or that nothing is."""
    _ = page._
    language = language_name(_.language, _)
    if page.second:
        both = join([language, language_name(page.second, _)], _)
        return (
            _("✅ is given in a language that you read: {languages}", languages=both)
            if found.given
            else _("Nothing is given in a language that you read yet: {languages}", languages=both)
        )
    return (
        _("✅ is given in your language: {language}", language=language)
        if found.given
        else _("Nothing is given in your language yet: {language}", language=language)
    )


def _marks(page: Page, shown: Sequence[Fit]) -> list[Html]:
    """Return what the marks in the buttons mean: of those that are there."""
    _ = page._
    meanings = (
        (any(fit.is_open for fit in shown), _("🟢 is open now.")),
        (
            any(fit.by_interpreter and not fit.given for fit in shown),
            _("🗣 has an interpreter if you ask for one."),
        ),
        (
            any(not fit.given and not fit.by_interpreter for fit in shown),
            _("▫️ is in other languages only."),
        ),
        (any(fit.service.online for fit in shown), _("💻 is online.")),
        (any(fit.is_full for fit in shown), _("⏸ takes nobody at the moment.")),
        (any(fit.is_stale for fit in shown), _("🕓 has not been confirmed lately.")),
        (any(fit.service.kind != Kind.SERVICE for fit in shown), networks.kinds(_)),
    )
    return [meaning for stands, meaning in meanings if stands]


async def _note(
    page: Page, need: Need, miss: Miss, language: str, area_id: int | None = None
) -> None:
    await providers.note_miss(
        page.session,
        page.reader,
        need,
        language,
        miss,
        page.now,
        zone=page.network.zone,
        area_id=area_id,
    )


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


async def _services(page: Page, fits: Sequence[Fit]) -> list[list[Button]]:
    names = await translations.blocks(
        page.session,
        "service",
        [fit.service.id for fit in fits],
        page.reads,
        page.network.language,
    )
    rows = []
    for fit in fits:
        block = names.get(fit.service.id)
        label = _service_label(page, fit, block.get("name") if block else "?")
        rows.append([Button(label, OpenService(ref=fit.service.ref))])
    return rows


def _service_label(page: Page, fit: Fit, name: str) -> str:
    """Return a service's button: in which language, its name, how far, and what keeps it back."""
    _ = page._
    if fit.service.kind != Kind.SERVICE:
        name = networks.named(fit.service, name, _)
    if fit.km is not None:
        far = distance(fit.km, page.zone, _)
        name = _.label("service", "{name} · {distance}", name=name, distance=far)
    marks = (
        ("🟢", fit.is_open),
        ("💻", fit.service.online),
        ("⏸", fit.is_full),
        ("🕓", fit.is_stale),
    )
    name = " ".join([name, *(mark for mark, holds in marks if holds)])
    if fit.given:
        return _.label("service", "✅ {name}", name=name)
    if fit.by_interpreter:
        return _.label("service", "🗣 {name}", name=name)
    return _.label("service", "▫️ {name}", name=name)


CARDS = {"support.services": services_card}


def setup() -> Router:
    """Take the list's buttons, and what is typed or shared while somebody looks for support."""
    router = Router(name="finding")
    looking = StateFilter(Looking.around)
    is_words = Fits(F.text & ~F.text.startswith("/"))
    router.message.register(typed, looking, is_words, Recently())
    router.message.register(shared, looking, Fits(F.location), Recently())
    router.callback_query.register(need_chosen, OfNeed.filter())
    return router
