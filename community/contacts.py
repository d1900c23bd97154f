"""Contacts: people and organisations beside the members, with whom the team works.

Without a consent a contact is a role or an organisation, and nothing that tells of a person. A
consent says how and when it was given; once it is withdrawn, what it allowed is gone. Only
animators read contacts; what is to be done next with one is a task (``community/team_tasks.py``).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.base import Base, Referable, find
from community.errors import ContactConsentError, NotUnderstoodError
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName


class Kind(StrEnum):
    """What a contact is to the network."""

    LEADER = "leader"
    """Who speaks for a community."""
    AGENCY = "agency"
    SPEAKER = "speaker"
    SPONSOR = "sponsor"
    PRESS = "press"
    OTHER = "other"


class Contact(Base, Referable):
    """Somebody beside the members: a role or an organisation, and with consent a person."""

    __tablename__ = "team_contacts"

    kind: Mapped[Kind] = mapped_column(String(16))
    organisation: Mapped[str] = mapped_column(Text)
    """Which organisation or role it is: "Mosque in the north", "editor of the Gazette"."""
    name: Mapped[str | None] = mapped_column(Text)
    reach: Mapped[str | None] = mapped_column(Text)
    """How to reach them."""
    languages: Mapped[list[str]] = mapped_column(default=list)
    notes: Mapped[str | None] = mapped_column(Text)
    consent_how: Mapped[str | None] = mapped_column(Text)
    consented_at: Mapped[datetime | None]
    """The end of the day on which they agreed."""
    found_by: Mapped[str] = mapped_column(Text)
    """Name and organisation, in small letters."""
    made_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    """When somebody last did something with it."""

    @property
    def title(self) -> str:
        """Return the name, or what there is without consent."""
        return self.name or self.organisation


LIMITS = {"organisation": 120, "name": 120, "reach": 300, "notes": 1000, "consent_how": 300}
PERSONAL = frozenset({"name", "reach", "languages", "notes"})
"""What is kept of a person by their consent, and goes with it."""
FACTS = frozenset({"kind", "organisation"}) | PERSONAL


async def add(
    session: AsyncSession, actor: Person, kind: Kind, organisation: str, now: datetime
) -> Contact:
    """Write a contact down: which organisation or role it is.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: no words, or too many.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    contact = Contact(kind=kind, found_by="", made_at=now, touched_at=now, languages=[])
    _write(contact, {"organisation": organisation})
    session.add(contact)
    await session.flush()
    return contact


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Contact:
    """Return a contact.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none, or it was erased.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, Contact, ref, lock=lock)


async def change(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> Contact:
    """Put right what is known of a contact.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it was erased.
        ContactConsentError: this is about a person who has not agreed.
        NotUnderstoodError: no words, or too many.
    """
    contact = await opened(session, actor, ref, now, lock=True)
    if PERSONAL & facts.keys() and contact.consented_at is None:
        raise ContactConsentError
    _write(contact, facts)
    contact.touched_at = now
    await session.flush()
    return contact


async def agree(
    session: AsyncSession, actor: Person, ref: str, how: str, at: datetime, now: datetime
) -> Contact:
    """Write down how and when somebody has agreed that their data is kept.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it was erased.
        NotUnderstoodError: it does not say how.
    """
    contact = await opened(session, actor, ref, now, lock=True)
    contact.consent_how = clean("consent_how", how)
    contact.consented_at, contact.touched_at = at, now
    await session.flush()
    return contact


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Contact:
    """Forget what was kept by consent; the organisation or role stays.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it was erased.
    """
    contact = await opened(session, actor, ref, now, lock=True)
    contact.name = contact.reach = contact.notes = None
    contact.languages = []
    contact.consent_how = contact.consented_at = None
    contact.touched_at = now
    _write(contact, {})
    await session.flush()
    return contact


async def erase(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Forget a contact, with all that was to be done and was done with them.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it was erased already.
    """
    contact = await opened(session, actor, ref, now, lock=True)
    await session.delete(contact)
    await session.flush()


async def search(
    session: AsyncSession, actor: Person, words: str, now: datetime, at: int = 0, *, size: int
) -> Portion[Contact]:
    """Return a page of the contacts whose name or organisation has these words, by name.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    query = select(Contact).order_by(Contact.found_by, Contact.id)
    if words.strip():
        query = query.where(Contact.found_by.contains(_folded(words), autoescape=True))
    return await portion(session, query, at, size)


def clean(field: str, text: str) -> str:
    """Return what was written, without stray spaces.

    Raises:
        NotUnderstoodError: no words, or too many.
    """
    text = text.strip()
    if not 0 < len(text) <= LIMITS[field]:
        raise NotUnderstoodError("text", limit=LIMITS[field])
    return text


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _write(contact: Contact, facts: dict[str, Any]) -> None:
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"a contact has no {unknown}")
    for name, value in facts.items():
        setattr(contact, name, clean(name, value) if name in LIMITS else value)
    contact.found_by = _folded(f"{contact.name or ''} {contact.organisation}")
