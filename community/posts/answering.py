"""A post is answered in private through the bridge: whose contact is shown, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import blocks, measures, people
from community.base import find, new_ref
from community.errors import NotFoundError, NotUnderstoodError, TooLateError
from community.lifecycle import Who
from community.matches.table import Outcome
from community.people import Person
from community.posts import writing
from community.posts.seeing import Seen, answer_by, look
from community.posts.table import ANSWERABLE, POST, Post, PostAnswer, State
from community.writing import insert_new


@dataclass(frozen=True)
class Answered:
    """One answer to a post, as one of its two sides may see it."""

    post: Post
    answer: PostAnswer
    is_poster: bool
    """Whether the reader is the poster."""
    other: Person | None
    """The other side, once they show their contact to the reader."""
    has_agreed: bool
    """Whether the reader shows their own."""


def is_open(post: Post, now: datetime) -> bool:
    """Say whether the two sides of an answer can write about a post."""
    if post.is_live:
        return post.expires_at + ANSWERABLE > now
    ended = post.state in (State.FOUND, State.EXPIRED) and post.ended_at is not None
    return ended and post.ended_at is not None and post.ended_at + ANSWERABLE > now


async def begin(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Post:
    """Answer a post: from now on the two can write. Once is enough.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: it is not for them to see, or their own.
        SuspendedError: the actor is suspended.
        TooLateError: it is over, and the actor had not answered before.
    """
    people.require_member(actor)
    post = await look(session, actor, ref, now, lock=True)
    if post.person_id in {actor.id, *await blocks.apart_from(session, actor.id)}:
        raise NotFoundError("Post")
    if await answer_by(session, post, actor) is not None:
        return post
    await measures.require_free(session, actor, now)
    is_away = await measures.suspended_until(session, post.person_id, now) is not None
    if not post.is_live or post.expires_at <= now or is_away:
        raise TooLateError(post.ended_at)
    row = {"ref": new_ref(), "post_id": post.id, "person_id": actor.id, "at": now}
    await insert_new(session, PostAnswer, [row])
    return post


async def opened(
    session: AsyncSession, actor: Person, ref: str, *, lock: bool = False
) -> Answered:
    """Return one answer, by its reference, to one of its two sides.

    Raises:
        NotFoundError: there is none, or it is not the actor's business.
    """
    answer = await find(session, PostAnswer, ref, lock=lock)
    post = await session.get_one(Post, answer.post_id)
    if actor.id not in (post.person_id, answer.person_id):
        raise NotFoundError("Post")
    return await _seen(session, post, answer, is_poster=post.person_id == actor.id)


async def my_answer(
    session: AsyncSession, actor: Person, post: Post, known: Seen | None = None
) -> Answered | None:
    """Return the actor's own answer to a post, if they have answered it.

    ``known``: the post as they have just seen it.
    """
    answer = known.answer if known is not None else await answer_by(session, post, actor)
    return None if answer is None else await _seen(session, post, answer, is_poster=False)


async def _seen(
    session: AsyncSession, post: Post, answer: PostAnswer, *, is_poster: bool
) -> Answered:
    poster_agrees = answer.poster_agreed_at is not None
    answerer_agrees = answer.answerer_agreed_at is not None
    is_shown = poster_agrees and (answerer_agrees if is_poster else True)
    reader, whom = post.person_id, answer.person_id
    if not is_poster:
        reader, whom = whom, reader
    is_shown = is_shown and whom not in await blocks.apart_from(session, reader)
    other = await session.get(Person, whom) if is_shown else None
    has_agreed = poster_agrees if is_poster else answerer_agrees
    return Answered(post, answer, is_poster, other, has_agreed)


async def answers(session: AsyncSession, actor: Person, ref: str) -> Sequence[Answered]:
    """Return the answers to one's own post, the first one first.

    Who is kept apart from the poster is not among them.

    Raises:
        NotFoundError: it is not the actor's.
    """
    post = await find(session, Post, ref)
    if post.person_id != actor.id:
        raise NotFoundError("Post")
    apart = await blocks.apart_from(session, actor.id)
    rows = await session.scalars(
        select(PostAnswer).where(PostAnswer.post_id == post.id).order_by(PostAnswer.id)
    )
    return [
        await _seen(session, post, answer, is_poster=True)
        for answer in rows.all()
        if answer.person_id not in apart
    ]


async def show_contact(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Answered:
    """Show one's own name and account to the other side of one answer.

    First the poster; the one who answered can after that.

    Raises:
        NotFoundError: it is not the actor's business, or the two are kept apart.
        SuspendedError: the actor is suspended.
        TooLateError: the poster has not agreed yet, or the post is over.
    """
    seen = await opened(session, actor, ref, lock=True)
    post, answer = seen.post, seen.answer
    other = answer.person_id if seen.is_poster else post.person_id
    if other in await blocks.apart_from(session, actor.id):
        raise NotFoundError("Post")
    if seen.has_agreed:
        return seen
    await measures.require_free(session, actor, now)
    if not is_open(post, now) or (not seen.is_poster and answer.poster_agreed_at is None):
        raise TooLateError(post.ended_at)
    if seen.is_poster:
        answer.poster_agreed_at = now
    else:
        answer.answerer_agreed_at = now
    await session.flush()
    await writing.tell(session, post, now, "contact", other, answer=answer.ref)
    return await _seen(session, post, answer, is_poster=seen.is_poster)


async def found(
    session: AsyncSession,
    actor: Person,
    ref: str,
    outcome: str,
    now: datetime,
    *,
    through: str = "",
) -> Post:
    """Close one's own post: it was found; through which answer, only if the poster says.

    Raises:
        NotFoundError: it is not the actor's, or it has no such answer.
        NotUnderstoodError: there is no such outcome.
        IllegalMoveError: it is over already.
    """
    post = await writing.mine(session, actor, ref)
    if outcome not in [*Outcome]:
        raise NotUnderstoodError("choice")
    by = None
    if through:
        answer = await find(session, PostAnswer, through)
        if answer.post_id != post.id:
            raise NotFoundError("Post")
        by = answer.person_id
    if await POST.move(
        session, post, State.FOUND, Who.SELF, now,
        actor_id=actor.id, outcome=Outcome(outcome), found_by_id=by,
        ended_at=now, due_at=None, rings_at=None,
    ):  # fmt: skip
        await writing.end_of(session, post, now)
        apart = await blocks.apart_from(session, actor.id)
        rows = await session.scalars(
            select(PostAnswer.person_id).where(PostAnswer.post_id == post.id)
        )
        await writing.tell(session, post, now, "found", *(one for one in rows if one not in apart))
    return post
