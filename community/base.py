"""What every table shares: keys, references, aware times, and how a reference finds its row."""

import secrets
from collections.abc import Collection, Hashable
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from community.among import these
from community.errors import NotFoundError
from community.memory import found_before, remember

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

BigId = BigInteger().with_variant(Integer(), "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment. Stored in UTC; a naive value is a programming error, on either database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; hand the database UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC, aware, whatever the driver made of it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def columns_to(table: Table, parent: str) -> list[Column[Any]]:
    """Return the columns of a table that point at rows of ``parent``."""
    return [key.parent for key in table.foreign_keys if key.column.table.name == parent]


def new_ref() -> str:
    """Return an opaque reference: 12 characters of ``A-Za-z0-9_-``, fit for buttons and links."""
    return secrets.token_urlsafe(9)


class Base(DeclarativeBase):
    """The one declarative base; constraints have names, so that both databases migrate alike."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }

    @classmethod
    def __table_cls__(cls, *args: Any, **options: Any) -> Table:
        """Return the table; where rows have numbers, SQLite too uses each number only once.

        By itself it gives the number of a deleted last row to the next one, and then a delivery's
        key or a line of the history would speak of another thing than it did.
        """
        if issubclass(cls, Identified):
            options.setdefault("sqlite_autoincrement", True)
        return Table(*args, **options)


class Identified:
    """A row with a number of its own. The number never leaves the program."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)


class Referable(Identified):
    """A row that buttons and links may name, by an opaque reference that tells nothing."""

    ref: Mapped[str] = mapped_column(String(16), unique=True, default=new_ref)


R = TypeVar("R", bound=Referable)


async def find(session: AsyncSession, table: type[R], ref: str, *, lock: bool = False) -> R:
    """Return the row that ``ref`` names, locked against others if asked (a no-op on SQLite).

    References come from buttons, that is from the client: anything may stand in them.

    Raises:
        NotFoundError: nothing has this reference.
    """
    ref = ref[:16]
    query, key = _by_ref(cast("Any", table), lock), (cast("Hashable", table), ref)
    row: R | None = await found_before(session, key, query, {"named": ref}, lock=lock)
    if row is None:
        raise NotFoundError(table.__name__)
    return row


async def lock_all(session: AsyncSession, table: type[R], refs: Collection[str]) -> list[R]:
    """Lock the rows that these references name; ``find`` knows them from now on.

    Whoever locks several rows of one table does so in the order of their numbers: two never
    wait for each other in a ring.
    """
    query = _by_refs(cast("Any", table))
    rows: list[R] = list(await session.scalars(query, {"these": list(refs)}))
    for row in rows:
        key = cast("Hashable", (table, row.ref))
        remember(session, (key, False), row)
        remember(session, (key, True), row)
    return rows


@cache
def _by_ref(table: Any, lock: bool) -> Select[Any]:
    query = select(table).where(table.ref == bindparam("named"))
    return _locking(query) if lock else query


@cache
def _by_refs(table: Any) -> Select[Any]:
    return _locking(select(table).where(these(table.ref)).order_by(table.id))


def _locking(query: Select[Any]) -> Select[Any]:
    # Not against rows that point here: whoever adds one (a request, of its organisation) would
    # wait for this lock, and perhaps hold what its holder locks next.
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)
