"""The needs interview: filled in from the profile, kept in it, asked again after a year."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, interviewing, limits, needs, surveys
from community.consents import Purpose
from community.errors import NotAMemberError
from community.limits import Limit
from community.needs import Need
from community.people import Membership, Person, Stage
from community.surveys import Progress
from tests.community.test_sends import a_member

UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)


async def through(session: AsyncSession, person: Person, found: Progress, now: datetime) -> None:
    """Pass over whatever is still asked."""
    while (asked := found.next_question) is not None:
        found, _changed = await surveys.settle(
            session, person, found.response.ref, asked.code, now
        )


async def test_what_the_profile_says_is_not_asked_again(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    amina.stage = Stage.RUNNING
    await needs.look_for(session, amina, [Need.TAX])
    await limits.tick(session, amina, Limit.LATE, 1080, on=True)
    found = await interviewing.begin(session, amina, now)
    asked = []
    while (one := found.next_question) is not None:
        asked.append(one.code)
        found, _changed = await surveys.settle(session, amina, found.response.ref, one.code, now)
    assert asked == ["goal", "sector", "obstacles", "offers", "more"]
    assert found.response.finished_at == now


async def test_answers_change_the_profile_and_what_is_not_answered_stays(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    await limits.tick(session, amina, Limit.DISTANCE, 5, on=True)
    ref = (await interviewing.begin(session, amina, now)).response.ref
    for question, value in (("goal", "grow"), ("stage", "growing"), ("sector", "food")):
        found, _changed = await surveys.answer(session, amina, ref, question, value, now)
        await interviewing.note(session, amina, found)
    assert amina.stage == Stage.GROWING
    await surveys.settle(session, amina, ref, "obstacles", now)
    for need in (Need.EXPORT, Need.TAX):
        found, _changed = await surveys.tick(session, amina, ref, "needs", need, now)
        await interviewing.note(session, amina, found)
    assert set(await needs.of(session, amina)) == {Need.EXPORT, Need.TAX}
    await surveys.settle(session, amina, ref, "needs", now)
    found, _changed = await surveys.tick(session, amina, ref, "offers", Need.LANGUAGE, now)
    await interviewing.note(session, amina, found)
    assert await needs.offered_by(session, amina) == [Need.LANGUAGE]
    await through(session, amina, found, now)
    assert await limits.of(session, amina) == {Limit.DISTANCE: 5}


async def test_it_goes_on_where_it_was_left_and_is_not_begun_twice(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    first = await interviewing.begin(session, amina, now)
    await surveys.answer(session, amina, first.response.ref, "goal", "learn", now)
    again = await interviewing.begin(session, amina, now + DAY)
    assert again.response.id == first.response.id
    assert again.next_question is not None
    assert again.next_question.code == "stage"
    await surveys.skip(session, amina, first.response.ref, now)
    resumed = await interviewing.begin(session, amina, now + DAY)
    assert resumed.response.id == first.response.id
    await through(session, amina, resumed, now + DAY)
    done = await interviewing.begin(session, amina, now + 300 * DAY)
    assert done.response.id == first.response.id
    assert done.next_question is None


async def test_after_a_year_it_is_asked_again_all_of_it_and_once(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    amina.stage = Stage.IDEA
    await consents.switch(session, amina, {Purpose.SURVEYS}, now, version="1", language="en")
    await through(session, amina, await interviewing.begin(session, amina, now), now)
    moment = now + 365 * DAY
    assert await surveys.next_asking(session, moment - DAY) == moment
    assert await surveys.ask_due(session, moment - DAY, UTC) == 0
    assert await surveys.ask_due(session, moment, UTC) == 1
    assert await surveys.ask_due(session, moment + DAY, UTC) == 0
    found = await interviewing.begin(session, amina, moment)
    assert found.survey.window == "needs"
    assert found.next_question is not None
    assert found.next_question.code == "goal"
    assert "stage" not in found.given


async def test_only_members_are_interviewed(session: AsyncSession, now: datetime) -> None:
    guest = await a_member(session, 1, now, state=Membership.JOINING)
    with pytest.raises(NotAMemberError):
        await interviewing.begin(session, guest, now)
