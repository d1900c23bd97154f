"""What makes it hard for a member to come

Revision ID: 0047
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0047"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_limits",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_access_limits_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "code", name="pk_access_limits"),
    )


def downgrade() -> None:
    refuse_while(revision, {"access_limits": "true"})
    op.drop_table("access_limits")
