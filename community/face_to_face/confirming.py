"""What somebody sees who has opened their code: all that was recorded, each line to confirm.

What was agreed to by word of mouth holds meanwhile, and nothing more is taken for granted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, needs
from community.assisted import Assisted
from community.attendance import Attendance
from community.consents import Consent, Purpose
from community.errors import NotFoundError
from community.events import Event
from community.face_to_face.registering import witnesses
from community.needs import Need
from community.people import Person


class Line(StrEnum):
    """One thing that was recorded."""

    NAME = "name"
    LANGUAGE = "language"
    NEED = "need"
    AREA = "area"
    NEWS = "news"
    SURVEYS = "surveys"
    MATCHING = "matching"
    STATISTICS = "statistics"
    ANSWERS = "answers"

    @property
    def purpose(self) -> Purpose | None:
        """Return the consent that it is about, if it is about one."""
        return Purpose(self.value) if self.value in [*Purpose] else None


@dataclass(frozen=True)
class Recorded:
    """Everything that was recorded of somebody, and what of it they have confirmed."""

    row: Assisted
    person: Person
    registered_by: str
    needs: Sequence[Need]
    consents: Sequence[Consent]
    """Each switch that was ever turned, as it stands now."""
    witnesses: dict[int, str]
    answers: Sequence[tuple[Attendance, Event]]
    """To which events they have answered by phone."""

    @property
    def open_lines(self) -> list[Line]:
        """Return what is not confirmed yet."""
        return [line for line in Line if line.value not in self.row.confirmed]


async def row_of(session: AsyncSession, person: Person) -> Assisted | None:
    """Return how this person was registered face to face, if they were and have taken over."""
    found: Assisted | None = await session.scalar(
        select(Assisted).where(Assisted.person_id == person.id, Assisted.opened_at.is_not(None))
    )
    return found


async def recorded(session: AsyncSession, person: Person) -> Recorded:
    """Return what was recorded of this person.

    Raises:
        NotFoundError: they were not registered face to face.
    """
    row = await row_of(session, person)
    if row is None:
        raise NotFoundError("Assisted")
    turned = (
        await session.scalars(
            select(Consent)
            .where(Consent.person_id == person.id, Consent.current)
            .order_by(Consent.id)
        )
    ).all()
    answered = await session.execute(
        select(Attendance, Event)
        .join(Event, Event.id == Attendance.event_id)
        .where(Attendance.person_id == person.id, Attendance.by_phone)
        .order_by(Event.starts_at)
    )
    names = await witnesses(session, turned)
    witness = await session.get(Person, row.witness_id) if row.witness_id else None
    return Recorded(
        row,
        person,
        witness.name if witness else "",
        await needs.of(session, person),
        turned,
        names,
        [(attendance, event) for attendance, event in answered],
    )


async def confirm(
    session: AsyncSession, person: Person, line: Line, now: datetime, *, version: str
) -> None:
    """Say that a line is right as it stands.

    A consent is then the person's own, by their own hand: a line in the ledger says so.

    Raises:
        NotFoundError: they were not registered face to face.
    """
    row = await row_of(session, person)
    if row is None:
        raise NotFoundError("Assisted")
    if line.purpose is not None:
        await consents.confirm(
            session, person, line.purpose, now, version=version, language=person.language or ""
        )
    if line.value not in row.confirmed:
        row.confirmed = [*row.confirmed, line.value]
    await session.flush()


async def confirm_all(
    session: AsyncSession, person: Person, now: datetime, *, version: str
) -> None:
    """Say that all of it is right as it stands."""
    for line in (await recorded(session, person)).open_lines:
        await confirm(session, person, line, now, version=version)
