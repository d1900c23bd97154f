"""Texts read aloud: a voice message in which somebody of the team reads one text in one language.

A recording remembers the words that it reads. While other words stand there it is *stale* and is
not played; once the old ones are used again, so is it. Telegram keeps the sound, we its name.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import memory
from community.base import Base, BigId, Referable

SAID = "said"
"""The subject of what is read out when somebody is registered face to face: its words stand in
the catalogues, and its numbers are their places (``face_to_face.sounding``)."""


class Recording(Base, Referable):
    """One field of one subject in one language, read aloud: one that counts, one to be heard."""

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("subject", "subject_id", "language", "field", "is_approved"),
    )

    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    language: Mapped[str] = mapped_column(String(16))
    field: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    """The words that it reads."""
    file_id: Mapped[str] = mapped_column(Text)
    """Telegram's name for it, which only this bot can use."""
    seconds: Mapped[int]
    is_approved: Mapped[bool]
    """Whether readers may hear it; a translator's waits for somebody else."""
    recorded_by_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    """Whose voice it is: it goes with them."""
    recorded_as: Mapped[str] = mapped_column(String(24))
    """In which role."""
    recorded_at: Mapped[datetime]


_OF = (
    select(Recording)
    .where(
        Recording.subject == bindparam("what"),
        Recording.subject_id.in_(bindparam("which", expanding=True)),
    )
    .order_by(Recording.id)
)


async def of(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> Sequence[Recording]:
    """Return every recording of these subjects, stale ones and those to be heard first too."""
    if len(subject_ids) != 1:
        values = {"what": subject, "which": list(subject_ids)}
        return (await session.scalars(_OF, values)).all() if subject_ids else []
    (number,) = subject_ids
    key = (Recording, subject, number)
    found: list[Recording] | None = memory.recall(session, key)
    if found is None:
        found = list(await session.scalars(_OF, {"what": subject, "which": [number]}))
        memory.remember(session, key, found)
    return found


def about(subject: str, subject_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of the recordings of one subject."""
    return Recording.subject == subject, Recording.subject_id == subject_id


def _place(recording: Recording) -> tuple[ColumnElement[bool], ...]:
    return (
        *about(recording.subject, recording.subject_id),
        Recording.language == recording.language,
        Recording.field == recording.field,
    )


async def put(session: AsyncSession, recording: Recording) -> None:
    """Keep a recording. A text has one voice: what counts at once settles what waits, too."""
    before = delete(Recording).where(*_place(recording))
    counts = recording.is_approved
    await session.execute(before if counts else before.where(Recording.is_approved.is_(False)))
    session.add(recording)
    memory.drop(session, (Recording, recording.subject, recording.subject_id))
    await session.flush()


async def approve(session: AsyncSession, recording: Recording) -> None:
    """Let a recording that has waited count, in the place of the one that did."""
    await session.execute(delete(Recording).where(*_place(recording), Recording.is_approved))
    recording.is_approved = True
    memory.drop(session, (Recording, recording.subject, recording.subject_id))
    await session.flush()


async def copy(
    session: AsyncSession, subject: str, from_id: int, to_id: int, *, but: str = ""
) -> None:
    """Give one subject the recordings of another but those of one field, as far as they are."""
    memory.drop(session, (Recording, subject, to_id))
    session.add_all(
        Recording(
            subject=subject,
            subject_id=to_id,
            language=row.language,
            field=row.field,
            text=row.text,
            file_id=row.file_id,
            seconds=row.seconds,
            is_approved=row.is_approved,
            recorded_by_id=row.recorded_by_id,
            recorded_as=row.recorded_as,
            recorded_at=row.recorded_at,
        )
        for row in await of(session, subject, [from_id])
        if row.field != but
    )


async def forget(session: AsyncSession, subject: str, subject_id: int, *, but: str = "") -> None:
    """Remove every recording of the subject but those of one field."""
    gone = delete(Recording).where(*about(subject, subject_id), Recording.field != but)
    await session.execute(gone)
