"""What an import does to an organisation's own words: the preview marks it, and staff are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community.deliveries import Delivery
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization, Service, noting
from community.roles import Role, RoleName
from handlers import hsds
from locales import plain, translator_for, without_isolates
from reports.hsds import words
from tests.reports.test_hsds import brings

ORGANIZATION = {"id": "o1", "name": "Help", "description": ""}
SERVICE = {"id": "s1", "name": "Advice", "status": "active", "assured_date": "2026-01-01"}


def file(name: str, **more: Any) -> dict[str, Any]:
    return {**ORGANIZATION, "services": [{**SERVICE, "name": name, **more}]}


async def notices(session: AsyncSession) -> list[tuple[int | None, str]]:
    rows = await session.scalars(select(Delivery).where(Delivery.kind == "staff_notice"))
    return [(row.person_id, row.args["what"]) for row in rows]


async def test_what_overwrites_the_staffs_own_words_is_marked_and_the_staff_are_told(
    session: AsyncSession, now: datetime
) -> None:
    await brings(session, file("Advice"), now)
    organization = (await session.scalars(select(Organization))).one()
    service = (await session.scalars(select(Service))).one()
    adviser = Person(telegram_id=9, name="Zoe", language="en", met_at=now)
    session.add(adviser)
    await session.flush()
    session.add(
        Role(
            person_id=adviser.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=organization.id,
            granted_at=now,
        )
    )
    await session.flush()
    await brings(session, file("Advice"), now)
    assert await notices(session) == []
    own = "Advice for bakers"
    await noting.put(session, adviser, service, "name:en", own, now, by=Who.PROVIDER)
    plan = await brings(session, file("Advice", email="a@example.org"), now)
    _ = translator_for("en")
    told = [without_isolates(plain(words.change(one, _))) for one in plan.changes]
    marked = [line for line in told if line.startswith("⚠️")]
    assert len(told) == 2
    assert [own in line and "has written itself" in line for line in marked] == [True]
    assert await notices(session) == [(adviser.id, "entry")]
    # What a coordinator has written over it since is not the organisation's any more.
    plan = await brings(session, file("Advice again"), now)
    assert [one.overwrites for one in plan.changes] == [False]


async def test_a_file_never_changes_steps_that_are_there_and_the_preview_says_so(
    session: AsyncSession, now: datetime
) -> None:
    first, other = "1. Call\n2. Come", "1. Write\n2. Wait"
    plan = await brings(session, file("Advice", application_process=first), now)
    assert plan.steps_stay == 0
    plan = await brings(session, file("Advice", application_process=other), now)
    lines = hsds.counted(plan, translator_for("en"))
    told = [without_isolates(plain(line)) for line in lines]
    assert "🪜 1 service has steps already: an import never changes those." in told
