"""Decisions that reports end in, and what they changed

Revision ID: 0092
Revises: 0091
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("worked", sa.String(8), nullable=True),
        sa.Column("send_id", BigId, nullable=True),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["send_id"], ["sends.id"], name="fk_decisions_send_id"),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_decisions_made_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("ref", name="uq_decisions_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_made_by_id", "decisions", ["made_by_id"])
    op.create_table(
        "decision_links",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("decision_id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["decisions.id"],
            name="fk_decision_links_decision_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_decision_links"),
        sa.UniqueConstraint(
            "kind", "about_id", "decision_id", name="uq_decision_links_kind_about_id_decision_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decision_links_decision_id", "decision_links", ["decision_id"])


def downgrade() -> None:
    # What was decided cannot be found anywhere else.
    refuse_while(revision, {"decisions": "true"})
    op.drop_table("decision_links")
    op.drop_table("decisions")
