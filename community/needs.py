"""What entrepreneurs need: one built-in list of terms, and who looks for what."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.people import Person


class Need(StrEnum):
    """A term of the list."""

    REGISTERING = "registering"
    FINANCE = "finance"
    TAX = "tax"
    BOOKKEEPING = "bookkeeping"
    PREMISES = "premises"
    LICENCES = "licences"
    QUALIFICATIONS = "qualifications"
    """Having a diploma or a trade from abroad recognised."""
    CUSTOMERS = "customers"
    EXPORT = "export"
    HIRING = "hiring"
    DIGITAL = "digital"
    INTERNET = "internet"
    """A place where one may use the internet or a computer free of charge."""
    LANGUAGE = "language"
    LEGAL = "legal"
    MENTORING = "mentoring"
    CHILD_CARE = "child_care"
    OTHER = "other"
    """What an imported directory names and this list does not."""


class PersonNeed(Base, Identified):
    """One thing a person looks for; the order of rows is the order of importance."""

    __tablename__ = "needs"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    term: Mapped[Need] = mapped_column(String(24))


async def of(session: AsyncSession, person: Person) -> list[Need]:
    """Return what the person looks for, the most important first."""
    rows = await session.scalars(
        select(PersonNeed.term).where(PersonNeed.person_id == person.id).order_by(PersonNeed.id)
    )
    return [Need(term) for term in rows]


async def look_for(session: AsyncSession, person: Person, terms: Sequence[Need]) -> None:
    """Replace what the person looks for."""
    await session.execute(delete(PersonNeed).where(PersonNeed.person_id == person.id))
    session.add_all(PersonNeed(person_id=person.id, term=term) for term in terms)
    await session.flush()
