"""What members think of the network and its team, without a trace of who said what

Revision ID: 0058
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0058"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facilitation_asked",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("quarter", sa.String(6), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_facilitation_asked_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_facilitation_asked"),
        sa.UniqueConstraint(
            "person_id", "quarter", name="uq_facilitation_asked_person_id_quarter"
        ),
        sa.UniqueConstraint("ref", name="uq_facilitation_asked_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_facilitation_asked_person_id", "facilitation_asked", ["person_id"])
    op.create_table(
        "facilitation_counts",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("facet", sa.String(16), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "language", "facet", "mark", name="pk_facilitation_counts"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    refuse_while(revision, {"facilitation_counts": "count > 0"})
    op.drop_table("facilitation_counts")
    op.drop_table("facilitation_asked")
