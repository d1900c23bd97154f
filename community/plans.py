"""The shared action plan with an organisation: what is to be done, by whom, and until when."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, roles
from community.agreements.reminding import next_before
from community.base import Base, BigId, Referable, find
from community.errors import IllegalMoveError, NotUnderstoodError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.providers import Organization
from community.roles import RoleName

TEXT_LIMIT = 500
BEFORE = (timedelta(days=7), timedelta(0))
"""When whoever owns a task is told of its day: a week before, and once the day is over."""


class State(StrEnum):
    """How far a task is."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


_C = who(Who.COORDINATOR)
PLAN = Lifecycle(
    "plan",
    {
        State.PLANNED: {State.UNDER_WAY: _C, State.DONE: _C, State.DROPPED: _C},
        State.UNDER_WAY: {State.PLANNED: _C, State.DONE: _C, State.DROPPED: _C},
        State.DONE: {State.UNDER_WAY: _C},
        State.DROPPED: {State.PLANNED: _C},
    },
)
OPEN = (State.PLANNED, State.UNDER_WAY)


class Priority(StrEnum):
    """How much a task matters, the first most."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Owner(StrEnum):
    """Who does it: one coordinator, all of them, or the organisation."""

    PERSON = "person"
    COORDINATORS = "coordinators"
    PARTNER = "partner"


class Task(Base, Referable):
    """One thing to do, agreed on with one organisation."""

    __tablename__ = "plan_tasks"

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    what: Mapped[str] = mapped_column(Text)
    priority: Mapped[Priority] = mapped_column(String(8), default=Priority.MEDIUM)
    owner: Mapped[Owner] = mapped_column(String(16), default=Owner.COORDINATORS)
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """The coordinator who does it; whoever is none any more leaves it to all of them."""
    due_at: Mapped[datetime | None]
    """The first moment after its last day."""
    state: Mapped[State] = mapped_column(String(16), default=State.PLANNED)
    since: Mapped[datetime]
    remind_at: Mapped[datetime | None]

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it should be done by now and is not."""
        return self.state in OPEN and self.due_at is not None and self.due_at <= now


FACTS = frozenset({"what", "priority", "owner", "due_at"})


async def add(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime, **facts: Any
) -> Task:
    """Write a task into the plan with an organisation.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: no words, or too many.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, organization_ref)
    task = Task(
        organization_id=organization.id,
        what="",
        owner=Owner.COORDINATORS,
        state=State.PLANNED,
        since=now,
    )
    _write(task, actor, now, {"what": "", **facts})
    session.add(task)
    await session.flush()
    return task


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Task:
    """Return a task, for a coordinator.

    Raises:
        NotAllowedError: the actor is none.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await find(session, Task, ref, lock=lock)


async def change(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> Task:
    """Put a task right. Its owner ``PERSON`` is whoever says so.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: no words, or too many.
    """
    task = await opened(session, actor, ref, now, lock=True)
    _write(task, actor, now, facts)
    await session.flush()
    return task


def _write(task: Task, actor: Person, now: datetime, facts: dict[str, Any]) -> None:
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"a task has no {unknown}")
    if "what" in facts and not 0 < len(facts["what"].strip()) <= TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    for name, value in facts.items():
        setattr(task, name, value)
    if "owner" in facts:
        task.owner_id = actor.id if facts["owner"] == Owner.PERSON else None
    if "due_at" in facts:
        task.remind_at = next_before(task.due_at, now, BEFORE)


async def move(session: AsyncSession, actor: Person, ref: str, to: State, now: datetime) -> Task:
    """Note how far a task is.

    Raises:
        NotAllowedError: the actor is no coordinator.
        IllegalMoveError: there is no such step from where it stands.
    """
    task = await opened(session, actor, ref, now, lock=True)
    at = State(task.state)
    if at != to and not PLAN.allows(at, to, Who.COORDINATOR):
        raise IllegalMoveError(PLAN.name, at, to)
    if at not in OPEN and to in OPEN:
        task.remind_at = next_before(task.due_at, now, BEFORE)
    await PLAN.move(session, task, to, Who.COORDINATOR, now, actor_id=actor.id, since=now)
    return task


async def tasks(
    session: AsyncSession, actor: Person, now: datetime, *, organization_ref: str | None = None
) -> list[Task]:
    """Return the plan with one organisation, or all: overdue first, then by day, then settled.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    query = select(Task)
    if organization_ref is not None:
        organization = await find(session, Organization, organization_ref)
        query = query.where(Task.organization_id == organization.id)
    return in_order(list(await session.scalars(query.order_by(Task.id))), now)


def in_order(found: Collection[Task], now: datetime) -> list[Task]:
    """Return what is overdue, then what is open, by day and priority, and then what is settled."""

    def rank(task: Task) -> tuple[bool, bool, float, int]:
        due = task.due_at.timestamp() if task.due_at else float("inf")
        return (
            task.state not in OPEN,
            not task.is_overdue(now),
            due,
            list(Priority).index(Priority(task.priority)),
        )

    return sorted(found, key=rank)


async def remind(session: AsyncSession, now: datetime) -> int:
    """Tell whoever owns a task that its day comes near, or is over; return how many.

    That is the coordinator who does it, or all of them if nobody does, or the organisation does.
    """
    rows = await session.scalars(
        select(Task)
        .where(Task.state.in_(OPEN), Task.remind_at <= now)
        .order_by(Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    due = rows.all()
    if not due:
        return 0
    coordinators = [p.id for p in await roles.holders(session, RoleName.COORDINATOR, now)]
    count = 0
    for task in due:
        own = [number for number in coordinators if number == task.owner_id]
        count += await deliveries.plan_notices(
            session,
            now,
            "task_due",
            own or coordinators,
            f"task:{task.id}:{task.remind_at:%Y%m%d%H%M}",
            subject_id=task.id,
            ref=task.ref,
        )
        task.remind_at = next_before(task.due_at, now, BEFORE)
    await session.flush()
    return count


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when somebody is next told of a task."""
    found: datetime | None = await session.scalar(
        select(func.min(Task.remind_at)).where(Task.state.in_(OPEN))
    )
    return found
