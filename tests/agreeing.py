"""Agreements as tests need them: signed, with a ground on which data is shared."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements
from community.agreements import Agreement, Basis
from community.people import Person


async def agreed(
    session: AsyncSession, boss: Person, ref: str, now: datetime, **facts: Any
) -> Agreement:
    """Let the agreement with an organisation be active."""
    known = {"signed_on": now.date(), "basis": Basis.CONSENT}
    return await agreements.activate(session, boss, ref, now, **{**known, **facts})
