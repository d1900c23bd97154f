"""A person may name a second language

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("second_language", sa.String(16), nullable=True))


def downgrade() -> None:
    # Who would get another language, or wait, gets the network's; nobody waits for ever.
    op.execute("UPDATE sends SET fallback = 'network' WHERE fallback IN ('second', 'wait')")
    op.execute("UPDATE deliveries SET state = 'queued' WHERE state = 'waiting'")
    with op.batch_alter_table("people") as table:
        table.drop_column("second_language")
