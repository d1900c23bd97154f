"""What an animator prepares: nothing of it leaves before the member agrees."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import agreements, erasure, providers, referrals, roles
from community.errors import (
    AskedAlreadyError,
    NoAgreementError,
    NobodyReadsError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
)
from community.history import Step
from community.people import Membership, Person
from community.referrals import FieldName, Preparation, Referral, State
from community.roles import RoleName
from scheduler import TIMETABLE
from tests.community import test_referrals
from tests.community.test_referrals import NOTE, Town, sees_nothing

town = test_referrals.town

SUGGESTED = frozenset({FieldName.NAME, FieldName.STAGE})
SECOND = timedelta(seconds=1)


async def prepared(town: Town, **more: Any) -> Referral:
    return await referrals.prepare(
        town.session,
        more.get("actor", town.animator),
        more.get("to", town.member).ref,
        more.get("service", town.service).ref,
        SUGGESTED,
        more.get("note", NOTE),
        town.now,
        language="fr",
    )


async def notices(town: Town) -> list[tuple[str, int | None]]:
    return [(row.args["what"], row.person_id) for row in await town.owed("team_notice")]


async def suggestion(town: Town) -> Preparation | None:
    return await referrals.prepared_for(town.session, town.member, town.service)


async def test_a_draft_tells_the_member_that_there_is_something_new_and_nobody_else(
    town: Town,
) -> None:
    referral = await prepared(town)
    assert referral.state == State.DRAFT
    [row] = await town.owed("referral_step")
    assert (row.person_id, dict(row.args)) == (town.member.id, {"ref": referral.ref})
    assert await town.owed("provider_notice") == []
    assert await notices(town) == []
    assert await referrals.shared(town.session, referral) == {}
    for actor in (town.staff, town.colleague, town.stranger, town.animator, town.coordinator):
        await sees_nothing(town, actor, referral)
    assert await referrals.for_staff(town.session, town.staff, town.now) == []
    assert await referrals.mine(town.session, town.member, referral.ref) == referral
    found = await suggestion(town)
    assert found is not None
    assert {FieldName(name) for name in found.fields} == SUGGESTED
    assert found.note == NOTE
    other = town.other_member
    assert await referrals.prepared_for(town.session, other, town.service) is None
    step = await town.session.scalar(select(Step).order_by(Step.id.desc()).limit(1))
    assert step is not None
    assert (step.before, step.after, step.actor_id, step.source) == (
        "",
        "draft",
        town.animator.id,
        "chat",
    )


async def test_what_the_member_agrees_to_is_sent_and_what_was_suggested_is_gone(
    town: Town,
) -> None:
    draft = await prepared(town)
    later = town.now + timedelta(days=2)
    sent = await town.agrees(frozenset({FieldName.AREA, FieldName.NEED}), "Mine.", now=later)
    assert sent == draft
    assert (sent.state, sent.made_at, sent.chain_id) == (State.PENDING, later, sent.id)
    assert (sent.consent_version, sent.consent_language) == ("1", "ar")
    expected = {FieldName.NEED: "finance", FieldName.NOTE: "Mine."}
    assert await test_referrals.opens(town, town.staff, sent) == expected
    assert await suggestion(town) is None
    assert len(await town.owed("provider_notice")) == 2
    assert sent.written_in == "ar"


async def test_a_note_that_is_taken_over_as_it_was_is_in_the_language_of_its_author(
    town: Town,
) -> None:
    await prepared(town)
    sent = await town.agrees(SUGGESTED, NOTE)
    assert (sent.consent_language, sent.written_in) == ("ar", "fr")


async def test_a_no_ends_the_draft_and_is_told_to_whoever_prepared_it_without_details(
    town: Town,
) -> None:
    draft = await prepared(town)
    await referrals.withdraw(town.session, town.member, draft.ref, town.now)
    assert draft.state == State.CANCELLED
    assert await notices(town) == [("draft_refused", town.animator.id)]
    [row] = await town.owed("team_notice")
    assert dict(row.args) == {"what": "draft_refused"}
    assert await suggestion(town) is None
    assert await town.owed("provider_notice") == []
    for actor in (town.staff, town.animator):
        await sees_nothing(town, actor, draft)
    anew = await town.agrees()
    assert anew != draft


async def test_a_no_leaves_the_steps_that_the_member_ticks_off_as_they_were(town: Town) -> None:
    [step] = await providers.steps(town.session, town.service)
    await providers.tick(town.session, town.member, step.ref, town.now, done=True)
    draft = await prepared(town)
    await referrals.withdraw(town.session, town.member, draft.ref, town.now)
    ticked = await providers.ticked(town.session, town.member, town.service)
    assert ticked == {step.id}


async def test_a_draft_that_nobody_answers_ends_after_fourteen_days_by_itself(town: Town) -> None:
    draft = await prepared(town)
    end = town.now + timedelta(days=14)
    assert await referrals.next_draft_end(town.session) == end
    assert await referrals.end_drafts(town.session, end - SECOND) == 0
    assert await referrals.end_drafts(town.session, end) == 1
    assert await referrals.end_drafts(town.session, end) == 0
    assert draft.state == State.CANCELLED
    assert await notices(town) == [("draft_ended", town.animator.id)]
    assert len(await town.owed("referral_step")) == 1
    assert await town.owed("provider_notice") == []
    assert await referrals.next_draft_end(town.session) is None
    await sees_nothing(town, town.staff, draft)


async def test_what_is_sent_never_ends_as_a_draft(town: Town) -> None:
    await prepared(town)
    sent = await town.agrees()
    assert await referrals.end_drafts(town.session, town.now + timedelta(days=99)) == 0
    assert sent.state == State.PENDING


def test_the_timetable_ends_drafts() -> None:
    assert "ending prepared requests that nobody answers" in {job.name for job in TIMETABLE}


async def test_there_is_at_most_one_open_request_or_draft_for_a_service(town: Town) -> None:
    await prepared(town)
    with pytest.raises(AskedAlreadyError):
        await prepared(town)
    await prepared(town, to=town.other_member)
    await town.agrees()
    with pytest.raises(AskedAlreadyError):
        await prepared(town)


@pytest.mark.parametrize("who", ["staff", "coordinator", "member", "other_member"])
async def test_only_an_animator_prepares(town: Town, who: str) -> None:
    with pytest.raises(NotAllowedError):
        await prepared(town, actor=getattr(town, who))
    assert (await town.session.scalars(select(Referral))).all() == []


async def test_an_animator_whose_role_has_ended_prepares_nothing_and_hears_nothing(
    town: Town,
) -> None:
    draft = await prepared(town)
    [role] = await roles.held(town.session, town.animator, town.now)
    role.until = town.now
    with pytest.raises(NotAllowedError):
        await prepared(town, to=town.other_member)
    await referrals.withdraw(town.session, town.member, draft.ref, town.now)
    assert await notices(town) == []


@pytest.mark.parametrize("other", ["other_member", "staff", "animator"])
async def test_a_draft_is_answered_by_nobody_but_its_member(town: Town, other: str) -> None:
    draft = await prepared(town)
    actor: Person = getattr(town, other)
    with pytest.raises(NotFoundError):
        await referrals.withdraw(town.session, actor, draft.ref, town.now)
    theirs = await town.agrees(actor=actor)
    assert theirs != draft
    assert draft.state == State.DRAFT


async def test_nothing_is_prepared_that_could_not_be_sent(town: Town) -> None:
    with pytest.raises(NotUnderstoodError):
        await prepared(town, note="x" * (referrals.NOTE_LIMIT + 1))
    town.member.state = Membership.LEFT
    with pytest.raises(NotAMemberError):
        await prepared(town)
    town.member.state = Membership.ACTIVE
    for person in (town.staff, town.colleague):
        [role] = await roles.held(town.session, person, town.now)
        role.until = town.now
    with pytest.raises(NobodyReadsError):
        await prepared(town)
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await prepared(town)
    town.service.is_open = False
    with pytest.raises(NotFoundError):
        await prepared(town)


async def test_an_agreement_that_ends_before_the_member_agrees_stops_the_draft(
    town: Town,
) -> None:
    draft = await prepared(town)
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await town.agrees()
    assert draft.state == State.DRAFT
    assert await referrals.shared(town.session, draft) == {}


async def test_a_draft_goes_with_its_member_and_forgets_an_animator_who_goes(town: Town) -> None:
    draft = await prepared(town)
    await erasure.erase(town.session, town.animator, town.now, b"key")
    found = await suggestion(town)
    assert found is not None
    await town.session.refresh(found)
    assert found.prepared_by_id is None
    told = await erasure.export(town.session, town.member)
    assert [row["note"] for row in told["preparations"]] == [NOTE]
    await erasure.erase(town.session, town.member, town.now, b"key")
    await town.session.refresh(draft)
    assert (draft.state, draft.person_id) == (State.CANCELLED, None)
    assert (await town.session.scalars(select(Preparation))).all() == []


async def test_whoever_prepared_it_takes_it_back_and_the_member_reads_that_it_is_so(
    town: Town,
) -> None:
    draft = await prepared(town)
    assert await referrals.laid_before(town.session, town.animator, town.member, town.now) == [
        draft
    ]
    other = await test_referrals.with_role(town.session, 31, town.now, RoleName.ANIMATOR)
    assert await referrals.laid_before(town.session, other, town.member, town.now) == []
    for actor, refusal in ((other, NotFoundError), (town.coordinator, NotAllowedError)):
        with pytest.raises(refusal):
            await referrals.take_back(town.session, actor, draft.ref, town.now)
    await referrals.take_back(town.session, town.animator, draft.ref, town.now)
    assert draft.state == State.CANCELLED
    assert await referrals.was_taken_back(town.session, draft)
    assert await suggestion(town) is None
    assert await notices(town) == []
    assert await town.owed("provider_notice") == []
    assert await referrals.laid_before(town.session, town.animator, town.member, town.now) == []
    for late in (town.animator, town.member):
        with pytest.raises(RefusalError):
            await referrals.take_back(town.session, late, draft.ref, town.now)
    step = await town.session.scalar(select(Step).order_by(Step.id.desc()).limit(1))
    assert step is not None
    step.actor_id = None  # the animator is erased
    await town.session.flush()
    assert await referrals.was_taken_back(town.session, draft)


async def test_what_the_member_has_answered_cannot_be_taken_back(town: Town) -> None:
    draft = await prepared(town)
    sent = await town.agrees()
    with pytest.raises(NotFoundError):
        await referrals.take_back(town.session, town.animator, draft.ref, town.now)
    assert sent.state == State.PENDING
    await referrals.withdraw(town.session, town.member, sent.ref, town.now)
    assert not await referrals.was_taken_back(town.session, sent)
    refused = await prepared(town)
    await referrals.withdraw(town.session, town.member, refused.ref, town.now)
    assert not await referrals.was_taken_back(town.session, refused)
    ended = await prepared(town)
    await referrals.end_drafts(town.session, town.now + referrals.PREPARED_LASTS)
    assert ended.state == State.CANCELLED
    assert not await referrals.was_taken_back(town.session, ended), "nobody has; it has ended"
