"""Cohorts: those who take a course together, as a group of the network with its events and news.

A cohort's name is a text of its own (``community/translations.py``, subject ``cohort``). Nobody
belongs to one without their own yes, given to what its invitation says, and anybody leaves when
they like. Events and newsletters can be for it (``community/audiences.py``). Once its last day is
over an animator says whether it goes on, as a group of those who were there, and they are told.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, Select, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, people, roles, translations
from community.base import Base, BigId, Referable, find
from community.deliveries import Plan
from community.errors import (
    IllegalMoveError,
    LinkRefusedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.people import Person
from community.portions import Portion, portion
from community.providers import Organization
from community.roles import RoleName

SUBJECT = "cohort"
SETTLED = "cohort_settled"
"""The kind of the message that says whether it goes on."""


class Cohort(Base, Referable):
    """Those who take one course together."""

    __tablename__ = "cohorts"

    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    """Whose course it is; None is the network's own."""
    starts_on: Mapped[date] = mapped_column(Date)
    ends_at: Mapped[datetime]
    """The midnight after its last day, by the network's clock."""
    is_open: Mapped[bool] = mapped_column(default=True)
    """Whether its link still lets people in."""
    goes_on: Mapped[bool | None]
    """Once it is over: whether it goes on as a group; None: nobody has said so yet."""
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]

    @property
    def takes_people(self) -> bool:
        """Say whether its link leads somewhere."""
        return self.is_open and self.goes_on is not False

    def is_to_be_settled(self, now: datetime) -> bool:
        """Say whether it is over and an animator has to say what becomes of it."""
        return self.goes_on is None and self.ends_at <= now


class CohortMember(Base):
    """That somebody belongs to a cohort, or has belonged to it: by which words they said yes."""

    __tablename__ = "cohort_members"

    cohort_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    version: Mapped[str] = mapped_column(String(16))
    """Of the words to which they said yes."""
    language: Mapped[str] = mapped_column(String(16))
    """In which they read them."""
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


def of(person_id: int) -> Select[int]:
    """Return the numbers of the cohorts that somebody belongs to."""
    return select(CohortMember.cohort_id).where(
        CohortMember.person_id == person_id, CohortMember.left_at.is_(None)
    )


def belongs(refs: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of a row of whoever belongs to one of these cohorts."""
    named = select(Cohort.id).where(Cohort.ref.in_(refs))
    return CohortMember.cohort_id.in_(named), CohortMember.left_at.is_(None)


# The team


async def add(
    session: AsyncSession,
    actor: Person,
    language: str,
    name: str,
    starts_on: date,
    ends_at: datetime,
    now: datetime,
    *,
    organization: str | None = None,
) -> Cohort:
    """Make a cohort, to which nobody belongs yet.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: the name is empty or too long, or it ends before it begins or now.
        NotFoundError: there is no such organisation.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    if ends_at <= now or ends_at.date() < starts_on:
        raise NotUnderstoodError("ends_at")
    whose = await find(session, Organization, organization) if organization else None
    cohort = Cohort(
        organization_id=whose.id if whose else None,
        starts_on=starts_on,
        ends_at=ends_at,
        made_by_id=actor.id,
        made_at=now,
    )
    session.add(cohort)
    await session.flush()
    await write(session, actor, cohort.ref, language, name, now)
    return cohort


async def write(
    session: AsyncSession, actor: Person, ref: str, language: str, name: str, now: datetime
) -> Cohort:
    """Name it anew, or in another language.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such cohort.
        NotUnderstoodError: the name is empty or too long.
    """
    cohort = await opened(session, actor, ref, now, lock=True)
    words = {"name": name}
    await translations.write(session, actor, SUBJECT, cohort.id, language, words, now)
    return cohort


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Cohort:
    """Return a cohort to the team.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such cohort.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, Cohort, ref, lock=lock)


async def every(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[Cohort]:
    """Return a page of the cohorts, the newest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await portion(session, select(Cohort).order_by(Cohort.id.desc()), at, size)


async def who(
    session: AsyncSession, actor: Person, ref: str, now: datetime, at: int = 0, *, size: int
) -> Portion[Person]:
    """Return a page of those who belong to a cohort, by name.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such cohort.
    """
    cohort = await opened(session, actor, ref, now)
    query = (
        select(Person)
        .join(CohortMember, CohortMember.person_id == Person.id)
        .where(*belongs([cohort.ref]))
        .order_by(func.lower(Person.name), Person.id)
    )
    return await portion(session, query, at, size)


async def let_in(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, on: bool
) -> Cohort:
    """Let its link lead somewhere, or nowhere any more.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such cohort.
        TooLateError: it does not go on.
    """
    cohort = await opened(session, actor, ref, now, lock=True)
    if cohort.goes_on is False:
        raise TooLateError(cohort.ends_at)
    cohort.is_open = on
    await session.flush()
    return cohort


async def settle(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, goes_on: bool
) -> Cohort:
    """Say of a cohort that is over whether it goes on. If not, nobody belongs to it any more.

    Everybody stays a member of the network either way. Who belongs to it is told once.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such cohort.
        TooLateError: it is not over yet.
        IllegalMoveError: somebody has said the other already.
    """
    cohort = await opened(session, actor, ref, now, lock=True)
    if cohort.goes_on is not None:
        if cohort.goes_on != goes_on:
            raise IllegalMoveError(SUBJECT, str(cohort.goes_on), str(goes_on))
        return cohort
    if cohort.ends_at > now:
        raise TooLateError(cohort.ends_at)
    cohort.goes_on = goes_on
    theirs = select(CohortMember.person_id).where(*belongs([cohort.ref]))
    plans = [
        Plan(SETTLED, number, f"{SETTLED}:{cohort.id}:{number}", now, {"ref": cohort.ref})
        for number in await session.scalars(theirs.order_by(CohortMember.person_id))
    ]
    await deliveries.plan(session, now, *plans)
    if not goes_on:
        cohort.is_open = False
        await _end(session, now, CohortMember.cohort_id == cohort.id)
    await session.flush()
    return cohort


def over(now: datetime) -> Select[Cohort]:
    """Return those of which an animator has to say what becomes of them."""
    to_be_settled = Cohort.goes_on.is_(None), Cohort.ends_at <= now
    return select(Cohort).where(*to_be_settled).order_by(Cohort.ends_at, Cohort.id)


# The members


async def invited(
    session: AsyncSession, person: Person, ref: str, *, lock: bool = False
) -> Cohort:
    """Return the cohort into which a link leads; it changes nothing, whoever opens it.

    Raises:
        LinkRefusedError: it leads nowhere (any more).
    """
    try:
        cohort = await find(session, Cohort, ref, lock=lock)
    except NotFoundError:
        raise LinkRefusedError from None
    if not cohort.takes_people and not await is_in(session, person, cohort):
        raise LinkRefusedError
    return cohort


async def is_in(session: AsyncSession, person: Person, cohort: Cohort) -> bool:
    """Say whether somebody belongs to a cohort."""
    row = await session.get(CohortMember, (cohort.id, person.id), populate_existing=True)
    return row is not None and row.left_at is None


async def was_in(session: AsyncSession, person: Person, cohort: Cohort) -> bool:
    """Say whether somebody belonged to a cohort until it was settled that it ends."""
    row = await session.get(CohortMember, (cohort.id, person.id), populate_existing=True)
    if row is None or row.left_at is None:
        return False
    return cohort.goes_on is False and row.left_at >= cohort.ends_at


async def join(
    session: AsyncSession, person: Person, ref: str, now: datetime, *, version: str, language: str
) -> Cohort:
    """Belong to a cohort from now on, by one's own yes; twice changes nothing.

    Raises:
        NotAMemberError: the person is no member of the network (yet).
        LinkRefusedError: its link leads nowhere (any more).
    """
    people.require_member(person)
    # Locked: it may just be settled that nobody belongs to it any more.
    cohort = await invited(session, person, ref, lock=True)
    row = await session.get(CohortMember, (cohort.id, person.id), with_for_update=True)
    if row is not None and row.left_at is None:
        return cohort
    if row is None:
        row = CohortMember(cohort_id=cohort.id, person_id=person.id)
        session.add(row)
    row.version, row.language, row.joined_at, row.left_at = version, language, now, None
    await session.flush()
    return cohort


async def mine(session: AsyncSession, person: Person) -> list[Cohort]:
    """Return the cohorts that somebody belongs to, the newest first."""
    rows = await session.scalars(
        select(Cohort).where(Cohort.id.in_(of(person.id))).order_by(Cohort.id.desc())
    )
    return list(rows)


async def leave(session: AsyncSession, person: Person, ref: str, now: datetime) -> Cohort:
    """Belong to a cohort no more; whoever does not belong to it, stays as they are.

    Raises:
        NotFoundError: there is no such cohort.
    """
    cohort = await find(session, Cohort, ref)
    about = CohortMember.cohort_id == cohort.id, CohortMember.person_id == person.id
    await _end(session, now, *about)
    return cohort


async def left_since(session: AsyncSession, moment: datetime) -> Mapping[int, str]:
    """Return the cohorts that somebody has left after a moment: their numbers and references."""
    rows = await session.execute(
        select(Cohort.id, Cohort.ref)
        .join(CohortMember, CohortMember.cohort_id == Cohort.id)
        .where(CohortMember.left_at > moment)
        .distinct()
    )
    return {row.id: row.ref for row in rows}


async def leave_all(session: AsyncSession, person: Person, now: datetime) -> None:
    """Belong to none any more, as somebody who leaves the network."""
    await _end(session, now, CohortMember.person_id == person.id)


async def _end(session: AsyncSession, now: datetime, *about: ColumnElement[bool]) -> None:
    await session.execute(
        update(CohortMember)
        .where(*about, CohortMember.left_at.is_(None))
        .values(left_at=now)
        .execution_options(synchronize_session="fetch")
    )
