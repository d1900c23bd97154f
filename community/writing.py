"""Two small statements that both databases know under different names."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Delete, Insert, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from community.base import Base


async def rows_changed(session: AsyncSession, statement: Update | Delete | Insert) -> int:
    """Execute an INSERT, UPDATE or DELETE and return how many rows it touched."""
    result = cast(
        "CursorResult[Any]",
        await session.execute(statement, execution_options={"synchronize_session": False}),
    )
    return int(result.rowcount)


async def insert_new(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows whose unique keys are new, leave the others alone; return how many."""
    if not rows:
        return 0
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return await rows_changed(session, insert(table).values(rows).on_conflict_do_nothing())
