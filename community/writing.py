"""Two small statements that both databases know under different names."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ClauseElement,
    Column,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Insert,
    Table,
    Update,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from community.base import Base
from community.memory import write_all, write_objects


async def rows_changed(session: AsyncSession, statement: Update | Delete | Insert) -> int:
    """Execute an INSERT, UPDATE or DELETE and return how many rows it touched."""
    result = cast(
        "CursorResult[Any]",
        await session.execute(statement, execution_options={"synchronize_session": False}),
    )
    return int(result.rowcount)


FEW = 4
"""So many rows PostgreSQL inserts one by one: a statement for each number of rows is made anew.

For many rows that pays. SQLite takes any number with one statement and counts them all.
"""


async def insert_new(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows whose unique keys are new, leave the others alone; return how many."""
    if not rows:
        return 0
    dialect = session.get_bind().dialect.name
    statement = new_only(table, dialect)
    are_plain = not any(isinstance(value, ClauseElement) for value in rows[0].values())
    if not are_plain or (len(rows) > FEW and dialect == "postgresql"):
        return await rows_changed(session, statement.values(rows))
    await write_objects(session)
    await write_all(session)

    def insert(session: Session) -> int:
        connection = session.connection()
        if dialect == "sqlite":
            return connection.execute(statement, rows).rowcount
        return sum(connection.execute(statement, row).rowcount for row in rows)

    return await session.run_sync(insert)


@cache
def new_only(table: type[Base], dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Return the statement that inserts a row unless there is one with its unique key."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(cast("Table", table.__table__)).on_conflict_do_nothing()


def insert_many(
    connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all name the same columns, by one statement.

    Each column is asked once how the database wants its values, not each value of each row: of
    an import that is a third of the time.
    """
    if not rows:
        return
    dialect, columns = connection.dialect, cast("Table", statement.table).c
    compiled = statement.compile(dialect=dialect, column_keys=[*rows[0]])
    made: list[Iterable[Any]] = []
    for name in compiled.positiontup or ():
        prepare = columns[name].type.dialect_impl(dialect).bind_processor(dialect)
        values = _values(columns[name], rows)
        made.append(map(prepare, values) if prepare else values)
    connection.exec_driver_sql(str(compiled), list(zip(*made, strict=True)))


def _values(column: Column[Any], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    name: str = column.key
    if name in rows[0]:
        return [row[name] for row in rows]
    default: Any = column.default
    return [default.arg(None) if default.is_callable else default.arg for _row in rows]


async def insert_selected(
    session: AsyncSession,
    into: type[Base],
    values: Mapping[str, Any],
    where: ColumnElement[bool],
    *,
    of: FromClause | None = None,
) -> int:
    """Insert one row for each row that matches, by one statement; return how many are new.

    A value is the same for all of them, or an expression of the rows that are selected from:
    ``of`` these tables, or of those that values and condition name.
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
    rows = select(*chosen).where(where)
    if of is not None:
        rows = rows.select_from(of)
    statement = insert(into).from_select([*values], rows)
    return await rows_changed(session, statement.on_conflict_do_nothing())
