"""What activities cost, and what outcomes are taken to be worth

Revision ID: 0091
Revises: 0090
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "costs",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("about_id", BigId, nullable=True),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_costs_made_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_costs"),
        sa.UniqueConstraint("ref", name="uq_costs_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_costs_days", "costs", ["first_day", "last_day"])
    op.create_index("ix_costs_made_by_id", "costs", ["made_by_id"])
    op.create_table(
        "cost_assumptions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("value", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["people.id"],
            name="fk_cost_assumptions_made_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cost_assumptions"),
        sa.UniqueConstraint("name", name="uq_cost_assumptions_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cost_assumptions_made_by_id", "cost_assumptions", ["made_by_id"])


def downgrade() -> None:
    # What was entered by hand cannot be found anywhere else.
    refuse_while(revision, {"costs": "true", "cost_assumptions": "true"})
    op.drop_table("cost_assumptions")
    op.drop_table("costs")
