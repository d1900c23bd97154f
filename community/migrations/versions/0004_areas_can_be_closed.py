"""Areas can be closed: they are offered no more, and who lives there stays

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "areas", sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    with op.batch_alter_table("areas", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("is_open", server_default=None)


def downgrade() -> None:
    op.drop_column("areas", "is_open")
