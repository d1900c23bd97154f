"""How many people live where, by the count of others, and links by which stakeholders are asked

Revision ID: 0090
Revises: 0089
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "background_counts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(2), nullable=False),
        sa.Column("profile", sa.String(24), nullable=False),
        sa.Column("count", BigId, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("brought_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name="fk_background_counts_area_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_background_counts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_background_counts_area_id", "background_counts", ["area_id"])
    op.create_index("ix_background_counts_year", "background_counts", ["year"])
    op.create_table(
        "stakeholder_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["people.id"],
            name="fk_stakeholder_links_made_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stakeholder_links"),
        sa.UniqueConstraint("ref", name="uq_stakeholder_links_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stakeholder_links_made_by_id", "stakeholder_links", ["made_by_id"])


def downgrade() -> None:
    refuse_while(revision, {"background_counts": "true", "stakeholder_links": "true"})
    op.drop_table("stakeholder_links")
    op.drop_table("background_counts")
