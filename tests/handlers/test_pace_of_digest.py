"""How often a member gets the digest: what they choose under /me changes when the next comes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.database import Database
from community import digests
from community.digests import Digest
from tests.handlers.conftest import Calling

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("choice", "day"),
    [
        ("One message a month", datetime(2026, 12, 1)),
        ("One message every two weeks", datetime(2026, 12, 7)),
        ("One message a week", datetime(2026, 11, 30)),
    ],
)
async def test_the_pace_chosen_in_me_changes_when_the_next_digest_comes(
    phone: Calling, database: Database, now: datetime, choice: str, day: datetime
) -> None:
    reader = await phone(1)

    async def next_one() -> datetime | None:
        async with database.transaction() as session:
            return await digests.next_composing(session, now, PARIS)

    assert await next_one() is None, "who hears of everything as it comes gets none"
    await reader.says("/me")
    await reader.presses("How I take part")
    other = "One message a week" if choice != "One message a week" else "One message a month"
    await reader.presses(other)
    before = await next_one()
    await reader.presses("How I take part")
    await reader.presses(choice)
    comes = await next_one()
    assert comes is not None
    assert comes != before
    assert comes.astimezone(PARIS).date() == day.date()
    async with database.transaction() as session:
        await digests.compose(session, comes.astimezone(UTC), PARIS, "en")
        made = list(await session.scalars(select(Digest)))
    assert len(made) <= 1, "the one of that pace, and no other"
