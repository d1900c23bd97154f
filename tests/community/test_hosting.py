"""Members who host: whom an animator may ask, and what a host and a moderator get to see."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, hosting, inbox, people, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.deliveries import Delivery
from community.errors import NotAllowedError, NotFoundError, TooLateError
from community.events import State
from community.exchanges import Exchange, Kind
from community.people import Membership, Person
from community.roles import RoleName
from tests.community.test_roles import an_area, an_event, holding


async def a_member(session: AsyncSession, number: int, now: datetime) -> Person:
    person = await people.meet(session, number, now, name=f"Person {number}")
    person.state = Membership.ACTIVE
    return person


async def test_asked_are_who_proposed_the_event_and_who_goes_there(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    proposer, guest, stranger = [await a_member(session, number, now) for number in (2, 3, 4)]
    event = await an_event(session, now, made_by_id=proposer.id)
    answer = {"event_id": event.id, "answered_at": now}
    session.add(Attendance(person_id=guest.id, state=Attending.GOING, **answer))
    session.add(Attendance(person_id=stranger.id, state=Attending.DECLINED, **answer))
    await session.flush()
    assert await hosting.candidates(session, boss, event.ref, now) == [proposer, guest]
    with pytest.raises(NotFoundError):
        await hosting.ask(session, boss, event.ref, stranger.ref, now)
    offered = await hosting.ask(session, boss, event.ref, proposer.ref, now)
    assert await hosting.candidates(session, boss, event.ref, now) == [guest]
    assert await hosting.hosted(session, proposer, now) == []
    await hosting.answer(session, proposer, offered.ref, now, takes=True)
    assert await hosting.hosted(session, proposer, now) == [event]
    assert await hosting.hosted(session, proposer, event.hosted_until) == []
    assert await hosting.hosts_of(session, event, now) == [proposer]
    kinds = await session.execute(select(Delivery.person_id, Delivery.args))
    assert [(who, args["what"]) for who, args in kinds] == [
        (proposer.id, "offered"),
        (boss.id, "taken"),
    ]


@pytest.mark.parametrize("state", [State.CANCELLED, State.DISCARDED, State.PROPOSED])
async def test_nobody_is_asked_to_host_what_does_not_take_place(
    session: AsyncSession, now: datetime, state: State
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    event = await an_event(session, now, state=state)
    with pytest.raises(TooLateError):
        await hosting.invite(session, boss, event.ref, now)


async def test_who_leads_an_area_hosts_what_is_in_it_and_within_it(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.ANIMATOR)
    lead = await a_member(session, 2, now)
    around = await an_area(session, now)
    town = await an_area(session, now, within=around)
    there = await an_event(session, now)
    await an_event(session, now)
    token = await hosting.entrust(session, boss, RoleName.COMMUNITY_LEAD, around.ref, 3, now)
    opened = await roles.accept(session, lead, token, now)
    await roles.confirm(session, boss, opened.ref, now, grant=True)
    assert await hosting.hosted(session, lead, now) == []
    await hosting.place_in(session, boss, there.ref, town.ref, now)
    assert await hosting.hosted(session, lead, now) == [there]
    assert await hosting.hosts_of(session, there, now) == [lead]
    await hosting.place_in(session, boss, there.ref, "", now)
    assert await hosting.hosted(session, lead, now) == []


async def test_a_moderator_reads_what_was_reported_and_nothing_else(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await holding(session, 1, now, RoleName.MODERATOR)
    asker = await a_member(session, 2, now)
    about = {"kind": Kind.EVENT, "person_id": asker.id, "begun_at": now, "touched_at": now}
    quiet = Exchange(event_id=(await an_event(session, now)).id, **about)
    reported = Exchange(event_id=(await an_event(session, now)).id, reported_at=now, **about)
    session.add_all([quiet, reported])
    await session.flush()
    assert await bridge.reported(session, moderator, now) == [reported]
    assert (await bridge.look(session, moderator, reported.ref, now)).side is bridge.Side.TEAM
    with pytest.raises(NotFoundError):
        await bridge.look(session, moderator, quiet.ref, now)
    with pytest.raises(NotAllowedError):
        await bridge.for_team(session, moderator, now)
    await bridge.settle(session, moderator, reported.ref, now)
    with pytest.raises(NotFoundError):
        await bridge.look(session, moderator, reported.ref, now)
    assert await bridge.reported(session, moderator, now) == []


async def test_a_moderator_forwards_a_report_and_hears_what_became_of_it(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await holding(session, 1, now, RoleName.MODERATOR)
    boss = await holding(session, 3, now, RoleName.ANIMATOR)
    asker = await a_member(session, 2, now)
    exchange = Exchange(
        kind=Kind.EVENT,
        person_id=asker.id,
        event_id=(await an_event(session, now)).id,
        begun_at=now,
        touched_at=now,
        reported_at=now,
        state="closed",
    )
    session.add(exchange)
    await session.flush()
    zone = {"zone": "Europe/Paris", "country": ""}
    with pytest.raises(NotAllowedError):
        await bridge.forward(session, asker, exchange.ref, now, **zone)
    assert await bridge.forward(session, moderator, exchange.ref, now, **zone)
    assert not await bridge.forward(session, moderator, exchange.ref, now, **zone), "once"
    assert (await bridge.look(session, boss, exchange.ref, now)).may_read
    due = exchange.due_at
    assert due is not None
    assert await bridge.due(session, boss, due + timedelta(seconds=1), now) == [due]
    assert await inbox.take(session, boss, exchange.ref, now), "it has an owner, too"
    assert await inbox.ring(session, due, "Europe/Paris") == 1
    await bridge.settle(session, boss, exchange.ref, due)
    assert exchange.due_at is None
    rows = (await session.scalars(select(Delivery).order_by(Delivery.id))).all()
    told = [(row.kind, row.args.get("what"), row.person_id) for row in rows]
    assert told == [
        ("team_notice", "forwarded", boss.id),
        ("question_overdue", None, boss.id),
        ("team_notice", "report_settled", moderator.id),
    ]


async def test_nobody_moderates_their_own_report_while_another_can(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await holding(session, 1, now, RoleName.MODERATOR)
    await holding(session, 2, now, RoleName.ANIMATOR)
    mine = Exchange(
        kind=Kind.EVENT,
        person_id=moderator.id,
        event_id=(await an_event(session, now)).id,
        begun_at=now,
        touched_at=now,
        reported_at=now,
    )
    session.add(mine)
    await session.flush()
    with pytest.raises(NotAllowedError):
        await bridge.settle(session, moderator, mine.ref, now)
