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

    title: Html | str
    told: Html | None
    """Of the story, what is told of it; of an event, when it is."""
    button: Button


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
    wanted = set(items.split("."))
    apart = (await _apart(page, found)).get(page.reader.id, ())
    shown = [item for item in found.items if str(item.id) in wanted and item.id not in apart]
    numbers = tuple(item.id for item in shown)
    # For many the same fits: it is said once.
    key = (Message, ref, numbers, answers, page._.language, page.second, page.zone.key)
    if key not in page.memo:
        page.memo[key] = await written(page, found, shown, answers)
    message: Message | None = page.memo[key]
    return message


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
    _ = page._
    pieces = [(ItemKind(item.kind), await _piece(page, found, item)) for item in items]
    of = {kind: [one for at, one in pieces if at == kind and one] for kind in ItemKind}
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
        *(["", _("<b>More news</b>"), *map(_line, letters)] if letters else []),
        *(["", _("<b>Events that fit you</b>"), *map(_line, meetings)] if meetings else []),
        *(["", _("<b>New for what you look for</b>"), *map(_line, services)] if services else []),
        *(["", _("<b>Asks and offers that fit you</b>"), *map(_line, posted)] if posted else []),
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


def _line(piece: _Piece) -> Html:
    return Html("• ") + (piece.told or piece.title)


async def _piece(page: Page, found: Contents, item: DigestItem) -> _Piece | None:
    """Return how an item reads; made once for all who read alike."""
    key = (_Piece, item.id, page._.language, page.second, page.zone.key)
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
        return _Piece(name, None, Button(_short("🤝", name), OpenService(ref=what.ref)))
    if isinstance(what, Post):
        said = block.get("text").replace("\n", " ")
        said = said if len(said) <= STORY_OF_POST else said[:STORY_OF_POST] + "…"
        sign = "🔎" if what.kind == Kind.ASK else "🎁"
        return _Piece(said, None, Button(_short(sign, said), OfPost(ref=what.ref)))
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
    return _Piece(title, told, Button(_short("📅", title), OpenEvent(ref=event.ref)))


def _of_letter(page: Page, send: Send, block: Block) -> _Piece:
    title, body = block.get("title"), block.get("body")
    if len(body) > STORY:
        body = body[:STORY].rsplit(" ", 1)[0] + " …"
    story = lines(Html("<b>") + title + Html("</b>"), "", body)
    return _Piece(
        title,
        authored(page, block, story),
        Button(_short("📰", title), ReadOn(ref=send.ref)),
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
