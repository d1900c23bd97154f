"""A provider that is not in the chat: the team passes on what is shared, and records answers."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from community import agreements, bridge, erasure, referrals, roles
from community.errors import (
    ChangedError,
    IllegalMoveError,
    MemberIsAskedError,
    NoAgreementError,
    NobodyReadsError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.exchanges import Kind
from community.history import Step
from community.people import Person
from community.providers import Service
from community.referrals import FieldName, Reason, Referral, Source, State, answering
from community.roles import Role, RoleName
from tests.community import test_referrals
from tests.community.test_referrals import FIELDS, NOTE, Town, put, sees_nothing, with_role

PHONE, EMAIL, IN_PERSON = Source.PHONE, Source.EMAIL, Source.IN_PERSON


everybody_is_here = test_referrals.town


@pytest.fixture
async def town(everybody_is_here: Town) -> Town:
    """A town whose organisation has nobody in the chat; the team passes on."""
    town = everybody_is_here
    for person in (town.staff, town.colleague):
        for role in await roles.held(town.session, person, town.now):
            role.until = town.now
    await town.session.flush()
    await switch(town, on=True)
    return town


async def switch(town: Town, *, on: bool) -> bool:
    ref = town.organization.ref
    return await referrals.let_team_pass_on(town.session, town.coordinator, ref, town.now, on=on)


async def asked(town: Town, note: str = NOTE) -> Referral:
    return await town.agrees(FIELDS, note, by_team=True)


async def opens(town: Town, actor: Person, referral: Referral) -> Mapping[FieldName, str]:
    _, fields = await referrals.opened_by_team(town.session, actor, referral.ref, town.now)
    return fields


async def records(town: Town, referral: Referral, step: str, source: Source = PHONE) -> None:
    reason = Reason.OTHER if step in {"decline", "fail"} else None
    await referrals.record(
        town.session, town.animator, referral.ref, step, town.now, source=source, reason=reason
    )


async def has_nothing(town: Town, actor: Person, referral: Referral) -> None:
    with pytest.raises(NotFoundError):
        await opens(town, actor, referral)
    with pytest.raises(NotFoundError):
        await referrals.record(town.session, actor, referral.ref, "accept", town.now, source=PHONE)
    with pytest.raises(NotFoundError):
        await referrals.record_question(
            town.session, actor, referral.ref, FieldName.NOTE, town.now, source=PHONE
        )


async def test_only_a_coordinator_switches_it_on_and_twice_is_once(town: Town) -> None:
    for actor in (town.animator, town.member, town.staff):
        with pytest.raises(NotAllowedError):
            await referrals.let_team_pass_on(
                town.session, actor, town.organization.ref, town.now, on=False
            )
    assert not await switch(town, on=True)
    assert await switch(town, on=False)
    assert not await switch(town, on=False)
    steps = await town.session.scalars(
        select(Step.after).where(Step.subject == "organization").order_by(Step.id)
    )
    assert list(steps) == ["passed_on", ""]


async def test_the_team_and_nobody_else_opens_what_was_agreed_to(town: Town) -> None:
    referral = await asked(town)
    expected = await referrals.shared(town.session, referral)
    assert expected[FieldName.NOTE] == NOTE
    assert await opens(town, town.animator, referral) == expected
    assert await referrals.of_team(town.session, town.animator, town.now) == [referral]
    assert await referrals.unattended(town.session, town.now) == [], "the team reads it"
    for actor in (town.staff, town.stranger, town.coordinator, town.member, town.other_member):
        await has_nothing(town, actor, referral)
        await sees_nothing(town, actor, referral)
        with pytest.raises(NotAllowedError):
            await referrals.of_team(town.session, actor, town.now)
    await sees_nothing(town, town.animator, referral)


async def test_a_notice_says_nothing_and_goes_to_the_team(town: Town) -> None:
    referral = await asked(town)
    [row] = await town.owed("team_notice")
    assert row.person_id == town.animator.id
    assert dict(row.args) == {"what": "by_team", "ref": referral.ref}
    assert await town.owed("provider_notice") == []


async def test_a_request_to_an_organisation_in_the_chat_is_not_the_teams(town: Town) -> None:
    town.session.add(_staff(town))
    await town.session.flush()
    referral = await town.agrees()
    assert not referral.by_team
    await has_nothing(town, town.animator, referral)
    assert await referrals.of_team(town.session, town.animator, town.now) == []


def _staff(town: Town) -> Role:
    return Role(
        person_id=town.staff.id,
        name=RoleName.PROVIDER_STAFF,
        organization_id=town.organization.id,
        granted_at=town.now,
    )


async def test_what_was_previewed_for_others_is_not_sent(town: Town) -> None:
    with pytest.raises(ChangedError):
        await town.agrees()
    town.session.add(_staff(town))
    await town.session.flush()
    with pytest.raises(ChangedError):
        await asked(town)
    assert (await town.session.scalars(select(Referral))).all() == []


async def test_a_fingerprint_tells_who_would_read_it(town: Town) -> None:
    goes = await referrals.would_share(town.session, town.member, town.service, FIELDS, NOTE)
    assert referrals.fingerprint(goes, 1) != referrals.fingerprint(goes, 1, by_team=True)


@pytest.mark.parametrize("why", ["switched off", "no animator"])
async def test_where_nobody_would_pass_it_on_nothing_is_asked(town: Town, why: str) -> None:
    if why == "switched off":
        await switch(town, on=False)
    else:
        [role] = await roles.held(town.session, town.animator, town.now)
        role.until = town.now
    assert not await referrals.is_read(town.session, town.organization.id, town.now)
    with pytest.raises(NobodyReadsError):
        await asked(town)


async def test_staff_who_come_later_take_over_what_is_asked_from_then_on(town: Town) -> None:
    running = await asked(town)
    town.session.add(_staff(town))
    await town.session.flush()
    await sees_nothing(town, town.staff, running)
    assert await referrals.for_staff(town.session, town.staff, town.now) == []
    new = await town.agrees(actor=town.other_member)
    assert await referrals.for_staff(town.session, town.staff, town.now) == [new]
    await records(town, running, "accept")
    assert running.state == State.ACCEPTED
    assert await town.owed("provider_notice") != []  # of the new one
    assert {row.subject_id for row in await town.owed("provider_notice")} == {new.id}


async def test_switching_it_off_leaves_the_running_ones_to_the_team(town: Town) -> None:
    referral = await asked(town)
    await switch(town, on=False)
    await records(town, referral, "accept")
    assert await opens(town, town.animator, referral)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (["accept", "begin", "complete"], PHONE),
        (["accept", "fail"], EMAIL),
        (["decline"], IN_PERSON),
    ],
)
async def test_every_answer_is_recorded_with_how_it_came(
    town: Town, path: list[str], source: Source
) -> None:
    referral = await asked(town)
    assert await referrals.last_source(town.session, referral) == Source.CHAT
    for step in path:
        await records(town, referral, step, source)
        assert await referrals.last_source(town.session, referral) == source
    rows = await town.session.scalars(
        select(Step).where(Step.subject == "referral").order_by(Step.id)
    )
    told = [(row.after, row.source, row.actor_id) for row in rows]
    assert told[0] == ("pending", "chat", town.member.id)
    assert [line[1:] for line in told[1:]] == [(source, town.animator.id)] * len(path)
    outcome = "referral_outcome" if path[-1] == "complete" else "referral_step"
    assert await town.owed(outcome)


async def test_what_the_clock_does_is_said_to_be_the_clocks(town: Town) -> None:
    referral = await asked(town)
    for step in ("accept", "begin", "complete"):
        await records(town, referral, step)
    for days in (0, 8, 16):
        await referrals.ring(town.session, town.now + timedelta(days=days), "Europe/Paris")
    assert referral.state == State.UNCONFIRMED
    assert await referrals.last_source(town.session, referral) == Source.CLOCK


@pytest.mark.parametrize("source", [Source.CHAT, Source.CLOCK])
async def test_the_team_records_no_step_as_taken_in_the_chat(town: Town, source: Source) -> None:
    referral = await asked(town)
    with pytest.raises(NotFoundError):
        await records(town, referral, "accept", source)
    with pytest.raises(NotFoundError):
        await referrals.record_question(
            town.session, town.animator, referral.ref, FieldName.NOTE, town.now, source=source
        )
    assert referral.state == State.PENDING


async def test_what_they_need_is_shared_only_if_the_member_agrees(town: Town) -> None:
    referral = await town.agrees(frozenset({FieldName.NAME}), "", by_team=True)
    await referrals.record_question(
        town.session, town.animator, referral.ref, FieldName.STAGE, town.now, source=EMAIL
    )
    assert await opens(town, town.animator, referral) == {FieldName.NAME: "Person 10"}
    with pytest.raises(MemberIsAskedError):
        await records(town, referral, "accept")
    await referrals.give(town.session, town.member, referral.ref, town.now, yes=True)
    expected = {FieldName.NAME: "Person 10", FieldName.STAGE: "idea"}
    assert await opens(town, town.animator, referral) == expected
    assert len(await town.owed("team_notice")) == 2


async def test_withdrawing_ends_what_the_team_can_open_and_tells_it(town: Town) -> None:
    referral = await asked(town)
    await records(town, referral, "accept")
    await referrals.withdraw(town.session, town.member, referral.ref, town.now)
    assert await opens(town, town.animator, referral) == {}
    assert await referrals.of_team(town.session, town.animator, town.now) == []
    assert len(await town.owed("team_notice")) == 2
    with pytest.raises(IllegalMoveError):
        await records(town, referral, "begin")


async def test_who_stops_sharing_afterwards_shares_nothing_with_the_team(town: Town) -> None:
    referral = await asked(town)
    for step in ("accept", "begin", "complete"):
        await records(town, referral, step)
    assert await opens(town, town.animator, referral)
    await referrals.stop_sharing(town.session, town.member, referral.ref, town.now)
    assert await opens(town, town.animator, referral) == {}


async def test_when_the_agreement_ends_the_team_opens_nothing_any_more(town: Town) -> None:
    referral = await asked(town)
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await opens(town, town.animator, referral)


async def test_an_animator_whose_role_has_ended_opens_nothing(town: Town) -> None:
    referral = await asked(town)
    other = await with_role(town.session, 31, town.now, RoleName.ANIMATOR)
    [role] = await roles.held(town.session, town.animator, town.now)
    role.until = town.now
    await has_nothing(town, town.animator, referral)
    assert await opens(town, other, referral)


async def test_nobody_passes_on_their_own_request_unless_there_is_nobody_else(
    town: Town,
) -> None:
    own = await town.agrees(FIELDS, NOTE, by_team=True, actor=town.animator)
    assert await opens(town, town.animator, own)
    other = await with_role(town.session, 31, town.now, RoleName.ANIMATOR)
    await has_nothing(town, town.animator, own)
    assert await referrals.of_team(town.session, town.animator, town.now) == []
    assert await opens(town, other, own)


async def test_nobody_is_missed_where_the_team_passes_on(town: Town) -> None:
    await asked(town)
    assert await referrals.notice_unattended(town.session, town.now) == 0
    assert not await referrals.are_unattended(town.session, town.organization.id, town.now)


async def test_nobody_writes_where_nobody_of_the_organisation_is_here(town: Town) -> None:
    referral = await asked(town)
    await records(town, referral, "accept")
    assert not await bridge.can_begin(town.session, referral, town.now)
    with pytest.raises(TooLateError):
        await bridge.begin(town.session, town.member, Kind.REFERRAL, referral.ref, town.now)
    with pytest.raises(NotFoundError):
        await bridge.begin(town.session, town.animator, Kind.REFERRAL, referral.ref, town.now)


@pytest.mark.parametrize("step", ["decline", "fail"])
async def test_a_no_is_recorded_with_its_reason_or_not_at_all(town: Town, step: str) -> None:
    referral = await asked(town)
    if step == "fail":
        await records(town, referral, "accept")
    with pytest.raises(NotUnderstoodError):
        await referrals.record(
            town.session, town.animator, referral.ref, step, town.now, source=PHONE
        )


async def test_a_member_who_is_erased_leaves_the_team_nothing_to_open(town: Town) -> None:
    referral = await asked(town)
    await erasure.erase(town.session, town.member, town.now, b"key")
    await town.session.refresh(referral)
    assert await opens(town, town.animator, referral) == {}


async def test_the_team_is_reminded_of_what_it_has_to_pass_on_and_staff_are_not(
    town: Town,
) -> None:
    await asked(town)
    town.session.add(_staff(town))
    await town.session.flush()
    for days in (0, 3):  # from a Monday, three working days
        await referrals.ring(town.session, town.now + timedelta(days=days), "Europe/Paris")
    assert [row.args["what"] for row in await town.owed("team_notice")] == ["by_team"] * 2
    assert await town.owed("provider_reminder") == []


@pytest.mark.parametrize("how", ["declined", "expired"])
async def test_who_has_turned_the_member_away_by_phone_or_not_at_all_needs_nothing_more(
    town: Town, how: str
) -> None:
    referral = await asked(town)
    if how == "declined":
        await records(town, referral, "decline")
    else:
        for days in (0, 4, 8, 20):
            await referrals.ring(town.session, town.now + timedelta(days=days), "Europe/Paris")
    assert referral.state == how
    assert await opens(town, town.animator, referral) == {}


@pytest.mark.parametrize("step", ["decline", "fail"])
async def test_that_nobody_could_be_reached_is_the_teams_to_say_alone(
    town: Town, step: str
) -> None:
    referral = await asked(town)
    if step == "fail":
        await records(town, referral, "accept")
    with pytest.raises(NotUnderstoodError):
        await answering.take(
            town.session,
            town.animator,
            referral,
            step,
            town.now,
            reason=Reason.PROVIDER_NOT_REACHED,
        )
    await referrals.record(
        town.session,
        town.animator,
        referral.ref,
        step,
        town.now,
        source=PHONE,
        reason=Reason.PROVIDER_NOT_REACHED,
    )
    assert referral.reason == Reason.PROVIDER_NOT_REACHED


@pytest.mark.parametrize("is_known", [False, True])
async def test_that_others_can_help_better_is_recorded_and_the_member_decides(
    town: Town, is_known: bool
) -> None:
    referral = await asked(town)
    session, now = town.session, town.now
    bank = await roles.staffed(session, town.stranger, now)
    theirs = Service(
        organization_id=bank[0], need=town.service.need, languages=["fr"], made_at=now
    )
    session.add(theirs)
    await session.flush()
    to = theirs.ref if is_known else ""
    for actor, source in ((town.staff, PHONE), (town.member, PHONE), (town.animator, Source.CHAT)):
        with pytest.raises(NotFoundError):
            await referrals.record_passed_on(session, actor, referral.ref, now, source=source)
    own = town.service.ref
    with pytest.raises(NotFoundError):
        await referrals.record_passed_on(
            session, town.animator, referral.ref, now, source=PHONE, to_ref=own
        )
    await referrals.record_passed_on(
        session, town.animator, referral.ref, now, source=PHONE, to_ref=to
    )
    assert referral.state == State.REROUTED
    assert referral.suggested_id == (theirs.id if is_known else None)
    assert await referrals.last_source(session, referral) == PHONE
    assert await opens(town, town.animator, referral) == {}
    with pytest.raises(IllegalMoveError):
        await records(town, referral, "accept")
    assert (await session.scalars(select(Referral))).all() == [referral], "nothing goes by itself"


@pytest.mark.parametrize("at", [State.ACCEPTED, State.IN_SERVICE])
async def test_where_nobody_is_left_the_team_records_what_has_become_and_reads_nothing(
    everybody_is_here: Town, at: State
) -> None:
    town = everybody_is_here
    referral = await put(town, at)
    await has_nothing(town, town.animator, referral)
    for person in (town.staff, town.colleague):
        for role in await roles.held(town.session, person, town.now):
            role.until = town.now
    await town.session.flush()
    assert await opens(town, town.animator, referral) == {}
    assert await referrals.shared(town.session, referral) != {}
    for actor in (town.stranger, town.coordinator, town.member, town.other_member):
        await has_nothing(town, actor, referral)
    if at == State.ACCEPTED:
        await records(town, referral, "begin")
    await records(town, referral, "complete")
    assert referral.state == State.COMPLETED
    assert await referrals.last_source(town.session, referral) == PHONE
    end = await referrals.confirm(town.session, town.member, referral.ref, town.now, helped=True)
    assert end.state == State.CONFIRMED


async def test_what_waits_for_an_answer_is_not_taken_over(everybody_is_here: Town) -> None:
    town = everybody_is_here
    referral = await town.agrees()
    for person in (town.staff, town.colleague):
        for role in await roles.held(town.session, person, town.now):
            role.until = town.now
    await town.session.flush()
    await has_nothing(town, town.animator, referral)
