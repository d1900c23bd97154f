"""What an animator sees in the morning, and that it costs a fixed number of questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import today
from community.errors import NotAllowedError
from community.events import Event
from community.events import State as Planned
from community.people import Membership, Person
from community.sends import Kind
from community.sends import State as Sending
from community.team_tasks import TeamTask
from tests.community.test_handing_over import a_proposal, an_offer
from tests.community.test_inbox_owners import ONE, OTHER, a_person, a_question, ask

DAY = timedelta(days=1)


async def look(
    session: AsyncSession, actor: Person, now: datetime, midnight: datetime | None = None
) -> today.Today:
    return await today.look(
        session, actor, midnight or now + timedelta(hours=12), now, network_language="fr"
    )


async def test_questions_are_due_by_midnight_and_overdue_from_their_second_on(
    session: AsyncSession, now: datetime
) -> None:
    question, one, _other = await a_question(session, now)
    assert question.due_at is not None
    due, second = question.due_at, timedelta(seconds=1)

    async def counted(at: datetime, midnight: datetime) -> tuple[int, int]:
        morning = await look(session, one, at, midnight)
        return morning.to_answer, morning.overdue

    assert await counted(now, due) == (0, 0), "due at the first second of tomorrow"
    assert await counted(now, due + second) == (1, 0)
    assert await counted(due, due + second) == (1, 1)


async def test_tasks_of_others_who_animate_are_not_the_readers(
    session: AsyncSession, now: datetime
) -> None:
    one, other = await a_person(session, ONE, now), await a_person(session, OTHER, now)
    gone = await a_person(session, 9, now, animates=False)
    midnight = now + timedelta(hours=12)
    rows = {
        "mine": TeamTask(what="x", owner_id=one.id, due_at=midnight, made_at=now),
        "nobody's": TeamTask(what="x", owner_id=None, due_at=now - DAY, made_at=now),
        "of who is gone": TeamTask(what="x", owner_id=gone.id, due_at=now, made_at=now),
        "another's": TeamTask(what="x", owner_id=other.id, due_at=now, made_at=now),
        "tomorrow's": TeamTask(what="x", owner_id=one.id, due_at=midnight + DAY, made_at=now),
        "of no day": TeamTask(what="x", owner_id=one.id, due_at=None, made_at=now),
        "done": TeamTask(what="x", owner_id=one.id, due_at=now, made_at=now, done_at=now),
    }
    session.add_all(rows.values())
    await session.flush()
    found = (await look(session, one, now)).tasks
    assert [name for name, row in rows.items() if row in found] == [
        "mine",
        "nobody's",
        "of who is gone",
    ]


async def test_events_that_begin_today_or_go_on_are_there(
    session: AsyncSession, now: datetime
) -> None:
    one = await a_person(session, ONE, now)
    starts = {"now": now, "today": now + timedelta(hours=11), "tomorrow": now + DAY}
    starts["over"] = now - timedelta(hours=2)
    rows = {}
    for name, at in starts.items():
        rows[name] = await a_proposal(session, one, now)
        rows[name].state, rows[name].starts_at = Planned.PUBLISHED, at
    await session.flush()
    found = (await look(session, one, now)).events
    assert [name for name, row in rows.items() if row in found] == ["now", "today"]


async def test_what_waits_for_the_team_is_counted(session: AsyncSession, now: datetime) -> None:
    one = await a_person(session, ONE, now)
    await a_proposal(session, one, now)
    await an_offer(session, one, now)
    await an_offer(session, one, now, Sending.HELD)
    letter = await an_offer(session, one, now)
    letter.kind = Kind.NEWSLETTER
    await session.flush()
    morning = await look(session, one, now)
    assert (morning.proposed, morning.to_review, morning.held) == (2, 1, 1)
    member = await a_person(session, 9, now, animates=False)
    with pytest.raises(NotAllowedError):
        await look(session, member, now)


async def test_who_joined_this_week_and_is_still_here_is_counted_by_language(
    session: AsyncSession, now: datetime
) -> None:
    one = await a_person(session, ONE, now)
    for number, (days, state, language) in enumerate(
        [
            (1, Membership.ACTIVE, "ar"),
            (6, Membership.PAUSED, "ar"),
            (2, Membership.ACTIVE, None),
            (8, Membership.ACTIVE, "uk"),
            (1, Membership.LEFT, "uk"),
        ]
    ):
        person = await a_person(session, 20 + number, now, animates=False)
        person.joined_at, person.state, person.language = now - days * DAY, state, language
    await session.flush()
    assert (await look(session, one, now)).joined == {"ar": 2, "fr": 1}


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Write down what the database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def test_one_question_for_each_line_however_much_there_is(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        _question, one, _other = await a_question(session, now)
        number = one.id
    with counting(database) as few:
        async with database.transaction() as session:
            await look(session, await session.get_one(Person, number), now)
    async with database.transaction() as session:
        people = [
            {
                "ref": f"p{at}",
                "name": "x",
                "state": "active",
                "met_at": now,
                "joined_at": now - timedelta(hours=at),
                "language": "ar",
            }
            for at in range(300)
        ]
        await session.execute(insert(Person), people)
        for _at in range(20):
            await a_proposal(session, one, now)
            await an_offer(session, one, now)
            session.add(TeamTask(what="x", due_at=now, made_at=now))
        member = await session.get_one(Person, _question.person_id)
        await ask(session, member, now)
        await session.execute(update(Event).values(state=Planned.PUBLISHED))
    with counting(database) as many:
        async with database.transaction() as session:
            morning = await look(session, await session.get_one(Person, number), now)
    assert morning.joined["ar"] == 168
    assert len(morning.tasks) == today.SHOWN
    assert len(many) == len(few) <= 28
