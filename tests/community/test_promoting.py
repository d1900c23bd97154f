"""Partners who promote: several links each, one attribution per member, figures of their own."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from community import erasure, history, needs, people, promoting
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.figures import Cell, Hidden
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


async def figures(town: Town) -> list[tuple[Cell, Cell, Cell | None]]:
    ref = town.organization.ref
    _partner, found = await promoting.promoted(town.session, town.staff, ref, town.now)
    return [(one.joined, one.activated, one.stayed) for one in found]


async def closed(town: Town, at: datetime) -> int:
    return await promoting.close(town.session, at, UTC)


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


OVER = datetime(2027, 1, 8, tzinfo=UTC)
"""A week after the quarter in which the town is."""
LATER = datetime(2027, 4, 1, tzinfo=UTC)
"""Three months after that quarter."""


async def test_a_quarter_is_told_a_week_after_it_and_who_stayed_three_months_after(
    town: Town,
) -> None:
    ref = await a_link(town)
    guests = [await comes(town, 700 + n, ref, town.now, acts=n < 6) for n in range(12)]
    assert await closed(town, OVER - timedelta(seconds=1)) == 0
    assert await figures(town) == []
    assert await closed(town, OVER) == 1
    assert await figures(town) == [(12, 6, None)]
    for guest in guests[:7]:
        guest.seen_at = LATER - 20 * DAY
    for guest in guests[7:]:
        guest.seen_at = LATER - 40 * DAY
    await town.session.flush()
    assert await closed(town, LATER - DAY) == 0
    assert await closed(town, LATER) == 1
    assert await figures(town) == [(12, 6, 7)]
    assert await closed(town, LATER + 6 * DAY) == 0


async def test_what_is_told_does_not_change_with_anybody_who_was_counted(town: Town) -> None:
    ref = await a_link(town)
    guests = [await comes(town, 700 + n, ref, town.now, acts=n < 6) for n in range(12)]
    await closed(town, OVER)
    before = await figures(town)
    await needs.look_for(town.session, guests[11], [Need.TAX])
    await erasure.erase(town.session, guests[0], OVER, b"key")
    await people.leave(town.session, guests[1], OVER)
    await comes(town, 800, ref, OVER)
    await closed(town, OVER + DAY)
    assert await figures(town) == before
    for guest in guests[1:]:
        guest.seen_at = LATER - DAY
    await town.session.flush()
    await closed(town, LATER)
    (stood,) = await figures(town)
    assert stood[2] is Hidden.COVERED  # 10 of 12: one left, and one was erased
    guests[2].seen_at = LATER + DAY
    await town.session.flush()
    await closed(town, LATER + 5 * DAY)
    assert await figures(town) == [stood]


async def test_each_quarter_counts_its_own_people_and_nobody_twice(town: Town) -> None:
    ref = await a_link(town)
    for n in range(6):
        await comes(town, 700 + n, ref, town.now)
    for n in range(9):
        await comes(town, 720 + n, ref, datetime(2027, 1, 1, tzinfo=UTC))
    await closed(town, datetime(2027, 4, 20, tzinfo=UTC))
    assert [joined for joined, _, _ in await figures(town)] == [9, 6]


async def test_of_few_who_came_nothing_else_is_told_nor_written_down(town: Town) -> None:
    ref = await a_link(town)
    for number in range(4):
        await comes(town, 700 + number, ref, town.now)
    await closed(town, LATER)
    assert len({*(await figures(town))[0]}) == 1
    row = (await town.session.scalars(select(promoting.PartnerQuarter))).one()
    assert not any(cell in "1234" for cell in (row.joined, row.activated, row.stayed or ""))


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
    await closed(town, OVER)
    assert (await figures(town))[0][:2] == (10, 5)


@pytest.mark.parametrize(("partners", "highest"), [(1, 14), (2, 11), (3, 8)])
def test_who_knows_how_many_joined_altogether_computes_no_hidden_count(
    partners: int, highest: int
) -> None:
    worlds = defaultdict(list)
    for counts in product(range(highest), repeat=partners):
        for others in range(highest):
            told = promoting.shares(dict(enumerate(counts)), others)
            total = sum(counts) + others
            assert all(told[n] in (count, *Hidden) for n, count in enumerate(counts))
            assert all(isinstance(told[n], Hidden) for n, c in enumerate(counts) if 0 < c < 5)
            worlds[*told.values(), total if total >= 5 else None].append(counts)
    for (*cells, joined), possible in worlds.items():
        # Of larger totals not every town is listed here.
        if joined is None or int(joined) < highest:
            for position, cell in enumerate(cells):
                if isinstance(cell, Hidden):
                    assert len({counts[position] for counts in possible}) > 1, (cells, joined)


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
        await promoting.every_promoted(town.session, town.staff, town.now)
    with pytest.raises(NotAllowedError):
        await promoting.promoted(town.session, other, town.organization.ref, town.now)
    await closed(town, OVER)
    found = await promoting.every_promoted(town.session, town.coordinator, town.now)
    assert [one.organization.id for one in found] == [town.organization.id]
