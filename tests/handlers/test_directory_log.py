"""The log of an entry: what cannot be put back says why."""

import pytest
from sqlalchemy import select

from community.lifecycle import Who
from community.providers import Metadata, Service
from handlers.setup_ways import Log
from tests.handlers import test_support_desks
from tests.handlers.test_support_desks import Town

town = test_support_desks.town

WITH_A_FILE = "it came with a file, and is no field of the entry"
CONFIRMED = "somebody has said that the entry is right"


@pytest.mark.parametrize(
    ("action", "field", "why"),
    [
        ("update", "organization_id", WITH_A_FILE),
        ("confirm", "confirmed_at", CONFIRMED),
        ("update", "cost", None),
    ],
)
async def test_a_line_that_cannot_be_put_back_says_why(
    town: Town, action: str, field: str, why: str | None
) -> None:
    async with town.database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        line = Metadata(
            resource_type="service",
            resource_id=service.id,
            last_action_date=town.now,
            last_action_type=action,
            field_name=field,
            previous_value="1",
            replacement_value="2",
            updated_as=Who.COORDINATOR,
        )
        session.add(line)
    await town.boss.sends_data(Log(ref=town.organization).pack())
    await town.boss.presses("🔎 1")
    assert ("↩️ Put back the old value" in town.boss.buttons) == (why is None)
    for reason in (WITH_A_FILE, CONFIRMED):
        assert (reason in town.boss.last) == (reason == why)
