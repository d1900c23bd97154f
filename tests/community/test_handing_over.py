"""Tasks of the team, being away, and giving all that one takes care of to another."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import absences, handing_over, inbox, roles, team_tasks
from community.errors import ChangedError, NotAllowedError, NotFoundError, NotUnderstoodError
from community.events import Event
from community.events import State as Planned
from community.exchanges import Exchange
from community.people import Person
from community.roles import RoleName
from community.sends import Kind, Send
from community.sends import State as Sending
from community.team_tasks import TeamTask
from tests.community.test_inbox_owners import (
    ONE,
    OTHER,
    THIRD,
    a_person,
    a_question,
    ask,
    at_once,
    told,
)

DAY = timedelta(days=1)


async def a_proposal(session: AsyncSession, owner: Person, now: datetime) -> Event:
    event = Event(
        state=Planned.PROPOSED,
        made_by_id=None,
        made_at=now,
        changed_at=now,
        starts_wall=now.replace(tzinfo=None),
        zone="UTC",
        starts_at=now + DAY,
        minutes=60,
        place="Library",
        languages=[],
        owner_id=owner.id,
    )
    session.add(event)
    await session.flush()
    return event


async def an_offer(
    session: AsyncSession, owner: Person, now: datetime, state: Sending = Sending.IN_REVIEW
) -> Send:
    send = Send(kind=Kind.OFFER, state=state, made_at=now, owner_id=owner.id)
    session.add(send)
    await session.flush()
    return send


async def test_all_that_somebody_takes_care_of_goes_to_one_other_who_is_told_once(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    third = await a_person(session, THIRD, now)
    await inbox.take(session, one, question.ref, now)
    proposal, offer = await a_proposal(session, one, now), await an_offer(session, one, now)
    task = await team_tasks.add(session, one, "Call", now)
    theirs = await team_tasks.add(session, third, "Write", now)
    done = await team_tasks.add(session, one, "Read", now)
    await team_tasks.finish(session, one, done.ref, now)
    settled = await an_offer(session, one, now, Sending.CANCELLED)
    owned = await handing_over.owned(session, one, now)
    assert len(owned.rows) == 4
    moved = await handing_over.hand_over(session, one, other.ref, owned.seal, now)
    assert len(moved.rows) == 4
    for row in (question, proposal, offer, task):
        await session.refresh(row)
        assert row.owner_id == other.id
    for row, whose in ((theirs, third), (done, one), (settled, one)):
        await session.refresh(row)
        assert row.owner_id == whose.id
    assert await told(session, "handed_over") == [other.id]
    assert not (await handing_over.owned(session, one, now)).rows


async def test_what_has_come_since_the_preview_is_shown_first(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await team_tasks.add(session, one, "Call", now)
    seen = (await handing_over.owned(session, one, now)).seal
    await inbox.take(session, one, question.ref, now)
    with pytest.raises(ChangedError):
        await handing_over.hand_over(session, one, other.ref, seen, now)
    assert len((await handing_over.owned(session, one, now)).rows) == 2
    assert await told(session, "handed_over") == []


async def test_nobody_hands_over_to_who_does_not_animate_or_to_themself(
    session: AsyncSession, now: datetime
) -> None:
    question, one, _other = await a_question(session, now)
    member = await session.get_one(Person, question.person_id)
    await team_tasks.add(session, one, "Call", now)
    seen = (await handing_over.owned(session, one, now)).seal
    for to in (member.ref, one.ref, "nobody"):
        with pytest.raises(NotFoundError):
            await handing_over.hand_over(session, one, to, seen, now)
    for verb in (
        handing_over.owned(session, member, now),
        handing_over.hand_over(session, member, one.ref, seen, now),
        absences.go(session, member, now + DAY, now),
        absences.come_back(session, member, now),
    ):
        with pytest.raises(NotAllowedError):
            await verb


async def test_who_is_away_hears_of_no_new_question_as_long_as_somebody_is_there(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    member = await session.get_one(Person, question.person_id)
    await inbox.take(session, one, question.ref, now)
    with pytest.raises(NotUnderstoodError):
        await absences.go(session, one, now, now)
    await absences.go(session, one, now + DAY, now)

    async def hear(at: datetime) -> list[int | None]:
        before = len(await told(session, "question"))
        await ask(session, member, at)
        return (await told(session, "question"))[before:]

    assert await hear(now) == [other.id]
    await absences.go(session, other, now + DAY, now)
    assert await hear(now) == [one.id, other.id], "nobody is there: better to tell all"
    assert await hear(now + DAY) == [one.id], "back, its owner alone"
    await absences.go(session, one, now + 9 * DAY, now)
    await absences.come_back(session, one, now)
    assert await absences.away(session, now) == {other.id: now + DAY}


async def test_of_two_who_finish_a_task_at_once_one_has_done_it(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        one, _other = await a_person(session, ONE, now), await a_person(session, OTHER, now)
        ref = (await team_tasks.add(session, one, "Call", now)).ref

    async def finish(session: AsyncSession, actor: Person) -> bool:
        return await team_tasks.finish(session, actor, ref, now)

    assert sorted(await at_once(database, (ONE, finish), (OTHER, finish))) == [False, True]


async def test_a_question_taken_over_while_all_is_handed_over_is_in_one_hand(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        question, one, other = await a_question(session, now)
        await a_person(session, THIRD, now)
        await inbox.take(session, one, question.ref, now)
        seen = (await handing_over.owned(session, one, now)).seal
        mine, to, ref = one.ref, other.ref, question.ref

    async def hand_over(session: AsyncSession, actor: Person) -> bool:
        try:
            await handing_over.hand_over(session, actor, to, seen, now)
        except ChangedError:
            return False
        return True

    async def take_over(session: AsyncSession, actor: Person) -> bool:
        return await inbox.take(session, actor, ref, now, instead_of=mine)

    said = await at_once(database, (ONE, hand_over), (THIRD, take_over))
    assert sorted(said) == [False, True], "who was slower hears so"
    async with database.transaction() as session:
        row = await session.scalar(select(Exchange).where(Exchange.ref == ref))
        assert row is not None
        owner = await session.get_one(Person, row.owner_id)
        assert owner.telegram_id == (OTHER if said[0] else THIRD)


async def test_a_task_is_put_right_given_on_and_nobodys_once_its_owner_animates_no_more(
    session: AsyncSession, now: datetime
) -> None:
    one, other = await a_person(session, ONE, now), await a_person(session, OTHER, now)
    member = await a_person(session, THIRD, now, animates=False)
    task = await team_tasks.add(session, one, " Call ", now, due_at=now + DAY)
    later = await team_tasks.add(session, one, "Later", now)
    assert [row.id for row in (await team_tasks.tasks(session, one, now, size=5)).rows] == [
        task.id,
        later.id,
    ]
    assert (task.what, task.is_overdue(now), task.is_overdue(now + DAY)) == ("Call", False, True)
    await team_tasks.change(session, other, task.ref, now, what="Write", due_at=None)
    assert (task.what, task.due_at) == ("Write", None)
    for words in (" ", "x" * (team_tasks.TEXT_LIMIT + 1)):
        with pytest.raises(NotUnderstoodError):
            await team_tasks.change(session, other, task.ref, now, what=words)
    with pytest.raises(NotFoundError):
        await team_tasks.give(session, one, task.ref, member.ref, now)
    await team_tasks.give(session, one, task.ref, other.ref, now)
    assert (await team_tasks.owners(session, [task], now))[task.id] is other
    role = (await roles.held(session, other, now))[0]
    assert role.name == RoleName.ANIMATOR
    role.revoked_at = now
    await session.flush()
    assert await team_tasks.owners(session, [task], now) == {}
    await team_tasks.finish(session, one, task.ref, now)
    await team_tasks.reopen(session, one, task.ref, now)
    assert (await session.get_one(TeamTask, task.id)).done_at is None
