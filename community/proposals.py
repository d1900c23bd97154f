"""What providers and members propose: it waits until an animator has decided.

Proposed are events, and what organisations offer to members (``community/sends/offering.py``).
Nobody decides about what they have proposed themselves, or their own organisation has.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, notices, people, roles, sends, translations
from community.base import find
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import EVENT, Details, Event, State
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import Organization
from community.roles import RoleName
from community.sends import Send

OPEN_AT_ONCE = 3
"""So many events of one person may wait for the team at the same time."""


async def propose_event(
    session: AsyncSession,
    actor: Person,
    details: Details,
    texts: dict[str, str],
    language: str,
    now: datetime,
    *,
    organization_ref: str = "",
    need: Need | None = None,
) -> Event:
    """Propose an event: as a member, or for an organisation to whoever looks for this.

    Raises:
        NotAllowedError: the actor is not of the organisation's staff.
        NotAMemberError: it is for no organisation, and the actor has not joined.
        NotUnderstoodError: a field is wrong, or an organisation names no need.
        TooLateError: it would start in the past.
        IllegalMoveError: too many of theirs wait already.
    """
    organization = None
    if organization_ref:
        organization = await find(session, Organization, organization_ref)
        await roles.require(
            session, actor, RoleName.PROVIDER_STAFF, now, organization_id=organization.id
        )
    else:
        people.require_member(actor)
        need = None
    starts_at = details.check()
    if organization is not None and need is None:
        raise NotUnderstoodError("choice")
    if starts_at <= now:
        raise TooLateError(starts_at)
    waiting = select(Event).where(Event.made_by_id == actor.id, Event.state == State.PROPOSED)
    if len((await session.scalars(waiting)).all()) >= OPEN_AT_ONCE:
        raise IllegalMoveError(EVENT.name, State.PROPOSED, State.PROPOSED)
    event = Event(
        state=State.PROPOSED,
        organization_id=organization.id if organization else None,
        need=need,
        made_by_id=actor.id,
        made_at=now,
        changed_at=now,
    )
    events.set_details(event, details)
    session.add(event)
    await session.flush()
    await translations.write(session, actor, "event", event.id, language, texts, now)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        "proposed",
        [animator.id for animator in animators],
        f"proposed:event:{event.id}",
        subject_id=event.id,
        ref=event.ref,
    )
    return event


async def proposed_by(session: AsyncSession, actor: Person, now: datetime) -> list[Event]:
    """Return the events that the actor or their organisations have proposed, the newest first."""
    own = await roles.staffed(session, actor, now)
    theirs = Event.organization_id.in_(own) | (
        (Event.made_by_id == actor.id) & Event.organization_id.is_(None)
    )
    has_been = [State.PROPOSED, State.REFUSED]
    rows = await session.scalars(
        select(Event)
        .where(theirs, Event.state.in_(has_been) | Event.organization_id.is_not(None))
        .order_by(Event.id.desc())
    )
    return list(rows)


async def own_event(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Return an event that the actor or one of their organisations has proposed.

    Raises:
        NotFoundError: there is none, or it is somebody else's; which is not told.
    """
    event = await find(session, Event, ref)
    if event.organization_id is not None:
        is_theirs = event.organization_id in await roles.staffed(session, actor, now)
    else:
        is_theirs = event.made_by_id == actor.id
    if not is_theirs:
        raise NotFoundError("Event")
    return event


async def waiting(
    session: AsyncSession, actor: Person, now: datetime
) -> tuple[list[Event], list[Send]]:
    """Return the events and the offers that wait for an animator, the oldest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    proposed = select(Event).where(Event.state == State.PROPOSED).order_by(Event.id)
    offered = select(Send).where(
        Send.kind == sends.Kind.OFFER, Send.state == sends.State.IN_REVIEW
    )
    return (
        list(await session.scalars(proposed)),
        list(await session.scalars(offered.order_by(Send.id))),
    )


async def take(
    session: AsyncSession, actor: Person, what: type[Event] | type[Send], ref: str, now: datetime
) -> None:
    """Take care of a proposal: the other animators see who does; taking it over is possible.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is decided.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    row: Event | Send = await find(session, what, ref, lock=True)
    if row.state not in (State.PROPOSED, sends.State.IN_REVIEW):
        raise IllegalMoveError(EVENT.name, row.state, State.PROPOSED)
    row.owner_id = actor.id
    await session.flush()


async def accept(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Make a proposed event a draft of the team's.

    Raises:
        NotAllowedError: the actor is no animator, or has proposed it, or their organisation has.
        IllegalMoveError: it is decided.
        TooLateError: it would have begun.
    """
    event = await _to_decide(session, actor, ref, now)
    if event.state == State.PROPOSED and event.starts_at <= now:
        raise TooLateError(event.starts_at)
    await EVENT.move(session, event, State.DRAFT, Who.ANIMATOR, now, actor_id=actor.id)
    await _tell(session, event, now)
    return event


async def refuse(
    session: AsyncSession, actor: Person, ref: str, reason: str, now: datetime
) -> Event:
    """Say no to a proposed event; who has proposed it reads why.

    Raises:
        NotAllowedError: the actor is no animator, or has proposed it, or their organisation has.
        NotUnderstoodError: there is no reason, or a very long one.
        IllegalMoveError: it is decided.
    """
    event = await _to_decide(session, actor, ref, now)
    moved = await EVENT.move(
        session,
        event,
        State.REFUSED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        refused_because=sends.why(reason),
    )
    if moved:
        await _tell(session, event, now)
    return event


async def _to_decide(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    own = await roles.staffed(session, actor, now)
    if event.made_by_id == actor.id or event.organization_id in own:
        raise NotAllowedError(RoleName.ANIMATOR)
    return event


async def _tell(session: AsyncSession, event: Event, now: datetime) -> None:
    """Tell who has proposed an event what has become of it."""
    if event.organization_id is not None:
        await notices.tell_staff(session, event.organization_id, "proposal", event, now)
    elif event.made_by_id is not None:
        proposer = await session.get_one(Person, event.made_by_id)
        await notices.tell(session, [proposer], "proposal", event, now)
