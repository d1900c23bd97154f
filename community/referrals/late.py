"""Requests that are late, for the team: where they stand and since when, and nothing personal.

Late is what the team has been told of, what the clock has run out for, and what it runs out for
within two days.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.base import find
from community.errors import NotFoundError
from community.people import Person
from community.portions import Portion, portion
from community.referrals.clocks import CLOCKS, Clock, Then
from community.referrals.table import Referral, State
from community.roles import RoleName

SOON = timedelta(days=2)


def _is_late(state: State, clock: Clock, now: datetime) -> ColumnElement[bool]:
    last = len(clock.marks)
    told = [number for number in range(1, last + 1) if clock.then(number) is Then.TELL_TEAM]
    runs_out = and_(Referral.rung == last, Referral.rings_at <= now + SOON)
    return and_(Referral.state == state, or_(Referral.rung > min([*told, last]), runs_out))


async def late(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[Referral]:
    """Return a page of the late requests: what has not moved for longest comes first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    clocks = [_is_late(state, clock, now) for state, clock in CLOCKS.items() if clock.marks]
    query = select(Referral).where(or_(*clocks)).order_by(Referral.changed_at, Referral.id)
    return await portion(session, query, at, size)


async def stands(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Referral:
    """Return a request whose state and clock an animator may see.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none, or it was never sent.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    referral = await find(session, Referral, ref)
    if not referral.was_sent:
        raise NotFoundError("Referral")
    return referral
