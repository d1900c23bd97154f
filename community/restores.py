"""A backup that was put back still owes what has gone out since it was made.

Nobody but a person can know which of it arrived. So what may not be doubled is held: sends by
their lifecycle, and every kind of message of which a crash would leave an uncertain one
(``community/holds.py``). Somebody named then lets it go, or drops what was due already.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, history, roles, sends
from community.deliveries import Delivery
from community.holds import RESTORED, Hold, since
from community.leases import Lease
from community.lifecycle import Who
from community.people import Person
from community.policy import RESENT
from community.roles import RoleName
from community.sends import SEND, Send
from community.writing import insert_new

RUNNING = (sends.State.SCHEDULED, sends.State.SENDING)


async def begin(session: AsyncSession, now: datetime) -> None:
    """Make a database that was just put back safe to start: what must not go out twice is held.

    The leases in it belong to a process that ran when it was copied. Administrators are told.
    """
    await session.execute(delete(Lease))
    await session.execute(delete(Hold))
    await insert_new(session, Hold, [{"why": RESTORED, "since": now}])
    running = await session.scalars(
        select(Send).where(Send.state.in_(RUNNING)).order_by(Send.id).with_for_update()
    )
    for send in running.all():
        await SEND.move(
            session,
            send,
            sends.State.HELD,
            Who.CLOCK,
            now,
            reason=RESTORED,
            held_because=sends.Held.RESTORED,
        )
    await deliveries.plan_notices(
        session,
        now,
        "restored",
        [person.id for person in await roles.holders(session, RoleName.ADMINISTRATOR, now)],
        f"held:{now.isoformat()}",
    )
    await session.flush()


async def waiting(session: AsyncSession, now: datetime) -> int:
    """Return how many messages are due and held."""
    if await since(session) is None:
        return 0
    return await session.scalar(select(func.count(Delivery.id)).where(*_held(now))) or 0


async def decide(session: AsyncSession, actor: Person, now: datetime, *, send: bool) -> int:
    """Let an administrator end the hold (``release``).

    Raises:
        NotAllowedError: the actor is no administrator.
    """
    await roles.require(session, actor, RoleName.ADMINISTRATOR, now)
    return await release(session, now, send=send, actor_id=actor.id)


async def release(
    session: AsyncSession, now: datetime, *, send: bool, actor_id: int | None = None
) -> int:
    """End the hold: what is due is sent where it still is of use, or dropped; return how many.

    What becomes due later goes out in its time either way, and so does a send whose moment is
    still to come. Nothing happens where nothing is held.
    """
    if await since(session) is None:
        return 0
    count = await waiting(session, now)
    for held in await _held_sends(session):
        # Whoever runs the network decides here for its animators.
        by = (Who.ANIMATOR, now)
        was_due = held.started_at or (held.starts_at is not None and held.starts_at <= now)
        if was_due and not send:
            await SEND.move(
                session, held, sends.State.CANCELLED, *by, actor_id=actor_id, ended_at=now
            )
            await deliveries.cancel(session, now, Delivery.send_id == held.id)
        else:
            to = sends.State.SENDING if held.started_at else sends.State.SCHEDULED
            await SEND.move(session, held, to, *by, actor_id=actor_id, held_because=None)
    if not send:
        await deliveries.cancel(session, now, *_held(now))
    await session.execute(delete(Hold))
    decision = "sent" if send else "dropped"
    await history.note(
        session,
        history.step("hold", 0, "held", decision, actor_id=actor_id, now=now, reason=RESTORED),
    )
    await session.flush()
    return count


def _held(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.state == deliveries.State.QUEUED,
        Delivery.due_at <= now,
        Delivery.kind.not_in(RESENT),
    )


async def _held_sends(session: AsyncSession) -> Sequence[Send]:
    """Return the sends that the restore holds, not those that an animator has held before."""
    query = select(Send).where(
        Send.state == sends.State.HELD, Send.held_because == sends.Held.RESTORED
    )
    return (await session.scalars(query.order_by(Send.id).with_for_update())).all()
