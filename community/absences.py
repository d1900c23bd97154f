"""Who of the team is away, and until when. They keep what is theirs unless they hand it over."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.base import Base, BigId
from community.errors import NotUnderstoodError
from community.people import Person
from community.roles import RoleName


class Absence(Base):
    """That an animator is away."""

    __tablename__ = "absences"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime]
    """The first moment after the last day away."""


async def go(session: AsyncSession, actor: Person, until: datetime, now: datetime) -> None:
    """Be away until then: nobody is told of anything new who is not there.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: that is over already.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    if until <= now:
        raise NotUnderstoodError("ends_at")
    absence = await session.get(Absence, actor.id)
    if absence is None:
        session.add(Absence(person_id=actor.id, until=until))
    else:
        absence.until = until
    await session.flush()


async def come_back(session: AsyncSession, actor: Person, now: datetime) -> None:
    """Be there again.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    absence = await session.get(Absence, actor.id)
    if absence is not None:
        await session.delete(absence)
        await session.flush()


async def away(session: AsyncSession, now: datetime) -> dict[int, datetime]:
    """Return who is away now, by their number, and until when."""
    rows = await session.execute(
        select(Absence.person_id, Absence.until).where(Absence.until > now)
    )
    return dict(rows.all())
