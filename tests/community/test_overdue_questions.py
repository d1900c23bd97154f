"""A question of any kind has an owner and a clock; somebody is told once when it is overdue."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import absences, bridge, events, inbox, today
from community.bridge import Side
from community.deliveries import Delivery
from community.events import Details
from community.exchanges import Exchange, Kind
from community.people import Person
from tests.community.test_authors import asked
from tests.community.test_inbox_owners import MEMBER, ONE, OTHER, THIRD, a_person, a_question

ZONE = "Europe/Paris"
SECOND = timedelta(seconds=1)


async def rung(session: AsyncSession, now: datetime) -> list[int | None]:
    """Ring twice at this moment, and return who was told."""
    for _twice in range(2):
        await inbox.ring(session, now, ZONE)
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.kind == "question_overdue", Delivery.planned_at == now)
        .order_by(Delivery.id)
    )
    return [row.person_id for row in rows]


async def an_event_question(
    session: AsyncSession, now: datetime
) -> tuple[Exchange, Person, Person, Person]:
    """Return what a member has asked the organisers, the member, and two animators."""
    me = await a_person(session, MEMBER, now, animates=False)
    one, other = [await a_person(session, number, now) for number in (ONE, OTHER)]
    wall = (now + timedelta(days=30)).replace(tzinfo=None)
    made = await events.create(
        session, one, Details(wall, ZONE, place="Library"), {"title": "Tea"}, "en", now
    )
    event = await events.publish(session, one, made.ref, now)
    exchange = await bridge.begin(session, me, Kind.EVENT, event.ref, now)
    await bridge.write(session, me, exchange.ref, "Is it far?", now, language="en", zone=ZONE)
    return exchange, me, one, other


async def test_the_owner_is_told_first_and_after_as_long_again_the_others_and_nobody_twice(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await inbox.take(session, one, question.ref, now)
    due = question.due_at
    assert due is not None
    assert await rung(session, due - SECOND) == []
    assert await inbox.next_ring(session) == due
    assert await rung(session, due) == [one.id]
    again = await inbox.next_ring(session)
    assert again is not None
    assert again >= due + timedelta(days=2)
    assert await rung(session, again - SECOND) == []
    assert await rung(session, again) == [other.id]
    assert await inbox.next_ring(session) is None
    assert await rung(session, again + timedelta(days=30)) == []


async def test_if_nobody_is_there_for_it_all_are_told_at_once(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await inbox.take(session, one, question.ref, now)
    await absences.go(session, one, now + timedelta(days=30), now)
    assert question.due_at is not None
    assert other.id in await rung(session, question.due_at)
    assert await inbox.next_ring(session) is None


async def test_who_has_answered_in_time_is_told_nothing(
    session: AsyncSession, now: datetime
) -> None:
    question, one, _other = await a_question(session, now)
    due = question.due_at
    assert due is not None
    await inbox.answer(session, one, question.ref, "There", now, language="en")
    assert await rung(session, due) == []


async def test_what_organisers_are_asked_has_an_owner_and_a_clock_as_the_inbox_has(
    session: AsyncSession, now: datetime
) -> None:
    exchange, me, one, other = await an_event_question(session, now)
    due = exchange.due_at
    assert due is not None
    morning = await today.look(session, one, due, due - SECOND, network_language="en")
    assert (morning.to_answer, morning.overdue) == (0, 0)
    morning = await today.look(session, one, due + SECOND, due, network_language="en")
    assert (morning.to_answer, morning.overdue) == (1, 1)
    assert await inbox.take(session, one, exchange.ref, now)
    assert await inbox.hand_on(session, one, exchange.ref, other.ref, now)
    assert await rung(session, due) == [other.id]
    await bridge.write(session, one, exchange.ref, "No.", due, language="en")
    assert (exchange.due_at, exchange.owner_id) == (None, one.id), "who answers takes care of it"
    await bridge.write(session, me, exchange.ref, "And?", due, language="en", zone=ZONE)
    again = exchange.due_at
    assert again is not None
    assert await rung(session, again) == [one.id]


async def test_what_is_asked_about_an_event_that_is_long_over_rings_for_nobody(
    session: AsyncSession, now: datetime
) -> None:
    exchange, _me, one, _other = await an_event_question(session, now)
    over = now + timedelta(days=60)
    assert await rung(session, over) == []
    morning = await today.look(session, one, over, over, network_language="en")
    assert morning.overdue == 0
    assert exchange not in await bridge.for_team(session, one, over)


async def test_an_author_who_lets_a_question_wait_is_told_and_then_the_animators_help_out(
    session: AsyncSession, now: datetime
) -> None:
    _key, author, translator, exchange = await asked(session, now, "organization")
    helper = await a_person(session, THIRD, now)
    due = exchange.due_at
    assert due is not None
    assert await rung(session, due) == [author.id]
    assert exchange not in await bridge.for_team(session, helper, due), "it is the author's still"
    again = await inbox.next_ring(session)
    assert again is not None
    assert helper.id in await rung(session, again)
    assert exchange in await bridge.for_team(session, helper, again)
    assert (await bridge.look(session, helper, exchange.ref, again)).side is Side.OTHER
    await bridge.write(session, helper, exchange.ref, "In May.", again, language="en")
    assert exchange.owner_id == helper.id
    assert exchange.person_id == translator.id
    assert (await bridge.look(session, helper, exchange.ref, again)).side is Side.OTHER
