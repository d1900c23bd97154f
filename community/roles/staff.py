"""The people of an organisation: who reads its requests, and in which languages they serve."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.errors import NotAllowedError
from community.people import Person, is_reachable
from community.roles.holding import held
from community.roles.table import Role, RoleName, is_held


async def staff_of(
    session: AsyncSession, organization_id: int, now: datetime, *, speaking: str = ""
) -> list[Person]:
    """Return the people who read an organisation's requests now: its staff who can be reached.

    Whoever serves people in the language ``speaking`` comes first; nobody of them is left out.
    """
    every = await colleagues(session, organization_id, now)
    found = [(role, person) for role, person in every if person.can_be_reached]
    plain = speaking.partition("-")[0]
    found.sort(key=lambda one: not {speaking, plain} & {*one[0].languages})
    return list({person.id: person for _role, person in found}.values())


async def colleagues(
    session: AsyncSession, organization_id: int, now: datetime
) -> list[tuple[Role, Person]]:
    """Return all of an organisation's staff, with the role that says what they speak."""
    rows = await session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id == organization_id,
            is_held(now),
        )
        .order_by(Person.id, Role.id)
    )
    return [(role, person) for role, person in rows]


async def staff_of_each(
    session: AsyncSession, organization_ids: Collection[int], now: datetime
) -> dict[int, list[int]]:
    """Return the numbers of those who read for several organisations; who has none is left out."""
    rows = await session.execute(
        with_staff(now)
        .add_columns(Role.person_id)
        .where(among(Role.organization_id, organization_ids))
        .distinct()
        .order_by(Role.person_id)
    )
    found: dict[int, list[int]] = {}
    for number, person_id in rows:
        if number is not None:
            found.setdefault(number, []).append(person_id)
    return found


async def speak(
    session: AsyncSession, actor: Person, organization_id: int, language: str, now: datetime
) -> Role:
    """Say that the actor serves people of an organisation in a language, or does not any more.

    Raises:
        NotAllowedError: the actor is not of its staff now.
    """
    held = await colleagues(session, organization_id, now)
    role = next((role for role, person in held if person.id == actor.id), None)
    if role is None:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    before = [*role.languages]
    role.languages = sorted({*before} ^ {language})
    await session.flush()
    return role


def with_staff(now: datetime) -> Select[int | None]:
    """Return the query for the organisations whose requests somebody reads now.

    Who cannot be reached reads nothing, whatever their role says.
    """
    return (
        select(Role.organization_id)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id.is_not(None),
            is_held(now),
            is_reachable(),
        )
    )


async def staffed(session: AsyncSession, person: Person, now: datetime) -> list[int]:
    """Return the numbers of the organisations of whose staff the person is now."""
    return [
        role.organization_id
        for role in await held(session, person, now)
        if role.name == RoleName.PROVIDER_STAFF and role.organization_id is not None
    ]


async def has_staffed(session: AsyncSession, person: Person, since: datetime) -> list[int]:
    """Return the organisations of whose staff the person has been since then, or is now."""
    rows = await session.scalars(
        select(Role.organization_id)
        .where(
            Role.person_id == person.id,
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id.is_not(None),
            or_(Role.revoked_at.is_(None), Role.revoked_at > since),
            or_(Role.until.is_(None), Role.until > since),
        )
        .distinct()
        .order_by(Role.organization_id)
    )
    return [number for number in rows if number is not None]


async def last_staff(session: AsyncSession, organization_id: int, now: datetime) -> str:
    """Return what changes whenever an organisation has had somebody again who read.

    That is its newest role, held or ended, and when any of its staff was here for the last time.
    """
    role = await session.scalar(
        select(func.max(Role.id)).where(Role.organization_id == organization_id)
    )
    every = await colleagues(session, organization_id, now)
    seen = [person.seen_at for _role, person in every if person.seen_at is not None]
    return f"{role}:{max(seen).isoformat()}" if seen else f"{role}"
