"""Somebody of the team looks at a digest before it leaves: approve, leave out, not this month."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.base import find
from community.deliveries import Delivery
from community.digests.table import DIGEST, KIND, Digest, DigestItem, ItemKind, State
from community.errors import IllegalMoveError, NotFoundError
from community.lifecycle import Who
from community.people import Person
from community.policy import POLICY
from community.roles import RoleName
from community.sends import UNDO
from community.writing import rows_changed


async def every(
    session: AsyncSession, actor: Person, now: datetime, *, limit: int
) -> Sequence[Digest]:
    """Return the newest digests, the last first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Digest).order_by(Digest.made_at.desc(), Digest.id.desc()).limit(limit)
    )
    return rows.all()


async def approve(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Digest:
    """Let it go, after the moment in which it can still be stopped.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it waits for nobody.
    """
    digest = await _decided(session, actor, ref, State.APPROVED, now)
    goes = now + UNDO
    await rows_changed(
        session,
        update(Delivery)
        .where(
            Delivery.kind == KIND,
            Delivery.subject_id == digest.id,
            Delivery.state == deliveries.State.WAITING,
        )
        .values(state=deliveries.State.QUEUED, due_at=goes, expires_at=goes + POLICY[KIND].lives),
    )
    return digest


async def skip(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Digest:
    """Send none this month; of one that is on its way, nothing more.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: there is nothing to stop.
    """
    digest = await _decided(session, actor, ref, State.SKIPPED, now)
    mine = (Delivery.kind == KIND, Delivery.subject_id == digest.id)
    await deliveries.cancel(session, now, *mine)
    return digest


async def _decided(
    session: AsyncSession, actor: Person, ref: str, to: State, now: datetime
) -> Digest:
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    digest = await find(session, Digest, ref, lock=True)
    await DIGEST.move(
        session,
        digest,
        to,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        decided_by_id=actor.id,
        decided_at=now,
    )
    return digest


async def leave_out(
    session: AsyncSession, actor: Person, ref: str, item_id: int, now: datetime, *, out: bool
) -> Digest:
    """Leave an item out of everybody's, or take it in again; who has nothing else gets none.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it waits for nobody any more.
        NotFoundError: it is no item of this digest.
    """
    digest, item = await _item(session, actor, ref, item_id, now)
    item.left_out = out
    await session.flush()
    return digest


async def tell(
    session: AsyncSession, actor: Person, ref: str, item_id: int, now: datetime, *, story: bool
) -> Digest:
    """Make a newsletter the story of the digest, in the place of another; or none in particular.

    Then the newest one is, for each reader of those that they get.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it waits for nobody any more.
        NotFoundError: it is no newsletter of this digest.
    """
    digest, item = await _item(session, actor, ref, item_id, now)
    if item.kind != ItemKind.SEND:
        raise NotFoundError("DigestItem")
    items = select(DigestItem).where(DigestItem.digest_id == digest.id, DigestItem.is_story)
    for other in await session.scalars(items):
        other.is_story = False
    item.is_story = story
    await session.flush()
    return digest


async def _item(
    session: AsyncSession, actor: Person, ref: str, item_id: int, now: datetime
) -> tuple[Digest, DigestItem]:
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    digest = await find(session, Digest, ref, lock=True)
    if digest.state != State.IN_REVIEW:
        raise IllegalMoveError(DIGEST.name, digest.state, State.IN_REVIEW)
    item = await session.get(DigestItem, item_id)
    if item is None or item.digest_id != digest.id:
        raise NotFoundError("DigestItem")
    return digest, item


async def language_counts(
    session: AsyncSession, digest: Digest, network_language: str
) -> Counter[str]:
    """Return for how many people it was composed, by their language."""
    spoken = func.coalesce(Person.language, network_language)
    rows = await session.execute(
        select(spoken, func.count())
        .join(Delivery, Delivery.person_id == Person.id)
        .where(Delivery.kind == KIND, Delivery.subject_id == digest.id)
        .group_by(spoken)
    )
    return Counter(dict(rows.all()))


async def outcomes(session: AsyncSession, digest: Digest) -> Counter[deliveries.State]:
    """Return what became of its rows; together they are all for whom it was composed."""
    rows = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.kind == KIND, Delivery.subject_id == digest.id)
        .group_by(Delivery.state)
    )
    return Counter({deliveries.State(state): count for state, count in rows})
