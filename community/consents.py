"""Consent by purpose: separate switches, all off, each as easy to take back as to give.

The ledger keeps every change with text version, language and time; a line says for ever what was
agreed to, and only whether it is the newest of its switch changes. A reply is never consent.
Sharing with a provider is not here: it is asked each time (referrals).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import participants
from community.among import among
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
    __table_args__ = (
        Index("ix_consents_person", "person_id", "current", "purpose", "granted"),
        Index(
            "uq_consents_current",
            "person_id",
            "purpose",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(String(16))
    granted: Mapped[bool]
    current: Mapped[bool] = mapped_column(default=True)
    """This line is the newest of its person and purpose, the only one: how the switch stands."""
    version: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    orally: Mapped[bool] = mapped_column(default=False)
    """It was said, and not pressed."""
    witness_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """Before whom it was said: an animator."""


async def given(session: AsyncSession, person: Person) -> set[Purpose]:
    """Return what the person agrees to now."""
    return (await given_by(session, [person.id])).get(person.id, set())


async def given_by(
    session: AsyncSession, person_ids: Collection[int], purposes: Collection[Purpose] = (*Purpose,)
) -> Mapping[int, set[Purpose]]:
    """Return to what of these each of these people agrees now; who is absent, to nothing."""
    found: dict[int, set[Purpose]] = {}
    rows = await session.execute(
        select(Consent.person_id, Consent.purpose).where(
            among(Consent.person_id, person_ids),
            Consent.purpose.in_(purposes),
            Consent.current,
            Consent.granted,
        )
    )
    for person_id, purpose in rows:
        found.setdefault(person_id, set()).add(Purpose(purpose))
    return found


async def switch(
    session: AsyncSession,
    person: Person,
    purposes: set[Purpose],
    now: datetime,
    *,
    version: str,
    language: str,
    witness: Person | None = None,
) -> None:
    """Agree to exactly these purposes; each change is one line in the ledger.

    What was said for the funder's statistics goes with the consent to them.

    ``witness``: before whom it was said by word of mouth.

    Of two who turn one person's switches at once, the second sees what the first has done.
    """
    # Their messages refer to this row meanwhile: "key share" lets them.
    mine = select(Person.id).where(Person.id == person.id)
    await session.execute(mine.with_for_update(key_share=True))
    before = await given(session, person)
    turned = [purpose for purpose in Purpose if (purpose in purposes) != (purpose in before)]
    await _write(session, person, turned, purposes, now, version, language, witness)
    if Purpose.STATISTICS not in purposes:
        await participants.forget(session, person.id)


async def confirm(
    session: AsyncSession,
    person: Person,
    purpose: Purpose,
    now: datetime,
    *,
    version: str,
    language: str,
) -> bool:
    """Say by one's own hand what was said by word of mouth; True if it was.

    How the switch stands stays as it is: the ledger gets a line of the person's own.
    """
    mine = select(Person.id).where(Person.id == person.id)
    await session.execute(mine.with_for_update(key_share=True))
    said = await session.scalar(
        select(Consent.granted).where(
            Consent.person_id == person.id,
            Consent.purpose == purpose,
            Consent.current,
            Consent.orally,
        )
    )
    if said is None:
        return False
    stands = {purpose} if said else set()
    await _write(session, person, [purpose], stands, now, version, language, None)
    return True


async def _write(
    session: AsyncSession,
    person: Person,
    turned: Collection[Purpose],
    purposes: Collection[Purpose],
    now: datetime,
    version: str,
    language: str,
    witness: Person | None,
) -> None:
    await session.execute(
        update(Consent)
        .where(Consent.person_id == person.id, Consent.purpose.in_(turned), Consent.current)
        .values(current=False)
    )
    session.add_all(
        Consent(
            person_id=person.id,
            purpose=purpose,
            granted=purpose in purposes,
            version=version,
            language=language,
            at=now,
            orally=witness is not None,
            witness_id=witness.id if witness else None,
        )
        for purpose in turned
    )
    await session.flush()
