"""What a crash, a block or the time leaves of what is owed, and what is sent once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community import people, roles
from community.database_time import database_seconds
from community.deliveries.table import DELIVERY, Delivery, State
from community.lifecycle import Who
from community.people import Person
from community.policy import RESENT
from community.roles import RoleName
from community.writing import rows_changed


async def rescue(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Settle what a dead process has left claimed: (owed again, now uncertain).

    What had not been let go has surely not left, whatever its kind.
    """
    lost = (Delivery.state == State.CLAIMED, Delivery.lease_until < database_seconds())
    unclaimed = {"claimed_by": None, "lease_until": None, "reason": "after_crash"}
    back = await rows_changed(
        session,
        update(Delivery)
        .where(*lost, or_(Delivery.started_at.is_(None), Delivery.kind.in_(RESENT)))
        .values(state=State.QUEUED, settled_at=None, started_at=None, **unclaimed),
    )
    uncertain = await rows_changed(
        session,
        update(Delivery).where(*lost).values(state=State.UNCERTAIN, settled_at=now, **unclaimed),
    )
    return back, uncertain


@dataclass(frozen=True)
class Unsure:
    """Messages about one thing of which nobody knows whether they arrived."""

    kind: str
    ref: str
    count: int


async def uncertain(session: AsyncSession, now: datetime) -> list[Unsure]:
    """Return what may not have arrived and is still worth sending, sends of their own aside."""
    found: dict[tuple[str, str], int] = {}
    for row in await _unsure_rows(session, now):
        about = (row.kind, str(row.args.get("ref", "")))
        found[about] = found.get(about, 0) + 1
    return [Unsure(kind, ref, count) for (kind, ref), count in found.items()]


async def resend(session: AsyncSession, actor: Person, kind: str, ref: str, now: datetime) -> int:
    """Owe these uncertain messages once more, by this person's decision; return how many.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = [
        row
        for row in await _unsure_rows(session, now)
        if row.kind == kind and str(row.args.get("ref", "")) == ref
    ]
    for row in rows:
        await DELIVERY.move(
            session,
            row,
            State.QUEUED,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            due_at=now,
            settled_at=None,
            started_at=None,
            reason="resent_by_hand",
        )
    return len(rows)


async def _unsure_rows(session: AsyncSession, now: datetime) -> Sequence[Delivery]:
    return (
        await session.scalars(
            select(Delivery)
            .where(
                Delivery.state == State.UNCERTAIN,
                Delivery.send_id.is_(None),
                Delivery.expires_at > now,
            )
            .order_by(Delivery.id)
        )
    ).all()


async def lose(session: AsyncSession, person: Person, reason: str, now: datetime) -> None:
    """Make the person unreachable and drop what waits for them: no flood when they come back."""
    await people.lose(session, person, reason, now)
    await rows_changed(
        session,
        update(Delivery)
        .where(
            Delivery.person_id == person.id,
            Delivery.state.in_([State.WAITING, State.QUEUED]),
        )
        .values(state=State.SUPPRESSED, reason="unreachable", settled_at=now),
    )


async def expire(session: AsyncSession, now: datetime) -> int:
    """Mark what nobody claimed in time; it stays listed as "not sent, too late"."""
    return await rows_changed(
        session,
        update(Delivery)
        .where(Delivery.state.in_([State.WAITING, State.QUEUED]), Delivery.expires_at <= now)
        .values(state=State.EXPIRED, reason="too_late", settled_at=now),
    )
