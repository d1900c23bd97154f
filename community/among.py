"""That something is one of many numbers, given as one value: the statement stays the same.

``IN`` writes out a place for each number, so that a statement is put together, and by PostgreSQL
prepared, anew for each count of them. That was a tenth of what sending a message costs.
"""

import json
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    String,
    bindparam,
    literal,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Numbers(TypeDecorator[Collection[int]]):
    """Many numbers as one value: an array, or JSON where there are none."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = String() if dialect.name == "sqlite" else ARRAY(BigInteger())
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        numbers = list(value or ())
        return json.dumps(numbers) if dialect.name == "sqlite" else numbers


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy names it
        """Stand as it is.

        SQLAlchemy would write ``… = 1`` behind it, and SQLite, which knows no booleans, would read
        every row instead of its index.
        """
        return self


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - compiled parts


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({numbers})"


def these(column: Any) -> ColumnElement[bool]:
    """Return the condition that a column is one of the texts given as ``these`` on execution.

    SQLAlchemy's own statement for a list holds the list, and is in a ring that holds itself: of
    an import each of its hundreds would stay until Python looks for rings.
    """
    return cast("ColumnElement[bool]", column.in_(bindparam("these", expanding=True)))


def among(column: Any, numbers: Collection[int] | str) -> ColumnElement[bool]:
    """Return the condition that a column is one of these, or of those given by this name."""
    given: BindParameter[Any] = (
        bindparam(numbers, type_=_Numbers())
        if isinstance(numbers, str)
        else literal(numbers, type_=_Numbers())
    )
    return _Among(column, given)
