"""Periods as they were counted and told, once, and the rows that were counted."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified


class EvidencePeriod(Base, Identified):
    """A quarter or a year that is over, as it was told; it is never told otherwise."""

    __tablename__ = "evidence_periods"
    __table_args__ = (UniqueConstraint("year", "number"),)

    year: Mapped[int]
    number: Mapped[int]
    """Of the quarter; 0 for the year."""
    framework: Mapped[str] = mapped_column(String(16))
    """Which framework file was in force (``framework.Framework.version``)."""
    threshold: Mapped[int]
    told: Mapped[dict[str, Any]]
    """By fact (``telling.written``)."""
    counted: Mapped[dict[str, Any]]
    """Which groups there were, and by fact, split, leaf and group the numbers before anything was
    hidden. Only for the data set (what has been erased since); no report reads it."""
    frozen_at: Mapped[datetime]


class EvidenceRow(Base, Identified):
    """One person (or request) as a fact counted them then. It goes when the person is erased."""

    __tablename__ = "evidence_rows"
    __table_args__ = (Index("ix_evidence_rows_fact", "period_id", "fact"),)

    period_id: Mapped[int] = mapped_column(BigId, ForeignKey("evidence_periods.id"))
    fact: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    """None where they had been erased before it was counted."""
    leaf: Mapped[str] = mapped_column(String(24))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    language: Mapped[str] = mapped_column(String(16), default="")
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    """The upper of the two levels."""
    profiles: Mapped[int] = mapped_column(default=0)
    """One bit for each, in the order of ``people.Profile``."""


class EvidencePseudonym(Base):
    """What stands for a person in the data set: drawn by lot, gone with the person."""

    __tablename__ = "evidence_pseudonyms"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    pseudonym: Mapped[str] = mapped_column(String(16), unique=True)
