"""An entry is asked about after 60 days, three times, and is stale after 90."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers
from community.providers import Organization
from tests.community.test_providers import a_coordinator

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "confirmed", "stale"),
    [(89, None, False), (90, None, True), (91, None, True), (120, 31, False), (120, 30, True)],
)
async def test_an_entry_is_stale_ninety_days_after_somebody_has_confirmed_or_made_it(
    session: AsyncSession, now: datetime, days: int, confirmed: int | None, stale: bool
) -> None:
    boss = await a_coordinator(session, now)
    made = await providers.create_organization(session, boss, "Chamber", "en", now)
    made.confirmed_at = None if confirmed is None else now + confirmed * DAY
    await session.flush()
    moment = now + days * DAY
    query = select(Organization).where(providers.is_stale(moment))
    assert bool((await session.scalars(query)).all()) is stale
    assert providers.seems_stale(made, moment) is stale
