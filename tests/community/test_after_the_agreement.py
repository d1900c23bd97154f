"""When an agreement has ended: who is told, and what can still be done with what was begun."""

from datetime import timedelta

import pytest

from community import agreements, bridge, referrals
from community.bridge import Rest
from community.deliveries import Delivery
from community.errors import NoAgreementError
from community.exchanges import Kind
from community.providers import Service
from community.referrals import FieldName, Reason, Referral, Source, State
from tests.agreeing import agreed
from tests.community import test_referrals
from tests.community.test_referrals import Town, put

town = test_referrals.town


async def end(town: Town) -> None:
    boss, ref = town.coordinator, town.organization.ref
    await referrals.end_agreement(town.session, boss, ref, town.now)


async def told(town: Town) -> list[Delivery]:
    return [row for row in await town.owed("team_notice") if row.args["what"] == "access_ended"]


async def through_the_team(town: Town, at: State) -> Referral:
    referral = await put(town, at)
    referral.by_team = True
    await town.session.flush()
    return referral


async def test_whoever_reads_requests_there_is_told_once_and_nothing_personal(town: Town) -> None:
    await town.agrees()
    await town.agrees(actor=town.other_member)
    await end(town)
    assert [row.person_id for row in await told(town)] == [town.staff.id, town.colleague.id]
    for row in await told(town):
        assert dict(row.args) == {"what": "access_ended", "ref": town.organization.ref}


async def test_the_team_is_told_of_what_goes_through_it_and_nobody_of_what_is_over(
    town: Town,
) -> None:
    await put(town, State.CONFIRMED)
    await through_the_team(town, State.ACCEPTED)
    end_date = town.now + timedelta(days=9)
    agreement = await agreements.current(town.session, town.organization.id)
    assert agreement is not None
    agreement.ends_at = end_date
    await referrals.end_expired(town.session, end_date)
    await referrals.end_expired(town.session, end_date)
    assert [row.person_id for row in await told(town)] == [town.animator.id]


@pytest.mark.parametrize("by_team", [False, True])
async def test_what_was_begun_is_brought_to_its_end_and_the_member_is_asked(
    town: Town, by_team: bool
) -> None:
    referral = await (through_the_team if by_team else put)(town, State.ACCEPTED)
    failed = await town.agrees(actor=town.other_member)
    failed.state = State.IN_SERVICE
    await town.session.flush()
    await end(town)
    for step in ("begin", "complete"):
        if by_team:
            await referrals.record(
                town.session, town.animator, referral.ref, step, town.now, source=Source.PHONE
            )
        else:
            await town.answers(referral, step)
    await town.answers(failed, "fail")
    assert (referral.state, failed.state) == (State.COMPLETED, State.NOT_DELIVERED)
    assert len(await town.owed("referral_outcome")) == 1
    with pytest.raises(NoAgreementError):
        await referrals.opened(town.session, town.staff, failed.ref, town.now)
    await referrals.confirm(town.session, town.member, referral.ref, town.now, helped=True)


async def test_the_verbs_themselves_refuse_what_would_go_on_with_a_request(town: Town) -> None:
    referral = await town.agrees()
    await end(town)
    session, staff, ref, now = town.session, town.staff, referral.ref, town.now
    with pytest.raises(NoAgreementError):
        await referrals.answer(session, staff, ref, "accept", now)
    with pytest.raises(NoAgreementError):
        await referrals.ask_for(session, staff, ref, FieldName.NOTE, now)
    assert referral.state == State.PENDING


@pytest.mark.parametrize("by_team", [False, True])
async def test_a_no_opens_nothing_and_is_taken_with_its_reason(town: Town, by_team: bool) -> None:
    referral = await (through_the_team if by_team else put)(town, State.PENDING)
    await end(town)
    reason, ref, now = Reason.NO_CAPACITY, referral.ref, town.now
    if by_team:
        actor = town.animator
        await referrals.record(
            town.session, actor, ref, "decline", now, source=Source.PHONE, reason=reason
        )
    else:
        actor = town.staff
        await referrals.answer(town.session, actor, ref, "decline", now, reason=reason)
    assert (referral.state, referral.reason) == (State.DECLINED, reason)
    opening = referrals.opened_by_team if by_team else referrals.opened
    with pytest.raises(NoAgreementError):
        await opening(town.session, actor, ref, now)
    await agreed(town.session, town.coordinator, town.organization.ref, now)
    _referral, shared = await opening(town.session, actor, ref, now)
    assert shared == {}


async def test_who_can_help_better_is_said_without_an_agreement_too(town: Town) -> None:
    referral = await town.agrees()
    await end(town)
    await referrals.pass_on(town.session, town.staff, referral.ref, town.now)
    assert referral.state == State.REROUTED
    assert len(await town.owed("referral_step")) == 2


async def test_after_a_new_agreement_it_is_known_that_the_old_one_ended_what_was_shared(
    town: Town,
) -> None:
    referral = await put(town, State.ACCEPTED)
    session, member, now = town.session, town.member, town.now
    exchange = await bridge.begin(session, member, Kind.REFERRAL, referral.ref, now)
    assert not await referrals.was_sealed(session, referral)
    await end(town)
    for actor in (member, town.staff):
        assert (await bridge.look(session, actor, exchange.ref, now)).rest is Rest.NO_AGREEMENT
    await agreed(session, town.coordinator, town.organization.ref, now)
    assert await referrals.was_sealed(session, referral)
    for actor, may_read in ((member, True), (town.staff, False)):
        view = await bridge.look(session, actor, exchange.ref, now)
        assert (view.rest, view.may_read, view.may_write) == (Rest.SEALED, may_read, False)
    await referrals.withdraw(session, member, referral.ref, now)
    view = await bridge.look(session, town.staff, exchange.ref, now)
    assert (view.rest, view.may_read) == (Rest.WITHDRAWN, False)
    assert not await referrals.was_sealed(session, referral)


@pytest.mark.parametrize("at", [State.ACCEPTED, State.IN_SERVICE])
async def test_a_new_request_takes_the_place_of_one_that_nobody_can_ask_about(
    town: Town, at: State
) -> None:
    sealed = await put(town, at)
    session, now = town.session, town.now
    service = await session.get_one(Service, sealed.service_id)
    assert await town.agrees() is sealed, "a second press sends nothing"
    await end(town)
    with pytest.raises(NoAgreementError):
        await town.agrees()
    assert sealed.state == at
    await agreed(session, town.coordinator, town.organization.ref, now)
    assert await referrals.in_the_way(session, town.member, service) is None
    anew = await town.agrees()
    assert anew is not sealed
    assert (sealed.state, anew.state) == (State.CANCELLED, State.PENDING)
    assert await referrals.shared(session, anew)
    assert await town.agrees() is anew, "a second press sends nothing"


async def test_what_still_waits_for_its_answer_goes_on_under_a_new_agreement(town: Town) -> None:
    sealed = await put(town, State.PENDING)
    await end(town)
    await agreed(town.session, town.coordinator, town.organization.ref, town.now)
    assert await referrals.was_sealed(town.session, sealed)
    assert await town.agrees() is sealed
    await referrals.ask_for(town.session, town.staff, sealed.ref, FieldName.NAME, town.now)
    await referrals.give(town.session, town.member, sealed.ref, town.now, yes=True)
    assert set(await referrals.shared(town.session, sealed)) == {FieldName.NAME}


async def test_what_is_over_is_not_called_withdrawn_when_it_is_shared_no_more(town: Town) -> None:
    referral = await put(town, State.ACCEPTED)
    session, now = town.session, town.now
    exchange = await bridge.begin(session, town.member, Kind.REFERRAL, referral.ref, now)
    await town.answers(referral, "begin", "complete")
    await referrals.stop_sharing(session, town.member, referral.ref, now)
    view = await bridge.look(session, town.staff, exchange.ref, now)
    assert (view.rest, view.may_read) == (Rest.ENDED, False)
