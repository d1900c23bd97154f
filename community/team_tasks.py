"""What the team has to do: what, who does it, until when; perhaps with a contact.

The coordinators' plans with organisations are another thing (``community/plans.py``). Whoever
animates no more leaves what they had to all.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import contacts, roles
from community.base import Base, BigId, Referable, find
from community.contacts import Contact
from community.errors import NotFoundError, NotUnderstoodError
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName

TEXT_LIMIT = 300


class TeamTask(Base, Referable):
    """One thing to do."""

    __tablename__ = "team_tasks"
    __table_args__ = (Index("ix_team_tasks_open", "done_at", "due_at"),)

    what: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    contact_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("team_contacts.id", ondelete="CASCADE"), index=True
    )
    due_at: Mapped[datetime | None]
    """The first moment after its last day."""
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    def is_overdue(self, now: datetime) -> bool:
        """Say whether it should be done by now and is not."""
        return self.done_at is None and self.due_at is not None and self.due_at <= now


async def add(
    session: AsyncSession,
    actor: Person,
    what: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    contact_ref: str = "",
) -> TeamTask:
    """Write down what is to be done; the actor does it, until they hand it on.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: the contact was erased.
        NotUnderstoodError: no words, or too many.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    contact = None
    if contact_ref:
        contact = await contacts.opened(session, actor, contact_ref, now, lock=True)
        contact.touched_at = now
    task = TeamTask(
        what=clean(what),
        owner_id=actor.id,
        contact_id=contact.id if contact else None,
        due_at=due_at,
        made_at=now,
    )
    session.add(task)
    await session.flush()
    return task


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> TeamTask:
    """Return a task.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, TeamTask, ref, lock=lock)


async def change(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> TeamTask:
    """Put a task right: ``what`` it is, or until when (``due_at``).

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none.
        NotUnderstoodError: no words, or too many.
    """
    task = await opened(session, actor, ref, now, lock=True)
    if "what" in facts:
        task.what = clean(facts["what"])
    if "due_at" in facts:
        task.due_at = facts["due_at"]
    await session.flush()
    return task


async def give(session: AsyncSession, actor: Person, ref: str, to: str, now: datetime) -> TeamTask:
    """Let an animator do it, whoever does now.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such task, or no such animator.
    """
    task = await opened(session, actor, ref, now, lock=True)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    successor = next((one for one in animators if one.ref == to), None)
    if successor is None:
        raise NotFoundError("Person")
    task.owner_id = successor.id
    await session.flush()
    return task


async def finish(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """Say that it is done; False if somebody has said so already.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none.
    """
    task = await opened(session, actor, ref, now, lock=True)
    if task.done_at is not None:
        return False
    task.done_at = now
    if task.contact_id is not None:
        contact = await session.get_one(Contact, task.contact_id)
        contact.touched_at = now
    await session.flush()
    return True


async def reopen(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Say that it is not done after all.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none.
    """
    task = await opened(session, actor, ref, now, lock=True)
    task.done_at = None
    await session.flush()


def coming() -> Select[TeamTask]:
    """Return the query for what is to be done: what is due first comes first."""
    query = select(TeamTask).where(TeamTask.done_at.is_(None))
    return query.order_by(TeamTask.due_at.is_(None), TeamTask.due_at, TeamTask.id)


async def tasks(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[TeamTask]:
    """Return a page of what is to be done: what is due first comes first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await portion(session, coming(), at, size)


async def with_contact(
    session: AsyncSession, actor: Person, contact: Contact, now: datetime, *, size: int
) -> list[TeamTask]:
    """Return what is to be done with a contact, and then what was, the latest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    mine = TeamTask.contact_id == contact.id
    still = list(await session.scalars(coming().where(mine).limit(size)))
    done = select(TeamTask).where(mine, TeamTask.done_at.is_not(None))
    done = done.order_by(TeamTask.done_at.desc(), TeamTask.id.desc())
    return [*still, *await session.scalars(done.limit(size))]


async def owners(
    session: AsyncSession, found: Collection[TeamTask], now: datetime
) -> dict[int, Person]:
    """Return who does which task, by its number; who animates no more does none."""
    animators = {one.id: one for one in await roles.holders(session, RoleName.ANIMATOR, now)}
    return {task.id: animators[task.owner_id] for task in found if task.owner_id in animators}


def clean(what: str) -> str:
    """Return what is to be done, without stray spaces.

    Raises:
        NotUnderstoodError: no words, or too many.
    """
    what = what.strip()
    if not 0 < len(what) <= TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    return what
