"""Who holds which role now: asked in every verb, on every update, never remembered."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community.errors import NotAllowedError
from community.people import Person
from community.roles.table import MAY_GRANT, Role, RoleName, is_held


async def held(session: AsyncSession, person: Person, now: datetime) -> list[Role]:
    """Return the roles the person holds now."""
    return list(
        await session.scalars(
            select(Role).where(Role.person_id == person.id, is_held(now)).order_by(Role.id)
        )
    )


async def holds(
    session: AsyncSession,
    person: Person,
    name: RoleName,
    now: datetime,
    *,
    organization_id: int | None = None,
) -> bool:
    """Say whether the person holds the role now, for this organisation if one is named."""
    return any(
        role.name == name and (organization_id is None or role.organization_id == organization_id)
        for role in await held(session, person, now)
    )


async def require(
    session: AsyncSession,
    person: Person,
    name: RoleName,
    now: datetime,
    *,
    organization_id: int | None = None,
) -> None:
    """Refuse whoever does not hold the role.

    Raises:
        NotAllowedError: no such role, or it has ended, or it is for another organisation.
    """
    if not await holds(session, person, name, now, organization_id=organization_id):
        raise NotAllowedError(name)


async def holders(
    session: AsyncSession, name: RoleName, now: datetime, *, organization_id: int | None = None
) -> list[Person]:
    """Return everybody who holds the role now."""
    query = (
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(Role.name == name, is_held(now))
    )
    if organization_id is not None:
        query = query.where(Role.organization_id == organization_id)
    return list((await session.scalars(query.order_by(Person.id))).unique())


async def team(session: AsyncSession, now: datetime) -> list[tuple[Role, Person]]:
    """Return every role that holds now, with its holder."""
    rows = await session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(is_held(now))
        .order_by(Role.name, Role.id)
    )
    return [(role, person) for role, person in rows]


async def may_grant(session: AsyncSession, person: Person, now: datetime) -> set[RoleName]:
    """Return the roles that the person may give and take now."""
    mine = await held(session, person, now)
    return {name for role in mine for name in MAY_GRANT[RoleName(role.name)]}


async def grants_until(
    session: AsyncSession, person: Person, name: RoleName, now: datetime
) -> datetime | None:
    """Return when the person's right to grant this role ends; None is never.

    Raises:
        NotAllowedError: the person has no such right now.
    """
    ends = [
        role.until
        for role in await held(session, person, now)
        if name in MAY_GRANT[RoleName(role.name)]
    ]
    if not ends:
        raise NotAllowedError(name)
    told = [end for end in ends if end is not None]
    return max(told) if len(told) == len(ends) else None


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two ends, of which None is never."""
    return min(one, other) if one and other else one or other
