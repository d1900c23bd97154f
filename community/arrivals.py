"""What Telegram has brought and is acknowledged: the inbox.

A row is committed before Telegram is told that we have it, and carries the replies once its
transaction has committed, so that a crash between the two loses neither. The body is blanked when
the last reply is spoken; number and hash stay 48 hours, to know a duplicate; what could not be
handled is set aside for 30 days and blocks nobody.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.among import among
from community.base import Base, Identified
from community.database_time import database_seconds
from community.writing import insert_new, rows_changed

TRIES = 3
AT_ONCE = 1000
"""How many open rows are read in one go."""


class Arriving(StrEnum):
    """How far an update has come."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    DONE = "done"
    SET_ASIDE = "set_aside"


OPEN = (Arriving.WAITING, Arriving.SPEAKING)


class Arrival(Base, Identified):
    """One update as Telegram sent it."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("update_id", "digest"),
        Index("ix_inbox_state", "state", "id"),
    )

    update_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    sender: Mapped[int | None] = mapped_column(BigInteger, index=True)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[Arriving] = mapped_column(String(16), default=Arriving.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    replies: Mapped[list[Any] | None] = mapped_column(JSON)
    spoken: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


# Written for every update: made once, and without the object mapper.
_ROWS = cast("Table", Arrival.__table__)
_HANDLED = (
    update(_ROWS)
    .where(_ROWS.c.id == bindparam("row"), _ROWS.c.state != Arriving.DONE)
    .values(state=bindparam("to"), replies=bindparam("said"), handled_at=bindparam("at"))
)
_HANDLED_AND_FORGOTTEN = _HANDLED.values(body=bindparam("kept"))
_SPOKEN = (
    update(_ROWS)
    .where(_ROWS.c.id == bindparam("row"), _ROWS.c.state == Arriving.SPEAKING)
    .values(spoken=bindparam("count"))
)
_ALL_SPOKEN = _SPOKEN.values(state=Arriving.DONE, body=null(), replies=null())


class PersonsLane(Base):
    """Which process carries out a person's updates now, where several receive.

    The others leave that person alone, so that updates and answers keep their order.
    """

    __tablename__ = "lanes"

    sender: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[float] = mapped_column(Float)


async def store(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Keep a batch; what is there already (same number and digest) is left alone."""
    return await insert_new(session, Arrival, rows)


async def open_rows(session: AsyncSession, after: int, limit: int) -> Sequence[Any]:
    """Return (id, sender) of what is not finished, oldest first."""
    return (
        await session.execute(
            select(Arrival.id, Arrival.sender)
            .where(
                Arrival.state.in_(OPEN),
                Arrival.id > after,
            )
            .order_by(Arrival.id)
            .limit(limit)
        )
    ).all()


async def locked(session: AsyncSession, ids: Collection[int]) -> Sequence[Arrival]:
    """Return those of these updates that are still open, oldest first, locked against others."""
    return (await session.scalars(_LOCKED, {"ids": ids})).all()


_LOCKED = (
    select(Arrival)
    .where(
        among(Arrival.id, "ids"),
        Arrival.state.in_(OPEN),
        Arrival.body.is_not(None),
        Arrival.sender.is_not(None),
    )
    .order_by(Arrival.id)
    .with_for_update()
)


@dataclass(frozen=True)
class Step:
    """What an update has come to: being answered, or set aside."""

    arrival_id: int
    state: Arriving
    replies: list[dict[str, Any]] | None
    handled_at: datetime | None
    kept: str | None = None
    """What is kept of its body from now on, where that is less than before."""


async def handled(session: AsyncSession, steps: Sequence[Step]) -> None:
    """Keep what these updates have come to, and what has to be answered.

    Of what one of them has erased nothing is kept.
    """
    for statement, some in (
        (_HANDLED, [one for one in steps if one.kept is None]),
        (_HANDLED_AND_FORGOTTEN, [one for one in steps if one.kept is not None]),
    ):
        if some:
            await session.execute(
                statement,
                [
                    {
                        "row": one.arrival_id,
                        "to": one.state,
                        "said": one.replies,
                        "at": one.handled_at,
                        **({"kept": one.kept} if one.kept is not None else {}),
                    }
                    for one in some
                ],
            )


@dataclass(frozen=True)
class Said:
    """How much of an update's answer has been spoken, and whether its person is still known."""

    arrival_id: int
    spoken: int
    is_all: bool
    is_known: bool


async def spoken(session: AsyncSession, said: Sequence[Said]) -> None:
    """Write down how far these answers have come.

    With the last of them what was said and answered is forgotten; the number and the digest stay
    for duplicates. Of whom nobody knows any more the number goes as well.
    """
    for statement, some in (
        (_ALL_SPOKEN, [one for one in said if one.is_all]),
        (_SPOKEN, [one for one in said if not one.is_all]),
    ):
        if some:
            await session.execute(
                statement, [{"row": one.arrival_id, "count": one.spoken} for one in some]
            )
    if unknown := [one.arrival_id for one in said if not one.is_known]:
        await session.execute(update(_ROWS).where(_ROWS.c.id.in_(unknown)).values(sender=None))


async def set_aside_since(session: AsyncSession, since: datetime) -> int:
    """Return how many updates that arrived since then wait for a human eye."""
    return (
        await session.scalar(
            select(func.count())
            .select_from(Arrival)
            .where(Arrival.state == Arriving.SET_ASIDE, Arrival.arrived_at > since)
        )
        or 0
    )


async def take_lane(
    session: AsyncSession, sender: int, holder: str, seconds: float
) -> Sequence[int]:
    """Take, or keep, a person's lane; return their open updates, oldest first.

    None open: the lane is given back. None either while another process has the lane; it finds
    what has been stored before this was asked, because both wait for the lane's row.
    """
    now = database_seconds()
    await insert_new(session, PersonsLane, [{"sender": sender, "holder": holder, "until": 0.0}])
    locked = select(PersonsLane).where(PersonsLane.sender == sender).with_for_update()
    lane = await session.scalar(locked.execution_options(populate_existing=True))
    if lane is None:  # given back at this moment; whoever scans finds what is open
        return []
    mine = await rows_changed(
        session,
        update(PersonsLane)
        .where(
            PersonsLane.sender == sender,
            or_(PersonsLane.holder == holder, PersonsLane.until < now),
        )
        .values(holder=holder, until=now + seconds),
    )
    if not mine:
        return []
    found = await session.scalars(
        select(Arrival.id)
        .where(Arrival.sender == sender, Arrival.state.in_(OPEN))
        .order_by(Arrival.id)
        .limit(AT_ONCE)
    )
    if ids := list(found):
        return ids
    await session.execute(
        delete(PersonsLane).where(PersonsLane.sender == sender, PersonsLane.holder == holder)
    )
    return []


async def keep_lanes(session: AsyncSession, holder: str, seconds: float) -> None:
    """Keep every lane that this process has for so long from now; what ran out is forgotten."""
    now = database_seconds()
    await session.execute(
        update(PersonsLane)
        .where(PersonsLane.holder == holder, PersonsLane.until >= now)
        .values(until=now + seconds)
    )
    await session.execute(delete(PersonsLane).where(PersonsLane.until < now))


async def give_lanes_back(session: AsyncSession, holder: str) -> None:
    """Leave every person to the other processes: this one ends."""
    await session.execute(delete(PersonsLane).where(PersonsLane.holder == holder))


async def without_lane(session: AsyncSession) -> Sequence[int]:
    """Return whose open updates no process carries out: just come in, or left by a dead one."""
    taken = exists().where(
        PersonsLane.sender == Arrival.sender, PersonsLane.until >= database_seconds()
    )
    rows = await session.scalars(
        select(Arrival.sender)
        .where(Arrival.state.in_(OPEN), Arrival.sender.is_not(None), ~taken)
        .distinct()
        .limit(AT_ONCE)
    )
    return [sender for sender in rows if sender is not None]
