"""The digest as members get it: one message, the same for all for whom the same fits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData

from community import digests, events, translations
from community.base import find
from community.blocks import PersonBlock
from community.digests import Contents, Digest, DigestItem, ItemKind, State
from community.events import Event
from community.people import Pace
from community.posts import Kind, Post
from community.providers import Service
from community.sends import Send
from community.topics import Topic
from community.translations import Block, Fallback, Shelf
from handlers import topics
from handlers.content import authored
from handlers.looking import OpenService
from handlers.menu import OpenEvent
from handlers.posting import OfPost
from handlers.replies import Button, Message, Page, Replies, lines, say
from locales import Html, clock_time, short_day

STORY = 600
"""So many letters of the story stand in the digest; the rest is one tap away."""
STORY_OF_POST = 120
IN_A_BUTTON = 26


class ReadOn(CallbackData, prefix="kd"):
    """Read a newsletter that a digest names."""

    ref: str


@dataclass(frozen=True)
class _Piece:
    """One item, as all say it who read alike."""

    line: Html
    button: Button
    told: Html | str = ""
    """What is told of a newsletter that is the story."""


async def read_on(query: Any, callback_data: ReadOn) -> Replies:
    """Bring the newsletter as a message of its own."""
    return [say("news.again", ref=callback_data.ref)]


async def digest(page: Page, ref: str, items: str = "", answers: int = 0) -> Message | None:
    """Bring what fits: these items, but for what has been left out or is over by now.

    What is by somebody from whom the reader is kept apart by now is not in it either.
    """
    found = await _contents(page, ref)
    if found.digest.state != State.APPROVED:
        return None
    apart = (await _apart(page, found)).get(page.reader.id, ())
    # For many the same fits: it is said once.
    key = (Message, ref, items, tuple(sorted(apart)), answers, _alike(page))
    if key not in page.memo:
        places = _places(page, found)
        wanted = sorted(places[number] for number in items.split(".") if number in places)
        shown = [found.items[at] for at in wanted if found.items[at].id not in apart]
        page.memo[key] = await written(page, found, shown, answers)
    message: Message | None = page.memo[key]
    return message


def _alike(page: Page) -> tuple[str | None, ...]:
    """Return what decides how an item reads; who shares it reads alike."""
    return page._.language, page.second, page.zone.key


def _places(page: Page, found: Contents) -> Mapping[str, int]:
    """Return the place in the digest of each item by its number."""
    key = (DigestItem, found.digest.ref)
    if key not in page.memo:
        page.memo[key] = {str(item.id): at for at, item in enumerate(found.items)}
    places: Mapping[str, int] = page.memo[key]
    return places


async def _apart(page: Page, found: Contents) -> Mapping[int, Collection[int]]:
    key = (PersonBlock, found.digest.ref)
    if key not in page.memo:
        page.memo[key] = await digests.kept_apart(page.session, found)
    apart: Mapping[int, Collection[int]] = page.memo[key]
    return apart


async def _contents(page: Page, ref: str) -> Contents:
    key = (Contents, ref)
    if key not in page.memo:
        digest = await find(page.session, Digest, ref)
        page.memo[key] = await digests.contents(page.session, digest, page.now)
    found: Contents = page.memo[key]
    return found


async def written(
    page: Page, found: Contents, items: Sequence[DigestItem], answers: int
) -> Message | None:
    """Return the digest of somebody for whom this fits, or None if nothing can be told."""
    _, alike = page._, _alike(page)
    of: dict[ItemKind, list[_Piece]] = {kind: [] for kind in ItemKind}
    for item in items:
        piece = await _piece(page, found, item, alike)
        if piece is not None:
            of[ItemKind(item.kind)].append(piece)
    if not answers and not any(of.values()):
        return None
    story = next(iter(of[ItemKind.SEND]), None)
    letters = of[ItemKind.SEND][1:]
    meetings, services = of[ItemKind.EVENT], of[ItemKind.SERVICE]
    posted = of[ItemKind.POST]
    text = lines(
        _("🗞 <b>Your month in the network</b>")
        if found.digest.pace == Pace.MONTH
        else _("🗞 <b>New in your network</b>"),
        *(["", story.told] if story else []),
        *_part(_("<b>More news</b>"), letters),
        *_part(_("<b>Events that fit you</b>"), meetings),
        *_part(_("<b>New for what you look for</b>"), services),
        *_part(_("<b>Asks and offers that fit you</b>"), posted),
        *(["", _answered(page, answers)] if answers else []),
    )
    shown = [*([story] if story else []), *letters, *meetings, *services, *posted]
    return Message(text, [*([one.button] for one in shown), [topics.button(Topic.DIGEST, _)]])


def _answered(page: Page, answers: int) -> Html:
    return page._.ngettext(
        "✉️ The team has answered {n} question of yours. The answer is further up in this chat.",
        "✉️ The team has answered {n} questions of yours. The answers are further up in this chat.",
        answers,
    )


def _part(heading: Html, pieces: Sequence[_Piece]) -> list[str]:
    return ["", heading, *(piece.line for piece in pieces)] if pieces else []


def _line(words: Html | str) -> Html:
    return Html("• ") + words


async def _piece(
    page: Page, found: Contents, item: DigestItem, alike: tuple[str | None, ...]
) -> _Piece | None:
    """Return how an item reads; made once for all who read alike."""
    key = (_Piece, item.id, alike)
    if key not in page.memo:
        page.memo[key] = await _made(page, found, item)
    piece: _Piece | None = page.memo[key]
    return piece


async def _made(page: Page, found: Contents, item: DigestItem) -> _Piece | None:
    what = found.about[item.id]
    rule = Fallback(what.fallback) if isinstance(what, Send) else Fallback.NETWORK
    shelf = (await _shelves(page, found)).get(item.id)
    block = shelf.choose(page.reads, page.network.language, rule) if shelf else None
    if block is None:
        return None
    if isinstance(what, Event):
        return _of_event(page, what, block)
    if isinstance(what, Service):
        name = block.get("name")
        return _Piece(_line(name), Button(_short("🤝", name), OpenService(ref=what.ref).pack()))
    if isinstance(what, Post):
        said = block.get("text").replace("\n", " ")
        said = said if len(said) <= STORY_OF_POST else said[:STORY_OF_POST] + "…"
        sign = "🔎" if what.kind == Kind.ASK else "🎁"
        return _Piece(_line(said), Button(_short(sign, said), OfPost(ref=what.ref).pack()))
    return _of_letter(page, found.said[item.id], block)


async def _shelves(page: Page, found: Contents) -> Mapping[int, Shelf]:
    """Return every language of every item, read once for all."""
    key = (Shelf, found.digest.ref)
    if key not in page.memo:
        subjects: dict[str, dict[int, int]] = {}
        for item in found.items:
            subject, number = str(item.kind), item.subject_id
            if item.id in found.said:  # without the picture, whose words may be missing
                subject, number = found.said[item.id].subject
            subjects.setdefault(subject, {})[number] = item.id
        page.memo[key] = {
            of[number]: shelf
            for subject, of in subjects.items()
            for number, shelf in (await translations.shelves(page.session, subject, [*of])).items()
        }
    shelves: Mapping[int, Shelf] = page.memo[key]
    return shelves


def _of_event(page: Page, event: Event, block: Block) -> _Piece:
    _, title = page._, block.get("title")
    zone = page.zone if event.is_online else events.zone_of(event)
    told = _(
        "{day}, {time}: {title}",
        day=short_day(event.starts_at.astimezone(zone).date(), _),
        time=clock_time(event.starts_at, zone, _),
        title=title,
    )
    return _Piece(_line(told), Button(_short("📅", title), OpenEvent(ref=event.ref).pack()))


def _of_letter(page: Page, send: Send, block: Block) -> _Piece:
    title, body = block.get("title"), block.get("body")
    if len(body) > STORY:
        body = body[:STORY].rsplit(" ", 1)[0] + " …"
    story = lines(Html("<b>") + title + Html("</b>"), "", body)
    return _Piece(
        _line(title),
        Button(_short("📰", title), ReadOn(ref=send.ref).pack()),
        authored(page, block, story),
    )


def _short(sign: str, title: str) -> str:
    """Return what a button says of an item: the author's words, as far as they fit."""
    words = title if len(title) <= IN_A_BUTTON else f"{title[: IN_A_BUTTON - 1]}…"
    return f"{sign} {words}"


CARDS = {digests.KIND: digest}


def setup() -> Router:
    """Take the buttons under it that are its own."""
    router = Router(name="digests")
    router.callback_query.register(read_on, ReadOn.filter())
    return router
