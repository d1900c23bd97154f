"""Referrals: every step and who takes it, and that what opens is what was agreed to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, people, providers, referrals, roles
from community.deliveries import Delivery
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NoAgreementError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
)
from community.history import Step
from community.lifecycle import Who
from community.needs import Need
from community.people import Membership, Person, Stage
from community.providers import Organization, Service
from community.referrals import CLOCKS, REFERRAL, FieldName, Reason, Referral, State, Then
from community.roles import Role, RoleName
from tests.agreeing import agreed

S, P, C, A = Who.SELF, Who.PROVIDER, Who.CLOCK, Who.ANIMATOR
DESIGN: dict[State, dict[State, Who]] = {
    State.DRAFT: {State.PENDING: S, State.CANCELLED: S},
    State.PENDING: {
        State.ACCEPTED: P,
        State.DECLINED: P,
        State.NEEDS_INFORMATION: P,
        State.REROUTED: P,
        State.EXPIRED: C,
        State.CANCELLED: S,
    },
    State.NEEDS_INFORMATION: {State.PENDING: S, State.EXPIRED: C, State.CANCELLED: S},
    State.ACCEPTED: {State.IN_SERVICE: P, State.NOT_DELIVERED: P, State.CANCELLED: S},
    State.IN_SERVICE: {State.COMPLETED: P, State.NOT_DELIVERED: P, State.CANCELLED: S},
    State.COMPLETED: {State.CONFIRMED: S, State.DISPUTED: S, State.UNCONFIRMED: C},
    State.UNCONFIRMED: {State.CONFIRMED: S, State.DISPUTED: S},
    State.DISPUTED: {State.RESOLVED: A},
}
"""DESIGN, lifecycles: referral."""

BESIDES = {
    (State.DRAFT, State.CANCELLED): {C, A},
    (State.NOT_DELIVERED, State.DISPUTED): {S},
}
"""Who may do what DESIGN does not say (docs/architecture.md does).

A draft of the team's ends by itself, or is taken back by the team. A member may say that it is not
so that something could not be done.
"""

FIELDS = frozenset(FieldName) - {FieldName.NOTE}
NOTE = "I want to open a bakery."
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PARIS = "Europe/Paris"


@dataclass
class Town:
    """A member, a provider with two of staff, another provider, and the team."""

    session: AsyncSession
    now: datetime
    member: Person
    other_member: Person
    service: Service
    organization: Organization
    staff: Person
    colleague: Person
    stranger: Person
    """Staff of another organisation."""
    animator: Person
    coordinator: Person

    async def agrees(
        self, fields: frozenset[FieldName] = FIELDS, note: str = NOTE, **more: Any
    ) -> Referral:
        return await referrals.agree(
            self.session,
            more.get("actor", self.member),
            self.service.ref,
            fields,
            note,
            more.get("now", self.now),
            organization_id=more.get("to", self.organization).id,
            version="1",
            language="ar",
            by_team=more.get("by_team", False),
        )

    async def owed(self, kind: str) -> list[Delivery]:
        rows = await self.session.scalars(
            select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)
        )
        return list(rows)

    async def answers(self, referral: Referral, *steps: str, now: datetime | None = None) -> None:
        for step in steps:
            await referrals.answer(
                self.session, self.staff, referral.ref, step, now or self.now, reason=Reason.OTHER
            )


async def a_person(session: AsyncSession, number: int, now: datetime) -> Person:
    person = Person(
        telegram_id=number,
        name=f"Person {number}",
        username=f"user_{number}",
        language="ar",
        stage=Stage.IDEA,
        state=Membership.ACTIVE,
        met_at=now,
    )
    session.add(person)
    await session.flush()
    return person


async def with_role(
    session: AsyncSession,
    number: int,
    now: datetime,
    name: RoleName,
    organization: Organization | None = None,
) -> Person:
    person = await a_person(session, number, now)
    scope = organization.id if organization else None
    session.add(Role(person_id=person.id, name=name, organization_id=scope, granted_at=now))
    await session.flush()
    return person


@pytest.fixture
async def town(session: AsyncSession, now: datetime) -> Town:
    coordinator = await with_role(session, 1, now, RoleName.COORDINATOR)
    ours = await providers.create_organization(session, coordinator, "Chamber", "en", now)
    theirs = await providers.create_organization(session, coordinator, "Bank", "en", now)
    for organization in (ours, theirs):
        await agreed(session, coordinator, organization.ref, now)
    texts = {"name": "Advice"}
    service = await providers.create_service(
        session, coordinator, ours.ref, Need.FINANCE, ["fr"], texts, "en", now, steps=["Call."]
    )
    return Town(
        session,
        now,
        member=await a_person(session, 10, now),
        other_member=await a_person(session, 11, now),
        service=service,
        organization=ours,
        staff=await with_role(session, 20, now, RoleName.PROVIDER_STAFF, ours),
        colleague=await with_role(session, 21, now, RoleName.PROVIDER_STAFF, ours),
        stranger=await with_role(session, 22, now, RoleName.PROVIDER_STAFF, theirs),
        animator=await with_role(session, 30, now, RoleName.ANIMATOR),
        coordinator=coordinator,
    )


async def put(town: Town, at: State) -> Referral:
    """Return a referral that stands there."""
    referral = await town.agrees()
    referral.state = at
    referral.asked_field = FieldName.ACCOUNT if at == State.NEEDS_INFORMATION else None
    referral.completed_at = town.now if at in (State.COMPLETED, State.UNCONFIRMED) else None
    await town.session.flush()
    return referral


# The lifecycle


@pytest.mark.parametrize("at", list(State))
async def test_a_referral_takes_the_steps_of_the_design_and_no_others(
    town: Town, at: State
) -> None:
    referral = await put(town, at)
    for to in State:
        for by in Who:
            if to == at:
                assert not await REFERRAL.move(town.session, referral, to, by, town.now)
            elif by in {DESIGN.get(at, {}).get(to), *BESIDES.get((at, to), ())}:
                assert await REFERRAL.move(town.session, referral, to, by, town.now)
                await town.session.refresh(referral)
                assert referral.state == to
                referral.state = at
                await town.session.flush()
            else:
                with pytest.raises(IllegalMoveError):
                    await REFERRAL.move(town.session, referral, to, by, town.now)
                await town.session.refresh(referral)
                assert referral.state == at


def _answer(step: str) -> Callable[[Town, Referral], Awaitable[object]]:
    return lambda town, referral: town.answers(referral, step)


def _give(town: Town, referral: Referral) -> Awaitable[object]:
    return referrals.give(town.session, town.member, referral.ref, town.now, yes=True)


def _ask(town: Town, referral: Referral) -> Awaitable[object]:
    return referrals.ask_for(town.session, town.staff, referral.ref, FieldName.ACCOUNT, town.now)


def _withdraw(town: Town, referral: Referral) -> Awaitable[object]:
    return referrals.withdraw(town.session, town.member, referral.ref, town.now)


def _says(helped: bool) -> Callable[[Town, Referral], Awaitable[object]]:
    return lambda town, referral: referrals.confirm(
        town.session, town.member, referral.ref, town.now, helped=helped
    )


def _pass_on(town: Town, referral: Referral) -> Awaitable[object]:
    return referrals.pass_on(town.session, town.staff, referral.ref, town.now)


def _expire(town: Town, referral: Referral) -> Awaitable[object]:
    return _by_the_clock(town, referral, Then.EXPIRE)


def _give_up(town: Town, referral: Referral) -> Awaitable[object]:
    return _by_the_clock(town, referral, Then.GIVE_UP)


async def _by_the_clock(town: Town, referral: Referral, then: Then) -> None:
    """Let the last mark of its clock ring, if that does this."""
    clock = CLOCKS.get(State(referral.state))
    if clock is None or clock.then(len(clock.marks)) != then:
        raise IllegalMoveError("referral", referral.state, then)
    referral.rings_at, referral.rung = town.now, len(clock.marks)
    await town.session.flush()
    await referrals.ring(town.session, town.now, PARIS)


def _resolve(town: Town, referral: Referral) -> Awaitable[object]:
    return referrals.resolve(town.session, town.animator, referral.ref, town.now, delivered=True)


PEN, INF, ACC, DEC, CAN, INS, NOT, COM, CON, DIS, UNC, RES = (
    State.PENDING,
    State.NEEDS_INFORMATION,
    State.ACCEPTED,
    State.DECLINED,
    State.CANCELLED,
    State.IN_SERVICE,
    State.NOT_DELIVERED,
    State.COMPLETED,
    State.CONFIRMED,
    State.DISPUTED,
    State.UNCONFIRMED,
    State.RESOLVED,
)
VERBS: dict[str, tuple[Callable[[Town, Referral], Awaitable[object]], dict[State, State]]] = {
    "accept": (_answer("accept"), {PEN: ACC, ACC: ACC}),
    "decline": (_answer("decline"), {PEN: DEC, DEC: DEC}),
    "begin": (_answer("begin"), {ACC: INS, INS: INS}),
    "complete": (_answer("complete"), {INS: COM, COM: COM}),
    "fail": (_answer("fail"), {ACC: NOT, INS: NOT, NOT: NOT}),
    "pass on": (_pass_on, {PEN: State.REROUTED, State.REROUTED: State.REROUTED}),
    "expire": (_expire, {PEN: State.EXPIRED, INF: State.EXPIRED}),
    "give up": (_give_up, {COM: UNC}),
    "ask": (_ask, {PEN: INF, INF: INF}),
    "give": (_give, {INF: PEN}),
    "withdraw": (
        _withdraw,
        {State.DRAFT: CAN, PEN: CAN, INF: CAN, ACC: CAN, INS: CAN, CAN: CAN},
    ),
    "confirm": (_says(True), {COM: CON, UNC: CON, CON: CON}),
    "dispute": (_says(False), {COM: DIS, UNC: DIS, NOT: DIS, DIS: DIS}),
    "resolve": (_resolve, {DIS: RES, RES: RES}),
}
"""Where each verb leads from each state, a second press included; else it refuses."""


@pytest.mark.parametrize("name", VERBS)
async def test_a_verb_leads_where_the_design_says_or_refuses_and_moves_nothing(
    town: Town, name: str
) -> None:
    verb, leads = VERBS[name]
    for at in State:
        referral = await town.agrees(FIELDS - {FieldName.ACCOUNT})
        referral.state = at
        if at == State.NEEDS_INFORMATION:
            referral.asked_field = FieldName.ACCOUNT
        await town.session.flush()
        before = await _steps(town, referral)
        if at in leads:
            await verb(town, referral)
            walked = await _steps(town, referral)
            assert walked - before == (1 if leads[at] != at else 0), at
        else:
            with pytest.raises(RefusalError):
                await verb(town, referral)
            assert await _steps(town, referral) == before, at
        await town.session.refresh(referral)
        assert referral.state == leads.get(at, at)
        referral.state = State.CONFIRMED  # it is over: the next is asked for anew
        await town.session.flush()


async def _steps(town: Town, referral: Referral) -> int:
    count: int | None = await town.session.scalar(
        select(func.count())
        .select_from(Step)
        .where(Step.subject == "referral", Step.subject_id == referral.id)
    )
    return count or 0


# Agreeing


async def test_a_request_carries_what_was_chosen_as_it_stands_and_is_pending(
    town: Town,
) -> None:
    chosen = frozenset({FieldName.NAME, FieldName.NEED, FieldName.AREA})
    referral = await town.agrees(chosen, f"  {NOTE} ")
    assert referral.state == State.PENDING
    assert (referral.consent_version, referral.consent_language) == ("1", "ar")
    assert referral.chain_id == referral.id
    expected = {FieldName.NAME: "Person 10", FieldName.NEED: "finance", FieldName.NOTE: NOTE}
    assert await referrals.shared(town.session, referral) == expected  # no area is known
    people.rename(town.member, "Somebody else")
    assert await referrals.shared(town.session, referral) == expected


async def test_pressing_twice_asks_once_and_another_person_asks_for_themselves(
    town: Town,
) -> None:
    first = await town.agrees(frozenset({FieldName.NAME}), "")
    assert await town.agrees(FIELDS, NOTE) == first
    assert await referrals.shared(town.session, first) == {FieldName.NAME: "Person 10"}
    assert len(await town.owed("provider_notice")) == 2
    assert await town.agrees(actor=town.other_member) != first


@pytest.mark.parametrize(
    "over",
    [State.DECLINED, State.REROUTED, State.EXPIRED, State.CANCELLED, State.NOT_DELIVERED],
)
async def test_who_has_been_turned_down_may_ask_anew(town: Town, over: State) -> None:
    first = await put(town, over)
    second = await town.agrees(now=town.now + HOUR)
    assert second != first
    assert second.state == State.PENDING
    assert await referrals.of_member(town.session, town.member) == [second, first]


async def test_without_an_active_agreement_nothing_is_written(town: Town) -> None:
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await town.agrees()
    assert await referrals.of_member(town.session, town.member) == []
    assert await town.owed("provider_notice") == []


@pytest.mark.parametrize("state", [Membership.JOINING, Membership.LEFT])
async def test_who_has_not_joined_is_not_referred(town: Town, state: Membership) -> None:
    town.member.state = state
    with pytest.raises(NotAMemberError):
        await town.agrees()


async def test_a_closed_service_and_a_long_note_are_refused(town: Town) -> None:
    with pytest.raises(NotUnderstoodError):
        await town.agrees(note="x" * (referrals.NOTE_LIMIT + 1))
    await providers.edit_service(
        town.session, town.coordinator, town.service.ref, town.now, is_open=False
    )
    with pytest.raises(NotFoundError):
        await town.agrees()


async def test_a_fingerprint_tells_every_difference_in_what_would_be_shared(town: Town) -> None:
    seen = set()
    for fields in (FIELDS, FIELDS - {FieldName.NAME}, frozenset[FieldName]()):
        for note in ("", NOTE, "Name=Person 10"):
            goes = await referrals.would_share(
                town.session, town.member, town.service, fields, note
            )
            seen.add(referrals.fingerprint(goes, 1))
    people.rename(town.member, "Somebody else")
    goes = await referrals.would_share(town.session, town.member, town.service, FIELDS, NOTE)
    seen.add(referrals.fingerprint(goes, 1))
    seen.add(referrals.fingerprint(goes, 2))
    assert len(seen) == 11


# What opens


async def opens(town: Town, actor: Person, referral: Referral) -> dict[FieldName, str]:
    _, fields = await referrals.opened(town.session, actor, referral.ref, town.now)
    return dict(fields)


async def sees_nothing(town: Town, actor: Person, referral: Referral) -> None:
    with pytest.raises(NotFoundError):
        await referrals.opened(town.session, actor, referral.ref, town.now)
    with pytest.raises(NotFoundError):
        await referrals.answer(town.session, actor, referral.ref, "accept", town.now)
    with pytest.raises(NotFoundError):
        await referrals.ask_for(town.session, actor, referral.ref, FieldName.ACCOUNT, town.now)


async def test_both_of_staff_open_it_and_nobody_else_does(town: Town) -> None:
    referral = await town.agrees()
    expected = await referrals.shared(town.session, referral)
    for actor in (town.staff, town.colleague):
        assert await opens(town, actor, referral) == expected
        assert await referrals.for_staff(town.session, actor, town.now) == [referral]
    outsiders = (town.stranger, town.member, town.other_member, town.animator, town.coordinator)
    for actor in outsiders:
        await sees_nothing(town, actor, referral)
    assert await referrals.for_staff(town.session, town.stranger, town.now) == []
    with pytest.raises(NotAllowedError):
        await referrals.for_staff(town.session, town.coordinator, town.now)


async def test_a_role_that_was_revoked_or_has_run_out_opens_nothing(town: Town) -> None:
    referral = await town.agrees()
    [role] = await roles.held(town.session, town.staff, town.now)
    await roles.revoke(town.session, town.animator, role.ref, town.now)
    await sees_nothing(town, town.staff, referral)
    [role] = await roles.held(town.session, town.colleague, town.now)
    role.until = town.now
    await sees_nothing(town, town.colleague, referral)


async def test_a_draft_is_nobody_elses_business(town: Town) -> None:
    referral = await put(town, State.DRAFT)
    await sees_nothing(town, town.staff, referral)
    assert await referrals.for_staff(town.session, town.staff, town.now) == []


async def test_when_the_agreement_ends_nothing_opens_any_more(town: Town) -> None:
    referral = await town.agrees()
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await opens(town, town.staff, referral)


@pytest.mark.parametrize("other", ["other_member", "staff", "animator"])
async def test_another_cannot_speak_for_a_member(town: Town, other: str) -> None:
    actor: Person = getattr(town, other)
    session, now = town.session, town.now
    asked = await put(town, State.NEEDS_INFORMATION)
    with pytest.raises(NotFoundError):
        await referrals.mine(session, actor, asked.ref)
    with pytest.raises(NotFoundError):
        await referrals.give(session, actor, asked.ref, now, yes=True)
    with pytest.raises(NotFoundError):
        await referrals.withdraw(session, actor, asked.ref, now)
    with pytest.raises(NotFoundError):
        await referrals.confirm(session, actor, asked.ref, now, helped=True)
    assert asked.state == State.NEEDS_INFORMATION


async def test_taking_back_every_open_request_leaves_the_others_as_they_are(town: Town) -> None:
    done = await put(town, State.CONFIRMED)
    waiting = await town.agrees(now=town.now + HOUR)
    theirs = await town.agrees(actor=town.other_member)
    assert await referrals.open_of(town.session, town.member) == [waiting]
    await referrals.withdraw_all(town.session, town.member, town.now)
    assert (waiting.state, done.state, theirs.state) == (
        State.CANCELLED,
        State.CONFIRMED,
        State.PENDING,
    )
    assert await opens(town, town.staff, waiting) == {}
    assert await referrals.for_staff(town.session, town.staff, town.now) == [theirs, done]


@pytest.mark.parametrize("at", list(State))
async def test_who_wants_to_stops_sharing_once_it_is_over_and_withdraws_before(
    town: Town, at: State
) -> None:
    referral = await put(town, at)
    if at in referrals.OPEN:
        with pytest.raises(IllegalMoveError):
            await referrals.stop_sharing(town.session, town.member, referral.ref, town.now)
        assert await referrals.shared(town.session, referral)
        return
    with pytest.raises(NotFoundError):
        await referrals.stop_sharing(town.session, town.other_member, referral.ref, town.now)
    assert await opens(town, town.staff, referral)
    await referrals.stop_sharing(town.session, town.member, referral.ref, town.now)
    assert await opens(town, town.staff, referral) == {}
    assert referral.state == at


# Asking for more


async def test_a_no_sends_the_request_back_as_it_was(town: Town) -> None:
    referral = await town.agrees(frozenset({FieldName.NAME}), "")
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.ACCOUNT, town.now)
    assert await referrals.asked_for(town.session, town.member, referral) == {
        FieldName.ACCOUNT: "@user_10"
    }
    await referrals.give(town.session, town.member, referral.ref, town.now, yes=False)
    assert (referral.state, referral.asked_field) == (State.PENDING, None)
    assert await referrals.asked_for(town.session, town.member, referral) == {}
    assert await opens(town, town.staff, referral) == {FieldName.NAME: "Person 10"}


async def test_what_is_shared_already_cannot_be_asked_for(town: Town) -> None:
    referral = await town.agrees(note="")
    with pytest.raises(NotUnderstoodError):
        await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.NAME, town.now)
    assert referral.state == State.PENDING


@pytest.mark.parametrize("side", ["member", "staff"])
async def test_nobody_settles_their_own_dispute_while_another_animator_is_there(
    town: Town, side: str
) -> None:
    referral = await put(town, State.DISPUTED)
    actor = getattr(town, side)
    town.session.add(Role(person_id=actor.id, name=RoleName.ANIMATOR, granted_at=town.now))
    await town.session.flush()
    with pytest.raises(NotAllowedError):
        await referrals.resolve(town.session, actor, referral.ref, town.now, delivered=True)
    assert referral.state == State.DISPUTED
    await town.session.execute(delete(Role).where(Role.person_id == town.animator.id))
    settled = await referrals.resolve(town.session, actor, referral.ref, town.now, delivered=True)
    assert settled.state == State.RESOLVED


async def test_words_for_one_question_give_no_answer_to_another(town: Town) -> None:
    referral = await town.agrees(frozenset({FieldName.NAME}), NOTE)
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.LANGUAGE, town.now)
    with pytest.raises(ChangedError):
        await referrals.give(
            town.session, town.member, referral.ref, town.now, yes=True, note="0470 12 34 56"
        )
    assert referral.state == State.NEEDS_INFORMATION
    assert FieldName.LANGUAGE not in await referrals.shared(town.session, referral)


async def test_a_note_can_be_asked_for_again_and_grows(town: Town) -> None:
    referral = await town.agrees(frozenset({FieldName.NAME}), NOTE)
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.NOTE, town.now)
    with pytest.raises(NotUnderstoodError):
        await referrals.give(
            town.session, town.member, referral.ref, town.now, yes=True, note="x" * 2000
        )
    await referrals.give(
        town.session, town.member, referral.ref, town.now, yes=True, note=" 0470 12 34 56 "
    )
    assert referral.state == State.PENDING
    assert await opens(town, town.staff, referral) == {
        FieldName.NAME: "Person 10",
        FieldName.NOTE: f"{NOTE}\n0470 12 34 56",
    }


@pytest.mark.parametrize("step", ["decline", "fail"])
async def test_a_no_of_the_provider_needs_its_reason(town: Town, step: str) -> None:
    referral = await put(town, State.PENDING if step == "decline" else State.ACCEPTED)
    with pytest.raises(NotUnderstoodError):
        await referrals.answer(town.session, town.staff, referral.ref, step, town.now)
    await referrals.answer(
        town.session, town.staff, referral.ref, step, town.now, reason=Reason.NO_CAPACITY
    )
    assert referral.reason == Reason.NO_CAPACITY
    reason = await town.session.scalar(select(Step.reason).order_by(Step.id.desc()).limit(1))
    assert reason == Reason.NO_CAPACITY


async def test_a_step_that_does_not_exist_is_not_taken(town: Town) -> None:
    referral = await town.agrees()
    with pytest.raises(NotFoundError):
        await referrals.answer(town.session, town.staff, referral.ref, "reroute", town.now)


# Who is told


async def test_each_side_is_told_what_the_other_did_once_and_nothing_personal(
    town: Town,
) -> None:
    told: list[tuple[str, int | None]] = []

    async def new() -> list[tuple[str, int | None]]:
        rows = await town.session.scalars(
            select(Delivery).where(Delivery.kind != "team_notice").order_by(Delivery.id)
        )
        every = [(row.kind, row.person_id) for row in rows]
        fresh = every[len(told) :]
        told[:] = every
        return sorted(fresh, key=str)

    me = town.member.id
    to_staff = [("provider_notice", town.staff.id), ("provider_notice", town.colleague.id)]
    referral = await town.agrees(frozenset({FieldName.NAME}))
    assert await new() == to_staff
    for _press in range(2):
        await _ask(town, referral)
    assert await new() == [("referral_step", me)]
    await _give(town, referral)
    assert await new() == to_staff
    for step in ("accept", "begin"):
        for _press in range(2):
            await town.answers(referral, step)
        assert await new() == [("referral_step", me)]
    for _press in range(2):
        await town.answers(referral, "complete")
    assert await new() == [("referral_outcome", me)]
    await _says(False)(town, referral)
    assert await new() == to_staff
    await _resolve(town, referral)
    assert await new() == [*to_staff, ("referral_step", me)]
    for row in await town.session.scalars(select(Delivery)):
        assert {**row.args, "what": ""} == {"ref": referral.ref, "what": ""}


async def test_every_question_and_every_answer_is_told_even_if_the_clock_stands_still(
    town: Town,
) -> None:
    referral = await town.agrees(frozenset({FieldName.NAME}))
    for _time in range(3):
        await _ask(town, referral)
        await referrals.give(town.session, town.member, referral.ref, town.now, yes=False)
    assert len(await town.owed("referral_step")) == 3
    assert len(await town.owed("provider_notice")) == 4 * 2


# The outcome


async def completed(town: Town) -> Referral:
    referral = await town.agrees()
    await town.answers(referral, "accept", "begin", "complete")
    return referral


async def test_the_member_is_asked_at_once_and_after_a_week_and_then_it_stays_unconfirmed(
    town: Town,
) -> None:
    referral = await completed(town)
    done = town.now
    assert len(await town.owed("referral_outcome")) == 1
    second = timedelta(seconds=1)
    for later, asked, state, following in (
        (7 * DAY - second, 1, State.COMPLETED, done + 7 * DAY),
        (7 * DAY, 2, State.COMPLETED, done + 14 * DAY),
        (7 * DAY, 2, State.COMPLETED, done + 14 * DAY),
        (14 * DAY - second, 2, State.COMPLETED, done + 14 * DAY),
        (14 * DAY, 2, State.UNCONFIRMED, None),
        (99 * DAY, 2, State.UNCONFIRMED, None),
    ):
        await referrals.ring(town.session, done + later, PARIS)
        await town.session.refresh(referral)
        assert len(await town.owed("referral_outcome")) == asked
        assert referral.state == state
        assert await referrals.next_ring(town.session) == following
    await _says(True)(town, referral)
    assert referral.state == State.CONFIRMED


async def test_after_an_outage_of_three_weeks_the_member_has_two_more_to_speak(town: Town) -> None:
    referral = await completed(town)
    for later, asked, state in (
        (21, 1, State.COMPLETED),
        (28, 2, State.COMPLETED),
        (35, 2, State.UNCONFIRMED),
    ):
        await referrals.ring(town.session, town.now + later * DAY, PARIS)
        assert referral.state == state
        assert len(await town.owed("referral_outcome")) == asked


async def test_who_has_spoken_is_not_asked_again(town: Town) -> None:
    referral = await completed(town)
    await _says(True)(town, referral)
    assert await referrals.ring(town.session, town.now + 14 * DAY, PARIS) == 0
    assert referral.state == State.CONFIRMED
    assert len(await town.owed("referral_outcome")) == 1


@pytest.mark.parametrize("delivered", [True, False])
async def test_a_dispute_goes_to_the_animators_who_settle_it_either_way(
    town: Town, delivered: bool
) -> None:
    session, now = town.session, town.now
    referral = await completed(town)
    with pytest.raises(NotFoundError):
        await referrals.disputed(session, town.animator, referral.ref, now)
    for _press in range(2):
        await _says(False)(town, referral)
    [notice] = await town.owed("team_notice")
    assert notice.person_id == town.animator.id
    assert notice.args == {"what": "dispute", "ref": referral.ref}
    for actor in (town.coordinator, town.staff, town.member):
        with pytest.raises(NotAllowedError):
            await referrals.disputed(session, actor, referral.ref, now)
        with pytest.raises(NotAllowedError):
            await referrals.resolve(session, actor, referral.ref, now, delivered=True)
    assert await referrals.disputed(session, town.animator, referral.ref, now) == (
        referral,
        town.member,
    )
    await referrals.resolve(session, town.animator, referral.ref, now, delivered=delivered)
    await referrals.resolve(session, town.animator, referral.ref, now, delivered=not delivered)
    assert (referral.state, referral.delivered) == (State.RESOLVED, delivered)


async def test_a_request_sets_its_member_on_the_way_through_the_steps(town: Town) -> None:
    await town.agrees()
    assert await providers.next_nudge(town.session) == town.now + 7 * DAY
