"""Members whom an animator registered face to face, because they have no Telegram, or no phone.

They are people like everybody else. This row says who takes care of them while they cannot be
written to, and by which paper code they take it over themselves.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.among import among
from community.base import Base, BigId, Referable
from community.people import Person
from community.roles import Role, RoleName

PHONE_LIMIT = 32


class Assisted(Base, Referable):
    """One of them. Since ``opened_at`` they have Telegram, and nobody takes care of them."""

    __tablename__ = "assisted"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), unique=True
    )
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """The animator who calls them: who registered them, or took over."""
    witness_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """Before whom they agreed to the terms."""
    registered_at: Mapped[datetime]
    phone: Mapped[str | None] = mapped_column(String(PHONE_LIMIT))
    """For the calls alone; it goes with the code that is opened, or after a year."""
    phone_at: Mapped[datetime | None]
    """When they gave it."""
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the paper code that holds now; None once it has been used."""
    code_until: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    confirmed: Mapped[list[str]] = mapped_column(default=list)
    """What of the recorded the person has confirmed or put right since, line by line."""


def is_in_care_of(actor: Person, now: datetime) -> ColumnElement[bool]:
    """Return the condition that somebody is the actor's to call: theirs, or nobody's any more."""
    animators = (
        select(Role.person_id)
        .where(Role.name == RoleName.ANIMATOR, Role.revoked_at.is_(None))
        .where(or_(Role.until.is_(None), Role.until > now))
    )
    return or_(
        Assisted.owner_id == actor.id,
        Assisted.owner_id.is_(None),
        Assisted.owner_id.not_in(animators),
    )


async def without_telegram(session: AsyncSession, person_ids: Collection[int]) -> set[int]:
    """Return which of these people are told by phone."""
    rows = await session.scalars(
        select(Assisted.person_id).where(
            among(Assisted.person_id, person_ids), Assisted.opened_at.is_(None)
        )
    )
    return set(rows)
