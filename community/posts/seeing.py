"""Who sees a post, whom it fits, and who is told of it.

What nobody of the team has read yet is shown to at most twenty people, the same for all that its
poster writes: each is a row, and the poster's are locked while one is added. Nobody is told of it
unasked before.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import blocks, deliveries, needs, people, roles
from community.areas import Area
from community.base import BigId, UTCDateTime, find
from community.blocks import PersonBlock
from community.consents import Consent, Purpose
from community.deliveries import Plan
from community.errors import NotFoundError
from community.measures import Measure, MeasureTaken, is_suspended, suspended
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Membership, Person
from community.posts.table import (
    FIRST_READERS,
    LIVE,
    SUBJECT,
    TOLD_AT_ONCE,
    Kind,
    Post,
    PostAnswer,
    PostReader,
    State,
)
from community.roles import RoleName
from community.translations import EASY, ContentText, Reads
from community.writing import insert_new

JUDGES = (RoleName.ANIMATOR, RoleName.MODERATOR)
SHOWN = 200
"""So many of the newest are looked through for somebody."""


@dataclass(frozen=True)
class Board:
    """What somebody sees: first what fits them, then the rest; each the newest first."""

    fitting: Sequence[Post]
    others: Sequence[Post]


async def judges(session: AsyncSession, now: datetime) -> dict[int, Person]:
    """Return who reads what waits: animators and moderators."""
    return {
        person.id: person for name in JUDGES for person in await roles.holders(session, name, now)
    }


async def is_judge(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Say whether somebody reads what waits."""
    return any(role.name in JUDGES for role in await roles.held(session, person, now))


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Post.state.in_(LIVE),
        Post.expires_at > now,
        Post.person_id.not_in(suspended(now)),
    )


async def browse(session: AsyncSession, actor: Person, now: datetime) -> Board:
    """Open the board; what waits for the team takes the actor as one of its first readers.

    Raises:
        NotAMemberError: the actor has not joined.
    """
    people.require_member(actor)
    is_shown = exists().where(PostReader.post_id == Post.id, PostReader.person_id == actor.id)
    waiting = select(Post.person_id).where(
        *_live(now), Post.state == State.WAITING, Post.person_id != actor.id, ~is_shown
    )
    posters = {*await session.scalars(waiting.order_by(Post.id).limit(SHOWN))}
    if posters:
        posters -= await blocks.apart_from(session, actor.id)
        known = await _first_readers(session, posters)
        # In the order of their numbers: two who open the board never wait for each other.
        for poster_id in sorted(posters):
            if _is_room(known[poster_id], actor.id):
                await _admit(session, poster_id, actor.id, now)
    return await board(session, actor, now)


async def _first_readers(
    session: AsyncSession, posters: Collection[int]
) -> Mapping[int, Collection[int]]:
    """Return who was shown anything of these posters that the team has not found good."""
    rows = await session.execute(
        select(Post.person_id, PostReader.person_id)
        .join(PostReader, PostReader.post_id == Post.id)
        .where(Post.person_id.in_(posters), Post.approved_at.is_(None))
        .distinct()
    )
    found = defaultdict[int, set[int]](set)
    for poster_id, person_id in rows:
        found[poster_id].add(person_id)
    return found


def _is_room(readers: Collection[int], person_id: int) -> bool:
    return person_id in readers or len(readers) < FIRST_READERS


async def _admit(session: AsyncSession, poster_id: int, person_id: int, now: datetime) -> None:
    """Show somebody what waits of one poster, unless twenty others have seen something of it.

    All that the team has not found good of the poster is locked, what is over, too: taking a
    post off and writing it anew wins nobody twenty others.
    """
    theirs = await session.scalars(
        select(Post)
        .where(Post.person_id == poster_id, Post.approved_at.is_(None))
        .order_by(Post.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    waiting = [one for one in theirs if one.state == State.WAITING and one.expires_at > now]
    readers = (await _first_readers(session, [poster_id]))[poster_id]
    if _is_room(readers, person_id):
        rows = [{"post_id": one.id, "person_id": person_id, "at": now} for one in waiting]
        await insert_new(session, PostReader, rows)


async def board(session: AsyncSession, reader: Person, now: datetime) -> Board:
    """Return what somebody may see of others, without taking a place among first readers."""
    is_shown = exists().where(PostReader.post_id == Post.id, PostReader.person_id == reader.id)
    rows = await session.scalars(
        select(Post)
        .where(
            *_live(now),
            Post.person_id != reader.id,
            or_(Post.state == State.PUBLISHED, is_shown),
        )
        .order_by(Post.made_at.desc(), Post.id.desc())
        .limit(SHOWN)
    )
    apart = await blocks.apart_from(session, reader.id)
    theirs = [post for post in rows if post.person_id not in apart]
    looks_for = {*await needs.of(session, reader)}
    knows = {*await needs.offered_by(session, reader)}
    near = await _around(session, reader.area_id)
    written_in = await languages_of(session, theirs)
    reads = Reads(reader.language or "", reader.second_language).every
    fits = [
        one
        for one in theirs
        if (fits_terms(one, looks_for, knows) and _is_near(one, near))
        or (near is not None and one.area_id in near and written_in.get(one.id) in reads)
    ]
    return Board(fits, [one for one in theirs if one not in fits])


async def languages_of(session: AsyncSession, some: Collection[Post]) -> Mapping[int, str]:
    """Return in which languages those are written that are about a place and no term.

    They fit who lives there and reads the language.
    """
    local = {one.id for one in some if one.need is None and one.area_id is not None}
    if not local:
        return {}
    rows = await session.execute(
        select(ContentText.subject_id, ContentText.language).where(
            ContentText.subject == SUBJECT, ContentText.subject_id.in_(local),
            ContentText.is_source,
        )
    )  # fmt: skip
    return dict(rows.all())


def fits_terms(post: Post, looks_for: Collection[Need], knows: Collection[Need]) -> bool:
    """Say whether somebody who looks for these and knows these could answer."""
    return post.need is not None and post.need in (knows if post.kind == Kind.ASK else looks_for)


async def _around(session: AsyncSession, area_id: int | None) -> frozenset[int] | None:
    """Return an area with the one above it and those within; None for who names none."""
    if area_id is None:
        return None
    area = await session.get_one(Area, area_id)
    within = await session.scalars(select(Area.id).where(Area.parent_id == area_id))
    return frozenset({area_id, *within} | ({area.parent_id} if area.parent_id else set()))


def _is_near(post: Post, near: frozenset[int] | None) -> bool:
    return post.area_id is None or near is None or post.area_id in near


@dataclass(frozen=True)
class Seen:
    """A post as somebody may see it, and their answer to it."""

    post: Post
    answer: PostAnswer | None


async def look(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Post:
    """Return a post as of ``seen``, perhaps locked.

    Raises:
        NotFoundError: there is none, or it is not for the actor, which is not told.
    """
    if lock:
        await find(session, Post, ref, lock=True)
    return (await seen(session, actor, ref, now)).post


async def seen(session: AsyncSession, reader: Person, ref: str, now: datetime) -> Seen:
    """Return a post to its poster, to who may see it, to who has answered it, and to who judges.

    Who has answered sees it until it is taken off or hidden, or its poster is suspended.

    Raises:
        NotFoundError: there is none, or it is not for the reader, which is not told.
    """
    known = {"named": ref[:16], "reader": reader.id, "now": now}
    row = (await session.execute(_as_seen(), known)).one_or_none()
    if row is None:
        raise NotFoundError("Post")
    post, answer, is_apart, is_away, is_shown = row
    found = Seen(post, answer)
    if post.person_id == reader.id:
        return found
    if not is_apart and not is_away:
        if answer is not None and (post.is_live or post.state in (State.FOUND, State.EXPIRED)):
            return found
        is_up = post.is_live and post.expires_at > now and reader.is_member
        if is_up and (post.state == State.PUBLISHED or is_shown):
            return found
    if await is_judge(session, reader, now):
        return found
    raise NotFoundError("Post")


@cache
def _as_seen() -> Select[Post, PostAnswer | None, bool, bool, bool]:
    """Return the query for a post with all that decides whether somebody sees it, made once."""
    reader = bindparam("reader", type_=BigId)
    now = bindparam("now", type_=UTCDateTime())
    apart = exists().where(
        or_(
            (PersonBlock.person_id == reader) & (PersonBlock.blocked_id == Post.person_id),
            (PersonBlock.blocked_id == reader) & (PersonBlock.person_id == Post.person_id),
        )
    )
    away = exists().where(
        MeasureTaken.person_id == Post.person_id,
        MeasureTaken.measure == Measure.SUSPEND,
        MeasureTaken.until > now,
        MeasureTaken.lifted_at.is_(None),
    )
    shown = exists().where(PostReader.post_id == Post.id, PostReader.person_id == reader)
    mine = and_(PostAnswer.post_id == Post.id, PostAnswer.person_id == reader)
    return (
        select(Post, PostAnswer, apart, away, shown)
        .outerjoin(PostAnswer, mine)
        .where(Post.ref == bindparam("named"))
    )


async def answer_by(session: AsyncSession, post: Post, person: Person) -> PostAnswer | None:
    """Return somebody's answer to a post, if they have answered."""
    found: PostAnswer | None = await session.scalar(
        select(PostAnswer).where(PostAnswer.post_id == post.id, PostAnswer.person_id == person.id)
    )
    return found


async def own(session: AsyncSession, actor: Person) -> list[Post]:
    """Return what the actor has written, the newest first."""
    rows = await session.scalars(
        select(Post).where(Post.person_id == actor.id).order_by(Post.id.desc())
    )
    return list(rows)


async def announce(session: AsyncSession, post: Post, now: datetime) -> int:
    """Tell those whom a published post fits, each once; return how many.

    Without a term those who live where it is and read its language; without a place, too,
    nobody. Unasked, so by the caps of the policy, and only who agrees to be introduced to others.
    """
    if post.announced_at is not None or (post.need is None and post.area_id is None):
        return 0
    post.announced_at = now
    agrees = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.MATCHING,
        Consent.current,
        Consent.granted,
    )
    where: list[ColumnElement[bool]] = [
        Person.state == Membership.ACTIVE,
        Person.id != post.person_id,
        agrees,
        ~exists().where(
            or_(
                (PersonBlock.person_id == post.person_id) & (PersonBlock.blocked_id == Person.id),
                (PersonBlock.blocked_id == post.person_id) & (PersonBlock.person_id == Person.id),
            )
        ),
        ~is_suspended(now),
    ]
    near = await _around(session, post.area_id)
    if post.need is not None:
        about = PersonOffer if post.kind == Kind.ASK else PersonNeed
        where.append(exists().where(about.person_id == Person.id, about.term == post.need))
        if near is not None:
            where.append(or_(Person.area_id.is_(None), Person.area_id.in_(near)))
    else:
        language = (await languages_of(session, [post])).get(post.id, "")
        reads = [language, language + EASY]
        where += [
            Person.area_id.in_(near or ()),
            or_(Person.language.in_(reads), Person.second_language.in_(reads)),
        ]
    found = await session.scalars(
        select(Person.id)
        .where(*where)
        .order_by(Person.seen_at.is_(None), Person.seen_at.desc(), Person.id)
        .limit(TOLD_AT_ONCE)
    )
    told = [
        Plan("post_new", number, f"post:{post.id}:new:{number}", now, {"ref": post.ref},
             subject_id=post.id)
        for number in found
    ]  # fmt: skip
    await session.flush()
    return await deliveries.plan(session, now, *told)
