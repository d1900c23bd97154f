"""Alembic's environment: the connection is given by ``bot/migrating.py``."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from community.base import UTCDateTime
from community.tables import METADATA


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our times as plain SQLAlchemy types, so that old migrations need none of our code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
