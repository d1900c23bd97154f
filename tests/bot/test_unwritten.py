"""An anonymous answer on its way: what its button says is never on the disk once it is handled."""

import asyncio
import json
from collections.abc import Sequence

from sqlalchemy import select, text

from community import deliveries, people
from community.arrivals import Arrival, Arriving
from community.deliveries import Plan
from community.facilitation import FacilitationAsked
from tests.bot.test_receiving import arrivals_in, without_table
from tests.stories.conftest import Somebody, Stage


async def is_asked(stage: Stage, somebody: Somebody) -> None:
    """Put the question to somebody, and open it."""
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, somebody.id)
        assert person is not None
        asked = FacilitationAsked(person_id=person.id, quarter="2026Q4")
        session.add(asked)
        await session.flush()
        ref = asked.ref
        plan = Plan("facilitation", person.id, "facilitation", stage.now, {"ref": ref})
        await deliveries.plan(session, stage.now, plan)
    await stage.settled()
    await somebody.presses("See the questions")
    somebody.sees_last("Question {number} of {count}", number="1", count="11")


async def written(stage: Stage) -> str:
    """Return everything that is kept of updates."""
    async with stage.app.database.transaction() as session:
        rows = (await session.execute(select(Arrival.body, Arrival.replies))).all()
    return json.dumps([tuple(row) for row in rows])


async def test_what_was_tapped_is_forgotten_before_it_is_answered(stage: Stage) -> None:
    amina = await stage.member("Amina", "ar")
    await is_asked(stage, amina)
    await amina.presses("🙁 Not good")
    stage.emulator.faults.add("delay", method="editMessageText", seconds=1)
    button = next(b for row in amina.last["buttons"] for b in row if "😀" in b["text"])
    stage.emulator.world.press(amina.id, amina.last["message_id"], button["data"])
    found: Sequence[Arrival] = ()
    async with asyncio.timeout(20):
        while not found:
            await asyncio.sleep(0.005)
            found = await arrivals_in(stage, Arriving.SPEAKING)
    [speaking] = found
    kept = json.loads(speaking.body or "")
    assert set(kept["callback_query"]) == {"id", "from", "message"}
    assert set(kept["callback_query"]["message"]) == {"message_id", "chat", "date"}
    assert [set(reply["args"]) for reply in speaking.replies or ()] == [{"ref"}]
    await stage.settled()
    amina.sees_last("Question {number} of {count}", number="3", count="11")
    # What a crash would have left: it is answered, and begins again, for nothing is known.
    async with stage.app.database.transaction() as session:
        left = {"update_id": 10**9, "digest": "d", "sender": amina.id, "arrived_at": stage.now}
        row = Arrival(**left, body=speaking.body, replies=speaking.replies)
        row.state = Arriving.SPEAKING
        session.add(row)
    await stage.app.receiver.pick_up()
    await stage.settled()
    amina.sees_last("Nobody learns who has answered what.")


async def test_what_cannot_be_handled_is_set_aside_without_what_was_tapped(stage: Stage) -> None:
    amina = await stage.member("Amina", "ar")
    await is_asked(stage, amina)
    async with without_table(stage.app.database, "facilitation_asked"):
        await amina.presses("🙁 Not good")
    [aside] = await arrivals_in(stage, Arriving.SET_ASIDE)
    assert "data" not in json.loads(aside.body or "")["callback_query"]
    assert "wr:" not in await written(stage)


async def test_the_last_tap_leaves_no_trace_but_that_there_was_one(stage: Stage) -> None:
    amina = await stage.member("Amina", "ar")
    await is_asked(stage, amina)
    await amina.presses("🙁 Not good")
    await amina.presses("That is enough")
    amina.sees_last("Exchange of information", "🙁 Not good")
    await amina.presses("Count my answers")
    amina.sees_last("Thank you! What you think helps to make this network better.")
    async with stage.app.database.transaction() as session:
        for table in ("inbox", "conversations", "history", "deliveries", "sent_messages"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).mappings().all()
            told = json.dumps([dict(row) for row in rows], default=str)
            assert "wr:" not in told, table
            assert "ws:" not in told, table
            assert "information" not in told, table
