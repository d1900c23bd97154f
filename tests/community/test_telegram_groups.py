"""Groups: which events are for which, who is let in, and what is kept of whom."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import cohorts, deliveries, erasure, events, groups, live, people, retention, sends
from community.areas import Area
from community.deliveries import Delivery
from community.errors import IllegalMoveError, NotAllowedError, NotUnderstoodError
from community.events import Event
from community.groups import Applicant, Group, Kind, State
from community.live import LiveMessage
from community.needs import Need
from community.people import Person
from tests.community.test_attendance import a_member, an_animator, an_event
from tests.community.test_cohorts import a_cohort, say_yes

CHAT = -1_001_234_567_890


async def a_group(
    session: AsyncSession, animator: Person, now: datetime, chat_id: int = CHAT
) -> Group:
    group = await groups.link(session, animator, chat_id, Kind.GROUP, "Café", now)
    return await groups.change(session, animator, group.ref, "language", "fr", now)


async def posted(session: AsyncSession) -> list[Delivery]:
    query = select(Delivery).where(Delivery.kind == groups.CARD).order_by(Delivery.id)
    return list((await session.scalars(query.execution_options(populate_existing=True))).all())


async def test_a_group_gets_what_is_for_its_area_and_kind_and_nothing_for_some_alone(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)

    async def fits() -> bool:
        return bool(await groups.for_event(session, animator, event.ref, now))

    assert await fits()
    await groups.change(session, animator, group.ref, "kind", "training", now)
    assert not await fits()
    with pytest.raises(NotUnderstoodError):
        await groups.post(session, animator, event.ref, group.ref, now)
    await groups.change(session, animator, group.ref, "kind", "", now)
    event.need = Need.TAX
    await session.flush()
    assert not await fits()
    event.need = None
    await session.flush()
    assert await groups.post(session, animator, event.ref, group.ref, now)
    assert not await groups.post(session, animator, event.ref, group.ref, now), "it is there"
    assert len(await posted(session)) == 1
    with pytest.raises(NotUnderstoodError):
        await groups.change(session, animator, group.ref, "admits", "nobody", now)


async def test_a_group_of_an_area_gets_what_is_in_the_areas_within_it_and_not_the_other_way_round(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    city, other = [Area(zone="Europe/Paris", made_at=now) for _ in range(2)]
    session.add_all([city, other])
    await session.flush()
    quarter = Area(zone="Europe/Paris", parent_id=city.id, made_at=now)
    session.add(quarter)
    await session.flush()
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    fits = {
        (city, quarter): True,
        (city, city): True,
        (quarter, quarter): True,
        (quarter, city): False,
        (other, quarter): False,
        (city, None): False,
        (None, quarter): True,
    }
    for (of_group, of_event), expected in fits.items():
        group.area_id = of_group.id if of_group else None
        event.area_id = of_event.id if of_event else None
        await session.flush()
        found = await groups.for_event(session, animator, event.ref, now)
        assert [one for one, _fate in found] == [group] * expected
    group.area_id, event.area_id = city.id, quarter.id
    await session.flush()
    assert await groups.post(session, animator, event.ref, group.ref, now)


async def test_the_group_of_a_course_gets_its_events_alone_and_lets_in_who_belongs_to_it(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group, others = [await a_group(session, animator, now, CHAT - n) for n in range(2)]
    cohort, elsewhere = [await a_cohort(session, animator, now) for _course in range(2)]
    event = await an_event(session, animator, now)

    async def fits() -> list[Group]:
        return [one for one, _fate in await groups.for_event(session, animator, event.ref, now)]

    async def is_let_in(person: Person, number: int) -> bool:
        return await groups.ask(session, group, number, person, now)

    await groups.change(session, animator, group.ref, "course", cohort.ref, now)
    assert await fits() == [others], "it is for everybody"
    await sends.mean_for(session, animator, event.ref, now, cohort=elsewhere.ref)
    assert await fits() == []
    await sends.mean_for(session, animator, event.ref, now, cohort=cohort.ref)
    assert await fits() == [group]
    with pytest.raises(NotUnderstoodError):
        await groups.post(session, animator, event.ref, others.ref, now)
    assert await groups.post(session, animator, event.ref, group.ref, now)
    assert [one.args for one in await posted(session)] == [{"ref": event.ref, "group": group.ref}]
    assert await groups.may_read(session, event, group.ref)
    assert not await groups.may_read(session, event, others.ref)
    assert not await groups.may_read(session, event, "")

    members = [await a_member(session, number, now) for number in (5, 6)]
    await say_yes(session, members[0], cohort, now)
    assert await is_let_in(members[0], 5)
    assert not await is_let_in(members[1], 6)
    assert await groups.let_in(session, members[1], now) == [], "of another course, or of none"
    await say_yes(session, members[1], cohort, now)
    assert await groups.let_in(session, members[1], now) == [CHAT]
    await cohorts.leave(session, members[1], cohort.ref, now)
    assert not await is_let_in(members[1], 6)

    await groups.change(session, animator, group.ref, "course", "", now)
    assert not await groups.may_read(session, event, group.ref), "it is everybody's now"
    assert await fits() == []


async def test_a_draft_is_posted_nowhere_and_a_failed_card_can_be_posted_again(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    event.state = events.State.DRAFT
    await session.flush()
    with pytest.raises(IllegalMoveError):
        await groups.post(session, animator, event.ref, group.ref, now)
    event.state = events.State.PUBLISHED
    await session.flush()
    await groups.post(session, animator, event.ref, group.ref, now)
    (card,) = await posted(session)
    card.state = deliveries.State.FAILED
    await session.flush()
    assert await groups.post(session, animator, event.ref, group.ref, now)
    assert [one.state for one in await posted(session)] == ["failed", "queued"]


async def a_card_that_stands(session: AsyncSession, event: Event, group: Group) -> None:
    (card,) = await posted(session)
    card.state = deliveries.State.SENT
    now = card.planned_at
    await live.keep(session, group.chat_id, 7, groups.CARD, {"ref": event.ref}, "x", now)


async def test_whoever_throws_the_bot_out_is_believed_and_the_team_is_told_once(
    session: AsyncSession, now: datetime
) -> None:
    animator, other = await an_animator(session, now), await a_member(session, 5, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    await groups.post(session, animator, event.ref, group.ref, now)
    await groups.lost(session, CHAT, now)
    await groups.lost(session, CHAT, now + timedelta(hours=1))
    assert group.state == State.LOST
    assert [(one.state, one.reason) for one in await posted(session)] == [("suppressed", "lost")]
    told = await session.scalars(select(Delivery.person_id).where(Delivery.kind == "team_notice"))
    assert list(told) == [animator.id]
    with pytest.raises(IllegalMoveError):
        await groups.change(session, animator, group.ref, "language", "en", now)
    with pytest.raises(NotAllowedError):
        await groups.link(session, other, CHAT, Kind.GROUP, "Café", now)
    again = await groups.link(session, animator, CHAT, Kind.GROUP, "Café", now)
    assert (again.id, again.state) == (group.id, State.NEW)


async def test_a_supergroup_takes_over_the_link_and_each_card_once(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    await groups.post(session, animator, event.ref, group.ref, now)
    await a_card_that_stands(session, event, group)
    for earlier in (CHAT, CHAT, CHAT - 1):
        await groups.moved(session, earlier, CHAT - 1, now)
    assert (group.chat_id, group.kind, group.state) == (CHAT - 1, Kind.SUPERGROUP, State.LINKED)
    assert [one.state for one in await posted(session)] == ["sent", "queued"]
    assert await session.scalar(select(func.count()).select_from(LiveMessage)) == 0


async def test_a_removal_that_is_told_before_the_migration_costs_no_card(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    stands, waits = [await an_event(session, animator, now) for _event in range(2)]
    await groups.post(session, animator, stands.ref, group.ref, now)
    await a_card_that_stands(session, stands, group)
    await groups.post(session, animator, waits.ref, group.ref, now)
    await groups.lost(session, CHAT, now)
    await groups.moved(session, CHAT, CHAT - 1, now)
    assert [(one.state, one.subject_id) for one in await posted(session)] == [
        ("sent", stands.id),
        ("suppressed", waits.id),
        ("queued", stands.id),
        ("queued", waits.id),
    ]


async def test_what_is_kept_current_no_more_can_be_posted_again(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    await groups.post(session, animator, event.ref, group.ref, now)
    await a_card_that_stands(session, event, group)

    async def fate() -> deliveries.State | None:
        ((_group, fate),) = await groups.for_event(session, animator, event.ref, now)
        return fate

    assert await fate() == deliveries.State.SENT
    assert not await groups.post(session, animator, event.ref, group.ref, now)
    await groups.lost(session, CHAT, now)
    await a_group(session, animator, now)
    assert await fate() is None
    assert await groups.post(session, animator, event.ref, group.ref, now)
    assert await fate() == deliveries.State.QUEUED


async def test_who_has_blocked_the_bot_is_a_member_all_the_same(
    session: AsyncSession, now: datetime
) -> None:
    group = await a_group(session, await an_animator(session, now), now)
    member = await a_member(session, 5, now)
    await people.lose(session, member, "blocked", now)
    assert await groups.ask(session, group, 5, member, now)


async def test_who_is_answered_by_the_team_or_by_nobody_is_not_kept(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group, other = [await a_group(session, animator, now, CHAT - n) for n in range(2)]

    async def asks() -> None:
        for one in (group, other):
            await groups.ask(session, one, 6, None, now)

    async def kept() -> list[int]:
        return list(await session.scalars(select(Applicant.group_id).order_by(Applicant.group_id)))

    await asks()
    await groups.change(session, animator, group.ref, "admits", "team", now)
    assert await kept() == [other.id]
    await groups.change(session, animator, group.ref, "admits", "members", now)
    await asks()
    await groups.lost(session, other.chat_id, now)
    badr = await a_member(session, 6, now)
    assert await groups.let_in(session, badr, now) == [CHAT]
    assert await kept() == [other.id], "the bot may come back there"
    await groups.unlink(session, animator, other.ref, now)
    assert await kept() == []


async def test_a_supergroup_that_was_linked_meanwhile_stays_as_it_is(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    await a_group(session, animator, now)
    new = await a_group(session, animator, now, CHAT - 1)
    await groups.moved(session, CHAT, CHAT - 1, now)
    assert await groups.every(session, animator, now) == [new]


async def test_a_request_to_join_is_kept_for_thirty_days(
    session: AsyncSession, now: datetime
) -> None:
    group = await a_group(session, await an_animator(session, now), now)
    await groups.ask(session, group, 6, None, now)
    count = select(func.count()).select_from(Applicant)
    await retention.clean(session, now + timedelta(days=30))
    assert await session.scalar(count) == 1
    await retention.clean(session, now + timedelta(days=30, minutes=1))
    assert await session.scalar(count) == 0


async def test_who_asks_waits_until_they_are_a_member_and_is_forgotten_when_erased(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    member = await a_member(session, 5, now)
    assert await groups.ask(session, group, 5, member, now)
    assert await groups.ask(session, group, 5, member, now)
    for _time in (1, 2):
        assert not await groups.ask(session, group, 6, None, now)
        assert not await groups.ask(session, group, 7, None, now)
    badr = await people.meet(session, 6, now, name="Badr")
    assert await groups.let_in(session, badr, now) == [], "no member yet"
    await people.join(session, badr, now, terms_version="1", language="ar")
    assert await groups.let_in(session, badr, now) == [CHAT]
    assert await groups.let_in(session, badr, now) == []
    welcomed = select(Delivery.person_id).where(Delivery.kind == "group_welcome")
    assert set(await session.scalars(welcomed)) == {member.id, badr.id}
    cem = await people.meet(session, 7, now, name="Cem")
    assert "group_applicants" in await erasure.export(session, cem)
    await erasure.erase(session, cem, now, b"key")
    assert await session.scalar(select(func.count()).select_from(Applicant)) == 0
    await erasure.erase(session, animator, now, b"key")
    await session.refresh(group)
    assert (group.linked_by_id, group.state) == (None, State.LINKED)


@pytest.mark.parametrize("is_posted", [True, False])
async def test_an_event_that_is_for_everybody_again_can_be_posted_again(
    session: AsyncSession, now: datetime, is_posted: bool
) -> None:
    animator = await an_animator(session, now)
    group = await a_group(session, animator, now)
    event = await an_event(session, animator, now)
    assert await groups.post(session, animator, event.ref, group.ref, now)
    if is_posted:
        card = await session.scalar(select(Delivery).where(Delivery.kind == groups.CARD))
        assert card is not None
        card.state = deliveries.State.SENT
        await live.keep(session, CHAT, 1, groups.CARD, {"ref": event.ref}, "x", now)
    await sends.mean_for(session, animator, event.ref, now, need=Need.TAX)
    if is_posted:
        (row,) = await live.every(session)
        assert row.shown == live.AT_ONCE, "nobody reads it there a moment longer"
        await live.has_shown(session, CHAT, 1, "gone", still_moves=False)
    assert await groups.for_event(session, animator, event.ref, now) == []
    await sends.mean_for(session, animator, event.ref, now)
    assert await groups.for_event(session, animator, event.ref, now) == [(group, None)]
    assert await groups.post(session, animator, event.ref, group.ref, now)


async def test_who_comes_in_is_welcomed_once_but_not_in_a_channel_nor_where_the_team_answers(
    session: AsyncSession, now: datetime
) -> None:
    animator, member = await an_animator(session, now), await a_member(session, 7, now)
    group = await a_group(session, animator, now)
    channel = await groups.link(session, animator, CHAT - 1, Kind.CHANNEL, "News", now)
    await groups.change(session, animator, channel.ref, "language", "fr", now)

    async def welcomed() -> int:
        about = select(func.count()).where(Delivery.kind == "group_welcome")
        return await session.scalar(about) or 0

    await groups.change(session, animator, group.ref, "admits", "team", now)
    for chat_id in (CHAT, CHAT - 1, CHAT - 2):
        await groups.came_in(session, chat_id, member, now)
    assert await welcomed() == 0
    await groups.change(session, animator, group.ref, "admits", "members", now)
    for _again in range(2):
        await groups.came_in(session, CHAT, member, now)
    assert await welcomed() == 1
