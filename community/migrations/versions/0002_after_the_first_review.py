"""Words that wait for a yes; nothing beside a message's number; what became of an invitation

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("unsent", sa.Text(), nullable=True))
    op.drop_column("sent_messages", "args")
    op.add_column(
        "role_invitations",
        sa.Column("granted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    # The table is made anew on SQLite: it must go on using each number only once.
    with op.batch_alter_table(
        "role_invitations", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.alter_column("granted", server_default=None)


def downgrade() -> None:
    op.drop_column("role_invitations", "granted")
    op.add_column(
        "sent_messages", sa.Column("args", sa.JSON(), nullable=False, server_default="{}")
    )
    op.drop_column("conversations", "unsent")
