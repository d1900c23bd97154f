"""Telegram refuses: a person is lost, a message is lost, and nobody else is held up."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from community import (
    consents,
    sends,
)
from community.consents import Purpose
from community.deliveries import Delivery, State
from community.history import Step
from community.people import Membership
from community.sends import Send
from tests.bot.sending.owing import (
    CALLED_OFF,
    REMINDER,
    call_off,
    crowd,
    fates,
    gather_at,
    owe,
    owed,
    person_of,
    tries,
)
from tests.stories.conftest import Coming, Stage

UNREACHABLE = {
    "Forbidden: bot was blocked by the user": "blocked",
    "Forbidden: user is deactivated": "deactivated",
    "Forbidden: bot can't initiate conversation with a user": "never_started",
    "Forbidden: the bot can't send messages to the bot": "is_a_bot",
    "Forbidden: bot was kicked from the group chat": "kicked",
    "Forbidden: bot was kicked from the supergroup chat": "kicked",
    "Forbidden: bot was kicked from the channel chat": "kicked",
    "Forbidden: bot is not a member of the group chat": "kicked",
    "Forbidden: bot is not a member of the supergroup chat": "kicked",
    "Forbidden: bot is not a member of the channel chat": "kicked",
    "Forbidden: the group chat was deleted": "deleted",
    "Bad Request: chat not found": "not_found",
    "Bad Request: private chat not found": "not_found",
}
"""Every one of Telegram's sentences for somebody who cannot be written to."""


async def test_fault_17_who_cannot_be_reached_loses_what_waits_and_holds_nobody_up(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    *lost, there = await crowd(stage, len(UNREACHABLE) + 1)
    await gather_at(stage, boss, *lost, there)
    for reader, words in zip(lost, UNREACHABLE, strict=True):
        code = 403 if words.startswith("Forbidden") else 400
        stage.emulator.faults.add("error", chat_id=reader.id, code=code, description=words)
    await owe(stage, boss, *lost, there)
    await stage.settled()
    refused = [(State.REFUSED, reason) for reason in UNREACHABLE.values()]
    assert await fates(stage) == [*refused, (State.SENT, None)]
    reasons: list[str | None] = []
    async with stage.app.database.transaction() as session:
        for reader in lost:
            person = await person_of(session, reader)
            assert person.state == Membership.UNREACHABLE
            moved = select(Step.reason).where(
                Step.subject_id == person.id, Step.after == Membership.UNREACHABLE
            )
            reasons.append(await session.scalar(moved))
            waiting = select(Delivery.state, Delivery.reason).where(
                Delivery.kind == REMINDER, Delivery.person_id == person.id
            )
            fate = (State.SUPPRESSED, "unreachable")
            assert set((await session.execute(waiting)).all()) == {fate}
    assert reasons == list(UNREACHABLE.values())
    assert [row.state for row in await owed(stage, REMINDER)].count(State.QUEUED) == 2
    there.sees_last("Winter news")
    assert [tries(stage, reader) for reader in lost] == [1] * len(lost)


async def test_fault_16_one_of_twenty_who_has_blocked_the_bot_stops_nobody_else(
    stage: Stage, animator: Coming
) -> None:
    boss, readers = await animator(), await crowd(stage, 20)
    blocker = readers[7]
    await gather_at(stage, boss, *readers)
    blocked = {"code": 403, "description": "Forbidden: bot was blocked by the user"}
    stage.emulator.faults.add("error", chat_id=blocker.id, times=None, **blocked)
    async with stage.app.database.transaction() as session:
        author = await person_of(session, boss)
        send = await sends.write_newsletter(session, author, "en", "Tea", "It is hot.", stage.now)
        send.state, send.starts_at = sends.State.SCHEDULED, stage.now
        send.approved_by_id, send.alone = author.id, True
    await stage.play(minutes=1)
    async with stage.app.database.transaction() as session:
        found = await session.get(Send, send.id)
        assert found is not None
        assert found.state == sends.State.SENT
        counts = sum((await sends.outcomes_by_language(session, found)).values(), Counter())
        person = await person_of(session, blocker)
        assert person.state == Membership.UNREACHABLE
        waits = select(Delivery).where(Delivery.person_id == person.id, Delivery.kind == REMINDER)
        reminders = (await session.scalars(waits)).all()
    assert counts == {State.SENT: 19, State.REFUSED: 1}, "together they are the audience"
    assert {(row.state, row.reason) for row in reminders} == {(State.SUPPRESSED, "unreachable")}
    assert tries(stage, blocker) == 1
    read = [reader.times_read("It is hot.") for reader in readers if reader is not blocker]
    assert read == [1] * 19


@pytest.mark.parametrize("way", ["unblocks the bot", "starts it again"])
async def test_fault_18_who_is_back_is_written_to_again_and_not_flooded(
    stage: Stage, animator: Coming, way: str
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    await gather_at(stage, boss, ada, ben)
    async with stage.app.sender._turn:  # all of it waits when she goes
        await owe(stage, boss, ada, body="An old letter.")
        await call_off(stage, boss, ada, title="Chess")
        stage.emulator.world.block(ada.id)
        await stage.answered()
    await stage.settled()
    await owe(stage, boss, ada, body="Another old letter.")
    await stage.settled()
    assert await fates(stage) == [(State.SUPPRESSED, "unreachable")] * 2
    assert await fates(stage, CALLED_OFF) == [(State.SUPPRESSED, "unreachable")]
    heard, tried = len(ada.from_bot()), tries(stage, ada)
    assert (heard, tried) == (0, 0), "nobody who has blocked the bot is tried"
    await stage.play(days=1)
    if way == "unblocks the bot":
        stage.emulator.world.unblock(ada.id)
    else:
        stage.emulator.world.start(ada.id)
        heard = 1  # the answer to it
    await stage.settled()
    await stage.play(minutes=5)
    assert len(ada.from_bot()) == heard
    async with stage.app.database.transaction() as session:
        person = await person_of(session, ada)
        assert person.state == Membership.ACTIVE
        assert await consents.given(session, person) == {Purpose.NEWS}
    await owe(stage, boss, ada, body="A new letter.")
    await stage.settled()
    ada.sees_last("A new letter.")
    await stage.play(days=10)
    assert (ada.times_read("Tea"), ben.times_read("Tea")) == (2, 2), "reminders come again"
    assert not ada.has_read("old letter")
    assert not ada.has_read("Chess")


UNSENDABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "migrated": (
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"parameters": {"migrate_to_chat_id": -1001}},
    ),
    "message is too long": ("Bad Request: message is too long", {}),
    "BUTTON_DATA_INVALID": ("Bad Request: BUTTON_DATA_INVALID", {}),
    "Not Found: method not found": ("Not Found: method not found", {"code": 404}),
    "too_large": ("Request Entity Too Large", {"code": 413}),
    "Conflict: terminated by setWebhook request": (
        "Conflict: terminated by setWebhook request",
        {"code": 409},
    ),
}
"""Requests that are wrong and stay wrong, whoever gets them."""


async def test_what_telegram_refuses_as_such_fails_once_and_loses_nobody(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    *readers, there = await crowd(stage, len(UNSENDABLE) + 1)
    for reader, (words, more) in zip(readers, UNSENDABLE.values(), strict=True):
        method, chat = "sendMessage", reader.id
        stage.emulator.faults.add("error", method=method, chat_id=chat, description=words, **more)
    await owe(stage, boss, *readers, there)
    await stage.settled()
    await stage.play(minutes=5)
    failed = [(State.FAILED, reason) for reason in UNSENDABLE]
    assert await fates(stage) == [*failed, (State.SENT, None)]
    assert [tries(stage, reader) for reader in readers] == [1] * len(readers)
    there.sees_last("Winter news")
    async with stage.app.database.transaction() as session:
        for reader in readers:
            assert (await person_of(session, reader)).state == Membership.ACTIVE


async def test_fault_45_what_telegram_cannot_read_goes_plain_once_and_says_so(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    words = "Bad Request: can't parse entities: Unsupported start tag"
    for reader, times in ((ada, 1), (ben, 2)):
        stage.emulator.faults.add(
            "error", method="sendMessage", chat_id=reader.id, description=words, times=times
        )
    await owe(stage, boss, ada, ben, body="Bread & <salt>")
    await stage.settled()
    assert await fates(stage) == [(State.SENT, "sent_plain"), (State.FAILED, "markup")]
    ada.sees_last("Winter news", "Bread & <salt>")
    assert ada.last["entities"] == []
    assert (tries(stage, ada), tries(stage, ben)) == (2, 2), "not a third time"
