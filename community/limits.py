"""What makes it hard for a member to come: ticked by themself, shown to nobody by name.

Kept apart from the person, as little as planning needs: a code, and for the way there how far or
until when. Whoever plans reads counts of it (``community/invitees.py``), never a row.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import people
from community.among import among
from community.base import Base, BigId
from community.errors import NotUnderstoodError
from community.people import Person


class Limit(StrEnum):
    """Something that makes it hard to come."""

    DISTANCE = "distance"
    """Cannot travel further than so many kilometres."""
    LATE = "late"
    """Cannot travel after so many minutes of the day."""
    MORNINGS = "mornings"
    """Has no time then; so for the next three."""
    AFTERNOONS = "afternoons"
    EVENINGS = "evenings"
    WEEKENDS = "weekends"
    CHILD_CARE = "child_care"
    STEPS = "steps"
    """Cannot climb any."""
    PHONE_ONLY = "phone_only"
    NO_DATA = "no_data"
    READING = "reading"
    SIGHT = "sight"


CHOICES: Mapping[Limit, tuple[int, ...]] = {
    Limit.DISTANCE: (2, 5, 10, 20),
    Limit.LATE: tuple(hour * 60 for hour in range(16, 22)),
}
"""Of which limits one says how far, or until when: a few steps, so that they describe nobody."""
NO_VALUE = 0


class AccessLimit(Base):
    """One thing that makes it hard for one person to come."""

    __tablename__ = "access_limits"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[Limit] = mapped_column(String(16), primary_key=True)
    value: Mapped[int] = mapped_column(default=NO_VALUE)


async def of(session: AsyncSession, person: Person) -> dict[Limit, int]:
    """Return what this person has ticked, and how far or until when."""
    rows = await session.execute(
        select(AccessLimit.code, AccessLimit.value).where(AccessLimit.person_id == person.id)
    )
    found = {Limit(code): value for code, value in rows}
    return {code: found[code] for code in Limit if code in found}


async def with_limit(
    session: AsyncSession, code: Limit, people_ids: Collection[int]
) -> Sequence[int]:
    """Return who of these has ticked this."""
    ticked = select(AccessLimit.person_id).where(AccessLimit.code == code)
    return (await session.scalars(ticked.where(among(AccessLimit.person_id, people_ids)))).all()


async def tick(
    session: AsyncSession, person: Person, code: Limit, value: int = NO_VALUE, *, on: bool
) -> None:
    """Let the person say this of themself, or say it no longer.

    Raises:
        NotAMemberError: the person has not joined.
        NotUnderstoodError: there is no such distance or hour.
    """
    people.require_member(person)
    if on and value not in CHOICES.get(code, (NO_VALUE,)):
        raise NotUnderstoodError("choice")
    await session.execute(
        delete(AccessLimit).where(AccessLimit.person_id == person.id, AccessLimit.code == code)
    )
    if on:
        session.add(AccessLimit(person_id=person.id, code=code, value=value))
    await session.flush()


async def forget(session: AsyncSession, person: Person) -> None:
    """Keep nothing of this about the person any more."""
    await session.execute(delete(AccessLimit).where(AccessLimit.person_id == person.id))
