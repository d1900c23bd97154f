"""How a member takes part in matching: whom they seek, what they are to others, and pauses."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, deliveries, history, people, roles
from community.consents import Purpose
from community.errors import ConsentMissingError, NotFoundError, NotUnderstoodError
from community.matches.table import GUIDES, MOST_PLACES, SOUGHT, Pairing, Partner, Sector, Way
from community.people import Person
from community.roles import RoleName
from community.writing import insert_new


async def pairing_of(
    session: AsyncSession, person: Person, *, lock: bool = False
) -> Pairing | None:
    """Return how somebody takes part."""
    return await session.get(
        Pairing, person.id, with_for_update={"key_share": True} if lock else None,
        populate_existing=lock,
    )  # fmt: skip


async def take_part(session: AsyncSession, actor: Person, now: datetime, **wishes: Any) -> Pairing:
    """Begin, or change, how the actor takes part: ``seeks``, ``sector``, ``way``.

    Raises:
        NotAMemberError: the actor has not joined.
        ConsentMissingError: the actor has not agreed to be matched.
        NotUnderstoodError: there is no such kind, sector or way.
    """
    people.require_member(actor)
    if Purpose.MATCHING not in await consents.given(session, actor):
        raise ConsentMissingError(Purpose.MATCHING)
    row = {
        "person_id": actor.id,
        "seeks": [Partner.PEER.value],
        "gives": Partner.PEER,
        "places": 1,
        "way": Way.EITHER,
        "misses": 0,
        "changed_at": now,
    }
    await insert_new(session, Pairing, [row])
    pairing = await pairing_of(session, actor, lock=True)
    assert pairing is not None
    for name, value in wishes.items():
        setattr(pairing, name, _READ[name](value))
    pairing.changed_at = now
    await session.flush()
    return pairing


def _seeks(value: Collection[str]) -> list[str]:
    if not {*value} <= {*SOUGHT}:
        raise NotUnderstoodError("choice")
    return [partner.value for partner in SOUGHT if partner in value]


def _sector(value: str | None) -> Sector | None:
    if value is not None and value not in [*Sector]:
        raise NotUnderstoodError("choice")
    return None if value is None else Sector(value)


def _way(value: str) -> Way:
    if value not in [*Way]:
        raise NotUnderstoodError("choice")
    return Way(value)


_READ = {"seeks": _seeks, "sector": _sector, "way": _way}


async def guide(
    session: AsyncSession, actor: Person, partner: str, places: int, now: datetime
) -> Pairing:
    """Let the actor say that they would be a mentor or a role model for so many at a time.

    Animators hear of it and talk with them first; who is confirmed already changes only the
    number. Peer takes it back: who is guided by them keeps their place.

    Raises:
        NotAMemberError, ConsentMissingError: as of ``take_part``.
        NotUnderstoodError: no such kind, or no such number of places.
    """
    if partner not in SOUGHT or not 1 <= places <= MOST_PLACES:
        raise NotUnderstoodError("choice")
    pairing = await take_part(session, actor, now)
    is_new = pairing.gives != partner
    pairing.gives, pairing.places = Partner(partner), places
    if is_new:
        pairing.confirmed_at = pairing.confirmed_by_id = None
    await session.flush()
    if is_new and partner in GUIDES:
        animators = await roles.holders(session, RoleName.ANIMATOR, now)
        await deliveries.plan_notices(
            session,
            now,
            "guide_offered",
            [one.id for one in animators if one.id != actor.id],
            f"guide:{actor.id}:{now.isoformat()}",
            subject_id=actor.id,
            ref=actor.ref,
        )
    return pairing


async def waiting_guides(session: AsyncSession, actor: Person, now: datetime) -> list[Person]:
    """Return who would be a mentor or role model and waits for an animator, longest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    found = await session.scalars(
        select(Person)
        .join(Pairing, Pairing.person_id == Person.id)
        .where(Pairing.gives.in_(GUIDES), Pairing.confirmed_at.is_(None))
        .order_by(Pairing.changed_at, Person.id)
    )
    return [person for person in found if person.is_member]


async def confirm_guide(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, yes: bool
) -> bool:
    """Confirm who would be a mentor or role model, or say that it does not fit; they hear of it.

    False if somebody has settled it before. Nobody confirms themself.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is nobody who waits by this reference.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    person: Person | None = await session.scalar(select(Person).where(Person.ref == ref))
    if person is None or person.id == actor.id or not person.is_member:
        raise NotFoundError("Person")
    pairing = await pairing_of(session, person, lock=True)
    if pairing is None or pairing.gives not in GUIDES:
        return False
    if pairing.confirmed_at is not None:
        return False
    asked = Partner(pairing.gives)
    if yes:
        pairing.confirmed_at, pairing.confirmed_by_id = now, actor.id
    else:
        pairing.gives = Partner.PEER
    await history.note(
        session,
        history.step(
            "guide", person.id, "offered", "confirmed" if yes else "refused",
            actor_id=actor.id, now=now,
        ),
    )  # fmt: skip
    await session.flush()
    await deliveries.plan(
        session,
        now,
        deliveries.Plan(
            "match_notice",
            person.id,
            f"guide:{person.id}:settled:{now.isoformat()}",
            now,
            {"what": "guide_confirmed" if yes else "guide_refused", "partner": asked.value},
        ),
    )
    return True


async def begin_again(session: AsyncSession, actor: Person, now: datetime) -> Pairing:
    """End a pause of the pairing, whoever or whatever began it."""
    pairing = await take_part(session, actor, now)
    pairing.misses, pairing.rests_since, pairing.rests_until = 0, None, None
    await session.flush()
    return pairing


async def rest(session: AsyncSession, actor: Person, until: datetime, now: datetime) -> Pairing:
    """Propose nobody to the actor before this moment."""
    pairing = await take_part(session, actor, now)
    pairing.rests_until = until
    await session.flush()
    return pairing
