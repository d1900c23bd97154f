"""What members say for a funder's statistics, and the years that were told

Revision ID: 0093
Revises: 0092
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "funder_entries",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_funder_entries_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_funder_entries"),
    )
    op.create_table(
        "funder_answers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("question", sa.String(16), nullable=False),
        sa.Column("value", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_funder_answers_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_funder_answers"),
        sa.UniqueConstraint("person_id", "question", name="uq_funder_answers_person_id_question"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "funder_years",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("supports", sa.String(16), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_funder_years"),
        sa.UniqueConstraint("year", name="uq_funder_years_year"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    # Told once more, a year would be another; and somebody who was counted would be again.
    refuse_while(revision, {"funder_years": "true", "funder_entries": "true"})
    op.drop_table("funder_years")
    op.drop_table("funder_answers")
    op.drop_table("funder_entries")
