"""Two small statements that both databases know under different names."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Delete, Insert, Update, literal, select
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


async def insert_selected(
    session: AsyncSession,
    into: type[Base],
    values: Mapping[str, Any],
    where: ColumnElement[bool],
) -> int:
    """Insert one row for each row that matches, by one statement; return how many are new.

    A value is the same for all of them, or an expression of the rows that are selected from.
    """
    columns = into.__table__.c
    chosen = [
        value.label(name)
        if isinstance(value, ColumnElement)
        else value.expression.label(name)
        if hasattr(value, "expression")
        else literal(value, columns[name].type).label(name)
        for name, value in values.items()
    ]
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(into).from_select([*values], select(*chosen).where(where))
    return await rows_changed(session, statement.on_conflict_do_nothing())
