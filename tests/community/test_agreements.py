"""Agreements: what may follow what, who says so, and when personal data may go."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements
from community.agreements import AGREEMENT, Agreement, State
from community.errors import IllegalMoveError, NoAgreementError, NotAllowedError, NotFoundError
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from community.roles import Role, RoleName
from tests.agreeing import agreed

ID, C, N, S, A, E, D = (
    State.IDENTIFIED,
    State.CONTACTED,
    State.NEGOTIATING,
    State.SIGNED,
    State.ACTIVE,
    State.ENDED,
    State.DROPPED,
)


def is_by_date(to: State, by: Who) -> bool:
    return (to, by) == (State.ENDED, Who.CLOCK)


STEPS = {ID: {C, D}, C: {N, D}, N: {S, D}, S: {A, D}, A: {E}}
"""DESIGN, lifecycles: agreement."""


async def a_person(
    session: AsyncSession, number: int, now: datetime, role: RoleName | None = None
) -> Person:
    person = Person(telegram_id=number, met_at=now)
    session.add(person)
    await session.flush()
    if role:
        session.add(Role(person_id=person.id, name=role, granted_at=now))
        await session.flush()
    return person


async def an_organization(session: AsyncSession, now: datetime) -> Organization:
    organization = Organization(made_at=now)
    session.add(organization)
    await session.flush()
    return organization


async def an_agreement(session: AsyncSession, now: datetime, at: State) -> Agreement:
    organization = await an_organization(session, now)
    agreement = Agreement(organization_id=organization.id, state=at, since=now)
    session.add(agreement)
    await session.flush()
    return agreement


@pytest.mark.parametrize("at", list(State))
async def test_an_agreement_takes_the_steps_of_the_design_and_no_others(
    session: AsyncSession, now: datetime, at: State
) -> None:
    for to in State:
        for by in Who:
            agreement = await an_agreement(session, now, at)
            if to == at:
                assert not await AGREEMENT.move(session, agreement, to, by, now)
            elif to in STEPS.get(at, set()) and (by == Who.COORDINATOR or is_by_date(to, by)):
                assert await AGREEMENT.move(session, agreement, to, by, now)
                await session.refresh(agreement)
                assert agreement.state == to
            else:
                with pytest.raises(IllegalMoveError):
                    await AGREEMENT.move(session, agreement, to, by, now)
                await session.refresh(agreement)
                assert agreement.state == at


@pytest.mark.parametrize("at", list(State))
async def test_personal_data_may_go_while_an_agreement_is_active_and_only_then(
    session: AsyncSession, now: datetime, at: State
) -> None:
    agreement = await an_agreement(session, now, at)
    other = await an_organization(session, now)
    assert await agreements.is_active(session, agreement.organization_id, now) == (at == A)
    assert not await agreements.is_active(session, other.id, now)


async def walked(session: AsyncSession, agreement: Agreement) -> list[str]:
    return list(
        await session.scalars(
            select(Step.after)
            .where(Step.subject == "agreement", Step.subject_id == agreement.id)
            .order_by(Step.id)
        )
    )


async def test_activating_walks_every_step_and_pressing_twice_walks_once(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    organization = await an_organization(session, now)
    first = await agreed(session, boss, organization.ref, now)
    later = now + timedelta(days=1)
    assert await agreed(session, boss, organization.ref, later) == first
    assert await walked(session, first) == [C, N, S, A]
    assert (first.state, first.since) == (A, now)


@pytest.mark.parametrize("at", [ID, C, N, S])
async def test_activating_goes_on_from_where_the_agreement_stands(
    session: AsyncSession, now: datetime, at: State
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    agreement = await an_agreement(session, now, at)
    organization = await session.get_one(Organization, agreement.organization_id)
    await agreed(session, boss, organization.ref, now)
    order = [ID, C, N, S, A]
    assert await walked(session, agreement) == order[order.index(at) + 1 :]


async def test_an_agreement_ends_and_another_can_follow(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    organization = await an_organization(session, now)
    first = await agreed(session, boss, organization.ref, now)
    await agreements.end(session, boss, organization.ref, now)
    assert first.state == E
    assert not await agreements.is_active(session, organization.id, now)
    with pytest.raises(NoAgreementError):
        await agreements.end(session, boss, organization.ref, now)
    second = await agreed(session, boss, organization.ref, now)
    assert second != first
    assert await agreements.is_active(session, organization.id, now)


@pytest.mark.parametrize("at", [ID, C, N, S])
async def test_what_has_not_been_active_does_not_end(
    session: AsyncSession, now: datetime, at: State
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    agreement = await an_agreement(session, now, at)
    organization = await session.get_one(Organization, agreement.organization_id)
    with pytest.raises(IllegalMoveError):
        await agreements.end(session, boss, organization.ref, now)


@pytest.mark.parametrize("role", [None, *(r for r in RoleName if r != RoleName.COORDINATOR)])
async def test_nobody_but_a_coordinator_has_a_say(
    session: AsyncSession, now: datetime, role: RoleName | None
) -> None:
    other = await a_person(session, 2, now, role)
    organization = await an_organization(session, now)
    with pytest.raises(NotAllowedError):
        await agreed(session, other, organization.ref, now)
    with pytest.raises(NotAllowedError):
        await agreements.end(session, other, organization.ref, now)
    assert not await agreements.is_active(session, organization.id, now)


async def test_there_is_no_agreement_with_an_organisation_that_does_not_exist(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    with pytest.raises(NotFoundError):
        await agreed(session, boss, "nothing", now)
