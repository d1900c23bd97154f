"""What the network does, where something else refers to it: a cost, or a decision.

A reference is the name of the kind and the row's number, as texts refer to what they belong to.
What is gone is simply not named any more.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community.agreements import Agreement
from community.base import Referable, find
from community.cohorts import Cohort
from community.errors import NotFoundError
from community.events import VISIBLE, Event
from community.lessons import Lesson
from community.plans import Task
from community.providers import Service
from community.series import Series


class Kind(StrEnum):
    """What an activity is."""

    EVENT = "event"
    SERIES = "series"
    LESSON = "lesson"
    COURSE = "course"
    SERVICE = "service"
    TASK = "task"
    AGREEMENT = "agreement"


TABLES: Mapping[Kind, type[Referable]] = {
    Kind.EVENT: Event,
    Kind.SERIES: Series,
    Kind.LESSON: Lesson,
    Kind.COURSE: Cohort,
    Kind.SERVICE: Service,
    Kind.TASK: Task,
    Kind.AGREEMENT: Agreement,
}


async def find_one(session: AsyncSession, kind: Kind, ref: str) -> Referable:
    """Return the activity that a reference names.

    Raises:
        NotFoundError: there is none of this kind.
    """
    return await find(session, TABLES[kind], ref)


async def one(session: AsyncSession, kind: Kind, number: int | None) -> Referable | None:
    """Return an activity by its number, or None if it is gone or there never was one."""
    return None if number is None else await session.get(TABLES[kind], number)


async def newest(session: AsyncSession, kind: Kind, limit: int) -> Sequence[Referable]:
    """Return the last ones that were made, the newest first; of events those that are public."""
    table = TABLES[kind]
    query = select(table).order_by(table.id.desc()).limit(limit)
    if table is Event:
        query = query.where(Event.state.in_(VISIBLE))
    return (await session.scalars(query)).all()


def kind_of(code: str) -> Kind:
    """Return the kind that a button names.

    Raises:
        NotFoundError: there is no such kind.
    """
    if code not in {*Kind}:
        raise NotFoundError("Kind")
    return Kind(code)
