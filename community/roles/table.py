"""The rows: a role somebody holds, and the offer of one that waits for a word."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKey, String, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable


class RoleName(StrEnum):
    """The roles that exist so far."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    ANIMATOR = "animator"
    PROVIDER_STAFF = "provider_staff"
    TRANSLATOR = "translator"
    CO_HOST = "co_host"
    COMMUNITY_LEAD = "community_lead"
    MODERATOR = "moderator"
    EVALUATOR = "evaluator"
    """From outside; holds what it opens while its organisation's agreement is active."""


OF_MEMBERS = (RoleName.CO_HOST, RoleName.COMMUNITY_LEAD, RoleName.MODERATOR)
"""What shows other members to a member, and so ends with the membership."""


MAY_GRANT: dict[RoleName, frozenset[RoleName]] = {
    **dict.fromkeys(RoleName, frozenset()),
    RoleName.ADMINISTRATOR: frozenset(RoleName),
    RoleName.ANIMATOR: frozenset(
        {
            RoleName.PROVIDER_STAFF,
            RoleName.TRANSLATOR,
            RoleName.CO_HOST,
            RoleName.COMMUNITY_LEAD,
            RoleName.MODERATOR,
        }
    ),
}


class Scoped:
    """A right, for one organisation, event, series or area; for none of them: the network."""

    SCOPES: ClassVar = ("organization_id", "event_id", "series_id", "area_id")
    name: Mapped[RoleName] = mapped_column(String(24))
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"))
    series_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("event_series.id"))
    """Every date of an event that repeats."""
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))

    @property
    def scope(self) -> dict[str, int | None]:
        """Return all of it, as columns."""
        return {name: getattr(self, name) for name in self.SCOPES}


class Role(Base, Referable, Scoped):
    """A right that a person holds, for one organisation, event or area, or for the network."""

    __tablename__ = "roles"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    languages: Mapped[list[str]] = mapped_column(default=list)
    """In which languages a provider's staff serves people, as they say; empty is not known."""
    granted_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    granted_at: Mapped[datetime]
    until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RoleInvitation(Base, Referable, Scoped):
    """An offer of a role: a link that works once and then waits for the inviter's word.

    What is offered to somebody whom the inviter has named waits for that person's word instead.
    """

    __tablename__ = "role_invitations"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    offered_to_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When the role ends by itself."""
    used_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    used_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    granted: Mapped[bool] = mapped_column(default=False)
    """Whether it was settled with a yes."""


def is_held(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a role holds now."""
    return and_(Role.revoked_at.is_(None), or_(Role.until.is_(None), Role.until > now))
