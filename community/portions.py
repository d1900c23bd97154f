"""One page of a long list, cut by the database: what is not shown is not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


@dataclass(frozen=True)
class Portion(Generic[T]):
    """The rows of one page, and how many there are on all of them."""

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
