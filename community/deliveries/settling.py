"""What became of the rows that a sender had in hand is written back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.base import UTCDateTime
from community.deliveries.claiming import MINE
from community.deliveries.table import (
    COPIES,
    ROWS,
    Delivery,
    Due,
    SentMessage,
    State,
)

_UNCLAIMED: dict[str, Any] = {"claimed_by": None, "lease_until": None, "reason": bindparam("why")}
_SETTLED = (
    update(ROWS)
    .where(*MINE)
    .values(
        state=bindparam("fate"),
        language=func.coalesce(bindparam("spoken", type_=String(16)), ROWS.c.language),
        settled_at=bindparam("now"),
        **_UNCLAIMED,
    )
    .returning(ROWS.c.id)
)
_DUE_AGAIN = bindparam("due", type_=UTCDateTime())
_TOO_LATE = ROWS.c.expires_at <= _DUE_AGAIN  # as it is now: its event may have been moved
_OWED_AGAIN = (
    update(ROWS)
    .where(*MINE)
    .values(
        state=case((_TOO_LATE, State.EXPIRED), else_=State.QUEUED),
        due_at=func.coalesce(_DUE_AGAIN, ROWS.c.due_at),
        tries=ROWS.c.tries - bindparam("not_tried", type_=Integer),
        settled_at=case((_TOO_LATE, bindparam("now", type_=UTCDateTime())), else_=None),
        started_at=None,
        **_UNCLAIMED,
    )
    .returning(ROWS.c.id)
)


async def remember(session: AsyncSession, copies: Sequence[Mapping[str, Any]]) -> None:
    """Keep where answers went: chat, message, kind and time of each."""
    if copies:
        await session.execute(insert(COPIES), copies)


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed row."""

    delivery_id: int
    kind: str
    state: State
    reason: str | None = None
    person_id: int | None = None
    due_at: datetime | None = None
    costs_a_try: bool = False
    holds_up: bool = False
    """Until it is due again, what its person is owed after it in its lane waits, too."""
    language: str | None = None
    group_id: int | None = None
    chat_id: int | None = None
    """Of what was for a group: the number under which that was spoken to."""
    moved_to: int | None = None
    """The supergroup that the group has become in which this was to be posted."""
    messages: Sequence[tuple[int, int]] = ()
    """(chat id, message id) of every part that was sent."""


async def settle(
    session: AsyncSession, outcomes: Sequence[Outcome], now: datetime, *, holder: str | None = None
) -> None:
    """Write what became of claimed rows; what was put back stays owed, unless it has no time left.

    Rows with one fate are written by one statement. What is not claimed any more, or by another
    than ``holder``, is left as somebody else has settled it.
    """
    alike: dict[tuple[Any, ...], list[Outcome]] = {}
    for outcome in outcomes:
        fate = (outcome.state, outcome.reason, outcome.due_at, outcome.language)
        alike.setdefault((*fate, outcome.costs_a_try), []).append(outcome)
    for (state, reason, due_at, language, costs_a_try), group in alike.items():
        given = {
            "ids": [outcome.delivery_id for outcome in group],
            "holder": holder,
            "fate": state,
            "why": reason,
            "due": due_at,
            "not_tried": 0 if costs_a_try else 1,
            "spoken": language,
            "now": now,
        }
        known = _OWED_AGAIN if state == State.QUEUED else _SETTLED
        settled = set(await session.scalars(known, given))
        copies = [
            {
                "delivery_id": outcome.delivery_id,
                "chat_id": chat_id,
                "message_id": message_id,
                "kind": outcome.kind,
                "sent_at": now,
            }
            for outcome in group
            if outcome.delivery_id in settled
            for chat_id, message_id in outcome.messages
        ]
        if copies:
            await session.execute(insert(COPIES), copies)
        if state == State.SENT:
            await _edited(session, [o for o in group if o.delivery_id in settled])
    for outcome in outcomes:
        if outcome.holds_up:
            await _line_up(session, outcome)


async def _line_up(session: AsyncSession, outcome: Outcome) -> None:
    """Let what a person is owed wait for what had to be put off: nothing overtakes it."""
    assert outcome.due_at is not None
    first = ROWS.alias()
    waiting = await session.scalars(
        select(ROWS.c.id)
        .where(
            ROWS.c.person_id == outcome.person_id,
            ROWS.c.state == State.QUEUED,
            ROWS.c.due_at <= outcome.due_at,
            ROWS.c.id != outcome.delivery_id,
            exists().where(
                first.c.id == outcome.delivery_id,
                first.c.state == State.QUEUED,
                first.c.lane == ROWS.c.lane,
            ),
        )
        .order_by(ROWS.c.due_at, ROWS.c.id)
    )
    # Each a moment after the one before: what was planned first need not be due first.
    for place, row_id in enumerate(waiting.all(), 1):
        due_at = outcome.due_at + timedelta(microseconds=place)
        await session.execute(
            update(ROWS)
            .where(ROWS.c.id == row_id, ROWS.c.state == State.QUEUED)
            .values(due_at=due_at)
        )


async def _edited(session: AsyncSession, done: Sequence[Outcome]) -> None:
    """Note on the rows that were edited that they were."""
    for kind, changes in (
        ("correction", {"revision": ROWS.c.revision + 1}),
        ("recall", {"state": State.RECALLED}),
    ):
        if edits := [outcome.delivery_id for outcome in done if outcome.kind == kind]:
            edit = ROWS.alias()
            await session.execute(
                update(ROWS)
                .where(
                    ROWS.c.state == State.SENT,
                    exists().where(
                        edit.c.id.in_(edits),
                        edit.c.subject_id == ROWS.c.send_id,
                        edit.c.person_id == ROWS.c.person_id,
                    ),
                )
                .values(changes)
            )


async def copies_of(session: AsyncSession, row: Due) -> list[int]:
    """Return the messages that an edit is about, in the order in which they were sent."""
    query = (
        select(SentMessage.message_id)
        .join(Delivery, Delivery.id == SentMessage.delivery_id)
        .where(Delivery.send_id == row.subject_id, Delivery.person_id == row.person_id)
        .order_by(SentMessage.id)
    )
    return list(await session.scalars(query))
