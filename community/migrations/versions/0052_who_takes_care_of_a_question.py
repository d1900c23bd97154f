"""Who takes care of a question to the team, and until when it is due

Revision ID: 0052
Revises: 0048
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0052"
down_revision = "0048"
branch_labels = None
depends_on = None

exchanges = sa.table(
    "exchanges",
    sa.column("id", BigId),
    sa.column("kind", sa.String),
    sa.column("state", sa.String),
    sa.column("touched_at", UTCDateTime()),
    sa.column("due_at", UTCDateTime()),
)


def upgrade() -> None:
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("owner_id", BigId, nullable=True))
        batch.add_column(sa.Column("due_at", UTCDateTime(), nullable=True))
        batch.create_foreign_key(
            "fk_exchanges_owner_id", "people", ["owner_id"], ["id"], ondelete="SET NULL"
        )
        batch.create_index("ix_exchanges_owner_id", ["owner_id"])
    _let_the_clock_run()


def _let_the_clock_run() -> None:
    """Give what waits now its clock: from its last words on, without looking for weekends."""
    connection = op.get_bind()
    waiting = sa.select(exchanges.c.id, exchanges.c.touched_at).where(
        exchanges.c.kind == "team", exchanges.c.state == "open"
    )
    for number, touched_at in connection.execute(waiting).all():
        connection.execute(
            exchanges.update()
            .where(exchanges.c.id == number)
            .values(due_at=touched_at + timedelta(days=2))
        )


def downgrade() -> None:
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_index("ix_exchanges_owner_id")
        batch.drop_constraint("fk_exchanges_owner_id", type_="foreignkey")
        batch.drop_column("due_at")
        batch.drop_column("owner_id")
