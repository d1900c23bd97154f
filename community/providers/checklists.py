"""A member on the way to a service: steps ticked off, and a nudge about the one that waits."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.base import find
from community.deliveries import Delivery, Plan, State
from community.people import Membership, Person
from community.policy import NUDGES
from community.providers.table import Checklist, Service, ServiceStep, Tick
from community.writing import insert_new

STEP_WAITS = timedelta(days=7)
"""A step that stays unticked for so long is nudged about."""
COMES_AGAIN = ("no_room", Membership.PAUSED.value)
"""The reasons for which a nudge does not come now, and does a week later."""
_OVER = NUDGES + 1
"""So many nudges has nobody had: this checklist is not nudged about any more."""


async def checklist_of(
    session: AsyncSession, person: Person, service: Service, *, lock: bool = False
) -> Checklist | None:
    """Return the person's checklist for a service, if they have begun one."""
    query = select(Checklist).where(
        Checklist.person_id == person.id, Checklist.service_id == service.id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found: Checklist | None = await session.scalar(query)
    return found


async def ticked(session: AsyncSession, person: Person, service: Service) -> set[int]:
    """Return the ids of the steps that the person has done."""
    checklist = await checklist_of(session, person, service)
    if checklist is None:
        return set()
    return set(
        await session.scalars(select(Tick.step_id).where(Tick.checklist_id == checklist.id))
    )


async def tick(
    session: AsyncSession, actor: Person, step_ref: str, now: datetime, *, done: bool
) -> Service:
    """Tick a step off, or take the tick back. The first tick begins a checklist.

    Raises:
        NotFoundError: there is no such step.
    """
    step = await find(session, ServiceStep, step_ref)
    service = await session.get_one(Service, step.service_id)
    checklist = await checklist_of(session, actor, service, lock=True)
    if checklist is None:
        checklist = Checklist(
            person_id=actor.id, service_id=service.id, opened_at=now, moved_at=now
        )
        session.add(checklist)
        await session.flush()
    if done:
        await insert_new(
            session, Tick, [{"checklist_id": checklist.id, "step_id": step.id, "at": now}]
        )
    else:
        await session.execute(
            delete(Tick).where(Tick.checklist_id == checklist.id, Tick.step_id == step.id)
        )
    checklist.moved_at, checklist.nudges = now, 0
    await session.flush()
    return service


async def begin_checklist(
    session: AsyncSession, actor: Person, service: Service, now: datetime
) -> None:
    """Set somebody on the way to a service, so that a waiting step is nudged about.

    Whoever asks for it again is nudged anew; what they have ticked stays ticked.
    """
    checklist = await checklist_of(session, actor, service, lock=True)
    if checklist is None:
        checklist = Checklist(person_id=actor.id, service_id=service.id)
        session.add(checklist)
    checklist.opened_at = checklist.moved_at = now
    checklist.nudges = 0
    await session.flush()


async def end_checklist(session: AsyncSession, person_id: int, service_id: int) -> None:
    """Nudge nobody any more about a service whose request is over; a new tick begins again."""
    await session.execute(
        update(Checklist)
        .where(Checklist.person_id == person_id, Checklist.service_id == service_id)
        .values(nudges=_OVER)
        .execution_options(synchronize_session="fetch")
    )


def _has_not_left() -> ColumnElement[bool]:
    """Return the condition that the last nudge did not leave: no room, a break, or too late.

    It counts not.
    """
    return (
        select(Delivery.id)
        .where(
            Delivery.kind == "step_nudge",
            Delivery.subject_id == Checklist.service_id,
            Delivery.person_id == Checklist.person_id,
            Delivery.planned_at == Checklist.moved_at,
            or_(
                Delivery.state == State.EXPIRED,
                and_(Delivery.state == State.SUPPRESSED, Delivery.reason.in_(COMES_AGAIN)),
            ),
        )
        .exists()
    )


def _open_checklists() -> Select[Checklist]:
    done = (
        select(func.count())
        .select_from(Tick)
        .where(Tick.checklist_id == Checklist.id)
        .scalar_subquery()
    )
    wanted = (
        select(func.count())
        .select_from(ServiceStep)
        .where(ServiceStep.service_id == Checklist.service_id)
        .scalar_subquery()
    )
    is_open = select(Service.id).where(Service.is_open)
    return (
        select(Checklist)
        .where(
            Checklist.nudges - case((_has_not_left(), 1), else_=0) < NUDGES,
            done < wanted,
            Checklist.service_id.in_(is_open),
        )
        .order_by(Checklist.moved_at)
    )


async def _waiting_step(session: AsyncSession, checklist: Checklist) -> int:
    found: int | None = await session.scalar(
        select(ServiceStep.id)
        .where(
            ServiceStep.service_id == checklist.service_id,
            ServiceStep.id.not_in(select(Tick.step_id).where(Tick.checklist_id == checklist.id)),
        )
        .order_by(ServiceStep.position)
        .limit(1)
    )
    assert found is not None  # an open checklist has one
    return found


async def nudge(session: AsyncSession, now: datetime) -> int:
    """Owe a nudge about each step that has waited for seven days; two about one step may leave."""
    count = 0
    has_waited = Checklist.moved_at <= now - STEP_WAITS
    # Whose checklist is being ticked at this moment does not wait for anything.
    due = (
        _open_checklists()
        .where(has_waited)
        .with_for_update(of=Checklist, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    lost = set(await session.scalars(select(Checklist.id).where(has_waited, _has_not_left())))
    for checklist in (await session.scalars(due)).all():
        service = await session.get_one(Service, checklist.service_id)
        waiting = await _waiting_step(session, checklist)
        again = checklist.id in lost
        checklist.nudges += 0 if again else 1
        checklist.moved_at = now
        # Ticking and unticking brings no third nudge: its key is that of an earlier one.
        occurrence = f"{checklist.opened_at.timestamp():.0f}:{waiting}:{checklist.nudges}"
        count += await deliveries.plan(
            session,
            now,
            Plan(
                "step_nudge",
                checklist.person_id,
                f"step_nudge:{checklist.id}:{occurrence}{f':{now:%y%m%d}' if again else ''}",
                now,
                {"ref": service.ref},
                subject_id=service.id,
            ),
        )
    await session.flush()
    return count


async def next_nudge(session: AsyncSession) -> datetime | None:
    """Return when the next nudge is due."""
    first: Checklist | None = await session.scalar(_open_checklists().limit(1))
    return first.moved_at + STEP_WAITS if first else None
