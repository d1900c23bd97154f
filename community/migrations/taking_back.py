"""A migration is not taken back while what people have entrusted to it would be lost, or open."""

from collections.abc import Mapping

from alembic import op
from alembic.util import CommandError
from sqlalchemy import func, select, table, text


def refuse_while(revision: str, kept: Mapping[str, str]) -> None:
    """Refuse to go below a revision while there are such rows: a condition for each table.

    Raises:
        CommandError: there are; it names the tables and how many rows of each.
    """
    found = {
        name: op.get_bind().scalar(
            select(func.count()).select_from(table(name)).where(text(condition))
        )
        for name, condition in kept.items()
    }
    if there := ", ".join(f"{name} ({count})" for name, count in found.items() if count):
        raise CommandError(
            f"{revision} stays, and nothing was changed: without it rows would be lost or read by "
            f"others than they are for: {there}. Restore a backup from before it instead."
        )
