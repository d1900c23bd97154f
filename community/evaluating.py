"""An evaluator from outside reads closed periods and takes the data set, and nothing else.

The role is for an organisation, and holds what it opens only while the agreement with that
organisation is active. Each taking of the data set stands in the history.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, history, roles
from community.errors import NotAllowedError
from community.evidence.dataset import draw
from community.evidence.reading import Published, published
from community.evidence.table import EvidencePeriod
from community.people import Person
from community.roles import RoleName

TAKING = "data_set"
"""The subject of the history's lines: whose number it is took it."""


async def may_read(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Say whether a person is an evaluator of an organisation whose agreement is active."""
    mine = [
        role.organization_id
        for role in await roles.held(session, person, now)
        if role.name == RoleName.EVALUATOR and role.organization_id is not None
    ]
    return bool(mine and await agreements.active_among(session, mine, now))


async def _require(session: AsyncSession, actor: Person, now: datetime) -> None:
    if not await may_read(session, actor, now):
        raise NotAllowedError(RoleName.EVALUATOR)


async def periods(session: AsyncSession, actor: Person, now: datetime) -> Sequence[Published]:
    """Return every period that was told, the newest first.

    Raises:
        NotAllowedError: the actor is no evaluator, or the agreement is not active.
    """
    await _require(session, actor, now)
    rows = await session.scalars(
        select(EvidencePeriod).order_by(EvidencePeriod.year.desc(), EvidencePeriod.number.desc())
    )
    return [published(row) for row in rows]


async def take(session: AsyncSession, actor: Person, now: datetime) -> None:
    """Note that the actor takes the data set now; who has no pseudonym yet is given one.

    Raises:
        NotAllowedError: the actor is no evaluator, or the agreement is not active.
    """
    await _require(session, actor, now)
    await draw(session)
    line = history.step(TAKING, actor.id, "", "taken", actor_id=actor.id, now=now)
    await history.note(session, line)
    await session.flush()
