"""Whoever wanted to come and did not is asked once why, kindly; the team reads counts alone."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.attendance import ATTENDANCE, Attendance, State, of, visible
from community.base import find
from community.errors import IllegalMoveError
from community.events import Event
from community.figures import protecting
from community.figures.protecting import Protected
from community.people import Person


class Why(StrEnum):
    """Why somebody could not come, by the words they tap."""

    FORGOT = "forgot"
    WORK = "work"
    CHILDREN = "children"
    TRAVEL = "travel"
    LANGUAGE = "language"
    ILL = "ill"
    OTHER = "other"
    RATHER_NOT_SAY = "rather_not_say"


async def say_why(session: AsyncSession, actor: Person, ref: str, why: Why, now: datetime) -> None:
    """Note why one could not come; one's own first word counts.

    Raises:
        NotFoundError: no such event.
        IllegalMoveError: the person was there, or has said it already.
    """
    event = await visible(session, actor, ref, now, lock=True)
    mine = await of(session, event, actor)
    if mine is None or mine.state != State.MISSED or mine.missed_because is not None:
        raise IllegalMoveError(ATTENDANCE.name, mine.state if mine else State.NONE, State.MISSED)
    mine.missed_because = why.value


async def reasons(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> Protected[Why | None]:
    """Return how many said what, fewer than five hidden; None: who said nothing.

    Raises:
        NotAllowedError: the actor does not look after this event.
    """
    event = await find(session, Event, ref)
    await roles.require_host(session, actor, event, now)
    rows = await session.execute(
        select(Attendance.missed_because, func.count())
        .where(Attendance.event_id == event.id, Attendance.state == State.MISSED)
        .group_by(Attendance.missed_because)
    )
    cells: dict[Why | None, int] = dict.fromkeys((*Why, None), 0)
    for why, count in rows:
        # "Rather not say" is no reason: it is told apart from silence nowhere.
        cells[Why(why) if why not in (None, Why.RATHER_NOT_SAY) else None] += count
    del cells[Why.RATHER_NOT_SAY]
    return protecting.split(cells)
