"""Cards in groups: what comes back late, and what it costs to keep them current."""

from datetime import datetime
from unittest.mock import Mock

import pytest
from sqlalchemy import event as listening
from sqlalchemy import update

from bot.clock import SystemClock
from bot.database import Database
from bot.sending import Sender
from community import attendance, groups, live
from community.deliveries import Delivery, Outcome, State
from tests.community.test_attendance import an_animator, an_event
from tests.community.test_telegram_groups import CHAT, a_group
from tests.handlers.conftest import NETWORK


@pytest.mark.parametrize(
    ("state", "moved_to"), [(State.QUEUED, CHAT - 1), (State.REFUSED, None), (State.SENT, None)]
)
async def test_what_comes_back_for_the_number_that_a_group_had_takes_nothing_from_it(
    database: Database, now: datetime, state: State, moved_to: int | None
) -> None:
    sender = Sender(database, Mock(), SystemClock(), NETWORK, "me")
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        group = await a_group(session, animator, now)
        event = await an_event(session, animator, now)
        await groups.post(session, animator, event.ref, group.ref, now)
        claimed = update(Delivery).where(Delivery.kind == groups.CARD)
        card = await session.scalar(
            claimed.values(state=State.CLAIMED, claimed_by="me").returning(Delivery.id)
        )
        assert card is not None
        await groups.moved(session, CHAT, CHAT - 1, now)
        late = Outcome(
            card,
            groups.CARD,
            state,
            "late",
            due_at=now if moved_to else None,
            group_id=group.id,
            chat_id=CHAT,
            moved_to=moved_to,
        )
        await sender._settle(session, [late], now)
        assert await groups.every(session, animator, now) == [group]
        assert (group.chat_id, group.state) == (CHAT - 1, groups.State.LINKED)
        row = await session.get(Delivery, card, populate_existing=True)
        assert row is not None
        assert row.state == State.QUEUED, "it is posted in the supergroup"


async def test_cards_in_groups_of_one_language_cost_no_more_in_many_of_them(
    database: Database, now: datetime
) -> None:
    sender = Sender(database, Mock(), Mock(now=lambda: now), NETWORK, "me")
    counts = []
    statements: list[str] = []
    listening.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_more: statements.append(statement),
    )
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        event = await an_event(session, animator, now)
    for number in (1, 2, 3):
        async with database.transaction() as session:
            await a_group(session, animator, now, -number)
            await live.keep(session, -number, 1, groups.CARD, {"ref": event.ref}, "x", now)
        statements.clear()
        assert len(await sender._changed(in_groups=True)) == number
        counts.append(len(statements))
        assert await sender._changed(in_groups=False) == []
    assert counts[0] == counts[-1]


async def test_an_event_that_is_called_off_does_not_stand_in_a_group_until_the_next_look(
    database: Database, now: datetime
) -> None:
    sender = Sender(database, Mock(), Mock(now=lambda: now), NETWORK, "me")
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        off, on = [await an_event(session, animator, now) for _event in range(2)]
        await a_group(session, animator, now)
        for number, one in enumerate((off, on), start=1):
            await live.keep(session, CHAT, number, groups.CARD, {"ref": one.ref}, "x", now)
        assert await attendance.cancel_event(session, animator, off.ref, now) == 0
    ((chat, number, message),) = await sender._changed(in_groups=False)
    assert (chat, number) == (CHAT, 1)
    assert "Cette rencontre a été annulée" in message.text
    assert len(await sender._changed(in_groups=True)) == 2, "the other one waits for its look"
