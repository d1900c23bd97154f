"""A send may have a picture

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sends", sa.Column("picture_id", sa.Text(), nullable=True))
    op.add_column(
        "sends",
        sa.Column("picture_is_photo", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.execute("DELETE FROM translations WHERE subject = 'picture'")
    op.drop_column("sends", "picture_is_photo")
    op.drop_column("sends", "picture_id")
