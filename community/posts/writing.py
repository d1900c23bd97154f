"""A post is written, read by the team where its poster is new, renewed, and comes to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, measures, people, roles, translations
from community.areas import Area
from community.base import find
from community.deliveries import Delivery, Plan
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    OwnTextError,
    TooLateError,
    TooManyPostsError,
)
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.posts.seeing import announce, is_judge, judges
from community.posts.table import (
    LASTS,
    LIVE,
    MOST_OPEN,
    POST,
    READ_WITHIN,
    REMINDED,
    RENEWABLE,
    SUBJECT,
    Category,
    Kind,
    Post,
    PostReader,
    Refusal,
    State,
)
from community.posts.wording import checked
from community.roles import RoleName
from community.workdays import NOWHERE, after
from community.writing import rows_changed


@dataclass(frozen=True)
class Draft:
    """What a post says beside its words; codes as they come from buttons."""

    kind: str
    category: str
    need: str | None = None
    area: str | None = None
    """The reference of an area; None is everywhere."""

    def check(self) -> None:
        """Refuse what no button says.

        Raises:
            NotUnderstoodError: there is no such kind, category or need.
        """
        is_need = self.need is None or self.need in [*Need]
        if self.kind not in [*Kind] or self.category not in [*Category] or not is_need:
            raise NotUnderstoodError("choice")


async def is_established(session: AsyncSession, person: Person) -> bool:
    """Say whether somebody's posts go out at once: one was read and found good, none is hidden."""
    mine = Post.person_id == person.id
    good = exists().where(mine, Post.approved_at.is_not(None))
    bad = exists().where(mine, Post.state == State.HIDDEN)
    return bool(await session.scalar(select(good & ~bad)))


async def may_write(session: AsyncSession, person: Person, now: datetime) -> None:
    """Refuse whoever cannot put up anything, before they write it.

    Raises:
        NotAMemberError: the person has not joined.
        SuspendedError: they are suspended.
    """
    people.require_member(person)
    await measures.require_free(session, person, now)


async def write(
    session: AsyncSession,
    actor: Person,
    draft: Draft,
    language: str,
    text: str,
    now: datetime,
    *,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> Post:
    """Put up an ask or an offer: an established poster's at once, else it waits for the team.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: there is no such area.
        NotUnderstoodError: a code, or the words: too long, or a way round the bridge in them.
        SuspendedError: the actor is suspended.
        TooManyPostsError: the actor has as many open as one can.
    """
    people.require_member(actor)
    await measures.require_free(session, actor, now)
    draft.check()
    text = checked(text)
    area = await find(session, Area, draft.area) if draft.area is not None else None
    # Locked, so that two presses at once are not one too many.
    await session.get(Person, actor.id, with_for_update={"key_share": True})
    mine = select(func.count()).where(Post.person_id == actor.id, Post.state.in_(LIVE))
    if (await session.scalar(mine) or 0) >= MOST_OPEN:
        raise TooManyPostsError(MOST_OPEN)
    at_once = await is_established(session, actor)
    post = Post(
        person_id=actor.id,
        kind=Kind(draft.kind),
        category=Category(draft.category),
        need=Need(draft.need) if draft.need is not None else None,
        area_id=area.id if area is not None else None,
        state=State.PUBLISHED if at_once else State.WAITING,
        made_at=now,
        expires_at=now + LASTS,
    )
    session.add(post)
    await session.flush()
    await translations.write(session, actor, SUBJECT, post.id, language, {"text": text}, now)
    await _remind(session, post, now)
    if at_once:
        await announce(session, post, now)
    else:
        await _wait(session, post, now, zone, country)
    return post


async def _wait(session: AsyncSession, post: Post, now: datetime, zone: str, country: str) -> None:
    post.due_at = post.rings_at = after(now, READ_WITHIN, ZoneInfo(zone), country)
    await session.flush()
    them = await judges(session, now)
    await deliveries.plan_notices(
        session,
        now,
        "post_waiting",
        [one for one in sorted(them) if one != post.person_id],
        f"post:{post.id}:waits:{now.isoformat()}",
        subject_id=post.id,
        ref=post.ref,
    )


async def _remind(session: AsyncSession, post: Post, now: datetime) -> None:
    """Owe the two questions whether it still holds, instead of those about an earlier end."""
    plans = [
        Plan(
            "post_expiring",
            post.person_id,
            f"post:{post.id}:ends:{post.expires_at.isoformat()}:{before.days}",
            post.expires_at - before,
            {"ref": post.ref},
            post.expires_at,
            subject_id=post.id,
        )
        for before in REMINDED
    ]
    await deliveries.replan(session, "post_expiring", post.id, post.person_id, now, *plans)


# Read by the team


async def waiting(session: AsyncSession, actor: Person, now: datetime) -> list[Post]:
    """Return what waits for a moderator or animator, the oldest first.

    Raises:
        NotAllowedError: the actor is neither.
    """
    if not await is_judge(session, actor, now):
        raise NotAllowedError(RoleName.MODERATOR)
    rows = await session.scalars(
        select(Post).where(Post.state == State.WAITING).order_by(Post.due_at, Post.id)
    )
    return list(rows)


async def approve(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Post:
    """Let a post out: now whom it fits are told, and the poster's next ones go out at once.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
        NotFoundError: there is no such post.
        OwnTextError: it is the actor's own, and somebody else could read it.
        IllegalMoveError: it does not wait any more.
    """
    post, by = await _judged(session, actor, ref, now)
    if post.state == State.PUBLISHED:
        return post
    if post.state != State.WAITING:
        raise IllegalMoveError(POST.name, post.state, State.PUBLISHED)
    if post.expires_at <= now:
        raise TooLateError(post.expires_at)
    await POST.move(
        session, post, State.PUBLISHED, by, now,
        actor_id=actor.id, approved_at=now, approved_by_id=actor.id, due_at=None, rings_at=None,
    )  # fmt: skip
    # Who read it first counts no more.
    await rows_changed(session, delete(PostReader).where(PostReader.post_id == post.id))
    await announce(session, post, now)
    await tell(session, post, now, "approved", post.person_id)
    return post


async def refuse(session: AsyncSession, actor: Person, ref: str, why: str, now: datetime) -> Post:
    """Do not publish a post; the poster reads why.

    Raises:
        NotAllowedError, NotFoundError, OwnTextError, IllegalMoveError: as of ``approve``.
        NotUnderstoodError: there is no such reason.
    """
    post, by = await _judged(session, actor, ref, now)
    if why not in [*Refusal]:
        raise NotUnderstoodError("choice")
    if await POST.move(
        session, post, State.REFUSED, by, now,
        actor_id=actor.id, reason=why, refused_because=Refusal(why), ended_at=now,
        due_at=None, rings_at=None,
    ):  # fmt: skip
        await _over(session, post, now)
        await tell(session, post, now, "refused", post.person_id)
    return post


async def _judged(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Post, Who]:
    them = await judges(session, now)
    if actor.id not in them:
        raise NotAllowedError(RoleName.MODERATOR)
    post = await find(session, Post, ref, lock=True)
    if post.person_id == actor.id and them.keys() - {actor.id}:
        raise OwnTextError
    animates = await roles.holds(session, actor, RoleName.ANIMATOR, now)
    return post, Who.ANIMATOR if animates else Who.MODERATOR


async def hide(session: AsyncSession, actor: Person, post: Post, by: Who, now: datetime) -> None:
    """Take a post out of everybody's sight, by a measure (``community/moderation``).

    That tells its poster. What is hidden is not renewed.

    Raises:
        IllegalMoveError: it is withdrawn or refused: nobody sees it, nor will.
    """
    if await POST.move(
        session, post, State.HIDDEN, by, now,
        actor_id=actor.id, came_from=post.state, ended_at=post.ended_at or now,
        due_at=None, rings_at=None,
    ):  # fmt: skip
        await _over(session, post, now)


async def show_again(
    session: AsyncSession,
    actor: Person,
    post: Post,
    by: Who,
    now: datetime,
    *,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> None:
    """Make of a hidden post what it was, until the end that it had: what waited waits again."""
    if post.state != State.HIDDEN:
        return
    to = State(post.came_from or State.WAITING)
    if to in LIVE and post.expires_at <= now:
        to = State.EXPIRED
    await POST.move(
        session, post, to, by, now,
        actor_id=actor.id, came_from=None, ended_at=None if to in LIVE else post.ended_at,
    )  # fmt: skip
    if to in LIVE:
        await _remind(session, post, now)
    if to == State.WAITING:
        await _wait(session, post, now, zone, country)


async def tell(
    session: AsyncSession, post: Post, now: datetime, what: str, *whom: int, **more: str
) -> None:
    """Owe these people a word about a post, once for each occasion."""
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "post_notice",
                number,
                f"post:{post.id}:{what}:{now.isoformat()}:{number}",
                now,
                {"what": what, "ref": post.ref, **more},
                subject_id=post.id,
            )
            for number in whom
        ),
    )


# By the poster, and by the clock


async def mine(session: AsyncSession, actor: Person, ref: str) -> Post:
    """Return the actor's own post, locked.

    Raises:
        NotFoundError: it is somebody else's, or there is none.
    """
    post = await find(session, Post, ref, lock=True)
    if post.person_id != actor.id:
        raise NotFoundError("Post")
    return post


async def renew(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> Post:
    """Let a post stand for thirty days more; what has expired comes back.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: it is found, withdrawn, refused or hidden.
        SuspendedError: the actor is suspended.
        TooLateError: it expired long ago.
        TooManyPostsError: it would be one too many.
    """
    post = await mine(session, actor, ref)
    await measures.require_free(session, actor, now)
    if post.state == State.EXPIRED or (post.is_live and post.expires_at <= now):
        if now > post.expires_at + RENEWABLE:
            raise TooLateError(post.expires_at)
        await session.get(Person, actor.id, with_for_update={"key_share": True})
        others = select(func.count()).where(
            Post.person_id == actor.id, Post.state.in_(LIVE), Post.id != post.id
        )
        if (await session.scalar(others) or 0) >= MOST_OPEN:
            raise TooManyPostsError(MOST_OPEN)
    if not post.is_live:
        known = post.approved_at is not None or await is_established(session, actor)
        to = State.PUBLISHED if known else State.WAITING
        await POST.move(session, post, to, Who.SELF, now, actor_id=actor.id, ended_at=None)
        if to == State.WAITING:
            await _wait(session, post, now, zone, country)
    post.expires_at = now + LASTS
    await session.flush()
    await _remind(session, post, now)
    return post


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Post:
    """Take one's own post off the board.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: it is over.
    """
    post = await mine(session, actor, ref)
    if await POST.move(
        session, post, State.WITHDRAWN, Who.SELF, now,
        actor_id=actor.id, ended_at=now, due_at=None, rings_at=None,
    ):  # fmt: skip
        await _over(session, post, now)
    return post


async def _over(session: AsyncSession, post: Post, now: datetime) -> None:
    """Call off what would be told of a post that is over."""
    about = Delivery.subject_id == post.id
    await deliveries.cancel(session, now, about, Delivery.kind.in_(["post_new", "post_expiring"]))


async def end_of(session: AsyncSession, post: Post, now: datetime) -> None:
    """Let whoever closes a post call off what would be told of it."""
    await _over(session, post, now)


async def expire(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """End what nobody has renewed; its poster hears of it, and can renew it. Return how many."""
    rows: Sequence[Post] = (
        await session.scalars(
            select(Post)
            .where(Post.state.in_(LIVE), Post.expires_at <= now)
            .order_by(Post.id)
            .limit(most)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    for post in rows:
        await POST.move(
            session, post, State.EXPIRED, Who.CLOCK, now,
            ended_at=now, due_at=None, rings_at=None,
        )  # fmt: skip
        await _over(session, post, now)
        await tell(session, post, now, "expired", post.person_id)
    return len(rows)


async def ring(session: AsyncSession, now: datetime) -> int:
    """Tell animators of what has waited for too long, once; return how many posts rang."""
    rows: Sequence[Post] = (
        await session.scalars(
            select(Post)
            .where(Post.state == State.WAITING, Post.rings_at <= now)
            .order_by(Post.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    animators = await roles.holders(session, RoleName.ANIMATOR, now) if rows else []
    for post in rows:
        post.rings_at = None
        await deliveries.plan_notices(
            session,
            now,
            "post_waiting",
            [one.id for one in animators if one.id != post.person_id],
            f"post:{post.id}:overdue:{post.due_at}",
            subject_id=post.id,
            ref=post.ref,
        )
    await session.flush()
    return len(rows)


async def next_step(session: AsyncSession) -> datetime | None:
    """Return when the clock alone ends a post, or tells that one waits."""
    moments = [
        await session.scalar(select(func.min(Post.expires_at)).where(Post.state.in_(LIVE))),
        await session.scalar(select(func.min(Post.rings_at)).where(Post.state == State.WAITING)),
    ]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None
