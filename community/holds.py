"""That sending is held: after a backup was put back, until somebody decides (``restores``)."""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, String, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base
from community.policy import RESENT

RESTORED = "restored"


class Hold(Base):
    """Why sending is held, and since when. No row: nothing is held."""

    __tablename__ = "holds"

    why: Mapped[str] = mapped_column(String(16), primary_key=True)
    since: Mapped[datetime]


async def since(session: AsyncSession) -> datetime | None:
    """Return since when sending is held, if it is."""
    found: datetime | None = await session.scalar(select(Hold.since).limit(1))
    return found


def lets_go(kind: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition under which a delivery of this kind may leave now.

    What is sent again after a crash goes all the same: of these, two are better than none.
    """
    return or_(~select(Hold.why).exists(), kind.in_(RESENT))
