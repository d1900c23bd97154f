"""What a session remembers, and when it forgets."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, conversations, deliveries, memory, people, translations
from community.attendance import Attendance, State, Wish
from community.attendance.table import begin
from community.base import find
from community.deliveries import Delivery
from community.events import Event
from community.history import Step
from community.people import Person
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event


class RefusedError(Exception):
    """What undoes everything."""


async def _answers(
    session: AsyncSession, number: int, ref: str, now: datetime, *, is_refused: bool
) -> None:
    async with memory.undone_if_refused(session):
        person = await people.by_telegram_id(session, number)
        assert person is not None
        person.name = "Another"
        await attendance.answer(session, person, ref, Wish.GOING, now, default_zone=ZONE)
        if is_refused:
            raise RefusedError


class Asked:
    """How many statements the database was asked."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, *_: object) -> None:
        self.count += 1


async def test_a_row_is_read_once_until_something_is_written_past_the_objects(
    session: AsyncSession, database: Database, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    made = await an_event(session, await an_animator(session, now), now)
    asked = Asked(database)
    first = await find(session, Event, made.ref, lock=True)
    before = asked.count
    assert await find(session, Event, made.ref, lock=True) is first
    assert await find(session, Event, made.ref) is first
    assert asked.count == before
    await session.execute(
        update(Event).values(capacity=7), execution_options={"synchronize_session": False}
    )
    assert (await find(session, Event, made.ref, lock=True)).capacity == 7
    assert await people.by_telegram_id(session, 1) is amina


async def test_what_was_read_without_a_lock_is_read_again_to_be_locked(
    session: AsyncSession, database: Database, now: datetime
) -> None:
    made = await an_event(session, await an_animator(session, now), now)
    memory.forget(session)
    await find(session, Event, made.ref)
    asked = Asked(database)
    await find(session, Event, made.ref, lock=True)
    assert asked.count == 1


async def test_what_is_refused_is_undone_in_the_database_and_in_memory(
    session: AsyncSession, now: datetime
) -> None:
    await a_member(session, 1, now)
    made = await an_event(session, await an_animator(session, now), now)
    ref = made.ref
    with pytest.raises(RefusedError):
        await _answers(session, 1, ref, now, is_refused=True)
    amina = await people.by_telegram_id(session, 1)
    assert amina is not None
    assert amina.name == "Person 1"
    assert await attendance.of(session, await find(session, Event, ref), amina) is None


async def test_what_is_carried_out_stays_when_the_next_is_refused(
    session: AsyncSession, now: datetime
) -> None:
    for number in (1, 2):
        await a_member(session, number, now)
    ref = (await an_event(session, await an_animator(session, now), now)).ref
    memory.forget(session)
    await people.expect(session, [1, 2])
    await attendance.expect(session, {ref: [1, 2]})
    for number, is_refused in ((1, False), (2, True)):
        with suppress(RefusedError):
            await _answers(session, number, ref, now, is_refused=is_refused)
        await memory.next_turn(session)
    states = {}
    for number in (1, 2):
        person = await people.by_telegram_id(session, number)
        assert person is not None
        mine = await attendance.of(session, await find(session, Event, ref), person)
        states[number] = mine and mine.state
    assert states == {1: State.GOING, 2: None}


async def test_answers_that_are_read_at_once_are_those_that_each_would_have_read(
    session: AsyncSession, database: Database, now: datetime
) -> None:
    amina, ben = await a_member(session, 1, now), await a_member(session, 2, now)
    ref = (await an_event(session, await an_animator(session, now), now)).ref
    await attendance.answer(session, ben, ref, Wish.MAYBE, now, default_zone=ZONE)
    ids = amina.id, ben.id
    memory.forget(session)
    await people.expect(session, [1, 2])
    await attendance.expect(session, {ref: [1, 2]})
    found = await find(session, Event, ref)
    asked = Asked(database)
    for number, person_id, state in ((1, ids[0], None), (2, ids[1], State.MAYBE)):
        person = await people.by_telegram_id(session, number)
        assert person is not None
        assert person.id == person_id
        mine = await attendance.of(session, found, person)
        assert (mine and mine.state) == state
    assert asked.count == 0
    amina = await session.get_one(Person, ids[0])
    await attendance.answer(session, amina, ref, Wish.GOING, now, default_zone=ZONE)
    mine = await attendance.of(session, found, amina)
    assert isinstance(mine, Attendance)
    assert mine.state == State.GOING


async def test_words_and_conversations_that_are_made_anew_are_found(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    made = await an_event(session, await an_animator(session, now), now)
    assert (await translations.shelves(session, "event", [made.id]))[made.id].complete.keys() == {
        "en"
    }
    await translations.write(session, amina, "event", made.id, "fr", {"title": "Réunion"}, now)
    assert (await translations.shelves(session, "event", [made.id]))[made.id].complete.keys() == {
        "en",
        "fr",
    }
    await conversations.expect(session, [1])
    assert await conversations.of(session, 1) is None
    await conversations.keep_unsent(session, 1, "words", now)
    assert await conversations.unsent(session, 1) == "words"


async def test_a_lock_that_another_savepoint_has_given_up_is_taken_again(
    database: Database, now: datetime
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite locks the whole file")
    async with database.transaction() as session:
        ref = (await an_event(session, await an_animator(session, now), now)).ref
    async with database.transaction() as session, memory.undone_if_refused(session):
        with suppress(RefusedError):
            async with session.begin_nested():
                await find(session, Event, ref, lock=True)
                raise RefusedError
        memory.doubt(session)
        await find(session, Event, ref, lock=True)
        async with database.transaction() as other:
            free = await other.execute(text("SELECT id FROM events FOR UPDATE SKIP LOCKED"))
            assert free.all() == []


async def test_who_is_cancelled_within_a_turn_is_cancelled(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("nothing can be cancelled within a statement of SQLite")

    async def turn() -> None:
        async with database.transaction() as session, memory.undone_if_refused(session):
            await session.execute(text("SELECT pg_sleep(5)"))

    task = asyncio.create_task(turn())
    await asyncio.sleep(0.5)
    task.cancel()
    [outcome] = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


async def reminders(session: AsyncSession) -> list[tuple[int | None, str]]:
    """Return who is reminded, and how that stands."""
    rows = await session.execute(
        select(Delivery.person_id, Delivery.state)
        .where(Delivery.kind == "event_reminder")
        .order_by(Delivery.id)
    )
    return [(person_id, state) for person_id, state in rows]


async def test_what_nobody_reads_is_written_at_the_end_for_several_at_once(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        members = [await a_member(session, number, now) for number in range(1, 9)]
        ref = (await an_event(session, await an_animator(session, now), now)).ref
        ids = [member.id for member in members]
    asked = Asked(database)
    async with database.transaction() as session:
        await people.expect(session, [*range(1, 9)])
        await attendance.expect(session, {ref: [*range(1, 9)]})
        event = await find(session, Event, ref)
        for number in range(1, 9):
            person = await people.by_telegram_id(session, number)
            assert person is not None
            await begin(session, event, person, now)
        before = asked.count
        for number in range(1, 9):
            person = await people.by_telegram_id(session, number)
            assert person is not None
            await attendance.answer(session, person, ref, Wish.MAYBE, now, default_zone=ZONE)
            await memory.next_turn(session)
        assert asked.count == before + 8  # the step of each, and no more
    assert asked.count == before + 8 + 3
    async with database.transaction() as session:
        found = await reminders(session)
        assert {person_id for person_id, _ in found} == set(ids)
        assert len(found) == 2 * 8
        steps = select(func.count()).select_from(Step).where(Step.subject == "attendance")
        assert await session.scalar(steps) == 8


async def test_whoever_changes_their_mind_in_one_transaction_is_reminded_of_the_last(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now)
    ref = (await an_event(session, await an_animator(session, now), now)).ref
    for wish in (Wish.GOING, Wish.MAYBE, Wish.DECLINED, Wish.GOING):
        now += timedelta(seconds=1)
        await attendance.answer(session, amina, ref, wish, now, default_zone=ZONE)
    states = [state for _, state in await reminders(session)]
    assert states.count(deliveries.State.QUEUED) == 2
    assert states.count(deliveries.State.CANCELLED) == 4
    assert states[-2:] == [deliveries.State.QUEUED] * 2


async def test_what_waits_goes_with_what_is_undone_and_only_with_that(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        for number in (1, 2):
            await a_member(session, number, now)
        ref = (await an_event(session, await an_animator(session, now), now)).ref
    async with database.transaction() as session:
        for number, is_refused in ((1, False), (2, True)):
            with suppress(RefusedError):
                await _answers(session, number, ref, now, is_refused=is_refused)
            await memory.next_turn(session)
    async with database.transaction() as session:
        amina = await people.by_telegram_id(session, 1)
        assert amina is not None
        assert {person_id for person_id, _ in await reminders(session)} == {amina.id}
    with suppress(RefusedError):
        async with database.transaction() as session:
            ben = await people.by_telegram_id(session, 2)
            assert ben is not None
            await attendance.answer(session, ben, ref, Wish.GOING, now, default_zone=ZONE)
            raise RefusedError
    async with database.transaction() as session:
        assert {person_id for person_id, _ in await reminders(session)} == {amina.id}


async def test_what_waits_outlives_what_is_forgotten_or_undone_after_it(
    session: AsyncSession, now: datetime
) -> None:
    amina, ben = await a_member(session, 1, now), await a_member(session, 2, now)
    ref = (await an_event(session, await an_animator(session, now), now)).ref
    ids = amina.id, ben.id
    await session.execute(
        update(Event).values(minutes=30), execution_options={"synchronize_session": False}
    )
    await attendance.answer(session, amina, ref, Wish.GOING, now, default_zone=ZONE)
    await memory.next_turn(session)
    ben = await session.get_one(Person, ids[1])
    await attendance.answer(session, ben, ref, Wish.GOING, now, default_zone=ZONE)
    with suppress(RefusedError):
        async with memory.undone_if_refused(session):
            raise RefusedError
    assert {person_id for person_id, _ in await reminders(session)} == set(ids)
