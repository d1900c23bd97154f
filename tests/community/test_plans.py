"""The shared plan: what may follow what, who says so, what comes first, who is reminded."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import plans
from community.deliveries import Delivery
from community.errors import IllegalMoveError, NotAllowedError, NotUnderstoodError
from community.lifecycle import Who
from community.plans import PLAN, Owner, Priority, State, Task
from community.roles import Role, RoleName
from tests.community.test_agreements import a_person, an_organization

P, U, D, X = State.PLANNED, State.UNDER_WAY, State.DONE, State.DROPPED
STEPS = {P: {U, D, X}, U: {P, D, X}, D: {U}, X: {P}}
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ROLES = [None, *RoleName]


async def a_task(session: AsyncSession, now: datetime, at: State = P) -> Task:
    organization = await an_organization(session, now)
    task = Task(organization_id=organization.id, what="Write", state=at, since=now)
    session.add(task)
    await session.flush()
    return task


@pytest.mark.parametrize("at", list(State))
async def test_a_task_takes_the_steps_of_its_table_and_no_others(
    session: AsyncSession, now: datetime, at: State
) -> None:
    for to in State:
        for by in Who:
            task = await a_task(session, now, at)
            if to == at:
                assert not await PLAN.move(session, task, to, by, now)
            elif to in STEPS[at] and by == Who.COORDINATOR:
                assert await PLAN.move(session, task, to, by, now)
            else:
                with pytest.raises(IllegalMoveError):
                    await PLAN.move(session, task, to, by, now)


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("role", ROLES)
async def test_only_coordinators_say_how_far_a_task_is(
    session: AsyncSession, now: datetime, at: State, role: RoleName | None
) -> None:
    actor = await a_person(session, 1, now, role)
    for to in State:
        task = await a_task(session, now, at)
        if role != RoleName.COORDINATOR:
            with pytest.raises(NotAllowedError):
                await plans.move(session, actor, task.ref, to, now)
        elif to in STEPS[at] or to == at:
            assert (await plans.move(session, actor, task.ref, to, now)).state == to
        else:
            with pytest.raises(IllegalMoveError):
                await plans.move(session, actor, task.ref, to, now)


@pytest.mark.parametrize("role", [role for role in ROLES if role != RoleName.COORDINATOR])
async def test_nobody_else_sees_or_writes_the_plan(
    session: AsyncSession, now: datetime, role: RoleName | None
) -> None:
    other = await a_person(session, 1, now, role)
    task = await a_task(session, now)
    organization = await an_organization(session, now)
    for verb in (
        plans.tasks(session, other, now),
        plans.opened(session, other, task.ref, now),
        plans.add(session, other, organization.ref, now, what="Write"),
        plans.change(session, other, task.ref, now, what="Read"),
    ):
        with pytest.raises(NotAllowedError):
            await verb


async def test_what_is_overdue_comes_first_and_what_is_settled_last(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    ours = await an_organization(session, now)
    theirs = await an_organization(session, now)
    made = {}
    for what, ref, due, priority in (
        ("no day", ours.ref, None, Priority.HIGH),
        ("later", theirs.ref, now + 9 * DAY, Priority.HIGH),
        ("soon, less", ours.ref, now + DAY, Priority.LOW),
        ("soon, much", theirs.ref, now + DAY, Priority.HIGH),
        ("overdue", ours.ref, now - DAY, Priority.LOW),
        ("done", ours.ref, now - 2 * DAY, Priority.HIGH),
    ):
        task = await plans.add(session, boss, ref, now, what=what, due_at=due, priority=priority)
        made[what] = task
    await plans.move(session, boss, made["done"].ref, D, now)
    found = [task.what for task in await plans.tasks(session, boss, now)]
    assert found == ["overdue", "soon, much", "soon, less", "later", "no day", "done"]
    own = await plans.tasks(session, boss, now, organization_ref=theirs.ref)
    assert [task.what for task in own] == ["soon, much", "later"]


async def told(session: AsyncSession) -> list[int | None]:
    rows = await session.scalars(
        select(Delivery.person_id).where(Delivery.kind == "team_notice").order_by(Delivery.id)
    )
    return list(rows)


@pytest.mark.parametrize("owner", list(Owner))
async def test_its_owner_is_reminded_a_week_before_and_when_it_is_over_else_all_coordinators(
    session: AsyncSession, now: datetime, owner: Owner
) -> None:
    me = await a_person(session, 1, now, RoleName.COORDINATOR)
    other = await a_person(session, 2, now, RoleName.COORDINATOR)
    ours = await an_organization(session, now)
    due = now + 20 * DAY
    await plans.add(session, me, ours.ref, now, what="Write", owner=owner, due_at=due)
    readers = [me.id] if owner == Owner.PERSON else [me.id, other.id]
    for number, moment in enumerate((due - 7 * DAY, due), start=1):
        assert await plans.next_due(session) == moment
        assert await plans.remind(session, moment - SECOND) == 0
        assert await plans.remind(session, moment) == len(readers)
        assert await plans.remind(session, moment) == 0
        assert await told(session) == readers * number
    assert await plans.next_due(session) is None


async def test_whoever_is_no_coordinator_any_more_leaves_the_reminder_to_the_others(
    session: AsyncSession, now: datetime
) -> None:
    me = await a_person(session, 1, now, RoleName.COORDINATOR)
    other = await a_person(session, 2, now, RoleName.COORDINATOR)
    ours = await an_organization(session, now)
    due = now + 20 * DAY
    await plans.add(session, me, ours.ref, now, what="Write", owner=Owner.PERSON, due_at=due)
    role = (await session.scalars(select(Role).where(Role.person_id == me.id))).one()
    role.revoked_at = now
    await session.flush()
    assert await plans.remind(session, due) == 1
    assert await told(session) == [other.id]


@pytest.mark.parametrize("at", [D, X])
async def test_of_what_is_settled_nobody_is_reminded(
    session: AsyncSession, now: datetime, at: State
) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    ours = await an_organization(session, now)
    task = await plans.add(session, boss, ours.ref, now, what="Write", due_at=now + 20 * DAY)
    await plans.move(session, boss, task.ref, at, now)
    assert await plans.remind(session, now + 30 * DAY) == 0
    assert await plans.next_due(session) is None


async def test_a_task_needs_words_and_not_too_many(session: AsyncSession, now: datetime) -> None:
    boss = await a_person(session, 1, now, RoleName.COORDINATOR)
    ours = await an_organization(session, now)
    for what in ("", "   ", "x" * (plans.TEXT_LIMIT + 1)):
        with pytest.raises(NotUnderstoodError):
            await plans.add(session, boss, ours.ref, now, what=what)
