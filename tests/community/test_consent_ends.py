"""Consent ends: with one word for all that a member has shared, and after some months."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from community import referrals, retention
from community.errors import MemberIsAskedError, NotFoundError
from community.exchanges import KEPT
from community.referrals import FieldName, SharedField, State
from tests.community import test_referrals
from tests.community.test_referrals import Town, opens, put

town = test_referrals.town

SENT = [state for state in State if state != State.DRAFT]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("at", SENT)
async def test_withdrawing_everything_ends_all_sharing_at_once_and_changes_no_outcome(
    town: Town, at: State
) -> None:
    referral, theirs = await put(town, at), await town.agrees(actor=town.other_member)
    is_open = at in referrals.OPEN
    await referrals.withdraw_all(town.session, town.member, town.now)
    assert referral.state == (State.CANCELLED if is_open else at)
    assert await opens(town, town.staff, referral) == {}
    assert await opens(town, town.staff, theirs) != {}


@pytest.mark.parametrize("at", SENT)
async def test_what_was_shared_goes_some_months_after_the_request_is_over(
    town: Town, at: State
) -> None:
    await put(town, at)
    count = select(func.count()).select_from(SharedField)
    before = await town.session.scalar(count)
    assert before
    await retention.clean(town.session, town.now + KEPT)
    assert await town.session.scalar(count) == before
    await retention.clean(town.session, town.now + KEPT + SECOND)
    is_waited_for = at in {*referrals.OPEN, State.COMPLETED, State.DISPUTED}
    assert await town.session.scalar(count) == (before if is_waited_for else 0)


async def test_a_dispute_that_is_settled_is_not_the_teams_business_any_more(town: Town) -> None:
    referral = await put(town, State.DISPUTED)
    assert await referrals.disputed(town.session, town.animator, referral.ref, town.now)
    await referrals.resolve(town.session, town.animator, referral.ref, town.now, delivered=True)
    with pytest.raises(NotFoundError):
        await referrals.disputed(town.session, town.animator, referral.ref, town.now)


async def test_whoever_asks_for_a_second_field_meanwhile_is_told_that_the_member_is_asked(
    town: Town,
) -> None:
    ref = (await town.agrees(frozenset({FieldName.NEED}))).ref
    session, now = town.session, town.now
    asked = await referrals.ask_for(session, town.staff, ref, FieldName.NAME, now)
    assert await referrals.ask_for(session, town.colleague, ref, FieldName.NAME, now) == asked
    with pytest.raises(MemberIsAskedError):
        await referrals.ask_for(session, town.colleague, ref, FieldName.ACCOUNT, now)
    assert asked.asked_field == FieldName.NAME
