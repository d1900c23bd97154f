"""Answers to events: who stands where, and from where to where one can go."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import events, memory
from community.base import Base, BigId, Identified
from community.events import Event
from community.lifecycle import Lifecycle, Who, who
from community.people import Person


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
_H = who(Who.ANIMATOR, Who.HOST)
_C = who(Who.CLOCK)
_OPEN = {State.GOING: _S, State.MAYBE: _S, State.WAITING: _S}
ATTENDANCE = Lifecycle(
    "attendance",
    {
        State.NONE: {
            State.INVITED: _A | _C,
            **_OPEN,
            State.DECLINED: _S,
            State.ATTENDED: _H | _S,
        },
        State.INVITED: {**_OPEN, State.DECLINED: _S, State.ATTENDED: _H | _S},
        State.GOING: {
            State.MAYBE: _S,
            State.DECLINED: _S,
            State.ATTENDED: _H | _S,
            State.MISSED: _H,
        },
        State.MAYBE: {
            State.GOING: _S,
            State.WAITING: _S,
            State.DECLINED: _S,
            State.ATTENDED: _H | _S,
            State.MISSED: _H,
        },
        State.WAITING: {State.OFFERED: _C | _S, State.DECLINED: _S, State.ATTENDED: _H | _S},
        State.OFFERED: {
            State.GOING: _S,
            State.DECLINED: _S,
            State.LAPSED: _C,
            State.ATTENDED: _H | _S,
        },
        State.LAPSED: {**_OPEN, State.WAITING: _S | _C, State.ATTENDED: _H | _S},
        State.DECLINED: {**_OPEN, State.ATTENDED: _H | _S},
        State.MISSED: {State.ATTENDED: _H | _S},
        State.ATTENDED: {State.GOING: _A, State.MISSED: _H},
    },
)
UNANSWERED = (State.NONE, State.INVITED)
HOLDS_A_PLACE = (State.GOING, State.OFFERED, State.ATTENDED)
COMES = (State.GOING, State.ATTENDED)
"""Who goes, or was there: they know the address, and whom they have met."""
BRINGS = (State.GOING, State.WAITING, State.OFFERED)
"""Who brings others; whoever does not come brings nobody."""
CONCERNED = (State.GOING, State.MAYBE, State.WAITING, State.OFFERED)
"""Who has not said no; before it begins, whoever has checked in is concerned as well."""


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
    guests: Mapped[int] = mapped_column(default=0)
    """How many come along; each takes a place."""
    needs: Mapped[list[str]] = mapped_column(default=list)
    """What they need in order to come: of `provisions.Provision`."""
    missed_because: Mapped[str | None] = mapped_column(String(16))
    """Why they could not come, if they have said so: a code."""
    by_phone: Mapped[bool] = mapped_column(default=False)
    """They have said so to an animator, who wrote it down."""


def key_of(event_id: int, person_id: int) -> Hashable:
    """Return the key under which a session remembers somebody's answer."""
    return (Attendance, event_id, person_id)


_OF = select(Attendance).where(
    Attendance.event_id == bindparam("event"), Attendance.person_id == bindparam("person")
)


async def of(session: AsyncSession, event: Event, person: Person) -> Attendance | None:
    """Return this person's answer, if there is one."""
    key = key_of(event.id, person.id)
    if memory.is_known_to_be_none(session, (key, False)):
        return None
    values = {"event": event.id, "person": person.id}
    found: Attendance | None = await memory.found_before(session, key, _OF, values)
    return found


async def comes_to(session: AsyncSession, person: Person, shown: Sequence[Event]) -> set[int]:
    """Return to which of several events this person goes, or was there, by their numbers."""
    rows = await session.scalars(
        select(Attendance.event_id).where(
            Attendance.person_id == person.id,
            Attendance.state.in_(COMES),
            Attendance.event_id.in_([event.id for event in shown]),
        )
    )
    return set(rows)


async def begin(session: AsyncSession, event: Event, person: Person, now: datetime) -> Attendance:
    """Return a new row for somebody who has not been asked."""
    attendance = Attendance(
        event_id=event.id, person_id=person.id, state=State.NONE, answered_at=now
    )
    session.add(attendance)
    await session.flush()
    memory.remember(session, (key_of(event.id, person.id), False), attendance)
    return attendance


def to_come(person: Person, now: datetime, *states: State) -> Select[Attendance, Event]:
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


async def counts(session: AsyncSession, event: Event) -> dict[State, int]:
    """Return how many stand where. Exact: places of one's own event are no secret to animators."""
    return (await counts_of(session, [event]))[event.id]


async def counts_of(session: AsyncSession, shown: Sequence[Event]) -> dict[int, dict[State, int]]:
    """Return the same for each of several events, by their numbers, with one look."""
    rows = await session.execute(
        select(Attendance.event_id, Attendance.state, func.count())
        .where(Attendance.event_id.in_([event.id for event in shown]))
        .group_by(Attendance.event_id, Attendance.state)
    )
    found: dict[int, dict[State, int]] = {event.id: {} for event in shown}
    for event_id, state, count in rows:
        found[event_id][State(state)] = count
    return found


async def guests_of(session: AsyncSession, event: Event) -> int:
    """Return how many come along with those who go, or were there."""
    found = await session.scalar(
        select(func.sum(Attendance.guests)).where(
            Attendance.event_id == event.id, Attendance.state.in_(COMES)
        )
    )
    return int(found or 0)


def is_concerned(mine: Attendance, event: Event, now: datetime) -> bool:
    """Say whether a change of this event matters to somebody who stands so."""
    return mine.state in _concerned(event, now)


def _concerned(event: Event, now: datetime) -> tuple[State, ...]:
    return CONCERNED if event.starts_at <= now else (*CONCERNED, State.ATTENDED)


async def concerned(
    session: AsyncSession, event: Event, now: datetime
) -> list[tuple[Attendance, Person]]:
    """Return everybody to whom a change of this event matters, the waiting list included.

    Before it begins, whoever has checked in is among them: what they came for is yet to be.
    """
    rows = await session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.event_id == event.id, Attendance.state.in_(_concerned(event, now)))
        .order_by(Attendance.id)
    )
    return [(attendance, person) for attendance, person in rows]
