"""Consent by purpose: separate switches, all off, each as easy to take back as to give.

The ledger keeps every change with text version, language and time; nothing is overwritten. A
reply is never consent. Sharing with a provider is not here: it is asked each time (referrals).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.people import Person


class Purpose(StrEnum):
    """What a member may agree to, one by one."""

    NEWS = "news"
    SURVEYS = "surveys"
    MATCHING = "matching"
    STATISTICS = "statistics"


class Consent(Base, Identified):
    """One turn of one switch."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_person", "person_id", "purpose", "id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(String(16))
    granted: Mapped[bool]
    version: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


async def given(session: AsyncSession, person: Person) -> set[Purpose]:
    """Return what the person agrees to now."""
    latest = (
        select(func.max(Consent.id))
        .where(Consent.person_id == person.id)
        .group_by(Consent.purpose)
        .scalar_subquery()
    )
    rows = await session.scalars(
        select(Consent.purpose).where(Consent.id.in_(latest), Consent.granted)
    )
    return {Purpose(purpose) for purpose in rows}


async def switch(
    session: AsyncSession,
    person: Person,
    purposes: set[Purpose],
    now: datetime,
    *,
    version: str,
    language: str,
) -> None:
    """Agree to exactly these purposes; each change is one line in the ledger."""
    before = await given(session, person)
    session.add_all(
        Consent(
            person_id=person.id,
            purpose=purpose,
            granted=purpose in purposes,
            version=version,
            language=language,
            at=now,
        )
        for purpose in Purpose
        if (purpose in purposes) != (purpose in before)
    )
    await session.flush()
