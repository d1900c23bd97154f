"""What members have asked to be translated: one row for each person, thing and language.

A *thing* is what somebody opens: an event, a newsletter (its first send, whatever has corrected
it), a service with its steps. The verbs are in ``community/asking.py``.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.people import Membership, Person


class TranslationRequest(Base, Identified):
    """One person would like to read one thing in their language."""

    __tablename__ = "translation_requests"
    __table_args__ = (
        UniqueConstraint("person_id", "subject", "subject_id", "language"),
        Index("ix_translation_requests_subject", "subject", "subject_id"),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    language: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]


async def is_asked(
    session: AsyncSession, subject: str, subject_id: int, language: str, *by: Person
) -> bool:
    """Say whether anybody, or one of these, has asked for this in this language."""
    one = exists().where(
        TranslationRequest.subject == subject,
        TranslationRequest.subject_id == subject_id,
        TranslationRequest.language == language,
        *([TranslationRequest.person_id.in_([person.id for person in by])] if by else ()),
    )
    return bool(await session.scalar(select(one)))


async def counts(
    session: AsyncSession, network_language: str
) -> Mapping[tuple[str, int, str], int]:
    """Return how many wait for each thing in each language.

    Active members only, and only who still reads that language: they are among its readers.
    """
    spoken = func.coalesce(Person.language, literal(network_language))
    asked = (
        TranslationRequest.subject,
        TranslationRequest.subject_id,
        TranslationRequest.language,
    )
    rows = await session.execute(
        select(*asked, func.count())
        .join(Person, Person.id == TranslationRequest.person_id)
        .where(Person.state == Membership.ACTIVE, spoken == TranslationRequest.language)
        .group_by(*asked)
    )
    return {(subject, number, language): count for subject, number, language, count in rows}
