"""Answers to events: places, the waiting list, offered places, reminders, and who came.

Every verb locks the event's row first, so that twelve people who press at once for the last place
get one place and eleven numbers on the waiting list, on either database.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, events, people, roles
from community.base import Base, BigId, Identified, find
from community.deliveries import Delivery, Plan
from community.errors import CalledOffError, NotFoundError, TooLateError
from community.events import EVENT, Details, Event
from community.lifecycle import Lifecycle, Who, who
from community.people import Membership, Person
from community.policy import evening_before, next_morning
from community.roles import RoleName

OFFER_HOLDS = timedelta(hours=12)
OFFER_ENDS_BEFORE = timedelta(hours=2)
REMINDERS = (("hours", timedelta(hours=2)), ("day", timedelta(days=1)))
"""The last first: an earlier one is of no use any more once the next is due."""


class State(StrEnum):
    """What a member said, or what became of it."""

    NONE = "none"
    INVITED = "invited"
    GOING = "going"
    MAYBE = "maybe"
    WAITING = "waiting"
    OFFERED = "offered"
    DECLINED = "declined"
    LAPSED = "lapsed"
    ATTENDED = "attended"
    MISSED = "missed"


_S = who(Who.SELF)
_A = who(Who.ANIMATOR)
_C = who(Who.CLOCK)
_OPEN = {State.GOING: _S, State.MAYBE: _S, State.WAITING: _S}
ATTENDANCE = Lifecycle(
    "attendance",
    {
        State.NONE: {
            State.INVITED: _A | _C,
            **_OPEN,
            State.DECLINED: _S,
            State.ATTENDED: _A,
        },
        State.INVITED: {**_OPEN, State.DECLINED: _S, State.ATTENDED: _A},
        State.GOING: {
            State.MAYBE: _S,
            State.DECLINED: _S,
            State.ATTENDED: _A,
            State.MISSED: _A,
        },
        State.MAYBE: {
            State.GOING: _S,
            State.WAITING: _S,
            State.DECLINED: _S,
            State.ATTENDED: _A,
            State.MISSED: _A,
        },
        State.WAITING: {State.OFFERED: _C | _S, State.DECLINED: _S, State.ATTENDED: _A},
        State.OFFERED: {
            State.GOING: _S,
            State.DECLINED: _S,
            State.LAPSED: _C,
            State.ATTENDED: _A,
        },
        State.LAPSED: {**_OPEN, State.WAITING: _S | _C, State.ATTENDED: _A},
        State.DECLINED: {**_OPEN, State.ATTENDED: _A},
        State.MISSED: {State.ATTENDED: _A},
        State.ATTENDED: {State.MISSED: _A},
    },
)
CHANGE_WAITS = timedelta(minutes=3)
"""A change is told after so long: the place may follow the time, and a slip can be corrected."""
UNANSWERED = (State.NONE, State.INVITED)
HOLDS_A_PLACE = (State.GOING, State.OFFERED, State.ATTENDED)
CONCERNED = (State.GOING, State.MAYBE, State.WAITING, State.OFFERED)
HEAR_OF_A_PLACE = (Membership.ACTIVE, Membership.PAUSED)
"""Who can be told that a place is theirs; the others keep their number until they are back."""
UNHEARD = (deliveries.State.SUPPRESSED, deliveries.State.REFUSED, deliveries.State.EXPIRED)
"""What became of an offer of which its person has not heard: they, or we, were away."""


class Wish(StrEnum):
    """What the three buttons under an event say."""

    GOING = "going"
    MAYBE = "maybe"
    DECLINED = "declined"


class Attendance(Base, Identified):
    """One person's answer to one event."""

    __tablename__ = "attendances"
    __table_args__ = (UniqueConstraint("event_id", "person_id"),)

    event_id: Mapped[int] = mapped_column(BigId, ForeignKey("events.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """None once the person is erased: that somebody came still counts."""
    state: Mapped[State] = mapped_column(String(16), default=State.NONE)
    answered_at: Mapped[datetime]
    offered_until: Mapped[datetime | None]
    asked_again: Mapped[bool] = mapped_column(default=False)
    """A material change asks "still?"; the next answer of theirs settles it."""


async def of(session: AsyncSession, event: Event, person: Person) -> Attendance | None:
    """Return this person's answer, if there is one."""
    found: Attendance | None = await session.scalar(
        select(Attendance).where(
            Attendance.event_id == event.id, Attendance.person_id == person.id
        )
    )
    return found


async def counts(session: AsyncSession, event: Event) -> dict[State, int]:
    """Return how many stand where. Exact: places of one's own event are no secret to animators."""
    rows = await session.execute(
        select(Attendance.state, func.count())
        .where(Attendance.event_id == event.id)
        .group_by(Attendance.state)
    )
    return {State(state): count for state, count in rows}


async def places_left(session: AsyncSession, event: Event) -> int | None:
    """Return how many places are free, or None where there is no limit."""
    if event.capacity is None:
        return None
    taken = await session.scalar(
        select(func.count())
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


async def answer(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    wish: Wish,
    now: datetime,
    *,
    default_zone: str,
) -> tuple[Attendance, bool]:
    """Answer an invitation; return where that leaves the person, and whether it changed anything.

    "Going" to a full event is a number on the waiting list. A place given up is offered to the
    next in line. Pressing the same button again changes nothing.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event.
        CalledOffError: it does not take place.
        TooLateError: it has ended.
    """
    people.require_member(actor)
    event = await events.visible(session, event_ref, lock=True)
    if event.state == events.State.CANCELLED:
        raise CalledOffError
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError(event.ends_at)
    attendance = await of(session, event, actor)
    if attendance is None:
        attendance = Attendance(
            event_id=event.id, person_id=actor.id, state=State.NONE, answered_at=now
        )
        session.add(attendance)
        await session.flush()
    before = attendance.state
    target = State(wish.value)
    attendance.asked_again = False
    if (
        target == State.GOING
        and before not in HOLDS_A_PLACE
        and not await is_free_for(session, event, actor, now, default_zone=default_zone)
    ):
        target = State.WAITING
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
        actor_id=actor.id,
        answered_at=now if before != target else attendance.answered_at,
        offered_until=None,
    )
    if moved:
        await _remind(session, event, attendance, actor, now, default_zone)
        if before in HOLDS_A_PLACE:
            await offer_places(session, event, now, default_zone=default_zone)
    return attendance, moved


async def is_free_for(
    session: AsyncSession, event: Event, person: Person, now: datetime, *, default_zone: str
) -> bool:
    """Say whether "going" is a place for this person now, not a number on the waiting list.

    A free place is for the first in line who can still be told of it in time; when there is
    nobody to tell any more, it is for whoever comes first.
    """
    if await places_left(session, event) == 0:
        return False
    line = await _line(session, event, now, default_zone)
    return not line or line[0][1].id == person.id


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


async def give_up(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> int:
    """Take back every answer to what is still to come, as whoever leaves does; return how many.

    The places go to those who wait.
    """
    mine = await session.execute(
        select(Attendance, Event)
        .join(Event, Event.id == Attendance.event_id)
        .where(
            Attendance.person_id == person.id,
            Attendance.state.in_(CONCERNED),
            Event.state == events.State.PUBLISHED,
            Event.starts_at > now,
        )
        .order_by(Event.id)
        .with_for_update(of=Event)
    )
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
        )
        await _remind(session, event, attendance, person, now, default_zone)
        if held:
            await offer_places(session, event, now, default_zone=default_zone)
        count += 1
    return count


async def offer_places(
    session: AsyncSession, event: Event, now: datetime, *, default_zone: str
) -> int:
    """Offer what is free to those first in line; return how many offers were made.

    A place is held twelve hours from when its holder may be told, never past two hours before the
    start. Later than that nothing is offered any more.
    """
    line = await _line(session, event, now, default_zone)
    left = await places_left(session, event)
    offered = line if left is None else line[:left]
    for attendance, person, told_at in offered:
        until = min(told_at + OFFER_HOLDS, event.starts_at - OFFER_ENDS_BEFORE)
        await ATTENDANCE.move(
            session, attendance, State.OFFERED, Who.CLOCK, now, offered_until=until
        )
        await _tell_of_place(session, event, person, until, now)
    return len(offered)


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
            if notice is not None and notice.state in (deliveries.State.QUEUED, *UNHEARD):
                await ATTENDANCE.move(session, attendance, State.WAITING, Who.CLOCK, now)
        if event.state == events.State.PUBLISHED:
            await offer_places(session, event, now, default_zone=default_zone)
    return count


async def welcome_back(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> None:
    """Offer what is free to somebody who was away, if it is their turn.

    Of a place that was offered meanwhile and is still held they are told now.
    """
    mine = await session.execute(
        _to_come(person, now, State.WAITING, State.OFFERED)
        .with_for_update(of=Event)
        .execution_options(populate_existing=True)
    )
    for attendance, event in mine.all():
        if attendance.state == State.WAITING:
            await offer_places(session, event, now, default_zone=default_zone)
            continue
        notice = await _newest_notice(session, event, person.id)
        if attendance.offered_until and notice is not None and notice.state in UNHEARD:
            await _tell_of_place(session, event, person, attendance.offered_until, now)


async def _remind(
    session: AsyncSession,
    event: Event,
    attendance: Attendance,
    person: Person,
    now: datetime,
    default_zone: str,
) -> None:
    """Plan or drop this person's reminders, to fit what they have said."""
    await deliveries.cancel(
        session,
        now,
        Delivery.kind == "event_reminder",
        Delivery.subject_id == event.id,
        Delivery.person_id == person.id,
    )
    if attendance.state not in (State.GOING, State.MAYBE):
        return
    zone = person.local_zone(default_zone)
    plans = []
    of_no_use_from = event.starts_at
    for name, before in REMINDERS:
        due = event.starts_at - before
        due = evening_before(due, zone) if name == "hours" else next_morning(due, zone)
        if now < due < of_no_use_from:
            plans.append(
                Plan(
                    "event_reminder",
                    person.id,
                    f"event_reminder:{event.id}:{event.sequence}:{person.id}:{name}:"
                    f"{now.isoformat()}",
                    due,
                    {"ref": event.ref, "which": name},
                    expires_at=of_no_use_from,
                    subject_id=event.id,
                )
            )
            of_no_use_from = due
    await deliveries.plan(session, now, *plans)


def _to_come(person: Person, now: datetime, *states: State) -> Select[Attendance, Event]:
    """Return the query for what is to come and stands so with this person."""
    return (
        select(Attendance, Event)
        .join(Event, Event.id == Attendance.event_id)
        .where(
            Attendance.person_id == person.id,
            Attendance.state.in_(states),
            Event.state == events.State.PUBLISHED,
            Event.starts_at > now,
        )
        .order_by(Event.id)
    )


async def remind_again(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> None:
    """Plan the reminders of everything that the person goes to: dropped while nobody was there."""
    mine = await session.execute(_to_come(person, now, State.GOING, State.MAYBE))
    for attendance, event in mine.all():
        await _remind(session, event, attendance, person, now, default_zone)


async def concerned(session: AsyncSession, event: Event) -> list[tuple[Attendance, Person]]:
    """Return everybody to whom a change of this event matters, the waiting list included."""
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state.in_(CONCERNED))
        .order_by(Attendance.id)
    )
    return [(attendance, person) for attendance, person in rows]


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
    grown = (details.capacity or 10**9) > (event.capacity or 10**9)
    event.starts_wall, event.zone, event.starts_at = details.starts_wall, details.zone, starts_at
    event.place, event.link, event.minutes = details.place, details.link, details.minutes
    event.capacity, event.languages = details.capacity, details.languages
    event.child_care, event.changed_at = details.child_care, now
    told = 0
    if is_public:
        if material:
            event.sequence += 1
            told = await _tell_change(session, event, now, default_zone)
            await _shorten_offers(session, event)
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
        await _remind(session, event, attendance, person, now, default_zone)
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


async def _shorten_offers(session: AsyncSession, event: Event) -> None:
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


async def guest_list(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[tuple[Attendance, Person]]:
    """Return who answered, for the animator who ticks who came.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref)
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state != State.NONE)
        .order_by(Attendance.answered_at, Attendance.id)
    )
    return [(attendance, person) for attendance, person in rows]


async def tick(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    person_ref: str,
    now: datetime,
    *,
    came: bool,
) -> bool:
    """Note that somebody came, or that they did not; walk-ins are people too.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such event or person.
        TooLateError: the event has not begun yet.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, event_ref, lock=True)
    person = await find(session, Person, person_ref)
    if event.state not in (events.State.PUBLISHED, events.State.HELD):
        raise NotFoundError("Event")
    if now < event.starts_at - timedelta(hours=1):
        raise TooLateError(event.starts_at)
    attendance = await of(session, event, person)
    if attendance is None:
        attendance = Attendance(
            event_id=event.id, person_id=person.id, state=State.NONE, answered_at=now
        )
        session.add(attendance)
        await session.flush()
    target = State.ATTENDED if came else State.MISSED
    return await ATTENDANCE.move(
        session, attendance, target, Who.ANIMATOR, now, actor_id=actor.id, offered_until=None
    )
