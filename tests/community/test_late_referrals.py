"""What is late: told by state and clock, to the team alone."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from community import referrals
from community.errors import NotAllowedError, NotFoundError
from community.people import Person
from community.referrals import CLOCKS, Referral, State, Then
from tests.community import test_referrals
from tests.community.test_referrals import DAY, HOUR, Town, put

town = test_referrals.town
SIZE = 10


async def late(town: Town, actor: Person | None = None) -> list[State]:
    found = await referrals.late(town.session, actor or town.animator, town.now, size=SIZE)
    assert found.total == len(found.rows)
    return [State(row.state) for row in found.rows]


@pytest.mark.parametrize("state", CLOCKS)
async def test_late_is_what_the_team_was_told_of_and_what_runs_out_within_two_days(
    town: Town, state: State
) -> None:
    referral = await put(town, state)
    marks = CLOCKS[state].marks
    if not marks:
        referral.rings_at, referral.rung = None, 1
        await town.session.flush()
        assert await late(town) == []
        return
    was_told = False
    for number in range(len(marks) + 1):
        referral.rung, referral.rings_at = number, town.now + 2 * DAY + HOUR
        await town.session.flush()
        assert await late(town) == ([state] if was_told else [])
        referral.rings_at = town.now + 2 * DAY
        await town.session.flush()
        assert await late(town) == ([state] if was_told or number == len(marks) else [])
        was_told = was_told or (number > 0 and marks[number - 1][1] is Then.TELL_TEAM)
    referral.rung, referral.rings_at = len(marks) + 1, town.now + 9 * DAY
    await town.session.flush()
    assert await late(town) == [state], "it has run out, and nobody has moved"


async def test_what_has_waited_longest_comes_first_page_by_page(town: Town) -> None:
    for number in range(3):
        referral = await town.agrees(
            actor=await test_referrals.a_person(town.session, 500 + number, town.now)
        )
        referral.rung, referral.rings_at = 3, town.now + HOUR
        referral.changed_at = town.now - number * DAY
    await town.session.flush()
    found = await referrals.late(town.session, town.animator, town.now, size=2)
    assert (found.total, len(found.rows)) == (3, 2)
    rest = await referrals.late(town.session, town.animator, town.now, 1, size=2)
    order = [row.changed_at for row in (*found.rows, *rest.rows)]
    assert order == sorted(order)


@pytest.mark.parametrize("who", ["member", "staff", "coordinator", "stranger"])
async def test_nobody_else_reads_what_is_late(town: Town, who: str) -> None:
    referral = await town.agrees()
    actor = getattr(town, who)
    with pytest.raises(NotAllowedError):
        await late(town, actor)
    with pytest.raises(NotAllowedError):
        await referrals.stands(town.session, actor, referral.ref, town.now)


async def test_of_a_draft_the_team_hears_nothing(town: Town) -> None:
    draft = await referrals.prepare(
        town.session,
        town.animator,
        town.member.ref,
        town.service.ref,
        (),
        "",
        town.now - timedelta(days=13),
        language="fr",
    )
    assert await late(town) == []
    with pytest.raises(NotFoundError):
        await referrals.stands(town.session, town.animator, draft.ref, town.now)
    await referrals.withdraw(town.session, town.member, draft.ref, town.now)
    with pytest.raises(NotFoundError):
        await referrals.stands(town.session, town.animator, draft.ref, town.now)


async def test_by_the_clock_a_request_becomes_late_when_the_team_is_told(town: Town) -> None:
    await town.agrees()
    start = town.now
    while not await late(town):
        town.now += DAY
        assert town.now < start + 14 * DAY
        await referrals.ring(town.session, town.now, test_referrals.PARIS)
    row = (await town.session.scalars(select(Referral))).one()
    assert row.state == State.PENDING
    assert [notice.args["what"] for notice in await town.owed("team_notice")] == ["waiting"]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.IN_SERVICE, State.DISPUTED])
async def test_the_team_is_told_again_and_again_of_what_nobody_moves(
    town: Town, state: State
) -> None:
    referral = await put(town, state)
    for _look in range(200):
        town.now += DAY
        await referrals.ring(town.session, town.now, test_referrals.PARIS)
    told = [row for row in await town.owed("team_notice") if row.args["what"] == "waiting"]
    days = sorted({row.planned_at for row in told})
    assert 5 <= len(days) <= 10
    assert {later - before for before, later in itertools.pairwise(days)} == {21 * DAY}
    mark = referrals.next_mark(referral, "Europe/Paris")
    assert mark is not None
    assert mark[0] is Then.TELL_TEAM
    assert town.now < mark[1] <= town.now + 21 * DAY
