"""The gap map as it is kept: one wave for each quarter, and its cells as they may be told.

What is looked for carries no day, so a wave is taken once, when its quarter is over, of everything
as it stands then. It never changes afterwards; the next wave shows what has changed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.figures.periods import Quarter
from community.figures.protecting import Cell, cell_of

RULE = 1
"""The number of the rule by which a cell is a gap (``docs/gaps.md``)."""
PER_SUPPLY = 20
"""From more people than this for each thing that helps on, a need is served too thinly."""


class Dimension(StrEnum):
    """By what a need is told apart: one thing at a time, never two."""

    ALL = "all"
    """Not at all: everybody who looks for it."""
    LANGUAGE = "language"
    AREA = "area"
    """The upper of the two levels; 0 is who has named none."""
    PROFILE = "profile"


class Gap(StrEnum):
    """How much is missing, the most first."""

    UNCOVERED = "uncovered"
    """Looked for, and nothing helps with it."""
    THIN = "thin"
    """Something helps, and too many look for it."""


class GapWave(Base, Identified):
    """One map: of which quarter, and when it was made."""

    __tablename__ = "gap_waves"
    __table_args__ = (UniqueConstraint("year", "number"),)

    year: Mapped[int]
    number: Mapped[int]
    made_at: Mapped[datetime]
    rule: Mapped[int]

    @property
    def quarter(self) -> Quarter:
        """Return the quarter that it is the map of."""
        return Quarter(self.year, self.number)


@dataclass(frozen=True)
class Place:
    """Where on the map something stands. Without a need it counts all members of a group."""

    need: str
    dimension: Dimension
    key: str
    """A language, an area's number, a profile; "" for everybody."""


class GapCell(Base, Referable):
    """What stood at one place of a map.

    What nobody looks for and nothing helps with has no row, but where the number is not told.
    """

    __tablename__ = "gap_cells"
    __table_args__ = (UniqueConstraint("wave_id", "need", "dimension", "key"),)

    wave_id: Mapped[int] = mapped_column(BigId, ForeignKey("gap_waves.id", ondelete="CASCADE"))
    need: Mapped[str] = mapped_column(String(24))
    dimension: Mapped[Dimension] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(24))
    looking: Mapped[str] = mapped_column(String(8))
    """How many people look for it, or why that is not told (``Hidden``)."""
    offering: Mapped[str | None] = mapped_column(String(8))
    """How many members would help with it; None by profile, where that says nothing."""
    services: Mapped[int] = mapped_column(default=0)
    events: Mapped[int] = mapped_column(default=0)
    networks: Mapped[int] = mapped_column(default=0)
    weak_networks: Mapped[int] = mapped_column(default=0)
    """Networks that are about it, and weak in it or do not suit their members: no supply."""
    gap: Mapped[Gap | None] = mapped_column(String(12), index=True)

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return Place(self.need, Dimension(self.dimension), self.key)

    @property
    def people(self) -> Cell:
        """Return how many look for it, as it may be told."""
        return cell_of(self.looking)

    @property
    def helpers(self) -> Cell | None:
        """Return how many members would help, as it may be told."""
        return None if self.offering is None else cell_of(self.offering)

    @property
    def supply(self) -> int:
        """Return how many things help with it, as far as they are told."""
        helpers = self.helpers
        known = helpers if isinstance(helpers, int) else 0
        return self.services + self.events + self.networks + known

    @property
    def size(self) -> float:
        """Return how many people there are for each thing that helps; 0 where that is not told."""
        people = self.people
        return people / max(self.supply, 1) if isinstance(people, int) else 0


def gap_of(people: Cell, supply: int) -> Gap | None:
    """Say whether this many people with so much that helps are a gap: ``docs/gaps.md``.

    Only what is told counts, so that a gap says no more than its numbers do.
    """
    if not isinstance(people, int) or not people:
        return None
    if not supply:
        return Gap.UNCOVERED
    return Gap.THIN if people > PER_SUPPLY * supply else None
