"""What entrepreneurs need: one built-in list of terms, who looks for what, and who knows it."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.among import among
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


async def of_each(session: AsyncSession, person_ids: Collection[int]) -> dict[int, list[Need]]:
    """Return what each of these people looks for, the most important first."""
    rows = await session.execute(
        select(PersonNeed.person_id, PersonNeed.term)
        .where(among(PersonNeed.person_id, person_ids))
        .order_by(PersonNeed.id)
    )
    found: dict[int, list[Need]] = {one: [] for one in person_ids}
    for person_id, term in rows:
        found[person_id].append(Need(term))
    return found


async def look_for(session: AsyncSession, person: Person, terms: Sequence[Need]) -> None:
    """Replace what the person looks for."""
    await session.execute(delete(PersonNeed).where(PersonNeed.person_id == person.id))
    session.add_all(PersonNeed(person_id=person.id, term=term) for term in terms)
    await session.flush()


class PersonOffer(Base):
    """One thing in which a person can help others with what they know."""

    __tablename__ = "person_offers"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    term: Mapped[Need] = mapped_column(String(24), primary_key=True)


async def offered_by(session: AsyncSession, person: Person) -> list[Need]:
    """Return in what the person can help others, in the order of the list."""
    return (await offered_by_each(session, [person.id]))[person.id]


async def offered_by_each(
    session: AsyncSession, person_ids: Collection[int]
) -> dict[int, list[Need]]:
    """Return in what each of these people can help others, in the order of the list."""
    rows = await session.execute(
        select(PersonOffer.person_id, PersonOffer.term).where(
            among(PersonOffer.person_id, person_ids)
        )
    )
    found = {(person_id, Need(term)) for person_id, term in rows}
    return {one: [term for term in Need if (one, term) in found] for one in person_ids}


async def offer(session: AsyncSession, person: Person, terms: Sequence[Need]) -> None:
    """Replace in what the person can help others."""
    await session.execute(delete(PersonOffer).where(PersonOffer.person_id == person.id))
    session.add_all(PersonOffer(person_id=person.id, term=term) for term in dict.fromkeys(terms))
    await session.flush()
