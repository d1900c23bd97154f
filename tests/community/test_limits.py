"""What makes it hard to come: said by oneself, taken along, gone with a tap or the person."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import erasure, limits, people
from community.errors import NotAMemberError, NotUnderstoodError
from community.limits import AccessLimit, Limit
from community.people import Membership
from tests.community.test_attendance import a_member


async def test_what_is_ticked_is_kept_until_it_is_unticked_and_goes_into_the_export(
    session: AsyncSession, now: datetime
) -> None:
    amina, luc = await a_member(session, 1, now), await a_member(session, 2, now)
    await limits.tick(session, amina, Limit.LATE, 18 * 60, on=True)
    await limits.tick(session, amina, Limit.STEPS, on=True)
    await limits.tick(session, luc, Limit.STEPS, on=True)
    await limits.tick(session, amina, Limit.LATE, 19 * 60, on=True)
    assert await limits.of(session, amina) == {Limit.LATE: 19 * 60, Limit.STEPS: 0}
    told = (await erasure.export(session, amina))["access_limits"]
    assert sorted((row["code"], row["value"]) for row in told) == [("late", 1140), ("steps", 0)]
    await limits.tick(session, amina, Limit.STEPS, on=False)
    assert await limits.of(session, amina) == {Limit.LATE: 19 * 60}
    await limits.forget(session, amina)
    assert await limits.of(session, amina) == {}
    assert await limits.of(session, luc) == {Limit.STEPS: 0}


async def test_erasing_somebody_erases_what_makes_it_hard_for_them(
    session: AsyncSession, now: datetime
) -> None:
    amina, luc = await a_member(session, 1, now), await a_member(session, 2, now)
    for person in (amina, luc):
        await limits.tick(session, person, Limit.SIGHT, on=True)
    await erasure.erase(session, amina, now, b"key")
    assert await session.scalar(select(func.count()).select_from(AccessLimit)) == 1


async def test_only_members_tick_and_only_what_there_is(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    for code, value in ((Limit.LATE, 1), (Limit.DISTANCE, 0), (Limit.STEPS, 18 * 60)):
        with pytest.raises(NotUnderstoodError):
            await limits.tick(session, amina, code, value, on=True)
    guest = await people.meet(session, 3, now)
    assert guest.state == Membership.JOINING
    with pytest.raises(NotAMemberError):
        await limits.tick(session, guest, Limit.STEPS, on=True)
