"""How much waits, and for how long: for whoever watches over the machine. Figures, no people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.arrivals import Arrival, Arriving
from community.deliveries import OPEN, Delivery, State
from community.policy import Lane


@dataclass(frozen=True)
class Backlog:
    """What is open, counted by its state."""

    arrivals: Mapping[Arriving, int]
    oldest_arrival: timedelta
    deliveries: Mapping[State, int]
    oldest_due: timedelta
    """How long the oldest message has been due that is not for many: those take their time."""


async def measure(session: AsyncSession, now: datetime) -> Backlog:
    """Count what waits."""
    unfinished = (Arriving.WAITING, Arriving.SPEAKING)
    arrived = await session.execute(
        select(Arrival.state, func.count(), func.min(Arrival.arrived_at))
        .where(Arrival.state.in_([*unfinished, Arriving.SET_ASIDE]))
        .group_by(Arrival.state)
    )
    owed = await session.execute(
        select(Delivery.state, func.count())
        .where(Delivery.state.in_(OPEN))
        .group_by(Delivery.state)
    )
    due = await session.scalar(
        select(func.min(Delivery.due_at)).where(
            Delivery.state == State.QUEUED, Delivery.lane < int(Lane.NEWS)
        )
    )
    rows = arrived.all()
    return Backlog(
        arrivals=dict.fromkeys((*unfinished, Arriving.SET_ASIDE), 0)
        | {Arriving(state): count for state, count, _ in rows},
        oldest_arrival=_age(min((at for s, _, at in rows if s in unfinished), default=None), now),
        deliveries=dict.fromkeys(OPEN, 0) | {State(state): n for state, n in owed},
        oldest_due=_age(due, now),
    )


def _age(moment: datetime | None, now: datetime) -> timedelta:
    return max(now - moment, timedelta()) if moment else timedelta()
