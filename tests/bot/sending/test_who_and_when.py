"""Who gets what is owed, when, from which sender, and what is counted."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import sending
from bot.database import Database
from bot.sending import Sender
from community import (
    consents,
    deliveries,
    erasure,
    people,
    sends,
)
from community.deliveries import Delivery, State
from community.sends import Send
from handlers import news
from handlers.replies import Message, Page
from tests.bot.sending.owing import (
    CALLED_OFF,
    NEWS,
    beside,
    by_the_bot,
    call_off,
    crowd,
    fates,
    owe,
    owed,
    person_of,
    until,
)
from tests.stories.conftest import Coming, Stage
from tests.stories.reading import bare


async def test_fault_43_who_withdraws_leaves_or_is_forgotten_meanwhile_is_not_written_to(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    stops, pauses, leaves, withdraws, goes, late, there = readers = await crowd(stage, 7)
    morning = stage.now + timedelta(days=1)
    async with stage.app.sender._turn:  # nothing leaves before everything is as it will be
        for reader in (stops, pauses, leaves, withdraws, goes, there):
            await owe(stage, boss, reader)
        await owe(stage, boss, late, expires_at=stage.now)
        async with stage.app.database.transaction() as session:
            await people.stop(session, await person_of(session, stops), stage.now)
            await people.pause(session, await person_of(session, pauses), morning, stage.now)
            await people.leave(session, await person_of(session, leaves), stage.now)
            person = await person_of(session, withdraws)
            await consents.switch(session, person, set(), stage.now, version="1", language="en")
            await erasure.erase(session, await person_of(session, goes), stage.now, b"key")
    await stage.settled()
    assert await fates(stage) == [
        (State.SUPPRESSED, "stopped"),
        (State.SUPPRESSED, "paused"),
        (State.SUPPRESSED, "left"),
        (State.SUPPRESSED, "no_consent"),
        (State.SUPPRESSED, "erased"),
        (State.SENT, None),
        (State.EXPIRED, "too_late"),
    ]
    read = [reader.times_read("Winter news") for reader in readers]
    assert read == [0, 0, 0, 0, 0, 0, 1]


async def test_a_reply_overtakes_what_goes_to_many(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    readers = await crowd(stage, stage.app.sender.at_once)  # one claim: in order, all were first
    asker = await stage.member("Asker")
    said = by_the_bot(stage)
    stage.app.telegram.limiter._free.per_second = 1 / 0.15
    await owe(stage, boss, *readers)
    sending = asyncio.create_task(stage.app.sender.turn())
    await until(lambda: said)
    stage.emulator.world.say(asker.id, "/help")
    await sending
    await stage.settled()
    order = [person for person, _when in said]
    assert len(order) == len(readers) + 1
    assert order.index(asker.id) < len(order) - 1, "somebody of the many came after the reply"


async def test_nobody_waits_behind_what_somebody_else_is_owed(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_CLAIMED", 1)
    stage.app.sender.at_once = 4  # as claims are large: less than what she is owed
    boss, [ada, *others] = await animator(), await crowd(stage, 4)
    titles = [f"Meeting {letter}" for letter in "ABCDEFGHIJ"]
    async with stage.app.sender._turn:  # all of it is there before any of it leaves
        for title in titles:
            await call_off(stage, boss, ada, title=title)
        await call_off(stage, boss, *others)
    said = by_the_bot(stage)
    await stage.settled()
    first_four = {person for person, _when in said[:4]}
    assert first_four == {somebody.id for somebody in (ada, *others)}
    told = [bare(message["text"]) for message in ada.from_bot()]
    assert [next(title for title in titles if title in one) for one in told] == titles


async def test_an_outcome_that_the_database_takes_at_the_second_try_is_counted_once(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, readers = await animator(), await crowd(stage, 2)
    monkeypatch.setattr(sending, "FIRST_REST", 0.01)
    let_go = deliveries.let_go
    failures: list[OperationalError] = []

    async def lost_once(
        session: AsyncSession, holder: str, ids: Collection[int], *rest: Any
    ) -> tuple[set[int], dict[int, str]]:
        if not ids and not failures:  # what has come back has been written, and is undone
            failures.append(OperationalError("COMMIT", {}, Exception("the database is gone")))
            raise failures[0]
        return await let_go(session, holder, ids, *rest)

    monkeypatch.setattr(deliveries, "let_go", lost_once)
    await owe(stage, boss, *readers)
    await stage.settled()
    assert failures
    assert await fates(stage) == [(State.SENT, None)] * 2
    assert stage.app.sender.counts == {(NEWS, State.SENT): 2}


async def test_two_senders_on_one_database_send_each_message_once(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_CLAIMED", 1)  # one window at a time: both find something
    boss, guests = await animator(), await crowd(stage, 30)
    stage.emulator.faults.add("delay", method="sendMessage", times=None, seconds=0.2)
    await call_off(stage, boss, *guests)
    database = Database(stage.app.settings.database_url.get_secret_value())
    async with database.transaction():
        pass  # it has its connection before all the work is done
    another, shares = beside(stage, database), [0, 0]
    another.at_once = stage.app.sender.at_once = 8

    async def work(number: int, sender: Sender) -> None:
        unsent = True  # a turn may find all that is due in the other's hands, and there is more
        while unsent:
            shares[number] += await sender.turn()
            unsent = any(state != State.SENT for state, _ in await fates(stage, CALLED_OFF))

    await asyncio.gather(work(0, stage.app.sender), work(1, another))
    await stage.settled()
    await database.close()
    assert {(row.state, row.tries) for row in await owed(stage, CALLED_OFF)} == {(State.SENT, 1)}
    assert [len(guest.from_bot()) for guest in guests] == [1] * 30
    assert 0 < shares[1] < 30, "both have worked"


async def test_what_is_not_for_its_reader_any_more_is_let_be_and_no_failure(
    stage: Stage, animator: Coming
) -> None:
    boss, readers = await animator(), await crowd(stage, 2)
    stage.app.sender._stopping = True
    await owe(stage, boss, *readers)
    async with stage.app.database.transaction() as session:
        first = await session.scalar(select(Delivery.id).order_by(Delivery.id).limit(1))
        of_nothing = update(Delivery).where(Delivery.id == first)
        await session.execute(of_nothing.values(args={"ref": "gone"}))
    while await beside(stage, stage.app.database).turn():
        pass
    assert await fates(stage) == [(State.SUPPRESSED, "no_longer_applies"), (State.SENT, None)]


async def test_what_cannot_be_said_fails_alone(stage: Stage, animator: Coming) -> None:
    boss, readers = await animator(), await crowd(stage, 3)
    stage.app.sender._stopping = True
    await owe(stage, boss, *readers)
    async with stage.app.database.transaction() as session:
        numbers = await session.scalars(select(Delivery.id).order_by(Delivery.id))
        first, second, _third = numbers.all()
        of_another_version = update(Delivery).where(Delivery.id == first)
        await session.execute(of_another_version.values(kind="telepathy"))
        without_its_words = update(Delivery).where(Delivery.id == second)
        await session.execute(without_its_words.values(args={}))
    while await beside(stage, stage.app.database).turn():
        pass
    assert await fates(stage, "telepathy") == [(State.FAILED, "cannot_render")]
    assert await fates(stage) == [(State.FAILED, "cannot_render"), (State.SENT, None)]


async def test_what_many_read_alike_is_written_once_for_each_language(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, readers = await animator(), await crowd(stage, 4)
    written: list[str] = []

    async def counted(page: Page, send: Send, *, for_all: bool) -> Message | None:
        written.append(page._.language)
        return await as_written(page, send, for_all=for_all)

    as_written = news.as_written
    monkeypatch.setattr(news, "as_written", counted)
    stage.app.sender._stopping = True
    async with stage.app.database.transaction() as session:
        (await person_of(session, readers[1])).language = "uk"
    await owe(stage, boss, *readers)
    while await beside(stage, stage.app.database).turn():
        pass
    assert await fates(stage) == [(State.SENT, None)] * 4
    assert sorted(written) == ["en", "uk"]
    for reader in readers:
        reader.sees_last("Winter news", "The library is open.")


async def test_who_has_chosen_no_language_is_counted_under_the_one_they_get_it_in(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    chosen, silent = await crowd(stage, 2)
    async with stage.app.database.transaction() as session:
        for somebody, language in ((chosen, "en"), (silent, None)):
            person = await person_of(session, somebody)
            person.language, person.telegram_language = language, "ar"
    await owe(stage, boss, chosen, silent)
    async with stage.app.database.transaction() as session:
        send = (await session.scalars(select(Send))).one()
        run = await sends.dry_run(session, send, stage.app.settings.default_language, stage.now)
    assert run.gets == {"en": 2}
    await stage.settled()
    assert (silent.last["text"], silent.buttons()) == (chosen.last["text"], chosen.buttons())
