"""Venues that the animators keep

Revision ID: 0060
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "venues",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("lent_by", sa.Text(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("step_free", sa.Boolean(), nullable=False),
        sa.Column("child_care", sa.Boolean(), nullable=False),
        sa.Column("travel", sa.Text(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("safe_for", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_venues"),
        sa.UniqueConstraint("ref", name="uq_venues_ref"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    refuse_while(revision, {"venues": "true"})
    op.drop_table("venues")
