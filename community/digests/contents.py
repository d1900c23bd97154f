"""What stands in a digest, and what of it fits a reader."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import cohorts, events, posts, sends
from community.among import among
from community.areas import Area
from community.blocks import PersonBlock
from community.deliveries import Delivery
from community.digests.table import KIND, Digest, DigestItem, ItemKind
from community.events import Event
from community.measures import suspended
from community.needs import Need
from community.people import Person
from community.posts import Post
from community.providers import Service, Strength
from community.sends import Send
from community.topics import Topic

About = Event | Service | Send | Post
T = TypeVar("T")
MOST: Mapping[ItemKind, int] = {
    ItemKind.SEND: 4,
    ItemKind.EVENT: 6,
    ItemKind.SERVICE: 4,
    ItemKind.POST: 4,
}
"""So many of each stand in one digest; whoever wants more finds it in the menu."""


@dataclass(frozen=True)
class Contents:
    """A digest as it is now: what has been left out, cancelled or closed is not in it."""

    digest: Digest
    items: Sequence[DigestItem]
    about: Mapping[int, About]
    """What an item (by its number) is; of a newsletter its first send."""
    said: Mapping[int, Send]
    """Of a newsletter the send whose words stand: its newest correction's."""


@dataclass(frozen=True)
class Around:
    """What is known about what stands in a digest, to tell whom it fits."""

    towns: Mapping[int, int]
    """Of each area the town that it is in: itself, or the one above it."""
    good_at: Mapping[int, Collection[Need]]
    """Of a network or programme (by its number) what else it is good at."""
    written_in: Mapping[int, str]
    """Of a post about a place and no term its language."""


@dataclass(frozen=True)
class Reader:
    """What decides what fits somebody."""

    reads: frozenset[str]
    area_id: int | None = None
    needs: frozenset[Need] = frozenset()
    cohorts: frozenset[int] = frozenset()
    """Their numbers."""
    offers: frozenset[Need] = frozenset()
    """In what they can help others."""


async def contents(
    session: AsyncSession, digest: Digest, now: datetime, *, all_of_them: bool = False
) -> Contents:
    """Return what stands in a digest now; ``all_of_them``: with what has been left out."""
    items = [
        item
        for item in await session.scalars(_ITEMS, {"digest": digest.id})
        if all_of_them or not item.left_out
    ]
    named: dict[ItemKind, dict[int, DigestItem]] = {kind: {} for kind in ItemKind}
    for item in items:
        named[ItemKind(item.kind)][item.subject_id] = item
    # Who belongs to a cohort may have changed since somebody's digest was composed, and for whom
    # an event is: what is for it alone is told then to nobody, sooner than to who has left it.
    left = await cohorts.left_since(session, digest.made_at)
    about: dict[int, About] = {}
    for event in await _named(session, _EVENTS, named[ItemKind.EVENT]):
        is_narrower = event.is_for_some and event.changed_at > digest.made_at
        is_narrower |= event.cohort_id in left
        if event.state == events.State.PUBLISHED and event.starts_at > now and not is_narrower:
            about[named[ItemKind.EVENT][event.id].id] = event
    for service in await _named(session, _SERVICES, named[ItemKind.SERVICE]):
        about[named[ItemKind.SERVICE][service.id].id] = service
    up = _POSTS.where(Post.expires_at > now, Post.person_id.not_in(suspended(now)))
    for post in await _named(session, up, named[ItemKind.POST]):
        about[named[ItemKind.POST][post.id].id] = post
    said: dict[int, Send] = {}
    letters = await _named(session, _SENDS, named[ItemKind.SEND])
    current = await sends.current_of(session, letters) if letters else {}
    for send in letters:
        if send.id in current and not {*left.values()}.intersection(send.is_for.cohorts):
            item = named[ItemKind.SEND][send.id]
            about[item.id], said[item.id] = send, current[send.id]
    standing = [item for of in named.values() for item in of.values() if item.id in about]
    standing.sort(key=lambda item: (not item.is_story, item.id))
    return Contents(digest, standing, about, said)


_ITEMS = (
    select(DigestItem).where(DigestItem.digest_id == bindparam("digest")).order_by(DigestItem.id)
)
_EVENTS = select(Event).where(among(Event.id, "which"))
_SENDS = select(Send).where(among(Send.id, "which"))
_SERVICES = select(Service).where(among(Service.id, "which"), Service.is_open)
_POSTS = select(Post).where(among(Post.id, "which"), Post.state == posts.State.PUBLISHED)


async def _named(session: AsyncSession, query: Select[T], numbers: Collection[int]) -> Sequence[T]:
    if not numbers:
        return []
    return (await session.scalars(query, {"which": [*numbers]})).all()


async def around(session: AsyncSession, found: Contents) -> Around:
    """Return what has to be known to tell whom it fits."""
    areas = (await session.execute(select(Area.id, Area.parent_id))).all()
    towns = {number: parent or number for number, parent in areas}
    good_at: dict[int, set[Need]] = {}
    services = [what.id for what in found.about.values() if isinstance(what, Service)]
    strong = select(Strength.service_id, Strength.need).where(
        Strength.service_id.in_(services), Strength.is_strength
    )
    for service_id, need in await session.execute(strong):
        good_at.setdefault(service_id, set()).add(Need(need))
    posted = [what for what in found.about.values() if isinstance(what, Post)]
    return Around(towns, good_at, await posts.languages_of(session, posted))


async def kept_apart(session: AsyncSession, found: Contents) -> Mapping[int, Collection[int]]:
    """Return who is kept apart from whom a post in it is by, and the numbers of those items."""
    items = {one.subject_id: one.id for one in found.items if one.kind == ItemKind.POST}
    by: dict[int, set[int]] = {}
    for what in found.about.values():
        if isinstance(what, Post) and what.id in items:
            by.setdefault(what.person_id, set()).add(items[what.id])
    apart: dict[int, set[int]] = {}
    if not by:
        return apart
    rows = await session.execute(
        select(PersonBlock.person_id, PersonBlock.blocked_id).where(
            or_(PersonBlock.person_id.in_(by), PersonBlock.blocked_id.in_(by))
        )
    )
    for one, other in rows:
        apart.setdefault(one, set()).update(by.get(other, ()))
        apart.setdefault(other, set()).update(by.get(one, ()))
    return apart


def fitting(found: Contents, known: Around, reader: Reader) -> list[DigestItem]:
    """Return what fits a reader by area, needs and languages; to whom news went, others decide."""
    return [item for item in found.items if _fits(known, found.about[item.id], reader)]


def _fits(known: Around, what: About, reader: Reader) -> bool:
    if isinstance(what, Send):
        return True
    if isinstance(what, Post):
        if what.need is None:
            is_read = known.written_in.get(what.id) in reader.reads
            return is_read and reader.area_id is not None and _near(known, what.area_id, reader)
        fits = posts.fits_terms(what, reader.needs, reader.offers)
        return fits and (what.area_id is None or _near(known, what.area_id, reader))
    if isinstance(what, Service):
        is_for = {what.need, *known.good_at.get(what.id, ())} & reader.needs
        return bool(is_for) and (what.online or _near(known, what.area_id, reader))
    spoken = {*what.languages, *what.interpretation}
    return (
        (what.need is None or what.need in reader.needs)
        and (what.audience_area_id is None or _lives_in(known, what.audience_area_id, reader))
        and (what.cohort_id is None or what.cohort_id in reader.cohorts)
        and (not spoken or bool(spoken & reader.reads))
        and (what.is_online or _near(known, what.area_id, reader))
    )


def _near(known: Around, area_id: int | None, reader: Reader) -> bool:
    """Say whether something is in the reader's town; who names no area is near everything."""
    if area_id is None or reader.area_id is None:
        return True
    return known.towns.get(area_id) == known.towns.get(reader.area_id)


def _lives_in(known: Around, area_id: int, reader: Reader) -> bool:
    return reader.area_id is not None and area_id in (
        reader.area_id,
        known.towns.get(reader.area_id),
    )


def shortened(found: Contents, items: Collection[DigestItem]) -> list[DigestItem]:
    """Return as many of each kind as stand in one digest; of what repeats only the next date."""
    left = dict(MOST)
    kept, repeating = [], set()
    for item in items:
        kind, what = ItemKind(item.kind), found.about[item.id]
        series = what.series_id if isinstance(what, Event) else None
        if left[kind] > 0 and series not in repeating:
            left[kind] -= 1
            kept.append(item)
            repeating |= {series} - {None}
    return kept


def topic_of(what: About) -> Topic | None:
    """Return what somebody turns off to hear no more of it; what is new else is nobody's topic."""
    if isinstance(what, Event):
        return Topic.EVENTS
    if isinstance(what, Send):
        return Topic.OFFERS if what.kind == sends.Kind.OFFER else Topic.NEWSLETTERS
    return None


async def brought(session: AsyncSession, person: Person, send_id: int) -> bool:
    """Say whether a digest that was owed to this person has brought this newsletter."""
    rows = await session.execute(
        select(DigestItem.id, Delivery.args)
        .join(Delivery, Delivery.subject_id == DigestItem.digest_id)
        .where(
            DigestItem.kind == ItemKind.SEND,
            DigestItem.subject_id == send_id,
            Delivery.kind == KIND,
            Delivery.person_id == person.id,
        )
    )
    return any(str(item) in str(args.get("items", "")).split(".") for item, args in rows)
