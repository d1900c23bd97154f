"""Who wants to be told of each month's figures

Revision ID: 0094
Revises: 0093
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_readers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_month_readers_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_month_readers"),
    )


def downgrade() -> None:
    op.drop_table("month_readers")
