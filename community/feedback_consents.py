"""What members allow the partner to hear by whose link they came: a ledger, one row per fact."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.people import Person


class Fact(StrEnum):
    """What a partner may hear about whom it has sent in."""

    NAME = "name"
    JOINED = "joined"
    TAKES_PART = "takes_part"
    """They have come to an event."""
    STARTED = "started"
    """Their business is running."""


class FeedbackConsent(Base, Identified):
    """That somebody allows one fact to be told to the partner whose link they came by."""

    __tablename__ = "feedback_consents"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    fact: Mapped[Fact] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    agreed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


async def end(session: AsyncSession, person: Person, now: datetime) -> None:
    """End all that the person has allowed: who leaves is told about no more."""
    await session.execute(
        update(FeedbackConsent)
        .where(FeedbackConsent.person_id == person.id, FeedbackConsent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )


async def end_of(session: AsyncSession, organization_id: int, now: datetime) -> None:
    """End all that an organisation may hear: under another agreement it is asked for anew."""
    await session.execute(
        update(FeedbackConsent)
        .where(
            FeedbackConsent.organization_id == organization_id,
            FeedbackConsent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
