"""Hand-over plans: nothing passes to a member without their yes; they end in a role that ends."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    bridge,
    deliveries,
    erasure,
    handing_over,
    hosting,
    people,
    providers,
    roles,
    today,
    transfers,
)
from community.conversations import Conversation
from community.deliveries import Delivery
from community.errors import (
    IllegalMoveError,
    InUseError,
    LinkRefusedError,
    NotAllowedError,
    NotFoundError,
    TooLateError,
)
from community.events import State as Planned
from community.people import Person
from community.roles import Role, RoleName
from community.series import Every, Series
from community.transfers import Does, State, Transfer
from tests.community.test_hosting import a_member
from tests.community.test_roles import an_area, an_event, holding

UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)


async def a_plan(
    session: AsyncSession, boss: Person, member: Person, now: datetime, *, takes: bool = True
) -> Transfer:
    """Let a member learn to moderate, and say yes."""
    role = RoleName.MODERATOR
    made = await transfers.start(session, boss, member.ref, role, 3, now, UTC)
    if takes:
        await transfers.answer(session, member, made.ref, now, takes=True)
    return made


async def owed(session: AsyncSession, person: Person) -> list[tuple[str, datetime]]:
    """Return what somebody is still owed about plans, and when."""
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.person_id == person.id, Delivery.state == deliveries.State.QUEUED)
        .order_by(Delivery.due_at, Delivery.id)
    )
    return [(str(row.args.get("became") or row.args["what"]), row.due_at) for row in rows]


async def test_a_plan_ends_in_a_role_that_ends_and_begins_with_the_members_yes(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    plan = await a_plan(session, boss, member, now, takes=False)
    assert await a_plan(session, boss, member, now, takes=False) is plan, "twice is once"
    with pytest.raises(IllegalMoveError):
        await transfers.finish(session, boss, plan.ref, now)
    first = (await transfers.steps(session, plan))[0]
    with pytest.raises(IllegalMoveError):
        await transfers.tick(session, member, first.ref, now, done=True)
    with pytest.raises(NotFoundError):
        await transfers.answer(session, boss, plan.ref, now, takes=True)

    await transfers.answer(session, member, plan.ref, now, takes=True)
    with pytest.raises(IllegalMoveError):
        await transfers.answer(session, member, plan.ref, now, takes=False)
    for step in await transfers.steps(session, plan):
        await transfers.tick(session, member, step.ref, now, done=True)
    assert not await roles.holds(session, member, RoleName.MODERATOR, now)
    with pytest.raises(NotAllowedError):
        await transfers.finish(session, member, plan.ref, now)
    later = now + 40 * DAY
    await transfers.finish(session, boss, plan.ref, later)
    assert await bridge.reported(session, member, later) == []
    assert await roles.holds(session, member, RoleName.MODERATOR, later + 89 * DAY)
    assert not await roles.holds(session, member, RoleName.MODERATOR, later + 90 * DAY)
    with pytest.raises(IllegalMoveError):
        await transfers.end(session, member, plan.ref, later)


async def test_a_plan_that_nobody_answers_is_none_after_a_week(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    plan = await a_plan(session, boss, member, now, takes=False)
    assert await transfers.of(session, member, now + 6 * DAY) == [plan]
    assert await transfers.of(session, member, now + 7 * DAY) == []
    with pytest.raises(IllegalMoveError):
        await transfers.answer(session, member, plan.ref, now + 7 * DAY, takes=True)


async def test_either_of_the_two_ends_it_and_the_other_is_told(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    one, other = await a_member(session, 2, now), await a_member(session, 3, now)
    plan = await a_plan(session, boss, one, now)
    with pytest.raises(NotAllowedError):
        await transfers.end(session, other, plan.ref, now)
    await transfers.end(session, one, plan.ref, now)
    assert [what for what, _at in await owed(session, boss)] == ["agreed", "ended"]
    again = await a_plan(session, boss, one, now)
    await transfers.end(session, boss, again.ref, now)
    assert "ended" in [what for what, _at in await owed(session, one)]
    said_no = await a_plan(session, boss, other, now, takes=False)
    await transfers.end(session, other, said_no.ref, now)
    assert [plan.state, again.state, said_no.state] == [State.ENDED, State.ENDED, State.DECLINED]
    assert await transfers.every(session, boss, now) == []


async def test_a_step_is_on_today_when_it_is_due_and_the_member_is_told_that_morning(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    other = await holding(session, 3, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    plan = await a_plan(session, boss, member, now)
    midnight = (now + 5 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    step = await transfers.add_step(
        session, boss, plan.ref, "Meet the team", Does.MEMBER, midnight, now
    )
    morning = midnight - timedelta(hours=16)
    assert ("step", morning) in await owed(session, member)

    async def due(person: Person, at: datetime) -> list[str]:
        found = await today.look(session, person, at, now, network_language="en")
        return [one.what for one in found.steps]

    assert await due(boss, midnight - DAY) == []
    assert await due(boss, midnight) == ["Meet the team"]
    assert await due(other, midnight) == []
    moved = await transfers.move_step(session, boss, step.ref, midnight + DAY, now)
    told = await owed(session, member)
    assert ("step", morning) not in told
    assert ("step", morning + DAY) in told
    await transfers.tick(session, member, moved.ref, now, done=True)
    assert ("step", morning + DAY) not in await owed(session, member)
    assert await due(boss, midnight + DAY) == []

    owned = await handing_over.owned(session, boss, now)
    await handing_over.hand_over(session, boss, other.ref, owned.seal, now)
    assert plan.owner_id == other.id
    (await roles.held(session, other, now))[0].revoked_at = now
    await session.flush()
    assert await transfers.mentors(session, [plan], now) == {}, "whoever animates no more"
    late = midnight + 60 * DAY
    assert len(await due(boss, late)) == len(transfers.BEGINS_WITH), "so that nobody misses it"


async def test_an_event_passes_until_a_week_after_it_and_not_once_it_is_cancelled(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    one, other = await a_member(session, 2, now), await a_member(session, 3, now)
    event = await an_event(session, now)
    host = RoleName.CO_HOST
    plans = [
        await transfers.start(session, boss, who.ref, host, 0, now, UTC, event_ref=event.ref)
        for who in (one, other)
    ]
    last = (await transfers.steps(session, plans[0]))[-1]
    assert now < last.due_at <= event.ends_at + DAY
    for who, plan in zip((one, other), plans, strict=True):
        await transfers.answer(session, who, plan.ref, now, takes=True)
    await transfers.finish(session, boss, plans[0].ref, now)
    assert await hosting.hosted(session, one, now) == [event]
    assert [role.until for role in await roles.held(session, one, now)] == [event.hosted_until]
    event.state = Planned.CANCELLED
    await session.flush()
    with pytest.raises(TooLateError):
        await transfers.finish(session, boss, plans[1].ref, now)
    with pytest.raises(TooLateError):
        await transfers.start(session, boss, other.ref, host, 0, now, UTC, event_ref=event.ref)


async def test_who_hosts_a_series_hosts_each_of_its_dates_and_no_other_event(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    begins = (now + DAY).replace(tzinfo=None)
    facts = {"starts_wall": begins, "zone": "UTC", "made_until": begins.date(), "made_at": now}
    series = Series(every=Every.WEEK, **facts)
    session.add(series)
    await session.flush()
    dates = [
        await an_event(session, now, series_id=series.id, series_day=(now + n * DAY).date())
        for n in (1, 8)
    ]
    apart = await an_event(session, now)
    plan = await transfers.start(
        session,
        boss,
        member.ref,
        RoleName.CO_HOST,
        1,
        now,
        UTC,
        event_ref=dates[0].ref,
        whole=True,
    )
    await transfers.answer(session, member, plan.ref, now, takes=True)
    await transfers.finish(session, boss, plan.ref, now)
    assert await hosting.hosted(session, member, now) == dates
    assert await hosting.hosts_of(session, dates[1], now) == [member]
    with pytest.raises(NotAllowedError):
        await roles.require_host(session, member, apart, now)
    assert await roles.require_host(session, member, dates[1], now)
    with pytest.raises(NotAllowedError):
        await roles.require_host(session, member, dates[1], now + 30 * DAY)


async def test_what_passes_is_what_an_animator_may_grant_and_only_to_a_member(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member, visitor = await a_member(session, 2, now), await people.meet(session, 3, now, name="V")
    area, event = await an_area(session, now), await an_event(session, now)
    for role, there, around in (
        (RoleName.ANIMATOR, "", ""),
        (RoleName.CO_HOST, "", ""),
        (RoleName.CO_HOST, "", area.ref),
        (RoleName.MODERATOR, event.ref, ""),
    ):
        with pytest.raises(NotAllowedError):
            await transfers.start(
                session, boss, member.ref, role, 1, now, UTC, event_ref=there, area_ref=around
            )
    for nobody in (visitor, boss):
        with pytest.raises(NotFoundError):
            await a_plan(session, boss, nobody, now)
    plan = await a_plan(session, boss, member, now)
    (await roles.held(session, boss, now))[0].until = now + 10 * DAY
    await session.flush()
    await transfers.finish(session, boss, plan.ref, now)
    (role_,) = await roles.held(session, member, now)
    assert role_.until == now + 10 * DAY, "not longer than the animator's own right"


async def test_members_are_found_by_a_part_of_their_name_in_any_script(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    member.name = "Олена Ivanova"
    await session.flush()
    for words in ("олен", "Олена", "ivan", " IVANOVA "):
        assert await transfers.find_members(session, boss, words, now) == [member]
    assert await transfers.find_members(session, boss, "%", now) == []
    assert await transfers.find_members(session, boss, "Person 1", now) == [], "of the team"


async def test_a_plan_goes_with_the_member_and_stands_in_what_they_take_along(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    plan = await a_plan(session, boss, member, now)
    told = await erasure.export(session, member)
    assert [row["name"] for row in told["transfers"]] == ["moderator"]
    assert len(told["transfer_steps"]) == len(transfers.BEGINS_WITH)
    await erasure.erase(session, member, now, b"x" * 32)
    assert await session.scalar(select(Transfer).where(Transfer.id == plan.id)) is None


async def test_leaving_ends_the_plans_and_what_a_member_was_entrusted_with(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    event, area = await an_event(session, now), await an_area(session, now)
    for facts in (
        {"name": RoleName.CO_HOST, "event_id": event.id},
        {"name": RoleName.COMMUNITY_LEAD, "area_id": area.id},
        {"name": RoleName.TRANSLATOR},
    ):
        session.add(Role(person_id=member.id, granted_at=now, **facts))
    other = await an_event(session, now)
    offer = await roles.offer(
        session, boss, member, RoleName.CO_HOST, now, event_id=other.id, until=other.hosted_until
    )
    plan = await a_plan(session, boss, member, now)
    await people.leave(session, member, now)
    await transfers.leave(session, member, now)
    assert plan.state == State.ENDED
    assert [one.name for one in await roles.held(session, member, now)] == [RoleName.TRANSLATOR]
    assert "step" not in [what for what, _at in await owed(session, member)]
    assert "ended" in [what for what, _at in await owed(session, boss)]
    with pytest.raises(LinkRefusedError):
        await roles.answer_offer(session, member, offer.ref, now, takes=True)


async def test_who_has_stopped_is_asked_for_nothing_new(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    await people.stop(session, member, now)
    with pytest.raises(NotFoundError):
        await a_plan(session, boss, member, now)


async def test_an_area_of_which_a_plan_tells_is_closed_and_not_removed(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    clerk = await holding(session, 3, now, RoleName.COORDINATOR)
    member, area = await a_member(session, 2, now), await an_area(session, now)
    lead = RoleName.COMMUNITY_LEAD
    await transfers.start(session, boss, member.ref, lead, 3, now, UTC, area_ref=area.ref)
    assert await providers.area_is_used(session, area)
    with pytest.raises(InUseError):
        await providers.remove_area(session, clerk, area.ref, now)
    empty = await an_area(session, now)
    await providers.remove_area(session, clerk, empty.ref, now)


async def test_a_plan_is_for_a_year_at_most(session: AsyncSession, now: datetime) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    for months in (-1, 0, 13, 10**7):
        with pytest.raises(NotAllowedError):
            await transfers.start(session, boss, member.ref, RoleName.MODERATOR, months, now, UTC)


async def test_a_half_written_step_about_an_erased_member_is_emptied(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member, other = await a_member(session, 2, now), await a_member(session, 3, now)
    plan, kept = [await a_plan(session, boss, who, now) for who in (member, other)]
    refs = [plan.ref, (await transfers.steps(session, plan))[0].ref, kept.ref]
    session.add_all(
        Conversation(telegram_id=number, state="form", data={"ref": ref}, touched_at=now)
        for number, ref in enumerate(refs, 900)
    )
    await session.flush()
    await erasure.erase(session, member, now, b"x" * 32)
    rows = await session.scalars(select(Conversation).order_by(Conversation.telegram_id))
    assert [one.data for one in rows] == [{}, {}, {"ref": kept.ref}]


async def test_an_offered_plan_goes_along_when_an_animator_hands_over(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    other = await holding(session, 3, now, RoleName.ANIMATOR)
    plan = await a_plan(session, boss, await a_member(session, 2, now), now, takes=False)
    owned = await handing_over.owned(session, boss, now)
    assert list(owned.plans) == [plan]
    assert not (await handing_over.owned(session, boss, now + 7 * DAY)).plans, "it is too old"
    await handing_over.hand_over(session, boss, other.ref, owned.seal, now)
    assert plan.owner_id == other.id


async def test_the_team_is_told_of_each_role_that_ends_because_a_member_leaves(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    await roles.grant(session, member, RoleName.MODERATOR, {}, boss, now + DAY, now)
    await people.leave(session, member, now)
    for _again in range(2):
        await transfers.leave(session, member, now)
    told = await session.scalars(select(Delivery).where(Delivery.kind == "team_notice"))
    about = [(one.person_id, one.args["what"]) for one in told if one.subject_id is not None]
    assert about == [(boss.id, "role_left")]


async def test_a_plan_is_cut_short_only_by_a_right_that_ends_before_it(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    member = await a_member(session, 2, now)
    plan = await a_plan(session, boss, member, now)
    assert await transfers.cut_short(session, boss, plan, now) is None, "it has no end"
    assert await transfers.cut_short(session, member, plan, now) is None, "no right to grant it"
    months = timedelta(days=30 * plan.months)
    (right,) = await roles.held(session, boss, now)
    right.until = now + months
    await session.flush()
    assert await transfers.cut_short(session, boss, plan, now) is None
    right.until = now + months - timedelta(seconds=1)
    await session.flush()
    assert await transfers.cut_short(session, boss, plan, now) == right.until
