"""Who has found nothing is told when there is something."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, translations
from community.base import find
from community.needs import Need
from community.people import Person
from community.providers import ServiceWish
from handlers import menu, words
from handlers.finding_filters import area_of
from handlers.looking import ANYWHERE, OfNeed, OpenService
from handlers.replies import Button, Message, Page, Replies, edit, lines, toast
from locales import Html, Translator, language_name


class Wish(CallbackData, prefix="fi"):
    """Tell me when there is a service for this need; or do not, any more.

    In this language and area, if they were chosen; else in the reader's own.
    """

    need: str
    on: bool
    language: str = ""
    place: str = ANYWHERE


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
        chosen = callback_data.language
        language = chosen if chosen in words.SPOKEN else _.language
        area_id = await area_of(session, callback_data.place)
        await providers.wish(session, person, need, language, now, area_id=area_id)
    else:
        await providers.unwish(session, person, need)
    return [edit("support.wish", need=need.value)]


async def rows_about(
    page: Page, need: Need, asked: OfNeed | None = None, *, is_named: bool = False
) -> list[list[Button]]:
    """Return the button that wishes to be told of help for a need, or that takes it back.

    It is wished for as it was ``asked`` for; ``is_named`` says which need it is.
    """
    if not page.reader.is_member:
        return []
    _ = page._
    if await providers.wish_of(page.session, page.reader, need):
        label = _.label("button", "🔕 Do not tell me any more")
        return [[Button(label, Wish(need=need.value, on=False))]]
    label = (
        _.label("button", "🔔 Tell me when it is there: {need}", need=words.need(need, _))
        if is_named
        else _.label("button", "🔔 Tell me when it is there")
    )
    if asked is None:
        return [[Button(label, Wish(need=need.value, on=True))]]
    place = ANYWHERE if asked.point else asked.place
    wish = Wish(need=need.value, on=True, language=asked.language, place=place)
    return [[Button(label, wish)]]


async def wish_card(page: Page, need: str) -> Message:
    """Confirm that somebody will hear of a service, or will not."""
    _ = page._
    named = words.need(Need(need), _)
    wish = await providers.wish_of(page.session, page.reader, Need(need))
    if wish is not None:
        text = lines(
            await _promise(page, wish, named),
            _("If nothing comes within a year, we stop looking."),
        )
    else:
        text = _("🔕 We do not look for this any more: {need}", need=named)
    rows = await rows_about(page, Need(need))
    back = Button(_.label("button", "Back"), OfNeed(need=need))
    return Message(text, [*rows, [back], [menu.button(_)]])


async def _promise(page: Page, wish: ServiceWish, named: str) -> Html:
    """Return what is waited for: in the reader's own language and area, or as they have chosen."""
    _ = page._
    if wish.language in page.reads.every and wish.area_id == page.reader.area_id:
        return _(
            "🔔 We tell you once, as soon as there is help in your language near you or "
            "online: {need}",
            need=named,
        )
    language = language_name(wish.language, _)
    if wish.area_id is None:
        return _(
            "🔔 We tell you once, as soon as there is help in this language ({language}): {need}",
            language=language,
            need=named,
        )
    block = await translations.block(
        page.session, "area", wish.area_id, page.reads, page.network.language
    )
    return _(
        "🔔 We tell you once, as soon as there is help in this language ({language}), in this "
        "place ({area}) or online: {need}",
        language=language,
        area=block.get("name") if block else "?",
        need=named,
    )


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


CARDS = {"support.wish": wish_card, "service_found": found_card}


def setup() -> Router:
    """Take the buttons of wishes."""
    router = Router(name="wishes")
    router.callback_query.register(wished, Wish.filter())
    return router
