"""What was decided about somebody's conduct: a warning, something hidden, a pause; and lifting it.

Here are the rows, and what a suspension closes: posts, answers, the bridge to other members and
matching. Requests for support and the team stay open. Who decides is ``community/moderation``.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Select, String, Text, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.errors import SuspendedError
from community.people import Person


class Measure(StrEnum):
    """What follows from a report."""

    NOTHING = "nothing"
    WARN = "warn"
    HIDE = "hide"
    SUSPEND = "suspend"


class Why(StrEnum):
    """For what: coded, so that it is said in the reader's language."""

    FRAUD = "fraud"
    INSULT = "insult"
    HARASSMENT = "harassment"
    ADVERTISING = "advertising"
    WRONG_TRANSLATION = "wrong_translation"
    OTHER = "other"


class MeasureTaken(Base, Referable):
    """One measure about one person, which they read, and can answer once."""

    __tablename__ = "measures"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    report_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("reports.id", ondelete="SET NULL"), index=True
    )
    post_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("posts.id", ondelete="SET NULL"))
    """What was hidden."""
    measure: Mapped[Measure] = mapped_column(String(16))
    why: Mapped[Why] = mapped_column(String(24))
    words: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(16))
    taken_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    until: Mapped[datetime | None] = mapped_column(index=True)
    """Of a suspension."""
    answer: Mapped[str | None] = mapped_column(Text)
    answer_language: Mapped[str | None] = mapped_column(String(16))
    answered_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    """When the answer was read, and it was decided whether the measure stays."""
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )


def is_suspended(now: datetime) -> ColumnElement[bool]:
    """Return the condition that somebody (of the query around it) is suspended."""
    return exists().where(MeasureTaken.person_id == Person.id, *_lasting(now))


def _lasting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        MeasureTaken.measure == Measure.SUSPEND,
        MeasureTaken.until > now,
        MeasureTaken.lifted_at.is_(None),
    )


def suspended(now: datetime) -> Select[int]:
    """Return the numbers of those who are suspended."""
    return select(MeasureTaken.person_id).where(*_lasting(now))


async def suspended_until(session: AsyncSession, person_id: int, now: datetime) -> datetime | None:
    """Return until when somebody is suspended, if they are."""
    ends: datetime | None = await session.scalar(
        select(MeasureTaken.until)
        .where(MeasureTaken.person_id == person_id, *_lasting(now))
        .order_by(MeasureTaken.until.desc())
        .limit(1)
    )
    return ends


async def require_free(session: AsyncSession, actor: Person, now: datetime) -> None:
    """Refuse whoever is suspended from what concerns other members.

    Raises:
        SuspendedError: the actor is, until then.
    """
    until = await suspended_until(session, actor.id, now)
    if until is not None:
        raise SuspendedError(until)
