"""What became of a send, and what to do about those of whom nobody knows."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, history, roles
from community.base import find
from community.deliveries import Delivery
from community.errors import IllegalMoveError
from community.events import Event
from community.lifecycle import Who
from community.people import Person
from community.policy import POLICY, TOLD_BY_PHONE
from community.roles import RoleName
from community.sends.running import opens_before
from community.sends.table import SEND, Kind, Send, State


async def outcomes_by_language(
    session: AsyncSession, send: Send
) -> dict[str, Counter[deliveries.State]]:
    """Return what became of its rows, by the reader's language; together they are the audience."""
    rows = await session.execute(
        select(Delivery.language, Delivery.state, func.count())
        .where(Delivery.send_id == send.id)
        .group_by(Delivery.language, Delivery.state)
    )
    found: dict[str, Counter[deliveries.State]] = {}
    for language, state, count in rows:
        found.setdefault(language or "", Counter())[deliveries.State(state)] += count
    return found


async def by_phone(session: AsyncSession, send: Send) -> tuple[int, int]:
    """Return how many without Telegram have been told by phone, and how many still are to be."""
    rows = await session.execute(
        select(Delivery.reason, func.count())
        .where(
            Delivery.send_id == send.id,
            Delivery.state == deliveries.State.SUPPRESSED,
            Delivery.reason.in_(TOLD_BY_PHONE),
        )
        .group_by(Delivery.reason)
    )
    found = {row[0]: row[1] for row in rows}
    told = found.pop("told_by_phone", 0)
    return told, sum(found.values())


async def deferred(session: AsyncSession, send: Send) -> tuple[int, datetime | None]:
    """Return how many rows the policy has put off, and when the first of them goes."""
    row = await session.execute(
        select(func.count(), func.min(Delivery.due_at)).where(
            Delivery.send_id == send.id,
            Delivery.state == deliveries.State.QUEUED,
            Delivery.reason == "deferred",
        )
    )
    count, first = row.one()
    return count, first


async def leave_uncertain(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Leave those as they are of whom nobody knows whether they got it: nobody is told twice.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    unsure = await session.scalar(
        select(func.count()).where(
            Delivery.send_id == send.id, Delivery.state == deliveries.State.UNCERTAIN
        )
    )
    if unsure != send.unsure_left:
        step = history.step(SEND.name, send.id, "uncertain", "left", actor_id=actor.id, now=now)
        await history.note(session, step)
        send.unsure_left = unsure or 0


async def resend_uncertain(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """Send again to those of whom nobody knows whether they got it; return how many.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it has been stopped.
        TooLateError: its event has begun.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if send.state not in (State.SENDING, State.SENT):
        raise IllegalMoveError(SEND.name, send.state, State.SENDING)
    await opens_before(session, send, now)
    expires_at = now + POLICY[send.kind].lives
    if send.kind == Kind.EVENT_INVITATION:
        expires_at = (await session.get_one(Event, send.event_id)).starts_at
    rows = await session.scalars(
        select(Delivery).where(
            Delivery.send_id == send.id, Delivery.state == deliveries.State.UNCERTAIN
        )
    )
    count, send.unsure_left = 0, 0
    for row in rows.all():
        count += await deliveries.DELIVERY.move(
            session,
            row,
            deliveries.State.QUEUED,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            due_at=now,
            expires_at=expires_at,
            settled_at=None,
            started_at=None,
            reason="resent_by_hand",
        )
    return count


async def was_for(session: AsyncSession, send: Send, person: Person) -> bool:
    """Say whether this person was owed a copy, whatever became of it."""
    found = await session.scalar(
        select(Delivery.id)
        .where(Delivery.send_id == send.id, Delivery.person_id == person.id)
        .limit(1)
    )
    return found is not None
