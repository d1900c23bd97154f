"""Places: how many are free, whose turn it is, and what is offered to whom for how long."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events
from community.attendance.table import ATTENDANCE, HOLDS_A_PLACE, Attendance, State, to_come
from community.deliveries import Delivery, Plan
from community.events import Event
from community.lifecycle import Who
from community.people import Membership, Person
from community.policy import next_morning

OFFER_HOLDS = timedelta(hours=12)
OFFER_ENDS_BEFORE = timedelta(hours=2)
HEAR_OF_A_PLACE = (Membership.ACTIVE, Membership.PAUSED)
"""Who can be told that a place is theirs; the others keep their number until they are back."""
UNHEARD = (deliveries.State.SUPPRESSED, deliveries.State.REFUSED, deliveries.State.EXPIRED)
"""What became of an offer of which its person has not heard: they, or we, were away."""


async def places_left(session: AsyncSession, event: Event) -> int | None:
    """Return how many places are free, or None where there is no limit."""
    if event.capacity is None:
        return None
    taken = await session.scalar(
        select(func.sum(1 + Attendance.guests))
        .select_from(Attendance)
        .where(Attendance.event_id == event.id, Attendance.state.in_(HOLDS_A_PLACE))
    )
    return max(0, event.capacity - (taken or 0))


async def place_in_line(session: AsyncSession, attendance: Attendance) -> int:
    """Return the person's number on the waiting list, from 1."""
    before = await session.scalar(
        select(func.count())
        .select_from(Attendance)
        .where(
            Attendance.event_id == attendance.event_id,
            Attendance.state == State.WAITING,
            (Attendance.answered_at < attendance.answered_at)
            | (
                (Attendance.answered_at == attendance.answered_at)
                & (Attendance.id < attendance.id)
            ),
        )
    )
    return (before or 0) + 1


async def is_free_for(
    session: AsyncSession,
    event: Event,
    person: Person,
    now: datetime,
    *,
    default_zone: str,
    places: int = 1,
) -> bool:
    """Say whether so many places are for this person now, not a number on the waiting list.

    What is free is for the first in line for whom it is enough, and who can still be told of it
    in time; when there is nobody to tell any more, it is for whoever comes first.
    """
    left = await places_left(session, event)
    if left is None:
        return True
    if left < places:
        return False
    line = await _line(session, event, now, default_zone)
    first = next((one[1].id for one in line if 1 + one[0].guests <= left), None)
    return first is None or first == person.id


async def _line(
    session: AsyncSession, event: Event, now: datetime, default_zone: str
) -> list[tuple[Attendance, Person, datetime]]:
    """Return who waits and when they may be told, first come first; the others keep their number.

    Who is not there cannot be told, nor can who sleeps until nothing is offered any more.
    """
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Attendance.event_id == event.id,
            Attendance.state == State.WAITING,
            Person.state.in_(HEAR_OF_A_PLACE),
        )
        .order_by(Attendance.answered_at, Attendance.id)
    )
    told = [
        (attendance, person, next_morning(now, person.local_zone(default_zone)))
        for attendance, person in rows
    ]
    return [one for one in told if one[2] < event.starts_at - OFFER_ENDS_BEFORE]


async def offer_places(
    session: AsyncSession, event: Event, now: datetime, *, default_zone: str
) -> int:
    """Offer what is free to those first in line; return how many offers were made.

    It is offered to the first for whom it is enough, with those whom they bring. Whoever needs
    more than there is keeps their number.

    A place is held twelve hours from when its holder may be told, never past two hours before the
    start. Later than that nothing is offered any more.
    """
    line = await _line(session, event, now, default_zone)
    left = await places_left(session, event)
    offers = 0
    for attendance, person, told_at in line:
        places = 1 + attendance.guests
        if left is not None and places > left:
            continue
        left = None if left is None else left - places
        offers += 1
        until = min(told_at + OFFER_HOLDS, event.starts_at - OFFER_ENDS_BEFORE)
        await ATTENDANCE.move(
            session, attendance, State.OFFERED, Who.CLOCK, now, offered_until=until
        )
        await _tell_of_place(session, event, person, until, now)
    return offers


async def _tell_of_place(
    session: AsyncSession, event: Event, person: Person, until: datetime, now: datetime
) -> None:
    """Plan the one message about the place that is offered now."""
    last = await _newest_notice(session, event, person.id)
    if last is not None:
        await deliveries.cancel(session, now, Delivery.id == last.id)
    await deliveries.plan(
        session,
        now,
        Plan(
            "place_offered",
            person.id,
            f"place_offered:{event.id}:{person.id}:{last.id if last else 0}",
            now,
            {"ref": event.ref},
            expires_at=until,
            subject_id=event.id,
        ),
    )


async def _newest_notice(
    session: AsyncSession, event: Event, person_id: int | None
) -> Delivery | None:
    """Return the last message that was planned about a place offered to this person."""
    found: Delivery | None = await session.scalar(
        select(Delivery)
        .where(
            Delivery.kind == "place_offered",
            Delivery.subject_id == event.id,
            Delivery.person_id == person_id,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return found


def _is_unheard(notice: Delivery, *more: deliveries.State) -> bool:
    # Somebody without Telegram has heard of it once an animator has told them.
    return notice.state in (*UNHEARD, *more) and notice.reason != "told_by_phone"


async def lapse_offers(session: AsyncSession, now: datetime, *, default_zone: str) -> int:
    """End offers whose deadline has passed, and offer the places to the next.

    Whoever could not be told keeps their number.
    """
    over = (Attendance.state == State.OFFERED, Attendance.offered_until <= now)
    count = 0
    for event_id in (
        await session.scalars(
            select(Attendance.event_id).where(*over).distinct().order_by(Attendance.event_id)
        )
    ).all():
        # The event is locked before its answers, as everywhere: two of us never wait in a ring.
        event = await session.get_one(Event, event_id, with_for_update=True)
        for attendance in (
            await session.scalars(select(Attendance).where(*over, Attendance.event_id == event_id))
        ).all():
            count += await ATTENDANCE.move(
                session, attendance, State.LAPSED, Who.CLOCK, now, offered_until=None
            )
            notice = await _newest_notice(session, event, attendance.person_id)
            if notice is not None and _is_unheard(notice, deliveries.State.QUEUED):
                await ATTENDANCE.move(session, attendance, State.WAITING, Who.CLOCK, now)
        if event.state == events.State.PUBLISHED:
            await offer_places(session, event, now, default_zone=default_zone)
    return count


async def shorten_offers(session: AsyncSession, event: Event) -> None:
    """Hold no place past two hours before the new start."""
    latest = event.starts_at - OFFER_ENDS_BEFORE
    await session.execute(
        update(Attendance)
        .where(
            Attendance.event_id == event.id,
            Attendance.state == State.OFFERED,
            Attendance.offered_until > latest,
        )
        .values(offered_until=latest)
        .execution_options(synchronize_session="fetch")
    )


async def welcome_back(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> None:
    """Offer what is free to somebody who was away, if it is their turn.

    Of a place that was offered meanwhile and is still held they are told now.
    """
    mine = await session.execute(
        to_come(person, now, State.WAITING, State.OFFERED)
        .with_for_update(of=Event)
        .execution_options(populate_existing=True)
    )
    for attendance, event in mine.all():
        if attendance.state == State.WAITING:
            await offer_places(session, event, now, default_zone=default_zone)
            continue
        notice = await _newest_notice(session, event, person.id)
        if attendance.offered_until and notice is not None and _is_unheard(notice):
            await _tell_of_place(session, event, person, attendance.offered_until, now)
