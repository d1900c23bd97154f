"""Words that fit nothing are kept until the person says whether they go to the team

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


def downgrade() -> None:
    op.drop_column("conversations", "unsent")
