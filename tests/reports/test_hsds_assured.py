"""Since when imported entries count as right: as the file says, or from the day of the import."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers
from community.providers import Organization
from handlers import hsds
from locales import plain, translator_for, without_isolates
from reports.hsds import tables
from tests.reports.test_hsds import brings, goes_out

DAY = timedelta(days=1)


def entry(*days: str | None, uid: str = "o1") -> dict[str, Any]:
    services = [
        {"id": f"{uid}-{at}", "name": "Advice", "status": "active"}
        | ({"assured_date": day} if day else {})
        for at, day in enumerate(days)
    ]
    return {"id": uid, "name": f"Help {uid}", "description": "", "services": services}


async def confirmed(session: AsyncSession) -> list[datetime | None]:
    rows = await session.scalars(select(Organization).order_by(Organization.id))
    return [row.confirmed_at for row in rows]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_the_newest_day_of_a_file_counts_and_never_goes_back(
    session: AsyncSession, now: datetime
) -> None:
    await brings(session, entry("2026-01-02", "2026-03-04", None), now)
    assert await confirmed(session) == [day("2026-03-04")]
    plan = await brings(session, entry("2026-05-06"), now)
    assert not plan.changes
    assert await confirmed(session) == [day("2026-05-06")]
    plan = await brings(session, entry("2026-02-01"), now)
    assert not plan.assured
    await brings(session, entry("2050-01-01"), now)
    assert await confirmed(session) == [now]


async def test_of_a_file_that_names_no_day_what_it_contains_is_confirmed_by_who_brings_it(
    session: AsyncSession, now: datetime
) -> None:
    both = [entry(None), entry(None, uid="o2")]
    await brings(session, both, now)
    later = now + 89 * DAY
    organization = (await session.scalars(select(Organization))).first()
    assert organization is not None
    organization.asks, organization.asked_at = 3, later
    plan = await brings(session, both[0], later)
    told = hsds.counted(plan, translator_for("en"))
    assert [without_isolates(plain(line)) for line in told][-1] == (
        "🕘 1 entry counts as confirmed today."
    )
    assert await confirmed(session) == [later, now]
    asked = select(Organization.asks, Organization.asked_at).order_by(Organization.id)
    assert tuple((await session.execute(asked)).first() or ()) == (0, None)
    stale = await session.scalars(
        select(Organization.hsds_id).where(providers.is_stale(later + DAY))
    )
    assert stale.all() == ["o2"]
    assert not (await brings(session, both[0], later)).assured


async def test_the_day_goes_out_and_changes_nothing_when_it_comes_back(
    session: AsyncSession, now: datetime
) -> None:
    await brings(session, entry("2026-01-02", "2026-03-04"), now)
    out = await goes_out(session)
    days = [one["assured_date"] for one in out[0]["services"]]
    assert days == ["2026-01-02", "2026-03-04"]
    organization = (await session.scalars(select(Organization))).one()
    organization.confirmed_at = now
    await session.flush()
    out = await goes_out(session)
    assert {one["assured_date"] for one in out[0]["services"]} == {now.date().isoformat()}
    for again in (out, tables.package(out)):
        plan = await brings(session, again, now + DAY)
        assert plan.is_empty
