"""What a change of an event, or calling it off, means for those whom it concerns."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, live, roles
from community.attendance.places import offer_places, shorten_offers
from community.attendance.reminding import remind
from community.attendance.table import ATTENDANCE, Attendance, State, concerned
from community.base import find
from community.deliveries import Delivery, Plan
from community.errors import TooLateError
from community.events import EVENT, Details, Event, details_of, is_material, set_details
from community.lifecycle import Who
from community.people import Person
from community.provisions import lacking
from community.roles import RoleName

CHANGE_WAITS = timedelta(minutes=3)
"""A change is told after so long: the place may follow the time, and a slip can be corrected."""
OF_ONE_DATE = Delivery.args["also"].as_string().is_(None)
"""What is owed is about no other date of a series: ``series`` lets one message speak of many."""


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
    await live.show_at_once(session, event.ref)
    await deliveries.cancel(
        session,
        now,
        Delivery.subject_id == event.id,
        or_(
            Delivery.kind.in_(["event_reminder", "event_invitation", "place_offered"]),
            (Delivery.kind == "event_changed") & OF_ONE_DATE,
        ),
    )
    affected = await concerned(session, event, now)
    for attendance, _person in affected:
        await _was_not_there_yet(session, actor, attendance, now)
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
            for _, person in affected
        ),
    )


async def _was_not_there_yet(
    session: AsyncSession, actor: Person, attendance: Attendance, now: datetime
) -> None:
    """Let whoever has checked in be going again: nobody was at what has not taken place."""
    if attendance.state == State.ATTENDED:
        await ATTENDANCE.move(
            session, attendance, State.GOING, Who.ANIMATOR, now, actor_id=actor.id
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

    A material change (time, duration, place, link) keeps everybody's state and place, tells each
    person concerned once and asks "still?". Who had checked in before it was moved is going
    again, and checks in again. Of what the event provides no more, those are told
    who have said that they need it; anything else tells nobody. While it is under way, the
    beginning and the place stay as they are, and who is there needs no message.

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
    before = details_of(event)
    material = is_material(before, details)
    has_begun = event.starts_at <= now
    is_moved = is_material(replace(before, minutes=details.minutes), details)
    if is_moved and is_public and has_begun:
        raise TooLateError(event.starts_at)
    ended = event.hosted_until
    grown = (details.capacity or 10**9) > (event.capacity or 10**9)
    set_details(event, details)
    event.changed_at = now
    await roles.follow_event(session, event, ended, event.hosted_until)
    told = 0
    if is_public:
        event.sequence += material
        if material and not has_begun:
            if is_moved:
                for attendance, _person in await concerned(session, event, now):
                    await _was_not_there_yet(session, actor, attendance, now)
            told = await _tell_change(session, event, now, default_zone)
            await shorten_offers(session, event)
        elif not has_begun:
            told = await _tell_lacking(session, event, before, now)
        if material or grown:
            await offer_places(session, event, now, default_zone=default_zone)
    await session.flush()
    return told


async def _tell_change(
    session: AsyncSession, event: Event, now: datetime, default_zone: str
) -> int:
    await session.flush()
    affected = await concerned(session, event, now)
    for attendance, person in affected:
        attendance.asked_again = attendance.state != State.ATTENDED  # who is there need not say
        await remind(session, event, attendance, person, now, default_zone)
    also = await _take_back(session, event, [person.id for _, person in affected], now)
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
                {"ref": event.ref} | also.get(person.id, {}),
                expires_at=event.starts_at,
                subject_id=event.id,
            )
            for _, person in affected
        ),
    )


async def _take_back(
    session: AsyncSession, event: Event, affected: Collection[int], now: datetime
) -> dict[int | None, dict[str, Any]]:
    """Call off what is owed about earlier changes of an event, for it is told anew.

    Returns what other dates of a series each of these people would have read of with it.
    """
    of_it = Delivery.subject_id == event.id, Delivery.kind == "event_changed"
    await deliveries.cancel(session, now, *of_it, OF_ONE_DATE)
    queued = Delivery.state == deliveries.State.QUEUED
    rows = await session.execute(
        select(Delivery.id, Delivery.person_id, Delivery.args).where(*of_it, queued)
    )
    replaced = [row for row in rows if row.person_id in {*affected}]
    await deliveries.cancel(session, now, Delivery.id.in_([row.id for row in replaced]))
    return {row.person_id: {"also": row.args["also"]} for row in replaced}


async def _tell_lacking(
    session: AsyncSession, event: Event, before: Details, now: datetime
) -> int:
    """Tell those who need what there is no more; who hears of a change anyway hears it with that.

    What is there again before they are told is told to nobody: the card says what is missing.
    """
    after = details_of(event)
    waiting = await session.scalars(
        select(Delivery.person_id).where(
            Delivery.subject_id == event.id,
            Delivery.kind == "event_changed",
            Delivery.state.in_(deliveries.OPEN),
        )
    )
    hear_anyway = {*waiting}
    affected = [
        person
        for attendance, person in await concerned(session, event, now)
        if person.id not in hear_anyway
        and {*lacking(after, attendance.needs, person)}
        - {*lacking(before, attendance.needs, person)}
    ]
    return await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "event_changed",
                person.id,
                f"event_changed:{event.id}:{event.sequence}:{person.id}:{now.isoformat()}",
                min(now + CHANGE_WAITS, event.starts_at - timedelta(seconds=1)),
                {"ref": event.ref, "lacking": True},
                expires_at=event.starts_at,
                subject_id=event.id,
            )
            for person in affected
        ),
    )
