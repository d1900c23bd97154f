"""Whom somebody brings, and what they need in order to come: said beside "going"."""

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, people, roles
from community.attendance.places import is_free_for, offer_places, places_left
from community.attendance.seeing import visible
from community.attendance.table import BRINGS, CONCERNED, HOLDS_A_PLACE, Attendance, State, of
from community.base import find
from community.errors import (
    CalledOffError,
    IllegalMoveError,
    NoPlaceError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Event
from community.people import Person
from community.provisions import Provision

MOST_GUESTS = 3


async def bring(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    guests: int,
    now: datetime,
    *,
    default_zone: str,
) -> bool:
    """Say how many come along; return whether that changed anything.

    Each takes a place: of the free ones nobody waits for, or beside one's own in the line. What
    is given up is offered to the next.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event.
        NotUnderstoodError: so many cannot come along.
        IllegalMoveError: the person does not come themself.
        NoPlaceError: there are not so many places; what was said before holds.
        TooLateError: the event is over, or does not take place.
    """
    event, mine = await _answered(session, actor, event_ref, now)
    if not 0 <= guests <= MOST_GUESTS:
        raise NotUnderstoodError("guests")
    if mine is None or mine.state not in BRINGS:
        raise IllegalMoveError("attendance", mine.state if mine else State.NONE, State.GOING)
    more = guests - mine.guests
    if (
        mine.state in HOLDS_A_PLACE
        and more > 0
        and not await is_free_for(
            session, event, actor, now, default_zone=default_zone, places=more
        )
    ):
        raise NoPlaceError(await places_left(session, event) or 0)
    mine.guests = guests
    await session.flush()
    if more < 0 or mine.state == State.WAITING:
        await offer_places(session, event, now, default_zone=default_zone)
    return more != 0


async def need(
    session: AsyncSession, actor: Person, event_ref: str, provision: Provision, now: datetime
) -> None:
    """Say that one needs something in order to come, or needs it no more.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event.
        IllegalMoveError: the person has not said that they may come.
        TooLateError: the event is over, or does not take place.
    """
    _event, mine = await _answered(session, actor, event_ref, now)
    if mine is None or mine.state not in CONCERNED:
        raise IllegalMoveError("attendance", mine.state if mine else State.NONE, State.GOING)
    mine.needs = sorted({*mine.needs} ^ {provision.value})


async def _answered(
    session: AsyncSession, actor: Person, event_ref: str, now: datetime
) -> tuple[Event, Attendance | None]:
    """Return an event that is still to be, locked, and what the person has said."""
    people.require_member(actor)
    event = await visible(session, actor, event_ref, now, lock=True)
    if event.state == events.State.CANCELLED:
        raise CalledOffError
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError(event.ends_at)
    return event, await of(session, event, actor)


async def needed(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Counter[Provision], list[tuple[Attendance, Person]]]:
    """Return how many need what, and who, of those who go or may go.

    Raises:
        NotAllowedError: the actor does not look after this event.
    """
    event = await find(session, Event, ref)
    await roles.require_host(session, actor, event, now)
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state.in_(CONCERNED))
        .order_by(Attendance.answered_at, Attendance.id)
    )
    who = [(attendance, person) for attendance, person in rows if attendance.needs]
    count = Counter(Provision(one) for attendance, _person in who for one in attendance.needs)
    return count, who
