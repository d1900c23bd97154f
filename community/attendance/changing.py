"""What a change of an event, or calling it off, means for those whom it concerns."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles
from community.attendance.places import offer_places, shorten_offers
from community.attendance.reminding import remind
from community.attendance.table import concerned
from community.base import find
from community.deliveries import Delivery, Plan
from community.errors import TooLateError
from community.events import EVENT, Details, Event
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName

CHANGE_WAITS = timedelta(minutes=3)
"""A change is told after so long: the place may follow the time, and a slip can be corrected."""


async def cancel_event(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """Call the event off: reminders stop, each person concerned is told once; return how many.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is over, or was never published.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    moved = await EVENT.move(
        session,
        event,
        events.State.CANCELLED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        sequence=event.sequence + 1,
        changed_at=now,
    )
    if not moved:
        return 0
    await deliveries.cancel(
        session,
        now,
        Delivery.subject_id == event.id,
        Delivery.kind.in_(
            ["event_reminder", "event_invitation", "place_offered", "event_changed"]
        ),
    )
    return await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "event_cancelled",
                person.id,
                f"event_cancelled:{event.id}:{person.id}",
                now,
                {"ref": event.ref},
                subject_id=event.id,
            )
            for _, person in await concerned(session, event)
        ),
    )


async def change_event(
    session: AsyncSession,
    actor: Person,
    ref: str,
    details: Details,
    now: datetime,
    *,
    default_zone: str,
) -> int:
    """Change the facts of an event; return how many people are told.

    A material change (time, place, link) keeps everybody's state and place, tells each person
    concerned once and asks "still?"; anything else tells nobody. While it is under way, time and
    place stay as they are.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a field is wrong.
        TooLateError: it is over or cancelled, would start in the past, or is under way.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    is_public = event.state == events.State.PUBLISHED
    if event.state != events.State.DRAFT and (not is_public or event.is_over(now)):
        raise TooLateError(event.ends_at)
    starts_at = details.check()
    if starts_at != event.starts_at and starts_at <= now:
        raise TooLateError(starts_at)
    material = (starts_at, details.place, details.link) != (
        event.starts_at,
        event.place,
        event.link,
    )
    if material and is_public and event.starts_at <= now:
        raise TooLateError(event.starts_at)
    ended = event.hosted_until
    grown = (details.capacity or 10**9) > (event.capacity or 10**9)
    event.starts_wall, event.zone, event.starts_at = details.starts_wall, details.zone, starts_at
    event.place, event.link, event.minutes = details.place, details.link, details.minutes
    event.capacity, event.languages = details.capacity, details.languages
    event.child_care, event.changed_at = details.child_care, now
    await roles.follow_event(session, event, ended, event.hosted_until)
    told = 0
    if is_public:
        if material:
            event.sequence += 1
            told = await _tell_change(session, event, now, default_zone)
            await shorten_offers(session, event)
        if material or grown:
            await offer_places(session, event, now, default_zone=default_zone)
    await session.flush()
    return told


async def _tell_change(
    session: AsyncSession, event: Event, now: datetime, default_zone: str
) -> int:
    await session.flush()
    affected = await concerned(session, event)
    for attendance, person in affected:
        attendance.asked_again = True
        await remind(session, event, attendance, person, now, default_zone)
    await deliveries.cancel(
        session, now, Delivery.subject_id == event.id, Delivery.kind == "event_changed"
    )
    due = min(now + CHANGE_WAITS, event.starts_at - timedelta(seconds=1))
    return await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "event_changed",
                person.id,
                f"event_changed:{event.id}:{event.sequence}:{person.id}",
                due,
                {"ref": event.ref},
                expires_at=event.starts_at,
                subject_id=event.id,
            )
            for _, person in affected
        ),
    )
