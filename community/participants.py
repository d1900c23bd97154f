"""What a participant has said for the funder's statistics, and since when they are in them.

It stands apart from everything else that is known of a person, and nothing but the funder's table
(``community/funder.py``) reads it. What they said goes at once when they take their consent back,
leave or are erased. The day on which they first took part stays until they are erased: whoever
comes back is not counted again.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified


class Question(StrEnum):
    """What a funder of the European Social Fund Plus wants to know of each participant."""

    GENDER = "gender"
    BORN = "born"
    """In which year."""
    LABOUR = "labour"
    EDUCATION = "education"
    THIRD_COUNTRY = "third_country"
    FOREIGN = "foreign"
    MINORITY = "minority"
    DISABILITY = "disability"


class FunderEntry(Base):
    """Since when somebody is a participant, for good."""

    __tablename__ = "funder_entries"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    entered_at: Mapped[datetime]
    """When they first answered a question of these."""


class FunderAnswer(Base, Identified):
    """One answer: a code, or the year of birth."""

    __tablename__ = "funder_answers"
    __table_args__ = (UniqueConstraint("person_id", "question"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    question: Mapped[Question] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(16))


async def forget(session: AsyncSession, person_id: int) -> None:
    """Delete what somebody has said for the funder's statistics."""
    await session.execute(delete(FunderAnswer).where(FunderAnswer.person_id == person_id))
