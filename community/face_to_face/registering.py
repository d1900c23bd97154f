"""An animator registers somebody, and looks after what is recorded of them until they do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, consents, erasure, history, needs, people, roles
from community.areas import Area
from community.assisted import PHONE_LIMIT, Assisted, is_in_care_of
from community.base import find
from community.consents import Consent, Purpose
from community.errors import NotFoundError, NotUnderstoodError
from community.needs import Need
from community.people import Membership, Person
from community.roles import RoleName

SUBJECT = "assisted"
"""What the history calls a step in the care of somebody without Telegram."""
_NUMBER = re.compile(r"\+?[0-9]{5,20}")


@dataclass(frozen=True)
class Oral:
    """What somebody has said, once they have said yes to the terms."""

    name: str
    language: str
    terms_version: str
    purposes: frozenset[Purpose] = frozenset()
    need: Need | None = None
    area: Area | None = None
    phone: str | None = None


def clean_phone(text: str) -> str:
    """Return a telephone number as it is dialled.

    Raises:
        NotUnderstoodError: it is none.
    """
    # Digits of every script are digits; what people put between them is left out.
    digits = "".join(
        str(int(letter)) if letter.isdecimal() else letter
        for letter in text
        if letter.isdecimal() or letter == "+"
    )
    if not _NUMBER.fullmatch(digits) or len(digits) > PHONE_LIMIT:
        raise NotUnderstoodError("phone")
    return digits


async def register(session: AsyncSession, actor: Person, oral: Oral, now: datetime) -> Assisted:
    """Make somebody a member by their spoken word; the actor is the witness.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: the name or the telephone number is none.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    phone = clean_phone(oral.phone) if oral.phone else None
    person = Person(language=oral.language, met_at=now, seen_at=now)
    people.rename(person, oral.name)
    areas.settle(person, oral.area)
    person.state = Membership.JOINING
    session.add(person)
    await session.flush()
    await people.join(
        session,
        person,
        now,
        terms_version=oral.terms_version,
        language=oral.language,
        recorded_by=actor,
    )
    await consents.switch(
        session,
        person,
        {*oral.purposes},
        now,
        version=oral.terms_version,
        language=oral.language,
        witness=actor,
    )
    if oral.need is not None:
        await needs.look_for(session, person, [oral.need])
    row = Assisted(
        person_id=person.id,
        owner_id=actor.id,
        witness_id=actor.id,
        registered_at=now,
        phone=phone,
        phone_at=now if phone else None,
        confirmed=[],
    )
    session.add(row)
    await session.flush()
    return row


async def mine(
    session: AsyncSession, actor: Person, now: datetime
) -> list[tuple[Assisted, Person]]:
    """Return whom the actor looks after, and whom nobody looks after any more.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.execute(
        select(Assisted, Person)
        .join(Person, Person.id == Assisted.person_id)
        .where(Assisted.opened_at.is_(None), is_in_care_of(actor, now))
        .order_by(Person.name, Person.id)
    )
    return [(row, person) for row, person in rows]


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> tuple[Assisted, Person]:
    """Return one whom the actor looks after, as long as they have not taken over themselves.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none, or it is not the actor's business; which is not told.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    row = await find(session, Assisted, ref, lock=lock)
    is_theirs = select(Assisted.id).where(Assisted.id == row.id, is_in_care_of(actor, now))
    if row.opened_at is not None or await session.scalar(is_theirs) is None:
        raise NotFoundError("Assisted")
    if lock:  # whoever does something for somebody whom nobody looks after does from now on
        row.owner_id = actor.id
    return row, await session.get_one(Person, row.person_id)


async def shares_number(session: AsyncSession, row: Assisted) -> bool:
    """Say whether somebody else without Telegram is registered with the same number."""
    if row.phone is None:
        return False
    return bool(
        await session.scalar(
            select(
                exists().where(
                    Assisted.phone == row.phone,
                    Assisted.id != row.id,
                    Assisted.opened_at.is_(None),
                )
            )
        )
    )


async def take_over(
    session: AsyncSession, actor: Person, now: datetime, *, ref: str | None = None
) -> int:
    """Look after those whom nobody looks after any more, all or one; return how many.

    Of two animators who do so at once, each of these people gets one.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    nobodys = (
        select(Assisted)
        .where(
            Assisted.opened_at.is_(None),
            is_in_care_of(actor, now),
            Assisted.owner_id.is_distinct_from(actor.id),
        )
        .order_by(Assisted.id)
    )
    if ref is not None:
        nobodys = nobodys.where(Assisted.ref == ref[:16])
    rows = await session.scalars(
        nobodys.with_for_update().execution_options(populate_existing=True)
    )
    taken = rows.all()
    for row in taken:
        row.owner_id = actor.id
        step = history.step(SUBJECT, row.id, "", "taken_over", actor_id=actor.id, now=now)
        await history.note(session, step)
    await session.flush()
    return len(taken)


async def change_phone(
    session: AsyncSession, actor: Person, ref: str, phone: str | None, now: datetime
) -> None:
    """Keep another number for the calls, or none any more.

    Raises:
        NotFoundError: it is not the actor's business.
        NotUnderstoodError: it is no telephone number.
    """
    row, _person = await opened(session, actor, ref, now, lock=True)
    row.phone, row.phone_at = (clean_phone(phone), now) if phone else (None, None)


async def take_back(
    session: AsyncSession,
    actor: Person,
    ref: str,
    purpose: Purpose,
    now: datetime,
    *,
    version: str,
) -> None:
    """Record that somebody has taken a consent back by word of mouth; the actor is the witness.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    _row, person = await opened(session, actor, ref, now, lock=True)
    left = await consents.given(session, person) - {purpose}
    await consents.switch(
        session,
        person,
        left,
        now,
        version=version,
        language=person.language or "",
        witness=actor,
    )


async def erase(session: AsyncSession, actor: Person, ref: str, now: datetime, key: bytes) -> None:
    """Delete everything about somebody who has asked for it by word of mouth.

    That it was asked for, and before whom, stays; of whom does not.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    _row, person = await opened(session, actor, ref, now, lock=True)
    step = history.step(
        SUBJECT, erasure.NOBODY, "", "erased", actor_id=actor.id, now=now, source="orally"
    )
    await erasure.erase(session, person, now, key)
    await history.note(session, step)


async def witnesses(session: AsyncSession, rows: Sequence[Consent]) -> dict[int, str]:
    """Return the names of those before whom these were given, by their numbers."""
    ids = {row.witness_id for row in rows if row.witness_id is not None}
    found = await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in found}
