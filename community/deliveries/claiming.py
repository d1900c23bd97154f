"""A sender takes rows in hand, of each person the first, and lets them go."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community import holds
from community.among import among
from community.database_time import database_seconds
from community.deliveries.table import LANES, ROWS, SENDS, Delivery, Due, State

# To put these statements together anew each time would cost as much as to carry them out.


def _is_stopped() -> ColumnElement[bool]:
    """Return the condition that a row's send is held or cancelled, or has been put right."""
    own, later = SENDS.alias(), SENDS.alias()
    is_overtaken = exists().where(
        own.c.id == ROWS.c.send_id,
        or_(later.c.of_id == own.c.id, later.c.of_id == own.c.of_id),
        later.c.id != own.c.id,
        later.c.state.in_(["sending", "sent"]),
        later.c.started_at >= ROWS.c.settled_at,
    )
    stopped = select(SENDS.c.id).where(SENDS.c.state.in_(["held", "cancelled"]))
    return or_(ROWS.c.send_id.in_(stopped), is_overtaken)


_HOLDER = bindparam("holder", type_=String(64))
MINE = (
    among(ROWS.c.id, "ids"),
    ROWS.c.state == State.CLAIMED,
    or_(_HOLDER.is_(None), ROWS.c.claimed_by == _HOLDER),
)
"""The condition that a row is one of ``ids`` and still in the hands of ``holder``."""
_LET_GO = (
    update(ROWS)
    .where(
        *MINE,
        ROWS.c.lease_until > database_seconds(),
        or_(ROWS.c.send_id.is_(None), ~_is_stopped()),
    )
    .values(
        started_at=bindparam("now"),
        lease_until=database_seconds() + bindparam("lease", type_=Float),
    )
    .returning(ROWS.c.id)
)


def _is_free(rows: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row is not held: by its send, or after a restore."""
    held = select(SENDS.c.id).where(SENDS.c.state == "held")
    by_no_send = or_(rows.c.send_id.is_(None), rows.c.send_id.not_in(held))
    return and_(holds.lets_go(rows.c.kind), by_no_send)


def _comes_after_another(row: FromClause) -> ColumnElement[bool]:
    """Return the condition that another row of its person and lane is in hand, or goes first."""
    other = ROWS.alias()
    alike = (other.c.person_id == row.c.person_id, other.c.lane == row.c.lane)
    in_hand = exists().where(*alike, other.c.state == State.CLAIMED)
    is_before = tuple_(other.c.due_at, other.c.id) < tuple_(row.c.due_at, row.c.id)
    earlier = exists().where(*alike, other.c.state == State.QUEUED, is_before, _is_free(other))
    return or_(in_hand, earlier)


_NEXT = ROWS.alias()
_DUE = (
    select(_NEXT.c.id)
    .where(
        _NEXT.c.state == State.QUEUED,
        _NEXT.c.lane == bindparam("in_lane"),
        _NEXT.c.due_at <= bindparam("now"),
        _is_free(_NEXT),
        ~_comes_after_another(_NEXT),
    )
    .order_by(_NEXT.c.due_at, _NEXT.c.id)
    .limit(bindparam("at_most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_BUSY = select(
    *(
        exists().where(
            ROWS.c.state == State.QUEUED,
            ROWS.c.lane == lane,
            ROWS.c.due_at <= bindparam("now"),
        )
        for lane in LANES
    )
)
"""In which lanes anything is due: mostly in none, and then this is all that is asked."""
_CLAIM = (
    update(ROWS)
    .where(among(ROWS.c.id, "ids"), ROWS.c.state == State.QUEUED)
    .values(
        state=State.CLAIMED,
        claimed_by=bindparam("holder"),
        lease_until=database_seconds() + bindparam("lease", type_=Float),
        tries=ROWS.c.tries + 1,
    )
    .returning(*(ROWS.c[name] for name in Due._fields))
)


async def claim(
    session: AsyncSession, holder: str, limit: int, lease: float, now: datetime
) -> list[Due]:
    """Take up to ``limit`` due rows for ``lease`` seconds of the database's clock, urgent first.

    Of what a person is owed in one lane only the first is taken, and the next once the fate of
    that is written: neither one person's backlog nor a second sender brings anything out of
    order, and nobody waits behind somebody else's backlog. Two senders never get the same row:
    PostgreSQL skips what the other has locked, SQLite lets one write at a time. What is held
    stays where it is: by its send, or after a restore (``community/holds.py``).
    """
    ids: list[int] = []
    ((*busy,),) = await session.execute(_BUSY, {"now": now})
    for lane in (lane for lane, is_busy in zip(LANES, busy, strict=True) if is_busy):
        given: dict[str, Any] = {"in_lane": lane, "now": now, "at_most": limit - len(ids)}
        ids += await session.scalars(_DUE, given)
        if len(ids) == limit:
            break
    if not ids:
        return []
    given = {"ids": ids, "holder": holder, "lease": lease}
    rows = [Due._make(row) for row in await session.execute(_CLAIM, given)]
    order = {number: at for at, number in enumerate(ids)}
    return sorted(rows, key=lambda row: order[row.id])


async def let_go(
    session: AsyncSession, holder: str, ids: Collection[int], lease: float, now: datetime
) -> tuple[set[int], dict[int, str]]:
    """Mark rows as on their way, just before they leave: from now on a crash hides their fate.

    Return which of them may leave, and of which others the send has been held or cancelled
    meanwhile, or has been put right: that has to be rendered anew. What is in neither is not the
    holder's any more.
    """
    if not ids:
        return set(), {}
    given = {"holder": holder, "ids": list(ids), "now": now, "lease": lease}
    free = set(await session.scalars(_LET_GO, given))
    if len(free) == len(ids):
        return free, {}
    rest = await session.execute(
        select(ROWS.c.id, SENDS.c.state)
        .join(SENDS, SENDS.c.id == ROWS.c.send_id)
        .where(*MINE, ROWS.c.id.not_in(free)),
        given,
    )
    return free, {row.id: row.state for row in rest}


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when something next happens to a message that is not held.

    Nobody knows when what waits for words gets them: by itself it only becomes too late.
    """
    waits = Delivery.state == State.WAITING
    found: datetime | None = await session.scalar(
        select(func.min(case((waits, Delivery.expires_at), else_=Delivery.due_at))).where(
            Delivery.state.in_([State.QUEUED, State.WAITING]),
            _is_free(ROWS),
        )
    )
    return found
