"""That one person wants nothing to do with another. Only they know it; the other is never told."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.people import Person
from community.writing import insert_new


class PersonBlock(Base, Identified):
    """One person has blocked another: neither is proposed, shown or passed on to the other."""

    __tablename__ = "person_blocks"
    __table_args__ = (UniqueConstraint("person_id", "blocked_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    blocked_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]


async def block(session: AsyncSession, actor: Person, whom_id: int, now: datetime) -> bool:
    """Keep these two apart from now on; False if they were."""
    row = {"person_id": actor.id, "blocked_id": whom_id, "at": now}
    return bool(await insert_new(session, PersonBlock, [row]))


async def unblock(session: AsyncSession, actor: Person, whom_id: int) -> None:
    """Take back one's own block; that of the other stays."""
    await session.execute(
        delete(PersonBlock).where(
            PersonBlock.person_id == actor.id, PersonBlock.blocked_id == whom_id
        )
    )


async def apart_from(session: AsyncSession, person_id: int) -> set[int]:
    """Return from whom this person is kept apart, whichever of the two wanted it."""
    rows = await session.execute(
        select(PersonBlock.person_id, PersonBlock.blocked_id).where(
            or_(PersonBlock.person_id == person_id, PersonBlock.blocked_id == person_id)
        )
    )
    return {other if one == person_id else one for one, other in rows}
