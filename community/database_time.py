"""The database's own clock, for leases: it goes on while ours jumps, and all share it."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class database_seconds(FunctionElement[float]):  # noqa: N801 - spelled like the SQL function it is
    """Seconds since 1970 by the database's clock."""

    type = Float()
    inherit_cache = True
    name = "database_seconds"


@compiles(database_seconds, "sqlite")
def _sqlite(element: object, compiler: object, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_seconds, "postgresql")
def _postgresql(element: object, compiler: object, **options: Any) -> str:
    return "extract(epoch from clock_timestamp())"
