"""Networks and mainstream programmes that one can join: listed apart, never mixed into help."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.people import Participation, Person, Profile
from community.providers import Kind, Service, joining
from community.providers.joining import NetworkFit
from handlers import menu, words
from handlers.looking import Needs, Networks, OpenService, reader_of
from handlers.replies import Button, Message, Page, Replies, edit, lines, toast
from handlers.staff import page_of
from locales import Html, Translator, join, language_name

PER_PAGE = 6
PART = "part"


class Joining(CallbackData, prefix="kf"):
    """Say how one has joined a network, or that one is not in it."""

    ref: str
    how: str


async def opened(query: Any, callback_data: Networks) -> Replies:
    """Show a page of networks."""
    return [edit("support.networks", at=callback_data.page)]


async def touched(
    query: Any,
    callback_data: Joining,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Note that somebody has joined, and how; or take the note back."""
    ref, how = callback_data.ref, callback_data.how
    if how == PART:
        await joining.part(session, person, ref)
    elif how in joining.WAYS:
        await joining.join(session, person, ref, Participation(how), now)
    else:
        return [toast("old_button")]
    return [edit("support.service", ref=ref)]


async def networks_card(page: Page, at: int = 0) -> Message:
    """List networks and programmes, what fits the reader best first, each with its reasons."""
    _ = page._
    every = await joining.that_fit(page.session, page.reader, reader_of(page))
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Networks(page=to), _)
    blocks = await translations.blocks(
        page.session,
        "service",
        [fit.service.id for fit in shown],
        page.reads,
        page.network.language,
    )
    rows, told = [], []
    for fit in shown:
        block = blocks.get(fit.service.id)
        label = named(fit.service, block.get("name") if block else "?", _)
        rows.append([Button(label, OpenService(ref=fit.service.ref))])
        told += ["", Html("<b>") + label + Html("</b>"), *_reasons(fit, _)]
    text = lines(_text(page, is_empty=not rows), *told)
    back = Button(_.label("button", "Back"), Needs())
    return Message(text, [*rows, turning, [back], [menu.button(_)]])


def _reasons(fit: NetworkFit, _: Translator) -> list[Html | None]:
    """Say why it fits, and where it does not."""
    good = [words.need(need, _) for need in fit.good_at]
    weak = [words.need(need, _) for need in fit.weak_in]
    whom = [words.profile(one, _) for one in Profile if one in fit.service.profiles]
    language = None
    if fit.given:
        language = _("They speak your language: {name}", name=language_name(fit.given, _))
    elif fit.by_interpreter:
        language = _("They can ask for an interpreter.")
    return [
        _("They are good at what you look for: {needs}", needs=join(good, _)) if good else None,
        _("They are less good at what you look for: {needs}", needs=join(weak, _))
        if weak
        else None,
        language,
        _("They are in your area.") if fit.is_near else None,
        _("For: {whom}", whom=join(whom, _)) if whom else _("For everybody"),
        how_joined(fit.joined, _),
    ]


def how_joined(how: Participation | None, _: Translator) -> Html | None:
    """Say whether the reader has joined, and how."""
    if how is None:
        return None
    if how == Participation.ACTIVE:
        return _("✅ You have joined and take part.")
    return _("✅ You have joined to read.")


async def joining_rows(page: Page, service: Service) -> tuple[Html | None, list[list[Button]]]:
    """Return what the card of a network says of joining it, and the buttons for it."""
    if service.kind == Kind.SERVICE or not page.reader.is_member:
        return None, []
    _, ref = page._, service.ref
    how = (await joining.joined(page.session, page.reader)).get(service.id)
    actively = Button(
        _.label("button", "🙋 I join actively"), Joining(ref=ref, how=Participation.ACTIVE)
    )
    to_read = Button(
        _.label("button", "👀 I join to read"), Joining(ref=ref, how=Participation.READING)
    )
    if how is None:
        return None, [[actively, to_read]] if service.is_open else []
    other = to_read if how == Participation.ACTIVE else actively
    undo = Button(_.label("button", "↩️ I am not in it"), Joining(ref=ref, how=PART))
    return how_joined(how, _), [[other, undo] if service.is_open else [undo]]


async def in_words(page: Page) -> Html | None:
    """Say which networks the reader has joined, and how."""
    _ = page._
    mine = await joining.joined(page.session, page.reader)
    if not mine:
        return None
    blocks = await translations.blocks(
        page.session, "service", [*mine], page.reads, page.network.language
    )
    named = [
        _.label("network", "{name} (actively)", name=blocks[number].get("name"))
        if how == Participation.ACTIVE
        else _.label("network", "{name} (to read)", name=blocks[number].get("name"))
        for number, how in mine.items()
        if number in blocks
    ]
    return _("You have joined: {networks}", networks=join(named, _)) if named else None


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
    router.callback_query.register(touched, Joining.filter())
    return router
