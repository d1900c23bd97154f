"""How often a member gets the digest: what they choose under /me changes when the next comes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.database import Database
from community import consents, digests, people
from community.consents import Purpose
from tests.handlers.conftest import Calling

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("choice", "day"),
    [
        ("One message a month", date(2026, 12, 1)),
        ("One message every two weeks", date(2026, 12, 7)),
        ("One message a week", date(2026, 11, 30)),
    ],
)
async def test_the_pace_chosen_in_me_changes_when_the_next_digest_comes(
    phone: Calling, database: Database, now: datetime, choice: str, day: date
) -> None:
    reader = await phone(1)
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await consents.switch(session, person, {Purpose.NEWS}, now, version="1", language="en")

    async def next_one() -> datetime | None:
        async with database.transaction() as session:
            return await digests.next_composing(session, now, PARIS)

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
    assert comes.astimezone(PARIS).date() == day
