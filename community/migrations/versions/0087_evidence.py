"""Periods that were told once and for all, and the rows they were counted from

Revision ID: 0087
Revises: 0086
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_periods",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("framework", sa.String(16), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column("frozen_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_periods"),
        sa.UniqueConstraint("year", "number", name="uq_evidence_periods_year_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "evidence_rows",
        sa.Column("period_id", BigId, nullable=False),
        sa.Column("fact", sa.String(32), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("leaf", sa.String(24), nullable=False),
        sa.Column("amount", sa.Numeric(16, 2), nullable=True),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("profiles", sa.Integer(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["period_id"], ["evidence_periods.id"], name="fk_evidence_rows_period_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_evidence_rows_person_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name="fk_evidence_rows_area_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_rows"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_rows_fact", "evidence_rows", ["period_id", "fact"])
    op.create_index("ix_evidence_rows_person_id", "evidence_rows", ["person_id"])
    op.create_table(
        "evidence_pseudonyms",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("pseudonym", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_evidence_pseudonyms_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_evidence_pseudonyms"),
        sa.UniqueConstraint("pseudonym", name="uq_evidence_pseudonyms_pseudonym"),
    )


def downgrade() -> None:
    # Counted once more they would be others: who has been erased since is in them.
    refuse_while(revision, {"evidence_periods": "true"})
    op.drop_table("evidence_pseudonyms")
    op.drop_table("evidence_rows")
    op.drop_table("evidence_periods")
