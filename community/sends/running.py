"""A send goes out: scheduled, started, held, resumed, stopped, finished."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles
from community.base import find
from community.deliveries import Delivery
from community.errors import IllegalMoveError, TooLateError
from community.events import Event
from community.lifecycle import Who
from community.people import Person
from community.policy import POLICY
from community.roles import RoleName
from community.sends.approving import has_grown, looks_at, reviewers, tell_team
from community.sends.planning import plan, plan_missed
from community.sends.table import SEND, Held, Kind, Send, State

ALONE_DELAY = timedelta(minutes=10)
UNDO = timedelta(seconds=20)
"""How long "send now" waits, so that it can be undone."""


async def schedule(
    session: AsyncSession, actor: Person, ref: str, at: datetime | None, now: datetime
) -> Send:
    """Send at a moment, or now: then after twenty seconds in which it can be undone.

    Raises:
        NotAllowedError: the actor is no animator, or a second person must look at it first.
        IllegalMoveError: it is neither approved nor held before its start.
        TooLateError: the moment has passed, or the event would have begun.
    """
    send = await find(session, Send, ref, lock=True)
    if at is not None and at <= now:
        raise TooLateError(at)
    if not await looks_at(session, send, actor, now):
        await roles.require(session, actor, RoleName.ANIMATOR, now)
    if send.started_at is not None or send.state == State.SCHEDULED:
        raise IllegalMoveError(SEND.name, send.state, State.SCHEDULED)
    if send.held_because == Held.CHANGED:
        send.approved_by_id = actor.id
    earliest = now + (ALONE_DELAY if send.alone else UNDO)
    starts_at = max(at or earliest, earliest)
    await opens_before(session, send, starts_at)
    await SEND.move(
        session,
        send,
        State.SCHEDULED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        starts_at=starts_at,
        held_because=None,
    )
    return send


async def hold(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Let nothing more of it leave for now; what is on its way arrives.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is neither scheduled nor being sent.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    await _hold(session, send, Held.BY_HAND, Who.ANIMATOR, now, actor_id=actor.id)
    return send


async def resume(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Go on with what is held: where it stopped, or from its start if it had not begun.

    Raises:
        NotAllowedError: the actor is no animator, or a second person must look at it.
        IllegalMoveError: it is not held.
        TooLateError: its event has begun.
    """
    send = await find(session, Send, ref, lock=True)
    if send.state != State.HELD:
        raise IllegalMoveError(SEND.name, send.state, State.SENDING)
    if send.started_at is None:
        return await schedule(session, actor, ref, None, now)
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    await opens_before(session, send, now)
    await SEND.move(
        session, send, State.SENDING, Who.ANIMATOR, now, actor_id=actor.id, held_because=None
    )
    return send


async def cancel(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Stop it for good: whatever has not left yet stays here.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: all of it has been sent.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    moved = await SEND.move(
        session, send, State.CANCELLED, Who.ANIMATOR, now, actor_id=actor.id, ended_at=now
    )
    if moved:
        await deliveries.cancel(session, now, Delivery.send_id == send.id)
    return send


async def start_due(session: AsyncSession, now: datetime, *, network_language: str) -> int:
    """Turn every send whose time has come into rows, one per person; return how many sends."""
    due = await session.scalars(
        select(Send)
        .where(Send.state == State.SCHEDULED, Send.starts_at <= now)
        .order_by(Send.id)
        .with_for_update(skip_locked=True)
    )
    started = 0
    for send in due.all():
        lives, args = POLICY[send.kind].lives, {"ref": send.ref}
        expires_at = now + lives
        if send.kind == Kind.EVENT_INVITATION:
            event = await session.get_one(Event, send.event_id)
            expires_at, args = event.starts_at, {"ref": event.ref, "send": send.ref}
            if event.state != events.State.PUBLISHED or event.starts_at <= now:
                await _hold(session, send, Held.NOT_OPEN, Who.CLOCK, now)
                continue
        if send.starts_at is None or send.starts_at + lives <= now:
            await _hold(session, send, Held.LATE, Who.CLOCK, now)
            continue
        if await has_grown(session, send, network_language, now):
            author = await session.get_one(Person, send.approved_by_id)
            if await reviewers(session, author, now):
                await _hold(session, send, Held.GROWN, Who.CLOCK, now)
            else:  # nobody else is there: the ten minutes of whoever is alone
                send.alone, send.starts_at = True, now + ALONE_DELAY
            continue
        count = await plan(session, send, args, now, expires_at, network_language)
        await SEND.move(
            session, send, State.SENDING, Who.CLOCK, now, started_at=now, audience=count
        )
        started += 1
    return started


async def finish(session: AsyncSession, now: datetime) -> int:
    """Mark sends of which no row is waiting, queued or claimed as sent; return how many.

    What was in a sender's hands when its send was cancelled, and has come back, ends here.
    """
    cancelled = select(Send.id).where(Send.state == State.CANCELLED)
    await deliveries.cancel(session, now, Delivery.send_id.in_(cancelled))
    is_open = exists().where(Delivery.send_id == Send.id, Delivery.state.in_(deliveries.OPEN))
    rows = await session.scalars(select(Send).where(Send.state == State.SENDING, ~is_open))
    count = 0
    for send in rows.all():
        if send.of_id is not None and await plan_missed(session, send, now):
            continue
        count += await SEND.move(session, send, State.SENT, Who.CLOCK, now, ended_at=now)
    return count


async def _hold(
    session: AsyncSession,
    send: Send,
    because: Held,
    by: Who,
    now: datetime,
    *,
    actor_id: int | None = None,
) -> None:
    moved = await SEND.move(
        session,
        send,
        State.HELD,
        by,
        now,
        actor_id=actor_id,
        reason=because.value,
        held_because=because,
    )
    if moved and by is Who.CLOCK:
        author = await session.get(Person, send.made_by_id) if send.made_by_id else None
        grown = author is not None and because is Held.GROWN
        others = await reviewers(session, author, now) if author and grown else []
        told = [send.made_by_id, *(person.id for person in others)]
        await tell_team(session, send, "send_held", told, now)


async def opens_before(session: AsyncSession, send: Send, moment: datetime) -> None:
    """Refuse to announce an event that will have begun by then, or is not open.

    Raises:
        TooLateError: it is so.
    """
    if send.kind == Kind.EVENT_INVITATION:
        event = await session.get_one(Event, send.event_id)
        if event.state != events.State.PUBLISHED or moment >= event.starts_at:
            raise TooLateError(event.starts_at)
