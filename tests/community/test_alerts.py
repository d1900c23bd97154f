"""Alerts reach every administrator once, and not again for six hours."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import people
from community.alerts import Cause, raise_alert
from community.deliveries import Delivery
from community.roles import Role, RoleName


async def test_every_administrator_is_told_of_each_cause_at_most_once_in_six_hours(
    session: AsyncSession, now: datetime
) -> None:
    for number, role in enumerate(
        (RoleName.ADMINISTRATOR, RoleName.ADMINISTRATOR, RoleName.ANIMATOR), start=1
    ):
        person = await people.meet(session, number, now, name=role)
        session.add(Role(person_id=person.id, name=role, granted_at=now))
    await session.flush()
    told = [
        await raise_alert(session, Cause.PARKED, now + timedelta(minutes=minutes))
        for minutes in range(0, 13 * 60, 10)  # over every border between two windows of the key
    ]
    assert sum(told) == 2 * 3
    assert [minutes * 10 for minutes, count in enumerate(told) if count] == [0, 360, 720]
    assert await raise_alert(session, Cause.SET_ASIDE, now) == 2
    assert await raise_alert(session, Cause.WEBHOOK, now) == 2
    kinds = set(await session.scalars(select(Delivery.kind)))
    assert kinds == {"team_notice"}
    # A clock that ran a day ahead and was put right silences nothing.
    await raise_alert(session, Cause.WEBHOOK, now + timedelta(days=1))
    assert await raise_alert(session, Cause.WEBHOOK, now + timedelta(hours=7)) == 2
