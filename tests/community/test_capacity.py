"""A service takes as many people as it says, and none while it is paused or full."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, referrals
from community.referrals import Referral, State
from tests.community.test_providers import a_coordinator, a_person, a_service

DAY = timedelta(days=1)


def test_what_takes_a_place_is_every_open_request_that_has_left() -> None:
    assert set(providers.TAKES_ROOM) == {*referrals.OPEN} - {State.DRAFT}


@pytest.mark.parametrize(
    ("facts", "room"),
    [
        ({}, True),
        ({"is_paused": True}, False),
        ({"full_until": DAY}, False),
        ({"full_until": timedelta(0)}, True),
        ({"full_until": -DAY}, True),
        ({"capacity": 0}, False),
        ({"capacity": 1}, True),
    ],
)
async def test_a_pause_a_day_and_a_number_say_whether_there_is_room(
    session: AsyncSession, now: datetime, facts: dict[str, object], room: bool
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now)
    for name, value in facts.items():
        setattr(service, name, now + value if isinstance(value, timedelta) else value)
    await session.flush()
    assert await providers.has_room(session, service, now) is room


@pytest.mark.parametrize("state", list(State))
async def test_a_place_is_taken_while_a_request_is_on_the_way_and_free_again_afterwards(
    session: AsyncSession, now: datetime, state: State
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now)
    member = await a_person(session, 5, now)
    service.capacity = 1
    session.add(
        Referral(
            person_id=member.id,
            service_id=service.id,
            organization_id=service.organization_id,
            state=state,
            consent_version="1",
            consent_language="en",
            made_at=now,
            changed_at=now,
        )
    )
    await session.flush()
    assert await providers.has_room(session, service, now) is (state not in providers.TAKES_ROOM)
