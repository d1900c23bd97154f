"""One page of a long list, cut by the database: what is not shown is not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
FURTHEST = 10**6
"""No list has so many pages."""


@dataclass(frozen=True)
class Portion(Generic[T]):
    """The rows of one page, and how many there are on all of them.

    Of a ``leaf`` nobody has counted: its total is one more than shown if there are more.
    """

    rows: Sequence[T]
    total: int
    at: int
    """Which page it is, from 0: the last one, where what was asked for is past the end."""
    size: int


async def portion(session: AsyncSession, query: Select[T], at: int, size: int) -> Portion[T]:
    """Return one page of what a query finds, in its order."""
    counting: Select[Any] = query.with_only_columns(func.count(), maintain_column_froms=True)
    total = int(await session.scalar(counting.order_by(None)) or 0)
    at = min(max(at, 0), max(total - 1, 0) // size)
    rows = await session.scalars(query.limit(size).offset(at * size))
    return Portion(rows.all(), total, at, size)


async def leaf(session: AsyncSession, query: Select[T], at: int, size: int) -> Portion[T]:
    """Return one page without counting the others; the first one, past the end.

    For what moves on by itself, as what is to come does: the number of its pages tells nobody
    anything, and counting reads every row.
    """
    at = at if 0 <= at < FURTHEST else 0  # a forger's number may be none of the database's
    rows = (await session.scalars(query.limit(size + 1).offset(at * size))).all()
    if not rows and at:
        return await leaf(session, query, 0, size)
    return Portion(rows[:size], at * size + len(rows), at, size)
