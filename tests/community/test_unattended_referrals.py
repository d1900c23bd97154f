"""Requests where nobody reads them: refused before, and noticed after."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from community import people, referrals
from community.errors import MemberIsAskedError, NobodyReadsError
from community.people import Membership, Person
from community.providers import Service
from community.referrals import FieldName, State
from community.roles import Role, RoleName
from scheduler import TIMETABLE
from tests.community import test_referrals
from tests.community.test_referrals import Town

town = test_referrals.town

WEEK = timedelta(days=7)


async def all_staff(town: Town) -> list[Role]:
    rows = await town.session.scalars(
        select(Role).where(Role.organization_id == town.organization.id).order_by(Role.id)
    )
    return list(rows)


async def notices(town: Town) -> list[str]:
    return [row.args["ref"] for row in await town.owed("team_notice")]


async def test_nobody_is_referred_where_nobody_reads_it(town: Town) -> None:
    for role in await all_staff(town):
        role.until = town.now
    with pytest.raises(NobodyReadsError):
        await town.agrees()


@pytest.mark.parametrize("how", ["revoked", "run out", "erased", "blocked", "blocked guest"])
async def test_the_animators_hear_once_when_the_last_staff_is_gone(town: Town, how: str) -> None:
    await town.agrees()
    first, last = await all_staff(town)
    first.until = town.now
    assert await referrals.notice_unattended(town.session, town.now) == 0
    if how == "revoked":
        last.revoked_at = town.now
    elif how == "run out":
        last.until = town.now
    elif how.startswith("blocked"):
        await blocks(town, last, Membership.JOINING if "guest" in how else Membership.ACTIVE)
    else:
        await town.session.delete(last)
    await town.session.flush()
    assert await referrals.notice_unattended(town.session, town.now) == 1
    assert await referrals.notice_unattended(town.session, town.now + WEEK) == 0
    assert await notices(town) == [town.organization.ref]


async def blocks(town: Town, role: Role, state: Membership = Membership.ACTIVE) -> Person:
    person = await town.session.get_one(Person, role.person_id)
    person.state = state
    await people.lose(town.session, person, "blocked", town.now)
    await town.session.flush()
    return person


async def test_where_the_only_staff_has_blocked_the_bot_it_is_as_without_staff(town: Town) -> None:
    first, last = await all_staff(town)
    first.until = town.now
    person = await blocks(town, last, Membership.JOINING)
    assert not await referrals.is_read(town.session, town.organization.id, town.now)
    taking = select(Service.id).where(referrals.takes_requests(town.now))
    assert (await town.session.scalars(taking)).all() == []
    with pytest.raises(NobodyReadsError):
        await town.agrees()
    ref = town.organization.ref
    await referrals.let_team_pass_on(town.session, town.coordinator, ref, town.now, on=True)
    assert (await town.agrees(by_team=True)).by_team
    assert await town.owed("provider_notice") == []
    # Who unblocks the bot reads again what is asked from then on.
    await people.reached(town.session, person, town.now)
    await town.session.flush()
    assert not (await town.agrees(actor=town.other_member)).by_team


async def test_who_has_come_back_and_blocks_it_again_is_noticed_again(town: Town) -> None:
    await town.agrees()
    first, last = await all_staff(town)
    first.until = town.now
    person = await blocks(town, last)
    assert await referrals.notice_unattended(town.session, town.now) == 1
    await people.reached(town.session, person, town.now)
    person.seen_at = town.now + WEEK
    assert await referrals.notice_unattended(town.session, town.now + WEEK) == 0
    await blocks(town, last)
    for _look in range(2):
        await referrals.notice_unattended(town.session, town.now + WEEK)
    assert len(await notices(town)) == 2


async def test_who_is_gone_a_second_time_is_noticed_a_second_time(town: Town) -> None:
    await town.agrees()
    for role in await all_staff(town):
        role.until = town.now
    assert await referrals.notice_unattended(town.session, town.now) == 1
    town.session.add(
        Role(
            person_id=town.staff.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=town.organization.id,
            granted_at=town.now,
            until=town.now + WEEK,
        )
    )
    await town.session.flush()
    assert await referrals.notice_unattended(town.session, town.now) == 0
    assert await referrals.notice_unattended(town.session, town.now + WEEK) == 1


async def test_requests_that_are_over_wait_for_nobody(town: Town) -> None:
    referral = await town.agrees()
    await town.answers(referral, "decline")
    for role in await all_staff(town):
        role.until = town.now
    assert await referrals.notice_unattended(town.session, town.now) == 0


def test_the_timetable_looks_for_requests_that_nobody_reads() -> None:
    assert "noticing requests that nobody reads" in {job.name for job in TIMETABLE}


async def test_each_member_with_an_open_request_hears_that_the_agreement_has_ended(
    town: Town,
) -> None:
    referral = await town.agrees()
    over = await town.agrees(actor=town.other_member)
    await town.answers(over, "decline")
    before = len(await town.owed("referral_step"))
    told = await referrals.end_agreement(
        town.session, town.coordinator, town.organization.ref, town.now
    )
    assert told == 1
    row = (await town.owed("referral_step"))[before]
    assert (row.person_id, dict(row.args)) == (town.member.id, {"ref": referral.ref})


@pytest.mark.parametrize("step", ["accept", "decline", "begin"])
async def test_a_provider_who_has_asked_waits_for_the_answer(town: Town, step: str) -> None:
    referral = await town.agrees(fields=frozenset())
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.AREA, town.now)
    with pytest.raises(MemberIsAskedError):
        await town.answers(referral, step)
    assert referral.state == State.NEEDS_INFORMATION
