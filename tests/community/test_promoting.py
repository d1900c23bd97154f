"""Partners who promote: several links each, one attribution per member, figures of their own."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from community import history, needs, people, promoting
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.figures import Hidden
from community.needs import Need
from community.people import Attribution, Person
from community.roles import Role, RoleName
from tests.community import test_referrals
from tests.community.test_referrals import Town

town = test_referrals.town
UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)


async def comes(town: Town, number: int, ref: str, now: datetime, *, acts: bool = True) -> Person:
    person = await people.meet(town.session, number, now, name=f"Guest {number}")
    assert await people.follow_join_link(town.session, person, ref)
    await people.join(town.session, person, now, terms_version="1", language="ar")
    if acts:
        await needs.look_for(town.session, person, [Need.TAX])
    return person


async def a_link(town: Town, label: str = "Library") -> str:
    made = await promoting.make(town.session, town.staff, town.organization.ref, label, town.now)
    return made.ref


async def figures(town: Town, now: datetime) -> promoting.Promoted:
    return await promoting.promoted(town.session, town.staff, town.organization.ref, UTC, now)


async def test_a_partner_has_several_links_and_a_withdrawn_one_leads_nowhere(town: Town) -> None:
    library, market = await a_link(town), await a_link(town, "Market")
    ref = town.organization.ref
    found = await promoting.links(town.session, town.staff, ref, town.now)
    assert [link.label for link in found] == ["Library", "Market"]
    await promoting.withdraw(town.session, town.staff, ref, library, town.now)
    guest = await people.meet(town.session, 700, town.now)
    assert not await people.follow_join_link(town.session, guest, library)
    assert await people.follow_join_link(town.session, guest, market)
    with pytest.raises(NotFoundError):
        await promoting.link_of(town.session, town.staff, ref, library, town.now)
    with pytest.raises(NotUnderstoodError):
        await a_link(town, "x" * 41)


async def test_a_second_link_does_not_attribute_anew(town: Town) -> None:
    library, market = await a_link(town), await a_link(town, "Market")
    guest = await people.meet(town.session, 700, town.now)
    for ref in (library, market):
        await people.follow_join_link(town.session, guest, ref)
    rows = (await town.session.scalars(select(Attribution))).all()
    assert len(rows) == 1
    first = await promoting.link_of(
        town.session, town.staff, town.organization.ref, library, town.now
    )
    assert rows[0].link_id == first[0].id


async def test_figures_wait_for_the_week_and_for_three_months_and_hide_few(town: Town) -> None:
    ref, begin = await a_link(town), town.now
    guests = [await comes(town, 700 + n, ref, begin, acts=n < 6) for n in range(12)]
    same_month = await figures(town, begin + DAY)
    assert same_month.joined == 0 or same_month.joined is Hidden.FEW
    week_over = await figures(town, datetime(2027, 1, 2, tzinfo=UTC))
    assert (week_over.joined, week_over.activated) == (12, 6)
    assert week_over.due == 0
    for guest in guests[:7]:
        guest.seen_at = datetime(2027, 2, 20, tzinfo=UTC)
    await town.session.flush()
    later = await figures(town, datetime(2027, 3, 2, tzinfo=UTC))
    assert (later.due, later.stayed) == (12, 7)
    for guest in guests[:3]:
        guest.seen_at = begin
    await town.session.flush()
    later = await figures(town, datetime(2027, 3, 2, tzinfo=UTC))
    assert isinstance(later.stayed, Hidden)


async def test_of_few_who_came_nothing_else_is_told(town: Town) -> None:
    ref = await a_link(town)
    for number in range(4):
        await comes(town, 700 + number, ref, town.now)
    found = await figures(town, datetime(2027, 1, 2, tzinfo=UTC))
    assert {found.joined, found.activated, found.due, found.stayed} == {Hidden.FEW}


async def test_what_is_done_after_the_first_week_is_no_beginning(town: Town) -> None:
    ref = await a_link(town)
    guests = [await comes(town, 700 + n, ref, town.now, acts=False) for n in range(10)]
    late = town.now + 8 * DAY
    soon = town.now + 6 * DAY
    for n, guest in enumerate(guests):
        step = history.step(
            "attendance", 1, "none", "going", actor_id=guest.id, now=soon if n < 5 else late
        )
        await history.note(town.session, step)
    found = await figures(town, datetime(2027, 1, 2, tzinfo=UTC))
    assert (found.joined, found.activated) == (10, 5)


async def test_partners_see_their_own_and_coordinators_all(town: Town) -> None:
    await a_link(town)
    stranger = await people.meet(town.session, 900, town.now)
    other = await test_referrals.a_person(town.session, 901, town.now)
    town.session.add(
        Role(person_id=other.id, name=RoleName.ANIMATOR, granted_at=town.now, revoked_at=town.now)
    )
    await town.session.flush()
    for actor in (stranger, other):
        with pytest.raises(NotAllowedError):
            await promoting.links(town.session, actor, town.organization.ref, town.now)
    with pytest.raises(NotAllowedError):
        await promoting.every_promoted(town.session, town.staff, UTC, town.now)
    found = await promoting.every_promoted(town.session, town.coordinator, UTC, town.now)
    assert [one.organization.id for one in found] == [town.organization.id]
