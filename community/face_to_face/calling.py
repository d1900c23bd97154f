"""The call list: what people without Telegram are to be told by whoever looks after them.

It is read from the deliveries themselves. What the policy lets go for such a person is settled as
``by_phone``, and its reason says what became of it since: it is never counted as sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, history, roles, translations
from community.assisted import Assisted, is_in_care_of
from community.attendance import Attendance, Wish
from community.deliveries import Delivery, Plan, State
from community.errors import NotFoundError
from community.face_to_face.registering import opened
from community.people import Person
from community.policy import POLICY, Lane
from community.roles import RoleName

CALL_LIVES = timedelta(days=14)
"""So long something stays to be told; what does not apply any more is not shown before, either."""
LATER = timedelta(hours=3)
MOST_CALLS = 200
OWN = "own:"
"""What the key of a message begins with that goes to its person instead of a call."""


class Called(StrEnum):
    """What became of something that is told by phone: the reason of its delivery."""

    BY_PHONE = "by_phone"
    NOT_REACHED = "not_reached"
    TOLD = "told_by_phone"
    TAKEN_OVER = "taken_over"
    """They have Telegram now, before anybody has told them: it goes to them as to everybody."""


OPEN = (Called.BY_PHONE, Called.NOT_REACHED)


@dataclass(frozen=True)
class Calls:
    """Somebody to call, and what they are to be told, the oldest first."""

    row: Assisted
    person: Person
    due: Sequence[Delivery]


def seal_of(call: Delivery) -> str:
    """Return what stands for one call in a button: it tells nothing, and is about this one."""
    return translations.seal(call.key)


def _open(now: datetime) -> Select[Assisted, Person, Delivery]:
    return (
        select(Assisted, Person, Delivery)
        .join(Person, Person.id == Assisted.person_id)
        .join(Delivery, Delivery.person_id == Person.id)
        .where(
            Assisted.opened_at.is_(None),
            Delivery.state == State.SUPPRESSED,
            Delivery.reason.in_(OPEN),
            Delivery.settled_at > now - CALL_LIVES,
        )
        .order_by(Delivery.settled_at, Delivery.id)
    )


async def calls(session: AsyncSession, actor: Person, now: datetime) -> list[Calls]:
    """Return whom the actor is to call now, each with what they are to be told.

    What was put off, or tried in vain, comes back later.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    query = _open(now).where(is_in_care_of(actor, now), Delivery.due_at <= now)
    found: dict[int, tuple[Assisted, Person, list[Delivery]]] = {}
    for row, person, call in await session.execute(query.limit(MOST_CALLS)):
        found.setdefault(row.id, (row, person, []))[2].append(call)
    return [Calls(*one) for one in found.values()]


async def to_call(session: AsyncSession, animator: Person, now: datetime) -> int:
    """Return how many people an animator is to call now."""
    query = (
        _open(now)
        .where(is_in_care_of(animator, now), Delivery.due_at <= now)
        .order_by(None)
        .with_only_columns(func.count(Assisted.id.distinct()), maintain_column_froms=True)
    )
    return int(await session.scalar(query) or 0)


async def calls_of(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Calls:
    """Return everything that one person is still to be told, what was put off included.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    row, person = await opened(session, actor, ref, now, lock=lock)
    rows = await session.execute(_open(now).where(Assisted.id == row.id).limit(MOST_CALLS))
    return Calls(row, person, [call for _row, _person, call in rows])


async def settle(
    session: AsyncSession, actor: Person, ref: str, seal: str, outcome: str, now: datetime
) -> Calls:
    """Write down what came of a call: ``told``, ``missed``, or ``later``.

    Raises:
        NotFoundError: it is not the actor's business, or is not to be told any more.
    """
    found = await calls_of(session, actor, ref, now, lock=True)
    call = next((one for one in found.due if seal_of(one) == seal), None)
    if call is None or outcome not in {"told", "missed", "later"}:
        raise NotFoundError("Call")
    before = call.reason or ""
    if outcome == "told":
        call.reason = Called.TOLD
        found.person.seen_at = now
    else:
        call.due_at = now + LATER
        if outcome == "missed":
            call.reason = Called.NOT_REACHED
    after = call.reason or ""
    if after != before or outcome == "missed":
        step = history.step("call", call.id, before, after, actor_id=actor.id, now=now)
        await history.note(session, step)
    await session.flush()
    return found


def _readers(owner: int | None, animators: Sequence[int]) -> Sequence[int]:
    return [owner] if owner is not None and owner in animators else animators


async def tell_carers(session: AsyncSession, row: Assisted, what: str, now: datetime) -> None:
    """Tell who looks after somebody, or all animators if that one animates no more; once a day."""
    animators = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
    once = f"{what}:{row.id}:{now.date().isoformat()}"
    readers = _readers(row.owner_id, animators)
    await deliveries.plan_notices(session, now, what, readers, once, subject_id=row.id)


async def send_what_was_untold(session: AsyncSession, person: Person, now: datetime) -> int:
    """Owe somebody who has taken over what nobody had told them by phone; return how much.

    It goes as everything goes to them from now on: in their hours, if they still agree to it, and
    only if it still applies. In the outcomes of a send the new row stands instead of the call.
    """
    rows = await session.scalars(
        select(Delivery)
        .where(
            Delivery.person_id == person.id,
            Delivery.state == State.SUPPRESSED,
            Delivery.reason.in_(OPEN),
            Delivery.settled_at > now - CALL_LIVES,
        )
        .order_by(Delivery.settled_at, Delivery.id)
    )
    untold = rows.all()
    for call in untold:
        key, send_id, call.send_id = f"{OWN}{call.id}", call.send_id, None
        call.reason = Called.TAKEN_OVER
        await deliveries.plan(
            session,
            now,
            Plan(
                call.kind,
                person.id,
                key,
                now,
                call.args,
                subject_id=call.subject_id,
                send_id=send_id,
            ),
        )
        await session.execute(
            update(Delivery).where(Delivery.key == key).values(language=call.language)
        )
    return len(untold)


async def untold(session: AsyncSession, person: Person) -> Sequence[Delivery]:
    """Return what is on its way to somebody who has just taken over instead of a call."""
    rows = await session.scalars(
        select(Delivery)
        .where(
            Delivery.person_id == person.id,
            Delivery.state == State.QUEUED,
            Delivery.key.startswith(OWN, autoescape=True),
        )
        .order_by(Delivery.id)
    )
    return rows.all()


async def answer_by_phone(
    session: AsyncSession,
    actor: Person,
    ref: str,
    event_ref: str,
    wish: Wish,
    now: datetime,
    *,
    default_zone: str,
) -> tuple[Attendance, bool]:
    """Answer an invitation for somebody who has said so by phone; that it was so is kept.

    Raises:
        NotFoundError: it is not the actor's business, or no such event for this person.
        TooLateError: it has ended, or does not take place.
    """
    _row, person = await opened(session, actor, ref, now, lock=True)
    person.seen_at = now
    return await attendance.answer(
        session, person, event_ref, wish, now, default_zone=default_zone, recorded_by=actor
    )


async def ring(
    session: AsyncSession, calls_now: Collection[tuple[int, int, str]], now: datetime
) -> None:
    """Tell who looks after these people that there is somebody to call, once a day.

    What cannot wait (a cancelled event, a freed place) is told at once. Given are number, person
    and kind of what has just become a call.
    """
    about = select(Assisted.person_id, Assisted.owner_id).where(
        Assisted.person_id.in_([person_id for _id, person_id, _kind in calls_now])
    )
    owners = {row.person_id: row.owner_id for row in await session.execute(about)}
    animators = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
    for number, person_id, kind in calls_now:
        readers = _readers(owners.get(person_id), animators)
        is_urgent = POLICY[kind].lane <= Lane.URGENT
        once = f"call:{number}" if is_urgent else f"calls:{now.date().isoformat()}"
        await deliveries.plan_notices(session, now, "calls", readers, once)
