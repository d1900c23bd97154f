"""A message comes to be owed, once, or is called off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    insert,
    or_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.deliveries.table import ROWS, Delivery, State
from community.memory import later
from community.policy import POLICY
from community.writing import insert_many, insert_new, new_only, rows_changed


@dataclass(frozen=True)
class Plan:
    """A message to be owed. ``key`` is what makes this occurrence the only one."""

    kind: str
    person_id: int | None
    """To whom; None where it is for a group."""
    key: str
    due_at: datetime
    args: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    subject_id: int | None = None
    send_id: int | None = None
    waits: bool = False
    """It is not let go before somebody has said so."""
    group_id: int | None = None


async def plan(session: AsyncSession, now: datetime, *plans: Plan) -> int:
    """Owe these messages, each once; return how many are new."""
    return await insert_new(session, Delivery, [_row_of(one, now) for one in plans])


async def plan_new(session: AsyncSession, now: datetime, plans: Sequence[Plan]) -> int:
    """Owe messages about what has just been made, so that none of them can be owed already.

    For many: they are written by one statement that is made once, whatever their number.
    """
    rows = [_row_of(one, now) for one in plans]
    await session.run_sync(lambda sync: insert_many(sync.connection(), insert(ROWS), rows))
    return len(rows)


async def plan_notices(
    session: AsyncSession,
    now: datetime,
    what: str,
    readers: Iterable[int],
    occurrence: str,
    *,
    subject_id: int | None = None,
    **args: Any,
) -> int:
    """Owe each of these people of the team one notice of this occurrence; return how many."""
    return await plan(
        session,
        now,
        *(
            Plan(
                "team_notice",
                reader,
                f"{occurrence}:{reader}",
                now,
                {"what": what, **args},
                subject_id=subject_id,
            )
            for reader in readers
        ),
    )


def _row_of(plan: Plan, now: datetime) -> dict[str, Any]:
    policy = POLICY[plan.kind]
    return {
        "key": plan.key,
        "kind": plan.kind,
        "person_id": plan.person_id,
        "group_id": plan.group_id,
        "subject_id": plan.subject_id,
        "send_id": plan.send_id,
        "args": dict(plan.args),
        "lane": int(policy.lane),
        "state": State.WAITING if plan.waits else State.QUEUED,
        "due_at": plan.due_at,
        "expires_at": plan.expires_at or plan.due_at + policy.lives,
        "tries": 0,
        "planned_at": now,
    }


async def cancel(session: AsyncSession, now: datetime, *where: ColumnElement[bool]) -> int:
    """Cancel what matches and has not been claimed yet; return how many."""
    return await rows_changed(
        session,
        update(Delivery)
        .where(Delivery.state.in_([State.WAITING, State.QUEUED]), *where)
        .values(state=State.CANCELLED, settled_at=now),
    )


_CANCEL_FOR = (
    update(ROWS)
    .where(
        or_(ROWS.c.state == State.WAITING, ROWS.c.state == State.QUEUED),  # for many: not "in"
        ROWS.c.kind == bindparam("of_kind"),
        ROWS.c.subject_id == bindparam("about"),
        ROWS.c.person_id == bindparam("whom"),
    )
    .values(state=State.CANCELLED, settled_at=bindparam("at"))
)


async def replan(
    session: AsyncSession,
    kind: str,
    subject_id: int,
    person_id: int,
    now: datetime,
    *plans: Plan,
) -> None:
    """Owe these instead of whatever one person would be told about one thing by this kind.

    What has been claimed already goes its way.
    """
    values = {"of_kind": kind, "about": subject_id, "whom": person_id, "at": now}
    rows = [_row_of(one, now) for one in plans]
    await later(
        session,
        (_CANCEL_FOR, [values]),
        (new_only(Delivery, session.get_bind().dialect.name), rows),
        about=(kind, subject_id, person_id),
    )
