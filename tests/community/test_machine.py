"""Machine texts: kept, wanted, claimed by one worker at a time, and forgotten."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import machine
from community.database_time import database_seconds
from community.machine import (
    NO_MACHINE,
    TRIES,
    Machine,
    MachineText,
    Outcome,
    State,
)

HERE = Machine(
    "argos", {("fr", "en"): "1", ("en", "fr"): "2", ("en", "ar"): "3", ("fr", "de"): "4"}
)
LEASE = 60.0


@pytest.mark.parametrize(
    ("source", "target", "version", "between"),
    [
        ("fr", "en", "1", None),
        ("fr", "ar", "1+3", "en"),
        ("ar", "fr", "", None),
        ("fr", "uk", "", None),
        ("en", "en", "", None),
        ("en", "de", "2+4", "fr"),
    ],
)
def test_there_is_a_way_or_there_is_none(
    source: str, target: str, version: str, between: str | None
) -> None:
    assert HERE.version(source, target) == version
    assert HERE.has(source, target) == bool(version)
    assert HERE.via(source, target) == between


def test_english_is_preferred_between_two_languages() -> None:
    pairs = {("ar", "de"): "1", ("de", "fr"): "2", ("ar", "en"): "3", ("en", "fr"): "4"}
    assert Machine("x", pairs).via("ar", "fr") == "en"


async def want(session: AsyncSession, text: str, now: datetime, **given: bool) -> MachineText:
    row = await machine.want(session, HERE, text, "fr", "en", now, **given)
    assert row is not None
    return row


async def claim(
    session: AsyncSession, now: datetime, holder: str = "one", limit: int = 10
) -> list[machine.Task]:
    return await machine.claim(session, holder, limit, LEASE, now, machine=HERE)


async def test_what_is_wanted_twice_is_made_once_and_found_by_whoever_looks(
    session: AsyncSession, now: datetime
) -> None:
    first = await want(session, "Bonjour", now)
    assert (first.state, first.text, first.version) == (State.WANTED, "Bonjour", "1")
    assert await want(session, "Bonjour", now) is first
    assert await machine.look(session, HERE, "Bonjour", "fr", "en") is first
    assert await machine.look(session, HERE, "Bonjour", "fr", "ar") is None
    assert await machine.look(session, HERE, "bonjour", "fr", "en") is None


async def test_ten_who_want_the_same_at_once_all_get_it(database: Database, now: datetime) -> None:
    async def one() -> int:
        async with database.transaction() as session:
            return (await want(session, "Bonjour", now)).id

    assert len(set(await asyncio.gather(*(one() for _ in range(10))))) == 1


async def test_a_language_that_the_machine_does_not_know_is_said_plainly(
    session: AsyncSession, now: datetime
) -> None:
    assert await machine.want(session, HERE, "Bonjour", "fr", "uk", now) is None
    assert await machine.want(session, NO_MACHINE, "Bonjour", "fr", "en", now) is None
    assert await machine.look(session, NO_MACHINE, "Bonjour", "fr", "en") is None
    assert await session.scalar(select(func.count()).select_from(MachineText)) == 0


@pytest.mark.parametrize(("text", "target"), [("", "en"), (" \n", "en"), ("Bonjour", "fr")])
async def test_to_want_nothing_is_a_mistake(
    session: AsyncSession, now: datetime, text: str, target: str
) -> None:
    with pytest.raises(ValueError, match="nothing to translate"):
        await machine.want(session, HERE, text, "fr", target, now)


async def test_what_is_done_keeps_the_result_and_not_the_words(
    session: AsyncSession, now: datetime
) -> None:
    row = await want(session, "Bonjour", now)
    (task,) = await claim(session, now)
    assert task == machine.Task(row.id, "Bonjour", "fr", "en")
    done = Outcome(task.id, State.DONE, "Hello")
    assert await machine.settle(session, [done], now, holder="one") == 1
    assert (row.state, row.result, row.text, row.done_at) == (State.DONE, "Hello", "", now)
    assert (row.holder, row.lease_until) == (None, None)
    assert await claim(session, now) == []


async def test_a_persons_own_words_come_first_then_the_oldest(
    session: AsyncSession, now: datetime
) -> None:
    await want(session, "second", now)
    await want(session, "first", now - timedelta(hours=1))
    await want(session, "mine", now, private=True)
    tasks = [*await claim(session, now, limit=2), *await claim(session, now, limit=2)]
    assert [task.text for task in tasks] == ["mine", "first", "second"]


async def test_no_two_workers_get_the_same_text(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for text in ("a", "b", "c"):
            await want(session, text, now)
    async with database.transaction() as session:
        mine = await claim(session, now, limit=2)
        if not database.is_sqlite:
            async with database.transaction() as other:
                theirs = await claim(other, now, "two")
            assert {task.text for task in theirs}.isdisjoint(task.text for task in mine)
    async with database.transaction() as session:
        rest = await claim(session, now, "two")
        assert len(mine) == 2
        assert len(rest) <= 1


async def lease_runs_out(session: AsyncSession) -> None:
    await session.execute(update(MachineText).values(lease_until=database_seconds() - 1))


async def test_what_a_dead_process_held_is_taken_over_and_its_late_word_is_not_heard(
    session: AsyncSession, now: datetime
) -> None:
    row = await want(session, "Bonjour", now)
    (task,) = await claim(session, now)
    assert await claim(session, now, "two") == []
    assert await machine.renew(session, "one", [task.id], LEASE)
    await lease_runs_out(session)
    (again,) = await claim(session, now, "two")
    assert again.id == task.id
    assert not await machine.renew(session, "one", [task.id], LEASE)
    late = Outcome(task.id, State.DONE, "from the dead")
    assert await machine.settle(session, [late], now, holder="one") == 0
    await session.refresh(row)
    assert (row.state, row.holder, row.tries) == (State.WANTED, "two", 2)


async def test_a_text_that_ends_its_process_each_time_fails_after_three(
    session: AsyncSession, now: datetime
) -> None:
    row = await want(session, "Bonjour", now)
    for _ in range(TRIES):
        assert len(await claim(session, now)) == 1
        await lease_runs_out(session)
    assert await claim(session, now) == []
    assert (row.state, row.reason, row.text) == (State.FAILED, machine.CRASHED, "")


async def test_what_is_put_back_three_times_has_failed_unless_it_was_not_its_own_fault(
    session: AsyncSession, now: datetime
) -> None:
    row = await want(session, "Bonjour", now)
    for _ in range(2 * TRIES):
        (task,) = await claim(session, now)
        back = Outcome(task.id, State.WANTED, reason="away", not_tried=True)
        await machine.settle(session, [back], now, holder="one")
    assert (row.state, row.tries) == (State.WANTED, 0)
    for _ in range(TRIES):
        (task,) = await claim(session, now)
        back = Outcome(task.id, State.WANTED, reason="timeout")
        await machine.settle(session, [back], now, holder="one")
    assert (row.state, row.reason, row.text) == (State.FAILED, "timeout", "")


async def test_what_was_wanted_of_a_version_that_is_gone_fails_after_a_while(
    session: AsyncSession, now: datetime
) -> None:
    """Not at once: another process may have found a new model a minute earlier."""
    old = Machine("argos", {("fr", "en"): "0"})
    row = await machine.want(session, old, "Bonjour", "fr", "en", now)
    assert row is not None
    assert await claim(session, now + timedelta(minutes=5)) == []
    assert row.state == State.WANTED
    assert await claim(session, now + timedelta(minutes=11)) == []
    assert (row.state, row.reason) == (State.FAILED, machine.GONE)
    fresh = await want(session, "Bonjour", now)
    assert fresh.state == State.WANTED


async def test_what_is_in_use_stays_and_what_is_private_does_not_stay_longer(
    session: AsyncSession, now: datetime
) -> None:
    mine, theirs = await want(session, "a", now, private=True), await want(session, "b", now)
    later = now + timedelta(days=20)
    await want(session, "a", later, private=True)
    await want(session, "b", later)
    assert (mine.wanted_at, theirs.wanted_at) == (now, later)
    await want(session, "b", later + timedelta(hours=1))
    assert theirs.wanted_at == later  # noted once a day
    await want(session, "a", later)  # the same words stand in an announcement
    assert (mine.private, mine.wanted_at) == (False, later)


async def test_words_that_are_forgotten_leave_nothing_even_while_they_are_translated(
    session: AsyncSession, now: datetime
) -> None:
    await want(session, "Je suis Amina", now, private=True)
    await machine.want(session, HERE, "Je suis Amina", "fr", "ar", now, private=True)
    await want(session, "Bonjour", now)
    tasks = await claim(session, now, limit=1)
    assert await machine.forget(session, ["Je suis Amina", "something else"]) == 2
    done = Outcome(tasks[0].id, State.DONE, "I am Amina")
    assert await machine.settle(session, [done], now, holder="one") == 0
    left = await session.scalars(select(MachineText.text))
    assert left.all() == ["Bonjour"]
    assert await machine.forget(session, []) == 0
