"""When somebody is told that a question is overdue; questions about events and texts too

Revision ID: 0063
Revises: 0051
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from community.base import UTCDateTime

revision = "0063"
down_revision = "0051"
branch_labels = None
depends_on = None

exchanges = sa.table(
    "exchanges",
    sa.column("id", sa.BigInteger),
    sa.column("kind", sa.String),
    sa.column("state", sa.String),
    sa.column("touched_at", UTCDateTime()),
    sa.column("due_at", UTCDateTime()),
    sa.column("rings_at", UTCDateTime()),
)


def upgrade() -> None:
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("rings_at", UTCDateTime(), nullable=True))
        batch.create_index("ix_exchanges_rings_at", ["rings_at"])
    _let_the_clocks_run()


def _let_the_clocks_run() -> None:
    """Give what waits now its clock: from its last words on, without looking for weekends."""
    connection = op.get_bind()
    waiting = sa.select(exchanges.c.id, exchanges.c.touched_at, exchanges.c.due_at).where(
        exchanges.c.kind.in_(["team", "event", "text"]), exchanges.c.state == "open"
    )
    for number, touched_at, due_at in connection.execute(waiting).all():
        due = due_at or touched_at + timedelta(days=2)
        connection.execute(
            exchanges.update().where(exchanges.c.id == number).values(due_at=due, rings_at=due)
        )


def downgrade() -> None:
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_index("ix_exchanges_rings_at")
        batch.drop_column("rings_at")
