"""The register of networks one can join and of mainstream programmes (note, module 6.1)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.among import among
from community.needs import Need
from community.people import Person
from community.portions import Portion, portion
from community.providers.fitting import given_in, quoted
from community.providers.table import Kind, Service, Strength
from community.roles import RoleName

REGISTERED = (Kind.NETWORK, Kind.PROGRAMME)


async def register(
    session: AsyncSession,
    actor: Person,
    now: datetime,
    *,
    kind: Kind | None = None,
    language: str = "",
    need: Need | None = None,
    at: int = 0,
    size: int,
) -> Portion[Service]:
    """Return a page of the networks and programmes: of a kind, in a language, coded by a need.

    Of a need are those that are mainly about it, and those said to be strong or weak in it.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    kinds = REGISTERED if kind is None else (kind,)
    query = select(Service).where(Service.kind.in_(kinds)).order_by(Service.id)
    if need is not None:
        coded = exists().where(Strength.service_id == Service.id, Strength.need == need)
        query = query.where(or_(Service.need == need, coded))
    if language:
        query = query.where(given_in("language")).params(language=quoted(language))
    return await portion(session, query, at, size)


async def strengths(
    session: AsyncSession, service_ids: Collection[int]
) -> dict[int, dict[Need, bool]]:
    """Return in which needs these are strong (True) or weak."""
    found: dict[int, dict[Need, bool]] = {number: {} for number in service_ids}
    for row in await session.scalars(
        select(Strength)
        .where(among(Strength.service_id, service_ids))
        .order_by(Strength.service_id, Strength.need)
    ):
        found[row.service_id][Need(row.need)] = row.is_strength
    return found
