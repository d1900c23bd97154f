"""A partner has several links, each for a place or a campaign

Revision ID: 0070
Revises: 0066
"""

import sqlalchemy as sa
from alembic import op

from community.migrations.taking_back import refuse_while

revision = "0070"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("join_links", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("label", sa.String(40), nullable=True))


def downgrade() -> None:
    refuse_while(revision, {"join_links": "label IS NOT NULL"})
    with op.batch_alter_table("join_links", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("label")
