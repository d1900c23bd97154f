"""What an agreement is: its row, its lifecycle, the grounds on which data may be shared."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.exchanges import Attachment, FileKind
from community.lifecycle import Lifecycle, Who, who


class State(StrEnum):
    """How far an agreement is."""

    IDENTIFIED = "identified"
    CONTACTED = "contacted"
    NEGOTIATING = "negotiating"
    SIGNED = "signed"
    ACTIVE = "active"
    ENDED = "ended"
    DROPPED = "dropped"


_C = who(Who.COORDINATOR)
AGREEMENT = Lifecycle(
    "agreement",
    {
        State.IDENTIFIED: {State.CONTACTED: _C, State.DROPPED: _C},
        State.CONTACTED: {State.NEGOTIATING: _C, State.DROPPED: _C},
        State.NEGOTIATING: {State.SIGNED: _C, State.DROPPED: _C},
        State.SIGNED: {State.ACTIVE: _C, State.DROPPED: _C},
        State.ACTIVE: {State.ENDED: who(Who.COORDINATOR, Who.CLOCK)},
    },
)
TO_ACTIVE = (State.CONTACTED, State.NEGOTIATING, State.SIGNED, State.ACTIVE)
OVER = (State.ENDED, State.DROPPED)
_RUNNING = text("state NOT IN ('ended', 'dropped')")


class Basis(StrEnum):
    """The ground in law on which personal data is shared (GDPR, article 6)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Agreement(Base, Referable):
    """One agreement with one organisation, which has at most one that is not over."""

    __tablename__ = "agreements"
    __table_args__ = (
        Index(
            "uq_agreements_running",
            "organization_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index("ix_agreements_organization_id", "organization_id"),
    )

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"))
    state: Mapped[State] = mapped_column(String(16), default=State.IDENTIFIED)
    since: Mapped[datetime]
    ours: Mapped[str | None] = mapped_column(Text)
    """What the network does in the partnership; ``theirs``: what the organisation does."""
    theirs: Mapped[str | None] = mapped_column(Text)
    vision: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str] | None]
    """In which the organisation works."""
    experience: Mapped[str | None] = mapped_column(Text)
    """With migrants."""
    basis: Mapped[Basis | None] = mapped_column(String(24))
    signed_on: Mapped[date | None]
    ends_at: Mapped[datetime | None]
    """The first moment at which it is over; None: it has no end."""
    contact: Mapped[str | None] = mapped_column(Text)
    """Who answers for it at the organisation, in words: never a member of the network."""
    file_id: Mapped[str | None] = mapped_column(Text)
    file_kind: Mapped[FileKind | None] = mapped_column(String(16))
    file_extension: Mapped[str | None] = mapped_column(String(8))
    remind_at: Mapped[datetime | None]
    """When the coordinators are next told that its end comes near."""

    @property
    def document(self) -> Attachment | None:
        """Return the document: Telegram keeps it, and we keep its name."""
        if self.file_id is None or self.file_kind is None:
            return None
        return Attachment(FileKind(self.file_kind), self.file_id, extension=self.file_extension)

    def has_ended(self, now: datetime) -> bool:
        """Say whether its end date has come, whatever its state says."""
        return self.ends_at is not None and self.ends_at <= now

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return what has to be known of it before personal data may go."""
        return tuple(name for name in ("signed_on", "basis") if getattr(self, name) is None)
