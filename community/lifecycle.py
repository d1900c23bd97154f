"""A lifecycle is a table ``from -> to -> who``. What is absent is refused.

The tables stand beside their nouns; DESIGN.md has them in words, ``docs/lifecycles.md`` as
diagrams, and the tests hold all three together.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Update, bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, attributes

from community import history
from community.errors import IllegalMoveError
from community.memory import write_objects


class Who(StrEnum):
    """Who may take a step: the person concerned, somebody with a role, or nobody but time."""

    SELF = "self"
    ANIMATOR = "animator"
    HOST = "host"
    COORDINATOR = "coordinator"
    PROVIDER = "provider"
    PARTNER = "partner"
    """The other of two who have been introduced to each other."""
    TRANSLATOR = "translator"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"
    CLOCK = "clock"
    TELEGRAM = "telegram"


class Living(Protocol):
    """A row with a state."""

    id: Any
    state: Any


S = TypeVar("S", bound=StrEnum)


class Lifecycle(Generic[S]):
    """The steps one kind of row can take, and the only way to take them."""

    def __init__(self, name: str, table: Mapping[S, Mapping[S, frozenset[Who]]]) -> None:
        self.name = name
        self.table = table

    def allows(self, at: S, to: S, who: Who) -> bool:
        """Say whether ``who`` may take a row from ``at`` to ``to``."""
        return who in self.table.get(at, {}).get(to, frozenset())

    async def move(
        self,
        session: AsyncSession,
        row: Living,
        to: S,
        who: Who,
        now: datetime,
        *,
        actor_id: int | None = None,
        reason: str | None = None,
        source: str | None = None,
        **changes: object,
    ) -> bool:
        """Take the row to ``to`` and write it into the history; False if it stands there already.

        Compare and set: the database row must still be in the state this session has read.
        ``changes`` are further columns set in the same statement.

        Raises:
            IllegalMoveError: the table has no such step, or another process was faster.
        """
        at = cast("S", row.state)
        if at == to:
            return False
        if not self.allows(at, to, who):
            raise IllegalMoveError(self.name, at, to)
        await write_objects(session)
        compare_and_set = _compare_and_set(type(row), frozenset(changes))
        values = {"row": row.id, "at": at, "state": to, **changes}
        step = history.step(
            self.name, row.id, at, to, actor_id=actor_id, now=now, reason=reason, source=source
        )

        def take(session: Session) -> bool:
            return session.connection().execute(compare_and_set, values).rowcount == 1

        if not await session.run_sync(take):
            raise IllegalMoveError(self.name, at, to)
        await history.note(session, step)
        for key, value in {"state": to, **changes}.items():
            attributes.set_committed_value(row, key, value)
        return True


@cache
def _compare_and_set(table: Any, changes: Collection[str]) -> Update:
    """Return the statement of a step, made once: a step is taken with every press."""
    rows = table.__table__
    return (
        update(rows)
        .where(rows.c.id == bindparam("row"), rows.c.state == bindparam("at"))
        .values({name: bindparam(name) for name in ("state", *sorted(changes))})
    )


def who(*whos: Who) -> frozenset[Who]:
    """Spell a cell of a lifecycle table."""
    return frozenset(whos)
