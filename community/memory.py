"""What a session remembers of the rows it has read.

Several people's updates share one transaction (``bot/receiving.py``). What was read for one of
them is not read again for the next, until something is written past the session's objects: then
all of it is forgotten. Prepared statements on the session's connection (``run_sync``) do not
count: they are for what no object of the session stands for, or change the object as well.

What nobody reads in the same transaction, as the history, is written at its end (``later``): that
of several people by one statement. What has to stay where all else is refused and undone, as a
count of wrong codes, is written then, too (``in_any_case``).
"""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, Select, event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session

_STALE, _LATER, _IN_ANY_CASE = "is_stale", "later", "in_any_case"
_NOTHING = object()

Row = Mapping[str, Any]


@event.listens_for(Session, "do_orm_execute")
def _note_write(execution: ORMExecuteState) -> None:
    _write_what_waits(execution.session)
    if execution.is_update or execution.is_delete:
        execution.session.info[_STALE] = True


@dataclass
class _Waiting:
    """What is written later: rows by their statement, and what they are about."""

    rows: dict[Executable, list[Row]] = field(default_factory=dict)
    about: set[Hashable] = field(default_factory=set)


async def later(
    session: AsyncSession,
    *writes: tuple[Executable, Sequence[Row]],
    about: Hashable = None,
) -> None:
    """Write rows at the end of the transaction, or before anything is asked of the database.

    Rows of one statement are written together, statement after statement. Of two writes
    ``about`` the same the first is written before the second begins to wait.
    """
    waiting: _Waiting = session.info.get(_LATER) or _Waiting()
    if about in waiting.about:
        await write_all(session)
        waiting = _Waiting()
    session.info[_LATER] = waiting
    if about is not None:
        waiting.about.add(about)
    for statement, rows in writes:
        waiting.rows.setdefault(statement, []).extend(rows)


async def write_all(session: AsyncSession) -> None:
    """Write what waits."""
    if _LATER in session.info:
        await session.run_sync(_write_what_waits)


@event.listens_for(Session, "before_commit")
def _write_what_waits(session: Session) -> None:
    waiting: _Waiting | None = session.info.pop(_LATER, None)
    if waiting is None:
        return
    session.flush()
    connection = session.connection()
    for statement, rows in waiting.rows.items():
        if rows:
            connection.execute(statement, rows)


def in_any_case(session: AsyncSession, statement: Executable, row: Row) -> None:
    """Write a row when the transaction commits, also if what it comes from is refused and undone.

    It goes with the transaction: then nobody has got an answer either.
    """
    session.info.setdefault(_IN_ANY_CASE, []).append((statement, row))


@event.listens_for(Session, "before_commit")
def _write_in_any_case(session: Session) -> None:
    if session.in_nested_transaction():  # only that savepoint ends, and what is around it may not
        return
    for statement, row in session.info.pop(_IN_ANY_CASE, ()):
        session.connection().execute(statement, row)


@event.listens_for(Session, "after_soft_rollback")
def _drop_what_waits(session: Session, _: object) -> None:
    session.info.pop(_LATER, None)


async def found_before(
    session: AsyncSession,
    key: Hashable,
    query: Select[Any],
    values: Mapping[str, Any],
    *,
    lock: bool = False,
) -> Any:
    """Return the one row that this session has found under the same key before, else ask for it.

    With ``lock`` it has to have been locked then; ``query`` locks it now.
    """
    row = recall(session, (key, lock))
    if row is None:
        row = await session.scalar(query, values)
        if row is not None:
            remember(session, (key, False), row)
            remember(session, (key, lock), row)
    return row


def recall(session: AsyncSession, key: Hashable) -> Any:
    """Return what is remembered under this key, if it is still as it is in the database."""
    found = session.info.get(key)
    if found is None or _STALE in session.info:
        return None
    rows = found if isinstance(found, list) else [found]
    if any(row not in session or inspect(row).expired_attributes for row in rows):
        return None
    return found


def remember(session: AsyncSession, key: Hashable, found: object) -> None:
    """Remember a row, or all the rows there are; the session itself lets go what nobody holds."""
    session.info[key] = found


def drop(session: AsyncSession, key: Hashable) -> None:
    """Remember nothing under this key any more: there are other rows now."""
    session.info.pop(key, None)


def remember_none(session: AsyncSession, key: Hashable) -> None:
    """Remember that there is no such row; whoever makes it remembers it."""
    session.info[key] = _NOTHING


def is_known_to_be_none(session: AsyncSession, key: Hashable) -> bool:
    """Say whether it is remembered that there is no such row."""
    return session.info.get(key) is _NOTHING and _STALE not in session.info


def doubt(session: AsyncSession) -> None:
    """Believe nothing that is remembered: a savepoint of somebody else's has been undone."""
    session.info[_STALE] = True


def forget(session: AsyncSession) -> None:
    """Forget every row: what was written for them is undone, or somebody else's turn begins."""
    session.expunge_all()
    kept = session.info.get(_IN_ANY_CASE)
    session.info.clear()
    if kept:
        session.info[_IN_ANY_CASE] = kept


async def write_objects(session: AsyncSession) -> None:
    """Write what objects have been changed; to ask for it in vain costs as much as a statement."""
    if session.new or session.dirty or session.deleted:
        await session.flush()


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """Undo what is written within, if it raises, and nothing that waits from before."""
    await write_all(session)
    async with session.begin_nested():
        yield


@asynccontextmanager
async def undone(session: AsyncSession) -> AsyncIterator[None]:
    """Undo what is written within, whatever comes of it: it shows what would be."""
    await write_all(session)
    within = await session.begin_nested()
    try:
        yield
    finally:
        await within.rollback()
        doubt(session)


@asynccontextmanager
async def undone_if_refused(session: AsyncSession) -> AsyncIterator[None]:
    """Undo what is written within, if it raises; then nothing is remembered either.

    A savepoint, without the account that ``session.begin_nested`` keeps of every object: that
    costs as much as four statements, and here everything is forgotten anyway.
    """
    await write_objects(session)
    await write_all(session)
    await session.run_sync(_command, "SAVEPOINT before")
    try:
        yield
        await write_objects(session)
        await write_all(session)
    except BaseException:
        forget(session)
        await session.run_sync(_undo)
        raise
    await session.run_sync(_command, "RELEASE SAVEPOINT before")


def _command(session: Session, command: str) -> None:
    session.connection().exec_driver_sql(command)


def _undo(session: Session) -> None:
    # Where a flush or the server has failed there is nothing left to undo, nor a connection to
    # say so, and what has failed is for the caller to know.
    if session.is_active and not session.connection().invalidated:
        _command(session, "ROLLBACK TO SAVEPOINT before")


async def next_turn(session: AsyncSession) -> None:
    """Write what is not written yet, and keep for the next update only what is still true."""
    await write_objects(session)
    if _STALE in session.info:
        await write_all(session)
        forget(session)
