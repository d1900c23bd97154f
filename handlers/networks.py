"""Networks and mainstream programmes that one can join: listed apart, never mixed into help."""

from typing import Any

from aiogram import Router

from community import providers, translations
from community.providers import Kind, Look, Service
from handlers import menu
from handlers.looking import Needs, Networks, OpenService, reader_of
from handlers.replies import Button, Message, Page, Replies, edit, lines
from handlers.staff import turning
from locales import Html, Translator


async def opened(query: Any, callback_data: Networks) -> Replies:
    """Show a page of networks."""
    return [edit("support.networks", at=callback_data.page)]


async def networks_card(page: Page, at: int = 0) -> Message:
    """List networks and programmes, those in the reader's language first."""
    _ = page._
    found = await providers.find_services(
        page.session,
        Look(kinds=(Kind.NETWORK, Kind.PROGRAMME)),
        reader_of(page),
        page.now,
        zone=page.network.zone,
        page=max(at, 0),
    )
    blocks = await translations.blocks(
        page.session,
        "service",
        [fit.service.id for fit in found.fits],
        page.reads,
        page.network.language,
    )
    rows = []
    for fit in found.fits:
        block = blocks.get(fit.service.id)
        name = block.get("name") if block else "?"
        rows.append([Button(named(fit.service, name, _), OpenService(ref=fit.service.ref))])
    text = _text(page, is_empty=not rows)
    pages = turning(at, providers.PAGE, found.total, lambda to: Networks(page=to), _)
    back = Button(_.label("button", "Back"), Needs())
    return Message(text, [*rows, pages, [back], [menu.button(_)]])


def named(service: Service, name: str, _: Translator) -> str:
    """Return the name of a network or a programme, with a sign that tells which it is."""
    if service.kind == Kind.NETWORK:
        return _.label("service", "👥 {name}", name=name)
    return _.label("service", "🏛 {name}", name=name)


def kinds(_: Translator) -> Html:
    """Say what these signs mean."""
    return _("👥 are networks of people, 🏛 programmes for all who start a business.")


def _text(page: Page, *, is_empty: bool) -> Html:
    _ = page._
    if is_empty:
        return _("We know no other network yet.")
    return lines(
        _("<b>Networks you can join</b>"),
        kinds(_),
    )


CARDS = {"support.networks": networks_card}


def setup() -> Router:
    """Take the buttons of the list."""
    router = Router(name="networks")
    router.callback_query.register(opened, Networks.filter())
    return router
