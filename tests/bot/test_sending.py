"""What is owed on bad days: once, or known to be uncertain; never a flood, never silence."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import deliveries, live, people, sends
from community.deliveries import Delivery, Plan, SentMessage, State
from community.people import Membership, Person
from community.policy import Lane
from handlers.replies import Message
from tests.stories.conftest import Coming, Somebody, Stage

UNREACHABLE = {
    "Forbidden: bot was blocked by the user": (403, "blocked"),
    "Forbidden: user is deactivated": (403, "deactivated"),
    "Forbidden: bot can't initiate conversation with a user": (403, "never_started"),
    "Bad Request: chat not found": (400, "not_found"),
}


async def owe(
    stage: Stage, boss: Somebody, *readers: Somebody, expires_at: datetime | None = None
) -> None:
    """Owe each of these people one newsletter, due now."""
    async with stage.app.database.transaction() as session:
        author = await people.by_telegram_id(session, boss.id)
        assert author is not None
        send = await sends.write_newsletter(
            session, author, "en", "Winter news", "The library is open.", stage.now
        )
        for reader in readers:
            person = await person_of(session, reader)
            plan = Plan(
                "newsletter",
                person.id,
                f"{send.id}:{person.id}",
                stage.now,
                {"ref": send.ref},
                expires_at=expires_at,
            )
            await deliveries.plan(session, stage.now, plan)


async def person_of(session: Any, somebody: Somebody) -> Person:
    person = await people.by_telegram_id(session, somebody.id)
    assert person is not None
    return person


async def owed(stage: Stage) -> Sequence[Delivery]:
    """Return what was owed, in the order in which it was planned."""
    async with stage.app.database.transaction() as session:
        query = select(Delivery).where(Delivery.kind == "newsletter").order_by(Delivery.id)
        return (await session.scalars(query)).all()


async def fates(stage: Stage) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in await owed(stage)]


async def test_a_flood_is_waited_out_and_costs_no_try(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    readers = [await stage.member(name) for name in ("Ada", "Ben")]
    stage.emulator.faults.add("429", method="sendMessage", retry_after=1)
    await owe(stage, boss, *readers)
    await stage.settled()
    first = sorted((row.state, row.tries) for row in await owed(stage))
    assert first == [(State.QUEUED, 0), (State.SENT, 1)]
    await stage.play(seconds=5)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)] * 2
    for reader in readers:
        assert reader.times_read("Winter news") == 1


async def test_a_permanent_refusal_loses_the_person_and_what_waits_for_them(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    readers = [await stage.member(f"Reader {n}") for n in range(len(UNREACHABLE))]
    await owe(stage, boss, *readers)
    later = stage.now + timedelta(hours=1)
    async with stage.app.database.transaction() as session:
        for reader in readers:
            person = await person_of(session, reader)
            plan = Plan("event_reminder", person.id, f"later:{person.id}", later, {"ref": "x"})
            await deliveries.plan(session, stage.now, plan)
    for reader, (words, (code, _reason)) in zip(readers, UNREACHABLE.items(), strict=True):
        stage.emulator.faults.add("error", chat_id=reader.id, code=code, description=words)
    await stage.settled()
    reasons = [reason for _code, reason in UNREACHABLE.values()]
    assert await fates(stage) == [(State.REFUSED, reason) for reason in reasons]
    async with stage.app.database.transaction() as session:
        for reader in readers:
            assert (await person_of(session, reader)).state == Membership.UNREACHABLE
        waiting = select(Delivery.state).where(Delivery.kind == "event_reminder")
        assert set(await session.scalars(waiting)) == {State.SUPPRESSED}


@pytest.mark.parametrize("kind", ["500", "html502"])
async def test_a_server_in_trouble_is_tried_again_later(
    stage: Stage, animator: Coming, kind: str
) -> None:
    boss, ada = await animator(), await stage.member("Ada")
    stage.emulator.faults.add(kind, method="sendMessage", times=2)
    await owe(stage, boss, ada)
    await stage.settled()
    assert [row.state for row in await owed(stage)] == [State.QUEUED]
    await stage.play(minutes=1)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 3)]
    assert ada.times_read("Winter news") == 1


@pytest.mark.parametrize(("kind", "arrived"), [("drop_after", 1), ("drop_before", 0)])
async def test_a_cut_connection_is_uncertain_and_not_sent_again_by_itself(
    stage: Stage, animator: Coming, kind: str, arrived: int
) -> None:
    boss, ada = await animator(), await stage.member("Ada")
    stage.emulator.faults.add(kind, method="sendMessage", chat_id=ada.id)
    await owe(stage, boss, ada)
    await stage.settled()
    assert await fates(stage) == [(State.UNCERTAIN, "connection_lost")]
    await stage.play(hours=6)
    assert ada.times_read("Winter news") == arrived, "nobody who runs it can tell the two apart"


async def test_what_telegram_cannot_read_goes_plain_once_and_says_so(
    stage: Stage, animator: Coming
) -> None:
    boss, ada = await animator(), await stage.member("Ada")
    words = "Bad Request: can't parse entities: Unsupported start tag"
    stage.emulator.faults.add("error", method="sendMessage", chat_id=ada.id, description=words)
    await owe(stage, boss, ada)
    await stage.settled()
    assert await fates(stage) == [(State.SENT, "sent_plain")]
    ada.sees_last("Winter news", "The library is open.")
    assert ada.last["html"] == ada.last["text"], "no markup is left"


async def test_a_long_text_leaves_in_parts_and_every_number_is_kept(
    stage: Stage, animator: Coming
) -> None:
    await animator()
    ada = await stage.member("Ada")
    words = " ".join(f"<b>слово{n}</b> 👩‍👩‍👧" for n in range(900))
    spoken = await stage.app.speaker.say(ada.id, Message(words), Lane.NEWS)
    parts = ada.from_bot()[-len(spoken.message_ids) :]
    assert len(parts) > 2
    assert [part["message_id"] for part in parts] == spoken.message_ids
    assert all(len(part["text"].encode("utf-16-le")) // 2 <= 4096 for part in parts)
    told = " ".join(part["text"] for part in parts).split()
    assert told == [word for n in range(900) for word in (f"слово{n}", "👩‍👩‍👧")]


async def test_who_rests_or_is_too_late_is_not_written_to(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    ada, ben = await stage.member("Ada"), await stage.member("Ben")
    await owe(stage, boss, ada)
    await owe(stage, boss, ben, expires_at=stage.now)
    async with stage.app.database.transaction() as session:
        await people.stop(session, await person_of(session, ada), stage.now)
    await stage.settled()
    assert await fates(stage) == [(State.SUPPRESSED, "stopped"), (State.EXPIRED, "too_late")]
    for reader in (ada, ben):
        assert not reader.has_read("Winter news")


async def test_the_numbers_of_what_was_sent_are_kept(stage: Stage, animator: Coming) -> None:
    boss, ada = await animator(), await stage.member("Ada")
    await owe(stage, boss, ada)
    await stage.settled()
    (row,) = await owed(stage)
    async with stage.app.database.transaction() as session:
        kept = select(SentMessage).where(SentMessage.delivery_id == row.id)
        (sent,) = (await session.scalars(kept)).all()
    assert (sent.chat_id, sent.message_id) == (ada.id, ada.last["message_id"])


async def test_a_reply_overtakes_what_goes_to_many(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    readers = [await stage.member(f"Reader {n}") for n in range(12)]
    asker = await stage.member("Asker")
    said: list[int] = []
    stage.emulator.world.listeners.add(
        lambda event: (
            said.append(event["person"])
            if event["type"] == "message" and event["message"]["from"] == "bot"
            else None
        )
    )
    stage.app.telegram.limiter._gap = 0.05
    await owe(stage, boss, *readers)
    sending = stage.app.sender.turn()
    stage.emulator.world.say(asker.id, "/help")
    await sending
    await stage.settled()
    assert asker.id in said
    assert said.index(asker.id) < len(said) - 1, "somebody of the many came after the reply"


async def test_a_message_that_keeps_itself_current_and_was_deleted_stays_gone(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    before = len(boss.from_bot())
    async with stage.app.database.transaction() as session:
        await live.keep(session, boss.id, 9_999, "menu", {}, "another digest", stage.now)
    await stage.settled()
    assert len(boss.from_bot()) == before
    async with stage.app.database.transaction() as session:
        assert await live.every(session) == []
