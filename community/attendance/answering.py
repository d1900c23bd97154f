"""The member's side: say whether one comes, and take it back."""

from collections.abc import Collection, Hashable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, memory, people
from community.among import among
from community.attendance.places import is_free_for, offer_places
from community.attendance.reminding import remind
from community.attendance.seeing import visible
from community.attendance.table import (
    ATTENDANCE,
    BRINGS,
    CONCERNED,
    HOLDS_A_PLACE,
    Attendance,
    State,
    Wish,
    begin,
    key_of,
    of,
    to_come,
)
from community.base import lock_all
from community.errors import CalledOffError, TooLateError, TooManyEventsError
from community.events import Event
from community.lifecycle import Who
from community.people import Person

MOST_OPEN = 5
"""To so many events to come one says yes or maybe: a place that is not used is another's."""


async def expect(session: AsyncSession, pressed: Mapping[str, Collection[int]]) -> None:
    """Read what people have said about events, at once, for the answers that follow.

    Given are the Telegram numbers of those who answer, by the event's reference. The events are
    locked from now on; one that nobody may see is left to each answer to refuse.
    """
    undecided: set[int] = set()
    for event in await lock_all(session, Event, pressed):
        if event.state not in events.VISIBLE:
            continue
        values = {"event": event.id, "numbers": pressed[event.ref]}
        for row in await session.execute(_SAID, values):
            attendance: Attendance | None = row.Attendance
            key = (key_of(event.id, row.id), False)
            if attendance is None or attendance.state not in CONCERNED:
                undecided.add(row.id)
            if attendance is None:
                memory.remember_none(session, key)
            else:
                memory.remember(session, key, attendance)
    if undecided:  # whoever has said yes or maybe can say so again, however often they have
        await _expect_few(session, undecided)


_SAID = (
    select(Person.id, Attendance)
    .outerjoin(
        Attendance,
        (Attendance.person_id == Person.id) & (Attendance.event_id == bindparam("event")),
    )
    .where(among(Person.telegram_id, "numbers"))
)


async def answer(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    wish: Wish,
    now: datetime,
    *,
    default_zone: str,
    recorded_by: Person | None = None,
) -> tuple[Attendance, bool]:
    """Answer an invitation; return where that leaves the person, and whether it changed anything.

    ``recorded_by`` was told so by phone, and writes it down.

    One says yes or maybe to at most five events to come. "Going" to a full event is a number on
    the waiting list. A place given up is offered to the next in line. Pressing the same button
    again changes nothing.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event.
        TooManyEventsError: there are five already.
        CalledOffError: it does not take place.
        TooLateError: it has ended.
    """
    people.require_member(actor)
    event = await visible(session, actor, event_ref, now, lock=True)
    if event.state == events.State.CANCELLED:
        raise CalledOffError
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError(event.ends_at)
    attendance = await of(session, event, actor) or await begin(session, event, actor, now)
    before = attendance.state
    target = State(wish.value)
    if attendance.asked_again:
        attendance.asked_again = False
    if (
        target == State.GOING
        and before not in HOLDS_A_PLACE
        and not await is_free_for(
            session, event, actor, now, default_zone=default_zone, places=1 + attendance.guests
        )
    ):
        target = State.WAITING
    if target in CONCERNED and before not in CONCERNED and before != State.ATTENDED:
        await _require_few(session, actor, now)
    if before == State.WAITING and wish is Wish.MAYBE:
        return attendance, False  # "maybe" keeps the number in line
    if before == State.ATTENDED:
        return attendance, False
    if before == State.WAITING and target == State.GOING:  # a place is free, and it is theirs
        await ATTENDANCE.move(session, attendance, State.OFFERED, Who.SELF, now)
    moved = await ATTENDANCE.move(
        session,
        attendance,
        target,
        Who.SELF,
        now,
        actor_id=(recorded_by or actor).id,
        source="phone" if recorded_by else None,
        by_phone=recorded_by is not None,
        answered_at=now if before != target else attendance.answered_at,
        offered_until=None,
        guests=attendance.guests if target in BRINGS else 0,
    )
    if moved:
        await remind(session, event, attendance, actor, now, default_zone)
        if before in HOLDS_A_PLACE and event.capacity is not None:  # else nobody waits for it
            await offer_places(session, event, now, default_zone=default_zone)
    return attendance, moved


def _has_many(person_id: int) -> Hashable:
    """Return the key under which a session remembers that somebody has not said yes too often."""
    return ("has many open answers", person_id)


async def _expect_few(session: AsyncSession, person_ids: Collection[int]) -> None:
    """Read at once who may have as many open answers as one can; what is past counts here, too."""
    rows = await session.scalars(_MANY, {"ids": person_ids})
    for number in {*person_ids} - {*rows}:
        memory.remember_none(session, _has_many(number))


_MANY = (
    select(Attendance.person_id)
    .join(Event, Event.id == Attendance.event_id)
    .where(
        among(Attendance.person_id, "ids"),
        Attendance.state.in_(CONCERNED),
        Event.state == events.State.PUBLISHED,
    )
    .group_by(Attendance.person_id)
    .having(func.count() >= MOST_OPEN)
)


async def _require_few(session: AsyncSession, person: Person, now: datetime) -> None:
    """Refuse one more answer to somebody who has as many as one can at once.

    Raises:
        TooManyEventsError: they have.
    """
    if memory.is_known_to_be_none(session, _has_many(person.id)):
        memory.drop(session, _has_many(person.id))  # this answer may be the last they can give
        return
    open_ones = to_come(person, now, *CONCERNED).subquery()
    if (await session.scalar(select(func.count()).select_from(open_ones)) or 0) >= MOST_OPEN:
        raise TooManyEventsError(MOST_OPEN)


async def give_up(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> int:
    """Take back every answer to what is still to come, as whoever leaves does; return how many.

    The places go to those who wait.
    """
    mine = await session.execute(to_come(person, now, *CONCERNED).with_for_update(of=Event))
    count = 0
    for attendance, event in mine.all():
        held = attendance.state in HOLDS_A_PLACE
        await ATTENDANCE.move(
            session,
            attendance,
            State.DECLINED,
            Who.SELF,
            now,
            actor_id=person.id,
            offered_until=None,
            guests=0,
        )
        await remind(session, event, attendance, person, now, default_zone)
        if held:
            await offer_places(session, event, now, default_zone=default_zone)
        count += 1
    return count
